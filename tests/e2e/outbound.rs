//! Calls of agents to the outside: off unless a trunk allows the number, and recorded as calls that come in.

use crate::support::patience::LEAST;
use crate::support::phone::{End, Phone, Sending, seconds};
use crate::support::world::{COMPANY, Plan, World, channels};
use serde_json::Value;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

const AGENT_HZ: f64 = 1_300.0;
const PARTY_HZ: f64 = 420.0;
/// A number that the trunk allows, as people dial it and in its one form.
pub(crate) const NUMBER: &str = "911222333";
pub(crate) const FULL: &str = "+34911222333";

/// The test company whose carrier takes calls at `carrier`.
fn company(carrier: SocketAddr, more: &str) -> String {
    let trunk = "from = [\"127.0.0.2/32\"]\n";
    assert!(COMPANY.contains(trunk));
    let outbound = format!(
        "{trunk}outbound = {{ address = \"{carrier}\", caller_id = \"+34910000000\", prefixes = [\"+34\", \"+44\"], \
         denied = [\"+34803\", \"+3480\"]{more} }}\n"
    );
    COMPANY.replace(trunk, &outbound)
}

pub(crate) fn open(carrier: SocketAddr, more: &str) -> World {
    World::with(&Plan {
        company: company(carrier, more),
        ..Plan::default()
    })
}

pub(crate) fn ana(world: &World) -> Phone {
    let phone = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    phone.register(world.sip, "2001", "word-of-ana").unwrap();
    world.wait_agent("ana", "available", seconds(3));
    phone
}

pub(crate) fn carrier() -> Phone {
    Phone::start("127.0.0.2".parse().unwrap()).unwrap()
}

fn result(record: &Value) -> String {
    record["tags"]["outbound_result"]
        .as_str()
        .unwrap_or("")
        .to_owned()
}

/// Until so many calls are in the record.
fn wait_calls(world: &World, count: usize) {
    world.wait_for("/interactions", seconds(5), |list| {
        list["items"].as_array().unwrap().len() == count
    });
}

#[test]
fn an_agent_calls_out_and_the_talk_is_recorded() {
    let carrier = carrier();
    let world = open(carrier.address(), "");
    let ana = ana(&world);
    let call = ana.call(world.sip, NUMBER, "2001").unwrap();
    let ringing = carrier.wait_ring(seconds(5)).unwrap();
    assert_eq!(ringing.caller(), "+34910000000");
    let asked = ringing.header("To").unwrap();
    assert!(asked.contains(FULL), "{asked}");
    call.wait_ringing(seconds(3)).unwrap();
    world.wait_agent("ana", "on_call", seconds(3));
    assert!(call.answered_at().is_none());
    let party = ringing.answer().unwrap();
    call.wait_answered(seconds(3)).unwrap();
    call.send(Sending::Tone(AGENT_HZ));
    party.send(Sending::Tone(PARTY_HZ));
    call.wait_tone(PARTY_HZ, seconds(3)).unwrap();
    party.wait_tone(AGENT_HZ, seconds(3)).unwrap();
    std::thread::sleep(seconds(2));
    party.hang_up();
    assert_eq!(call.wait_ended(seconds(3)).unwrap(), End::TheyHungUp);
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(record["outcome"], "answered", "{record:#}");
    assert_eq!(record["end_cause"], "customer");
    assert_eq!(record["agent"], "ana");
    assert_eq!(record["caller_number"], "+34910000000");
    assert_eq!(record["dialed_number"], FULL);
    assert_eq!(record["direction"], "outbound");
    assert_eq!(record["tags"]["direction"], "outbound");
    assert_eq!(record["legs"].as_array().unwrap().len(), 2);
    let id = record["id"].as_str().unwrap();
    // After-call work as after a caller of the agent's queue, whose `wrap_up` is 1 s.
    world.wait_agent("ana", "available", seconds(5));
    let record = world.wait_for(&format!("/interactions/{id}"), seconds(5), |record| {
        !record["wrap_up"]["ended_at"].is_null()
    });
    assert_eq!(record["wrap_up"]["agent"], "ana", "{record:#}");
    let worked = record["wrap_up"]["duration"].as_f64().unwrap();
    assert!((0.9..8.0).contains(&worked), "{worked} s");
    let (_, left, right) = channels(&world.recording_file(id, 1));
    for (side, hz) in [(left, PARTY_HZ), (right, AGENT_HZ)] {
        let middle = &side[side.len() / 2 - 4_000..side.len() / 2 + 4_000];
        let share = crate::support::phone::audio::dominance(middle, hz, 8_000.0);
        assert!(share > 0.7, "{hz} Hz is {share:.2} of its side");
    }
    assert!(
        !world.log().contains("911222333"),
        "the number is in the log"
    );
}

