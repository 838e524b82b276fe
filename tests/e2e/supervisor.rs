//! A supervisor who is no agent: their phone is the page they are signed in with. And what the audit says of them.

use crate::hold::{
    AGENT_HZ, CUSTOMER_HZ, THIRD_HZ, customer, heard_in, registered, talk, with_music,
};
use crate::monitor::hears;
use crate::over_websocket::{page_with, signed_in};
use crate::support::http;
use crate::support::phone::{End, Sending, seconds};
use crate::support::world::{self, World, cordboard};
use serde_json::{Value, json};
use std::process::Command;

/// A request by a signed-in page: status, and what the answer says.
fn by_page(world: &World, page: &[String], path: &str, body: &Value) -> (u16, Value) {
    let lines: Vec<&str> = page.iter().map(String::as_str).collect();
    let text = (!body.is_null()).then(|| body.to_string());
    let path = format!("/api/v1{path}");
    let asked = ("POST", path.as_str());
    let (status, _, answer) = http::exchange(world.http, None, asked, text.as_deref(), &lines);
    (status, serde_json::from_slice(&answer).unwrap_or_default())
}

#[test]
fn a_supervisor_who_is_no_agent_hears_a_call_in_the_browser_and_takes_it_over() {
    let world = with_music();
    let ana = registered(&world, "ana", "2001");
    let customer = customer();
    let sam = signed_in(&world, "sam", "supervisor");
    let (call, talk, id) = talk(&world, &customer, &ana);
    let path = format!("/calls/{id}/monitor");
    let ask = |mode: &str| by_page(&world, &sam, &path, &json!({ "mode": mode }));
    // No phone at all, then one that is not connected.
    let (status, why) = ask("listen");
    assert_eq!(
        (status, &why["type"]),
        (409, &"urn:cordboard:no-phone".into())
    );
    let (status, given) = by_page(&world, &sam, "/phone/credentials", &Value::Null);
    assert_eq!(status, 200);
    let (status, why) = ask("listen");
    assert_eq!(status, 409, "{why}");
    assert!(why["detail"].as_str().unwrap().contains("not connected"));
    let name = given["username"].as_str().unwrap();
    let (page, registered) = page_with(&world, &given, name);
    assert_eq!(registered, 200);
    assert_eq!(ask("listen").0, 204);
    let ringing = page.wait_ring(seconds(5)).unwrap();
    assert_eq!(ringing.header("X-Cordboard-Monitor").unwrap(), "listen");
    let supervisor = ringing.answer().unwrap();
    supervisor.send(Sending::Tone(THIRD_HZ));
    hears(&supervisor, [true, true, false]);
    hears(&call, [false, true, false]);
    assert_eq!(ask("whisper").0, 204);
    hears(&talk, [true, false, true]);
    assert_eq!(ask("barge").0, 204);
    hears(&call, [false, true, true]);
    assert_eq!(ask("take_over").0, 204);
    assert_eq!(talk.wait_ended(seconds(5)).unwrap(), End::TheyHungUp);
    hears(&call, [false, false, true]);
    hears(&supervisor, [true, false, false]);
    world.wait_agent("ana", "available", seconds(5));
    // The call is theirs: it cannot be heard once more, and nothing but their rights keeps it.
    let (status, why) = ask("listen");
    assert_eq!(status, 409, "{why}");
    assert_eq!(
        by_page(&world, &sam, &format!("/calls/{id}/hold"), &Value::Null).0,
        204
    );
    call.wait_tone(world::MUSIC, seconds(5)).unwrap();
    assert_eq!(
        by_page(&world, &sam, &format!("/calls/{id}/resume"), &Value::Null).0,
        204
    );
    call.wait_tone(THIRD_HZ, seconds(5)).unwrap();
    supervisor.hang_up();
    call.wait_tone(world::GOODBYE, seconds(5)).unwrap();
    call.wait_ended(seconds(5)).unwrap();
    the_record_names_them(&world, &id);
    the_audit_names_each(&world, &id);
}

fn the_record_names_them(world: &World, id: &str) {
    let record = world.wait_last_interaction(seconds(8));
    assert_eq!(record["id"], id);
    assert_eq!(
        (&record["agent"], &record["taken_over_by"]),
        (&"ana".into(), &"sam".into())
    );
    assert_eq!(record["end_cause"], "agent");
    let legs = record["legs"].as_array().unwrap();
    let theirs = legs.iter().find(|leg| leg["user"] == "sam").unwrap();
    assert_eq!(
        (&theirs["role"], &theirs["agent"]),
        (&"agent".into(), &Value::Null)
    );
    assert!(theirs["connected_at"].is_string() && theirs["ended_at"].is_string());
    let events = record["events"].as_array().unwrap().iter();
    let changes: Vec<&str> = events
        .filter_map(|event| event["change"].as_str())
        .collect();
    assert_eq!(
        changes,
        [
            "monitor_began",
            "listens",
            "whispers",
            "barges",
            "took_over"
        ]
    );
    let (_, left, right) = world::channels(&world.recording_file(id, 1));
    assert!(heard_in(&right, AGENT_HZ) > 1.0 && heard_in(&right, THIRD_HZ) > 1.0);
    assert!(heard_in(&left, CUSTOMER_HZ) > 1.0);
}

