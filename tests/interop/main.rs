//! Whole calls with SIPp and with baresip on either side: greeting, menu, key, music, talk, record. What each side sent
//! is counted by packet numbers and read back from its own channel of the recording.

mod carrier;
mod early_media;
mod linphone;
mod restart;
mod sipp_listens;
#[path = "../support/mod.rs"]
mod support;

use serde_json::Value;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use support::calls::{self, NUMBER, ana};
use support::peers::baresip::Baresip;
use support::peers::sipp::Sipp;
use support::peers::track::Track;
use support::phone::audio::{self, Numbered};
use support::phone::{Call, Phone, Sending, seconds};
use support::world::{self, GREETING, MENU, MUSIC, Plan, World};

const CUSTOMER_HZ: f64 = 420.0;
const AGENT_HZ: f64 = 1_300.0;
/// Ids in numbered packets.
const CUSTOMER: u8 = 1;
const AGENT: u8 = 2;
/// The trunk of the test company.
const TRUNK: &str = "127.0.0.2";

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn at(text: &str, port: u16) -> SocketAddr {
    SocketAddr::new(ip(text), port)
}

/// The test company, with a trunk that also covers the address baresip has to call from.
fn open() -> World {
    let mut plan = Plan::default();
    plan.company = plan.company.replace("127.0.0.2/32", "127.0.0.0/8");
    assert!(
        plan.company.contains("127.0.0.0/8"),
        "the test company has another trunk"
    );
    World::with(&plan)
}

/// Our own phone as customer, in the menu.
fn customer_at_the_menu(world: &World) -> (Phone, Call) {
    let phone = Phone::start(ip(TRUNK)).expect("a free port");
    let call = calls::to_the_menu(world, &phone);
    (phone, call)
}

/// The same, having pressed 2 and hearing the music.
fn customer(world: &World) -> (Phone, Call) {
    let phone = Phone::start(ip(TRUNK)).expect("a free port");
    let call = calls::to_the_queue(world, &phone);
    (phone, call)
}

/// What a caller heard of a whole call: four tenths of a second of each sound at least.
fn assert_heard(heard: &[i16], who: &str) {
    for (hz, what) in [
        (GREETING, "greeting"),
        (MENU, "menu"),
        (MUSIC, "music"),
        (AGENT_HZ, "agent"),
    ] {
        let windows = heard.chunks_exact(800);
        let count = windows
            .filter(|window| audio::dominance(window, hz, 8_000.0) > 0.7)
            .count();
        assert!(
            count >= 4,
            "{who} heard the {what} for {count} tenths of a second"
        );
    }
}

/// The record of the only call, and the two sides of its recording.
fn record(world: &World) -> (Value, Vec<i16>, Vec<i16>) {
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(record["outcome"], "answered", "{record:#}");
    assert_eq!(record["agent"], "ana");
    let id = record["id"].as_str().expect("an id").to_owned();
    let (_, left, right) = world::channels(&world.recording_file(&id, 1));
    (record, left, right)
}

/// The middle second of one side is this tone.
fn assert_tone(side: &[i16], hz: f64, who: &str) {
    let middle = side.len() / 2;
    let second = &side[middle.saturating_sub(4_000)..(middle + 4_000).min(side.len())];
    let share = audio::dominance(second, hz, 8_000.0);
    assert!(
        share > 0.7,
        "{who}: {share:.2} of its side is {hz} Hz, {} samples",
        side.len()
    );
}

/// A phone heard this tone for seven of the ten tenths of its middle second. It plays by a clock of its own, and on a busy
/// machine it leaves out or repeats parts of a wave: two halves of a second out of step with each other show no tone as
/// one second, though everybody hears it.
fn assert_phone_heard(heard: &[i16], hz: f64, who: &str) {
    let tenths = tenths_of_the_middle(heard, hz);
    assert!(
        tenths >= 7,
        "what {who} heard of the customer: {tenths} of the middle ten tenths are {hz} Hz, {} samples",
        heard.len()
    );
}

/// In how many tenths of its middle second this tone is dominant.
fn tenths_of_the_middle(heard: &[i16], hz: f64) -> usize {
    let middle = heard.len() / 2;
    let second = &heard[middle.saturating_sub(4_000)..(middle + 4_000).min(heard.len())];
    let tenths = second.chunks_exact(800);
    tenths
        .filter(|tenth| audio::dominance(tenth, hz, 8_000.0) > 0.7)
        .count()
}

