//! A call over SIP becomes a test for its flow: `cordboard flow replay`.

use crate::support::calls::{ana, talk_in_tones, to_the_queue};
use crate::support::patience::until;
use crate::support::phone::{Phone, seconds};
use crate::support::world::{self, GOODBYE, World};

fn run(world: &World, arguments: &[&str]) -> (bool, String, String) {
    let out = world::cordboard(world.root())
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.success(), text(out.stdout), text(out.stderr))
}

/// The caller chooses in the menu and talks with an agent, who leaves first.
#[test]
fn a_call_becomes_a_test_that_passes_and_names_nobody() {
    let world = World::start();
    let agent = ana(&world, "127.0.0.1");
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let call = to_the_queue(&world, &customer);
    let ringing = agent.wait_ring(seconds(5)).unwrap();
    let talk = ringing.answer().unwrap();
    talk_in_tones((&call, &talk), (420.0, 1_300.0));
    talk.hang_up();
    call.wait_tone(GOODBYE, seconds(8)).unwrap();
    call.wait_ended(seconds(8)).unwrap();

    let record = world.wait_last_interaction(seconds(8));
    let id = record["id"].as_str().unwrap();
    let number = record["caller_number"].as_str().unwrap();
    let replay = ["flow", "replay", id, "--config", "cordboard.toml"];
    let mut told = (false, String::new(), String::new());
    // The last lines of a call are in the database a moment after its record.
    until(
        seconds(20),
        || {
            told = run(&world, &replay);
            told.0 && told.1.contains("agent: leaves") && told.1.contains("ends:")
        },
        || "the call is never whole".to_owned(),
    );
    let (_, test, _) = told;
    for part in [
        "press: \"2\"",
        "after: menu",
        "chooses: Help",
        "queued: support",
        "answers: ",
    ] {
        assert!(test.contains(part), "{part}: {test}");
    }
    assert!(!test.contains(number), "{test}");
    let (_, with, _) = run(&world, &[&replay[..], &["--with-numbers"]].concat());
    assert!(with.contains(number), "{with}");

    // It is a test as people write them.
    let folder = world.root().join("flows");
    std::fs::write(folder.join("support.test.yaml"), &test).unwrap();
    let (passed, told, errors) = run(&world, &["flow", "test", "flows"]);
    assert!(passed, "{told}{errors}");
}
