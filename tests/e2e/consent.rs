//! Callers who are asked whether they may be recorded, and what flows record themselves: judged by the files.

use crate::hold::{
    AGENT_HZ, CUSTOMER_HZ, assert_silent, customer, done, heard_in, marks, registered,
};
use crate::support::phone::{Call, Phone, Sending, seconds};
use crate::support::world::{BUSY, FLOW, MENU, Plan, World, channels};
use serde_json::{Value, json};
use std::time::Duration;

/// The question is the tone of "busy".
const ASK: &str = "    - answer:\n    - consent: { prompt: busy, opt_out_key: 1, default: granted, timeout: 500ms, exits: { denied: refused } }\n";
const REFUSED: &str =
    "  refused:\n    - tag: { recorded: \"no\" }\n    - go: to-a-person\n  to-a-person:\n";

fn world(settings: &str) -> World {
    World::with(&Plan {
        flow: FLOW
            .replace("    - answer:\n", ASK)
            .replace("  to-a-person:\n", REFUSED),
        settings: settings.to_owned(),
        ..Plan::default()
    })
}

fn asked(world: &World, customer: &Phone) -> Call {
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(5)).unwrap();
    call.wait_tone(BUSY, seconds(5)).unwrap();
    call
}

/// The agent's phone rings for the caller, and both hear each other.
fn talks(call: &Call, agent: &Phone) -> (Call, String) {
    let ringing = agent.wait_ring(seconds(10)).unwrap();
    let id = ringing.header("X-Cordboard-Interaction").unwrap();
    let talk = ringing.answer().unwrap();
    call.send(Sending::Tone(CUSTOMER_HZ));
    talk.send(Sending::Tone(AGENT_HZ));
    call.wait_tone(AGENT_HZ, seconds(5)).unwrap();
    talk.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
    (talk, id)
}

fn said(record: &Value) -> Value {
    let consent = &record["recording_consent"];
    assert!(consent["at"].is_string(), "{record:#}");
    json!([consent["granted"], consent["by_key"]])
}

#[test]
fn who_refuses_is_recorded_with_nobody_whom_the_call_goes_to() {
    let world = world("");
    let (ana, customer) = (registered(&world, "ana", "2001"), customer());
    let call = asked(&world, &customer);
    call.press("1");
    let (_talk, id) = talks(&call, &ana);
    let ben = registered(&world, "ben", "2002");
    done(
        &world,
        &id,
        "transfer",
        &json!({ "to": { "agent": "ben" } }),
    );
    let (second, _) = talks(&call, &ben);
    std::thread::sleep(seconds(1));
    second.hang_up();
    let record = world.wait_last_interaction(seconds(8));
    assert_eq!(said(&record), json!([false, true]), "{record:#}");
    assert_eq!(record["tags"]["recorded"], "no");
    assert_eq!(record["recordings"], json!([]), "{record:#}");
    assert_eq!(record["outcome"], "answered");
    let waves = world.query("SELECT COUNT(*) FROM recordings");
    assert_eq!(waves, [["0"]]);
}

#[test]
fn where_the_company_needs_consent_who_stays_silent_has_agreed_and_is_recorded() {
    let world = world("[recording]\ndefault = \"consent\"\n");
    let (ana, customer) = (registered(&world, "ana", "2001"), customer());
    let call = asked(&world, &customer);
    call.wait_tone(MENU, seconds(8)).unwrap();
    call.press("2");
    let (talk, id) = talks(&call, &ana);
    std::thread::sleep(seconds(1));
    talk.hang_up();
    let record = world.wait_last_interaction(seconds(8));
    assert_eq!(said(&record), json!([true, false]), "{record:#}");
    assert_eq!(record["recordings"].as_array().unwrap().len(), 1);
    let (_, left, right) = channels(&world.recording_file(&id, 1));
    assert!(heard_in(&left, CUSTOMER_HZ) > 0.5);
    assert!(heard_in(&right, AGENT_HZ) > 0.5);
    // Whom nobody asked is not recorded.
    world.write_flow(FLOW);
    world.wait_log("flow read; the next call takes it", seconds(8));
    world.wait_agent("ana", "available", seconds(8));
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_tone(MENU, seconds(8)).unwrap();
    call.press("2");
    let (talk, _) = talks(&call, &ana);
    talk.hang_up();
    let record = world.wait_last_interaction(seconds(8));
    assert_eq!(record["recording_consent"], Value::Null, "{record:#}");
    assert_eq!(record["recordings"], json!([]), "{record:#}");
}

/// The flow records from its beginning, leaves out what is said during "busy", and the talk goes on in the same file.
#[test]
fn a_flow_records_pauses_and_goes_on_and_the_talk_is_in_the_same_file() {
    let flow = FLOW.replace(
        "    - play: greeting\n",
        "    - record: { action: start, beep: true }\n    - play: { prompt: greeting, barge_in: false }\n    - record: pause\n    \
         - play: { prompt: [busy, busy], barge_in: false }\n    - record: resume\n",
    );
    let world = World::with(&Plan {
        flow,
        ..Plan::default()
    });
    let (ana, customer) = (registered(&world, "ana", "2001"), customer());
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(5)).unwrap();
    call.send(Sending::Tone(CUSTOMER_HZ));
    call.wait_tone(MENU, seconds(10)).unwrap();
    std::thread::sleep(Duration::from_millis(600));
    call.press("2");
    let (talk, id) = talks(&call, &ana);
    std::thread::sleep(seconds(1));
    talk.hang_up();
    let record = world.wait_last_interaction(seconds(8));
    assert_eq!(
        record["recordings"].as_array().unwrap().len(),
        1,
        "{record:#}"
    );
    let marks = marks(&record);
    assert_eq!(marks.len(), 1, "{record:#}");
    let (kind, from, to) = &marks[0];
    assert_eq!(kind, "flow");
    assert!((1.5..5.0).contains(&(to - from)), "{marks:?}");
    let (_, left, right) = channels(&world.recording_file(&id, 1));
    assert_silent(&left, *from, *to);
    let before = &left[..(from * 8_000.0) as usize];
    assert!(heard_in(before, CUSTOMER_HZ) > 0.5, "the menu is recorded");
    assert!(heard_in(&right, AGENT_HZ) > 0.5, "and so is the talk");
    assert!(heard_in(&left, CUSTOMER_HZ) > 2.0);
}
