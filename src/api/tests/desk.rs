//! The agent's desk: notes, wrap-up codes, more time and the end, customers by word, tasks, reasons.

use super::world::{LOST, TALK, World};
use recordings::store::interactions::InteractionFilter;
use serde_json::{Value, json};
use std::time::Duration;

/// Reads an object until `good` says so, at most 20 s.
async fn until(world: &World, request: &str, good: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    for _ in 0..400 {
        last = world.ask("admin", request, "").await.json();
        if good(&last) {
            return last;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{request}: {last}");
}

#[tokio::test]
async fn notes_of_two_authors_who_write_at_once_are_not_lost() {
    let world = World::start().await;
    let path = format!("/interactions/{TALK}/notes");
    let get = format!("GET {path}");
    let put = format!("PUT {path}");
    let fresh = world.ask("ana", &get, "").await.json();
    assert_eq!(fresh, json!({"text": "", "version": 0, "authors": []}));
    let save = async |who: &str, text: &str, version: u64| {
        let body = json!({"text": text, "version": version}).to_string();
        world.ask(who, &put, &body).await
    };
    let first = save("ana", "Wants a refund.\nBlue bicycle.", 0).await;
    assert_eq!(first.status, 200, "{}", first.text());
    assert_eq!(first.json()["version"], 1);
    assert_eq!(first.json()["authors"][0]["author"], "ana");
    let second = save("supervisor", "Wants a refund. Agreed.", 1).await;
    assert_eq!(second.json()["version"], 2);

    let stale = save("ana", "Wants a refund, again.", 1).await;
    assert_eq!(stale.status, 409);
    assert_eq!(
        stale.header("content-type"),
        Some("application/problem+json")
    );
    let problem = stale.json();
    assert_eq!(problem["current"]["text"], "Wants a refund. Agreed.");
    assert_eq!(problem["current"]["version"], 2);
    assert_eq!(save("ana", "from nowhere", 7).await.status, 409);

    let merged = save("ana", "Wants a refund. Agreed. Again.", 2)
        .await
        .json();
    assert_eq!(merged["version"], 3);
    let authors = merged["authors"].as_array().unwrap();
    let names: Vec<_> = authors.iter().map(|a| &a["author"]).collect();
    assert_eq!(names, ["ana", "supervisor"]);
    assert_eq!(
        (&authors[0]["version"], &authors[1]["version"]),
        (&json!(3), &json!(2))
    );

    // The record has them, the log has who and when alone.
    let record = until(&world, &format!("GET /interactions/{TALK}"), |record| {
        record["events"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|event| event["kind"] == "notes_saved")
            .count()
            == 3
    })
    .await;
    assert_eq!(record["notes"], "Wants a refund. Agreed. Again.");
    assert_eq!(record["note_authors"].as_array().unwrap().len(), 2);
    assert!(!record["events"].to_string().contains("refund"));
}

#[tokio::test]
async fn notes_have_a_length_and_belong_to_own_interactions() {
    let world = World::start().await;
    let put = format!("PUT /interactions/{TALK}/notes");
    let body = |text: String| json!({"text": text, "version": 0}).to_string();
    for (who, text, status) in [
        ("ana", "é".repeat(10_001), 422),
        ("ana", "bell \u{7}".to_owned(), 422),
        ("ben", "not mine".to_owned(), 403),
        ("readonly", "only looking".to_owned(), 403),
        ("ana", "é".repeat(10_000), 200),
    ] {
        let answer = world.ask(who, &put, &body(text)).await;
        assert_eq!(answer.status, status, "{who}: {}", answer.text());
    }
    for body in ["{}", r#"{"text":"x"}"#, r#"{"text":"x","version":-1}"#] {
        assert_eq!(world.ask("ana", &put, body).await.status, 422, "{body}");
    }
    let nowhere = format!("PUT /interactions/{}/notes", uuid::Uuid::nil());
    let answer = world.ask("admin", &nowhere, &body("x".to_owned())).await;
    assert_eq!(answer.status, 404);
    let hidden = format!("GET /interactions/{LOST}/notes");
    assert_eq!(world.ask("ana", &hidden, "").await.status, 403);
}

#[tokio::test]
async fn the_document_beside_the_recording_has_notes_and_code() {
    let world = World::start().await;
    let put = format!("PUT /interactions/{TALK}/notes");
    let notes = json!({"text": "Called about the brake.", "version": 0}).to_string();
    assert_eq!(world.ask("ana", &put, &notes).await.status, 200);
    let put = format!("PUT /interactions/{TALK}/wrap-up");
    let code = json!({"code": "refund", "tags": ["brake"]}).to_string();
    assert_eq!(world.ask("ana", &put, &code).await.status, 200);
    let summaries = world
        .store
        .interactions(&InteractionFilter::default(), &Default::default())
        .await
        .unwrap();
    let started = summaries.items.iter().find(|item| item.id == TALK).unwrap();
    let path = world
        .data
        .interaction(started.times.started_at.0, TALK)
        .join("interaction.json");
    let mut text = String::new();
    for _ in 0..400 {
        text = std::fs::read_to_string(&path).unwrap_or_default();
        if text.contains("brake.") && text.contains("Money back") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["notes"], "Called about the brake.");
    assert_eq!(document["note_authors"][0]["author"], "ana");
    assert_eq!(document["wrap_up_code"]["code"], "refund");
    assert_eq!(document["wrap_up_code"]["agent"], "ana");
    assert_eq!(document["wrap_up_code"]["tags"], json!(["brake"]));
}

async fn codes(world: &World, who: &str, query: &str) -> Value {
    let answer = world
        .ask(who, &format!("GET /wrap-up-codes{query}"), "")
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn names(body: &Value) -> Vec<String> {
    let items = body["items"].as_array().unwrap().iter();
    items
        .map(|c| c["code"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn codes_are_those_of_the_queue_and_an_agents_recent_ones_come_first() {
    let world = World::start().await;
    let codes = async |who: &str, query: &str| codes(&world, who, query).await;
    let all = codes("ana", "").await;
    assert_eq!(names(&all), ["refund", "delivery", "lead"]);
    assert_eq!(all["items"][0]["label"], "Money back");
    assert_eq!(all["items"][0]["group"], "Orders / Money");
    assert_eq!(all["items"][2]["group"], Value::Null);
    assert_eq!(all["required"], false);
    let support = codes("ana", "?queue=support").await;
    assert_eq!(names(&support), ["refund", "delivery"]);
    assert_eq!(support["required"], true);
    assert_eq!(codes("ana", "?queue=sales").await["required"], false);
    assert_eq!(
        world
            .ask("ana", "GET /wrap-up-codes?queue=none", "")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_code_is_one_of_the_queue_and_the_last_word_counts() {
    let world = World::start().await;
    let codes = async |who: &str, query: &str| codes(&world, who, query).await;
    let put = format!("PUT /interactions/{TALK}/wrap-up");
    for (who, body, status, words) in [
        (
            "ana",
            r#"{"code":"delivry"}"#,
            422,
            "did you mean `delivery`?",
        ),
        ("ana", r#"{"code":"lead"}"#, 422, "for this queue"),
        (
            "ana",
            r#"{"code":"refund","tags":["+34600111222"]}"#,
            422,
            "short word",
        ),
        (
            "ana",
            r#"{"code":"refund","tags":["a@b.example"]}"#,
            422,
            "short word",
        ),
        ("ben", r#"{"code":"refund"}"#, 403, ""),
        ("readonly", r#"{"code":"refund"}"#, 403, ""),
        ("ana", r#"{"code":"refund"}"#, 200, "Money back"),
        (
            "ana",
            r#"{"code":"delivery","tags":["late","late"]}"#,
            200,
            "[\"late\"]",
        ),
    ] {
        let answer = world.ask(who, &put, body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
        assert!(answer.text().contains(words), "{body}: {}", answer.text());
    }
    let record = world
        .ask("admin", &format!("GET /interactions/{TALK}"), "")
        .await
        .json();
    assert_eq!(
        record["wrap_up_code"]["code"], "delivery",
        "the last word counts"
    );
    let after = codes("ana", "?queue=support").await;
    assert_eq!(names(&after), ["delivery", "refund"]);
    assert_eq!(after["items"][0]["recent"], true);
    assert_eq!(after["items"][1]["recent"], false);
    assert_eq!(
        names(&codes("ben", "?queue=support").await),
        ["refund", "delivery"]
    );
}

#[tokio::test]
async fn wrap_up_is_extended_as_the_queue_allows_and_done_once_its_code_is_chosen() {
    let world = World::start().await;
    let path = format!("POST /interactions/{TALK}/wrap-up");
    let (extend, done) = (format!("{path}/extend"), format!("{path}/done"));
    assert_eq!(
        world.ask("ana", &done, "").await.status,
        409,
        "it has not begun"
    );
    let begin = r#"{"state":"not_ready","reason":"wrap-up"}"#;
    assert_eq!(
        world
            .ask("ana", "PUT /agents/ana/state", begin)
            .await
            .status,
        200
    );
    assert_eq!(world.ask("ben", &extend, "").await.status, 403);
    assert_eq!(world.ask("readonly", &extend, "").await.status, 403);

    let longer = world.ask("ana", &extend, "").await.json();
    assert_eq!(longer["ends_at"], "1970-01-01T00:00:40.000Z");
    assert_eq!(
        (&longer["extendable"], &longer["queue"]),
        (&json!(false), &json!("support"))
    );
    let again = world.ask("ana", &extend, "").await;
    assert_eq!(again.status, 409);
    assert!(again.text().contains("cannot be made longer"));

    let early = world.ask("ana", &done, "").await;
    assert_eq!(early.status, 409);
    assert!(early.text().contains("wants a wrap-up code first"));
    let put = format!("PUT /interactions/{TALK}/wrap-up");
    assert_eq!(
        world.ask("ana", &put, r#"{"code":"refund"}"#).await.status,
        200
    );
    assert_eq!(world.ask("ana", &done, "").await.status, 204);
    let over = world.ask("ana", &done, "").await;
    assert_eq!(over.status, 409);
    assert!(over.text().contains("is over"));
}
