//! A supervisor sends a waiting caller to another queue, or to an agent by name: who is heard, what the record says, and
//! that nobody is lost on the way.

use crate::hold::{AGENT_HZ, CUSTOMER_HZ, ask_as, customer, done, registered};
use crate::support::phone::{Call, Phone, Sending, seconds};
use crate::support::world::{COMPANY, MUSIC, Plan, World, token_with};
use serde_json::{Value, json};

/// Ana serves support, Ben sales; neither is asked for what the other does.
fn two_queues() -> World {
    let sales = "[[queues]]\nname = \"sales\"\nwrap_up = \"1s\"\nmax_length = 1\n\n";
    let company = COMPANY.replace("wrap_up = \"1s\"", "wrap_up = \"1s\"\nmusic = \"music\"");
    let (head, ben) = company.split_once("login = \"ben\"").unwrap();
    let ben = ben.replacen("queues = { support = 1 }", "queues = { sales = 1 }", 1);
    let company = format!("{sales}{head}login = \"ben\"{ben}");
    World::with(&Plan {
        company,
        ..Plan::default()
    })
}

/// Waits in support, where nobody is logged in. The call and its interaction.
fn waits(world: &World, customer: &Phone) -> (Call, String) {
    let before = in_line(world, "support", |_| true);
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(5)).unwrap();
    call.press("2");
    call.send(Sending::Tone(CUSTOMER_HZ));
    call.wait_tone(MUSIC, seconds(8)).unwrap();
    // Whoever is new in line: those who were there may have left meanwhile.
    let is_known = |one: &Value| {
        before
            .iter()
            .any(|old| old["interaction"] == one["interaction"])
    };
    let line = in_line(world, "support", |line| {
        line.iter().any(|one| !is_known(one))
    });
    let new = line.iter().find(|one| !is_known(one)).unwrap();
    let id = new["interaction"].as_str().unwrap().to_owned();
    (call, id)
}

/// Who waits in a queue, once it is as wanted.
fn in_line(world: &World, queue: &str, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let line = |queue: &Value| queue["waiting"].as_array().unwrap().clone();
    let path = format!("/queues/{queue}");
    line(&world.wait_for(&path, seconds(5), |queue| wanted(&line(queue))))
}

fn is_first(waiting: &[Value], id: &str) -> bool {
    waiting
        .first()
        .is_some_and(|first| first["interaction"] == id)
}

/// A phone that is rung as soon as it registers.
fn comes(world: &World, login: &str, extension: &str) -> Phone {
    let phone = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    let password = format!("word-of-{login}");
    phone.register(world.sip, extension, &password).unwrap();
    phone
}

fn talks(call: &Call, talk: &Call) {
    talk.send(Sending::Tone(AGENT_HZ));
    call.wait_tone(AGENT_HZ, seconds(5)).unwrap();
    talk.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
}

fn entries(record: &Value) -> Vec<(String, String)> {
    let entries = record["queue_entries"].as_array().unwrap().iter();
    let text = |entry: &Value, field: &str| entry[field].as_str().unwrap().to_owned();
    entries
        .map(|entry| (text(entry, "queue"), text(entry, "outcome")))
        .collect()
}

#[test]
fn a_waiting_caller_goes_to_another_queue_with_the_time_that_was_waited() {
    let world = two_queues();
    let customer = customer();
    let (call, id) = waits(&world, &customer);
    let to = |queue: &str| json!({ "to": { "queue": queue } });
    // Agents may not, and the queue has to be another.
    let agent = token_with(world.root(), &["--role", "agent", "--agent", "ana"]);
    let (status, _) = ask_as(&world, &agent, &id, "transfer", &to("sales"));
    assert_eq!(status, 409);
    let (status, why) = ask_as(&world, world.token(), &id, "transfer", &to("support"));
    assert!(status == 409 && why.contains("already"), "{status} {why}");
    let (status, _) = ask_as(&world, world.token(), &id, "transfer", &to("nowhere"));
    assert_eq!(status, 404);
    std::thread::sleep(seconds(2));
    done(&world, &id, "transfer", &to("sales"));
    let moved = in_line(&world, "sales", |waiting| is_first(waiting, &id)).remove(0);
    let (entered, v) = (&moved["enqueued_at"], &moved["priority"]["v"]);
    assert!(v.as_str().unwrap() < entered.as_str().unwrap(), "{moved}");
    // The music goes on, and the next free agent of that queue has the caller.
    call.wait_tone(MUSIC, seconds(3)).unwrap();
    let ben = comes(&world, "ben", "2002");
    let talk = ben.wait_ring(seconds(5)).unwrap().answer().unwrap();
    talks(&call, &talk);
    call.hang_up();
    talk.wait_ended(seconds(5)).unwrap();
    let record = world.wait_last_interaction(seconds(8));
    assert_eq!(record["outcome"], "answered");
    let expected = [("support", "overflowed"), ("sales", "answered")];
    assert_eq!(
        entries(&record),
        expected.map(|(queue, outcome)| (queue.to_owned(), outcome.to_owned()))
    );
    let line = world.get(&format!("/interactions/{id}/timeline"));
    assert!(
        line.to_string()
            .contains("Waited in support: sent on to another queue")
    );
    world.wait_for("/audit", seconds(8), |rows| {
        rows.to_string()
            .contains(&format!("/api/v1/calls/{id}/transfer"))
    });
}

