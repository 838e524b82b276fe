//! Callers whose phone is a browser: the same call as everybody's, over ICE, DTLS and SRTP.

use crate::support::phone::audio::Numbered;
use crate::support::phone::{Call, Manners, Phone, Sending, audio, seconds};
use crate::support::world::{self, GOODBYE, GREETING, MENU, MUSIC, World};

const CUSTOMER_HZ: f64 = 420.0;
const AGENT_HZ: f64 = 1_300.0;

fn browser(ip: &str, manners: Manners) -> Phone {
    let phone = Phone::start(ip.parse().unwrap()).unwrap();
    phone.be_browser(manners);
    phone
}

fn agent(world: &World) -> Phone {
    let agent = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    world.wait_agent("ana", "available", seconds(5));
    agent
}

/// From the call to two voices.
fn talk(world: &World, agent: &Phone, customer: &Phone) -> (Call, Call) {
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(5)).unwrap();
    call.wait_tone(GREETING, seconds(5)).unwrap();
    call.wait_tone(MENU, seconds(5)).unwrap();
    call.press("2");
    call.wait_tone(MUSIC, seconds(5)).unwrap();
    let talk = agent.wait_ring(seconds(5)).unwrap().answer().unwrap();
    talk.send(Sending::Numbered {
        leg: 2,
        hz: AGENT_HZ,
    });
    call.send(Sending::Numbered {
        leg: 1,
        hz: CUSTOMER_HZ,
    });
    call.wait_tone(AGENT_HZ, seconds(3)).unwrap();
    talk.wait_tone(CUSTOMER_HZ, seconds(3)).unwrap();
    (call, talk)
}

#[test]
fn a_browser_hears_the_menu_presses_a_key_talks_and_is_recorded() {
    let world = World::start();
    let agent = agent(&world);
    let customer = browser("127.0.0.2", Manners::default());
    let (call, talk) = talk(&world, &agent, &customer);
    std::thread::sleep(seconds(2));
    talk.hang_up();
    call.wait_tone(GOODBYE, seconds(3)).unwrap();
    call.wait_ended(seconds(3)).unwrap();
    for (heard, leg) in [(call.heard().numbers(2), 2), (talk.heard().numbers(1), 1)] {
        assert_eq!(heard.missing, 0, "leg {leg}: {heard:?}");
    }
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(record["outcome"], "answered");
    let file = world.recording_file(record["id"].as_str().unwrap(), 1);
    let (_, left, right) = world::channels(&file);
    for (side, hz) in [(left, CUSTOMER_HZ), (right, AGENT_HZ)] {
        assert!(audio::dominance(&side[8_000..16_000], hz, 8_000.0) > 0.8);
        assert!(Numbered::find_all(&side).len() > 90, "{hz} Hz");
    }
}
