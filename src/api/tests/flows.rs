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
