//! What the record says of calls to the outside, and what becomes of their agents when something goes wrong.

use crate::support::phone::{End, Phone, Sending, seconds};
use crate::support::world::{COMPANY, Plan, World};
use serde_json::Value;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

const NUMBER: &str = "911222333";
const FULL: &str = "+34911222333";

/// The test company with these carriers, the first the better one for this number.
fn world(carriers: &[SocketAddr]) -> World {
    let trunk = "name = \"carrier\"\nfrom = [\"127.0.0.2/32\"]\n";
    assert!(COMPANY.contains(trunk));
    let trunks: Vec<String> = carriers
        .iter()
        .enumerate()
        .map(|(place, address)| {
            let prefix = if place == 0 { "+349" } else { "+34" };
            format!(
                "name = \"carrier-{place}\"\nfrom = [\"127.0.0.{}/32\"]\noutbound = {{ address = \"{address}\", \
                 caller_id = \"+3491000000{place}\", prefixes = [\"{prefix}\"] }}\n",
                place + 2
            )
        })
        .collect();
    World::with(&Plan {
        company: COMPANY.replace(trunk, &trunks.join("\n[[trunks]]\n")),
        ..Plan::default()
    })
}

fn ana(world: &World) -> Phone {
    let phone = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    phone.register(world.sip, "2001", "word-of-ana").unwrap();
    world.wait_agent("ana", "available", seconds(3));
    phone
}

fn carrier(last: u8) -> Phone {
    Phone::start(format!("127.0.0.{last}").parse().unwrap()).unwrap()
}

/// An address where nobody is.
fn nobody() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.2:0").unwrap();
    socket.local_addr().unwrap()
}

fn ends(record: &Value) -> [&str; 3] {
    [
        &record["outcome"],
        &record["end_cause"],
        &record["tags"]["outbound_result"],
    ]
    .map(|value| value.as_str().unwrap_or("none"))
}

#[test]
fn a_carrier_that_is_gone_or_overloaded_is_followed_by_the_next() {
    let (first, second) = (carrier(2), carrier(3));
    let world = world(&[first.address(), second.address()]);
    let ana = ana(&world);
    first.ring_by_itself(false);
    let call = ana.call(world.sip, NUMBER, "2001").unwrap();
    first.wait_ring(seconds(5)).unwrap().decline(503);
    let ringing = second.wait_ring(seconds(5)).unwrap();
    assert_eq!(ringing.caller(), "+34910000001");
    let party = ringing.answer().unwrap();
    call.wait_answered(seconds(3)).unwrap();
    party.send(Sending::Tone(420.0));
    call.wait_tone(420.0, seconds(3)).unwrap();
    call.hang_up();
    party.wait_ended(seconds(3)).unwrap();
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(ends(&record), ["answered", "agent", "none"], "{record:#}");
    assert_eq!(record["tags"]["trunk"], "carrier-1");
    let legs = record["legs"].as_array().unwrap();
    let of_customer: Vec<_> = legs
        .iter()
        .filter(|leg| leg["role"] == "customer")
        .collect();
    assert_eq!(of_customer.len(), 2, "{record:#}");
    assert_eq!(of_customer[0]["cause"], "503");
}

#[test]
fn a_carrier_that_is_gone_is_told_at_once_and_the_customer_is_the_called_one() {
    let world = world(&[nobody()]);
    let ana = ana(&world);
    let call = ana.call(world.sip, NUMBER, "2001").unwrap();
    // After 4 s without a word from there.
    assert_eq!(call.wait_ended(seconds(15)).unwrap(), End::Rejected(503));
    let record = world.wait_last_interaction(seconds(5));
    let expected = ["failed", "error", "carrier_unreachable"];
    assert_eq!(ends(&record), expected, "{record:#}");
    assert_eq!(record["trunk"], "carrier-0");
    assert_eq!(record["caller_number"], "+34910000000");
    let customer = record["customer_id"].as_str().unwrap();
    let customer = world.get(&format!("/customers/{customer}"));
    assert_eq!(customer["numbers"], serde_json::json!([FULL]));
    world.wait_agent("ana", "available", seconds(3));
    // Nobody answered, so there is nothing to write down.
    assert!(record["wrap_up"].is_null(), "{record:#}");
}

#[test]
fn a_caller_waits_while_the_only_agent_calls_out() {
    let carrier = carrier(2);
    let world = world(&[carrier.address()]);
    let ana = ana(&world);
    let out = ana.call(world.sip, NUMBER, "2001").unwrap();
    let party = carrier.wait_ring(seconds(5)).unwrap().answer().unwrap();
    out.wait_answered(seconds(3)).unwrap();
    world.wait_agent("ana", "on_call", seconds(3));
    let caller = carrier.call(world.sip, "9000", "600111222").unwrap();
    caller.wait_answered(seconds(3)).unwrap();
    caller.press("2");
    world.wait_for("/queues/support", seconds(5), |queue| {
        queue["waiting"]
            .as_array()
            .is_some_and(|all| all.len() == 1)
    });
    ana.expect_quiet(Duration::from_millis(700)).unwrap();
    party.hang_up();
    out.wait_ended(seconds(3)).unwrap();
    // After 1 s of after-call work, and not before.
    ana.wait_ring(seconds(5)).unwrap().decline(486);
    caller.hang_up();
}

#[test]
fn a_crash_in_a_call_out_leaves_one_closed_record_and_nobody_stuck() {
    for answered in [false, true] {
        let carrier = carrier(2);
        let mut world = world(&[carrier.address()]);
        let ana = ana(&world);
        // Else the phone would be lost with us, and its agent not ready for that reason.
        world.wait_query("SELECT COUNT(*) FROM registrations", "1", seconds(5));
        let call = ana.call(world.sip, NUMBER, "2001").unwrap();
        let ringing = carrier.wait_ring(seconds(5)).unwrap();
        let _party = if answered {
            let party = ringing.answer().unwrap();
            call.wait_answered(seconds(3)).unwrap();
            call.send(Sending::Tone(1_300.0));
            party.wait_tone(1_300.0, seconds(3)).unwrap();
            std::thread::sleep(seconds(1));
            party
        } else {
            call.wait_ringing(seconds(3)).unwrap();
            ringing.ignore()
        };
        // What is in the rows is in the journal's file.
        world.wait_for("/interactions?direction=outbound", seconds(5), |list| {
            list["items"].as_array().unwrap().len() == 1
        });
        world.wait_written(seconds(5));
        world.kill();
        world.start_again();
        world.wait_agent("ana", "available", seconds(5));
        let list = world.get("/interactions?direction=outbound");
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list:#}");
        let record = world.wait_last_interaction(seconds(5));
        let outcome = if answered { "answered" } else { "failed" };
        assert_eq!(ends(&record), [outcome, "crash", "none"], "{record:#}");
        assert_eq!(record["agent"], "ana", "{record:#}");
        let open = record["legs"].as_array().unwrap().iter();
        assert_eq!(open.filter(|leg| leg["ended_at"].is_null()).count(), 0);
    }
}
