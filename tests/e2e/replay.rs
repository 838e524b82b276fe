//! `cordboard replay`: what the router was told and decided, from the log of a server that was killed once.

use crate::hold::{customer, registered};
use crate::support::phone::{Sending, seconds};
use crate::support::world::{self, COMPANY, World};
use serde_json::Value;
use std::process::Output;

#[test]
fn a_log_with_a_crash_in_it_decides_the_same_again_and_other_rules_are_told() {
    let mut world = World::start();
    let ana = registered(&world, "ana", "2001");
    let customer = customer();
    let talk = |world: &World| {
        let call = customer.call(world.sip, "9000", "600111222").unwrap();
        call.wait_answered(seconds(3)).unwrap();
        call.press("2");
        let at_ana = ana.wait_ring(seconds(10)).unwrap().answer().unwrap();
        at_ana.send(Sending::Tone(1_300.0));
        call.wait_tone(1_300.0, seconds(3)).unwrap();
        (call, at_ana)
    };
    let (call, _) = talk(&world);
    call.hang_up();
    world.wait_agent("ana", "available", seconds(5));
    let (_cut_off, _at_ana) = talk(&world);
    // What was gathered for company may be lost; what is in the rows is not.
    world.wait_for("/interactions", seconds(5), |list| {
        let rows = list["items"].as_array().unwrap();
        rows.len() == 2 && rows.iter().all(|row| row["agent"] == "ana")
    });
    world.kill();
    world.start_again();
    ana.register(world.sip, "2001", "word-of-ana").unwrap();
    world.wait_agent("ana", "available", seconds(10));
    let (call, _) = talk(&world);
    call.hang_up();
    world.wait_agent("ana", "available", seconds(5));
    world.wait_last_interaction(seconds(5));

    let whole = replayed(&world, &[]);
    assert_eq!(whole["same"], true, "{whole:#}");
    assert_eq!(
        (&whole["starts"], &whole["decisions"]),
        (&2.into(), &3.into()),
        "{whole:#}"
    );
    assert_eq!(whole["not_compared"], 0, "{whole:#}");

    // Had ana not served the queue, nobody would have got the first caller.
    let path = world.root().join("other.toml");
    let other = COMPANY.replacen("queues = { support = 1 }", "queues = {}", 1);
    assert_ne!(other, COMPANY);
    std::fs::write(path, other).unwrap();
    let other = replayed(&world, &["--company", "other.toml"]);
    assert_eq!(other["same"], false, "{other:#}");
    assert_eq!(
        other["difference"]["logged"]["kind"], "decided",
        "{other:#}"
    );
    let told = replay(&world, &["--company", "other.toml"]);
    assert_eq!(told.status.code(), Some(1));
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(text.contains("the first difference is line"), "{text}");

    let wrong = replay(&world, &["--from", "yesterday"]);
    assert_eq!(wrong.status.code(), Some(2));
    let since = replayed(&world, &["--from", "2099-01-01T00:00:00Z"]);
    assert_eq!(
        (&since["starts"], &since["decisions"]),
        (&1.into(), &1.into()),
        "{since:#}"
    );
}

fn replay(world: &World, more: &[&str]) -> Output {
    world::cordboard(world.root())
        .args(["replay", "--config", "cordboard.toml"])
        .args(more)
        .output()
        .unwrap()
}

/// The whole log, or another stretch of it.
pub(crate) fn replayed(world: &World, more: &[&str]) -> Value {
    let out = replay(world, &[&["--json"], more].concat());
    serde_json::from_slice(&out.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&out.stderr)))
}
