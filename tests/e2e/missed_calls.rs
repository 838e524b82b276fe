//! Phones that do not answer, decline, are gone: what becomes of the agent, and of the caller meanwhile.

use crate::support::phone::{Call, End, Phone, seconds};
use crate::support::world::{COMPANY, GOODBYE, MUSIC, Plan, World};
use serde_json::{Value, json};
use std::time::Duration;

fn quick() -> World {
    World::with(&Plan {
        company: format!(
            "{}\n[routing]\nmiss_cooldown = \"2s\"\nexclude_for = \"2s\"\n",
            COMPANY.replace("ring_timeout = \"4s\"", "ring_timeout = \"1s\"")
        ),
        ..Plan::default()
    })
}

fn ana(world: &World) -> Phone {
    let agent = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    world.wait_agent("ana", "available", seconds(3));
    agent
}

fn waiting(world: &World, customer: &Phone) -> Call {
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    call.press("2");
    call
}

fn wait_not_ready(world: &World, reason: &str) -> Value {
    world.wait_for("/agents/ana", seconds(3), |agent| {
        agent["state"] == "not_ready" && agent["reason"] == reason
    })
}

/// How the offers of the newest of `count` interactions ended.
fn offers(world: &World, count: usize) -> Vec<String> {
    let list = world.wait_for("/interactions", seconds(3), |list| {
        list["items"].as_array().unwrap().len() == count && !list["items"][0]["ended_at"].is_null()
    });
    let id = list["items"][0]["id"].as_str().unwrap();
    let whole = world.get(&format!("/interactions/{id}"));
    let offers = whole["offers"].as_array().unwrap().iter();
    offers
        .map(|offer| offer["outcome"].as_str().unwrap_or("open").to_owned())
        .collect()
}

#[test]
fn three_misses_in_a_row_take_the_agent_out_until_they_return() {
    let world = quick();
    let agent = ana(&world);
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let call = waiting(&world, &customer);
    // Rings out, and comes back by itself after the cooldown.
    let first = agent.wait_ring(seconds(5)).unwrap().ignore();
    assert_eq!(first.wait_ended(seconds(3)).unwrap(), End::TheyCancelled);
    wait_not_ready(&world, "cooldown");
    call.wait_tone(MUSIC, seconds(5)).unwrap();
    // Nobody else is there, so the same agent is asked again.
    agent.wait_ring(seconds(4)).unwrap().decline(486);
    wait_not_ready(&world, "cooldown");
    let third = agent.wait_ring(seconds(4)).unwrap().ignore();
    assert_eq!(third.wait_ended(seconds(3)).unwrap(), End::TheyCancelled);
    wait_not_ready(&world, "missed");
    agent.expect_quiet(Duration::from_millis(2_500)).unwrap();
    assert_eq!(world.get("/agents/ana")["reason"], "missed");
    // A refreshing REGISTER is no return.
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    assert_eq!(world.get("/agents/ana")["reason"], "missed");
    let back = json!({"state": "available"});
    assert_eq!(world.put("/agents/ana/state", &back), 200);
    let talk = agent.wait_ring(seconds(2)).unwrap().answer().unwrap();
    world.wait_agent("ana", "on_call", seconds(2));
    talk.hang_up();
    call.wait_tone(GOODBYE, seconds(3)).unwrap();
    call.wait_ended(seconds(3)).unwrap();
    assert_eq!(
        offers(&world, 1),
        ["no_answer", "declined", "no_answer", "accepted"]
    );
}

#[test]
fn a_missed_caller_goes_to_the_next_agent_at_once() {
    let world = quick();
    let (ana, customer) = (
        ana(&world),
        Phone::start("127.0.0.2".parse().unwrap()).unwrap(),
    );
    std::thread::sleep(Duration::from_millis(50));
    let ben = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    ben.register(world.sip, "2002", "word-of-ben").unwrap();
    world.wait_agent("ben", "available", seconds(3));
    let call = waiting(&world, &customer);
    let entered = ana.wait_ring(seconds(5)).unwrap();
    entered.decline(603);
    let talk = ben.wait_ring(seconds(1)).unwrap().answer().unwrap();
    ana.expect_quiet(Duration::from_millis(300)).unwrap();
    call.hang_up();
    talk.wait_ended(seconds(2)).unwrap();
    assert_eq!(offers(&world, 1), ["declined", "accepted"]);
}

#[test]
fn signing_off_is_offline_and_a_pulled_cable_is_a_lost_device_until_it_registers() {
    let world = quick();
    let agent = ana(&world);
    agent.unregister(world.sip, "2001").unwrap();
    world.wait_for("/agents/ana", seconds(2), |agent| {
        agent["state"] == "offline" && agent["registered"] == false
    });
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    world.wait_agent("ana", "available", seconds(2));

    agent.unplug(true);
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let call = waiting(&world, &customer);
    // The state is the distributor's and the registration the registrar's: the one may be told before the other.
    world.wait_for("/agents/ana", seconds(6), |agent| {
        agent["state"] == "not_ready"
            && agent["reason"] == "device_lost"
            && agent["registered"] == false
    });
    call.wait_tone(MUSIC, seconds(5)).unwrap();
    agent.unplug(false);
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    let talk = agent.wait_ring(seconds(3)).unwrap().answer().unwrap();
    world.wait_agent("ana", "on_call", seconds(2));
    call.hang_up();
    talk.wait_ended(seconds(2)).unwrap();
    assert_eq!(offers(&world, 1), ["unreachable", "accepted"]);
}

#[test]
fn a_phone_that_is_switched_off_counts_as_lost_at_once() {
    let world = quick();
    let agent = ana(&world);
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    for (place, status) in [480, 404, 503].into_iter().enumerate() {
        agent.register(world.sip, "2001", "word-of-ana").unwrap();
        world.wait_agent("ana", "available", seconds(2));
        let call = waiting(&world, &customer);
        agent.wait_ring(seconds(5)).unwrap().decline(status);
        wait_not_ready(&world, "device_lost");
        call.hang_up();
        call.wait_ended(seconds(2)).unwrap();
        assert_eq!(offers(&world, place + 1), ["unreachable"], "{status}");
    }
}
