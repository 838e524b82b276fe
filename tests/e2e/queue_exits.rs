//! Every way out of a queue that is not a talk: heard by the caller, told by the record.

use crate::hold::CUSTOMER_HZ;
use crate::support::phone::{Call, End, Phone, Sending, seconds};
use crate::support::world::{BUSY, COMPANY, FLOW, GOODBYE, MUSIC, Plan, SORRY, World, cordboard};
use serde_json::Value;
use std::time::Duration;

/// Each exit is heard as a tone of its own: full sorry, timeout goodbye, nobody there busy.
fn world(queue: &str) -> World {
    World::with(&Plan {
        company: COMPANY.replace("wrap_up = \"1s\"", &format!("wrap_up = \"1s\"\n{queue}")),
        flow: FLOW
            .replace(
                "timeout: sorry, full: sorry, closed: sorry, no_agents: sorry",
                "timeout: goodbye, full: sorry, closed: sorry, no_agents: nobody",
            )
            .replace(
                "  sorry:\n",
                "  nobody:\n    - play: busy\n    - hangup:\n  sorry:\n",
            ),
        ..Plan::default()
    })
}

fn customer() -> Phone {
    Phone::start("127.0.0.2".parse().unwrap()).unwrap()
}

fn at_the_queue(world: &World, customer: &Phone) -> Call {
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    call.press("2");
    call
}

fn ended(world: &World, count: usize) -> Vec<Value> {
    let list = world.wait_for("/interactions", seconds(4), |list| {
        let items = list["items"].as_array().unwrap();
        items
            .iter()
            .filter(|item| !item["ended_at"].is_null())
            .count()
            >= count
    });
    let items = list["items"].as_array().unwrap().iter();
    items
        .filter(|item| !item["ended_at"].is_null())
        .map(|item| {
            let id = item["id"].as_str().unwrap();
            world.wait_for(&format!("/interactions/{id}"), seconds(2), |whole| {
                !whole["ended_at"].is_null()
            })
        })
        .collect()
}

fn is(record: &Value, outcome: &str, end_cause: &str, entry: &str) {
    assert_eq!(record["outcome"], outcome, "{record:#}");
    assert_eq!(record["end_cause"], end_cause, "{record:#}");
    let entries = record["queue_entries"].as_array().unwrap();
    let outcomes: Vec<&str> = entries
        .iter()
        .map(|entry| entry["outcome"].as_str().unwrap())
        .collect();
    let expected: Vec<&str> = entry.split_whitespace().collect();
    assert_eq!(outcomes, expected, "{record:#}");
}

