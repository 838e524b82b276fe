//! A supervisor hears a call, speaks to the agent, to everybody, or takes it: who hears whom.

use crate::hold::{
    AGENT_HZ, CUSTOMER_HZ, THIRD_HZ, customer, done, heard_in, registered, talk, with_music,
};
use crate::support::phone::{Call, End, Sending, audio, seconds};
use crate::support::world;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How often is listened to what is not right.
const STRETCHES: usize = 5;

fn mode(mode: &str) -> Value {
    json!({ "mode": mode, "extension": "2003" })
}

/// Levels of customer, agent and supervisor as this call hears them, in dB of the loudest.
fn levels(call: &Call) -> [f64; 3] {
    std::thread::sleep(Duration::from_millis(400));
    let since = Instant::now();
    std::thread::sleep(Duration::from_millis(1_500));
    let samples = call.heard().since(since).samples();
    [CUSTOMER_HZ, AGENT_HZ, THIRD_HZ].map(|hz| {
        10.0 * audio::dominance(&samples, hz, audio::RATE)
            .max(1e-12)
            .log10()
    })
}

/// Who is heard and who is not. What a busy machine brings late breaks every tone up for a moment and spreads it over all
/// frequencies, so one of a few stretches has to be right; a voice that is where it should not be is in each of them.
pub(crate) fn hears(call: &Call, wanted: [bool; 3]) {
    let is_right = |(level, wanted): (&f64, bool)| match wanted {
        true => *level > -7.0,
        false => *level < -60.0,
    };
    let mut told = Vec::new();
    for _ in 0..STRETCHES {
        let levels = levels(call);
        if levels.iter().zip(wanted).all(is_right) {
            return;
        }
        told.push(levels);
    }
    panic!("{told:.1?} dB, wanted {wanted:?}");
}

#[test]
fn a_supervisor_listens_whispers_barges_and_takes_over() {
    let world = with_music();
    let ana = registered(&world, "ana", "2001");
    let cleo = registered(&world, "cleo", "2003");
    let customer = customer();
    let (call, talk, id) = talk(&world, &customer, &ana);
    done(&world, &id, "monitor", &mode("listen"));
    let ringing = cleo.wait_ring(seconds(5)).unwrap();
    assert_eq!(ringing.header("X-Cordboard-Interaction").unwrap(), id);
    assert_eq!(ringing.header("X-Cordboard-Monitor").unwrap(), "listen");
    // Ringing changes nothing for those who talk.
    hears(&call, [false, true, false]);
    let supervisor = ringing.answer().unwrap();
    supervisor.send(Sending::Tone(THIRD_HZ));
    hears(&supervisor, [true, true, false]);
    hears(&call, [false, true, false]);
    hears(&talk, [true, false, false]);
    world.wait_agent("cleo", "on_call", seconds(3));
    done(&world, &id, "monitor", &mode("whisper"));
    hears(&talk, [true, false, true]);
    hears(&call, [false, true, false]);
    done(&world, &id, "monitor", &mode("barge"));
    hears(&call, [false, true, true]);
    hears(&talk, [true, false, true]);
    hears(&supervisor, [true, true, false]);
    done(&world, &id, "monitor", &mode("take_over"));
    assert_eq!(talk.wait_ended(seconds(5)).unwrap(), End::TheyHungUp);
    hears(&call, [false, false, true]);
    hears(&supervisor, [true, false, false]);
    world.wait_agent("ana", "available", seconds(5));
    call.hang_up();
    supervisor.wait_ended(seconds(5)).unwrap();
    world.wait_agent("cleo", "available", seconds(8));
    let record = world.wait_last_interaction(seconds(8));
    assert_eq!(record["agent"], "cleo");
    let events = record["events"].as_array().unwrap().iter();
    let changes: Vec<&str> = events
        .filter_map(|event| event["change"].as_str())
        .collect();
    assert_eq!(
        changes,
        [
            "monitor_began",
            "listens",
            "whispers",
            "barges",
            "took_over"
        ]
    );
    let (_, _, right) = world::channels(&world.recording_file(&id, 1));
    assert!(
        heard_in(&right, THIRD_HZ) > 1.0,
        "whoever has the call is recorded"
    );
}

#[test]
fn a_supervisor_who_leaves_is_not_noticed() {
    let world = with_music();
    let ana = registered(&world, "ana", "2001");
    let cleo = registered(&world, "cleo", "2003");
    let customer = customer();
    let (call, talk, id) = talk(&world, &customer, &ana);
    done(&world, &id, "monitor", &mode("listen"));
    let supervisor = cleo.wait_ring(seconds(5)).unwrap().answer().unwrap();
    supervisor.wait_speech(THIRD_HZ, seconds(5)).unwrap();
    supervisor.hang_up();
    hears(&call, [false, true, false]);
    hears(&talk, [true, false, false]);
    world.wait_agent("cleo", "available", seconds(8));
    done(&world, &id, "monitor", &mode("listen"));
    cleo.wait_ring(seconds(5)).unwrap().decline(603);
    hears(&call, [false, true, false]);
    talk.hang_up();
    call.wait_ended(seconds(8)).unwrap();
    let record = world.wait_last_interaction(seconds(8));
    let (_, left, right) = world::channels(&world.recording_file(&id, 1));
    assert!(heard_in(&left, CUSTOMER_HZ) > 1.0 && heard_in(&right, AGENT_HZ) > 1.0);
    assert_eq!(record["recordings"][0]["marks"], json!([]));
}
