//! What an agent's work does to callers of every queue: after-call work and its cap, misses, offers that are taken back.

use crate::rules::{
    Caller, LONG, Rules, calls, decisions, end, interaction, is_here, line, logged, moment, rings,
    talks, tells, waits,
};
use crate::support::phone::{End, Phone};
use crate::support::world::World;
use serde_json::{Value, json};

/// Ana serves both queues, Ben support.
const BOTH: [&str; 3] = [
    "queues = { support = 1, sales = 1 }",
    "queues = { support = 2 }",
    "queues = { support = 3 }",
];

fn rules(support: &'static str) -> Rules {
    Rules {
        queues: [support, ""],
        agents: BOTH,
        ..Rules::default()
    }
}

/// Ana has talked for support, and meanwhile somebody has begun to wait in sales: both interactions.
fn talks_while_another_waits(world: &World, ana: &Phone) -> (String, (Caller, String)) {
    let caller = calls(world, "2");
    let (id, talk) = talks(world, "ana", ana);
    let other = waits(world, "1", ("sales", 1));
    end(&caller, &talk);
    (id, other)
}

/// What the log says of the end of Ana's after-call work.
fn work_ends(event: &Value) -> bool {
    event["kind"] == "agent_state_changed" && event["from"] == "wrap_up"
}

#[test]
fn after_call_work_of_one_queue_keeps_callers_of_another_waiting_until_it_is_ended() {
    let world = rules("wrap_up = \"open\"").start();
    let ana = is_here(&world, "ana");
    let (id, (_caller, other)) = talks_while_another_waits(&world, &ana);
    world.wait_agent("ana", "wrap_up", LONG);
    let waiting = line(&world, "sales", |line| line.len() == 1);
    assert_eq!(waiting[0]["offered_to"], Value::Null, "{waiting:#?}");
    let path = format!("/api/v1/interactions/{id}/wrap-up/done");
    let (status, _, body) = world.http("POST", &path, None, &[]);
    assert!(status < 300, "{status} {}", String::from_utf8_lossy(&body));
    assert_eq!(interaction(&rings(&ana)), other);
    let decision = decisions(&world, &other, 1).remove(0);
    assert_eq!(decision["kind"], "ready", "{decision:#}");
}

#[test]
fn open_after_call_work_ends_at_its_cap_and_then_the_next_caller_rings() {
    let world = rules("wrap_up = \"open\"\nwrap_up_cap = \"2s\"").start();
    let ana = is_here(&world, "ana");
    let (_, (_caller, other)) = talks_while_another_waits(&world, &ana);
    assert_eq!(interaction(&rings(&ana)), other);
    let begins = |event: &Value| event["kind"] == "agent_state_changed" && event["to"] == "wrap_up";
    let [begun, ended] = logged(&world, [&begins, &work_ends]);
    let lasted = moment(&ended) - moment(&begun);
    assert!((1.9..10.0).contains(&lasted), "{begun:#} {ended:#}");
    let decision = decisions(&world, &other, 1).remove(0);
    assert_eq!(decision["kind"], "ready", "{decision:#}");
}

#[test]
fn who_misses_too_often_is_taken_out_and_the_supervisor_is_told() {
    let world = Rules {
        routing: "max_misses = 2\nmiss_cooldown = \"1s\"\n",
        ..rules("")
    }
    .start();
    let ana = is_here(&world, "ana");
    let (_caller, _) = waits(&world, "2", ("support", 1));
    rings(&ana).decline(486);
    rings(&ana).decline(486);
    let out = world.wait_for("/agents/ana", LONG, |ana| ana["reason"] == "missed");
    assert_eq!(out["state"], "not_ready", "{out:#}");
    let [told] = logged(&world, [&tells("max_misses")]);
    assert_eq!(told["agent"], out["id"], "{told:#}");
}

#[test]
fn an_offer_that_is_taken_back_goes_to_the_next_agent_and_is_no_miss() {
    let world = rules("ring_timeout = \"60s\"").start();
    let ana = is_here(&world, "ana");
    let ben = is_here(&world, "ben");
    let (caller, id) = waits(&world, "2", ("support", 1));
    let ringing = rings(&ana).ignore();
    let lunch = json!({ "state": "not_ready", "reason": "lunch" });
    assert_eq!(world.put("/agents/ana/state", &lunch), 200);
    assert_eq!(ringing.wait_ended(LONG).unwrap(), End::TheyCancelled);
    let (same, talk) = talks(&world, "ben", &ben);
    assert_eq!(same, id);
    assert_eq!(world.get("/agents/ana")["reason"], "lunch");
    end(&caller, &talk);
    let record = world.wait_last_interaction(LONG);
    let offers = record["offers"].as_array().unwrap().iter();
    let offers: Vec<&Value> = offers.map(|offer| &offer["outcome"]).collect();
    assert_eq!(offers, ["revoked", "accepted"], "{record:#}");
}
