//! A flow gives its caller to somebody outside queues: through a trunk that allows the number, or to an agent's phone.

use crate::hold::{AGENT_HZ, CUSTOMER_HZ, customer, heard_in, registered};
use crate::support::phone::{Call, End, Phone, Sending, seconds};
use crate::support::world::{BUSY, COMPANY, FLOW, GOODBYE, MENU, Plan, SORRY, World, channels};
use serde_json::{Value, json};

/// How it rings in Spain.
const RINGS: f64 = 425.0;
const NUMBER: &str = "+34911222333";

/// Key 1 of the menu takes this step; each failure is a tone of its own.
fn world(carrier: &Phone, step: &str) -> World {
    let trunk = "from = [\"127.0.0.2/32\"]\n";
    let outbound = format!(
        "{trunk}outbound = {{ address = \"{}\", caller_id = \"+34910000000\", prefixes = [\"+34\"] }}\n",
        carrier.address()
    );
    let exits = "no_answer: busy, busy: sorry, failed: sorry";
    World::with(&Plan {
        company: COMPANY.replace(trunk, &outbound),
        flow: FLOW.replace(
            "  goodbye:\n    - play: goodbye\n",
            &format!(
                "  busy:\n    - play: busy\n    - hangup:\n  goodbye:\n    - {step}, exits: {{ {exits} }} }}\n    - play: goodbye\n"
            ),
        ),
        ..Plan::default()
    })
}

fn carrier() -> Phone {
    Phone::start("127.0.0.2".parse().unwrap()).unwrap()
}

/// A caller who has pressed the key and hears it ring.
fn rings(world: &World, customer: &Phone) -> Call {
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(5)).unwrap();
    call.wait_tone(MENU, seconds(8)).unwrap();
    call.press("1");
    call
}

fn dialled(record: &Value) -> Value {
    let events = record["events"].as_array().unwrap().iter();
    let mut told = events.filter(|event| event["kind"] == "flow_dialled");
    let told = (told.next(), told.next());
    let (Some(event), None) = told else {
        panic!("{record:#}");
    };
    json!([event["outcome"], event["trunk"]])
}

fn roles(record: &Value) -> Vec<&str> {
    let legs = record["legs"].as_array().unwrap().iter();
    legs.map(|leg| leg["role"].as_str().unwrap()).collect()
}

#[test]
fn a_number_rings_talks_is_recorded_and_the_flow_goes_on() {
    let carrier = carrier();
    let world = world(&carrier, &format!("dial: {{ to: \"{NUMBER}\""));
    let customer = customer();
    let call = rings(&world, &customer);
    call.wait_tone(RINGS, seconds(5)).unwrap();
    let ringing = carrier.wait_ring(seconds(5)).unwrap();
    assert_eq!(ringing.caller(), "+34910000000");
    assert!(ringing.header("To").unwrap().contains(NUMBER));
    let party = ringing.answer().unwrap();
    call.send(Sending::Tone(CUSTOMER_HZ));
    party.send(Sending::Tone(AGENT_HZ));
    call.wait_tone(AGENT_HZ, seconds(5)).unwrap();
    party.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
    std::thread::sleep(seconds(1));
    party.hang_up();
    call.wait_tone(GOODBYE, seconds(5)).unwrap();
    assert_eq!(call.wait_ended(seconds(5)).unwrap(), End::TheyHungUp);
    let record = world.wait_last_interaction(seconds(8));
    assert_eq!(dialled(&record), json!(["answered", "carrier"]));
    assert_eq!(roles(&record), ["customer", "outside"], "{record:#}");
    assert_eq!(record["legs"][1]["cause"], "bye");
    assert_eq!(record["recordings"].as_array().unwrap().len(), 1);
    let id = record["id"].as_str().unwrap();
    let (_, left, right) = channels(&world.recording_file(id, 1));
    assert!(heard_in(&left, CUSTOMER_HZ) > 0.5);
    assert!(heard_in(&right, AGENT_HZ) > 0.5);
    assert!(
        !world.log().contains("911222333"),
        "the number is in the log"
    );
}

#[test]
fn busy_and_no_answer_take_their_exits_and_a_hangup_cancels() {
    let carrier = carrier();
    let world = world(
        &carrier,
        &format!("transfer: {{ to: \"{NUMBER}\", ring: 3s"),
    );
    let customer = customer();
    let call = rings(&world, &customer);
    carrier.wait_ring(seconds(8)).unwrap().decline(486);
    call.wait_tone(SORRY, seconds(5)).unwrap();
    call.wait_ended(seconds(5)).unwrap();
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(dialled(&record), json!(["busy", "carrier"]));

    let call = rings(&world, &customer);
    let ringing = carrier.wait_ring(seconds(8)).unwrap().ignore();
    call.wait_tone(BUSY, seconds(10)).unwrap();
    ringing.wait_ended(seconds(5)).unwrap();
    call.wait_ended(seconds(5)).unwrap();
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(dialled(&record), json!(["no_answer", "carrier"]));

    let call = rings(&world, &customer);
    let ringing = carrier.wait_ring(seconds(8)).unwrap();
    ringing.ring();
    let ringing = ringing.ignore();
    call.wait_tone(RINGS, seconds(5)).unwrap();
    call.hang_up();
    ringing.wait_ended(seconds(5)).unwrap();
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(dialled(&record), json!(["caller_left", "carrier"]));
    assert_eq!(record["end_cause"], "customer");
    assert_eq!(record["recordings"], json!([]));
}

#[test]
fn an_agents_phone_rings_and_after_the_talk_the_call_ends_and_wrap_up_begins() {
    let carrier = carrier();
    let world = world(&carrier, "transfer: { agent: 2001");
    let (ana, customer) = (registered(&world, "ana", "2001"), customer());
    let call = rings(&world, &customer);
    let ringing = ana.wait_ring(seconds(8)).unwrap();
    world.wait_agent("ana", "on_call", seconds(5));
    let talk = ringing.answer().unwrap();
    call.send(Sending::Tone(CUSTOMER_HZ));
    talk.send(Sending::Tone(AGENT_HZ));
    call.wait_tone(AGENT_HZ, seconds(5)).unwrap();
    talk.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
    // Who talks is busy for others.
    let second = rings(&world, &customer);
    second.wait_tone(SORRY, seconds(8)).unwrap();
    second.wait_ended(seconds(5)).unwrap();
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(dialled(&record), json!(["busy", null]));
    let first = world.get("/interactions?limit=2");
    let first = first["items"][1]["id"].as_str().unwrap().to_owned();
    talk.hang_up();
    assert_eq!(call.wait_ended(seconds(5)).unwrap(), End::TheyHungUp);
    let record = world.wait_for(&format!("/interactions/{first}"), seconds(8), |record| {
        !record["ended_at"].is_null() && !record["wrap_up"].is_null()
    });
    assert_eq!(dialled(&record), json!(["answered", null]), "{record:#}");
    assert_eq!(record["outcome"], "answered");
    assert_eq!(record["agent"], "ana");
    assert_eq!(record["wrap_up"]["agent"], "ana");
    assert_eq!(roles(&record), ["customer", "agent"]);
    world.wait_agent("ana", "available", seconds(8));
}
