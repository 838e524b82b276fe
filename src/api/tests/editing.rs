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