#[test]
fn only_what_a_trunk_allows_is_called() {
    let carrier = carrier();
    let world = open(carrier.address(), "");
    let ana = ana(&world);
    // Another country, denied although the country is allowed, premium rate, and nobody's.
    for number in [
        "+33123456789",
        "803123456",
        "+34803123456",
        "+34806123456",
        "+449098790000",
        "0033123456789",
    ] {
        let call = ana.call(world.sip, number, "2001").unwrap();
        assert_eq!(
            call.wait_ended(seconds(3)).unwrap(),
            End::Rejected(403),
            "{number}"
        );
        assert!(
            !world.log().contains(number.trim_start_matches('+')),
            "{number} is in the log"
        );
    }
    // Short numbers are extensions at best.
    let call = ana.call(world.sip, "112", "2001").unwrap();
    assert_eq!(call.wait_ended(seconds(3)).unwrap(), End::Rejected(404));
    // The carrier itself calls in and never out, whoever it says that it is.
    let stranger = carrier.call(world.sip, FULL, "600111222").unwrap();
    assert_eq!(stranger.wait_ended(seconds(3)).unwrap(), End::Rejected(404));
    carrier.expect_quiet(Duration::from_millis(500)).unwrap();
    world.wait_agent("ana", "available", seconds(3));
    // Who tried what is in the record, and nobody became a customer by it.
    wait_calls(&world, 6);
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(result(&record), "not_allowed", "{record:#}");
    assert_eq!(record["outcome"], "rejected");
    assert_eq!(record["direction"], "outbound");
    assert_eq!(record["agent"], "ana");
    assert!(record["customer_id"].is_null(), "{record:#}");
    assert!(record["answered_at"].is_null(), "{record:#}");
}

#[test]
fn without_a_word_about_it_nobody_calls_out() {
    let world = World::start();
    let ana = ana(&world);
    let call = ana.call(world.sip, NUMBER, "2001").unwrap();
    assert_eq!(call.wait_ended(seconds(3)).unwrap(), End::Rejected(403));
}

#[test]
fn one_call_at_once_and_every_refusal_has_its_name() {
    let carrier = carrier();
    let world = open(carrier.address(), "");
    let ana = ana(&world);
    let cases = [
        (486, 486, "busy"),
        (404, 404, "no_such_number"),
        (480, 480, "no_answer"),
        (500, 503, "carrier_failed"),
        (407, 503, "refused_by_carrier"),
    ];
    for (place, (status, told, name)) in cases.into_iter().enumerate() {
        let call = ana.call(world.sip, NUMBER, "2001").unwrap();
        carrier.wait_ring(seconds(5)).unwrap().decline(status);
        assert_eq!(
            call.wait_ended(seconds(3)).unwrap(),
            End::Rejected(told),
            "{name}"
        );
        wait_calls(&world, place + 1);
        let record = world.wait_last_interaction(seconds(5));
        assert_eq!(result(&record), name, "{record:#}");
        world.wait_agent("ana", "available", seconds(3));
    }
    let first = ana.call(world.sip, NUMBER, "2001").unwrap();
    let ringing = carrier.wait_ring(seconds(5)).unwrap().ignore();
    let second = ana.call(world.sip, NUMBER, "2001").unwrap();
    assert_eq!(second.wait_ended(seconds(3)).unwrap(), End::Rejected(403));
    first.wait_ringing(seconds(3)).unwrap();
    first.hang_up();
    ringing.wait_ended(seconds(3)).unwrap();
    wait_calls(&world, 7);
    let list = world.wait_for("/interactions?direction=outbound", seconds(5), |list| {
        let items = list["items"].as_array().unwrap();
        items.len() == 7 && items.iter().all(|item| !item["ended_at"].is_null())
    });
    let ends: Vec<_> = list["items"].as_array().unwrap()[..2]
        .iter()
        .map(|item| world.get(&format!("/interactions/{}", item["id"].as_str().unwrap())))
        .map(|record| (result(&record), record["outcome"].clone()))
        .collect();
    assert_eq!(ends[0], ("too_many_calls".to_owned(), "rejected".into()));
    assert_eq!(ends[1], ("given_up".to_owned(), "abandoned".into()));
    world.wait_agent("ana", "available", seconds(3));
}

#[test]
fn the_carriers_challenge_is_answered_once() {
    let socket = UdpSocket::bind("127.0.0.2:0").unwrap();
    socket.set_read_timeout(Some(LEAST)).unwrap();
    let login = ", username = \"us\", password = \"our-secret\"";
    let world = open(socket.local_addr().unwrap(), login);
    let ana = ana(&world);
    let call = ana.call(world.sip, NUMBER, "2001").unwrap();
    let challenge = "Proxy-Authenticate: Digest realm=\"carrier\", nonce=\"abc\", algorithm=MD5, qop=\"auth\"\r\n";
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while seen.len() < 2 {
        let (length, from) = socket.recv_from(&mut buffer).unwrap();
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if !text.starts_with("INVITE ") {
            continue;
        }
        let copied: String = text
            .lines()
            .filter(|line| {
                ["Via:", "From:", "To:", "Call-ID:", "CSeq:"]
                    .iter()
                    .any(|name| line.starts_with(name))
            })
            .map(|line| {
                let tag = if line.starts_with("To:") {
                    ";tag=c"
                } else {
                    ""
                };
                format!("{line}{tag}\r\n")
            })
            .collect();
        let answer = format!(
            "SIP/2.0 407 Proxy Authentication Required\r\n{copied}{challenge}Content-Length: 0\r\n\r\n"
        );
        socket.send_to(answer.as_bytes(), from).unwrap();
        let sequence = text
            .lines()
            .find(|line| line.starts_with("CSeq:"))
            .unwrap()
            .to_owned();
        if seen.iter().all(|(known, _)| *known != sequence) {
            seen.push((sequence, text));
        }
    }
    assert!(!seen[0].1.contains("Authorization"));
    assert!(
        seen[1]
            .1
            .contains("Proxy-Authorization: Digest username=\"us\""),
        "{}",
        seen[1].1
    );
    assert!(!seen[1].1.contains("our-secret"));
    // A second challenge is a refusal.
    assert_eq!(call.wait_ended(seconds(5)).unwrap(), End::Rejected(503));
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(result(&record), "refused_by_carrier", "{record:#}");
}
