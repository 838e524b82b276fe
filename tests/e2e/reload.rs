//! An agent's page is loaded again in the middle of a talk, or dies: the customer is kept, the same agent is rung first,
//! and one who stays away gives the customer to whoever is free.

use crate::hold::{
    AGENT_HZ, CUSTOMER_HZ, assert_silent, customer, heard_in, marks, talk, with_music,
};
use crate::support::phone::{Manners, Phone, Sending, seconds};
use crate::support::world::{self, MUSIC, World};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

/// Ana's page; whether she is free is another matter.
fn page_of_ana(world: &World) -> Phone {
    let page = Phone::start_web(IpAddr::V4(Ipv4Addr::LOCALHOST), world.http).unwrap();
    page.be_browser(Manners::default());
    page.register(world.sip, "2001", "word-of-ana").unwrap();
    page
}

/// What was said about who talks, in order.
fn changes(record: &Value) -> Vec<String> {
    let events = record["events"].as_array().unwrap();
    let changes = events.iter().filter_map(|event| event["change"].as_str());
    changes.map(str::to_owned).collect()
}

#[test]
fn a_page_that_is_loaded_again_goes_on_with_its_talk() {
    let world = with_music();
    let page = page_of_ana(&world);
    world.wait_agent("ana", "available", seconds(5));
    let customer = customer();
    let (call, before, id) = talk(&world, &customer, &page);
    std::thread::sleep(seconds(1));
    drop((before, page));
    let gone = Instant::now();
    // Our words, then music.
    call.wait_speech(AGENT_HZ, seconds(5)).unwrap();
    call.wait_tone(MUSIC, seconds(5)).unwrap();
    assert_eq!(world.agent_state("ana"), "on_call", "nobody else's call");

    let page = page_of_ana(&world);
    let ringing = page.wait_ring(seconds(5)).unwrap();
    assert_eq!(ringing.header("X-Cordboard-Purpose").unwrap(), "reconnect");
    assert_eq!(ringing.header("X-Cordboard-Interaction").unwrap(), id);
    let after = ringing.answer().unwrap();
    after.send(Sending::Tone(AGENT_HZ));
    call.wait_tone(AGENT_HZ, seconds(5)).unwrap();
    after.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
    let back = gone.elapsed().as_secs_f64();
    std::thread::sleep(seconds(1));
    assert_eq!(world.agent_state("ana"), "on_call");
    call.hang_up();
    after.wait_ended(seconds(5)).unwrap();

    let record = world.wait_last_interaction(seconds(8));
    assert_eq!(record["id"], id.as_str());
    assert_eq!(record["outcome"], "answered");
    assert_eq!(record["end_cause"], "customer");
    assert_eq!(record["queue_entries"].as_array().unwrap().len(), 1);
    assert_eq!(record["offers"].as_array().unwrap().len(), 1);
    assert_eq!(record["recordings"].as_array().unwrap().len(), 1);
    let changes = changes(&record);
    assert_eq!(changes, ["agent_lost", "agent_back"]);
    let marks = marks(&record);
    assert_eq!(marks.len(), 1, "{marks:?}");
    let (kind, from, to) = &marks[0];
    assert_eq!(kind, "reconnect");
    assert!(to - from < back, "{marks:?}, {back} s");
    let (_, left, right) = world::channels(&world.recording_file(&id, 1));
    for (side, hz) in [(&left, CUSTOMER_HZ), (&right, AGENT_HZ)] {
        assert_silent(side, *from, *to);
        let at = (to * 8_000.0) as usize;
        assert!(heard_in(&side[at..], hz) > 0.7, "{hz} Hz after it");
    }
    assert!(heard_in(&right, AGENT_HZ) > 1.5, "before and after it");
    world.wait_agent("ana", "available", seconds(5));
}

#[test]
fn who_stays_away_gives_the_customer_back_to_the_front_of_the_queue() {
    let world = with_music();
    let page = page_of_ana(&world);
    world.wait_agent("ana", "available", seconds(5));
    let first = customer();
    let (call, talk, id) = talk(&world, &first, &page);
    let second = customer();
    let waits = second.call(world.sip, "9000", "600333444").unwrap();
    waits.wait_answered(seconds(5)).unwrap();
    waits.press("2");
    waits.wait_tone(MUSIC, seconds(5)).unwrap();
    // The tab is closed for good.
    drop((talk, page));
    call.wait_tone(MUSIC, seconds(10)).unwrap();
    world.wait_for("/agents/ana", seconds(30), |ana| {
        ana["state"] == "not_ready" && ana["reason"] == "device_lost"
    });
    // In front of who waits.
    world.wait_for("/queues/support", seconds(5), |line| {
        let waiting = line["waiting"].as_array().unwrap();
        waiting.len() == 2 && waiting[0]["interaction"] == id.as_str()
    });
    // Ben takes whoever is first.
    let ben = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    ben.register(world.sip, "2002", "word-of-ben").unwrap();
    let ringing = ben.wait_ring(seconds(10)).unwrap();
    assert_eq!(ringing.header("X-Cordboard-Interaction").unwrap(), id);
    let with_ben = ringing.answer().unwrap();
    with_ben.send(Sending::Tone(AGENT_HZ));
    call.wait_tone(AGENT_HZ, seconds(5)).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    call.hang_up();
    waits.hang_up();
    with_ben.wait_ended(seconds(5)).unwrap();
    let path = format!("/interactions/{id}");
    let record = world.wait_for(&path, seconds(8), |record| !record["ended_at"].is_null());
    assert_eq!(record["outcome"], "answered");
    assert_eq!(
        changes(&record),
        ["agent_lost", "agent_stayed_away", "sent_to_queue"]
    );
    let talked = record["queue_entries"].as_array().unwrap();
    let outcomes: Vec<&Value> = talked.iter().map(|entry| &entry["outcome"]).collect();
    assert_eq!(outcomes, [&json!("answered"), &json!("answered")]);
    let marks = marks(&record);
    assert!(
        matches!(&marks[..], [(kind, from, to)] if kind == "reconnect" && to - from > 18.0),
        "{marks:?}"
    );
}
