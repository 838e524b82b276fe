//! What the pages of calls read: search, time line, picture, messages; and what of it the demo's customer may see.

use super::sessions::begin;
use super::world::{LOST, RECORDING, TALK, World};
use crate::api::right::RoleName;
use serde_json::Value;

async fn found(world: &World, who: &str, query: &str) -> Vec<String> {
    let answer = world
        .ask(who, &format!("GET /interactions?{query}"), "")
        .await;
    assert_eq!(answer.status, 200, "{query}");
    let items = answer.json()["items"].as_array().unwrap().clone();
    let ids = items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned());
    ids.collect()
}

#[tokio::test]
async fn calls_are_found_by_number_and_by_words_of_their_notes() {
    let world = World::start().await;
    let notes = r#"{"text":"Wheel is 100% bent_\\ sends photos","version":0}"#;
    let saved = world
        .ask("ana", &format!("PUT /interactions/{TALK}/notes"), notes)
        .await;
    assert_eq!(saved.status, 200);
    let (talk, lost) = (TALK.to_string(), LOST.to_string());
    for (query, expected) in [
        ("number=600111222", vec![&lost, &talk]),
        ("number=%2B34%20600%20111", vec![&lost, &talk]),
        ("number=999", vec![]),
        // The company's number is everybody's.
        ("number=910000000", vec![]),
        ("text=BENT", vec![&talk]),
        ("text=100%25%20bent_%5C", vec![&talk]),
        ("text=100_", vec![]),
        ("text=w%25l", vec![]),
        (
            "text=bent&number=111&queue=support&outcome=answered&agent=ana",
            vec![&talk],
        ),
        ("text=bent&outcome=abandoned", vec![]),
    ] {
        let ids = found(&world, "supervisor", query).await;
        assert_eq!(ids.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    assert_eq!(found(&world, "ana", "number=600").await, vec![talk]);
    assert!(found(&world, "ben", "text=bent").await.is_empty());
    for wrong in [
        "number=12",
        "number=abc",
        "number=1;2345",
        "number=123456789012345678901",
    ] {
        let answer = world
            .ask("admin", &format!("GET /interactions?{wrong}"), "")
            .await;
        assert_eq!(answer.status, 422, "{wrong}");
    }
    let long = "x".repeat(201);
    let answer = world
        .ask("admin", &format!("GET /interactions?text={long}"), "")
        .await;
    assert_eq!(answer.status, 422);
}

fn kinds(line: &Value) -> Vec<&str> {
    let items = line["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["kind"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_call_is_told_on_one_axis() {
    let world = World::start().await;
    let path = format!("GET /interactions/{TALK}/timeline");
    let line = world.ask("supervisor", &path, "").await.json();
    assert_eq!(
        kinds(&line),
        [
            "menu",
            "choice",
            "waiting",
            "decision",
            "ringing",
            "talk",
            "recording",
            "end"
        ]
    );
    let items = line["items"].as_array().unwrap();
    let words: Vec<&str> = items
        .iter()
        .map(|item| item["words"].as_str().unwrap())
        .collect();
    assert_eq!(words[1], "Chose Help (key 2)");
    assert_eq!(words[2], "Waited in support: an agent answered");
    assert!(words[3].contains("ana was chosen") && words[3].contains("1 not in queue"));
    assert_eq!(words[4], "Rang at ana: answered");
    assert_eq!(words[7], "The call ended: the customer hung up");
    let (from, to) = (line["from"].as_str().unwrap(), &line["to"]);
    for item in items {
        assert!(item["from"].as_str().unwrap() >= from, "{item}");
        // The agent's leg has no end in this record.
        let open = item["kind"] == "talk";
        assert_eq!(
            item["lasts"] == true && item["to"].is_null(),
            open,
            "{item}"
        );
    }
    assert!(to.is_null());
    let own = world.ask("ana", &path, "").await.json();
    assert!(!kinds(&own).contains(&"decision"));
}

#[tokio::test]
async fn a_picture_is_computed_once_and_heard_by_nobody() {
    let world = World::start().await;
    let path = format!("GET /recordings/{RECORDING}/peaks");
    let first = world.ask("ana", &path, "").await.json();
    for lane in ["left", "right"] {
        let lane = first[lane].as_array().unwrap();
        assert_eq!(lane.len(), recordings::peaks::COLUMNS);
        assert!(
            lane.iter().all(|peak| peak.as_u64().unwrap() <= 7),
            "{lane:?}"
        );
        assert!(lane.iter().any(|peak| *peak == 7));
    }
    assert_eq!(first["duration"], 1.0);
    // The second time nobody reads the file.
    let file = world.data.recording_file("1970-01/talk/recording-1.wav");
    std::fs::remove_file(file.unwrap()).unwrap();
    let again = world.ask("supervisor", &path, "").await;
    assert_eq!(again.json(), first);
    let audio = world
        .ask("ana", &format!("GET /recordings/{RECORDING}/audio"), "")
        .await;
    assert_eq!(audio.status, 404);
    let rows = world.ask("admin", "GET /audit", "").await.json();
    let rows = rows["items"].as_array().unwrap().clone();
    assert!(
        !rows
            .iter()
            .any(|row| row["object"].as_str().unwrap().ends_with("/peaks"))
    );
}

#[tokio::test]
async fn messages_that_are_not_kept_are_said_to_be_gone() {
    let world = World::start().await;
    let path = format!("GET /interactions/{TALK}/ladder");
    let ladder = world.ask("readonly", &path, "").await.json();
    assert_eq!(ladder["items"].as_array().unwrap().len(), 0);
    assert_eq!(ladder["legs"][0]["party"], "ana");
    assert_eq!(ladder["legs"][0]["kept"], false);
}

/// A customer of the demo with a phone in this browser, whose last call was [`TALK`].
#[tokio::test]
async fn the_demos_customer_sees_the_own_call_and_no_other() {
    let world = World::start().await;
    let notes = r#"{"text":"difficult customer","version":0}"#;
    let saved = world
        .ask("ana", &format!("PUT /interactions/{TALK}/notes"), notes)
        .await;
    assert_eq!(saved.status, 200);
    let (cookie, csrf) = begin(&world, RoleName::Caller, None).await;
    let page = [
        ("Cookie", cookie.as_str()),
        ("Origin", "http://localhost"),
        ("X-CSRF-Token", csrf.as_str()),
    ];
    let ask = async |request: String| {
        let (method, path) = request.split_once(' ').unwrap();
        world
            .plain(&format!("{method} /api/v1{path}"), &page, "")
            .await
    };
    let own = [
        format!("GET /interactions/{TALK}"),
        format!("GET /interactions/{TALK}/timeline"),
        format!("GET /recordings/{RECORDING}"),
        format!("GET /recordings/{RECORDING}/peaks"),
        format!("GET /recordings/{RECORDING}/audio"),
    ];
    // Without a phone there was no call.
    for request in &own {
        assert_eq!(ask(request.clone()).await.status, 403, "{request}");
    }
    let list = "GET /interactions?limit=1".to_owned();
    assert_eq!(
        ask(list.clone()).await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    let phone = ask("POST /phone/credentials".to_owned()).await;
    assert_eq!(phone.status, 200);
    for request in &own {
        assert_eq!(ask(request.clone()).await.status, 200, "{request}");
    }
    let listed = ask(list).await.json();
    assert_eq!(listed["items"][0]["id"], TALK.to_string());
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let line = ask(own[1].clone()).await.json();
    assert_eq!(
        kinds(&line),
        ["menu", "choice", "waiting", "talk", "recording", "end"]
    );
    let record = ask(own[0].clone()).await;
    assert!(!String::from_utf8_lossy(&record.body).contains("difficult"));
    assert!(!listed.to_string().contains("difficult"));
    for (request, status) in [
        (format!("GET /interactions/{LOST}"), 403),
        (format!("GET /interactions/{LOST}/timeline"), 403),
        (format!("GET /interactions/{TALK}/ladder"), 403),
        (format!("GET /interactions/{TALK}/decisions"), 403),
        (format!("GET /interactions/{TALK}/notes"), 403),
        (format!("GET /interactions/{TALK}/caller"), 403),
    ] {
        assert_eq!(ask(request.clone()).await.status, status, "{request}");
    }
    listen_is_in_the_audit(&world).await;
}

/// A moment later.
async fn listen_is_in_the_audit(world: &World) {
    for _ in 0..400 {
        let rows = world.ask("admin", "GET /audit", "").await.json();
        let mut rows = rows["items"].as_array().unwrap().iter();
        let heard = |row: &&Value| row["action"].as_str().unwrap().contains("(hear)");
        if rows.any(|row| heard(&row) && row["role"] == "caller" && row["status"] == 200) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no listen of the caller in the audit");
}