#[test]
fn a_full_queue_takes_its_exit_and_who_waits_keeps_waiting() {
    let world = world("max_length = 1");
    let customer = customer();
    let waiting = at_the_queue(&world, &customer);
    waiting.wait_tone(MUSIC, seconds(4)).unwrap();
    let late = at_the_queue(&world, &customer);
    late.wait_tone(SORRY, seconds(4)).unwrap();
    assert_eq!(late.wait_ended(seconds(3)).unwrap(), End::TheyHungUp);
    is(&ended(&world, 1)[0], "unserved", "flow", "refused");
    assert_eq!(
        world.get("/queues/support")["waiting"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(waiting.ended(), None);
    // Who gave up after the time that counts as waiting has abandoned.
    waiting.hang_up();
    let records = ended(&world, 2);
    let record = records
        .iter()
        .find(|record| record["outcome"] != "unserved")
        .unwrap();
    is(record, "abandoned", "customer", "abandoned");
    assert!(record["agent"].is_null() && record["connected_at"].is_null());
}

#[test]
fn who_has_waited_long_enough_takes_the_timeout_exit() {
    let world = world("max_wait = \"2s\"");
    let customer = customer();
    let call = at_the_queue(&world, &customer);
    call.wait_tone(MUSIC, seconds(4)).unwrap();
    call.wait_tone(GOODBYE, seconds(4)).unwrap();
    assert_eq!(call.wait_ended(seconds(3)).unwrap(), End::TheyHungUp);
    let record = &ended(&world, 1)[0];
    is(record, "unserved", "flow", "timed_out");
    let wait = record["queue_entries"][0]["wait"].as_f64().unwrap();
    assert!((1.9..6.0).contains(&wait), "{wait} s");
}

#[test]
fn a_queue_without_agents_can_send_away_and_only_then() {
    let world = world("when_no_agents = \"exit\"");
    let customer = customer();
    let call = at_the_queue(&world, &customer);
    call.wait_tone(BUSY, seconds(4)).unwrap();
    assert_eq!(call.wait_ended(seconds(3)).unwrap(), End::TheyHungUp);
    is(&ended(&world, 1)[0], "unserved", "flow", "refused");
    // An agent who is there, though not ready, is somebody.
    let agent = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    world.wait_agent("ana", "available", seconds(3));
    let call = at_the_queue(&world, &customer);
    let talk = agent.wait_ring(seconds(4)).unwrap().answer().unwrap();
    world.wait_agent("ana", "on_call", seconds(2));
    talk.hang_up();
    call.wait_ended(seconds(5)).unwrap();
    let records = ended(&world, 2);
    assert!(records.iter().any(|record| record["outcome"] == "answered"));
}

#[test]
fn leaving_early_is_short_abandoned_and_leaving_the_menu_is_self_served() {
    let world = World::with(&Plan {
        // Early, however late this machine is.
        company: COMPANY.replace("short_abandon = \"1s\"", "short_abandon = \"60s\""),
        ..Plan::default()
    });
    let customer = customer();
    let call = at_the_queue(&world, &customer);
    world.wait_for("/queues/support", seconds(4), |queue| {
        queue["waiting"].as_array().unwrap().len() == 1
    });
    call.hang_up();
    is(
        &ended(&world, 1)[0],
        "short_abandoned",
        "customer",
        "short_abandoned",
    );

    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    call.press("1");
    call.wait_tone(GOODBYE, seconds(4)).unwrap();
    assert_eq!(call.wait_ended(seconds(3)).unwrap(), End::TheyHungUp);
    let records = ended(&world, 2);
    let record = records
        .iter()
        .find(|record| record["outcome"] == "self_served")
        .unwrap();
    is(record, "self_served", "flow", "");
    assert_eq!(record["menu_path"][0]["key"], "1");

    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    call.hang_up();
    let records = ended(&world, 3);
    let by_customer = records
        .iter()
        .filter(|record| record["outcome"] == "self_served" && record["end_cause"] == "customer");
    assert_eq!(by_customer.count(), 1);
}

#[test]
fn a_caller_who_leaves_while_it_rings_gives_the_agent_back_with_the_old_idle_key() {
    let world = world("");
    let agent = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    world.wait_agent("ana", "available", seconds(3));
    let idle_since = world.get("/agents/ana")["idle_since"].clone();
    assert!(idle_since.is_string());
    let customer = customer();
    let call = at_the_queue(&world, &customer);
    let rings = agent.wait_ring(seconds(4)).unwrap().ignore();
    world.wait_agent("ana", "offered", seconds(2));
    std::thread::sleep(Duration::from_millis(300));
    let hung_up = std::time::Instant::now();
    call.hang_up();
    assert_eq!(rings.wait_ended(seconds(2)).unwrap(), End::TheyCancelled);
    // Long before its time to ring is over.
    assert!(hung_up.elapsed() < seconds(2), "{:?}", hung_up.elapsed());
    world.wait_agent("ana", "available", seconds(2));
    assert_eq!(world.get("/agents/ana")["idle_since"], idle_since);
    let record = &ended(&world, 1)[0];
    assert!(
        ["abandoned", "short_abandoned"].contains(&record["outcome"].as_str().unwrap()),
        "{record:#}"
    );
    assert_eq!(record["offers"][0]["outcome"], "caller_left", "{record:#}");
    assert!(record["connected_at"].is_null());
    // What is over is not sent again; while it rang, a machine that was late for 0.5 s may have been asked twice.
    let before = agent.repeats_seen();
    agent.expect_quiet(Duration::from_millis(1_200)).unwrap();
    assert_eq!(agent.repeats_seen(), before, "{}", agent.transcript());
}

/// Support and sales, each with these lines; Ana serves support, Ben sales. The flow has no exits of its own but one.
fn two_queues(support: &str, sales: &str) -> World {
    let sales = format!("[[queues]]\nname = \"sales\"\nwrap_up = \"1s\"\n{sales}\n\n");
    let company = COMPANY.replace("wrap_up = \"1s\"", &format!("wrap_up = \"1s\"\n{support}"));
    let (head, ben) = company.split_once("login = \"ben\"").unwrap();
    let ben = ben.replacen("queues = { support = 1 }", "queues = { sales = 1 }", 1);
    let exits = "answered: goodbye, timeout: sorry, full: sorry, closed: sorry, no_agents: sorry";
    World::with(&Plan {
        company: format!("{sales}{head}login = \"ben\"{ben}"),
        flow: FLOW.replace(exits, "answered: goodbye"),
        ..Plan::default()
    })
}

fn ben_is_here(world: &World) -> Phone {
    let ben = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    ben.register(world.sip, "2002", "word-of-ben").unwrap();
    world.wait_agent("ben", "available", seconds(5));
    ben
}

#[test]
fn who_waits_too_long_goes_to_the_next_queue_and_from_there_to_its_voicemail() {
    let world = two_queues(
        "max_wait = \"2s\"\nafter_max_wait = { queue = \"sales\" }",
        "max_wait = \"4s\"\nafter_max_wait = \"voicemail\"\nvoicemail_prompt = \"sorry\"",
    );
    let customer = customer();
    let call = at_the_queue(&world, &customer);
    call.wait_tone(MUSIC, seconds(5)).unwrap();
    world.wait_for("/queues/sales", seconds(8), |queue| {
        let moved = &queue["waiting"][0];
        moved["priority"]["v"].as_str() < moved["enqueued_at"].as_str()
    });
    call.wait_tone(SORRY, seconds(8)).unwrap();
    call.send(Sending::Tone(CUSTOMER_HZ));
    std::thread::sleep(seconds(4));
    call.press("#");
    assert_eq!(call.wait_ended(seconds(5)).unwrap(), End::TheyHungUp);
    let record = &ended(&world, 1)[0];
    is(record, "voicemail", "flow", "overflowed voicemail");
    assert_eq!(record["tags"]["voicemail"], "sales", "{record:#}");
    let id = record["id"].as_str().unwrap();
    let line = world.get(&format!("/interactions/{id}/timeline"));
    assert!(
        line.to_string().contains("goes on to another queue"),
        "{line:#}"
    );
    let mut verify = cordboard(world.root());
    verify.args(["metrics", "verify", "--config", "cordboard.toml"]);
    let out = verify.output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{said}");
}

#[test]
fn where_nobody_is_logged_in_the_next_queue_has_the_caller_at_once() {
    let world = two_queues("when_no_agents = { queue = \"sales\" }", "");
    let ben = ben_is_here(&world);
    let customer = customer();
    let call = at_the_queue(&world, &customer);
    let talk = ben.wait_ring(seconds(5)).unwrap().answer().unwrap();
    world.wait_agent("ben", "on_call", seconds(5));
    call.hang_up();
    talk.wait_ended(seconds(5)).unwrap();
    is(
        &ended(&world, 1)[0],
        "answered",
        "customer",
        "overflowed answered",
    );
}

#[test]
fn a_step_of_the_ladder_rings_an_agent_of_the_queue_that_it_adds() {
    let ladder = "ladder = [{ after = \"2s\", skills = { billing = 0 }, queues = [\"sales\"] }]";
    let world = two_queues(ladder, "");
    let ben = ben_is_here(&world);
    let customer = customer();
    let asked = std::time::Instant::now();
    let call = at_the_queue(&world, &customer);
    let rings = ben.wait_ring(seconds(8)).unwrap();
    assert!(asked.elapsed() >= seconds(2), "not before its step");
    let talk = rings.answer().unwrap();
    world.wait_agent("ben", "on_call", seconds(5));
    call.hang_up();
    talk.wait_ended(seconds(5)).unwrap();
    is(&ended(&world, 1)[0], "answered", "customer", "answered");
}
