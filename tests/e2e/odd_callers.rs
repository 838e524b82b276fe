//! Callers with odd names and numbers: the call goes through, nothing they wrote becomes a header of ours, and what
//! the record says of them is readable.

use crate::support::phone::{Call, IncomingCall, Phone, seconds};
use crate::support::world::World;
use serde_json::{Value, json};

struct Desk {
    world: World,
    agent: Phone,
    customer: Phone,
}

impl Desk {
    fn open() -> Self {
        let world = World::start();
        let agent = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
        agent.register(world.sip, "2001", "word-of-ana").unwrap();
        world.wait_agent("ana", "available", seconds(3));
        let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
        Self {
            world,
            agent,
            customer,
        }
    }

    fn ring(&self, from: &str, headers: &[(&str, &str)]) -> (Call, IncomingCall) {
        let call = self
            .customer
            .call_with(self.world.sip, "9000", from, headers)
            .unwrap();
        call.wait_answered(seconds(3))
            .unwrap_or_else(|error| panic!("{from:?}: {error}"));
        call.press("2");
        let ringing = self.agent.wait_ring(seconds(5)).unwrap();
        (call, ringing)
    }

    /// Rings and leaves again; what the phone was shown and what the record says.
    fn offer(&self, from: &str, headers: &[(&str, &str)]) -> (Vec<(String, String)>, Value) {
        let (call, ringing) = self.ring(from, headers);
        let shown = ringing.headers();
        let phone = ringing.ignore();
        call.hang_up();
        phone.wait_ended(seconds(2)).unwrap();
        let id = values(&shown, "x-cordboard-interaction")[0];
        let list = "/interactions?limit=1";
        let ended =
            |list: &Value| list["items"][0]["id"] == id && !list["items"][0]["ended_at"].is_null();
        let record = self.world.wait_for(list, seconds(3), ended)["items"][0].clone();
        self.world.wait_agent("ana", "available", seconds(3));
        (shown, record)
    }
}

fn values<'a>(headers: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    headers
        .iter()
        .filter(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
        .collect()
}

#[test]
fn nothing_a_caller_writes_becomes_a_header_of_ours() {
    let desk = Desk::open();
    let injected = "\"x\\\" <sip:9@evil>\\\"\" <sip:%0d%0aInjected:%20yes@127.0.0.2>";
    let odd = [
        ("%0d%0aInjected:%20yes", vec![]),
        ("600111222%0d%0aInjected:yes", vec![]),
        ("600111222", vec![("P-Asserted-Identity", injected)]),
        ("%22%3e%3csip:evil", vec![]),
        (
            "600111222",
            vec![
                ("X-Cordboard-Queue", "forged"),
                ("X-Cordboard-Interaction", "forged"),
                ("Injected", "yes"),
            ],
        ),
        ("';drop%20table%20customers;--", vec![]),
        ("%00%00", vec![]),
        ("%ff%fe", vec![]),
    ];
    for (from, headers) in &odd {
        let (shown, record) = desk.offer(from, headers);
        assert_eq!(values(&shown, "injected"), [""; 0], "{from}: {shown:?}");
        assert_eq!(values(&shown, "x-cordboard-queue"), ["support"], "{from}");
        assert_eq!(
            values(&shown, "x-cordboard-interaction"),
            [record["id"].as_str().unwrap()],
            "{from}"
        );
        assert_eq!(values(&shown, "from").len(), 1, "{from}: {shown:?}");
        assert!(!values(&shown, "from")[0].contains("evil"), "{shown:?}");
        let number = record["caller_number"].as_str().unwrap_or("+34600111222");
        assert!(
            number.chars().all(|c| c.is_ascii_digit() || c == '+'),
            "{from} is recorded as {number}"
        );
    }
    assert!(desk.world.get("/customers")["items"].is_array());
}

#[test]
fn a_customers_name_cannot_break_the_invite_to_the_agent() {
    let desk = Desk::open();
    let names = [
        "A \"quoted\" \\ name",
        "Jos\u{e9} \u{1f600} \u{202e}oidni",
        "<sip:evil@127.0.0.9>",
        "comma, semi; colon:",
    ];
    for (place, name) in names.iter().enumerate() {
        let number = format!("+3460011000{place}");
        let body = json!({"name": name, "numbers": [number]});
        let (status, _, answer) = desk
            .world
            .http("POST", "/api/v1/customers", Some(&body), &[]);
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
        let (shown, record) = desk.offer(&number, &[]);
        let from = values(&shown, "from");
        assert_eq!(from.len(), 1, "{shown:?}");
        assert!(from[0].contains(&format!("sip:{number}@")), "{from:?}");
        assert_eq!(values(&shown, "injected"), [""; 0]);
        assert_eq!(record["caller_number"], number.as_str());
    }
    // Line ends are no part of a name: refused, or at least never sent.
    let body = json!({"name": "Evil\r\nInjected: yes", "numbers": ["+34600119999"]});
    let (status, _, _) = desk
        .world
        .http("POST", "/api/v1/customers", Some(&body), &[]);
    assert!([201, 422].contains(&status), "{status}");
    let (shown, _) = desk.offer("+34600119999", &[]);
    assert_eq!(values(&shown, "injected"), [""; 0], "{shown:?}");
}

#[test]
fn a_withheld_number_is_nobodys() {
    let desk = Desk::open();
    for from in ["anonymous", "Anonymous", "unavailable", "restricted"] {
        let (shown, record) = desk.offer(from, &[("Privacy", "id")]);
        assert!(record["caller_number"].is_null(), "{from}: {record:#}");
        assert!(record["customer_id"].is_null(), "{from}: {record:#}");
        // The tag is random and may have any digits.
        let shown_from = &values(&shown, "from")[0];
        let name_and_address = shown_from.split(";tag=").next().unwrap_or_default();
        assert_eq!(
            name_and_address,
            "\"Anonymous\" <sip:anonymous@anonymous.invalid>"
        );
    }
    assert_eq!(desk.world.get("/customers")["items"], json!([]));
}

#[test]
fn one_customer_however_the_number_is_written() {
    let desk = Desk::open();
    let mut ids = std::collections::BTreeSet::new();
    for from in [
        "600111222",
        "+34600111222",
        "0034600111222",
        "+34-600-111-222",
    ] {
        let (_, record) = desk.offer(from, &[]);
        assert_eq!(record["caller_number"], "+34600111222", "{from}");
        ids.insert(record["customer_id"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 1);
    let id = ids.first().unwrap();
    let calls = desk.world.get(&format!("/customers/{id}/interactions"));
    assert_eq!(calls["items"].as_array().unwrap().len(), 4);
}
