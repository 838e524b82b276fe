//! A customer who is given to a colleague or to a queue: who hears what on the way, and that a transfer which fails loses
//! nobody.

use crate::hold::{
    AGENT_HZ, CUSTOMER_HZ, THIRD_HZ, ask_as, customer, done, registered, talk, with_music,
};
use crate::support::phone::{Call, End, Phone, Sending, seconds};
use crate::support::world::{MUSIC, World};
use serde_json::{Value, json};
use std::time::Duration;

/// How it rings in Spain.
const RINGING: f64 = 425.0;

/// Both agents' phones, of whom the first to be rung has the customer: agent, colleague, and their log-ins.
fn two_agents(world: &World) -> (Phone, Phone) {
    let ana = registered(world, "ana", "2001");
    let ben = registered(world, "ben", "2002");
    // Not to be offered the customer.
    world.put("/agents/ben/state", &json!({ "state": "not_ready" }));
    (ana, ben)
}

fn to(agent: &str) -> Value {
    json!({ "to": { "agent": agent } })
}

fn legs_of(record: &Value, agent: &str) -> Vec<Value> {
    let legs = record["legs"].as_array().unwrap().iter();
    legs.filter(|leg| leg["agent"] == agent).cloned().collect()
}

fn hears_each_other(call: &Call, colleague: &Call) {
    colleague.send(Sending::Tone(THIRD_HZ));
    call.wait_tone(THIRD_HZ, seconds(5)).unwrap();
    colleague.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
}

#[test]
fn a_transfer_to_a_colleague_keeps_the_record() {
    let world = with_music();
    let (ana, ben) = two_agents(&world);
    let customer = customer();
    let (call, first, id) = talk(&world, &customer, &ana);
    done(&world, &id, "transfer", &to("ben"));
    call.wait_tone(RINGING, seconds(5)).unwrap();
    let ringing = ben.wait_ring(seconds(5)).unwrap();
    assert_eq!(ringing.header("X-Cordboard-Interaction").unwrap(), id);
    assert_eq!(ringing.caller(), "+34600111222");
    world.wait_agent("ben", "on_call", seconds(3));
    let second = ringing.answer().unwrap();
    assert_eq!(first.wait_ended(seconds(5)).unwrap(), End::TheyHungUp);
    hears_each_other(&call, &second);
    world.wait_agent("ana", "available", seconds(5));
    assert_eq!(world.agent_state("ben"), "on_call");
    std::thread::sleep(seconds(1));
    call.hang_up();
    second.wait_ended(seconds(5)).unwrap();
    // Who was not ready before is so again.
    world.wait_agent("ben", "not_ready", seconds(5));
    let record = world.wait_last_interaction(seconds(8));
    assert_eq!(record["id"], id.as_str());
    assert_eq!(record["outcome"], "answered");
    assert_eq!(record["agent"], "ben", "the last one who talked");
    let (of_ana, of_ben) = (legs_of(&record, "ana"), legs_of(&record, "ben"));
    assert_eq!((of_ana.len(), of_ben.len()), (1, 1));
    assert!(of_ana[0]["ended_at"].as_str() <= of_ben[0]["ended_at"].as_str());
    assert!(of_ana[0]["connected_at"].as_str() < of_ben[0]["connected_at"].as_str());
    let recordings = record["recordings"].as_array().unwrap();
    assert_eq!(recordings.len(), 1, "one file goes on through it");
    assert_eq!(recordings[0]["marks"][0]["kind"], "transfer");
    let (_, left, right) = crate::support::world::channels(&world.recording_file(&id, 1));
    assert!(crate::hold::heard_in(&right, AGENT_HZ) > 0.2);
    assert!(crate::hold::heard_in(&right, THIRD_HZ) > 0.5);
    assert!(crate::hold::heard_in(&left, CUSTOMER_HZ) > 1.0);
}

