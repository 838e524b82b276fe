//! What the editor of flows is told: views of a text, and operations on it.

use super::world::World;
use serde_json::{Value, json};

const EXAMPLE: &str = include_str!("../../../ivr-flows/examples/fernhill/flows/support.flow.yaml");

async fn ask(world: &World, request: &str, body: &Value) -> (u16, Value) {
    let answer = world.ask("supervisor", request, &body.to_string()).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn a_view_lists_and_draws_the_example() {
    let world = World::start().await;
    let body = json!({ "text": EXAMPLE, "zoom": "steps" });
    let (status, view) = ask(&world, "POST /flows/support/view", &body).await;
    assert_eq!(status, 200, "{view}");
    let boxes = view["picture"]["boxes"].as_array().unwrap();
    let svg = view["picture"]["svg"].as_str().unwrap();
    assert_eq!(svg.matches("data-box=").count(), boxes.len());
    let blocks = view["outline"]["blocks"].as_array().unwrap();
    let paths: Vec<&str> = blocks
        .iter()
        .flat_map(|block| block["steps"].as_array().unwrap())
        .map(|step| step["path"].as_str().unwrap())
        .collect();
    for shown in boxes.iter().filter(|shown| !shown["step"].is_null()) {
        let path = format!(
            "/blocks/{}/{}",
            shown["block"].as_str().unwrap(),
            shown["step"]
        );
        assert!(paths.contains(&path.as_str()), "{path}");
    }
}

#[tokio::test]
async fn what_the_tests_come_by_is_told_and_drawn() {
    let world = World::start().await;
    let text = "flow: 1\nname: small\ndefaults: { exits: { error: bye } }\nblocks:\n  start:\n    - answer:\n    - branch:\n        - { when: 'call.from == \"+441\"', \
        go: other }\n        - else: bye\n  other:\n    - tag: { said: other }\n    - hangup:\n  bye:\n    - tag: { said: bye }\n    \
        - hangup:\n";
    let tests =
        "flow: small\ntests:\n  - name: one\n    do: []\n    expect: [ { tag: { said: bye } } ]\n";
    let body = |coverage: bool| json!({ "text": text, "tests": tests, "coverage": coverage, "zoom": "blocks" });
    let (status, view) = ask(&world, "POST /flows/small/view", &body(true)).await;
    assert_eq!(status, 200, "{view:#}");
    assert_eq!(view["report"]["tests"]["count"], 1, "{view:#}");
    let coverage = &view["coverage"];
    assert_eq!(
        (&coverage["steps"], &coverage["steps_tested"]),
        (&json!(6), &json!(4))
    );
    let missing = coverage["missing"].as_array().unwrap();
    let of = |path: &str, way: Value| {
        let mut found = missing.iter();
        found.any(|one| one["path"] == path && one["way"] == way)
    };
    assert!(of("/blocks/other/0", Value::Null) && of("/blocks/other/1", Value::Null));
    assert!(of("/blocks/start/1", json!("case 1")) && !of("/blocks/start/1", json!("else")));
    let svg = view["picture"]["svg"].as_str().unwrap();
    assert!(
        svg.contains("(0/2 tested)") && svg.contains("(2/2 tested)"),
        "{svg}"
    );
    let (_, plain) = ask(&world, "POST /flows/small/view", &body(false)).await;
    assert_eq!(plain["coverage"], Value::Null);
    assert!(!plain["picture"]["svg"].as_str().unwrap().contains("tested"));
}

#[tokio::test]
async fn two_texts_are_compared_and_signs_stand_at_their_blocks() {
    let world = World::start().await;
    let of = |blocks: &str| format!("flow: 1\nname: small\nblocks:\n{blocks}");
    let before = of(
        "  start:\n    - answer:\n    - go: main\n  main:\n    - tag: { a: b }\n    - tag: { k: l }\n    - tag: { m: n }\n    - tag: { c: d }\n    - go: old\n  \
         old:\n    - hangup:\n  same:\n    - hangup:\n    - tag: { x: y }\n",
    );
    let after = of(
        "  start:\n    - answer:\n    - go: menu\n  menu:\n    - tag: { a: b }\n    - tag: { k: l }\n    - tag: { m: n }\n    - tag: { c: e }\n    - go: fresh\n  \
         fresh:\n    - tag: { q: r }\n    - set: { z: 1 }\n  same:\n    - hangup:\n    - tag: { x: y }\n",
    );
    let body = json!({ "before": before, "after": after });
    let (status, compared) = ask(&world, "POST /flows/small/difference", &body).await;
    assert_eq!(status, 200, "{compared:#}");
    assert_eq!(
        compared["before"]["signs"],
        json!({ "main": "changed", "old": "gone" }),
        "{compared:#}"
    );
    assert_eq!(
        compared["after"]["signs"],
        json!({ "menu": "changed", "fresh": "new" })
    );
    let told = compared["changes"].to_string();
    assert!(told.contains("+ block fresh: 2 steps"), "{told}");
    for (side, block) in [("before", "old"), ("after", "fresh")] {
        let boxes = compared[side]["picture"]["boxes"].as_array().unwrap();
        assert!(boxes.iter().any(|one| one["block"] == block), "{side}");
    }
    let body = json!({ "before": "blocks: [", "after": after });
    let (status, problem) = ask(&world, "POST /flows/small/difference", &body).await;
    assert_eq!(status, 422);
    assert!(
        problem["detail"].as_str().unwrap().contains("line 1"),
        "{problem}"
    );
}

#[tokio::test]
async fn an_expression_is_worth_what_the_tried_call_makes_of_it() {
    let world = World::start().await;
    let text = "flow: 1\nname: small\ndefaults: { exits: { error: start } }\nvars: { n: { type: int, default: 3 } }\nblocks:\n  start:\n    \
        - answer:\n    - set: { n: \"{{ vars.n + 1 }}\" }\n    - hangup:\n";
    let worth = async |expression: &str, from: &str| {
        let body = json!({ "text": text, "caller": { "from": from }, "expression": expression });
        let (status, worth) = ask(&world, "POST /flows/small/worth", &body).await;
        assert_eq!(status, 200, "{worth}");
        worth
    };
    let spanish = r#"call.from.startsWith("+34")"#;
    for (from, value) in [("+34600000101", "true"), ("+4420", "false")] {
        let worth = worth(spanish, from).await;
        assert_eq!(
            (&worth["kind"], &worth["value"]),
            (&json!("bool"), &json!(value))
        );
    }
    let number = worth("vars.n * 2", "").await;
    assert_eq!(
        (&number["kind"], &number["value"]),
        (&json!("int"), &json!("8")),
        "{number}"
    );
    let fault = worth("vars.n >", "").await;
    assert!(
        fault["value"].is_null() && fault["column"].as_u64().unwrap() > 1,
        "{fault}"
    );
    let nothing = worth(r#"vars.n + "a""#, "").await;
    assert!(
        nothing["value"].is_null() && nothing["column"].is_null(),
        "{nothing}"
    );
    assert!(!nothing["why"].as_str().unwrap().is_empty());
    let long = json!({ "text": text, "expression": "1".repeat(3_000) });
    assert_eq!(ask(&world, "POST /flows/small/worth", &long).await.0, 422);
}

#[tokio::test]
async fn a_text_that_cannot_be_read_has_findings_and_no_picture() {
    let world = World::start().await;
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n".to_owned();
    for text in ["blocks: [".to_owned(), bomb, "x".repeat(1024 * 1024)] {
        let (status, view) = ask(&world, "POST /flows/menu/view", &json!({ "text": text })).await;
        assert_eq!(status, 200);
        let findings = view["report"]["findings"].as_array().unwrap();
        assert!(!findings.is_empty());
        assert_eq!(
            (&view["outline"], &view["picture"]),
            (&Value::Null, &Value::Null)
        );
        let operations = json!([{ "op": "set", "path": "/title", "value": "New" }]);
        let body = json!({ "text": text, "operations": operations });
        let (status, problem) = ask(&world, "POST /flows/menu/edit", &body).await;
        assert_eq!(
            (status, &problem["type"]),
            (422, &json!("urn:cordboard:edit-refused"))
        );
    }
}

#[tokio::test]
async fn operations_change_their_lines_alone_and_a_block_is_renamed_in_the_tests_too() {
    let world = World::start().await;
    let tests = "flow: support\ntests:\n  - name: one # mine\n    expect:\n      - block: orders\n";
    let operations = json!([
        { "op": "set", "path": "/blocks/orders/3/http/retries", "value": 2 },
        { "op": "rename_block", "from": "orders", "to": "my-orders" },
    ]);
    let body = json!({ "text": EXAMPLE, "tests": tests, "operations": operations });
    let (status, edited) = ask(&world, "POST /flows/support/edit", &body).await;
    assert_eq!(status, 200, "{edited}");
    assert_eq!(edited["tests"], tests.replace("orders", "my-orders"));
    let text = edited["text"].as_str().unwrap();
    assert_eq!(text.lines().count(), EXAMPLE.lines().count());
    let both = EXAMPLE.lines().zip(text.lines());
    let changed: Vec<_> = both.filter(|(old, new)| old != new).collect();
    assert_eq!(
        changed,
        [
            (
                "          1: { go: orders, label: Orders }",
                "          1: { go: my-orders, label: Orders }"
            ),
            ("  orders:", "  my-orders:"),
            ("        retries: 1", "        retries: 2"),
            (
                "    - go: { to: orders, at_most: 2, then: to-a-person }",
                "    - go: { to: my-orders, at_most: 2, then: to-a-person }"
            ),
        ]
    );
    let svg = edited["view"]["picture"]["svg"].as_str().unwrap();
    assert!(svg.contains("my-orders"), "{svg}");
}

#[tokio::test]
async fn all_operations_are_made_or_none_and_not_too_many() {
    let world = World::start().await;
    let good = json!({ "op": "set", "path": "/title", "value": "New" });
    for bad in ["title", "/blocks/nowhere/3", "/blocks/main/99", "/", "//"] {
        let operations = json!([good, { "op": "set", "path": bad, "value": null }]);
        let body = json!({ "text": EXAMPLE, "operations": operations });
        let (status, problem) = ask(&world, "POST /flows/support/edit", &body).await;
        assert_eq!(
            (status, &problem["operation"]),
            (422, &json!(1)),
            "{bad}: {problem}"
        );
    }
    let many = vec![good; 201];
    let body = json!({ "text": EXAMPLE, "operations": many });
    let (status, problem) = ask(&world, "POST /flows/support/edit", &body).await;
    assert_eq!(status, 422);
    assert!(
        problem["detail"].as_str().unwrap().contains("200"),
        "{problem}"
    );
}

#[tokio::test]
async fn a_text_is_tried_line_by_line_and_nobody_outside_is_asked() {
    let world = World::start().await;
    let text = "flow: 1\nname: menu\nlanguages: { default: en, offer: [en, es] }\ndefaults: { exits: { exhausted: bye, error: bye } }\n\
        prompts: { ask: { en: \"Press 1.\", es: \"Pulse 1.\" } }\nvars: { found: { type: map } }\nblocks:\n  start:\n    - answer:\n    \
        - customer: { by: call.from }\n    - language: { from: customer.language }\n    - menu: { prompt: ask, keys: { 1: { go: look, label: Look } } }\n  \
        look:\n    - http: { get: \"http://127.0.0.1:1/x\", into: found, exits: { error: bye } }\n    - tag: { got: \"{{ vars.found.word }}\" }\n    - hangup:\n  bye:\n    - hangup:\n";
    let tries = |lines: &Value| {
        let caller = json!({ "from": "555", "customer": { "name": "Ana", "language": "es" } });
        json!({ "text": text, "caller": caller, "lines": lines })
    };
    let (status, at_menu) = ask(&world, "POST /flows/menu/try", &tries(&json!([]))).await;
    assert_eq!(status, 200, "{at_menu}");
    let last = at_menu["moments"].as_array().unwrap().last().unwrap();
    assert_eq!(
        last,
        &json!({ "line": null, "at_ms": 0, "kind": "hears", "text": "hears \"Pulse 1.\"", "prompt": "ask", "language": "es" })
    );
    assert_eq!(
        (&at_menu["waits_for"], &at_menu["step"], &at_menu["over"]),
        (&json!("key"), &json!("/blocks/start/3"), &json!(false))
    );
    let (_, asking) = ask(&world, "POST /flows/menu/try", &tries(&json!(["1"]))).await;
    assert_eq!(
        (&asking["waits_for"], &asking["block"]),
        (&json!("server"), &json!("look")),
        "{asking}"
    );
    let lines = json!(["1", "http 200 {\"word\": \"yes\"}", "1"]);
    let (_, over) = ask(&world, "POST /flows/menu/try", &tries(&lines)).await;
    assert_eq!(
        (&over["waits_for"], &over["over"]),
        (&json!("nothing"), &json!(true)),
        "{over}"
    );
    let told = |kind: &str| {
        let all = over["moments"].as_array().unwrap().iter();
        let found = all.rev().find(|moment| moment["kind"] == kind).unwrap();
        (found["line"].clone(), found["text"].clone())
    };
    assert_eq!(told("sets"), (json!(1), json!("tag got = yes")));
    assert_eq!(told("asks").1, "asks a server outside: GET by look");
    assert_eq!(told("ended"), (json!(1), json!("the call ends: Hangup")));
}

#[tokio::test]
async fn what_a_caller_would_hear_is_heard_where_it_is_tried() {
    let world = World::start().await;
    // `closed` is recorded, the other is not, and nobody speaks here.
    let text = "flow: 1\nname: heard\nprompts:\n  closed: { en: \"We are closed.\" }\n  open: { en: \"We are open.\" }\nblocks:\n  start:\n    \
        - answer:\n    - play: closed\n    - play: open\n    - hangup:\n";
    let tried = json!({ "text": text, "lines": [""] });
    let (_, tried) = ask(&world, "POST /flows/heard/try", &tried).await;
    let moments = tried["moments"].as_array().unwrap();
    let place = |words: &str| {
        let mut all = moments.iter();
        all.position(|one| one["text"] == format!("hears \"{words}\""))
    };
    let asks = |moment: usize| {
        let body = json!({ "text": text, "lines": [""], "moment": moment });
        let request = "POST /flows/heard/try/sound";
        let world = &world;
        async move { world.ask("supervisor", request, &body.to_string()).await }
    };
    let heard = asks(place("We are closed.").unwrap()).await;
    assert_eq!(heard.status, 200);
    let mut wav = hound::WavReader::new(&heard.body[..]).unwrap();
    let samples: Vec<i16> = wav.samples().map(Result::unwrap).collect();
    assert_eq!((wav.spec().sample_rate, samples.len()), (8_000, 800));
    assert!(samples.iter().zip(0..).all(|(one, n)| *one == n));
    for nothing in [place("We are open.").unwrap(), 0, 9_999] {
        assert_eq!(asks(nothing).await.status, 404, "{nothing}");
    }
}

#[tokio::test]
async fn a_try_is_bounded_and_says_what_is_wrong() {
    let world = World::start().await;
    let (status, problem) = ask(
        &world,
        "POST /flows/menu/try",
        &json!({ "text": "flow: 1\nname: menu\nblocks:\n  start:\n    - plya: x\n" }),
    )
    .await;
    assert_eq!(
        (
            status,
            &problem["type"],
            &problem["report"]["findings"][0]["line"]
        ),
        (422, &json!("urn:cordboard:flow-broken"), &json!(5))
    );
    let endless = "flow: 1\nname: menu\ndefaults: { exits: { exhausted: start, error: start } }\nblocks:\n  start:\n    - answer:\n    \
        - queue: { to: support, use: w }\nwaits:\n  w: { loop: [ { say: { en: \"Hi.\" } } ] }\n";
    let hours = vec!["+1h"; 500];
    let body = json!({ "text": endless, "lines": hours });
    let (status, tried) = ask(&world, "POST /flows/menu/try", &body).await;
    assert_eq!(status, 200, "{tried}");
    let moments = tried["moments"].as_array().unwrap();
    assert!(moments.len() <= 2_000, "{}", moments.len());
    assert!(moments.len() > 1_000, "{tried}");
    let many = json!({ "text": endless, "lines": vec![""; 501] });
    let (status, _) = ask(&world, "POST /flows/menu/try", &many).await;
    assert_eq!(status, 422);
    let when = json!({ "text": endless, "caller": { "at": "tomorrow" } });
    let (status, _) = ask(&world, "POST /flows/menu/try", &when).await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn the_schema_has_the_names_of_the_company_and_is_no_flow() {
    let world = World::start().await;
    let (status, schema) = ask(&world, "GET /flows/schema", &json!({})).await;
    assert_eq!(status, 200);
    assert!(schema["$schema"].is_string(), "{schema}");
    assert!(schema.to_string().contains("\"support\""));
    let text = "flow: 1\nname: schema\nblocks:\n  start:\n    - answer:\n    - hangup:\n";
    let (_, report) = ask(&world, "POST /flows/schema/check", &json!({ "text": text })).await;
    let finding = &report["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["message"]),
        (&json!("F104"), &json!("the API has `schema` for itself")),
        "{report}"
    );
}
