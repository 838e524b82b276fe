//! Routing as phones hear it: who rings, and whose call it is. Each rule by itself is proven in `router/`.

use crate::support::phone::{Call, IncomingCall, Phone, seconds};
use crate::support::world::{COMPANY, FLOW, MUSIC, Plan, World};

/// Ana, Ben and Cleo with these lines in place of their skills and queues; support and sales with these.
fn world(queues: [&str; 2], agents: [&str; 3]) -> World {
    let mut company = COMPANY
        .replace("skills = { billing = 3 }\n", &format!("{}\n", queues[0]))
        .replace("wrap_up = \"1s\"", "wrap_up = \"0s\"");
    company = company.replacen(
        "[[queues]]",
        &format!(
            "[[skills]]\nname = \"spanish\"\n\n[[queues]]\nname = \"sales\"\nwrap_up = \"0s\"\n{}\n\n[[queues]]",
            queues[1]
        ),
        1,
    );
    for (login, lines) in ["ana", "ben", "cleo"].into_iter().zip(agents) {
        let (head, own) = company.split_once(&format!("login = \"{login}\"")).unwrap();
        let (own, rest) = own.split_once("ready_on_register").unwrap();
        let kept = own
            .lines()
            .filter(|line| !line.starts_with("skills") && !line.starts_with("queues"));
        let own: Vec<&str> = kept.collect();
        company = format!(
            "{head}login = \"{login}\"{}\n{lines}\nready_on_register{rest}",
            own.join("\n")
        );
    }
    // Key 1 leads to sales, key 2 to support.
    let sales = "    - queue: { to: sales, use: wait }\n";
    World::with(&Plan {
        company,
        flow: FLOW
            .replace(
                "1: { go: goodbye, label: Nothing }",
                "1: { go: buy, label: Buy }",
            )
            .replace(
                "  sorry:\n    - play",
                &format!("  buy:\n{sales}  sorry:\n    - play"),
            ),
        ..Plan::default()
    })
}

fn comes(world: &World, login: &str, extension: &str) -> Phone {
    let phone = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    let password = format!("word-of-{login}");
    phone.register(world.sip, extension, &password).unwrap();
    phone
}

fn calls(world: &World, key: &str) -> Call {
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(5)).unwrap();
    call.press(key);
    call
}

fn rings(phone: &Phone) -> IncomingCall {
    phone.wait_ring(seconds(8)).unwrap()
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
    let ana = comes(&world, "ana", "2001");
    world.wait_agent("ana", "available", seconds(5));
    let ben = comes(&world, "ben", "2002");
    world.wait_agent("ben", "available", seconds(5));
    let cleo = comes(&world, "cleo", "2003");
    world.wait_agent("cleo", "available", seconds(5));
    let call = calls(&world, "2");
    rings(&cleo).decline(486);
    let talk = rings(&ben).answer().unwrap();
    world.wait_agent("ben", "on_call", seconds(5));
    call.hang_up();
    talk.wait_ended(seconds(5)).unwrap();
    ana.expect_quiet(seconds(0)).unwrap();
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
    earlier.wait_tone(MUSIC, seconds(8)).unwrap();
    let later = calls(&world, "1");
    later.wait_tone(MUSIC, seconds(8)).unwrap();
    let ana = comes(&world, "ana", "2001");
    let talk = rings(&ana).answer().unwrap();
    world.wait_for("/queues/sales", seconds(5), |queue| {
        queue["waiting"].as_array().unwrap().is_empty()
    });
    later.hang_up();
    talk.wait_ended(seconds(5)).unwrap();
    let talk = rings(&ana).answer().unwrap();
    world.wait_for("/queues/support", seconds(5), |queue| {
        queue["waiting"].as_array().unwrap().is_empty()
    });
    earlier.hang_up();
    talk.wait_ended(seconds(5)).unwrap();
}

#[test]
fn a_caller_who_calls_again_is_held_for_the_agent_of_the_last_talk_though_another_is_idle_longer() {
    let serves = "queues = { support = 1 }";
    let world = world(
        ["last_agent = \"20s\"\nstrategy = \"longest_idle\"", ""],
        [serves, serves, "queues = { sales = 1 }"],
    );
    let ana = comes(&world, "ana", "2001");
    world.wait_agent("ana", "available", seconds(5));
    let first = calls(&world, "2");
    let talk = rings(&ana).answer().unwrap();
    world.wait_agent("ana", "on_call", seconds(5));
    let ben = comes(&world, "ben", "2002");
    world.wait_agent("ben", "available", seconds(5));
    first.hang_up();
    talk.wait_ended(seconds(5)).unwrap();
    world.wait_agent("ana", "available", seconds(5));
    world.wait_last_interaction(seconds(8));
    let again = calls(&world, "2");
    let talk = rings(&ana).answer().unwrap();
    world.wait_agent("ana", "on_call", seconds(5));
    again.hang_up();
    talk.wait_ended(seconds(5)).unwrap();
    ben.expect_quiet(seconds(0)).unwrap();
}