#[test]
fn a_wave_left_out_is_no_silence_and_silence_is_none() {
    let packets = (0..8_000).step_by(audio::PACKET);
    let tone: Vec<i16> = packets
        .flat_map(|from| audio::tone(CUSTOMER_HZ, from))
        .collect();
    assert_eq!(tenths_of_the_middle(&tone, CUSTOMER_HZ), 10);
    // Half a wave of 420 Hz is nine and a half samples.
    let slipped = [&tone[..3_990], &tone[4_000..]].concat();
    assert!(audio::dominance(&slipped, CUSTOMER_HZ, 8_000.0) < 0.2);
    assert!(tenths_of_the_middle(&slipped, CUSTOMER_HZ) >= 8);
    let gap = [&tone[..2_400], &[0; 3_200], &tone[5_600..]].concat();
    assert!(tenths_of_the_middle(&gap, CUSTOMER_HZ) < 7);
    assert_eq!(tenths_of_the_middle(&tone, AGENT_HZ), 0);
}

/// No number is missing between the first and the last on this side, and none moved by more than 20 ms.
fn assert_whole(side: &[i16], leg: u8) -> Vec<(usize, u32)> {
    let all = Numbered::find_all(side)
        .into_iter()
        .filter(|(_, found)| found.leg == leg);
    let found: Vec<(usize, u32)> = all.map(|(place, found)| (place, found.number)).collect();
    assert!(
        found.len() > 50,
        "leg {leg}: only {} numbers in the recording",
        found.len()
    );
    let (first_place, first_number) = found[0];
    for (place, (at, number)) in found.iter().enumerate() {
        assert_eq!(
            *number as usize,
            first_number as usize + place,
            "leg {leg}: a number is missing"
        );
        let due = first_place + place * audio::PACKET;
        assert!(
            at.abs_diff(due) <= 160,
            "leg {leg}: packet {number} lies at {at}, due at {due}"
        );
    }
    found
}

#[test]
fn sipp_calls_and_every_packet_arrives_and_is_recorded() {
    let world = open();
    let agent = ana(&world, "127.0.2.1");
    let caller = Sipp::new("caller.xml", at(TRUNK, 5_102))
        .server(world.sip)
        .user("9000")
        .from(NUMBER)
        .plays(&Track::new(CUSTOMER, CUSTOMER_HZ, 12).key('2', 1_500))
        .talk(8_000)
        .start()
        .unwrap();
    let talk = agent.wait_ring(seconds(6)).unwrap().answer().unwrap();
    talk.send(Sending::Numbered {
        leg: AGENT,
        hz: AGENT_HZ,
    });
    talk.wait_tone(CUSTOMER_HZ, seconds(2)).unwrap();
    talk.wait_ended(seconds(10)).unwrap();
    caller.wait(seconds(5)).unwrap();
    let heard = talk.heard().numbers(CUSTOMER);
    assert!(heard.missing == 0 && heard.seen > 100, "{heard:?}");
    let (record, left, right) = record(&world);
    assert_eq!(record["end_cause"], "customer");
    assert_tone(&left, CUSTOMER_HZ, "the customer");
    assert_tone(&right, AGENT_HZ, "the agent");
    assert_whole(&left, CUSTOMER);
    assert_whole(&right, AGENT);
}

#[test]
fn sipp_calls_and_hears_the_agent_and_both_sides_are_aligned() {
    let world = open();
    let agent = ana(&world, "127.0.2.2");
    // It speaks until its key is pressed; then all it sends is what it hears.
    let caller = Sipp::new("caller.xml", at(TRUNK, 5_104))
        .server(world.sip)
        .user("9000")
        .from(NUMBER)
        .plays(&Track::new(CUSTOMER, CUSTOMER_HZ, 2).key('2', 1_500))
        .talk(8_000)
        .echo()
        .start()
        .unwrap();
    let ringing = agent.wait_ring(seconds(6)).unwrap();
    std::thread::sleep(seconds(1));
    let talk = ringing.answer().unwrap();
    talk.send(Sending::Numbered {
        leg: AGENT,
        hz: AGENT_HZ,
    });
    talk.wait_ended(seconds(10)).unwrap();
    caller.wait(seconds(5)).unwrap();
    let heard = talk.heard().numbers(AGENT);
    assert!(heard.missing == 0 && heard.seen > 100, "{heard:?}");
    let (_, left, right) = record(&world);
    let (echo, voice) = (assert_whole(&left, AGENT), assert_whole(&right, AGENT));
    for (place, number) in &echo {
        let said = voice.iter().find(|(_, said)| said == number);
        let (said, _) = said.unwrap_or_else(|| panic!("{number} was echoed and not recorded"));
        assert!(
            place.abs_diff(*said) <= 160,
            "{number}: said at {said}, echoed at {place}"
        );
    }
}

