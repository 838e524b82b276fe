//! A supervisor closes a queue from one moment to the next: what callers hear, what the record says, who is served, how
//! it ends, and that a crash forgets nothing of it.

use crate::support::phone::{Call, End, Phone, seconds};
use crate::support::world::{FLOW, MUSIC, Plan, SORRY, World, tone};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// Of the prompt that says why the queue is closed, and of what the speech command says.
const CLOSED: f64 = 1_150.0;
const SPOKEN: f64 = 1_250.0;

/// A speech command with one word: a tone.
fn world(flow: &str) -> World {
    let folder = tempfile::tempdir().unwrap();
    let spoken = folder.path().join("spoken.wav");
    tone(&spoken, SPOKEN, 1_000);
    let settings = format!("[speech]\ncommand = \"cat '{}'\"\n", spoken.display());
    std::fs::create_dir_all(folder.path().join("prompts")).unwrap();
    tone(&folder.path().join("prompts/closed.wav"), CLOSED, 1_000);
    let plan = Plan {
        flow: flow.to_owned(),
        settings,
        ..Plan::default()
    };
    World::in_folder(folder, &plan)
}

fn customer() -> Phone {
    Phone::start("127.0.0.2".parse().unwrap()).unwrap()
}

fn at_the_queue(world: &World, customer: &Phone) -> Call {
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(5)).unwrap();
    call.press("2");
    call
}

/// A moment so far ahead, as the API takes it.
fn ahead(time: Duration) -> String {
    let at = SystemTime::now() + time;
    jiff::Timestamp::try_from(at).unwrap().to_string()
}

fn prompt(until: Option<String>, waiting: &str) -> Value {
    json!({ "until": until, "message": { "prompt": "closed.wav" }, "waiting": waiting, "reason": "flood" })
}

fn close(world: &World, body: &Value) {
    assert_eq!(world.put("/queues/support/closure", body), 200, "{body}");
}

fn open(world: &World) {
    let path = "/api/v1/queues/support/closure";
    assert_eq!(world.http("DELETE", path, None, &[]).0, 204);
}

fn is_closed(world: &World) -> bool {
    !world.get("/queues/support")["closure"].is_null()
}

/// The message, then what the flow says where a queue is closed.
fn turned_away(call: &Call, message: f64) {
    call.wait_tone(message, seconds(10)).unwrap();
    call.wait_tone(SORRY, seconds(10)).unwrap();
    assert_eq!(call.wait_ended(seconds(10)).unwrap(), End::TheyHungUp);
}

/// The record of the newest call says that the queue was closed, and by whom.
fn says_so(world: &World) -> Value {
    let record = world.wait_last_interaction(seconds(10));
    assert_eq!(record["outcome"], "unserved", "{record:#}");
    assert_eq!(record["end_cause"], "flow", "{record:#}");
    let entry = &record["queue_entries"][0];
    assert_eq!(entry["outcome"], "refused", "{record:#}");
    assert_eq!(entry["refusal"], "closed", "{record:#}");
    assert_eq!(entry["closure"]["reason"], "flood", "{record:#}");
    let by = entry["closure"]["by"].as_str().unwrap();
    assert!(by.starts_with("token "), "{record:#}");
    let id = record["id"].as_str().unwrap();
    let line = world.get(&format!("/interactions/{id}/timeline"));
    let told = format!("Waited in support: the queue was closed by {by}");
    let items = line["items"].as_array().unwrap();
    let words = |item: &Value| item["words"].as_str().unwrap().to_owned();
    assert!(
        items.iter().any(|item| words(item).starts_with(&told)),
        "{line:#}"
    );
    record
}

