//! Keys of callers who wait, and small steps: judged by what is heard, by the record, and by the event stream.

use crate::hold::customer;
use crate::support::phone::{Call, End, Phone, Sending, seconds};
use crate::support::world::{BUSY, FLOW, GOODBYE, MUSIC, Plan, SORRY, World};
use serde_json::{Value, json};
use std::time::Duration;

fn world() -> World {
    World::with(&Plan {
        flow: FLOW.replace(
            "  wait:\n    loop:\n",
            "  wait:\n    keys: { 1: { go: sorry, label: No more }, 5: { play: goodbye, label: Hours } }\n    loop:\n",
        ),
        ..Plan::default()
    })
}

fn waiting(world: &World, customer: &Phone) -> Call {
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(5)).unwrap();
    call.press("2");
    call.wait_tone(MUSIC, seconds(8)).unwrap();
    call
}

#[test]
fn one_key_plays_something_and_keeps_the_place_and_one_leaves_the_queue() {
    let world = world();
    let customer = customer();
    let call = waiting(&world, &customer);
    call.press("5");
    call.wait_tone(GOODBYE, seconds(5)).unwrap();
    // The loop goes on, and the caller still waits.
    call.wait_tone(BUSY, seconds(8)).unwrap();
    let queue = world.get("/queues/support");
    assert_eq!(queue["waiting"].as_array().unwrap().len(), 1, "{queue:#}");
    call.press("1");
    call.wait_tone(SORRY, seconds(5)).unwrap();
    assert_eq!(call.wait_ended(seconds(5)).unwrap(), End::TheyHungUp);
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(record["outcome"], "self_served", "{record:#}");
    let entries = record["queue_entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["outcome"], "key_exit");
    let path = record["menu_path"].as_array().unwrap().iter();
    let path: Vec<&Value> = path.map(|choice| &choice["label"]).collect();
    assert_eq!(path, ["Help", "Hours", "No more"]);
}

#[test]
fn an_agent_who_answers_after_a_key_that_only_plays_has_the_caller() {
    let world = world();
    let customer = customer();
    let call = waiting(&world, &customer);
    call.press("5");
    call.wait_tone(GOODBYE, seconds(5)).unwrap();
    let ana = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    ana.register(world.sip, "2001", "word-of-ana").unwrap();
    let talk = ana.wait_ring(seconds(10)).unwrap().answer().unwrap();
    talk.send(Sending::Tone(1_297.0));
    call.wait_tone(1_297.0, seconds(5)).unwrap();
    talk.hang_up();
}

/// A pause keeps keys, digits are read back, an event goes out on the stream, a call is refused as busy.
#[test]
fn small_steps_through_sip() {
    let flow = FLOW
        .replace("blocks:\n", "vars: { day: { type: string } }\nblocks:\n")
        .replace(
            "    - play: greeting\n",
            "    - wait: 1s\n    - collect: { into: day, prompt: busy, digits: 8, format: date, confirm: { prompt: music, accept: 1, again: 2 } }\n    \
             - notify: { event: day-asked, data: { day: \"{{ vars.day }}\" } }\n",
        );
    let world = World::with(&Plan {
        flow,
        ..Plan::default()
    });
    let customer = customer();
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(5)).unwrap();
    // No such day; typed into the pause.
    call.press("30022026");
    call.wait_tone(BUSY, seconds(8)).unwrap();
    call.press("24122026");
    call.wait_tone(MUSIC, seconds(8)).unwrap();
    call.press("1");
    call.wait_tone(crate::support::world::MENU, seconds(8))
        .unwrap();
    call.hang_up();
    let record = world.wait_last_interaction(seconds(5));
    let events = record["events"].as_array().unwrap().iter();
    let told: Vec<&Value> = events.filter(|event| event["kind"] == "notified").collect();
    assert_eq!(told.len(), 1, "{record:#}");
    assert_eq!(told[0]["event"], "day-asked");
    assert_eq!(told[0]["data"], json!({ "day": "24122026" }));
    assert!(!world.log().contains("24122026"), "digits are in the log");
    world.write_flow(
        "flow: 1\nname: support\nblocks:\n  start:\n    - wait: 1s\n    - hangup: busy\n",
    );
    world.wait_log("flow read; the next call takes it", seconds(8));
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    assert_eq!(call.wait_ended(seconds(8)).unwrap(), End::Rejected(486));
    assert!(call.answered_at().is_none());
    std::thread::sleep(Duration::from_millis(100));
}
