//! Callers whose phone is a browser: the same call as everybody's, over ICE, DTLS and SRTP.

use crate::support::patience::until;
use crate::support::phone::audio::Numbered;
use crate::support::phone::{Call, Manners, Phone, Sending, audio, seconds};
use crate::support::world::{self, GOODBYE, GREETING, MENU, MUSIC, World};
use std::time::{Duration, Instant};

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

#[test]
fn an_agent_in_a_browser_is_offered_and_answers_in_kind_and_holds() {
    let world = World::start();
    let agent = Phone::start_web("127.0.0.1".parse().unwrap(), world.http).unwrap();
    agent.be_browser(Manners {
        passive: true,
        without_gcm: true,
        ..Manners::default()
    });
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    world.wait_agent("ana", "available", seconds(5));
    let customer = browser("127.0.0.2", Manners::default());
    let (call, talk) = talk(&world, &agent, &customer);
    // The page holds and takes back: the same keys, nothing is heard in between.
    talk.send(Sending::Tone(AGENT_HZ));
    talk.offer("inactive").unwrap();
    std::thread::sleep(seconds(1));
    talk.offer("sendrecv").unwrap();
    call.send(Sending::Tone(CUSTOMER_HZ * 2.0));
    talk.wait_tone(CUSTOMER_HZ * 2.0, seconds(5)).unwrap();
    call.hang_up();
    talk.wait_ended(seconds(5)).unwrap();
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(record["outcome"], "answered");
}

#[test]
fn twenty_browser_calls_in_a_row_leave_nothing_behind() {
    let world = World::start();
    let customer = browser("127.0.0.2", Manners::default());
    let one = || {
        let call = customer.call(world.sip, "9000", "600111222").unwrap();
        call.wait_answered(seconds(5)).unwrap();
        call.wait_tone(GREETING, seconds(5)).unwrap();
        call.hang_up();
        call.wait_ended(seconds(5)).unwrap();
    };
    one();
    // The phone is done before the server has given everything back, and its counters are a second old. The least that
    // was seen in a moment is what it holds at rest: our own question may hold a descriptor.
    let no_legs = "cordboard_media_secured_legs 0";
    world.wait_metrics(&[no_legs], seconds(5));
    let looks = (0..20).map(|_| {
        std::thread::sleep(Duration::from_millis(100));
        held(&world)
    });
    let before = looks.filter(|look| look.2 == no_legs).min().unwrap();
    for _ in 0..20 {
        one();
    }
    let is_back = || {
        let (descriptors, threads, legs) = held(&world);
        descriptors <= before.0 && threads <= before.1 && legs == before.2
    };
    let told = || format!("{:?} and then {:?}", before, held(&world));
    until(seconds(30), is_back, told);
}

/// Open descriptors and threads of the server, and legs by its own count.
fn held(world: &World) -> (usize, usize, String) {
    let count = |what: &str| {
        let folder = format!("/proc/{}/{what}", world.pid());
        std::fs::read_dir(folder).map_or(0, Iterator::count)
    };
    let legs = world
        .metrics()
        .lines()
        .find(|line| line.starts_with("cordboard_media_secured_legs"))
        .unwrap_or_default()
        .to_owned();
    (count("fd"), count("task"), legs)
}

#[test]
fn an_impostor_is_never_connected_and_its_call_ends() {
    let world = World::start();
    let manners = Manners {
        impostor: true,
        ..Manners::default()
    };
    let customer = browser("127.0.0.2", manners);
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(5)).unwrap();
    call.wait_ended(seconds(5)).unwrap();
    assert_eq!(call.heard().packets.len(), 0);
}

#[test]
fn a_browser_that_changes_its_network_is_heard_again_with_and_without_a_new_offer() {
    let world = World::start();
    let agent = agent(&world);
    let customer = browser("127.0.0.2", Manners::default());
    let (call, talk) = talk(&world, &agent, &customer);
    // The other candidate of the same ICE: its check nominates it. Then a restart: another login, in a new offer.
    for (again, hz) in [(false, 800.0), (true, 1_000.0)] {
        let before = call.shield().far();
        call.shield().change_path(again).unwrap();
        assert_ne!(call.shield().far(), before);
        let login = call.shield().login();
        if again {
            call.offer("sendrecv").unwrap();
            assert_ne!(
                call.shield().login(),
                login,
                "the server has another login too"
            );
        }
        let changed = Instant::now();
        call.send(Sending::Tone(hz));
        talk.send(Sending::Tone(hz + 300.0));
        talk.wait_tone(hz, seconds(5)).unwrap();
        call.wait_tone(hz + 300.0, seconds(5)).unwrap();
        assert!(changed.elapsed() < seconds(5), "{:?}", changed.elapsed());
    }
    talk.hang_up();
    call.wait_ended(seconds(10)).unwrap();
}

/// What a stranger can send without knowing the password, from an address of its own; some of it looks real.
fn junk(number: u32) -> Vec<u8> {
    let seed = number.wrapping_mul(2_654_435_761).to_be_bytes();
    let mut bytes = match number % 3 {
        // A check for somebody else.
        0 => vec![0, 1, 0, 12, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8],
        // A handshake record: an alert that would end it.
        1 => vec![21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 2, 40],
        // Sound in clear.
        _ => vec![0x80, 0, 0, number as u8, 0, 0, 0, 0],
    };
    bytes.extend_from_slice(&seed);
    bytes.resize(bytes.len() + (number % 160) as usize, 0x55);
    bytes
}

#[test]
fn strangers_who_spray_a_browsers_port_change_nothing_and_are_counted() {
    let world = World::start();
    let agent = agent(&world);
    let customer = browser("127.0.0.2", Manners::default());
    let (call, talk) = talk(&world, &agent, &customer);
    let server = call.shield().server().unwrap();
    let stranger = std::net::UdpSocket::bind("127.0.0.9:0").unwrap();
    stranger
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    let spraying = Instant::now();
    let mut number = 0;
    while spraying.elapsed() < seconds(3) {
        for _ in 0..10 {
            stranger.send_to(&junk(number), server).unwrap();
            number += 1;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(stranger.recv(&mut [0; 2_048]).is_err(), "nobody answers it");
    for (heard, leg) in [(call.heard().numbers(2), 2), (talk.heard().numbers(1), 1)] {
        assert_eq!(heard.missing, 0, "leg {leg}: {heard:?}");
    }
    // Counters are told each second.
    let counted = |kind: &str| {
        let name = format!("cordboard_media_refused_packets_total{{kind=\"{kind}\"}} ");
        let text = world.metrics();
        let value = text.lines().find_map(|line| line.strip_prefix(&name));
        value
            .and_then(|n| n.parse::<u32>().ok())
            .unwrap_or_default()
    };
    let kinds = ["stun", "dtls", "srtp"];
    let all = || kinds.iter().all(|kind| counted(kind) >= number / 4);
    until(seconds(5), all, || world.metrics());
    talk.hang_up();
    call.wait_ended(seconds(10)).unwrap();
}
