//! What flows say, ask and record: a speech command judged by the tone it gives for a text, customers greeted by branch, a
//! message read back, the place in the queue, and companies that take away what flows name.

use crate::support::patience::until;
use crate::support::phone::{Call, End, Phone, Sending, audio, seconds};
use crate::support::world::{self, BUSY, COMPANY, FLOW, GOODBYE, MENU, MUSIC, Plan, SORRY, World};
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

const WELCOME: f64 = 1_100.0;
const NAME: f64 = 1_250.0;
const STRANGER: f64 = 1_400.0;
const PLACE: f64 = 1_550.0;
const TWO: f64 = 1_700.0;
const BEEP: f64 = 1_000.0;
const CUSTOMER_HZ: f64 = 420.0;

const FLOW_OF_STEPS: &str = r#"
flow: 1
name: support
languages: { default: en, offer: [en, es] }
prompts: { music: { file: music.wav }, goodbye: { file: goodbye.wav }, sorry: { file: sorry.wav }, busy: { file: busy.wav } }
defaults:
  input: { timeout: 3s, tries: 2 }
  exits: { exhausted: nobody, error: nobody }
vars:
  number: { type: string }
blocks:
  start:
    - answer:
    - customer: { by: call.from, timeout: 3s }
    - branch: [ { when: 'customer.name != ""', go: known }, { else: stranger } ]
  known:
    - say: "Welcome back {{ customer.name }}."
    - tag: { language: "{{ customer.language }}" }
    - go: leave
  stranger:
    - say: "Who is this"
    - collect: { into: number, prompt: busy, digits: 9 }
    - customer: { by: vars.number, create: true, timeout: 3s }
    - go: leave
  leave:
    - voicemail: { box: support, prompt: sorry, max: 30s, silence: 2s, exits: { recorded: thanks, too_short: nobody } }
  thanks:
    - play: goodbye
    - hangup:
  nobody:
    - hangup:
"#;

/// A speech command that gives a tone for each text it knows, fails for others, and writes nothing down.
fn command(folder: &Path, tones: &[(&str, f64)]) -> String {
    for (text, hz) in tones {
        world::tone(
            &folder.join(format!("{}.wav", text.replace(' ', "_"))),
            *hz,
            700,
        );
    }
    let script = folder.join("say.sh");
    let text = "#!/bin/sh\nread -r text\n[ \"$text\" = slow ] && exec sleep 60\n\
                exec cat \"$(dirname \"$0\")/$(printf %s \"$text\" | tr ' ' _).wav\"\n";
    std::fs::write(&script, text).unwrap();
    format!(
        "[speech]\ncommand = \"sh '{}' {{lang}}\"\n",
        script.display()
    )
}

fn speaking(folder: &Path, flow: &str) -> World {
    let tones = [
        ("Welcome back", WELCOME),
        ("Ana Ruiz", NAME),
        ("Who is this", STRANGER),
        ("You are number", PLACE),
        ("2", TWO),
    ];
    World::with(&Plan {
        flow: flow.to_owned(),
        settings: command(folder, &tones),
        ..Plan::default()
    })
}

fn customer() -> Phone {
    Phone::start("127.0.0.2".parse().unwrap()).unwrap()
}

fn call(world: &World, customer: &Phone, from: &str) -> Call {
    let call = customer.call(world.sip, "9000", from).unwrap();
    call.wait_answered(seconds(5)).unwrap();
    call
}

