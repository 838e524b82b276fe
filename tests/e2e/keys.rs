//! Keys of phones that know no telephone events, in the menu and in the talk.

use crate::support::calls::{ana, talk_in_tones, to_the_queue};
use crate::support::patience::until;
use crate::support::phone::{Phone, seconds};
use crate::support::world::World;

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
    let got = || (talk.heard().keys(), call.heard().has_tones('7'));
    let told = || format!("agent and caller got {:?}", got());
    until(seconds(5), || got() == ("55#".to_owned(), true), told);
    assert!(!talk.heard().has_tones('5'), "as an event, not as both");
    assert!(call.heard().keys().is_empty());
    call.wait_tone(1_300.0, seconds(2)).unwrap();
    talk.wait_tone(420.0, seconds(2)).unwrap();
    call.hang_up();
    talk.wait_ended(seconds(3)).unwrap();
}
