//! A queue that rings at all: several phones at once for one caller, and one of them has the caller.

use crate::support::phone::{Call, End, Phone, Sending, seconds};
use crate::support::world::{COMPANY, GOODBYE, Plan, World};
use serde_json::Value;
use std::time::Duration;

const CUSTOMER_HZ: f64 = 420.0;

/// Support rings at Ana and Ben, who both know what it asks for.
fn world() -> World {
    let company = COMPANY
        .replace(
            "skills = { billing = 3 }\n",
            "skills = { billing = 3 }\nstrategy = \"ring_all\"\n",
        )
        .replace("wrap_up = \"1s\"", "wrap_up = \"0s\"")
        .replace("ring_timeout = \"4s\"", "ring_timeout = \"10s\"");
    World::with(&Plan {
        company,
        ..Plan::default()
    })
}

fn comes(world: &World, login: &str, extension: &str) -> Phone {
    let phone = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    let password = format!("word-of-{login}");
    phone.register(world.sip, extension, &password).unwrap();
    world.wait_agent(login, "available", seconds(5));
    phone
}

fn customer() -> Phone {
    Phone::start("127.0.0.2".parse().unwrap()).unwrap()
}

/// A caller who says something all the time.
fn calls(world: &World, customer: &Phone) -> Call {
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(5)).unwrap();
    call.send(Sending::Tone(CUSTOMER_HZ));
    call.press("2");
    call
}

