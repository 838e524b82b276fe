//! Routing as phones hear it: who rings, and whose call it is. Each rule by itself is proven in `router/`.

use crate::rules::{Caller, LONG, Rules, calls, comes, end, is_here, quiet, rings};
use crate::support::world::{MUSIC, World};

fn world(queues: [&'static str; 2], agents: [&'static str; 3]) -> World {
    Rules {
        queues,
        agents,
        ..Rules::default()
    }
    .start()
}

fn hears_music(caller: &Caller) {
    caller.wait_tone(MUSIC, LONG).unwrap();
}

#[test]
fn the_phone_of_the_most_skilled_with_a_valid_licence_rings_and_after_a_refusal_the_next() {
    let world = world(
        [
            "any_of = [{ billing = 5 }, { spanish = 2 }]\nstrategy = \"most_skilled\"",
            "",
        ],
        [
            "skills = { billing = 9 }\nlicences = { billing = \"2020-12-31\" }\nqueues = { support = 1 }",
            "skills = { spanish = 2 }\nqueues = { support = 1 }",
            "skills = { spanish = 5 }\nqueues = { support = 1 }",
        ],
    );
    // In the order of their idle times: Ana would be the longest idle and has the highest level.
    let ana = is_here(&world, "ana");
    let ben = is_here(&world, "ben");
    let cleo = is_here(&world, "cleo");
    let call = calls(&world, "2");
    rings(&cleo).decline(486);
    let talk = rings(&ben).answer().unwrap();
    world.wait_agent("ben", "on_call", LONG);
    end(&call, &talk);
    quiet(&ana);
}

#[test]
fn the_agents_own_order_of_queues_and_then_who_came_first() {
    let world = world(
        ["", ""],
        [
            "queues = { support = 1, sales = 1 }\nprefers = [\"sales\"]",
            "queues = { sales = 2 }",
            "queues = { sales = 2 }",
        ],
    );
    let earlier = calls(&world, "2");
    hears_music(&earlier);
    let later = calls(&world, "1");
    hears_music(&later);
    let ana = comes(&world, "ana");
    let talk = rings(&ana).answer().unwrap();
    world.wait_for("/queues/sales", LONG, |queue| {
        queue["waiting"].as_array().unwrap().is_empty()
    });
    end(&later, &talk);
    let talk = rings(&ana).answer().unwrap();
    world.wait_for("/queues/support", LONG, |queue| {
        queue["waiting"].as_array().unwrap().is_empty()
    });
    end(&earlier, &talk);
}

#[test]
fn a_caller_who_calls_again_is_held_for_the_agent_of_the_last_talk_though_another_is_idle_longer() {
    let serves = "queues = { support = 1 }";
    let world = world(
        ["last_agent = \"20s\"\nstrategy = \"longest_idle\"", ""],
        [serves, serves, "queues = { sales = 1 }"],
    );
    let ana = is_here(&world, "ana");
    let first = calls(&world, "2");
    let talk = rings(&ana).answer().unwrap();
    world.wait_agent("ana", "on_call", LONG);
    let ben = is_here(&world, "ben");
    end(&first, &talk);
    world.wait_agent("ana", "available", LONG);
    world.wait_last_interaction(LONG);
    let again = calls(&world, "2");
    let talk = rings(&ana).answer().unwrap();
    world.wait_agent("ana", "on_call", LONG);
    end(&again, &talk);
    quiet(&ben);
}
