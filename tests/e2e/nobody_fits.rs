//! A caller whom nobody can serve, though agents are logged in: told to the supervisor at once, and sent the queue's way.

use crate::rules::{
    LONG, Rules, calls, comes, decisions, end, is_here, logged, moment, quiet, talks, tells, waits,
};
use serde_json::Value;

/// A caller came to support.
fn enters(event: &Value) -> bool {
    event["kind"] == "queue_entered"
}

/// Ana is in support and lacks the skill, Ben is in sales.
fn rules(support: &'static str) -> Rules {
    Rules {
        queues: [support, ""],
        agents: [
            "skills = { billing = 2 }\nqueues = { support = 1 }",
            "queues = { sales = 1 }",
            "skills = { billing = 9 }\nqueues = { support = 1 }",
        ],
        ..Rules::default()
    }
}

#[test]
fn who_cannot_be_served_by_anybody_here_is_flagged_and_goes_the_overflow_way() {
    let world = rules("skills = { billing = 3 }\nwhen_no_agents = { queue = \"sales\" }").start();
    let ana = is_here(&world, "ana");
    let ben = is_here(&world, "ben");
    let caller = calls(&world, "2");
    let (id, talk) = talks(&world, "ben", &ben);
    end(&caller, &talk);
    let overflowed = |event: &Value| event["kind"] == "queue_overflowed";
    let [came, told, sent] = logged(
        &world,
        [&enters, &tells("unmeetable_requirement"), &overflowed],
    );
    assert!(moment(&told) - moment(&came) < 1.0, "{came:#} {told:#}");
    assert_eq!(sent["interaction"], id.as_str(), "{sent:#}");
    assert_eq!(sent["cause"], "no_agents", "{sent:#}");
    let record = world.wait_last_interaction(LONG);
    assert_eq!(record["outcome"], "answered", "{record:#}");
    let entries = record["queue_entries"].as_array().unwrap().iter();
    let entries: Vec<[&str; 2]> = entries
        .map(|entry| ["queue", "outcome"].map(|field| entry[field].as_str().unwrap()))
        .collect();
    assert_eq!(entries, [["support", "overflowed"], ["sales", "answered"]]);
    quiet(&ana);
}

#[test]
fn who_may_wait_for_somebody_is_flagged_and_waits_until_they_come() {
    let world = rules("skills = { billing = 3 }").start();
    let ana = is_here(&world, "ana");
    let (caller, id) = waits(&world, "2", ("support", 1));
    let [came, told] = logged(&world, [&enters, &tells("unmeetable_requirement")]);
    assert!(moment(&told) - moment(&came) < 1.0, "{came:#} {told:#}");
    let support = world.get("/queues/support");
    assert_eq!(told["queue"], support["id"], "{told:#}");
    assert_eq!(support["waiting"][0]["unmeetable"], true, "{support:#}");
    let cleo = comes(&world, "cleo");
    let (same, talk) = talks(&world, "cleo", &cleo);
    assert_eq!(same, id);
    assert_eq!(decisions(&world, &id, 1).len(), 1);
    end(&caller, &talk);
    quiet(&ana);
}
