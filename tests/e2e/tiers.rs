//! Who fits: levels, tiers, and a ladder that asks for less with time.

use crate::rules::{
    LONG, Rules, calls, comes, decided, decisions, end, interaction, is_here, line, logged, quiet,
    rings, talks, waits,
};
use crate::support::phone::End;
use serde_json::{Value, json};

#[test]
fn only_who_has_every_level_of_queue_and_flow_rings() {
    let world = Rules {
        queues: ["skills = { billing = 3, spanish = 1 }", ""],
        agents: [
            "skills = { billing = 9, spanish = 1 }\nqueues = { support = 1 }",
            "skills = { billing = 2, spanish = 9 }\nqueues = { support = 1 }",
            "skills = { billing = 3, spanish = 2 }\nqueues = { support = 1 }",
        ],
        // More than the queue asks for; of two that ask for one skill the higher holds.
        step: ", skills: { spanish: 2, billing: 1 }",
        ..Rules::default()
    }
    .start();
    // Idle in this order, and the last one alone fits.
    let ana = is_here(&world, "ana");
    let ben = is_here(&world, "ben");
    let cleo = is_here(&world, "cleo");
    let caller = calls(&world, "2");
    let (id, talk) = talks(&world, "cleo", &cleo);
    end(&caller, &talk);
    let decision = decisions(&world, &id, 1).remove(0);
    assert_eq!(decision["tie_break"], "only_one", "{decision:#}");
    assert_eq!(
        decision["requirement"],
        json!({ "billing": 3, "spanish": 2 })
    );
    let removed = json!({ "skill:billing": 1, "skill:spanish": 1 });
    assert_eq!(decision["removed"], removed, "{decision:#}");
    quiet(&ana);
    quiet(&ben);
}

#[test]
fn the_inner_tier_rings_first_and_a_step_of_the_ladder_adds_the_outer_one() {
    let world = Rules {
        queues: [
            "max_tier = 2\nladder = [{ after = \"2s\", max_tier = 3 }]",
            "",
        ],
        agents: [
            "queues = { support = 2 }",
            "queues = { support = 1 }",
            "queues = { support = 3 }",
        ],
        ..Rules::default()
    }
    .start();
    let cleo = is_here(&world, "cleo");
    let ana = is_here(&world, "ana");
    let ben = is_here(&world, "ben");
    let _first = calls(&world, "2");
    let (id, _with_ben) = talks(&world, "ben", &ben);
    assert_eq!(decided(&world, &id), ("ben".into(), "tier".into()));
    let _second = calls(&world, "2");
    let (id, _with_ana) = talks(&world, "ana", &ana);
    assert_eq!(decided(&world, &id), ("ana".into(), "only_one".into()));
    // Of the third tier nobody is asked before the step.
    let _third = calls(&world, "2");
    let (id, _with_cleo) = talks(&world, "cleo", &cleo);
    let decision = decisions(&world, &id, 1).remove(0);
    assert_eq!(decision["kind"], "relax", "{decision:#}");
    assert_eq!(decision["step"], 1, "{decision:#}");
}

/// One step of the ladder of this interaction.
fn relaxed(id: &str, step: u64) -> impl Fn(&Value) -> bool {
    move |event| {
        event["kind"] == "queue_relaxed" && event["interaction"] == id && event["step"] == step
    }
}

#[test]
fn a_ladder_lowers_a_level_then_drops_the_skill_and_lets_a_phone_go_on_ringing() {
    let world = Rules {
        queues: [
            "skills = { billing = 5 }\nring_timeout = \"60s\"\n\
             ladder = [{ after = \"2s\", skills = { billing = 2 } }, { after = \"4s\", skills = { billing = 0 } }]",
            "",
        ],
        agents: [
            "skills = { billing = 2 }\nqueues = { support = 1 }",
            "queues = { support = 1 }",
            "queues = { sales = 1 }",
        ],
        ..Rules::default()
    }
    .start();
    // Cleo serves another queue, Ben lacks the skill, Ana the level.
    let ben = is_here(&world, "ben");
    let ana = is_here(&world, "ana");
    let caller = calls(&world, "2");
    let ringing = rings(&ana);
    let id = interaction(&ringing);
    // Ben would fit from the second step on, but a phone rings and goes on ringing.
    logged(&world, [&relaxed(&id, 2)]);
    let offered = line(&world, "support", |line| line.len() == 1);
    assert_eq!(offered[0]["offered_to"], "ana", "{offered:#?}");
    quiet(&ben);
    ringing.decline(486);
    let (same, talk) = talks(&world, "ben", &ben);
    assert_eq!(same, id);
    end(&caller, &talk);
    let told = decisions(&world, &id, 2);
    let of = |decision: &Value| {
        let [who, kind] = [&decision["chosen"]["agent"], &decision["kind"]];
        json!([who, kind, decision["step"], decision["requirement"]])
    };
    assert_eq!(of(&told[0]), json!(["ana", "relax", 1, { "billing": 2 }]));
    assert_eq!(of(&told[1]), json!(["ben", "return", 2, {}]));
}

#[test]
fn callers_of_one_step_are_served_in_their_order() {
    let world = Rules {
        queues: [
            "skills = { billing = 5 }\nladder = [{ after = \"1s\", skills = { billing = 0 } }]",
            "",
        ],
        agents: [
            "queues = { support = 1 }",
            "queues = { support = 1 }",
            "skills = { billing = 9 }\nqueues = { sales = 1 }",
        ],
        ..Rules::default()
    }
    .start();
    let (first, earlier) = waits(&world, "2", ("support", 1));
    let (second, later) = waits(&world, "2", ("support", 2));
    logged(&world, [&relaxed(&earlier, 1), &relaxed(&later, 1)]);
    let ana = comes(&world, "ana");
    let (id, talk) = talks(&world, "ana", &ana);
    assert_eq!(id, earlier);
    assert_eq!(decided(&world, &id), ("ana".into(), "v".into()));
    end(&first, &talk);
    let (id, talk) = talks(&world, "ana", &ana);
    assert_eq!(id, later);
    talk.hang_up();
    assert_eq!(second.wait_ended(LONG).unwrap(), End::TheyHungUp);
}
