//! Flows over HTTP: what editors and `flow push` are told.

use super::world::World;
use serde_json::{Value, json};

fn flow(words: &str) -> String {
    format!(
        "flow: 1\nname: menu\nblocks:\n  start:\n    - answer:\n    - tag: {{ said: {words} }}\n    - hangup:\n"
    )
}

async fn ask(world: &World, request: &str, body: &Value) -> (u16, Value) {
    let answer = world.ask("supervisor", request, &body.to_string()).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn a_draft_is_kept_as_typed_with_what_is_wrong_beside_it_and_cannot_be_published() {
    let world = World::start().await;
    let typed = "flow: 1\nname: menu\nblocks:\n  start:\n    - plya: hello # not yet\n";
    let draft = json!({ "text": typed });
    let (status, saved) = ask(&world, "PUT /flows/menu/draft", &draft).await;
    assert_eq!((status, &saved["revision"]), (200, &json!(1)), "{saved}");
    assert_eq!(saved["text"], typed);
    assert_eq!(saved["report"]["findings"][0]["line"], 5, "{saved}");
    let kept = world.ask("readonly", "GET /flows/menu/draft", "").await;
    assert_eq!(kept.json()["text"], typed);
    // Another than what somebody saved since is not thrown away.
    let discard = async |revision: u32| {
        let request = format!("DELETE /flows/menu/draft?revision={revision}");
        world.ask("author", &request, "").await.status
    };
    assert_eq!(discard(2).await, 409);
    let (status, problem) = ask(&world, "POST /flows/menu/publish", &json!({})).await;
    assert_eq!(
        (status, &problem["type"]),
        (422, &json!("urn:cordboard:flow-broken"))
    );
    assert_eq!(problem["report"]["findings"][0]["line"], 5, "{problem}");
    // Nor may an alias point at it.
    let (status, _) = ask(
        &world,
        "PUT /flows/menu/aliases/test",
        &json!({ "draft": 1 }),
    )
    .await;
    assert_eq!(status, 422);
    let listed = world.ask("readonly", "GET /flows", "").await.json();
    let item = &listed["items"][0];
    assert_eq!(
        (&item["name"], &item["live"], &item["draft"]),
        (&json!("menu"), &json!(null), &json!(true))
    );
    assert_eq!(listed["master"], "database");
    assert_eq!(discard(1).await, 204);
    assert_eq!(discard(1).await, 404);
    assert_eq!(
        world
            .ask("author", "DELETE /flows/menu/draft", "")
            .await
            .status,
        400
    );
    // No revision is ever meant twice.
    let (status, saved) = ask(&world, "PUT /flows/menu/draft", &draft).await;
    assert_eq!((status, &saved["revision"]), (200, &json!(3)), "{saved}");
}

#[tokio::test]
async fn from_a_draft_to_live_and_back() {
    let world = World::start().await;
    let publish = json!({ "text": flow("one"), "comment": "the first" });
    let (status, alias) = ask(&world, "POST /flows/menu/publish", &publish).await;
    assert_eq!((status, &alias["version"]), (200, &json!(1)), "{alias}");
    let draft = json!({ "text": flow("two"), "base": 1 });
    let (_, saved) = ask(&world, "PUT /flows/menu/draft", &draft).await;
    // Somebody else has the draft open, saw no draft, or saw an older version.
    let (status, problem) = ask(&world, "PUT /flows/menu/draft", &draft).await;
    assert_eq!(
        (status, &problem["type"]),
        (409, &json!("urn:cordboard:draft-changed"))
    );
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("`revision`: 1"),
        "{problem}"
    );
    let publish = json!({ "base": 1, "revision": saved["revision"] });
    let (status, alias) = ask(&world, "POST /flows/menu/publish", &publish).await;
    assert_eq!((status, &alias["version"]), (200, &json!(2)), "{alias}");
    let (status, problem) = ask(
        &world,
        "POST /flows/menu/publish",
        &json!({ "text": flow("x"), "base": 1 }),
    )
    .await;
    assert_eq!((status, &problem["live"]), (409, &json!(2)));
    let (status, _) = ask(&world, "PUT /flows/menu/draft", &draft).await;
    assert_eq!(
        status, 409,
        "a draft on a version that is not live any more"
    );
    let one = world.ask("readonly", "GET /flows/menu", "").await.json();
    assert_eq!(
        (&one["text"], &one["draft"]),
        (&json!(flow("two")), &json!(null))
    );
    let (status, alias) = ask(&world, "POST /flows/menu/rollback", &json!({})).await;
    assert_eq!((status, &alias["version"]), (200, &json!(1)));
    let page = world
        .ask("readonly", "GET /flows/menu/versions?limit=1", "")
        .await
        .json();
    assert_eq!(
        (&page["items"][0]["number"], &page["next"]),
        (&json!(2), &json!("2"))
    );
    let page = world
        .ask("readonly", "GET /flows/menu/versions?cursor=2", "")
        .await
        .json();
    assert_eq!(
        (&page["items"][0]["comment"], &page["next"]),
        (&json!("the first"), &json!(null))
    );
    let version = world
        .ask("readonly", "GET /flows/menu/versions/2", "")
        .await
        .json();
    assert_eq!(version["text"], flow("two"));
}

