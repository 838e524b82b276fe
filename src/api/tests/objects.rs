//! What objects look like, what bad requests get, ranges of audio, the pages without a token.

use super::http::send;
use super::world::{CALLER, FRAMES, LOST, RECORDING, TALK, World};

#[tokio::test]
async fn an_agent() {
    let world = World::start().await;
    let ana = world.ask("admin", "GET /agents/ana", "").await.json();
    assert_eq!(ana["state"], "available");
    assert_eq!(ana["since"], "1970-01-01T00:00:01.000Z");
    assert_eq!(ana["registered"], true);
    assert_eq!(ana["queues"]["support"], 1);
    assert_eq!(ana["skills"]["billing"], 5);
    assert_eq!(ana["name"], "Ana Ruiz");
    assert!(ana["current_interaction"].is_null());
    assert!(!ana.to_string().contains("password"));
}

#[tokio::test]
async fn states_that_may_be_asked_for() {
    let world = World::start().await;
    let table = [
        (r#"{"state":"not_ready","reason":"lunch"}"#, 200, "lunch"),
        (r#"{"state":"not_ready"}"#, 200, "supervisor"),
        (
            r#"{"state":"not_ready","reason":"no-phone"}"#,
            200,
            "no-phone",
        ),
        (r#"{"state":"available"}"#, 409, "not registered"),
        (
            r#"{"state":"not_ready","reason":"lunhc"}"#,
            422,
            "did you mean `lunch`?",
        ),
        (
            r#"{"state":"not_ready","reason":"xyzzyq"}"#,
            422,
            "known: lunch, no-phone, wrap-up",
        ),
        (r#"{"state":"offline"}"#, 200, "offline"),
        (r#"{"state":"available"}"#, 200, "available"),
        (r#"{"state":"on_call"}"#, 422, "follows from calls"),
        (r#"{"state":"sleeping"}"#, 422, "must be"),
        (
            r#"{"state":"available","reason":"lunch"}"#,
            422,
            "not_ready",
        ),
        (
            r#"{"state":"not_ready","reason":"missed"}"#,
            422,
            "router's own",
        ),
        (r#"{"state":"available","by":"me"}"#, 422, "by"),
        (r#"{"reason":"lunch"}"#, 422, "state"),
        ("{", 400, "JSON"),
        ("[1]", 422, ""),
    ];
    for (body, status, text) in table {
        let answer = world.ask("supervisor", "PUT /agents/ana/state", body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
        assert!(answer.text().contains(text), "{body}: {}", answer.text());
    }
    let long = format!(r#"{{"state":"not_ready","reason":"{}"}}"#, "x".repeat(65));
    assert_eq!(
        world
            .ask("ana", "PUT /agents/ana/state", &long)
            .await
            .status,
        422
    );
    let huge = format!(r#"{{"state":"{}"}}"#, "x".repeat(70_000));
    assert_eq!(
        world
            .ask("ana", "PUT /agents/ana/state", &huge)
            .await
            .status,
        413
    );
    let own = world
        .ask("ana", "PUT /agents/ana/state", r#"{"state":"not_ready"}"#)
        .await;
    assert_eq!(own.json()["reason"], "unspecified");
    assert_eq!(
        world.ask("ana", "PUT /agents/ana/state", "").await.status,
        415
    );
}

#[tokio::test]
async fn a_queue() {
    let world = World::start().await;
    let queue = world.ask("admin", "GET /queues/support", "").await.json();
    let waiting = &queue["waiting"][0];
    assert_eq!(waiting["position"], 1);
    assert_eq!(waiting["priority"]["class"], 1);
    assert_eq!(waiting["offered_to"], "ana");
    assert_eq!(waiting["also_offered_to"], serde_json::json!([]));
    assert!(waiting["wait"].as_f64().unwrap() > 0.0);
    assert_eq!(queue["agents"]["available"], 1);
    assert_eq!(queue["agents"]["offline"], 0);
    assert_eq!(queue["today"]["entered"], 0, "the talk was not today");
    assert_eq!(queue["rules"]["skills"]["billing"], 1);
    assert_eq!(queue["rules"]["strategy"], "longest_idle");
    assert_eq!(
        queue["thresholds"],
        serde_json::json!({
            "waiting": { "warning": 2, "critical": 4 },
            "longest_wait": { "warning": 60.0, "critical": 120.0 },
            "service_level": { "warning": 0.8, "critical": 0.7 },
        })
    );
    assert_eq!(
        queue["service_level"]["formula"],
        queue["today"]["service_level_formula"]
    );
}

#[tokio::test]
async fn quarters_of_an_hour_add_up_and_name_their_formulas() {
    let world = World::start().await;
    let ask = |what: &'static str| {
        let path = format!("GET {what}");
        let world = &world;
        async move { world.ask("supervisor", &path, "").await }
    };
    let hour = "from=1970-01-01T00:00:00Z&to=1970-01-01T01:00:00Z";
    let queue = world
        .ask(
            "supervisor",
            &format!("GET /queues/support/intervals?{hour}"),
            "",
        )
        .await
        .json();
    let items = queue["items"].as_array().unwrap();
    assert_eq!((items.len(), queue["interval"].as_u64()), (4, Some(900)));
    let mut waiting = items[0]["waiting_start"].as_u64().unwrap();
    for item in items {
        let number = |name: &str| item[name].as_u64().unwrap();
        let left = item["left"].as_object().unwrap().values();
        let left: u64 = left.map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(number("waiting_start"), waiting);
        waiting = number("waiting_end");
        assert_eq!(number("waiting_start") + number("entered"), left + waiting);
    }
    assert_eq!(items[0]["left"]["answered"], 1, "{}", items[0]);
    assert_eq!(items[0]["wait"]["count"], 1);
    assert!(queue["counted_to"].as_u64().unwrap() > 10);
    let ids: Vec<&str> = queue["definitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| of["id"].as_str().unwrap())
        .collect();
    assert!(ids.contains(&"sl_v1") && ids.contains(&"aht_v1"), "{ids:?}");
    let agent = world
        .ask(
            "supervisor",
            &format!("GET /agents/ana/intervals?{hour}"),
            "",
        )
        .await
        .json();
    assert_eq!(agent["items"][0]["talk"]["count"], 1, "{agent}");
    for wrong in [
        "/queues/support/intervals?from=x",
        "/queues/support/intervals?since=1970-01-01T00:00:00Z",
        "/queues/support/intervals?from=2026-01-01T00:00:00Z&to=2025-01-01T00:00:00Z",
        "/agents/ana/intervals?from=2020-01-01T00:00:00Z&to=2020-03-01T00:00:00Z",
    ] {
        let answer = ask(wrong).await;
        assert_eq!(answer.status, 422, "{wrong}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_queues_last_hour() {
    let world = World::start().await;
    let ask = |query: &'static str| {
        let path = format!("GET /queues/support/history{query}");
        let world = &world;
        async move { world.ask("supervisor", &path, "").await }
    };
    let hour = ask("").await.json();
    let points = hour["points"].as_array().unwrap();
    assert_eq!(
        (hour["queue"].as_str(), points.len()),
        (Some("support"), 60)
    );
    assert_eq!(
        (&hour["step"], &hour["interval"]),
        (&60.0.into(), &300.0.into())
    );
    for name in ["waiting", "longest_wait", "answered", "abandoned"] {
        let says = hour["definitions"][name].as_str().unwrap();
        assert!(says.len() > 40, "{name}: {says}");
    }
    assert_eq!(
        ask("?minutes=5").await.json()["points"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    for wrong in [
        "?minutes=0",
        "?minutes=241",
        "?minutes=-1",
        "?minutes=x",
        "?minute=5",
    ] {
        let answer = ask(wrong).await;
        assert_eq!(answer.status, 422, "{wrong}: {}", answer.text());
    }
    assert_eq!(
        world
            .ask("supervisor", "GET /queues/nothing/history", "")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn an_interaction() {
    let world = World::start().await;
    let record = world
        .ask("admin", &format!("GET /interactions/{TALK}"), "")
        .await
        .json();
    for (field, wanted) in [
        ("customer_id", CALLER.to_string().as_str()),
        ("caller_number", "+34600111222"),
        ("dialed_number", "+34910000000"),
        ("outcome", "answered"),
        ("end_cause", "customer"),
        ("queue", "support"),
        ("agent", "ana"),
    ] {
        assert_eq!(record[field], wanted, "{field}");
    }
    assert_eq!(record["recordings"][0]["id"], RECORDING.to_string());
    assert_eq!(record["menu_path"][0]["key"], "2");
    assert_eq!(record["why"], serde_json::json!(["pressed 2: Help"]));
    let decisions = world
        .ask("admin", &format!("GET /interactions/{TALK}/decisions"), "")
        .await
        .json();
    let decision = &decisions["items"][0];
    for field in ["candidates", "removed", "keys", "tie_break", "chosen"] {
        assert!(!decision[field].is_null(), "{field}");
    }
    assert!(decisions["next"].is_null());
}

#[tokio::test]
async fn lists_have_filters_and_pages() {
    let world = World::start().await;
    let ids = async |query: &str| -> Vec<String> {
        let list = world
            .ask("admin", &format!("GET /interactions{query}"), "")
            .await
            .json();
        let items = list["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let (talk, lost) = (TALK.to_string(), LOST.to_string());
    assert_eq!(ids("").await, [lost.clone(), talk.clone()]);
    assert_eq!(ids("?outcome=answered").await, [talk.as_str()]);
    assert_eq!(ids("?queue=support&agent=ana").await, [talk.as_str()]);
    assert_eq!(ids(&format!("?customer={CALLER}")).await.len(), 2);
    assert_eq!(ids("?to=1970-01-01T00:00:02Z").await, [talk.as_str()]);
    assert_eq!(
        ids("?from=1970-01-01T01:00:02+01:00").await,
        [lost.as_str()]
    );
    let first = world
        .ask("admin", "GET /interactions?limit=1", "")
        .await
        .json();
    let cursor = first["next"].as_str().unwrap();
    assert_eq!(ids(&format!("?limit=1&cursor={cursor}")).await, [talk]);
    assert_eq!(ids("?limit=100000").await.len(), 2);
    let item = &first["items"][0];
    assert!(
        item.as_object().unwrap().contains_key("connected_at"),
        "null is written"
    );
    for (query, status) in [
        ("?limit=0", 422),
        ("?limit=many", 422),
        ("?cursor=x", 400),
        ("?from=yesterday", 422),
        ("?outcome=fine", 422),
        ("?customer=eve", 422),
        ("?outcom=answered", 422),
    ] {
        let answer = world
            .ask("admin", &format!("GET /interactions{query}"), "")
            .await;
        assert_eq!(answer.status, status, "{query}: {}", answer.text());
    }
}

#[tokio::test]
async fn customers_are_made_and_changed() {
    let world = World::start().await;
    let body = r#"{"name":"Eve","numbers":["600 222 333","+34600222333"]}"#;
    let made = world.ask("admin", "POST /customers", body).await;
    assert_eq!(made.status, 201);
    let eve = made.json();
    assert_eq!(eve["numbers"], serde_json::json!(["+34600222333"]));
    let path = made
        .header("location")
        .unwrap()
        .strip_prefix("/api/v1")
        .unwrap()
        .to_owned();
    let patch = r#"{"name":null,"email":"eve@example.com"}"#;
    let changed = world
        .ask("admin", &format!("PATCH {path}"), patch)
        .await
        .json();
    assert!(changed["name"].is_null());
    assert_eq!(changed["email"], "eve@example.com");
    assert_eq!(changed["numbers"], eve["numbers"]);
    for (patch, tier) in [
        (r#"{"tier":"gold"}"#, "gold"),
        (r#"{"email":null}"#, "gold"),
    ] {
        let answer = world.ask("admin", &format!("PATCH {path}"), patch).await;
        assert_eq!(answer.json()["tier"], tier, "{patch}");
    }
    for tier in ["", "a\nb", &"x".repeat(41)] {
        let body = serde_json::json!({ "tier": tier }).to_string();
        for ask in ["POST /customers", &format!("PATCH {path}")] {
            let answer = world.ask("admin", ask, &body).await;
            assert_eq!(answer.status, 422, "{ask} {body}");
            assert!(answer.text().contains("`tier`"), "{}", answer.text());
        }
    }
    let found = world
        .ask("admin", "GET /customers?search=600222", "")
        .await
        .json();
    assert_eq!(found["items"][0]["id"], eve["id"]);
    for (body, status) in [
        (r#"{"numbers":["+34600111222"]}"#, 409),
        (r#"{"numbers":["call me"]}"#, 422),
        (r#"{"numbers":"+34600111222"}"#, 422),
        (r#"{"nmae":"Eve"}"#, 422),
        ("null", 422),
        ("{", 400),
    ] {
        let answer = world.ask("admin", "POST /customers", body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
        let other = status == 409 && answer.text().contains("600111222");
        assert!(!other, "a number of another customer is not told");
    }
    let nobody = "PATCH /customers/00000000-0000-0000-0000-0000000000ff";
    assert_eq!(world.ask("admin", nobody, "{}").await.status, 404);
}

#[tokio::test]
async fn audio_with_ranges() {
    let world = World::start().await;
    let path = format!("GET /recordings/{RECORDING}/audio");
    let whole = world.ask("admin", &path, "").await;
    let length = whole.body.len();
    assert_eq!(whole.header("content-type"), Some("audio/wav"));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    assert_eq!(&whole.body[..4], b"RIFF");
    assert!(length as u64 > FRAMES * 4);
    let tag = whole.header("etag").unwrap();
    let range = async |more: &[(&str, &str)]| world.ask_with("admin", &path, more, "").await;
    let part = range(&[("Range", "bytes=10-19")]).await;
    assert_eq!(part.status, 206);
    assert_eq!(
        part.header("content-range"),
        Some(format!("bytes 10-19/{length}").as_str())
    );
    assert_eq!(part.header("content-length"), Some("10"));
    assert_eq!(part.body, whole.body[10..20]);
    let end = range(&[("Range", "bytes=-100"), ("If-Range", tag)]).await;
    assert_eq!(
        (end.status, &end.body[..]),
        (206, &whole.body[length - 100..])
    );
    let beyond = range(&[("Range", "bytes=99999999-")]).await;
    assert_eq!(beyond.status, 416);
    assert_eq!(
        beyond.header("content-range"),
        Some(format!("bytes */{length}").as_str())
    );
    let other = range(&[("Range", "bytes=0-1"), ("If-Range", "\"other\"")]).await;
    assert_eq!((other.status, other.body.len()), (200, length));
    let head = world.ask("admin", &path.replace("GET", "HEAD"), "").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(
        head.header("content-length"),
        Some(length.to_string().as_str())
    );
    let metadata = world
        .ask("admin", &format!("GET /recordings/{RECORDING}"), "")
        .await
        .json();
    assert_eq!(metadata["duration"], 1.0);
}

#[tokio::test]
async fn pages_without_a_token() {
    let world = World::start().await;
    let get = async |path: &str| send(world.server, &format!("GET {path}"), &[], "").await;
    assert_eq!(get("/healthz").await.status, 200);
    assert_eq!(get("/readyz").await.status, 200);
    world.ready.send(false).unwrap();
    assert_eq!(get("/readyz").await.status, 503);
    let page = get("/").await;
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .contains("default-src 'self'")
    );
    let html = page.text();
    assert!(
        html.contains("support") && html.contains("not taking calls"),
        "{html}"
    );
    for private in ["Ana", "ana", "600111222", "<script"] {
        assert!(!html.contains(private), "{private}");
    }
    let missing = get("/nothing").await;
    assert_eq!(
        (missing.status, missing.header("content-type")),
        (404, Some("application/problem+json"))
    );
    assert_eq!(get("/api/v1/nothing").await.status, 404);
    assert_eq!(world.ask("admin", "DELETE /agents", "").await.status, 405);
}

#[tokio::test]
async fn foreign_host_names_are_turned_away() {
    let world = World::start().await;
    for (host, status) in [
        ("evil.example", 421),
        ("cordboard.localhost:8080", 200),
        ("127.0.0.1", 200),
    ] {
        let answer = send(world.server, "GET /healthz", &[("Host", host)], "").await;
        assert_eq!(answer.status, status, "{host}");
    }
}

#[tokio::test]
async fn a_store_that_is_gone_is_told_without_detail() {
    let world = World::start().await;
    world.store.close().await;
    let answer = world.ask("admin", "GET /interactions", "").await;
    assert_eq!(answer.status, 503);
    assert!(
        !answer.text().to_lowercase().contains("sql"),
        "{}",
        answer.text()
    );
    assert_eq!(answer.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn a_certificate_and_its_end() {
    let world = World::start().await;
    let list = world
        .ask("supervisor", "GET /certificates", "")
        .await
        .json();
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "SIP shows none");
    assert_eq!(items[0]["shown"], "http");
    assert_eq!(items[0]["expires_at"], "2026-11-22T00:00:00.000Z");
    assert!(items[0]["words"].as_str().unwrap().contains("2026-11-22"));
}
