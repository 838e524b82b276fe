//! `kill -9` in the middle of a talk: what the next start finds and makes of it.

use crate::consult::consultation;
use crate::hold::{
    AGENT_HZ, CUSTOMER_HZ, THIRD_HZ, assert_silent, customer, done, heard_in, marks, registered,
    talk, with_music,
};
use crate::support::phone::{Codec, Phone, Sending, audio, seconds};
use crate::support::world::{self, MUSIC, World};
use serde_json::Value;
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
    talk.send(Sending::Tone(1_300.0));
    call.send(Sending::Tone(420.0));
    let began = call.wait_tone(1_300.0, seconds(2)).unwrap();
    std::thread::sleep(seconds(4));
    let talked = began.elapsed();
    world.kill();

    let (_, left, right) = after_the_crash(&mut world);
    let kept = Duration::from_secs_f64(left.len() as f64 / 8_000.0);
    assert!(kept + seconds(1) >= talked, "{kept:?} of {talked:?} kept");
    assert_eq!(left.len(), right.len());
}

/// Starts again: one interaction that is over as it should be, and nobody busy. Its record and the recording's sides.
fn after_the_crash(world: &mut World) -> (Value, Vec<i16>, Vec<i16>) {
    world.start_again();
    assert!(
        world.ready_after < seconds(2),
        "ready after {:?}",
        world.ready_after
    );
    let list = world.get("/interactions");
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list:#}");
    let id = list["items"][0]["id"].as_str().unwrap();
    let record = world.get(&format!("/interactions/{id}"));
    assert!(!record["ended_at"].is_null());
    assert_eq!(record["outcome"], "answered");
    assert_eq!(record["end_cause"], "crash");
    let agents = world.get("/agents");
    for agent in agents["items"].as_array().unwrap() {
        assert!(
            !["offered", "on_call"].contains(&agent["state"].as_str().unwrap()),
            "{agent}"
        );
    }
    for leg in record["legs"].as_array().unwrap() {
        assert!(!leg["ended_at"].is_null(), "{leg}");
    }
    assert_eq!(record["recordings"].as_array().unwrap().len(), 1);
    let (_, left, right) = world::channels(&world.recording_file(id, 1));
    assert_eq!(left.len(), right.len());
    (record, left, right)
}

/// The one mark is this one, lasts from where it began to the end of what is kept, and nothing of it was recorded.
fn assert_marked_to_the_end(record: &Value, kind: &str, sides: [&[i16]; 2]) {
    let marks = marks(record);
    let whole = sides[0].len() as f64 / 8_000.0;
    let [(is, from, to)] = &marks[..] else {
        panic!("{marks:?}")
    };
    assert_eq!(is, kind);
    assert!((whole - to).abs() < 0.25, "{marks:?} of {whole} s");
    // It lasted two seconds and more when the process died, of which one may be lost.
    assert!(to - from > 1.0, "{marks:?}");
    for side in sides {
        assert_silent(side, *from, *to);
    }
}

#[test]
fn a_crash_in_a_hold_leaves_its_mark_up_to_the_crash() {
    let mut world = with_music();
    let (ana, customer) = (registered(&world, "ana", "2001"), customer());
    let (call, _talk, id) = talk(&world, &customer, &ana);
    std::thread::sleep(seconds(1));
    done(&world, &id, "hold", &Value::Null);
    call.wait_tone(MUSIC, seconds(5)).unwrap();
    std::thread::sleep(Duration::from_millis(2_500));
    world.kill();
    let (record, left, right) = after_the_crash(&mut world);
    assert_eq!(record["agent"], "ana");
    assert_marked_to_the_end(&record, "hold", [&left, &right]);
    for (side, hz) in [(&left, CUSTOMER_HZ), (&right, AGENT_HZ)] {
        assert!(heard_in(side, hz) > 0.7, "what was said before it");
    }
}

#[test]
fn a_crash_in_a_consultation_frees_both_agents() {
    let mut c = consultation(Codec::Pcmu);
    c.colleague.wait_tone(AGENT_HZ, seconds(3)).unwrap();
    std::thread::sleep(Duration::from_millis(1_500));
    c.world.kill();
    let (record, left, right) = after_the_crash(&mut c.world);
    assert_eq!(record["agent"], "ana");
    assert_eq!(record["legs"].as_array().unwrap().len(), 3);
    assert_marked_to_the_end(&record, "consult", [&left, &right]);
    assert!(heard_in(&right, THIRD_HZ) < 0.05, "it was not recorded");
}

#[test]
fn a_crash_in_a_three_way_talk_keeps_what_all_three_said() {
    let mut c = consultation(Codec::Pcmu);
    done(&c.world, &c.id, "merge", &Value::Null);
    let merged = Instant::now();
    std::thread::sleep(Duration::from_millis(2_500));
    let three = merged.elapsed().as_secs_f64();
    c.world.kill();
    let (record, left, right) = after_the_crash(&mut c.world);
    assert_eq!(record["legs"].as_array().unwrap().len(), 3);
    let marks = marks(&record);
    assert!(
        matches!(&marks[..], [(kind, ..)] if kind == "consult"),
        "{marks:?}"
    );
    let at = (marks[0].2 * 8_000.0) as usize;
    let after = (left.len() - at) as f64 / 8_000.0;
    assert!(after + 1.0 >= three - 0.3, "{after} s of {three} s kept");
    assert!(heard_in(&left[at..], CUSTOMER_HZ) > 1.0);
    // Agent and colleague are both on the right side.
    let both = &right[at + 1_600..at + 9_600];
    for hz in [AGENT_HZ, THIRD_HZ] {
        let share = audio::dominance(both, hz, 8_000.0);
        assert!(share > 0.2, "{hz} Hz is {share:.2} of it");
    }
}
