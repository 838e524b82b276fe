//! Keys of phones that know no telephone events, in the menu and in the talk.

use crate::support::calls::{ana, talk_in_tones, to_the_queue};
use crate::support::phone::{Phone, seconds};
use crate::support::world::World;
use std::time::Instant;

/// A caller whose phone can only send tones chooses in the menu; in the talk each side's keys reach the other as that
/// side can take them, and nothing of the menu's key does.
#[test]
fn a_caller_without_events_presses_keys_by_tones() {
    let world = World::start();
    let agent = ana(&world, "127.0.0.1");
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    customer.press_in_band();

    let call = to_the_queue(&world, &customer);
    let ringing = agent.wait_ring(seconds(3)).unwrap();
    let talk = ringing.answer().unwrap();
    talk_in_tones((&call, &talk), (420.0, 1_300.0));
    assert_eq!(
        talk.heard().keys(),
        "",
        "the menu's key is not for the agent"
    );
    assert!(!talk.heard().has_tones('2'));

    call.press("55#");
    talk.press("7");
    let until = Instant::now() + seconds(5);
    while talk.heard().keys() != "55#" || !call.heard().has_tones('7') {
        assert!(
            Instant::now() < until,
            "the agent got '{}', the caller {}",
            talk.heard().keys(),
            call.heard().has_tones('7')
        );
        std::thread::sleep(seconds(1) / 50);
    }
    assert!(!talk.heard().has_tones('5'), "as an event, not as both");
    assert!(call.heard().keys().is_empty());
    call.wait_tone(1_300.0, seconds(2)).unwrap();
    talk.wait_tone(420.0, seconds(2)).unwrap();
    call.hang_up();
    talk.wait_ended(seconds(3)).unwrap();
}