#[test]
fn sipp_answers_as_an_agent() {
    let world = open();
    let desk = at("127.0.2.3", 5_106);
    Sipp::new("agent_register.xml", desk)
        .server(world.sip)
        .user("2001")
        .password("word-of-ana")
        .run(seconds(5))
        .unwrap();
    let agent = Sipp::new("agent.xml", desk)
        .plays(&Track::new(AGENT, AGENT_HZ, 20))
        .start()
        .unwrap();
    world.wait_agent("ana", "available", seconds(3));
    let (_phone, call) = customer(&world);
    call.wait_tone(AGENT_HZ, seconds(5)).unwrap();
    call.send(Sending::Numbered {
        leg: CUSTOMER,
        hz: CUSTOMER_HZ,
    });
    std::thread::sleep(seconds(4));
    call.hang_up();
    agent.wait(seconds(5)).unwrap();
    let heard = call.heard().numbers(AGENT);
    assert!(heard.missing == 0 && heard.seen > 100, "{heard:?}");
    let (_, left, right) = record(&world);
    assert_whole(&left, CUSTOMER);
    assert_whole(&right, AGENT);
}

#[test]
fn sipp_as_an_agent_hears_the_customer() {
    let world = open();
    let desk = at("127.0.2.4", 5_108);
    Sipp::new("agent_register.xml", desk)
        .server(world.sip)
        .user("2001")
        .password("word-of-ana")
        .run(seconds(5))
        .unwrap();
    let agent = Sipp::new("agent_echo.xml", desk).echo().start().unwrap();
    world.wait_agent("ana", "available", seconds(3));
    let (_phone, call) = customer(&world);
    call.send(Sending::Numbered {
        leg: CUSTOMER,
        hz: CUSTOMER_HZ,
    });
    call.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
    std::thread::sleep(seconds(3));
    call.hang_up();
    agent.wait(seconds(5)).unwrap();
    let heard = call.heard().numbers(CUSTOMER);
    assert!(heard.missing == 0 && heard.seen > 100, "{heard:?}");
}

#[test]
fn baresip_calls() {
    let world = open();
    let agent = ana(&world, "127.0.2.5");
    let mut caller = Baresip::caller(NUMBER, CUSTOMER_HZ).unwrap();
    caller.dial(&format!("sip:9000@{}", world.sip)).unwrap();
    caller.wait_event("CALL_ESTABLISHED", seconds(5)).unwrap();
    std::thread::sleep(Duration::from_millis(1_800));
    caller.press('2').unwrap();
    let ringing = agent.wait_ring(seconds(5)).unwrap();
    assert_eq!(ringing.caller(), "+34600111222");
    std::thread::sleep(seconds(1));
    let talk = ringing.answer().unwrap();
    talk.send(Sending::Numbered {
        leg: AGENT,
        hz: AGENT_HZ,
    });
    talk.wait_tone(CUSTOMER_HZ, seconds(3)).unwrap();
    std::thread::sleep(seconds(4));
    caller.hang_up().unwrap();
    talk.wait_ended(seconds(3)).unwrap();
    assert_eq!(talk.heard().lost(), 0);
    let heard = caller.quit_and_listen().unwrap();
    assert_heard(&heard, "baresip");
    let (_, left, right) = record(&world);
    assert_tone(&left, CUSTOMER_HZ, "the customer");
    assert_tone(&right, AGENT_HZ, "the agent");
    assert_whole(&right, AGENT);
}

#[test]
fn baresip_answers_as_an_agent() {
    let world = open();
    let agent = Baresip::agent(world.sip, "2001", "word-of-ana", AGENT_HZ).unwrap();
    world.wait_agent("ana", "available", seconds(3));
    // It answers at once, so there is no time for music.
    let (_phone, call) = customer_at_the_menu(&world);
    call.press("2");
    call.wait_tone(AGENT_HZ, seconds(5)).unwrap();
    call.send(Sending::Numbered {
        leg: CUSTOMER,
        hz: CUSTOMER_HZ,
    });
    std::thread::sleep(seconds(4));
    call.hang_up();
    world.wait_agent_not("ana", "on_call", seconds(3));
    assert_eq!(call.heard().lost(), 0);
    let heard = agent.quit_and_listen().unwrap();
    assert_phone_heard(&heard, CUSTOMER_HZ, "baresip");
    let (_, left, right) = record(&world);
    assert_tone(&left, CUSTOMER_HZ, "the customer");
    assert_tone(&right, AGENT_HZ, "the agent");
    assert_whole(&left, CUSTOMER);
}