fn the_audit_names_each(world: &World, id: &str) {
    let object = format!("/api/v1/calls/{id}/monitor");
    let is_of_it = |row: &&Value| row["object"] == object.as_str();
    // A row is written a moment after its request was answered.
    let rows = world.wait_for("/audit?limit=200", seconds(5), |rows| {
        let rows = rows["items"].as_array().unwrap();
        rows.iter().filter(is_of_it).count() >= 7
    });
    let rows = rows["items"].as_array().unwrap().iter().rev();
    let modes: Vec<(&str, &str, u64)> = rows
        .filter(is_of_it)
        .map(|row| {
            let action = row["action"].as_str().unwrap();
            let mode = action.split_once('(').unwrap().1.trim_end_matches(')');
            (
                row["actor"].as_str().unwrap(),
                mode,
                row["status"].as_u64().unwrap(),
            )
        })
        .collect();
    let wanted = [
        ("listen", 409),
        ("listen", 409),
        ("listen", 204),
        ("whisper", 204),
        ("barge", 204),
        ("take_over", 204),
        ("listen", 409),
    ];
    assert_eq!(modes, wanted.map(|(mode, status)| ("sam", mode, status)));
}

/// `cordboard audit verify` with these arguments: its exit code and what it printed.
fn verify(world: &World, arguments: &[&str]) -> (i32, String) {
    let mut command = cordboard(world.root());
    command.args(["audit", "verify", "--config", "cordboard.toml"]);
    let out = command.args(arguments).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    (out.status.code().unwrap(), text)
}

fn change(world: &World, sql: &str) {
    let database = world.root().join("data/cordboard.db");
    let mut command = Command::new("sqlite3");
    let status = command
        .args(["-cmd", ".timeout 5000"])
        .arg(database)
        .arg(sql)
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn wrong_sign_ins_leave_rows_and_a_changed_row_is_named() {
    let world = World::start();
    signed_in(&world, "sam", "supervisor");
    let try_as = |login: &str| {
        let body = json!({ "login": login, "password": "hunter2-and-more" }).to_string();
        let path = ("POST", "/api/v1/session");
        http::exchange(world.http, None, path, Some(&body), &[]).0
    };
    assert_eq!(
        (try_as("sam"), try_as("my password, by mistake")),
        (401, 401)
    );
    let audit = world.wait_for("/audit", seconds(5), |audit| {
        audit["items"].as_array().unwrap().len() >= 3
    });
    let rows = audit["items"].as_array().unwrap();
    let (stranger, wrong) = (&rows[0], &rows[1]);
    assert_eq!(
        (&wrong["actor"], &wrong["role"]),
        (&"sam".into(), &"none".into())
    );
    assert_eq!(wrong["object"], "/api/v1/session from 127.0.0.1");
    assert_eq!(stranger["actor"], "nobody we know");
    let text = audit.to_string();
    assert!(
        !text.contains("mistake") && !text.contains("hunter2"),
        "{text}"
    );

    let (code, said) = verify(&world, &[]);
    assert_eq!(code, 0, "{said}");
    let head = said
        .lines()
        .nth(1)
        .unwrap()
        .strip_prefix("head ")
        .unwrap()
        .to_owned();
    assert_eq!(verify(&world, &["--head", &head]).0, 0);
    change(&world, "UPDATE audit SET actor = 'eve' WHERE seq = 2");
    let (code, said) = verify(&world, &[]);
    assert_eq!(code, 1);
    assert!(
        said.starts_with("row 2 of the audit") && said.contains(" eve "),
        "{said}"
    );
    let (_, json) = verify(&world, &["--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["good"], &json["broken"]["seq"]),
        (&false.into(), &2.into())
    );
    change(&world, "UPDATE audit SET actor = 'sam' WHERE seq = 2");
    assert_eq!(verify(&world, &[]).0, 0);
    // Cut off at the end: only whoever kept the head sees it.
    change(&world, "DELETE FROM audit WHERE seq >= 3");
    assert_eq!(verify(&world, &[]).0, 0);
    let (code, said) = verify(&world, &["--head", &head]);
    assert_eq!((code, said.trim()), (1, "row 3 of the audit is missing"));
}