#[tokio::test]
async fn warnings_need_a_reason_that_is_kept() {
    let world = World::start().await;
    // A block that nothing leads to.
    let text = format!("{}  nowhere:\n    - hangup:\n", flow("one"));
    let mut body = json!({ "text": text });
    let (status, problem) = ask(&world, "POST /flows/menu/publish", &body).await;
    assert_eq!(
        (status, &problem["type"]),
        (422, &json!("urn:cordboard:flow-warnings")),
        "{problem}"
    );
    body["accept_warnings"] = json!(" ");
    assert_eq!(ask(&world, "POST /flows/menu/publish", &body).await.0, 422);
    body["accept_warnings"] = json!("comes into use on Monday");
    let (status, _) = ask(&world, "POST /flows/menu/publish", &body).await;
    assert_eq!(status, 200);
    let version = world
        .ask("readonly", "GET /flows/menu/versions/1", "")
        .await
        .json();
    assert_eq!(version["accepted"], "comes into use on Monday");
    assert_eq!(version["report"]["findings"][0]["level"], "warning");
}

#[tokio::test]
async fn a_trial_is_shown_with_both_sides() {
    let world = World::start().await;
    let publish = |words: &str, more: Value| {
        let mut body = json!({ "text": flow(words) });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    ask(
        &world,
        "POST /flows/menu/publish",
        &publish("one", json!({})),
    )
    .await;
    for wrong in [0, 100, 255] {
        let body = publish("two", json!({ "base": 1, "canary": wrong }));
        assert_eq!(ask(&world, "POST /flows/menu/publish", &body).await.0, 422);
    }
    let body = publish("two", json!({ "base": 1, "canary": 10 }));
    let (status, alias) = ask(&world, "POST /flows/menu/publish", &body).await;
    assert_eq!(
        (status, &alias["canary"]),
        (200, &json!({ "version": 2, "percent": 10 }))
    );
    let one = world.ask("readonly", "GET /flows/menu", "").await.json();
    assert_eq!(one["trial"]["verdict"], "too_few");
    assert_eq!(
        (
            &one["trial"]["other"]["version"],
            &one["trial"]["trial"]["version"]
        ),
        (&json!(1), &json!(2))
    );
    let body = publish("three", json!({ "base": 1 }));
    assert_eq!(ask(&world, "POST /flows/menu/publish", &body).await.0, 409);
    let (status, alias) = ask(&world, "POST /flows/menu/promote", &json!({})).await;
    assert_eq!(
        (status, &alias["version"], &alias["canary"]),
        (200, &json!(2), &json!(null))
    );
}

const UNKNOWN_QUEUE: &str = "flow: 1\nname: menu\nblocks:\n  start:\n    - answer:\n    - queue: { to: suport, exits: { timeout: over, full: over, closed: over, no_agents: over } }\n  over:\n    - hangup:\n";
const FAILING_TESTS: &str = "flow: menu\ntests:\n  - name: it says three\n    do: []\n    expect:\n      - tag: { said: three }\n";

/// Everything by which a text or a version may come to callers, each with what must not pass: who asks, for what, with
/// which body, the status and a word of what is told.
const REFUSED: &str = r#"
supervisor | POST /flows/menu/publish     | { "text": UNKNOWN, "base": 2 }                               | 422 | support
supervisor | POST /flows/menu/publish     | { "text": UNKNOWN, "base": 2, "canary": 10 }                 | 422 | support
supervisor | POST /flows/menu/publish     | { "text": TWO, "tests": FAILING, "base": 2 }                 | 422 | it says three
supervisor | POST /flows/menu/publish     | { "text": TWO, "tests": FAILING, "base": 2, "canary": 10 }   | 422 | it says three
supervisor | POST /flows/menu/publish     | { "text": THREE, "base": 1 }                                 | 409 | 2
supervisor | POST /flows/menu/publish     | { "text": THREE, "base": 1, "canary": 10 }                   | 409 | 2
supervisor | POST /flows/menu/publish     | { "revision": 99, "base": 2 }                                | 409 | draft
publisher  | POST /flows/menu/publish     | { "revision": DRAFT, "base": 2 }                             | 422 | support
author     | POST /flows/menu/publish     | { "text": THREE, "base": 2 }                                 | 403 | role
author     | POST /flows/menu/publish     | { "text": THREE, "base": 2, "canary": 10 }                   | 403 | role
readonly   | POST /flows/menu/publish     | { "text": THREE, "base": 2 }                                 | 403 | role
ana        | POST /flows/menu/publish     | { "text": THREE, "base": 2 }                                 | 403 | role
supervisor | PUT /flows/menu/aliases/test | { "draft": DRAFT }                                           | 422 | support
author     | PUT /flows/menu/aliases/test | { "version": 1 }                                             | 403 | role
supervisor | PUT /flows/menu/aliases/test | { "version": 9 }                                             | 404 | version
author     | POST /flows/menu/rollback    | {}                                                           | 403 | role
supervisor | POST /flows/menu/rollback    | { "to": 9 }                                                  | 404 | version
author     | POST /flows/menu/promote     | {}                                                           | 403 | role
supervisor | POST /flows/menu/promote     | {}                                                           | 409 | trial
"#;

#[tokio::test]
async fn what_would_break_is_refused_on_every_way_in_with_what_to_do() {
    let world = World::start().await;
    for (words, base) in [("one", Value::Null), ("two", json!(1))] {
        let body = json!({ "text": flow(words), "base": base });
        let (status, alias) = ask(&world, "POST /flows/menu/publish", &body).await;
        assert_eq!(status, 200, "{alias}");
    }
    let draft = json!({ "text": UNKNOWN_QUEUE, "base": 2 });
    let (status, saved) = ask(&world, "PUT /flows/menu/draft", &draft).await;
    assert_eq!(status, 200, "{saved}");
    let texts = [
        ("UNKNOWN", json!(UNKNOWN_QUEUE)),
        ("FAILING", json!(FAILING_TESTS)),
        ("TWO", json!(flow("two"))),
        ("THREE", json!(flow("three"))),
        ("DRAFT", saved["revision"].clone()),
    ];
    let mut wrong = Vec::new();
    for row in REFUSED.trim().lines() {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [who, request, body, status, word] = cells[..] else {
            panic!("{row}")
        };
        let body = texts.iter().fold(body.to_owned(), |body, (name, text)| {
            body.replace(name, &text.to_string())
        });
        let answer = world.ask(who, request, &body).await;
        if answer.status.to_string() != status || !answer.text().contains(word) {
            wrong.push(format!("{row}: {} {}", answer.status, answer.text()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let (_, one) = ask(&world, "GET /flows/menu", &Value::Null).await;
    assert_eq!(one["text"], flow("two"));
    assert_eq!(one["aliases"].as_array().unwrap().len(), 1, "{one}");
}
