//! `kill -9` in the middle of a talk: what the next start finds and makes of it.

use crate::support::phone::{Phone, Sending, seconds};
use crate::support::world::{self, World};
use std::time::{Duration, Instant};

#[test]
fn a_crash_leaves_one_answered_interaction_and_a_recording_that_opens() {
    let mut world = World::start();
    let agent = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    world.wait_agent("ana", "available", seconds(3));
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    call.press("2");
    let talk = agent.wait_ring(seconds(5)).unwrap().answer().unwrap();
    let began = Instant::now();
    talk.send(Sending::Tone(1_300.0));
    call.send(Sending::Tone(420.0));
    call.wait_tone(1_300.0, seconds(2)).unwrap();
    std::thread::sleep(seconds(4));
    world.kill();
    let talked = began.elapsed();

    world.start_again();
    assert!(
        world.ready_after < seconds(2),
        "ready after {:?}",
        world.ready_after
    );
    let list = world.get("/interactions");
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list:#}");
    let record = world.get(&format!(
        "/interactions/{}",
        list["items"][0]["id"].as_str().unwrap()
    ));
    assert!(!record["ended_at"].is_null());
    assert_eq!(record["outcome"], "answered");
    assert_eq!(record["end_cause"], "crash");
    let (_, left, right) =
        world::channels(&world.recording_file(record["id"].as_str().unwrap(), 1));
    assert_eq!(left.len(), right.len());
    let kept = Duration::from_secs_f64(left.len() as f64 / 8_000.0);
    assert!(kept + seconds(1) >= talked, "{kept:?} of {talked:?} kept");
    let agents = world.get("/agents");
    for agent in agents["items"].as_array().unwrap() {
        assert!(
            !["offered", "on_call"].contains(&agent["state"].as_str().unwrap()),
            "{agent}"
        );
    }
}
