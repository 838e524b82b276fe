//! More calls than we take: 503 with Retry-After, and those who talk go on.

use crate::support::patience::eventually;
use crate::support::phone::{Call, End, Phone, Sending, seconds};
use crate::support::world::{COMPANY, MENU, Plan, World};
use std::time::{Duration, Instant};

fn limited(limits: &str) -> World {
    World::with(&Plan {
        company: format!("{COMPANY}\n[limits]\n{limits}\n"),
        ..Plan::default()
    })
}

fn refused(call: &Call, customer: &Phone) {
    assert_eq!(call.wait_ended(seconds(3)).unwrap(), End::Rejected(503));
    let told = customer.transcript();
    let refusal = told.rsplit("SIP/2.0 503").next().unwrap();
    let after = refusal.split("Retry-After:").nth(1);
    let wait: u32 = after
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| panic!("no Retry-After:\n{told}"));
    assert!((1..=60).contains(&wait), "{wait} s");
}

#[test]
fn a_call_beyond_max_calls_is_told_to_come_back_and_the_live_ones_go_on() {
    let world = limited("max_calls = 2");
    let agent = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let call = || customer.call(world.sip, "9000", "600111222").unwrap();
    let (talking, listening) = (call(), call());
    for live in [&talking, &listening] {
        live.wait_answered(seconds(3)).unwrap();
        live.send(Sending::Numbered { leg: 1, hz: 420.0 });
    }
    talking.press("2");
    let talk = agent.wait_ring(seconds(4)).unwrap().answer().unwrap();
    talk.send(Sending::Numbered {
        leg: 2,
        hz: 1_300.0,
    });
    talking.wait_tone(1_300.0, seconds(2)).unwrap();

    for _ in 0..3 {
        refused(&call(), &customer);
    }
    std::thread::sleep(Duration::from_millis(300));
    talking.wait_tone(1_300.0, seconds(1)).unwrap();
    talk.wait_tone(420.0, seconds(1)).unwrap();
    assert_eq!(talking.heard().numbers(2).missing, 0);
    assert_eq!(talk.heard().numbers(1).missing, 0);
    listening.wait_tone(MENU, seconds(5)).unwrap();

    // One leaves, one more fits.
    listening.hang_up();
    let taken = || Some(call()).filter(|next| next.wait_answered(seconds(2)).is_ok());
    let next = eventually(seconds(3), taken, || "a place stays taken".to_owned());
    next.hang_up();
    talk.hang_up();
}

#[test]
fn calls_beyond_the_rate_are_told_to_come_back() {
    let world = limited("max_calls_per_second = 2");
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let began = Instant::now();
    let burst: Vec<Call> = (0..6)
        .map(|_| customer.call(world.sip, "9000", "600111222").unwrap())
        .collect();
    let mut taken = 0;
    for call in &burst {
        match call.wait_answered(seconds(3)) {
            Ok(()) => taken += 1,
            Err(_) => refused(call, &customer),
        }
    }
    // While a slow machine is at it, more of them fit.
    let took = began.elapsed();
    let most = 3 + 2 * took.as_secs();
    assert!((1..=most).contains(&taken), "{taken} of a burst of 6");
    std::thread::sleep(Duration::from_millis(2_100));
    let later = customer.call(world.sip, "9000", "600111222").unwrap();
    later.wait_answered(seconds(3)).unwrap();
    for call in burst.iter().filter(|call| call.ended().is_none()) {
        call.hang_up();
    }
    later.hang_up();
}
