//! A supervisor closes a calendar from one moment to the next: what callers hear, which way they take, how it ends, and
//! that a crash forgets nothing of it.

use crate::support::phone::{End, Phone, seconds};
use crate::support::world::{COMPANY, Plan, World, tone};
use serde_json::{Value, json};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

/// Of the ways that a call may take, and of the message.
const OPEN: f64 = 650.0;
const EMERGENCY: f64 = 850.0;
const HOLIDAY: f64 = 1_050.0;
const MESSAGE: f64 = 1_250.0;

const FLOW: &str = r#"
flow: 1
name: support
prompts:
  open: { file: open.wav }
  emergency: { file: emergency.wav }
  holiday: { file: holiday.wav }
blocks:
  start:
    - answer:
    - hours: { check: office, exits: { closed: holiday, holiday: holiday, emergency: emergency, error: holiday } }
    - play: open
    - hangup:
  emergency:
    - play: emergency
    - hangup:
  holiday:
    - play: holiday
    - hangup:
"#;
const CALENDAR: &str = "\n[[calendars]]\nname = \"office\"\nzone = \"Europe/Madrid\"\nweek = { mon-sun = \"00:00-24:00\" }\nholidays = \"days.ics\"\n";

/// An ICS file of one day, and again every year.
fn ics(day: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:{day}\r\nRRULE:FREQ=YEARLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let prompts = folder.path().join("prompts");
    std::fs::create_dir_all(&prompts).unwrap();
    for (name, frequency) in [
        ("open", OPEN),
        ("emergency", EMERGENCY),
        ("holiday", HOLIDAY),
        ("message", MESSAGE),
    ] {
        tone(&prompts.join(format!("{name}.wav")), frequency, 1_000);
    }
    std::fs::write(folder.path().join("days.ics"), ics("20000229")).unwrap();
    let plan = Plan {
        flow: FLOW.to_owned(),
        company: format!("{COMPANY}{CALENDAR}"),
        ..Plan::default()
    };
    World::in_folder(folder, &plan)
}

fn customer() -> Phone {
    Phone::start("127.0.0.2".parse().unwrap()).unwrap()
}

/// A new caller hears these, one after the other, and the call ends.
fn hears(world: &World, customer: &Phone, tones: &[f64]) {
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(20)).unwrap();
    for tone in tones {
        call.wait_tone(*tone, seconds(20)).unwrap();
    }
    assert_eq!(call.wait_ended(seconds(20)).unwrap(), End::TheyHungUp);
}

fn ahead(time: Duration) -> String {
    let at = SystemTime::now() + time;
    jiff::Timestamp::try_from(at).unwrap().to_string()
}

fn close(world: &World, until: String) -> u16 {
    let body = json!({ "until": until, "message": { "prompt": "message.wav" }, "reason": "flood" });
    world.put("/calendars/office/closure", &body)
}

fn item(world: &World) -> Value {
    world.get("/calendars")["items"][0].clone()
}

fn cordboard(world: &World, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cordboard"))
        .args(arguments)
        .arg("--server")
        .arg(format!("http://{}", world.http))
        .env("CORDBOARD_TOKEN", world.token())
        .output()
        .unwrap()
}

#[test]
fn callers_of_a_closed_calendar_hear_why_and_leave_by_emergency() {
    let mut world = world();
    let customer = customer();
    hears(&world, &customer, &[OPEN]);
    // Longer than a week, or for ever, is no emergency.
    assert_eq!(close(&world, ahead(seconds(8 * 24 * 3600))), 422);
    let forever = json!({ "reason": "flood" });
    assert_eq!(world.put("/calendars/office/closure", &forever), 422);
    let nowhere = json!({ "until": ahead(seconds(60)), "reason": "flood" });
    assert_eq!(world.put("/calendars/nowhere/closure", &nowhere), 404);
    assert_eq!(item(&world)["now"], "open");

    assert_eq!(close(&world, ahead(seconds(3_600))), 200);
    let before = item(&world);
    assert_eq!(
        (&before["now"], &before["closure"]["reason"]),
        (&json!("emergency"), &json!("flood"))
    );
    hears(&world, &customer, &[MESSAGE, EMERGENCY]);
    // A crash forgets nothing of it.
    world.kill();
    world.start_again();
    assert_eq!(item(&world), before);
    hears(&world, &customer, &[MESSAGE, EMERGENCY]);
    // It ends by itself.
    assert_eq!(close(&world, ahead(seconds(2))), 200);
    world.wait_for("/calendars", seconds(20), |list| {
        list["items"][0]["now"] == "open"
    });
    hears(&world, &customer, &[OPEN]);

    // The same by the command, without a message, and opened by hand.
    let closing = [
        "hours", "close", "office", "--until", "2h", "--reason", "strike",
    ];
    let done = cordboard(&world, &closing);
    assert!(done.status.success(), "{done:?}");
    let list = cordboard(&world, &["hours"]);
    let list = String::from_utf8(list.stdout).unwrap();
    assert!(
        list.starts_with("office  company  emergency until ") && list.contains(": strike"),
        "{list}"
    );
    hears(&world, &customer, &[EMERGENCY]);
    let done = cordboard(&world, &["hours", "open", "office"]);
    assert!(done.status.success(), "{done:?}");
    hears(&world, &customer, &[OPEN]);
    let rows = world.wait_for("/audit", seconds(20), |audit| {
        let rows = audit["items"].as_array().unwrap().iter();
        rows.filter(|row| row["action"] == "open calendar").count() == 1
    });
    let said = rows["items"].as_array().unwrap().iter().filter(|row| {
        let object = row["object"].as_str().unwrap();
        row["action"] == "close calendar" && object.starts_with("office until ")
    });
    assert_eq!(said.count(), 3, "{rows:#}");
}

#[test]
fn a_saved_file_of_holidays_counts_and_a_broken_one_does_not() {
    let world = world();
    let customer = customer();
    hears(&world, &customer, &[OPEN]);
    let zone = jiff::tz::TimeZone::get("Europe/Madrid").unwrap();
    let local = jiff::Timestamp::now().to_zoned(zone);
    let file = world.root().join("days.ics");
    // Yesterday and tomorrow as well: midnight may pass meanwhile.
    let day = |days: i64| {
        let date = local
            .date()
            .checked_add(jiff::Span::new().days(days))
            .unwrap();
        date.strftime("%Y%m%d").to_string()
    };
    let events = format!(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:{}\nDTEND:{}\nEND:VEVENT\nEND:VCALENDAR\n",
        day(-1),
        day(2)
    );
    std::fs::write(&file, events).unwrap();
    world.wait_for("/calendars", seconds(30), |list| {
        list["items"][0]["now"] == "holiday"
    });
    hears(&world, &customer, &[HOLIDAY]);
    std::fs::write(&file, "BEGIN:VCALENDAR\nBEGIN:VEVENT\n").unwrap();
    world.wait_log("the company file is refused", seconds(30));
    world.wait_log("days.ics:2", seconds(30));
    hears(&world, &customer, &[HOLIDAY]);
    std::fs::write(&file, ics("20000229")).unwrap();
    world.wait_for("/calendars", seconds(30), |list| {
        list["items"][0]["now"] == "open"
    });
    hears(&world, &customer, &[OPEN]);
}
