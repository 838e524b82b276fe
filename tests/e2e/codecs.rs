//! A customer and an agent whose phones speak different codecs.

use crate::support::calls::{ana, talk_in_tones, to_the_queue};
use crate::support::phone::heard::Heard;
use crate::support::phone::{Phone, audio, seconds};
use crate::support::world::{self, World};

const CUSTOMER_HZ: f64 = 420.0;
const AGENT_HZ: f64 = 1_300.0;

#[test]
fn a_pcma_caller_and_a_pcmu_agent_hear_each_other_and_are_recorded() {
    let world = World::start();
    let agent = ana(&world, "127.0.0.1");
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    customer.speak_pcma();

    let call = to_the_queue(&world, &customer);
    let ringing = agent.wait_ring(seconds(3)).unwrap();
    let interaction = ringing.header("X-Cordboard-Interaction").unwrap();
    let talk = ringing.answer().unwrap();
    talk_in_tones((&call, &talk), (CUSTOMER_HZ, AGENT_HZ));
    std::thread::sleep(seconds(3));
    call.hang_up();
    talk.wait_ended(seconds(3)).unwrap();
    assert_only(&call.heard(), 8);
    assert_only(&talk.heard(), 0);

    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(record["id"], interaction.as_str());
    assert_eq!(record["outcome"], "answered");
    let (_, left, right) = world::channels(&world.recording_file(&interaction, 1));
    for (side, hz) in [(&left, CUSTOMER_HZ), (&right, AGENT_HZ)] {
        let share = audio::dominance(&side[8_000..16_000], hz, 8_000.0);
        assert!(share > 0.95, "{hz} Hz is {share} of its side");
    }
    let whole = world
        .get(&format!("/interactions/{interaction}"))
        .to_string();
    assert!(
        whole.contains("PCMA") && whole.contains("PCMU"),
        "the record names each leg's codec: {whole}"
    );
}

/// Keys as RFC 4733 events, as both ends offer them.
const EVENTS: u8 = 101;

/// One stream, all of it in one codec. Other tests may send to any port meanwhile: the stream is what came most.
fn assert_only(heard: &Heard, payload_type: u8) {
    let stream = |ssrc: u32| heard.packets.iter().filter(move |one| one.ssrc == ssrc);
    let ssrcs = heard.packets.iter().map(|one| one.ssrc);
    let most = ssrcs.max_by_key(|ssrc| stream(*ssrc).count()).unwrap();
    assert!(stream(most).count() > 100);
    // The end of the key that was pressed in the menu may still be on its way when the two are joined.
    let codec = [payload_type, EVENTS];
    let other = stream(most).find(|one| !codec.contains(&one.payload_type));
    assert!(other.is_none(), "{other:?}");
}
