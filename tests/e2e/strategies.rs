//! The keys between those who fit: the strategies of a queue among agents; class, head start and promotion among callers.

use crate::rules::{
    LONG, Rules, calls, comes, decided, decisions, end, is_here, line, quiet, talks, waits,
};
use serde_json::json;

#[test]
fn the_agent_who_has_been_idle_longest_rings_and_a_talk_makes_them_the_last() {
    let world = Rules::default().start();
    let ben = is_here(&world, "ben");
    let ana = is_here(&world, "ana");
    let first = calls(&world, "2");
    let (id, talk) = talks(&world, "ben", &ben);
    assert_eq!(decided(&world, &id), ("ben".into(), "longest_idle".into()));
    end(&first, &talk);
    world.wait_agent("ben", "available", LONG);
    let second = calls(&world, "2");
    let (id, talk) = talks(&world, "ana", &ana);
    assert_eq!(decided(&world, &id), ("ana".into(), "longest_idle".into()));
    end(&second, &talk);
}

/// Ana has had a talk and has been idle longest, Ben has had none.
fn the_one_without_a_talk_rings(strategy: &'static str, tie_break: &str) {
    let world = Rules {
        queues: [strategy, ""],
        ..Rules::default()
    }
    .start();
    let ana = is_here(&world, "ana");
    let first = calls(&world, "2");
    let (_, talk) = talks(&world, "ana", &ana);
    end(&first, &talk);
    world.wait_agent("ana", "available", LONG);
    let ben = is_here(&world, "ben");
    let second = calls(&world, "2");
    let (id, talk) = talks(&world, "ben", &ben);
    assert_eq!(decided(&world, &id), ("ben".into(), tie_break.to_owned()));
    let decision = decisions(&world, &id, 1).remove(0);
    let next = &decision["candidates"][0];
    assert_eq!(next["agent"], "ana", "{decision:#}");
    let idle = |of: &serde_json::Value| of["keys"]["idle_since"].as_str().unwrap().to_owned();
    assert!(idle(next) < idle(&decision["chosen"]), "{decision:#}");
    end(&second, &talk);
    quiet(&ana);
}

#[test]
fn the_least_occupied_rings_though_another_is_idle_longer() {
    the_one_without_a_talk_rings("strategy = \"least_occupied\"", "least_occupied");
}

#[test]
fn the_one_with_the_fewest_calls_rings_though_another_is_idle_longer() {
    the_one_without_a_talk_rings("strategy = \"fewest_calls\"", "fewest_calls");
}

/// Ana serves both queues.
const BOTH: [&str; 3] = [
    "queues = { support = 1, sales = 1 }",
    "queues = { support = 1 }",
    "queues = { sales = 1 }",
];

/// One waits in support, then one in sales, then Ana comes: whom she is rung for first, and what decided.
fn of_two_who_wait(queues: [&'static str; 2]) -> (&'static str, String) {
    let world = Rules {
        queues,
        agents: BOTH,
        ..Rules::default()
    }
    .start();
    let (_in_support, earlier) = waits(&world, "2", ("support", 1));
    let (_in_sales, _) = waits(&world, "1", ("sales", 1));
    let ana = comes(&world, "ana");
    let (id, _talk) = talks(&world, "ana", &ana);
    let (who, tie_break) = decided(&world, &id);
    assert_eq!(who, "ana");
    (if id == earlier { "support" } else { "sales" }, tie_break)
}

#[test]
fn class_comes_before_head_start_and_head_start_before_arrival() {
    let emergency = of_two_who_wait(["head_start = \"1h\"", "class = 0"]);
    assert_eq!(emergency, ("sales", "class".to_owned()));
    let head_start = of_two_who_wait(["", "head_start = \"1h\""]);
    assert_eq!(head_start, ("sales", "v".to_owned()));
    assert_eq!(of_two_who_wait(["", ""]), ("support", "v".to_owned()));
}

#[test]
fn who_has_waited_for_the_time_of_promotion_comes_before_emergencies_that_came_later() {
    let world = Rules {
        queues: ["promote_after = \"2s\"", "class = 0"],
        agents: BOTH,
        ..Rules::default()
    }
    .start();
    let (_in_support, promoted) = waits(&world, "2", ("support", 1));
    let (_in_sales, emergency) = waits(&world, "1", ("sales", 1));
    line(&world, "support", |line| line[0]["priority"]["class"] == 0);
    let ana = comes(&world, "ana");
    let (id, talk) = talks(&world, "ana", &ana);
    assert_eq!(id, promoted);
    assert_eq!(decided(&world, &id), ("ana".into(), "v".into()));
    let decision = decisions(&world, &id, 1).remove(0);
    let classes = [&decision["chosen"], &decision["candidates"][0]].map(|of| &of["keys"]["class"]);
    assert_eq!(classes, [&json!(0), &json!(0)], "{decision:#}");
    talk.hang_up();
    let (id, _talk) = talks(&world, "ana", &ana);
    assert_eq!(id, emergency);
}
