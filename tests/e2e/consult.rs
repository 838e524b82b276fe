//! An agent asks a colleague, gives them the customer, or talks with both; what each of the three hears.

use crate::hold::{
    AGENT_HZ, CUSTOMER_HZ, THIRD_HZ, assert_silent, customer, done, heard_in, marks, registered,
    talk, with_music,
};
use crate::monitor::hears;
use crate::support::patience::until;
use crate::support::phone::{Call, Codec, End, Phone, Sending, audio, seconds};
use crate::support::world::{self, MUSIC, World};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const NOTHING: Value = Value::Null;

/// A customer on hold, and agent and colleague who hear each other.
pub(crate) struct Consultation {
    pub(crate) world: World,
    pub(crate) _phones: [Phone; 3],
    pub(crate) call: Call,
    pub(crate) agent: Call,
    pub(crate) colleague: Call,
    pub(crate) id: String,
}

pub(crate) fn consultation(colleague_speaks: Codec) -> Consultation {
    let world = with_music();
    let ana = registered(&world, "ana", "2001");
    let ben = registered(&world, "ben", "2002");
    ben.speak(colleague_speaks);
    world.put("/agents/ben/state", &json!({ "state": "not_ready" }));
    let customer = customer();
    let (call, agent, id) = talk(&world, &customer, &ana);
    done(&world, &id, "consult", &json!({ "to": { "agent": "ben" } }));
    call.wait_tone(MUSIC, seconds(5)).unwrap();
    agent.wait_tone(425.0, seconds(5)).unwrap();
    let ringing = ben.wait_ring(seconds(5)).unwrap();
    assert_eq!(ringing.header("X-Cordboard-Interaction").unwrap(), id);
    let colleague = ringing.answer().unwrap();
    colleague.send(Sending::Tone(THIRD_HZ));
    agent.wait_tone(THIRD_HZ, seconds(5)).unwrap();
    colleague.wait_tone(AGENT_HZ, seconds(5)).unwrap();
    world.wait_agent("ben", "on_call", seconds(3));
    let since = Instant::now();
    let music = || call.heard().since(since).duration_of(MUSIC);
    let goes_on = || music() >= Duration::from_millis(700);
    until(seconds(5), goes_on, || format!("{:?} of music", music()));
    Consultation {
        world,
        _phones: [ana, ben, customer],
        call,
        agent,
        colleague,
        id,
    }
}

#[test]
fn a_consultation_is_cancelled_and_the_customer_is_back() {
    let c = consultation(Codec::Pcmu);
    done(&c.world, &c.id, "cancel", &NOTHING);
    assert_eq!(c.colleague.wait_ended(seconds(5)).unwrap(), End::TheyHungUp);
    c.call.wait_tone(AGENT_HZ, seconds(5)).unwrap();
    c.agent.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
    std::thread::sleep(seconds(1));
    c.call.hang_up();
    c.agent.wait_ended(seconds(5)).unwrap();
    let record = c.world.wait_last_interaction(seconds(8));
    assert_eq!(record["agent"], "ana");
    let marks = marks(&record);
    assert_eq!(marks.len(), 1, "{marks:?}");
    assert_eq!(marks[0].0, "consult");
    let (_, left, right) = world::channels(&c.world.recording_file(&c.id, 1));
    for side in [&left, &right] {
        assert_silent(side, marks[0].1, marks[0].2);
    }
    assert!(
        heard_in(&right, THIRD_HZ) < 0.05,
        "the consultation is not recorded"
    );
}

#[test]
fn a_consultation_is_completed_and_the_colleague_has_the_customer() {
    let c = consultation(Codec::Pcma);
    done(&c.world, &c.id, "complete", &NOTHING);
    assert_eq!(c.agent.wait_ended(seconds(5)).unwrap(), End::TheyHungUp);
    c.call.wait_tone(THIRD_HZ, seconds(5)).unwrap();
    c.colleague.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
    c.world.wait_agent("ana", "available", seconds(5));
    std::thread::sleep(seconds(1));
    c.call.hang_up();
    c.colleague.wait_ended(seconds(5)).unwrap();
    let record = c.world.wait_last_interaction(seconds(8));
    assert_eq!(record["agent"], "ben");
    let (_, left, right) = world::channels(&c.world.recording_file(&c.id, 1));
    assert!(heard_in(&right, THIRD_HZ) > 0.7);
    assert!(heard_in(&left, CUSTOMER_HZ) > 1.0);
}

#[test]
fn hanging_up_in_a_consultation_gives_the_customer_to_the_colleague() {
    let c = consultation(Codec::Pcmu);
    c.agent.hang_up();
    c.call.wait_tone(THIRD_HZ, seconds(5)).unwrap();
    c.colleague.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
    // And the colleague is an agent as any: the flow goes on after them.
    c.colleague.hang_up();
    c.call.wait_tone(world::GOODBYE, seconds(5)).unwrap();
    c.call.wait_ended(seconds(5)).unwrap();
    assert_eq!(
        c.world.wait_last_interaction(seconds(8))["end_cause"],
        "agent"
    );
}

#[test]
fn three_hear_each_other_and_nobody_hears_themselves() {
    let c = consultation(Codec::Pcma);
    done(&c.world, &c.id, "merge", &NOTHING);
    done(&c.world, &c.id, "merge", &NOTHING);
    let merged = Instant::now();
    hears(&c.call, [false, true, true]);
    hears(&c.agent, [true, false, true]);
    hears(&c.colleague, [true, true, false]);
    let heard = c.call.heard().since(merged);
    let holes = heard.holes(Duration::from_millis(120));
    assert!(holes.is_empty(), "{holes:?}");
    assert_eq!(heard.gaps(seconds(1)), []);
    // The agent leaves: the other two go on.
    c.agent.hang_up();
    c.call.wait_tone(THIRD_HZ, seconds(5)).unwrap();
    c.colleague.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
    c.world.wait_agent("ana", "available", seconds(5));
    c.call.hang_up();
    c.colleague.wait_ended(seconds(5)).unwrap();
    let record = c.world.wait_last_interaction(seconds(8));
    let (_, left, right) = world::channels(&c.world.recording_file(&c.id, 1));
    assert_eq!(marks(&record).len(), 1, "only the consultation is left out");
    let (_, _, from) = marks(&record)[0].clone();
    let second = |at: f64| (at * 8_000.0) as usize;
    let both = &right[second(from + 1.0)..second(from + 4.0)];
    for hz in [AGENT_HZ, THIRD_HZ] {
        assert!(
            audio::dominance(both, hz, 8_000.0) > 0.3,
            "{hz} on the right"
        );
    }
    let alone = &left[second(from + 1.0)..second(from + 4.0)];
    assert!(audio::dominance(alone, CUSTOMER_HZ, 8_000.0) > 0.9);
}

#[test]
fn the_colleague_leaves_a_three_way_call_and_the_talk_goes_on() {
    let c = consultation(Codec::Pcmu);
    done(&c.world, &c.id, "merge", &NOTHING);
    hears(&c.call, [false, true, true]);
    hears(&c.agent, [true, false, true]);
    c.colleague.hang_up();
    c.call.wait_tone(AGENT_HZ, seconds(5)).unwrap();
    c.agent.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
    c.world.wait_agent("ben", "not_ready", seconds(5));
    c.call.hang_up();
    c.agent.wait_ended(seconds(5)).unwrap();
}
