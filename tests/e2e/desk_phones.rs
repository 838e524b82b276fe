//! Agents with nothing but a desk phone: feature codes, the echo, calls among each other.

use crate::support::phone::{Call, End, Phone, Sending, seconds};
use crate::support::world::{COMPANY, MUSIC, Plan, World};
use serde_json::{Value, json};
use std::time::Duration;

/// The two tones of a confirmation.
const LOW: f64 = 523.0;
const HIGH: f64 = 784.0;

fn registered(world: &World, login: &str, extension: &str) -> Phone {
    let phone = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    let password = format!("word-of-{login}");
    phone.register(world.sip, extension, &password).unwrap();
    world.wait_agent(login, "available", seconds(3));
    phone
}

fn waiting(world: &World, customer: &Phone) -> Call {
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    call.press("2");
    call.wait_tone(MUSIC, seconds(5)).unwrap();
    call
}

fn customer() -> Phone {
    Phone::start("127.0.0.2".parse().unwrap()).unwrap()
}

/// Dials a code and hears the answer: two tones, and the end.
fn dial(world: &World, phone: &Phone, code: &str, tones: [f64; 2]) {
    let call = phone.call(world.sip, code, "2001").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    call.wait_tones(&tones, seconds(2)).unwrap();
    assert_eq!(call.wait_ended(seconds(3)).unwrap(), End::TheyHungUp);
}

const YES: [f64; 2] = [LOW, HIGH];
const NO: [f64; 2] = [HIGH, LOW];

fn idle_since(world: &World, login: &str) -> String {
    let agent = world.get(&format!("/agents/{login}"));
    agent["idle_since"].as_str().unwrap().to_owned()
}

fn interactions(world: &World) -> usize {
    let list = world.get("/interactions");
    list["items"].as_array().unwrap().len()
}

#[test]
fn an_agent_leaves_and_comes_back_by_phone() {
    let world = World::start();
    let (ana, customer) = (registered(&world, "ana", "2001"), customer());
    dial(&world, &ana, "*60", NO);
    dial(&world, &ana, "*61", YES);
    assert_eq!(world.agent_state("ana"), "not_ready");
    let caller = waiting(&world, &customer);
    ana.expect_quiet(seconds(1)).unwrap();
    // Some phones write the star as it stands in RFC 3261, some escape it.
    let call = ana.call(world.sip, "%2A60", "2001").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    let talk = ana.wait_ring(seconds(3)).unwrap().answer().unwrap();
    world.wait_agent("ana", "on_call", seconds(2));
    call.wait_ended(seconds(3)).unwrap();
    talk.hang_up();
    caller.hang_up();
    // Nothing but the customer's call is in the record.
    world.wait_last_interaction(seconds(5));
    assert_eq!(interactions(&world), 1);
}

#[test]
fn after_call_work_is_ended_by_phone() {
    let world = World::with(&Plan {
        company: COMPANY.replace("wrap_up = \"1s\"", "wrap_up = \"60s\""),
        ..Plan::default()
    });
    let (ana, customer) = (registered(&world, "ana", "2001"), customer());
    dial(&world, &ana, "*62", NO);
    let caller = waiting(&world, &customer);
    let talk = ana.wait_ring(seconds(5)).unwrap().answer().unwrap();
    world.wait_agent("ana", "on_call", seconds(2));
    talk.hang_up();
    caller.hang_up();
    world.wait_agent("ana", "wrap_up", seconds(3));
    dial(&world, &ana, "*62", YES);
    assert_eq!(world.agent_state("ana"), "available");
}

#[test]
fn an_echo_gives_back_what_is_said() {
    let world = World::start();
    let ana = registered(&world, "ana", "2001");
    let call = ana.call(world.sip, "*43", "2001").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    call.wait_tones(&YES, seconds(2)).unwrap();
    call.wait_silence(seconds(2)).unwrap();
    call.send(Sending::Tone(440.0));
    call.wait_tone(440.0, seconds(2)).unwrap();
    assert_eq!(world.agent_state("ana"), "available");
    call.hang_up();
    call.wait_ended(seconds(2)).unwrap();
    assert_eq!(interactions(&world), 0);
}

