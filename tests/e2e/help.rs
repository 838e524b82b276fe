//! An agent asks for a supervisor, and hands a caller on with notes: what screens show, what the record keeps.

use crate::hold::{CUSTOMER_HZ, THIRD_HZ, ask_as, customer, done, registered, talk, with_music};
use crate::support::patience::{eventually, patient};
use crate::support::phone::wire::connect_from;
use crate::support::phone::{End, Sending, seconds};
use crate::support::world::{World, token_with};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};
use tungstenite::{Message, WebSocket};

/// One topic of `/live` as a screen holds it.
struct Screen {
    socket: WebSocket<TcpStream>,
    value: Value,
}

impl Screen {
    fn follow(world: &World, token: &str, topic: &str) -> Self {
        let stream = connect_from(IpAddr::V4(Ipv4Addr::LOCALHOST), world.http).unwrap();
        stream.set_read_timeout(Some(seconds(15))).unwrap();
        let request = tungstenite::http::Request::get(format!("ws://{}/api/v1/live", world.http))
            .header("Host", world.http.to_string())
            .header("Authorization", format!("Bearer {token}"))
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .body(())
            .unwrap();
        let (mut socket, _) = tungstenite::client(request, stream).unwrap();
        let glance = Some(Duration::from_millis(100));
        socket.get_ref().set_read_timeout(glance).unwrap();
        let wanted = json!({ "subscribe": [{ "topic": topic }] });
        socket.send(Message::text(wanted.to_string())).unwrap();
        let value = Value::Null;
        Self { socket, value }
    }

    /// Reads on until it shows this; how long that took.
    fn wait(&mut self, limit: Duration, wanted: impl Fn(&Value) -> bool) -> Duration {
        let since = Instant::now();
        while !wanted(&self.value) {
            let waited = since.elapsed();
            assert!(waited < patient(limit), "it never came: {:#}", self.value);
            if let Ok(Message::Text(text)) = self.socket.read() {
                self.apply(&serde_json::from_str(&text).unwrap());
            }
        }
        since.elapsed()
    }

