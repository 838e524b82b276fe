//! Our restart under three registered desk phones of three makes: none of them does anything about it.

#![allow(clippy::unwrap_used, reason = "a test with helpers of its own")]

use crate::support::peers::baresip::Baresip;
use crate::support::peers::linphone::Linphone;
use crate::support::peers::sipp::Sipp;
use crate::support::peers::track::Track;
use crate::support::phone::{Call, Phone, Sending, seconds};
use crate::support::world::{MENU, Plan, World};
use crate::{AGENT, CUSTOMER, NUMBER, TRUNK, assert_phone_heard, at, ip};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What each phone says, so that the caller knows who answered.
const ANA_HZ: f64 = 1_300.0;
const BEN_HZ: f64 = 1_700.0;
const CLEO_HZ: f64 = 2_100.0;
const CUSTOMER_HZ: f64 = 420.0;
/// From the key that asks for a person to the agent's voice.
const OFFERED: Duration = Duration::from_secs(3);

fn state(world: &World, login: &str) -> (String, Value) {
    let agent = world.get(&format!("/agents/{login}"));
    let state = agent["state"].as_str().unwrap().to_owned();
    (state, agent["reason"].clone())
}

fn ask(world: &World, login: &str, wanted: &Value) {
    let path = format!("/agents/{login}/state");
    assert_eq!(world.put(&path, wanted), 200, "{login}: {wanted}");
}

/// Only this agent takes calls; the others have left for reasons of their own.
fn only(world: &World, ready: &str) {
    for (login, reason) in [("ana", "lunch"), ("ben", "training"), ("cleo", "break")] {
        if login == ready {
            ask(world, login, &json!({ "state": "available" }));
            world.wait_agent(login, "available", seconds(5));
        } else {
            ask(
                world,
                login,
                &json!({ "state": "not_ready", "reason": reason }),
            );
            world.wait_agent(login, "not_ready", seconds(5));
        }
    }
}

/// Restarts, and everybody is as they were.
fn restart(world: &mut World, by_crash: bool) {
    // Journal lines become rows a moment later; a crash loses none, but this is about agents, not about crashes.
    world.wait_written(seconds(5));
    let before = ["ana", "ben", "cleo"].map(|login| state(world, login));
    if by_crash {
        world.kill();
    } else {
        assert_eq!(world.stop(), Some(0));
    }
    world.start_again();
    let after = ["ana", "ben", "cleo"].map(|login| state(world, login));
    assert_eq!(before, after);
}

/// A caller asks for a person, and hears this tone soon.
fn reaches(world: &World, hz: f64) -> (Phone, Call) {
    let phone = Phone::start(ip(TRUNK)).unwrap();
    let call = phone.call(world.sip, "9000", NUMBER).unwrap();
    call.send(Sending::Silence);
    call.wait_answered(seconds(3)).unwrap();
    call.wait_tone(MENU, seconds(4)).unwrap();
    let asked = Instant::now();
    call.press("2");
    call.wait_tone(hz, seconds(8)).unwrap();
    let took = asked.elapsed();
    assert!(took < OFFERED, "{took:?} from the key to the agent");
    call.send(Sending::Numbered {
        leg: CUSTOMER,
        hz: CUSTOMER_HZ,
    });
    std::thread::sleep(seconds(2));
    (phone, call)
}

/// Since the start nobody registered: every REGISTER begins with a challenge.
fn nobody_registered(world: &World) {
    // Counters are published once a second.
    std::thread::sleep(Duration::from_millis(1_100));
    let quiet = [
        "cordboard_sip_events_total{kind=\"challenge\"} 0",
        "cordboard_sip_held{kind=\"bindings\"} 3",
    ];
    world.wait_metrics(&quiet, seconds(3));
}

/// The test company, with all three agents in the queue of the menu's key 2.
fn all_serve() -> Plan {
    let mut plan = Plan::default();
    let (without, with) = (
        "\"word-of-cleo\"\n",
        "\"word-of-cleo\"\nskills = { billing = 3 }\n",
    );
    assert!(plan.company.contains(without));
    plan.company = plan.company.replace(without, with);
    plan
}

#[test]
fn three_makes_of_phones_sleep_through_our_restarts() {
    let mut world = World::with(&all_serve());
    let ana = Baresip::agent(world.sip, "2001", "word-of-ana", ANA_HZ).unwrap();
    let ben = Linphone::agent(world.sip, "2002", "word-of-ben", BEN_HZ).unwrap();
    let desk = at("127.0.2.8", 5_120);
    Sipp::new("agent_register.xml", desk)
        .server(world.sip)
        .user("2003")
        .password("word-of-cleo")
        .run(seconds(5))
        .unwrap();
    let cleo = Sipp::new("agent.xml", desk)
        .plays(&Track::new(AGENT, CLEO_HZ, 20))
        .start()
        .unwrap();
    for login in ["ana", "ben", "cleo"] {
        world.wait_agent(login, "available", seconds(5));
    }
    let registers = ben.registers_sent();
    // A binding is written down a moment after it changed.
    world.wait_query("SELECT count(*) FROM registrations", "3", seconds(5));
    for (login, hz, by_crash) in [
        ("ana", ANA_HZ, true),
        ("ben", BEN_HZ, false),
        ("cleo", CLEO_HZ, true),
    ] {
        only(&world, login);
        restart(&mut world, by_crash);
        let (_phone, call) = reaches(&world, hz);
        nobody_registered(&world);
        call.hang_up();
        let record = world.wait_last_interaction(seconds(5));
        assert_eq!(record["agent"], login, "{record:#}");
        assert_eq!(record["outcome"], "answered", "{record:#}");
        world.wait_agent(login, "available", seconds(5));
    }
    assert_eq!(ben.registers_sent(), registers);
    cleo.wait(seconds(5)).unwrap();
    let heard = [
        ana.quit_and_listen().unwrap(),
        ben.quit_and_listen().unwrap(),
    ];
    assert_phone_heard(&heard[0], CUSTOMER_HZ, "baresip");
    assert_phone_heard(&heard[1], CUSTOMER_HZ, "Linphone");
}

/// Over TCP a phone's flow dies with us; its agent is there as before, and is called over a connection of ours or over
/// the one that the phone opens anew.
#[test]
fn phones_with_flows_of_their_own_are_called_after_our_crash() {
    let plan = Plan {
        tcp: true,
        ..all_serve()
    };
    let mut world = World::with(&plan);
    let phones = [
        ("ana", "2001", ("tcp", false), ANA_HZ),
        ("ben", "2002", ("tcp", true), BEN_HZ),
        ("cleo", "2003", ("udp", true), CLEO_HZ),
    ];
    let running = phones.map(|(login, extension, flow, hz)| {
        let password = format!("word-of-{login}");
        let phone = Baresip::flow(world.sip, (extension, &password), flow, hz).unwrap();
        world.wait_agent(login, "available", seconds(5));
        phone
    });
    for ((login, _, _, hz), phone) in phones.into_iter().zip(running) {
        only(&world, login);
        std::thread::sleep(Duration::from_millis(200));
        restart(&mut world, login != "ben");
        let (_phone, call) = reaches(&world, hz);
        call.hang_up();
        let record = world.wait_last_interaction(seconds(5));
        assert_eq!(record["agent"], login, "{record:#}");
        assert_eq!(record["outcome"], "answered", "{record:#}");
        world.wait_agent(login, "available", seconds(5));
        let heard = phone.quit_and_listen().unwrap();
        assert_phone_heard(&heard, CUSTOMER_HZ, "the phone");
    }
}