#[test]
fn agents_call_each_other_and_are_offered_nobody_meanwhile() {
    let world = World::start();
    let (ana, ben) = (
        registered(&world, "ana", "2001"),
        registered(&world, "ben", "2002"),
    );
    let before = [idle_since(&world, "ana"), idle_since(&world, "ben")];
    let from_ana = ana.call(world.sip, "2002", "2001").unwrap();
    let ringing = ben.wait_ring(seconds(3)).unwrap();
    assert_eq!(ringing.caller(), "2001");
    assert!(ringing.header("from").unwrap().contains("Ana Ruiz"));
    assert_eq!(ringing.header("X-Cordboard-Queue"), None);
    from_ana.wait_ringing(seconds(2)).unwrap();
    world.wait_agent("ana", "on_call", seconds(2));
    world.wait_agent("ben", "on_call", seconds(2));
    let at_ben = ringing.answer().unwrap();
    from_ana.wait_answered(seconds(2)).unwrap();
    from_ana.send(Sending::Tone(440.0));
    at_ben.send(Sending::Tone(620.0));
    at_ben.wait_tone(440.0, seconds(3)).unwrap();
    from_ana.wait_tone(620.0, seconds(3)).unwrap();
    // A third agent finds them busy; a caller waits.
    let cleo = registered(&world, "cleo", "2003");
    let third = cleo.call(world.sip, "2002", "2003").unwrap();
    assert_eq!(third.wait_ended(seconds(3)).unwrap(), End::Rejected(486));
    let customer = customer();
    let caller = waiting(&world, &customer);
    ana.expect_quiet(seconds(1)).unwrap();
    ben.expect_quiet(Duration::from_millis(100)).unwrap();
    // Over: both are free with a new idle clock, and the caller is offered.
    at_ben.hang_up();
    assert_eq!(from_ana.wait_ended(seconds(3)).unwrap(), End::TheyHungUp);
    world.wait_for("/agents", seconds(3), |agents| {
        let offered = |agent: &Value| agent["state"] == "offered";
        agents["items"].as_array().unwrap().iter().any(offered)
    });
    caller.hang_up();
    world.wait_agent("ana", "available", seconds(3));
    world.wait_agent("ben", "available", seconds(3));
    assert!(idle_since(&world, "ana") > before[0]);
    assert!(idle_since(&world, "ben") > before[1]);
    world.wait_last_interaction(seconds(5));
    assert_eq!(interactions(&world), 1);
}