#[test]
fn a_colleague_who_does_not_take_the_customer_leaves_them_with_the_agent() {
    let world = with_music();
    let (ana, ben) = two_agents(&world);
    let customer = customer();
    let (call, first, id) = talk(&world, &customer, &ana);
    for status in [486, 603, 480] {
        done(&world, &id, "transfer", &to("ben"));
        let ringing = ben.wait_ring(seconds(5)).unwrap();
        let (status, twice) = (
            status,
            ask_as(&world, world.token(), &id, "consult", &to("ben")),
        );
        assert_eq!(twice.0, 409, "{}", twice.1);
        call.wait_tone(RINGING, seconds(5)).unwrap();
        ringing.decline(status);
        call.wait_tone(AGENT_HZ, seconds(5)).unwrap();
        first.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
        world.wait_agent("ben", "not_ready", seconds(3));
    }
    // A colleague who talks already is not rung at all.
    let ben_calls = ben.call(world.sip, "*43", "2002").unwrap();
    ben_calls.wait_answered(seconds(5)).unwrap();
    ben_calls.hang_up();
    world.wait_agent("ben", "not_ready", seconds(3));
    done(
        &world,
        &id,
        "transfer",
        &json!({ "to": { "extension": "2002" } }),
    );
    let ringing = ben.wait_ring(seconds(5)).unwrap();
    done(&world, &id, "cancel", &Value::Null);
    ringing.ignore().wait_ended(seconds(5)).unwrap();
    call.wait_tone(AGENT_HZ, seconds(5)).unwrap();
    first.hang_up();
    call.wait_ended(seconds(5)).unwrap();
}

#[test]
fn without_an_agent_to_go_back_to_the_caller_stands_in_front_of_the_queue() {
    let world = with_music();
    let (ana, ben) = two_agents(&world);
    let customer = customer();
    let (call, first, id) = talk(&world, &customer, &ana);
    done(&world, &id, "transfer", &to("ben"));
    let ringing = ben.wait_ring(seconds(5)).unwrap();
    // The agent is out before the colleague answers: the phone rings on.
    first.hang_up();
    world.wait_agent_not("ana", "on_call", seconds(3));
    call.wait_tone(RINGING, seconds(5)).unwrap();
    ringing.decline(486);
    call.wait_tone(MUSIC, seconds(5)).unwrap();
    let again = ana.wait_ring(seconds(8)).unwrap();
    assert_eq!(again.header("X-Cordboard-Interaction").unwrap(), id);
    let again = again.answer().unwrap();
    again.send(Sending::Tone(AGENT_HZ));
    call.wait_tone(AGENT_HZ, seconds(5)).unwrap();
    call.hang_up();
    let record = world.wait_last_interaction(seconds(8));
    assert_eq!(record["outcome"], "answered");
    let entries = record["queue_entries"].as_array().unwrap();
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().all(|entry| entry["outcome"] == "answered"));
    assert_eq!(record["recordings"].as_array().unwrap().len(), 2);
}

#[test]
fn a_transfer_to_a_queue_is_answered_by_whoever_serves_it() {
    let world = with_music();
    let (ana, ben) = two_agents(&world);
    let customer = customer();
    let (call, first, id) = talk(&world, &customer, &ana);
    // After this call, so that she is not the one who is rung.
    world.put("/agents/ana/state", &json!({ "state": "not_ready" }));
    done(
        &world,
        &id,
        "transfer",
        &json!({ "to": { "queue": "support" } }),
    );
    first.wait_ended(seconds(5)).unwrap();
    call.wait_tone(MUSIC, seconds(5)).unwrap();
    world.put("/agents/ben/state", &json!({ "state": "available" }));
    let ringing = ben.wait_ring(seconds(8)).unwrap();
    assert_eq!(ringing.header("X-Cordboard-Interaction").unwrap(), id);
    let second = ringing.answer().unwrap();
    hears_each_other(&call, &second);
    std::thread::sleep(Duration::from_millis(500));
    second.hang_up();
    call.wait_ended(seconds(5)).unwrap();
    let record = world.wait_last_interaction(seconds(8));
    assert_eq!(record["agent"], "ben");
    assert_eq!(record["end_cause"], "agent");
    world.wait_agent("ben", "available", seconds(5));
}
