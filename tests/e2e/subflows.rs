//! Flows that call each other, on the telephone: values go in and out, and a call keeps the set that it began with.

use crate::support::phone::{Call, End, Phone, seconds};
use crate::support::world::{BUSY, GOODBYE, MENU, MUSIC, Plan, SORRY, World};

/// Asks twice by another flow; the digits lead to goodbye, silence to sorry.
const MAIN: &str = r#"
flow: 1
name: support
vars: { first: { type: string }, second: { type: string } }
prompts: { sorry: { file: sorry.wav }, goodbye: { file: goodbye.wav }, busy: { file: busy.wav } }
defaults: { exits: { error: silent } }
blocks:
  start:
    - answer:
    - call: { flow: ask, with: { length: 2 }, into: { first: typed }, exits: { silent: silent } }
    - play: busy
    - call: { flow: ask, with: { length: 2 }, into: { second: typed }, exits: { silent: silent } }
    - tag: { both: "{{ vars.first }}-{{ vars.second }}" }
    - play: goodbye
    - hangup:
  silent:
    - play: sorry
    - hangup:
"#;

const ASK: &str = r#"
flow: 1
name: ask
inputs: { length: { type: int } }
outputs: { typed: { type: string } }
prompts: { menu: { file: menu.wav }, music: { file: music.wav } }
defaults: { exits: { error: none } }
blocks:
  start:
    - collect: { into: typed, prompt: menu, digits: 2-4, check: "size(vars.typed) == vars.length", tries: 1, timeout: 12s, exits: { exhausted: none } }
    - return:
  none:
    - return: silent
"#;

fn customer() -> Phone {
    Phone::start("127.0.0.2".parse().unwrap()).unwrap()
}

fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("flows")).unwrap();
    std::fs::write(folder.path().join("flows/ask.flow.yaml"), ASK).unwrap();
    let plan = Plan {
        flow: MAIN.to_owned(),
        ..Plan::default()
    };
    World::in_folder(folder, &plan)
}

fn save(world: &World, text: &str) {
    std::fs::write(world.root().join("flows/ask.flow.yaml"), text).unwrap();
}

fn call(world: &World, customer: &Phone) -> Call {
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(10)).unwrap();
    call
}

fn types(call: &Call, prompt: f64, digits: &str) {
    call.wait_tone(prompt, seconds(10)).unwrap();
    call.press(&format!("{digits}#"));
}

#[test]
fn a_call_keeps_the_flows_that_it_began_with() {
    let world = world();
    let customer = customer();
    let first = call(&world, &customer);
    types(&first, MENU, "12");
    first.wait_tone(BUSY, seconds(10)).unwrap();
    // Saved in the middle of the call: in its own set the prompt is still the old one.
    save(&world, &ASK.replace("prompt: menu", "prompt: music"));
    first.wait_tone(MENU, seconds(10)).unwrap();
    let second = call(&world, &customer);
    types(&second, MUSIC, "56");
    second.wait_tone(BUSY, seconds(10)).unwrap();
    second.hang_up();
    first.press("34#");
    first.wait_tone(GOODBYE, seconds(10)).unwrap();
    assert_eq!(first.wait_ended(seconds(10)).unwrap(), End::TheyHungUp);
    let list = world.wait_for("/interactions?limit=5", seconds(20), |list| {
        let items = list["items"].as_array().unwrap();
        items.len() == 2 && items.iter().all(|item| !item["ended_at"].is_null())
    });
    let id = list["items"][1]["id"].as_str().unwrap().to_owned();
    let record = world.get(&format!("/interactions/{id}"));
    assert_eq!(record["tags"]["both"], "12-34", "{record:#}");
    // One that no longer fits what the other asks of it: the last set that was good stays.
    save(
        &world,
        &ASK.replace(
            "length: { type: int }",
            "length: { type: int }, more: { type: int }",
        ),
    );
    let third = call(&world, &customer);
    third.wait_tone(MUSIC, seconds(10)).unwrap();
    third.hang_up();
    assert!(
        world.log().contains("the last good set stays"),
        "{}",
        world.log()
    );
}

#[test]
fn silence_takes_the_exit_of_its_word() {
    let world = world();
    let customer = customer();
    let call = call(&world, &customer);
    call.wait_tone(MENU, seconds(10)).unwrap();
    call.wait_tone(SORRY, seconds(40)).unwrap();
    assert_eq!(call.wait_ended(seconds(10)).unwrap(), End::TheyHungUp);
}
