//! The steps that most calls of the tests begin with, by our own phones in the default company and flow.
//!
//! **Owns**: nothing. **Must not know**: what a test is about.

use super::phone::{Call, Phone, Sending, seconds};
use super::world::{GREETING, MENU, MUSIC, World};

/// The number that callers show.
pub(crate) const NUMBER: &str = "600111222";

/// Ana's phone at this address, registered, and she is available.
pub(crate) fn ana(world: &World, address: &str) -> Phone {
    let phone = Phone::start(address.parse().unwrap()).unwrap();
    phone.register(world.sip, "2001", "word-of-ana").unwrap();
    world.wait_agent("ana", "available", seconds(3));
    phone
}

/// A customer who has heard greeting and menu. Silence is sent, as a phone does whose owner listens.
pub(crate) fn to_the_menu(world: &World, customer: &Phone) -> Call {
    let call = customer.call(world.sip, "9000", NUMBER).unwrap();
    call.send(Sending::Silence);
    call.wait_answered(seconds(3)).unwrap();
    call.wait_tone(GREETING, seconds(3)).unwrap();
    call.wait_tone(MENU, seconds(3)).unwrap();
    call
}

/// The same, who has pressed 2 and hears the queue's music.
pub(crate) fn to_the_queue(world: &World, customer: &Phone) -> Call {
    let call = to_the_menu(world, customer);
    call.press("2");
    call.wait_tone(MUSIC, seconds(3)).unwrap();
    call
}

/// Both speak in tones of these frequencies, customer first, and hear each other.
pub(crate) fn talk_in_tones((call, talk): (&Call, &Call), (customer, agent): (f64, f64)) {
    talk.send(Sending::Tone(agent));
    call.send(Sending::Tone(customer));
    call.wait_tone(agent, seconds(2)).unwrap();
    talk.wait_tone(customer, seconds(2)).unwrap();
}
