//! Follow-up tasks: whose they are, when they are due, and that they are done.

use super::world::{CALLER, TALK, World};
use serde_json::{Value, json};

async fn ask(world: &World, who: &str, request: &str, body: Value, status: u16) -> Value {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let answer = world.ask(who, request, &body).await;
    assert_eq!(
        answer.status,
        status,
        "{who} {request} {body}: {}",
        answer.text()
    );
    answer.json()
}

async fn titles(world: &World, who: &str, query: &str) -> Vec<String> {
    let list = ask(world, who, &format!("GET /tasks{query}"), Value::Null, 200).await;
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|task| task["title"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_task_is_an_agents_or_a_queues() {
    let world = World::start().await;
    let own = json!({"title": "Send the invoice", "interaction_id": TALK.to_string(),
        "customer_id": CALLER.to_string(), "due_at": "2026-01-31T12:00:00Z", "text": "Twice."});
    let made = ask(&world, "ana", "POST /tasks", own, 201).await;
    assert_eq!(
        (&made["owner"], &made["created_by"]),
        (&json!("ana"), &json!("ana"))
    );
    assert_eq!(made["due_at"], "2026-01-31T12:00:00.000Z");
    let queue = json!({"title": "Call back", "queue": "sales", "due_at": "2099-01-01T00:00:00Z"});
    let shared = ask(&world, "supervisor", "POST /tasks", queue, 201).await;
    let handed = json!({"title": "Over to Ben", "owner": "ben"});
    ask(&world, "ana", "POST /tasks", handed, 201).await;

    assert_eq!(titles(&world, "ana", "").await, ["Send the invoice"]);
    assert_eq!(
        titles(&world, "ben", "").await,
        ["Over to Ben", "Call back"]
    );
    assert_eq!(titles(&world, "ben", "?mine=true").await, ["Over to Ben"]);
    assert_eq!(titles(&world, "ana", "?owner=ben").await, [""; 0]);
    assert_eq!(titles(&world, "admin", "").await.len(), 3);
    assert_eq!(titles(&world, "admin", "?queue=sales").await, ["Call back"]);
    assert_eq!(
        titles(&world, "readonly", "?overdue=true").await,
        ["Send the invoice"]
    );
    let of_talk = format!("?interaction={TALK}");
    assert_eq!(
        titles(&world, "admin", &of_talk).await,
        ["Send the invoice"]
    );
    let of_caller = format!("?customer={CALLER}&limit=1");
    assert_eq!(
        titles(&world, "admin", &of_caller).await,
        ["Send the invoice"]
    );

    let path = |task: &Value| format!("PATCH /tasks/{}", task["id"].as_str().unwrap());
    ask(&world, "ben", &path(&made), json!({"done": true}), 403).await;
    ask(&world, "readonly", &path(&made), json!({"done": true}), 403).await;
    let done = ask(&world, "ana", &path(&made), json!({"done": true}), 200).await;
    assert!(done["done_at"].is_string());
    assert_eq!(done["text"], "Twice.", "what is absent stays");
    assert_eq!(titles(&world, "admin", "?overdue=true").await, [""; 0]);
    assert_eq!(titles(&world, "ana", "?done=false").await, [""; 0]);
    assert_eq!(
        titles(&world, "ana", "?done=true").await,
        ["Send the invoice"]
    );
    let again = ask(
        &world,
        "ana",
        &path(&made),
        json!({"done": false, "text": null}),
        200,
    )
    .await;
    assert_eq!(
        (&again["done_at"], &again["text"]),
        (&Value::Null, &Value::Null)
    );
    let taken = ask(&world, "ben", &path(&shared), json!({"owner": "ben"}), 200).await;
    assert_eq!(
        (&taken["owner"], &taken["queue"]),
        (&json!("ben"), &json!("sales"))
    );
}

#[tokio::test]
async fn the_log_says_that_a_task_changed_and_not_what_it_says() {
    let world = World::start().await;
    let secret = json!({"title": "Card is lost", "interaction_id": TALK.to_string()});
    ask(&world, "ana", "POST /tasks", secret, 201).await;
    let mut record = Value::Null;
    for _ in 0..400 {
        let path = format!("GET /interactions/{TALK}");
        record = ask(&world, "admin", &path, Value::Null, 200).await;
        if record["events"].to_string().contains("task_changed") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let events = record["events"].to_string();
    assert!(
        events.contains("task_changed") && !events.contains("Card"),
        "{events}"
    );
}

#[tokio::test]
async fn what_makes_no_task() {
    let world = World::start().await;
    for (who, body, status, words) in [
        ("ana", json!({}), 422, "`title`"),
        ("ana", json!({"title": "  "}), 422, "`title`"),
        ("ana", json!({"title": "x".repeat(201)}), 422, "200 letters"),
        ("ana", json!({"title": "x\ny"}), 422, "control"),
        (
            "ana",
            json!({"title": "x", "text": "y".repeat(4_001)}),
            422,
            "4000 letters",
        ),
        (
            "ana",
            json!({"title": "x", "owner": "anna"}),
            422,
            "`owner`",
        ),
        (
            "ana",
            json!({"title": "x", "queue": "none"}),
            422,
            "`queue`",
        ),
        (
            "ana",
            json!({"title": "x", "due_at": "tomorrow"}),
            422,
            "`due_at`",
        ),
        ("ana", json!({"title": "x", "colour": "red"}), 422, "colour"),
        (
            "supervisor",
            json!({"title": "x"}),
            422,
            "`owner` or a `queue`",
        ),
        ("readonly", json!({"title": "x"}), 403, "role"),
    ] {
        let answer = ask(&world, who, "POST /tasks", body, status).await;
        assert!(answer.to_string().contains(words), "{answer}");
    }
    ask(&world, "admin", "GET /tasks?done=maybe", Value::Null, 422).await;
    assert_eq!(titles(&world, "admin", "").await, [""; 0]);
    let reasons = ask(&world, "ana", "GET /not-ready-reasons", Value::Null, 200).await;
    assert_eq!(
        reasons["items"][0],
        json!({"name": "lunch", "label": "lunch", "paid": false})
    );
    assert_eq!(reasons["items"][2]["label"], "Paper work");
}

/// An agent finds colleagues and every queue to hand a caller to, and nothing of what they do with whom.
#[tokio::test]
async fn an_agent_finds_whom_to_hand_a_caller_to() {
    let world = World::start().await;
    let found = ask(&world, "ana", "GET /transfer-targets", Value::Null, 200).await;
    let names = |list: &str, field: &str| -> Vec<String> {
        let items = found[list].as_array().unwrap().iter();
        items
            .map(|item| item[field].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("agents", "login"), ["ana", "ben"]);
    assert_eq!(names("agents", "extension"), ["2001", "2002"]);
    assert_eq!(names("queues", "name"), ["sales", "support"]);
    let fields: Vec<_> = found["agents"][0].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["extension", "login", "name", "since", "state"]);
}
