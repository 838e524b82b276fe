//! One call through the eight hops of ARCHITECTURE.md, heard and read back.

use crate::support::phone::audio::Numbered;
use crate::support::phone::{Phone, Sending, audio, seconds};
use crate::support::world::{self, GOODBYE, GREETING, MENU, MUSIC, World};

const CUSTOMER_HZ: f64 = 420.0;
const AGENT_HZ: f64 = 1_300.0;

#[test]
fn inbound_call_is_recorded() {
    let world = World::start();
    let agent = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    world.wait_agent("ana", "available", seconds(3));
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();

    // Hops 1 to 5: INVITE, an actor, an answered call, the greeting.
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    call.wait_tone(GREETING, seconds(3)).unwrap();
    // Hop 6: the menu; the key is pressed into it.
    call.wait_tone(MENU, seconds(3)).unwrap();
    call.press("2");
    call.wait_tone(MUSIC, seconds(3)).unwrap();
    // Hop 7: the offer rings at the agent who has the skill.
    let ringing = agent.wait_ring(seconds(3)).unwrap();
    assert_eq!(ringing.caller(), "+34600111222", "the agent sees who calls");
    assert_eq!(
        ringing.header("X-Cordboard-Queue").as_deref(),
        Some("support")
    );
    let interaction = ringing.header("X-Cordboard-Interaction").unwrap();
    world.wait_agent("ana", "offered", seconds(2));
    let talk = ringing.answer().unwrap();
    talk.send(Sending::Numbered {
        leg: 2,
        hz: AGENT_HZ,
    });
    call.send(Sending::Numbered {
        leg: 1,
        hz: CUSTOMER_HZ,
    });
    call.wait_tone(AGENT_HZ, seconds(2)).unwrap();
    talk.wait_tone(CUSTOMER_HZ, seconds(2)).unwrap();
    world.wait_agent("ana", "on_call", seconds(2));
    std::thread::sleep(seconds(3));

    // The agent leaves first; the customer hears goodbye, then the flow hangs up.
    talk.hang_up();
    call.wait_tone(GOODBYE, seconds(3)).unwrap();
    call.wait_ended(seconds(3)).unwrap();
    for (heard, leg) in [(call.heard().numbers(2), 2), (talk.heard().numbers(1), 1)] {
        assert_eq!(heard.missing, 0, "leg {leg}: {heard:?}");
    }

    // Hop 8: the record and the recording.
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(record["id"], interaction.as_str());
    assert_eq!(record["outcome"], "answered");
    assert_eq!(record["end_cause"], "agent");
    assert_eq!(record["caller_number"], "+34600111222");
    assert_eq!(record["agent"], "ana");
    assert_eq!(record["queue"], "support");
    assert!(!record["customer_id"].is_null());
    assert_recording(&world, &interaction);
    let customer_row = world.get(&format!(
        "/customers/{}",
        record["customer_id"].as_str().unwrap()
    ));
    assert!(customer_row.to_string().contains("+34600111222"));
    world.wait_agent("ana", "available", seconds(4));
}

/// Each voice on its own side, on one timeline.
fn assert_recording(world: &World, interaction: &str) {
    let (spec, left, right) = world::channels(&world.recording_file(interaction, 1));
    assert_eq!(
        (spec.channels, spec.sample_rate, spec.bits_per_sample),
        (2, 8_000, 16)
    );
    let middle = |side: &[i16]| side[8_000..16_000].to_vec();
    assert!(
        audio::dominance(&middle(&left), CUSTOMER_HZ, 8_000.0) > 0.8,
        "the customer is on the left"
    );
    assert!(
        audio::dominance(&middle(&right), AGENT_HZ, 8_000.0) > 0.8,
        "the agent is on the right"
    );
    assert!(audio::dominance(&middle(&left), AGENT_HZ, 8_000.0) < 0.05);
    for side in [&left, &right] {
        let found = Numbered::find_all(side);
        assert!(
            found.len() > 100,
            "numbers are read back from the recording"
        );
        for pair in found.windows(2) {
            let (samples, numbers) = (pair[1].0 - pair[0].0, pair[1].1.number - pair[0].1.number);
            assert!(numbers >= 1);
            let shift = samples as i64 - i64::from(numbers) * 160;
            assert!(
                shift.unsigned_abs() <= 160,
                "nothing shifts by more than 20 ms: {shift} samples at {}",
                pair[0].0
            );
        }
    }
    let (_, head, body) = world.http(
        "GET",
        &format!("/api/v1/interactions/{interaction}"),
        None,
        &[],
    );
    assert!(head.starts_with("HTTP/1.1 200"));
    let record: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let id = record["recordings"][0]["id"].as_str().unwrap();
    let (status, head, part) = world.http(
        "GET",
        &format!("/api/v1/recordings/{id}/audio"),
        None,
        &["Range: bytes=0-43"],
    );
    assert_eq!((status, part.len()), (206, 44), "{head}");
    assert_eq!(&part[..4], b"RIFF");
}