#[test]
fn a_call_between_agents_that_comes_to_nothing() {
    let world = World::start();
    let (ana, ben) = (
        registered(&world, "ana", "2001"),
        registered(&world, "ben", "2002"),
    );
    let refusal = |dialled: &str| {
        let call = ana.call(world.sip, dialled, "2001").unwrap();
        call.wait_ended(seconds(3)).unwrap()
    };
    // Nobody there, nobody known, oneself, the outside.
    assert_eq!(refusal("2003"), End::Rejected(480));
    assert_eq!(refusal("2999"), End::Rejected(404));
    assert_eq!(refusal("*99"), End::Rejected(404));
    assert_eq!(refusal("2001"), End::Rejected(486));
    assert_eq!(refusal("600111222"), End::Rejected(403));
    assert_eq!(refusal("+442079460101"), End::Rejected(403));
    world.wait_agent("ana", "available", seconds(2));
    world.wait_log("calls to the outside are off", seconds(2));
    assert!(!world.log().contains("442079460101"));
    // Given up while it rings.
    let call = ana.call(world.sip, "2002", "2001").unwrap();
    let ringing = ben.wait_ring(seconds(3)).unwrap().ignore();
    call.wait_ringing(seconds(2)).unwrap();
    call.hang_up();
    assert_eq!(ringing.wait_ended(seconds(3)).unwrap(), End::TheyCancelled);
    world.wait_agent("ana", "available", seconds(2));
    world.wait_agent("ben", "available", seconds(2));
    // Declined; and an agent who is not ready may be called, and is not ready afterwards.
    let pause = json!({"state": "not_ready", "reason": "lunch"});
    assert_eq!(world.put("/agents/ben/state", &pause), 200);
    let call = ana.call(world.sip, "2002", "2001").unwrap();
    ben.wait_ring(seconds(3)).unwrap().decline(486);
    assert_eq!(call.wait_ended(seconds(3)).unwrap(), End::Rejected(486));
    world.wait_agent("ana", "available", seconds(2));
    let after = world.wait_for("/agents/ben", seconds(2), |ben| ben["state"] == "not_ready");
    assert_eq!(after["reason"], "lunch");
    // Only the two to the outside are on record, as calls out that were not let through.
    let two = |list: &Value| list["items"].as_array().is_some_and(|rows| rows.len() >= 2);
    let list = world.wait_for("/interactions", seconds(5), two);
    let rows = list["items"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{list:#}");
    for row in rows {
        assert_eq!(row["direction"], "outbound", "{row:#}");
        assert_eq!(row["outcome"], "rejected", "{row:#}");
    }
}

#[test]
fn two_lines_of_one_agent_end_with_the_last() {
    let world = World::start();
    let (ana, ben) = (
        registered(&world, "ana", "2001"),
        registered(&world, "ben", "2002"),
    );
    let to_ben = ana.call(world.sip, "2002", "2001").unwrap();
    let at_ben = ben.wait_ring(seconds(3)).unwrap().answer().unwrap();
    to_ben.wait_answered(seconds(2)).unwrap();
    let to_us = ana.call(world.sip, "9000", "2001").unwrap();
    to_us.wait_answered(seconds(3)).unwrap();
    // What ben asks for by a third line comes after the call.
    let code = ben.call(world.sip, "*61", "2002").unwrap();
    code.wait_answered(seconds(3)).unwrap();
    code.wait_tones(&YES, seconds(3)).unwrap();
    assert_eq!(world.agent_state("ben"), "on_call");
    to_ben.hang_up();
    assert_eq!(at_ben.wait_ended(seconds(3)).unwrap(), End::TheyHungUp);
    world.wait_agent("ben", "not_ready", seconds(2));
    assert_eq!(world.agent_state("ana"), "on_call");
    to_us.hang_up();
    world.wait_agent("ana", "available", seconds(2));
}

#[test]
fn a_crash_or_a_stop_in_a_call_between_agents_leaves_nobody_busy() {
    let mut world = World::start();
    let (ana, ben) = (
        registered(&world, "ana", "2001"),
        registered(&world, "ben", "2002"),
    );
    let talk = |world: &World| {
        let from_ana = ana.call(world.sip, "2002", "2001").unwrap();
        let at_ben = ben.wait_ring(seconds(3)).unwrap().answer().unwrap();
        from_ana.wait_answered(seconds(2)).unwrap();
        world.wait_agent("ben", "on_call", seconds(2));
        (from_ana, at_ben)
    };
    let (from_ana, at_ben) = talk(&world);
    world.kill();
    world.start_again();
    // So soon after the first REGISTER the bindings may not be on the disk: the phones refresh them.
    ana.register(world.sip, "2001", "word-of-ana").unwrap();
    ben.register(world.sip, "2002", "word-of-ben").unwrap();
    world.wait_agent("ana", "available", seconds(3));
    world.wait_agent("ben", "available", seconds(3));
    drop((from_ana, at_ben));
    // A second signal does not wait for the call: both phones are told.
    let (from_ana, at_ben) = talk(&world);
    world.begin_to_stop();
    assert!(world.is_running());
    world.terminate();
    assert_eq!(from_ana.wait_ended(seconds(3)).unwrap(), End::TheyHungUp);
    assert_eq!(at_ben.wait_ended(seconds(3)).unwrap(), End::TheyHungUp);
    assert_eq!(world.wait_exit(seconds(5)), Some(0));
}

#[test]
fn a_registration_outlives_a_kill_right_after_it() {
    let mut world = World::start();
    let _ana = registered(&world, "ana", "2001");
    // Gathered for 10 ms, and written as soon as the disk lets us.
    world.wait_query("SELECT count(*) FROM registrations", "1", seconds(1));
    world.kill();
    world.start_again();
    let agent = world.get("/agents/ana");
    assert_eq!(agent["registered"], true, "{agent:#}");
    assert_eq!(agent["state"], "available");
}

#[test]
fn who_was_offline_in_a_call_of_their_own_is_offline_after_a_crash() {
    let mut world = World::start();
    let (ana, ben) = (
        registered(&world, "ana", "2001"),
        registered(&world, "ben", "2002"),
    );
    let offline = json!({ "state": "offline" });
    assert_eq!(world.put("/agents/ana/state", &offline), 200);
    let from_ana = ana.call(world.sip, "2002", "2001").unwrap();
    let _at_ben = ben.wait_ring(seconds(3)).unwrap().answer().unwrap();
    from_ana.wait_answered(seconds(2)).unwrap();
    world.wait_agent("ana", "on_call", seconds(2));
    // The line is in the file within 10 ms, on a busy machine later; and what is in the rows is in the file.
    let sql = "SELECT count(*) > 1 FROM events WHERE kind = 'agent_state_changed' AND payload LIKE '%on_call%'";
    world.wait_query(sql, "1", seconds(1));
    world.kill();
    world.start_again();
    assert_eq!(world.agent_state("ana"), "offline");
    assert_eq!(world.agent_state("ben"), "available");
}
