//! SIPp as the carrier: it asks for our password, takes calls out, refuses them, and is registered with.

use crate::support::peers::sipp::{RunningSipp, Sipp};
use crate::support::peers::track::Track;
use crate::support::phone::{Call, End, Phone, Sending, seconds};
use crate::support::world::{COMPANY, Plan, World};
use crate::{
    AGENT, AGENT_HZ, CUSTOMER, CUSTOMER_HZ, TRUNK, ana, assert_tone, assert_whole, at, record,
};
use serde_json::Value;

const DIALLED: &str = "911222333";

/// The test company with these lines for its trunk, and a second one after it.
fn open(lines: &str, second: &str) -> World {
    let from = "from = [\"127.0.0.2/32\"]\n";
    World::with(&Plan {
        company: COMPANY.replace(from, &format!("{from}{lines}\n{second}\n")),
        ..Plan::default()
    })
}

fn outbound(address: &str, port: u16) -> String {
    format!(
        "outbound = {{ address = \"{address}:{port}\", caller_id = \"+34910000000\", prefixes = [\"+34\"], \
         username = \"us\", password = \"our-secret\" }}"
    )
}

fn result(record: &Value) -> &str {
    record["tags"]["outbound_result"].as_str().unwrap_or("none")
}

/// The agent's side of a call to a SIPp that plays; both tones cross it for two seconds.
fn talk(scenario: &str, desk: &str, port: u16) -> (World, RunningSipp, Phone, Call) {
    let world = open(&outbound(TRUNK, port), "");
    let carrier = Sipp::new(scenario, at(TRUNK, port))
        .plays(&Track::new(CUSTOMER, CUSTOMER_HZ, 8))
        .start()
        .expect("sipp starts");
    let phone = ana(&world, desk);
    let call = phone.call(world.sip, DIALLED, "2001").expect("a call");
    if let Err(failure) = call.wait_answered(seconds(10)) {
        // What SIPp says of it tells more.
        carrier.wait(seconds(1)).expect("sipp as its scenario says");
        panic!("{failure}");
    }
    call.send(Sending::Numbered {
        leg: AGENT,
        hz: AGENT_HZ,
    });
    call.wait_tone(CUSTOMER_HZ, seconds(5))
        .expect("the carrier is heard");
    std::thread::sleep(seconds(2));
    (world, carrier, phone, call)
}

fn assert_both_sides(world: &World, end_cause: &str) {
    let (record, left, right) = record(world);
    assert_eq!(record["end_cause"], end_cause, "{record:#}");
    assert_eq!(record["direction"], "outbound");
    assert_tone(&left, CUSTOMER_HZ, "the carrier");
    assert_tone(&right, AGENT_HZ, "the agent");
    assert_whole(&left, CUSTOMER);
    assert_whole(&right, AGENT);
}

#[test]
fn sipp_asks_by_407_and_the_agent_ends_the_call() {
    let (world, carrier, _phone, call) = talk("carrier_answers.xml", "127.0.2.11", 5_140);
    call.hang_up();
    carrier.wait(seconds(5)).unwrap();
    assert_both_sides(&world, "agent");
}

#[test]
fn sipp_checks_our_password_and_ends_the_call_itself() {
    let (world, carrier, _phone, call) = talk("carrier_hangs_up.xml", "127.0.2.12", 5_144);
    let ended = call.wait_ended(seconds(5));
    carrier.wait(seconds(5)).unwrap();
    assert_eq!(ended.unwrap(), End::TheyHungUp);
    assert_both_sides(&world, "customer");
}

#[test]
fn sipp_refuses_and_where_it_cannot_the_next_trunk_takes_the_call() {
    // 403 is the carrier's word on this call: no other is asked.
    let world = open(&outbound(TRUNK, 5_148), "");
    let carrier = Sipp::new("carrier_403.xml", at(TRUNK, 5_148))
        .start()
        .unwrap();
    let phone = ana(&world, "127.0.2.13");
    let call = phone.call(world.sip, DIALLED, "2001").unwrap();
    assert_eq!(call.wait_ended(seconds(5)).unwrap(), End::Rejected(503));
    carrier.wait(seconds(5)).unwrap();
    let told = world.wait_last_interaction(seconds(5));
    assert_eq!(result(&told), "refused_by_carrier", "{told:#}");
    drop((phone, world));
    // 503 is not.
    let second = format!(
        "[[trunks]]\nname = \"second\"\nfrom = [\"127.0.0.3\"]\n{}",
        outbound("127.0.0.3", 5_156)
    );
    let world = open(&outbound(TRUNK, 5_152), &second);
    let first = Sipp::new("carrier_503.xml", at(TRUNK, 5_152))
        .start()
        .unwrap();
    let taker = Sipp::new("carrier_answers.xml", at("127.0.0.3", 5_156))
        .plays(&Track::new(CUSTOMER, CUSTOMER_HZ, 4))
        .start()
        .unwrap();
    let phone = ana(&world, "127.0.2.14");
    let call = phone.call(world.sip, DIALLED, "2001").unwrap();
    call.wait_answered(seconds(10)).unwrap();
    call.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
    call.hang_up();
    first.wait(seconds(5)).unwrap();
    taker.wait(seconds(5)).unwrap();
    let told = world.wait_last_interaction(seconds(5));
    assert_eq!(told["outcome"], "answered", "{told:#}");
    assert_eq!(told["tags"]["trunk"], "second");
}

#[test]
fn sipp_is_our_registrar_and_hears_when_we_go() {
    let registrar = Sipp::new("carrier_registrar.xml", at(TRUNK, 5_160))
        .start()
        .unwrap();
    let register = format!(
        "register = {{ registrar = \"{TRUNK}:5160\", username = \"us\", password = \"our-secret\" }}"
    );
    let world = open(&register, "");
    world.wait_log("registered with the carrier", seconds(10));
    world.terminate();
    world.wait_log("no longer registered with the carrier", seconds(10));
    registrar.wait(seconds(5)).unwrap();
}