#[test]
fn callers_of_a_closed_queue_hear_why_and_leave_by_its_exit() {
    let world = world(FLOW);
    let customer = customer();
    let offered = world.get("/closure-messages");
    let prompts = offered["prompts"].as_array().unwrap();
    assert!(prompts.contains(&json!("closed.wav")), "{offered}");
    assert_eq!(offered["speech"], true);
    // What nobody could hear is refused while somebody can choose something else.
    let missing = json!({ "until": null, "message": { "prompt": "no.wav" }, "reason": "flood" });
    assert_eq!(world.put("/queues/support/closure", &missing), 422);
    assert!(!is_closed(&world));

    close(&world, &prompt(None, "serve"));
    let shown = world.get("/queues/support")["closure"].clone();
    assert_eq!(shown["reason"], "flood");
    assert_eq!(shown["message"]["prompt"], "closed.wav");
    assert_eq!(shown["until"], Value::Null);
    turned_away(&at_the_queue(&world, &customer), CLOSED);
    says_so(&world);

    // In other words: what the speech command makes of them.
    let words = json!({ "until": ahead(seconds(3_600)), "message": { "words": "The office is flooded." }, "reason": "flood" });
    close(&world, &words);
    turned_away(&at_the_queue(&world, &customer), SPOKEN);
    says_so(&world);

    open(&world);
    assert!(!is_closed(&world));
    let rows = world.wait_for("/audit", seconds(10), |audit| {
        let rows = audit["items"].as_array().unwrap();
        rows.iter()
            .any(|row| row["action"] == "DELETE /api/v1/queues/{name}/closure")
    });
    let rows = rows["items"].as_array().unwrap().iter();
    let closings = rows.filter(|row| row["action"] == "PUT /api/v1/queues/{name}/closure");
    assert_eq!(closings.count(), 3, "the one that was refused as well");
    let call = at_the_queue(&world, &customer);
    call.wait_tone(MUSIC, seconds(10)).unwrap();
    call.hang_up();
}

#[test]
fn a_flow_without_a_word_for_it_ends_after_the_message() {
    let world = world(&FLOW.replace("closed: sorry, ", ""));
    let customer = customer();
    close(&world, &prompt(None, "serve"));
    let call = at_the_queue(&world, &customer);
    call.wait_tone(CLOSED, seconds(10)).unwrap();
    assert_eq!(call.wait_ended(seconds(10)).unwrap(), End::TheyHungUp);
    says_so(&world);
}

#[test]
fn those_who_wait_are_served_or_sent_off_as_the_supervisor_says() {
    let world = world(FLOW);
    let customer = customer();
    let first = at_the_queue(&world, &customer);
    first.wait_tone(MUSIC, seconds(10)).unwrap();
    close(&world, &prompt(None, "serve"));
    turned_away(&at_the_queue(&world, &customer), CLOSED);
    assert_eq!(first.ended(), None);
    let agent = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    let talk = agent.wait_ring(seconds(10)).unwrap().answer().unwrap();
    world.wait_agent("ana", "on_call", seconds(5));
    // Ana talks on, and the next ones wait when the queue closes to all.
    open(&world);
    let second = at_the_queue(&world, &customer);
    second.wait_tone(MUSIC, seconds(10)).unwrap();
    close(&world, &prompt(None, "end"));
    turned_away(&second, CLOSED);
    // Whoever would hand a caller on to it hears so while the caller is still theirs.
    let id = world.get("/agents/ana")["current_interaction"].clone();
    let path = format!("/api/v1/calls/{}/transfer", id.as_str().unwrap());
    let to = json!({ "to": { "queue": "support" } });
    let (status, _, body) = world.http("POST", &path, Some(&to), &[]);
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (status, &problem["type"]),
        (409, &json!("urn:cordboard:queue-closed"))
    );
    let record = world.wait_for("/interactions?outcome=unserved", seconds(10), |list| {
        list["items"].as_array().unwrap().len() == 2
    });
    assert!(record["items"][0]["connected_at"].is_null());
    says_so(&world);
    assert_eq!(first.ended(), None);
    talk.hang_up();
    first.wait_ended(seconds(10)).unwrap();
}

#[test]
fn it_ends_at_its_time_and_outlives_a_crash() {
    let mut world = world(FLOW);
    let customer = customer();
    close(&world, &prompt(Some(ahead(seconds(3_600))), "serve"));
    let before = world.get("/queues/support")["closure"].clone();
    world.kill();
    world.start_again();
    assert_eq!(world.get("/queues/support")["closure"], before);
    turned_away(&at_the_queue(&world, &customer), CLOSED);
    says_so(&world);
    // A time that passes while we are there.
    close(&world, &prompt(Some(ahead(seconds(2))), "serve"));
    world.wait_for("/queues/support", seconds(20), |queue| {
        queue["closure"].is_null()
    });
    let call = at_the_queue(&world, &customer);
    call.wait_tone(MUSIC, seconds(10)).unwrap();
    call.hang_up();
    // And one that passes while we are not.
    close(&world, &prompt(Some(ahead(seconds(2))), "serve"));
    world.kill();
    std::thread::sleep(seconds(2));
    world.start_again();
    assert!(!is_closed(&world));
    let sql = "SELECT group_concat(opened_cause) FROM queue_closures ORDER BY closed_at";
    world.wait_query(sql, "replaced,expired,expired", seconds(10));
}
