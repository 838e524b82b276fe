//! After the agent has left, the caller is asked: what is heard, what the record and the log say.

use crate::hold::{AGENT_HZ, customer, registered, talk};
use crate::support::phone::{Call, End, Phone, seconds};
use crate::support::world::{BUSY, FLOW, GOODBYE, MENU, Plan, SORRY, World};
use serde_json::{Value, json};

/// The first question is the tone of "menu", the second that of "busy", a wrong key that of "sorry".
fn world() -> World {
    let survey = "  after-call:\n    - survey:\n        questions:\n          - { prompt: menu, keys: 1-5, store: csat }\n          \
                  - { prompt: busy, keys: [1, 2], store: solved }\n        no_match: [sorry]\n        exits: { skipped: left-alone }\n    \
                  - play: goodbye\n    - hangup:\n  left-alone:\n    - tag: { survey: skipped }\n    - hangup:\nwaits:\n";
    World::with(&Plan {
        flow: FLOW
            .replace("answered: goodbye", "answered: after-call")
            .replace("waits:\n", survey),
        ..Plan::default()
    })
}

/// A caller whom the agent has just left: the first question is heard.
fn asked(world: &World, ana: &Phone, customer: &Phone) -> (Call, String) {
    let (call, agent, id) = talk(world, customer, ana);
    agent.hang_up();
    call.wait_tone(MENU, seconds(5)).unwrap();
    (call, id)
}

fn answers(record: &Value) -> Vec<(Value, Value)> {
    let all = record["survey"].as_array().unwrap().iter();
    all.map(|one| (one["question"].clone(), one["answer"].clone()))
        .collect()
}

#[test]
fn answers_after_the_talk_stand_in_the_record() {
    let world = world();
    let (ana, customer) = (registered(&world, "ana", "2001"), customer());
    let (call, id) = asked(&world, &ana, &customer);
    call.press("9");
    call.wait_tone(SORRY, seconds(5)).unwrap();
    call.wait_tone(MENU, seconds(5)).unwrap();
    call.press("4");
    call.wait_tone(BUSY, seconds(5)).unwrap();
    call.press("1");
    call.wait_tone(GOODBYE, seconds(5)).unwrap();
    assert_eq!(call.wait_ended(seconds(5)).unwrap(), End::TheyHungUp);
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(record["id"], id.as_str());
    let expected = [("csat", 4), ("solved", 1)].map(|(name, digit)| (json!(name), json!(digit)));
    assert_eq!(answers(&record), expected, "{record:#}");
    assert_eq!(record["outcome"], "answered");
    assert_eq!(record["agent"], "ana");
    let logged = record["events"].as_array().unwrap().iter();
    let logged = logged.filter(|event| event["kind"] == "survey_answered");
    assert_eq!(logged.count(), 2);
    // The talk's recording ended with the talk: nobody's answers are in it.
    assert_eq!(record["recordings"].as_array().unwrap().len(), 1);
    let rows = world.query("SELECT question, answer FROM survey_answers ORDER BY seq");
    assert_eq!(rows, [["csat", "4"], ["solved", "1"]]);
    let file = world
        .recording_file(&id, 1)
        .with_file_name("interaction.json");
    let document: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(document["survey"], record["survey"]);
}

#[test]
fn who_says_nothing_takes_the_exit_and_who_hangs_up_has_not_answered() {
    let world = world();
    let (ana, customer) = (registered(&world, "ana", "2001"), customer());
    let (call, _) = asked(&world, &ana, &customer);
    // Two tries of three seconds.
    assert_eq!(call.wait_ended(seconds(15)).unwrap(), End::TheyHungUp);
    assert!(call.heard().duration_of(AGENT_HZ) > std::time::Duration::ZERO);
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(
        answers(&record),
        [(json!("csat"), Value::Null)],
        "{record:#}"
    );
    assert_eq!(record["tags"]["survey"], "skipped");

    world.wait_agent("ana", "available", seconds(5));
    let (call, id) = asked(&world, &ana, &customer);
    call.press("5");
    call.wait_tone(BUSY, seconds(5)).unwrap();
    call.hang_up();
    let record = world.wait_for(&format!("/interactions/{id}"), seconds(5), |whole| {
        whole["survey"].as_array().is_some_and(|all| all.len() == 2)
    });
    let expected = [(json!("csat"), json!(5)), (json!("solved"), Value::Null)];
    assert_eq!(answers(&record), expected, "{record:#}");
}