/// The offers of the newest interaction: to whom, and how each ended.
fn offers(world: &World) -> (Value, Vec<(String, String)>) {
    let newest = world.wait_last_interaction(seconds(8));
    let id = newest["id"].as_str().unwrap();
    let whole = world.get(&format!("/interactions/{id}"));
    let offers = whole["offers"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let mut told: Vec<_> = offers
        .map(|offer| (text(&offer["agent"]), text(&offer["outcome"])))
        .collect();
    told.sort();
    (whole, told)
}

fn told(pairs: [(&str, &str); 2]) -> Vec<(String, String)> {
    let own = |(agent, outcome): (&str, &str)| (agent.to_owned(), outcome.to_owned());
    pairs.into_iter().map(own).collect()
}

#[test]
fn two_phones_ring_at_once_and_the_first_who_answers_has_the_caller() {
    let (world, customer) = (world(), customer());
    let (ana, ben) = (comes(&world, "ana", "2001"), comes(&world, "ben", "2002"));
    let call = calls(&world, &customer);
    let (to_ana, to_ben) = (
        ana.wait_ring(seconds(8)).unwrap(),
        ben.wait_ring(seconds(8)).unwrap(),
    );
    let interaction = to_ana.header("X-Cordboard-Interaction");
    assert_eq!(to_ben.header("X-Cordboard-Interaction"), interaction);
    let queue = world.get("/queues/support");
    assert_eq!(queue["waiting"][0]["offered_to"], "ana");
    assert_eq!(queue["waiting"][0]["also_offered_to"][0], "ben");
    let talk = to_ben.answer().unwrap();
    talk.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
    // The other phone stops, and knows that it has missed nothing.
    let lost = to_ana.ignore();
    assert_eq!(lost.wait_ended(seconds(5)).unwrap(), End::TheyCancelled);
    assert!(lost.heard().packets.is_empty());
    let cancel = ana.transcript();
    let reason = "Reason: SIP;cause=200;text=\"Call completed elsewhere\"";
    assert!(cancel.contains(reason), "{cancel}");
    world.wait_agent("ana", "available", seconds(5));
    world.wait_agent("ben", "on_call", seconds(5));
    call.hang_up();
    talk.wait_ended(seconds(5)).unwrap();
    let (record, ended) = offers(&world);
    assert_eq!(ended, told([("ana", "revoked"), ("ben", "accepted")]));
    assert_eq!(record["outcome"], "answered");
    assert_eq!(record["agent"], "ben");
    ana.expect_quiet(seconds(0)).unwrap();
}

/// Both lift at the same moment, again and again: one talks, the other is let go and hears nothing.
#[test]
fn two_who_answer_at_the_same_moment_are_one_talk() {
    let (world, customer) = (world(), customer());
    let (ana, ben) = (comes(&world, "ana", "2001"), comes(&world, "ben", "2002"));
    for round in 0..4 {
        let call = calls(&world, &customer);
        let (to_ana, to_ben) = (
            ana.wait_ring(seconds(8)).unwrap(),
            ben.wait_ring(seconds(8)).unwrap(),
        );
        let (one, other) = if round % 2 == 0 {
            (to_ana.answer().unwrap(), to_ben.answer().unwrap())
        } else {
            let ben = to_ben.answer().unwrap();
            (to_ana.answer().unwrap(), ben)
        };
        let free = world.wait_for("/agents", seconds(5), |agents| {
            states(agents, "on_call") == 1 && states(agents, "available") == 1
        });
        let ana_has_it = free["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|agent| agent["login"] == "ana" && agent["state"] == "on_call");
        let (won, lost) = if ana_has_it {
            (one, other)
        } else {
            (other, one)
        };
        won.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
        assert_eq!(lost.wait_ended(seconds(5)).unwrap(), End::TheyHungUp);
        assert!(lost.heard().packets.is_empty(), "round {round}");
        assert_eq!(won.ended(), None);
        call.hang_up();
        won.wait_ended(seconds(5)).unwrap();
        let (record, ended) = offers(&world);
        let expected = if ana_has_it {
            [("ana", "accepted"), ("ben", "revoked")]
        } else {
            [("ana", "revoked"), ("ben", "accepted")]
        };
        assert_eq!(ended, told(expected), "round {round}");
        assert_eq!(record["outcome"], "answered");
        for login in ["ana", "ben"] {
            world.wait_agent(login, "available", seconds(5));
        }
    }
}

fn states(agents: &Value, state: &str) -> usize {
    let agents = agents["items"].as_array().unwrap().iter();
    agents.filter(|agent| agent["state"] == state).count()
}

#[test]
fn one_declines_while_the_other_rings_on_and_answers() {
    let (world, customer) = (world(), customer());
    let (ana, ben) = (comes(&world, "ana", "2001"), comes(&world, "ben", "2002"));
    let call = calls(&world, &customer);
    let to_ana = ana.wait_ring(seconds(8)).unwrap();
    let to_ben = ben.wait_ring(seconds(8)).unwrap();
    to_ana.decline(486);
    world.wait_agent("ana", "not_ready", seconds(5));
    let (ringing, quiet) = (to_ben, ana);
    quiet.expect_quiet(Duration::from_millis(500)).unwrap();
    assert_eq!(world.agent_state("ben"), "offered");
    let talk = ringing.answer().unwrap();
    talk.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
    talk.hang_up();
    call.wait_tone(GOODBYE, seconds(5)).unwrap();
    call.wait_ended(seconds(5)).unwrap();
    let (_, ended) = offers(&world);
    assert_eq!(ended, told([("ana", "declined"), ("ben", "accepted")]));
}

/// The caller gives up: every phone stops, and nobody has missed anything.
#[test]
fn a_caller_who_hangs_up_ends_all_the_ringing() {
    let (world, customer) = (world(), customer());
    let (ana, ben) = (comes(&world, "ana", "2001"), comes(&world, "ben", "2002"));
    let call = calls(&world, &customer);
    let ringing = [&ana, &ben].map(|phone| phone.wait_ring(seconds(8)).unwrap().ignore());
    call.hang_up();
    for phone in &ringing {
        assert_eq!(phone.wait_ended(seconds(5)).unwrap(), End::TheyCancelled);
    }
    for (phone, login) in [(&ana, "ana"), (&ben, "ben")] {
        world.wait_agent(login, "available", seconds(5));
        assert!(!phone.transcript().contains("completed elsewhere"));
    }
    let (_, ended) = offers(&world);
    let left = "caller_left";
    assert_eq!(ended, told([("ana", left), ("ben", left)]));
}
