//! SIGTERM: no new calls, live ones end by themselves; a second one ends at once.

use crate::support::phone::{Call, End, Phone, Sending, seconds};
use crate::support::world::{Plan, World};
use std::time::Instant;

fn talk(world: &World, customer: &Phone, agent: &Phone) -> (Call, Call) {
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    call.press("2");
    let talk = agent.wait_ring(seconds(5)).unwrap().answer().unwrap();
    talk.send(Sending::Numbered {
        leg: 2,
        hz: 1_300.0,
    });
    call.send(Sending::Numbered { leg: 1, hz: 420.0 });
    call.wait_tone(1_300.0, seconds(2)).unwrap();
    (call, talk)
}

#[test]
fn a_stop_waits_for_the_live_call_and_takes_no_other() {
    let mut world = World::start();
    let agent = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let (call, talk) = talk(&world, &customer, &agent);
    world.begin_to_stop();
    assert_eq!(world.http("GET", "/readyz", None, &[]).0, 503);
    let refused = customer.call(world.sip, "9000", "600111333").unwrap();
    assert_eq!(refused.wait_ended(seconds(3)).unwrap(), End::Rejected(503));
    std::thread::sleep(seconds(1));
    assert!(world.is_running());
    call.wait_tone(1_300.0, seconds(1)).unwrap();
    talk.wait_tone(420.0, seconds(1)).unwrap();
    assert_eq!(call.heard().numbers(2).missing, 0);
    assert_eq!(talk.heard().numbers(1).missing, 0);
    call.hang_up();
    talk.wait_ended(seconds(2)).unwrap();
    assert_eq!(world.wait_exit(seconds(4)), Some(0));

    world.start_again();
    let record = world.wait_last_interaction(seconds(2));
    assert_eq!(record["outcome"], "answered");
    assert_eq!(record["end_cause"], "customer");
}

#[test]
fn a_second_stop_ends_at_once_and_in_order() {
    let mut world = World::start();
    let agent = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let (call, talk) = talk(&world, &customer, &agent);
    world.begin_to_stop();
    assert!(world.is_running());
    let begun = Instant::now();
    world.terminate();
    assert_eq!(world.wait_exit(seconds(4)), Some(0));
    assert!(begun.elapsed() < seconds(5), "{:?}", begun.elapsed());
    assert_eq!(call.wait_ended(seconds(1)).unwrap(), End::TheyHungUp);
    assert_eq!(talk.wait_ended(seconds(1)).unwrap(), End::TheyHungUp);

    world.start_again();
    let record = world.wait_last_interaction(seconds(2));
    assert_eq!(record["outcome"], "answered");
    assert_eq!(record["end_cause"], "shutdown");
    assert_ne!(world.agent_state("ana"), "on_call");
    let log = world.log();
    assert!(
        !log.contains("start-up sweep closed"),
        "nothing was left open:\n{log}"
    );
}

#[test]
fn a_stop_without_calls_ends_at_once() {
    let mut world = World::start();
    let begun = Instant::now();
    assert_eq!(world.stop(), Some(0));
    assert!(begun.elapsed() < seconds(5), "{:?}", begun.elapsed());
}

#[test]
fn a_stop_ends_the_rest_when_the_drain_timeout_is_over() {
    let mut world = World::with(&Plan {
        arguments: &["--drain-timeout", "1s"],
        ..Plan::default()
    });
    let agent = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let (call, talk) = talk(&world, &customer, &agent);
    let waiting = customer.call(world.sip, "9000", "600111333").unwrap();
    waiting.wait_answered(seconds(3)).unwrap();
    let begun = Instant::now();
    assert_eq!(world.stop(), Some(0));
    let took = begun.elapsed();
    assert!(took >= seconds(1) && took < seconds(8), "{took:?}");
    for leg in [&call, &talk, &waiting] {
        assert_eq!(leg.wait_ended(seconds(1)).unwrap(), End::TheyHungUp);
    }
    world.start_again();
    for item in world.get("/interactions")["items"].as_array().unwrap() {
        assert_eq!(item["end_cause"], "shutdown", "{item:#}");
    }
}

#[test]
fn a_phone_that_signs_off_right_before_a_stop_stays_signed_off() {
    let mut world = World::start();
    let agent = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    world.wait_agent("ana", "available", seconds(3));
    let rows = "SELECT count(*) FROM registrations";
    world.wait_query(rows, "1", seconds(5));
    agent.unregister(world.sip, "2001").unwrap();
    assert_eq!(world.stop(), Some(0));
    assert_eq!(world.query(rows), [["0"]]);
    // And one that signs on right before it is there again.
    world.start_again();
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    assert_eq!(world.stop(), Some(0));
    assert_eq!(world.query(rows), [["1"]]);
}
