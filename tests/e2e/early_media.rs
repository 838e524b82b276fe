//! What a calling phone hears before the answer: the far end's own audio, or a ringing tone of ours.

use crate::outbound::{FULL, NUMBER, ana, carrier, open};
use crate::support::phone::{Call, Codec, End, Phone, Sending, audio, seconds};
use crate::support::world::{FLOW, GREETING, Plan, World, channels};
use std::time::Duration;

/// What the far end plays before it answers, what it says then, what the agent says.
const EARLY_HZ: f64 = 650.0;
const PARTY_HZ: f64 = 1_000.0;
const AGENT_HZ: f64 = 1_300.0;
/// The ringing tone of the test company's country.
const RINGBACK_HZ: f64 = 425.0;

/// Provisional statuses above 100.
fn rung_with(call: &Call) -> Vec<u16> {
    let all = call.provisional().into_iter();
    all.filter(|status| *status > 100).collect()
}

#[test]
fn a_carrier_is_heard_before_it_answers_and_recorded_from_its_answer_on() {
    let carrier = carrier();
    carrier.speak(Codec::Pcma);
    carrier.ring_by_itself(false);
    let world = open(carrier.address(), "");
    let ana = ana(&world);
    let call = ana.call(world.sip, NUMBER, "2001").unwrap();
    let ringing = carrier.wait_ring(seconds(5)).unwrap();
    let early = ringing.early_media(183).unwrap();
    // Nothing comes from the carrier yet, and the phone makes no tone of its own after a 183 with media: we do.
    call.wait_tone(RINGBACK_HZ, seconds(4)).unwrap();
    assert_eq!(rung_with(&call), [183]);
    early.send(Sending::Tone(EARLY_HZ));
    call.wait_tone(EARLY_HZ, seconds(3)).unwrap();
    // Keys go through before the answer as after it.
    call.send(Sending::Silence);
    call.press("4");
    let deadline = std::time::Instant::now() + seconds(3);
    while early.heard().keys() != "4" {
        assert!(
            std::time::Instant::now() < deadline,
            "the key was not heard"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(seconds(1));
    assert!(call.answered_at().is_none());
    let party = ringing.answer().unwrap();
    party.send(Sending::Tone(PARTY_HZ));
    call.wait_answered(seconds(3)).unwrap();
    call.send(Sending::Tone(AGENT_HZ));
    call.wait_tone(PARTY_HZ, seconds(3)).unwrap();
    party.wait_tone(AGENT_HZ, seconds(3)).unwrap();
    std::thread::sleep(seconds(2));
    party.hang_up();
    assert_eq!(call.wait_ended(seconds(3)).unwrap(), End::TheyHungUp);
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(record["outcome"], "answered", "{record:#}");
    assert_eq!(record["dialed_number"], FULL);
    let id = record["id"].as_str().unwrap();
    let (_, left, _) = channels(&world.recording_file(id, 1));
    assert!(left.len() >= 16_000, "{} samples", left.len());
    // The switch of the party's tone takes a packet or two.
    let talk = audio::dominance(&left[4_000..], PARTY_HZ, 8_000.0);
    let before = audio::dominance(&left, EARLY_HZ, 8_000.0);
    assert!(talk > 0.9 && before < 0.05, "{talk:.2} {before:.2}");
}

#[test]
fn an_announcement_before_a_refusal_is_heard_and_is_no_talk() {
    let carrier = carrier();
    carrier.ring_by_itself(false);
    let world = open(carrier.address(), "");
    let ana = ana(&world);
    let call = ana.call(world.sip, NUMBER, "2001").unwrap();
    let ringing = carrier.wait_ring(seconds(5)).unwrap();
    ringing
        .early_media(183)
        .unwrap()
        .send(Sending::Tone(EARLY_HZ));
    call.wait_tone(EARLY_HZ, seconds(3)).unwrap();
    ringing.decline(404);
    assert_eq!(call.wait_ended(seconds(3)).unwrap(), End::Rejected(404));
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(record["outcome"], "rejected", "{record:#}");
    assert!(record["answered_at"].is_null() && record["connected_at"].is_null());
    assert!(record["recordings"].as_array().unwrap().is_empty());
    assert!(call.answered_at().is_none());
    world.wait_agent("ana", "available", seconds(3));
}

#[test]
fn a_colleague_who_rings_is_a_180_and_one_with_media_is_heard() {
    let world = World::start();
    let ana = ana(&world);
    let ben = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    ben.ring_by_itself(false);
    ben.register(world.sip, "2002", "word-of-ben").unwrap();
    world.wait_agent("ben", "available", seconds(3));
    // A 180 without media: the calling phone makes the tone, and nothing comes from us.
    let call = ana.call(world.sip, "2002", "2001").unwrap();
    let ringing = ben.wait_ring(seconds(3)).unwrap();
    ringing.ring();
    call.wait_ringing(seconds(3)).unwrap();
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(rung_with(&call), [180]);
    assert!(call.heard().packets.is_empty());
    call.hang_up();
    call.wait_ended(seconds(3)).unwrap();
    world.wait_agent("ana", "available", seconds(3));
    world.wait_agent("ben", "available", seconds(3));
    // A 180 with media, and one without after it: what is heard goes on.
    let call = ana.call(world.sip, "2002", "2001").unwrap();
    let ringing = ben.wait_ring(seconds(3)).unwrap();
    let early = ringing.early_media(180).unwrap();
    early.send(Sending::Tone(EARLY_HZ));
    call.wait_tone(EARLY_HZ, seconds(3)).unwrap();
    ringing.ring();
    std::thread::sleep(seconds(1));
    call.wait_tone(EARLY_HZ, seconds(1)).unwrap();
    let rung = call.heard().duration_of(RINGBACK_HZ);
    assert!(
        rung < Duration::from_millis(300),
        "our tone sounded for {rung:?}"
    );
    // It falls silent, as after an announcement, and says that it rings: now the tone is ours.
    early.send(Sending::Nothing);
    ringing.early_media(183).unwrap();
    ringing.ring();
    call.wait_tone(RINGBACK_HZ, seconds(4)).unwrap();
    let talk = ringing.answer().unwrap();
    call.wait_answered(seconds(3)).unwrap();
    talk.send(Sending::Tone(PARTY_HZ));
    call.wait_tone(PARTY_HZ, seconds(3)).unwrap();
    call.hang_up();
    talk.wait_ended(seconds(3)).unwrap();
}

#[test]
fn who_waits_without_music_hears_the_agents_phone_ring() {
    let flow = FLOW.replace("use: wait, ", "");
    assert_ne!(flow, FLOW);
    let flow = flow.split("waits:").next().unwrap().to_owned();
    let flow = flow.replace(
        "  music: { file: music.wav }\n  busy: { file: busy.wav }\n",
        "",
    );
    let world = World::with(&Plan {
        flow,
        ..Plan::default()
    });
    let ana = ana(&world);
    let customer = carrier();
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    call.press("2");
    let ringing = ana.wait_ring(seconds(5)).unwrap();
    call.wait_tone(RINGBACK_HZ, seconds(3)).unwrap();
    let talk = ringing.answer().unwrap();
    talk.send(Sending::Tone(AGENT_HZ));
    call.wait_tone(AGENT_HZ, seconds(3)).unwrap();
    call.hang_up();
    talk.wait_ended(seconds(3)).unwrap();
}

#[test]
fn an_announcement_of_a_flow_needs_no_answer() {
    let start = "    - answer:\n    - play: greeting\n";
    assert!(FLOW.contains(start));
    let world = World::with(&Plan {
        flow: FLOW.replace(
            start,
            "    - play: greeting\n    - hangup:\n  rest:\n    - answer:\n",
        ),
        ..Plan::default()
    });
    let customer = carrier();
    customer.speak(Codec::Pcma);
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_tone(GREETING, seconds(3)).unwrap();
    assert_eq!(rung_with(&call), [183]);
    assert_eq!(call.wait_ended(seconds(5)).unwrap(), End::Rejected(480));
    assert!(call.answered_at().is_none());
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(record["outcome"], "self_served", "{record:#}");
    assert!(record["answered_at"].is_null());
}
