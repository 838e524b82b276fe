//! The peers of the interop tests by themselves: that our SIPp scenarios and baresip templates do what they say, judged
//! by the test phone. When these pass and an interop test fails, the product is at fault.

mod support;

use std::net::SocketAddr;
use std::time::Duration;
use support::patience::until;
use support::peers::baresip::Baresip;
use support::peers::sipp::Sipp;
use support::peers::track::Track;
use support::phone::{End, Phone, Sending, audio, seconds};

fn phone(ip: &str) -> Phone {
    Phone::start(ip.parse().expect("an address")).expect("a free port on loopback")
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

#[test]
fn sipp_as_caller_sends_numbered_packets_and_a_key_and_echoes() {
    let us = phone("127.0.0.81");
    let caller = Sipp::new("caller.xml", address("127.0.0.82:5081"))
        .server(us.address())
        .user("9000")
        .from("+442079460101")
        .plays(&Track::new(1, 440.0, 3).key('2', 700))
        .talk(2500)
        .echo()
        .start()
        .unwrap();
    let call = us.wait_ring(seconds(5)).unwrap().answer().unwrap();
    call.wait_tone(440.0, seconds(3)).unwrap();
    call.send(Sending::Numbered { leg: 7, hz: 523.0 });
    assert_eq!(call.wait_ended(seconds(6)).unwrap(), End::TheyHungUp);
    caller.wait(seconds(5)).unwrap();
    let heard = call.heard();
    assert_eq!(heard.keys(), "2");
    let (sent, echoed) = (heard.numbers(1), heard.numbers(7));
    assert!(sent.missing == 0 && sent.seen > 100, "{sent:?}");
    assert!(echoed.missing == 0 && echoed.seen > 20, "{echoed:?}");
}

#[test]
fn sipp_as_short_caller_ends_by_itself() {
    let us = phone("127.0.0.83");
    let callers = Sipp::new("caller_short.xml", address("127.0.0.84:5084"))
        .server(us.address())
        .user("9000")
        .from("+442079460101")
        .talk(300)
        .load(3, 10, 3)
        .start()
        .unwrap();
    for _ in 0..3 {
        us.wait_ring(seconds(5)).unwrap().answer().unwrap();
    }
    callers.wait(seconds(5)).unwrap();
    assert_eq!(us.live_calls(), 0);
}

#[test]
fn sipp_as_agent_registers_and_answers_with_numbered_packets() {
    let us = phone("127.0.0.85");
    us.be_registrar("2001", "correct horse");
    let local = address("127.0.0.86:5086");
    Sipp::new("agent_register.xml", local)
        .server(us.address())
        .user("2001")
        .password("correct horse")
        .run(seconds(5))
        .unwrap();
    assert_eq!(us.wait_registered("2001", seconds(1)).unwrap(), local);
    let agent = Sipp::new("agent.xml", local)
        .plays(&Track::new(2, 600.0, 5))
        .start()
        .unwrap();
    let call = us.call(local, "2001", "+442079460101").unwrap();
    call.wait_answered(seconds(5)).unwrap();
    assert_eq!(call.provisional(), [180]);
    call.send(Sending::Silence);
    call.wait_tone(600.0, seconds(3)).unwrap();
    call.hang_up();
    agent.wait(seconds(5)).unwrap();
    assert!(call.heard().numbers(2).missing == 0);
}

#[test]
fn sipp_as_agent_echoes() {
    let us = phone("127.0.0.87");
    let local = address("127.0.0.88:5088");
    let agent = Sipp::new("agent_echo.xml", local).echo().start().unwrap();
    let call = us.call(local, "2001", "+442079460101").unwrap();
    call.wait_answered(seconds(5)).unwrap();
    call.send(Sending::Numbered { leg: 9, hz: 440.0 });
    call.wait_tone(440.0, seconds(3)).unwrap();
    call.hang_up();
    agent.wait(seconds(5)).unwrap();
    assert!(call.heard().numbers(9).missing == 0);
}

#[test]
fn baresip_as_caller_sends_a_tone_and_a_key_and_hears() {
    let us = phone("127.0.0.91");
    let mut caller = Baresip::caller("+442079460101", 440.0).unwrap();
    caller.dial(&format!("sip:9000@{}", us.address())).unwrap();
    let call = us.wait_ring(seconds(5)).unwrap().answer().unwrap();
    caller.wait_event("CALL_ESTABLISHED", seconds(5)).unwrap();
    call.send(Sending::Tone(600.0));
    call.wait_tone(440.0, seconds(3)).unwrap();
    caller.press('2').unwrap();
    let keys = || call.heard().keys();
    until(seconds(5), || keys() == "2", keys);
    std::thread::sleep(Duration::from_millis(500));
    caller.hang_up().unwrap();
    assert_eq!(call.wait_ended(seconds(3)).unwrap(), End::TheyHungUp);
    assert_eq!(call.heard().keys(), "2");
    let heard = caller.quit_and_listen().unwrap();
    let middle = &heard[heard.len() / 2..heard.len() / 2 + 1600];
    assert!(
        audio::dominance(middle, 600.0, 8000.0) > 0.8,
        "{} samples",
        heard.len()
    );
}

#[test]
fn baresip_as_agent_registers_and_answers_with_a_tone() {
    let us = phone("127.0.0.93");
    us.be_registrar("2001", "secret");
    let agent = Baresip::agent(us.address(), "2001", "secret", 600.0).unwrap();
    let place = us.wait_registered("2001", seconds(5)).unwrap();
    assert_eq!(place, agent.sip);
    let call = us.call(place, "2001", "+442079460101").unwrap();
    call.wait_answered(seconds(5)).unwrap();
    call.send(Sending::Tone(440.0));
    call.wait_tone(600.0, seconds(3)).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    call.hang_up();
    let heard = agent.quit_and_listen().unwrap();
    let middle = &heard[heard.len() / 2..heard.len() / 2 + 800];
    assert!(
        audio::dominance(middle, 440.0, 8000.0) > 0.8,
        "{} samples",
        heard.len()
    );
}
