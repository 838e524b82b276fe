//! An agent puts the customer on hold, by the API or at the phone: what both hear, what the record and the recording say.

use crate::support::http;
use crate::support::patience::{eventually, until};
use crate::support::phone::{Call, Phone, Sending, audio, seconds};
use crate::support::world::{self, COMPANY, MUSIC, Plan, World, token_with};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Primes: what G.711 adds to a tone, and to a sum of them, lies at none of the others.
pub(crate) const CUSTOMER_HZ: f64 = 419.0;
pub(crate) const AGENT_HZ: f64 = 1_297.0;
pub(crate) const THIRD_HZ: f64 = 1_871.0;

/// The queue has music of its own, which is that of holds.
pub(crate) fn with_music() -> World {
    World::with(&Plan {
        company: COMPANY.replace("wrap_up = \"1s\"", "wrap_up = \"1s\"\nmusic = \"music\""),
        ..Plan::default()
    })
}

pub(crate) fn registered(world: &World, login: &str, extension: &str) -> Phone {
    let phone = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    let password = format!("word-of-{login}");
    phone.register(world.sip, extension, &password).unwrap();
    world.wait_agent(login, "available", seconds(5));
    phone
}

/// A customer who talks with the first agent to be rung: both their calls, and the interaction.
pub(crate) fn talk(world: &World, customer: &Phone, agent: &Phone) -> (Call, Call, String) {
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(5)).unwrap();
    call.press("2");
    let ringing = agent.wait_ring(seconds(10)).unwrap();
    let interaction = ringing.header("X-Cordboard-Interaction").unwrap();
    let talk = ringing.answer().unwrap();
    call.send(Sending::Tone(CUSTOMER_HZ));
    talk.send(Sending::Tone(AGENT_HZ));
    call.wait_tone(AGENT_HZ, seconds(5)).unwrap();
    talk.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
    (call, talk, interaction)
}

pub(crate) fn customer() -> Phone {
    Phone::start("127.0.0.2".parse().unwrap()).unwrap()
}

/// `POST /calls/{interaction}/{verb}` with this token: the status, and the problem in words.
pub(crate) fn ask_as(
    world: &World,
    token: &str,
    interaction: &str,
    verb: &str,
    body: &Value,
) -> (u16, String) {
    let path = format!("/api/v1/calls/{interaction}/{verb}");
    let text = (!body.is_null()).then(|| body.to_string());
    let (status, _, answer) = http::exchange(
        world.http,
        Some(token),
        ("POST", &path),
        text.as_deref(),
        &[],
    );
    (status, String::from_utf8_lossy(&answer).into_owned())
}

/// The same as the admin; anything but 204 fails the test.
pub(crate) fn done(world: &World, interaction: &str, verb: &str, body: &Value) {
    let (status, why) = ask_as(world, world.token(), interaction, verb, body);
    assert_eq!(status, 204, "{verb}: {why}");
}

/// Seconds of each side that are this tone, by 100 ms.
pub(crate) fn heard_in(side: &[i16], hz: f64) -> f64 {
    let windows = side.chunks_exact(800);
    let is_tone = |window: &&[i16]| {
        audio::level(window) > -50.0 && audio::dominance(window, hz, 8_000.0) > 0.8
    };
    windows.filter(is_tone).count() as f64 / 10.0
}

/// No sound between these seconds, a little inside of them.
pub(crate) fn assert_silent(side: &[i16], from: f64, to: f64) {
    let at = |second: f64| ((second * 8_000.0) as usize).min(side.len());
    let within = &side[at(from + 0.15)..at(to - 0.15).max(at(from + 0.15))];
    assert!(
        within.is_empty() || audio::level(within) < -60.0,
        "{from} to {to}: {:.0} dBFS",
        audio::level(within)
    );
}

/// The marks of the first recording.
pub(crate) fn marks(record: &Value) -> Vec<(String, f64, f64)> {
    let marks = record["recordings"][0]["marks"].as_array().unwrap();
    let read = |mark: &Value| {
        (
            mark["kind"].as_str().unwrap().to_owned(),
            mark["from"].as_f64().unwrap(),
            mark["to"].as_f64().unwrap(),
        )
    };
    marks.iter().map(read).collect()
}

/// The customer hears music and nothing of the agent, the agent nothing at all.
fn assert_held(call: &Call, talk: &Call) {
    call.wait_tone(MUSIC, seconds(5)).unwrap();
    talk.wait_silence(seconds(5)).unwrap();
    let now = Instant::now();
    std::thread::sleep(Duration::from_millis(1_200));
    let music = || call.heard().since(now).duration_of(MUSIC);
    let goes_on = || music() >= Duration::from_millis(800);
    until(seconds(5), goes_on, || format!("{:?} of music", music()));
    let heard = call.heard().since(now);
    assert_eq!(heard.duration_of(AGENT_HZ), Duration::ZERO);
    assert_eq!(
        talk.heard().since(now).duration_of(CUSTOMER_HZ),
        Duration::ZERO
    );
}

fn assert_talking(call: &Call, talk: &Call) {
    call.wait_tone(AGENT_HZ, seconds(5)).unwrap();
    talk.wait_tone(CUSTOMER_HZ, seconds(5)).unwrap();
    std::thread::sleep(Duration::from_millis(600));
}

