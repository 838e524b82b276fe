//! A saved company file holds at once for who waits, and touches no phone that rings.

use crate::rules::{LONG, Rules, decisions, end, is_here, line, quiet, rings, talks, waits};
use serde_json::json;

const SUPPORT: &str = "skills = { billing = 3 }";
const LACKS: &str = "skills = { billing = 2 }\nqueues = { support = 1 }";

fn rules(support: &'static str, ana: &'static str) -> Rules {
    Rules {
        queues: [support, ""],
        agents: [ana, "queues = { sales = 1 }", "queues = { sales = 1 }"],
        ..Rules::default()
    }
}

#[test]
fn who_waits_is_served_by_whom_an_edit_gave_the_skill_or_the_queue_or_asked_less_of() {
    let world = rules(SUPPORT, LACKS).start();
    let ana = is_here(&world, "ana");
    let ben = is_here(&world, "ben");
    let changes = [
        // A better level, a queue, less to ask for.
        (
            rules(
                SUPPORT,
                "skills = { billing = 3 }\nqueues = { support = 1 }",
            ),
            ("ana", &ana),
        ),
        (
            Rules {
                agents: [
                    LACKS,
                    "skills = { billing = 4 }\nqueues = { support = 1, sales = 1 }",
                    "queues = { sales = 1 }",
                ],
                ..rules(SUPPORT, LACKS)
            },
            ("ben", &ben),
        ),
        (rules("skills = { billing = 1 }", LACKS), ("ana", &ana)),
    ];
    for (after, (login, phone)) in changes {
        let (caller, id) = waits(&world, "2", ("support", 1));
        assert_eq!(
            line(&world, "support", |line| line.len() == 1)[0]["offered_to"],
            json!(null)
        );
        after.save(&world);
        let (same, talk) = talks(&world, login, phone);
        assert_eq!(same, id);
        let decision = decisions(&world, &id, 1).remove(0);
        assert_eq!(decision["kind"], "relax", "{decision:#}");
        end(&caller, &talk);
        world.wait_agent(login, "available", LONG);
        // As before, for the next.
        rules(SUPPORT, LACKS).save(&world);
    }
}

#[test]
fn a_phone_that_rings_goes_on_ringing_when_its_agent_no_longer_fits() {
    let fits = rules(
        SUPPORT,
        "skills = { billing = 3 }\nqueues = { support = 1 }",
    );
    let world = fits.start();
    let ana = is_here(&world, "ana");
    let (caller, id) = waits(&world, "2", ("support", 1));
    let ringing = rings(&ana);
    rules(SUPPORT, LACKS).save(&world);
    world.wait_agent("ana", "offered", LONG);
    let talk = ringing.answer().unwrap();
    world.wait_agent("ana", "on_call", LONG);
    end(&caller, &talk);
    let record = world.wait_last_interaction(LONG);
    assert_eq!(
        (&record["id"], &record["outcome"]),
        (&json!(id), &json!("answered"))
    );
    // The next caller meets the new rules.
    world.wait_agent("ana", "available", LONG);
    let (_next, _) = waits(&world, "2", ("support", 1));
    quiet(&ana);
}

#[test]
fn a_ladder_that_cannot_be_read_is_refused_with_its_place_and_who_waits_keeps_the_old_one() {
    let ladder =
        "skills = { billing = 3 }\nladder = [{ after = \"3s\", skills = { billing = 2 } }]";
    let world = rules(ladder, LACKS).start();
    let ana = is_here(&world, "ana");
    let (caller, id) = waits(&world, "2", ("support", 1));
    let wrong = rules(
        "skills = { billing = 3 }\nladder = [{ after = \"3s\", skills = { biling = 0 } }]",
        LACKS,
    );
    let text = wrong.company();
    let row = 1 + text
        .lines()
        .position(|line| line.contains("biling"))
        .unwrap();
    std::fs::write(world.root().join("company.toml"), &text).unwrap();
    world.wait_log("last good one stays", LONG);
    world.wait_log(&format!("company.toml:{row}:"), LONG);
    world.wait_log("did you mean \"billing\"?", LONG);
    let (same, talk) = talks(&world, "ana", &ana);
    assert_eq!(same, id);
    assert_eq!(decisions(&world, &id, 1)[0]["step"], 1);
    end(&caller, &talk);
}