#[test]
fn a_customer_is_greeted_by_name_and_leaves_a_message_that_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let world = speaking(folder.path(), FLOW_OF_STEPS);
    let body = json!({ "name": "Ana Ruiz", "language": "es", "numbers": ["+34600111222"] });
    let (status, _, made) = world.http("POST", "/api/v1/customers", Some(&body), &[]);
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&made));
    let phone = customer();
    let call = call(&world, &phone, "600111222");
    call.wait_tone(WELCOME, seconds(6)).unwrap();
    call.wait_tone(NAME, seconds(3)).unwrap();
    call.wait_tone(SORRY, seconds(3)).unwrap();
    call.wait_tone(BEEP, seconds(3)).unwrap();
    call.wait_silence(seconds(3)).unwrap();
    call.send(Sending::Tone(CUSTOMER_HZ));
    std::thread::sleep(Duration::from_millis(2_500));
    // Two seconds of silence end the message.
    call.send(Sending::Silence);
    call.wait_tone(GOODBYE, seconds(8)).unwrap();
    assert_eq!(call.wait_ended(seconds(5)).unwrap(), End::TheyHungUp);

    let record = world.wait_last_interaction(seconds(8));
    assert_eq!(record["outcome"], "voicemail", "{record:#}");
    assert_eq!(record["end_cause"], "flow");
    assert_eq!(
        record["tags"],
        json!({ "language": "es", "voicemail": "support" })
    );
    let recordings = record["recordings"].as_array().unwrap();
    assert_eq!(recordings.len(), 1);
    assert_eq!(recordings[0]["kind"], "voicemail");
    let id = record["id"].as_str().unwrap();
    let (spec, left, right) = world::channels(&world.recording_file(id, 1));
    assert_eq!((spec.channels, spec.sample_rate), (2, 8_000));
    assert!(left.len() > 4 * 8_000, "{} frames", left.len());
    let spoken = left
        .chunks(4_000)
        .filter(|half| audio::dominance(half, CUSTOMER_HZ, 8_000.0) > 0.8)
        .count();
    assert!(
        spoken >= 4,
        "{spoken} halves of a second of the caller's tone"
    );
    assert!(audio::level(&right) < -60.0, "nobody is on the right");
    let story = explained(&world, id);
    assert!(
        story.contains("voicemail") && story.contains("a message that the customer left"),
        "{story}"
    );
    // Nobody's name or number is in the log.
    for secret in ["Ana", "Ruiz", "600111222"] {
        assert!(!world.log().contains(secret), "{secret} is in the log");
    }
}

fn explained(world: &World, id: &str) -> String {
    let out = world::cordboard(world.root())
        .args(["explain", id, "--config", "cordboard.toml"])
        .output()
        .unwrap();
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn a_stranger_gives_a_number_and_hangs_up_after_the_message() {
    let folder = tempfile::tempdir().unwrap();
    let world = speaking(folder.path(), FLOW_OF_STEPS);
    let phone = customer();
    let call = call(&world, &phone, "anonymous");
    call.wait_tone(STRANGER, seconds(6)).unwrap();
    call.wait_tone(BUSY, seconds(3)).unwrap();
    call.press("600333444");
    call.wait_tone(BEEP, seconds(8)).unwrap();
    call.wait_silence(seconds(3)).unwrap();
    call.send(Sending::Tone(CUSTOMER_HZ));
    std::thread::sleep(seconds(2));
    call.hang_up();
    let record = world.wait_last_interaction(seconds(8));
    assert_eq!(record["outcome"], "voicemail", "{record:#}");
    assert_eq!(record["end_cause"], "customer");
    let made = record["customer_id"]
        .as_str()
        .expect("the collected number's customer");
    let made = world.get(&format!("/customers/{made}"));
    assert_eq!(made["numbers"], json!(["+34600333444"]));
    assert!(!world.log().contains("600333444"), "digits are in the log");
}

/// The second caller in line hears that it is the second.
#[test]
fn a_waiting_caller_hears_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let flow = FLOW.replace(
        "      - play: busy\n",
        "      - say: \"You are number {{ queue.position }}.\"\n        when: queue.position > 1\n",
    );
    let world = speaking(folder.path(), &flow);
    let phone = customer();
    let wait = |from: &str| {
        let call = call(&world, &phone, from);
        call.press("2");
        call.wait_tone(MUSIC, seconds(5)).unwrap();
        call
    };
    let first = wait("600111222");
    let second = wait("600111223");
    second.wait_tone(PLACE, seconds(8)).unwrap();
    second.wait_tone(TWO, seconds(3)).unwrap();
    second.wait_tone(MUSIC, seconds(5)).unwrap();
    let heard = first.heard();
    assert!(
        heard.duration_of(PLACE).is_zero(),
        "the first is not told a place"
    );
    first.hang_up();
    second.hang_up();
}