#[test]
fn a_customer_on_hold_hears_music_and_the_recording_marked_silence() {
    let world = with_music();
    let (ana, customer) = (registered(&world, "ana", "2001"), customer());
    let (call, talk, id) = talk(&world, &customer, &ana);
    let nothing = Value::Null;
    done(&world, &id, "hold", &nothing);
    assert_held(&call, &talk);
    // Held twice is held.
    done(&world, &id, "hold", &nothing);
    assert_held(&call, &talk);
    done(&world, &id, "resume", &nothing);
    done(&world, &id, "resume", &nothing);
    assert_talking(&call, &talk);
    // At the phone itself: the same, and only the phone ends it.
    for direction in ["sendonly", "inactive"] {
        talk.offer(direction).unwrap();
        assert_held(&call, &talk);
        let (status, why) = ask_as(&world, world.token(), &id, "resume", &nothing);
        assert_eq!(status, 409, "{why}");
        assert!(why.contains("at the phone"), "{why}");
        talk.offer("sendrecv").unwrap();
        assert_talking(&call, &talk);
    }
    // The end in the middle of a hold.
    done(&world, &id, "hold", &nothing);
    assert_held(&call, &talk);
    call.hang_up();
    talk.wait_ended(seconds(5)).unwrap();
    let record = world.wait_last_interaction(seconds(8));
    assert_eq!(record["outcome"], "answered");
    assert_eq!(record["end_cause"], "customer");
    let marks = marks(&record);
    let kinds: Vec<&str> = marks.iter().map(|(kind, ..)| kind.as_str()).collect();
    assert_eq!(kinds, ["hold"; 4], "{marks:?}");
    let (_, left, right) = world::channels(&world.recording_file(&id, 1));
    assert_eq!(record["recordings"].as_array().unwrap().len(), 1);
    for (_, from, to) in &marks {
        assert!(to > from, "{marks:?}");
        assert_silent(&left, *from, *to);
        assert_silent(&right, *from, *to);
    }
    let held: f64 = marks.iter().map(|(_, from, to)| to - from).sum();
    let whole = left.len() as f64 / 8_000.0;
    for (side, hz) in [(&left, CUSTOMER_HZ), (&right, AGENT_HZ)] {
        let heard = heard_in(side, hz);
        assert!(
            (whole - held - heard).abs() < 1.5,
            "{hz} Hz: {heard} s of {whole} s, {held} s held"
        );
    }
    world.wait_agent("ana", "available", seconds(5));
}

#[test]
fn only_the_agent_of_the_call_or_a_supervisor_may() {
    let world = with_music();
    let (ana, customer) = (registered(&world, "ana", "2001"), customer());
    let token = |arguments: &[&str]| token_with(world.root(), arguments);
    let of_ana = token(&["--role", "agent", "--agent", "ana"]);
    let of_ben = token(&["--role", "agent", "--agent", "ben"]);
    let of_reader = token(&["--role", "readonly"]);
    let of_supervisor = token(&["--role", "supervisor"]);
    let nothing = Value::Null;
    let (call, talk, id) = talk(&world, &customer, &ana);
    let status = |token: &str, id: &str, verb: &str, body: &Value| {
        let (status, why) = ask_as(&world, token, id, verb, body);
        assert!(status == 204 || why.contains("\"detail\""), "{why}");
        status
    };
    assert_eq!(status(&of_ben, &id, "hold", &nothing), 403);
    assert_eq!(status(&of_reader, &id, "hold", &nothing), 403);
    assert_eq!(status(&of_ana, "nothing", "hold", &nothing), 404);
    let unknown = "0190c0de-0000-7000-8000-000000000000";
    assert_eq!(status(&of_ana, unknown, "hold", &nothing), 404);
    assert_eq!(status(&of_ana, &id, "merge", &nothing), 409);
    assert_eq!(status(&of_ana, &id, "complete", &nothing), 409);
    assert_eq!(status(&of_ana, &id, "cancel", &nothing), 409);
    let to = |to: Value| json!({ "to": to });
    assert_eq!(status(&of_ana, &id, "transfer", &to(json!({}))), 422);
    assert_eq!(
        status(&of_ana, &id, "transfer", &to(json!({ "agent": "nobody" }))),
        404
    );
    assert_eq!(
        status(&of_ana, &id, "transfer", &to(json!({ "agent": "ben" }))),
        409,
        "no phone is registered"
    );
    assert_eq!(
        status(&of_ana, &id, "consult", &to(json!({ "queue": "support" }))),
        422
    );
    let listen = json!({ "mode": "listen", "extension": "2002" });
    assert_eq!(status(&of_ana, &id, "monitor", &listen), 403);
    // None of that changed anything.
    assert_talking(&call, &talk);
    assert_eq!(status(&of_ana, &id, "hold", &nothing), 204);
    call.wait_tone(MUSIC, seconds(5)).unwrap();
    assert_eq!(status(&of_supervisor, &id, "resume", &nothing), 204);
    assert_talking(&call, &talk);
    // The agent's phone is hung up for them; the flow goes on.
    assert_eq!(status(&of_ana, &id, "hangup", &nothing), 204);
    talk.wait_ended(seconds(5)).unwrap();
    call.wait_tone(world::GOODBYE, seconds(5)).unwrap();
    call.wait_ended(seconds(5)).unwrap();
    let record = world.wait_last_interaction(seconds(8));
    assert_eq!(record["end_cause"], "agent");
    // The record is there before the last of the call is gone here.
    let refused = || Some(status(&of_ana, &id, "hold", &nothing)).filter(|status| *status != 409);
    let told = || "it is not over".to_owned();
    assert_eq!(eventually(seconds(5), refused, told), 404);
}
