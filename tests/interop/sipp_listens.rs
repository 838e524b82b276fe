//! What SIPp's caller is played, from the greeting to the agent. SIPp cannot judge sound, so the ear its description
//! names is a socket of the test; all signalling, the key included, is SIPp's.

use crate::support::peers::sipp::Sipp;
use crate::support::phone::media::Media;
use crate::support::phone::{Sending, is_tone, seconds};
use crate::support::world::{GREETING, MENU, MUSIC};
use crate::{AGENT, AGENT_HZ, NUMBER, TRUNK, ana, assert_tone, assert_whole, at, ip, open, record};
use std::time::Duration;

/// From the answer to SIPp's key: the greeting and the menu take a second each.
const PRESS: u64 = 2_600;

/// Waits until `hz` has been the sound for 200 ms.
fn wait_tone(ear: &Media, hz: f64, what: &str, limit: Duration) {
    let found = ear.wait_sound(limit, false, is_tone(hz));
    let packets = ear.heard().packets.len();
    assert!(
        found.is_ok(),
        "SIPp's ear never heard the {what}; {packets} packets in all"
    );
}

#[test]
fn sipp_calls_and_greeting_menu_music_and_agent_are_heard() {
    let world = open();
    let agent = ana(&world, "127.0.2.6");
    let ear = Media::start(ip(TRUNK), Default::default()).expect("a free port");
    let caller = Sipp::new("caller_listening.xml", at(TRUNK, 5_110))
        .server(world.sip)
        .user("9000")
        .from(NUMBER)
        .with(&["-key", "ear", &ear.local().port().to_string()])
        .with(&["-key", "digit", "2"])
        .with(&["-set", "press", &PRESS.to_string()])
        .talk(8_000)
        .start()
        .unwrap();
    wait_tone(&ear, GREETING, "greeting", seconds(5));
    wait_tone(&ear, MENU, "menu", seconds(3));
    let ringing = agent.wait_ring(seconds(6)).unwrap();
    wait_tone(&ear, MUSIC, "music", seconds(3));
    std::thread::sleep(seconds(1));
    let talk = ringing.answer().unwrap();
    talk.send(Sending::Numbered {
        leg: AGENT,
        hz: AGENT_HZ,
    });
    wait_tone(&ear, AGENT_HZ, "agent", seconds(3));
    talk.wait_ended(seconds(10)).unwrap();
    caller.wait(seconds(5)).unwrap();

    let heard = ear.heard();
    for (hz, what, tenths) in [
        (GREETING, "greeting", 8),
        (MENU, "menu", 8),
        (MUSIC, "music", 8),
        (AGENT_HZ, "agent", 20),
    ] {
        let time = heard.duration_of(hz);
        let least = Duration::from_millis(100 * tenths);
        assert!(time >= least, "the {what} was heard for {time:?}");
    }
    let numbers = heard.numbers(AGENT);
    assert!(numbers.missing == 0 && numbers.seen > 100, "{numbers:?}");
    assert_eq!(heard.lost(), 0);
    let (record, _, right) = record(&world);
    assert_eq!(record["end_cause"], "customer");
    assert_tone(&right, AGENT_HZ, "the agent");
    assert_whole(&right, AGENT);
}