#[test]
fn a_full_queue_gives_the_caller_back() {
    let world = two_queues();
    let (first, second) = (customer(), customer());
    let (one, id) = waits(&world, &first);
    done(
        &world,
        &id,
        "transfer",
        &json!({ "to": { "queue": "sales" } }),
    );
    let (two, other) = waits(&world, &second);
    done(
        &world,
        &other,
        "transfer",
        &json!({ "to": { "queue": "sales" } }),
    );
    in_line(&world, "support", |waiting| is_first(waiting, &other));
    two.wait_tone(MUSIC, seconds(3)).unwrap();
    let ana = comes(&world, "ana", "2001");
    let talk = ana.wait_ring(seconds(5)).unwrap().answer().unwrap();
    talks(&two, &talk);
    two.hang_up();
    one.hang_up();
}

#[test]
fn an_agent_by_name_gets_the_caller_or_gives_them_back_to_the_front() {
    let world = two_queues();
    let ben = registered(&world, "ben", "2002");
    let customer = customer();
    let (call, id) = waits(&world, &customer);
    let to_ben = json!({ "to": { "agent": "ben" } });
    done(&world, &id, "transfer", &to_ben);
    ben.wait_ring(seconds(5)).unwrap().decline(486);
    // Not taken: the caller waits again.
    in_line(&world, "support", |waiting| is_first(waiting, &id));
    call.wait_tone(MUSIC, seconds(5)).unwrap();
    world.wait_agent("ben", "available", seconds(8));
    done(&world, &id, "transfer", &to_ben);
    let talk = ben.wait_ring(seconds(5)).unwrap().answer().unwrap();
    talks(&call, &talk);
    world.wait_agent("ben", "on_call", seconds(3));
    std::thread::sleep(seconds(1));
    call.hang_up();
    talk.wait_ended(seconds(5)).unwrap();
    let record = world.wait_last_interaction(seconds(8));
    assert_eq!(
        (&record["outcome"], &record["agent"]),
        (&json!("answered"), &json!("ben"))
    );
    assert_eq!(record["recordings"].as_array().unwrap().len(), 1);
    let (_, left, right) = crate::support::world::channels(&world.recording_file(&id, 1));
    assert!(crate::hold::heard_in(&left, CUSTOMER_HZ) > 0.5);
    assert!(crate::hold::heard_in(&right, AGENT_HZ) > 0.5);
}

#[test]
fn a_supervisor_puts_a_caller_before_one_who_came_earlier() {
    let world = two_queues();
    let (first, second) = (customer(), customer());
    let (one, earlier) = waits(&world, &first);
    let (two, id) = waits(&world, &second);
    let path = |id: &str| format!("/calls/{id}/priority");
    // Agents may not, and it has to make sense.
    let agent = token_with(world.root(), &["--role", "agent", "--agent", "ana"]);
    let (status, _) = ask_as(
        &world,
        &agent,
        &id,
        "priority",
        &json!({ "class": "emergency" }),
    );
    assert_eq!(status, 403);
    for nonsense in [
        json!({}),
        json!({ "class": "urgent" }),
        json!({ "head_start": 90_000 }),
    ] {
        let (status, why) = ask_as(&world, world.token(), &id, "priority", &nonsense);
        assert_eq!(status, 422, "{why}");
    }
    done(&world, &id, "priority", &json!({ "head_start": 60 }));
    let line = in_line(&world, "support", |waiting| is_first(waiting, &id));
    assert_eq!(line[0]["priority"]["class"], 1);
    done(
        &world,
        &earlier,
        "priority",
        &json!({ "class": "emergency" }),
    );
    in_line(&world, "support", |waiting| is_first(waiting, &earlier));
    done(&world, &id, "priority", &json!({ "class": "emergency" }));
    in_line(&world, "support", |waiting| is_first(waiting, &id));
    let ana = comes(&world, "ana", "2001");
    let talk = ana.wait_ring(seconds(5)).unwrap().answer().unwrap();
    talks(&two, &talk);
    let (status, why) = ask_as(
        &world,
        world.token(),
        &id,
        "priority",
        &json!({ "head_start": 0 }),
    );
    assert!(
        status == 409 && why.contains("does not wait"),
        "{status} {why}"
    );
    one.hang_up();
    two.hang_up();
    world.wait_for("/audit", seconds(8), |rows| {
        rows.to_string().contains(&format!("/api/v1{}", path(&id)))
    });
    world.wait_for(
        &format!("/interactions/{id}/timeline"),
        seconds(8),
        |line| line.to_string().contains("another place in the queue"),
    );
}