    fn apply(&mut self, message: &Value) {
        if let Some(snapshot) = message.get("snapshot") {
            self.value = snapshot.clone();
        }
        let Some(delta) = message.get("delta") else {
            return;
        };
        let items = self.value["items"].as_array_mut().unwrap();
        let name = |item: &Value| {
            let name = item.get("interaction").or_else(|| item.get("login"));
            name.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        for item in delta["upsert"].as_array().unwrap() {
            items.retain(|old| name(old) != name(item));
            items.push(item.clone());
        }
        let removed = delta["remove"].as_array().unwrap();
        items.retain(|old| !removed.contains(&name(old).into()));
    }

    fn item(value: &Value, id: &str) -> Value {
        let items = value["items"].as_array().into_iter().flatten();
        let found = items.into_iter().find(|item| item["interaction"] == id);
        found.cloned().unwrap_or_default()
    }
}

fn of_agent(world: &World, login: &str) -> String {
    token_with(world.root(), &["--role", "agent", "--agent", login])
}

/// `POST` or `DELETE` of the request for help.
fn help(world: &World, token: &str, id: &str, method: &str) -> u16 {
    let path = format!("/api/v1/calls/{id}/help");
    crate::support::http::exchange(world.http, Some(token), (method, &path), None, &[]).0
}

fn changes(record: &Value) -> Vec<&str> {
    let events = record["events"].as_array().unwrap().iter();
    events
        .filter_map(|event| event["change"].as_str())
        .collect()
}

#[test]
fn an_agent_asks_for_help_and_the_first_supervisor_who_comes_is_it() {
    let world = with_music();
    let ana = registered(&world, "ana", "2001");
    let cleo = registered(&world, "cleo", "2003");
    let customer = customer();
    let (anas, bens) = (of_agent(&world, "ana"), of_agent(&world, "ben"));
    let boss = token_with(world.root(), &["--role", "supervisor"]);
    let (call, talk, id) = talk(&world, &customer, &ana);
    let mut floor = Screen::follow(&world, &boss, "calls");
    let mut desk = Screen::follow(&world, &anas, "me");
    floor.wait(seconds(5), |now| {
        Screen::item(now, &id)["help_since"].is_null() && now != &Value::Null
    });
    let asked = |value: &Value| Screen::item(value, &id)["help_since"].is_string();
    let state = |value: &Value, wanted: &str| value["call"]["help"]["state"] == wanted;
    assert_eq!(help(&world, &bens, &id, "POST"), 403, "not his call");
    assert_eq!(help(&world, &anas, &id, "POST"), 204);
    assert_eq!(
        help(&world, &anas, &id, "POST"),
        204,
        "asked twice is asked"
    );
    let took = floor.wait(seconds(3), asked);
    assert!(took < seconds(2), "{took:?} until the floor shows it");
    desk.wait(seconds(3), |now| state(now, "asked"));
    let mut agents = Screen::follow(&world, &boss, "agents");
    agents.wait(seconds(3), asked);
    // Sent away, asked again, withdrawn, asked again, and now somebody comes.
    assert_eq!(help(&world, &boss, &id, "DELETE"), 204);
    desk.wait(seconds(3), |now| state(now, "dismissed"));
    floor.wait(seconds(3), |now| !asked(now));
    assert_eq!(help(&world, &anas, &id, "POST"), 204);
    assert_eq!(help(&world, &anas, &id, "DELETE"), 204);
    desk.wait(seconds(3), |now| now["call"]["help"].is_null());
    assert_eq!(help(&world, &anas, &id, "POST"), 204);
    floor.wait(seconds(3), asked);
    done(
        &world,
        &id,
        "monitor",
        &json!({ "mode": "whisper", "extension": "2003" }),
    );
    let supervisor = cleo.wait_ring(seconds(5)).unwrap().answer().unwrap();
    supervisor.send(Sending::Tone(THIRD_HZ));
    floor.wait(seconds(3), |now| !asked(now));
    desk.wait(seconds(3), |now| state(now, "taken"));
    supervisor.wait_speech(THIRD_HZ, seconds(5)).unwrap();
    supervisor.hang_up();
    desk.wait(seconds(3), |now| now["call"]["help"].is_null());
    // One that nobody took is over with the talk.
    assert_eq!(help(&world, &anas, &id, "POST"), 204);
    floor.wait(seconds(3), asked);
    talk.hang_up();
    call.wait_ended(seconds(8)).unwrap();
    // The customer's phone hears of the end before the call is over here: until then the refusal is another.
    let refused = || Some(help(&world, &anas, &id, "POST")).filter(|status| *status != 409);
    let told = || "the call goes on".to_owned();
    assert_eq!(eventually(seconds(5), refused, told), 404);
    the_record_and_the_metrics_tell_of_each(&world);
}

fn the_record_and_the_metrics_tell_of_each(world: &World) {
    let record = world.wait_last_interaction(seconds(8));
    let (asks, takes) = ("help_asked", "help_taken");
    let told = changes(&record);
    let helps: Vec<&str> = told
        .into_iter()
        .filter(|change| change.starts_with("help"))
        .collect();
    let wanted = [
        asks,
        "help_dismissed",
        asks,
        "help_ended",
        asks,
        takes,
        asks,
        "help_ended",
    ];
    assert_eq!(helps, wanted);
    let lines = [
        "what=\"asked\"} 4",
        "what=\"taken\"} 1",
        "what=\"dismissed\"} 1",
        "what=\"ended\"} 2",
    ]
    .map(|line| format!("cordboard_help_requests_total{{{line}"));
    world.wait_metrics(&lines.each_ref().map(String::as_str), seconds(5));
}

const NOTES: &str = "Order 4711 is lost; <b>promise</b> nothing.";

#[test]
fn notes_go_with_the_caller_to_a_colleague_and_to_a_queue() {
    let world = with_music();
    let ana = registered(&world, "ana", "2001");
    let ben = registered(&world, "ben", "2002");
    world.put("/agents/ben/state", &json!({ "state": "not_ready" }));
    let customer = customer();
    let (anas, bens) = (of_agent(&world, "ana"), of_agent(&world, "ben"));
    let (call, first, id) = talk(&world, &customer, &ana);
    let mut bens_desk = Screen::follow(&world, &bens, "me");
    let refused = |notes: &str| {
        let body = json!({ "to": { "agent": "ben" }, "notes": notes });
        ask_as(&world, &anas, &id, "transfer", &body)
    };
    let (status, why) = refused(&"x".repeat(1_001));
    assert!(
        status == 422 && why.contains("`notes` has 1001 letters"),
        "{why}"
    );
    assert_eq!(refused("a\u{7}b").0, 422);
    // To a colleague, who sees them before answering.
    let body = json!({ "to": { "agent": "ben" }, "notes": NOTES });
    assert_eq!(ask_as(&world, &anas, &id, "transfer", &body).0, 204);
    let ringing = ben.wait_ring(seconds(5)).unwrap();
    bens_desk.wait(seconds(5), |me| {
        me["call"]["handed"] == json!({ "notes": NOTES, "by": "ana" })
    });
    let second = ringing.answer().unwrap();
    assert_eq!(first.wait_ended(seconds(5)).unwrap(), End::TheyHungUp);
    second.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
    world.wait_agent("ana", "available", seconds(8));
    // To a queue: whoever is offered the caller sees the newest.
    let mut anas_desk = Screen::follow(&world, &anas, "me");
    let body = json!({ "to": { "queue": "support" }, "notes": "Wants the manager." });
    assert_eq!(ask_as(&world, &bens, &id, "transfer", &body).0, 204);
    let ringing = ana.wait_ring(seconds(8)).unwrap();
    anas_desk.wait(seconds(5), |me| {
        me["offer"]["handed"] == json!({ "notes": "Wants the manager.", "by": "ben" })
    });
    let third = ringing.answer().unwrap();
    third.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
    anas_desk.wait(seconds(5), |me| me["call"]["handed"]["by"] == "ben");
    call.hang_up();
    third.wait_ended(seconds(5)).unwrap();
    let record = world.wait_last_interaction(seconds(8));
    let kept = format!("ana, handing over: {NOTES}\n\nben, handing over: Wants the manager.");
    assert_eq!(record["notes"], kept);
    let authors = record["note_authors"].as_array().unwrap().iter();
    let authors: Vec<_> = authors
        .map(|author| (&author["author"], &author["version"]))
        .collect();
    assert_eq!(
        authors,
        [(&"ana".into(), &1.into()), (&"ben".into(), &2.into())]
    );
    let log = world.log();
    let events = record["events"].to_string();
    for place in [&log, &events] {
        assert!(!place.contains("promise") && !place.contains("Wants the"));
    }
}