#[test]
fn a_failing_or_slow_command_holds_up_no_call() {
    let folder = tempfile::tempdir().unwrap();
    let flow = |text: &str| {
        FLOW.replace(
            "    - play: greeting\n",
            &format!("    - say: {{ text: \"{text}\", exits: {{ error: sorry }} }}\n"),
        )
    };
    let world = speaking(folder.path(), &flow("Nobody can say this"));
    let phone = customer();
    let failed = call(&world, &phone, "600111222");
    failed.wait_tone(SORRY, seconds(6)).unwrap();
    assert_eq!(failed.wait_ended(seconds(5)).unwrap(), End::TheyHungUp);
    // Without an exit of its own the sentence is left out.
    world.write_flow(&FLOW.replace("    - play: greeting\n", "    - say: \"slow\"\n"));
    let began = Instant::now();
    let slow = call(&world, &phone, "600111222");
    slow.wait_tone(MENU, seconds(10)).unwrap();
    assert!(began.elapsed() < seconds(9), "{:?}", began.elapsed());
    slow.hang_up();
    // A key does not wait for the sentence.
    let keyed = call(&world, &phone, "600111222");
    keyed.press("1");
    keyed.wait_tone(GOODBYE, seconds(6)).unwrap();
    keyed.hang_up();
    assert!(
        !world.log().contains("Nobody can"),
        "what is said is in the log"
    );
}

/// The real program, as the settings' example has it.
#[test]
fn espeak_speaks_and_what_it_said_is_kept() {
    let world = World::with(&Plan {
        flow: FLOW.replace(
            "    - play: greeting\n",
            "    - say: \"Thank you for calling Fernhill Cycles.\"\n",
        ),
        settings: "[speech]\ncommand = \"espeak-ng -v {lang} --stdout\"\n".to_owned(),
        ..Plan::default()
    });
    let phone = customer();
    let call = call(&world, &phone, "600111222");
    call.wait_speech(MENU, seconds(8)).unwrap();
    call.wait_tone(MENU, seconds(8)).unwrap();
    call.hang_up();
    let kept = std::fs::read_dir(world.root().join("data/speech")).unwrap();
    assert_eq!(kept.count(), 1);
}

#[test]
fn a_company_that_takes_away_what_flows_name_is_refused_until_the_flows_follow() {
    let world = World::with(&Plan {
        log_level: Some("info"),
        ..Plan::default()
    });
    let phone = customer();
    let company = world.root().join("company.toml");
    let renamed = COMPANY
        .replace("name = \"support\"", "name = \"helpdesk\"")
        .replace("support = 1", "helpdesk = 1");
    std::fs::write(&company, &renamed).unwrap();
    world.wait_log("the company has no queue `support`", seconds(6));
    let log = world.log();
    assert!(
        log.contains("support.flow.yaml:2") && log.contains("put it back"),
        "{log}"
    );
    // The last good company serves on.
    let waiting = call(&world, &phone, "600111222");
    waiting.press("2");
    waiting.wait_tone(MUSIC, seconds(5)).unwrap();
    waiting.hang_up();
    // A flow that names what nobody has is refused too.
    world.write_flow(&FLOW.replace("to: support,", "to: nowhere,"));
    world.wait_log("the company has no queue `nowhere`", seconds(6));
    // Both together fit.
    let taken = || {
        world
            .log()
            .matches("flow read; the next call takes it")
            .count()
    };
    let before = taken();
    world.write_flow(&FLOW.replace("to: support,", "to: helpdesk,"));
    world.wait_log("the company file was read again", seconds(8));
    until(seconds(8), || taken() > before, || world.log());
    let moved = call(&world, &phone, "600111222");
    moved.press("2");
    moved.wait_tone(MUSIC, seconds(5)).unwrap();
    world.wait_for("/queues/helpdesk", seconds(5), |queue| {
        queue["waiting"]
            .as_array()
            .is_some_and(|waiting| waiting.len() == 1)
    });
    moved.hang_up();
}
