//! The API's description against the router and against real answers.

use super::world::{CALLER, RECORDING, TALK, World};
use crate::api::openapi::document;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// When the world's calls were.
const FIRST_HOUR: &str = "from=1970-01-01T00:00:00Z&to=1970-01-01T01:00:00Z";

/// The routes as the router's source names them: `METHOD path`.
fn routes() -> BTreeSet<String> {
    let source = include_str!("../mod.rs");
    let (_, source) = source.split_once("let v1 = Router::new()").unwrap();
    // The groups that it merges.
    let groups: Vec<&str> = source
        .split("-> Router<ApiState> {")
        .skip(1)
        .map(|group| group.split_once("\n}\n").unwrap().0)
        .collect();
    let (v1, rest) = source.split_once("Router::new()").unwrap();
    let (outer, _) = rest.split_once(".nest(").unwrap();
    let mut routes = BTreeSet::new();
    let texts = groups.into_iter().chain([v1]);
    for (text, prefix) in texts.map(|text| (text, "/api/v1")).chain([(outer, "")]) {
        for route in text.split(".route(").skip(1) {
            let path = route.split('"').nth(1).unwrap();
            for method in ["get", "put", "post", "patch", "delete"] {
                if route.contains(&format!("{method}(")) {
                    routes.insert(format!("{method} {prefix}{path}"));
                }
            }
        }
    }
    // The rest of a path is a parameter like any other in the description.
    let mut routes: BTreeSet<String> = routes
        .into_iter()
        .map(|route| route.replace("{*", "{"))
        .collect();
    // A page for people, not part of the API.
    assert!(routes.remove("get /"));
    routes
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let document = document();
    let mut described = BTreeSet::new();
    let mut names = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            described.insert(format!("{method} {path}"));
            let name = operation["operationId"].as_str().unwrap().to_owned();
            assert!(names.insert(name), "{method} {path}: the name is taken");
            let parameters = operation["parameters"].as_array();
            let in_path = parameters.into_iter().flatten();
            let count = in_path.filter(|p| p["in"] == "path").count();
            assert_eq!(count, path.matches('{').count(), "{path}");
        }
    }
    assert_eq!(described, routes());
    assert!(described.len() >= 20);
}

#[test]
fn every_reference_leads_somewhere() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value.as_str().filter(|_| name == "$ref") {
                        Some(target) => found.push(target.to_owned()),
                        None => references(value, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 30);
    for target in found {
        let pointer = target.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{target}");
    }
}

/// Follows references.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(target) => resolved(document, document.pointer(&target[1..]).unwrap()),
        None => schema,
    }
}

/// Names of an object's fields; those of `allOf` together. None when any field is allowed.
fn fields(document: &Value, schema: &Value) -> Option<Vec<(String, Value)>> {
    let schema = resolved(document, schema);
    if let Some(parts) = schema["allOf"].as_array() {
        let parts = parts.iter().map(|part| fields(document, part));
        return Some(parts.collect::<Option<Vec<_>>>()?.concat());
    }
    if schema.get("additionalProperties").is_some() {
        return None;
    }
    let properties = schema["properties"].as_object()?;
    Some(properties.clone().into_iter().collect())
}

/// Whether an answer has the described fields, all the way down.
fn compare(document: &Value, schema: &Value, answer: &Value, place: &str) {
    let schema = resolved(document, schema);
    if answer.is_null() {
        return;
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let some = choices.iter().find(|choice| choice["type"] != "null");
        return compare(document, some.unwrap(), answer, place);
    }
    if let (Some(items), Some(found)) = (schema.get("items"), answer.as_array()) {
        for item in found {
            compare(document, items, item, &format!("{place}[]"));
        }
    } else if let (Some(wanted), Some(found)) = (fields(document, schema), answer.as_object()) {
        let names: BTreeSet<&str> = wanted.iter().map(|(name, _)| name.as_str()).collect();
        let there: BTreeSet<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(there, names, "{place}");
        for (name, schema) in &wanted {
            compare(document, schema, &found[name], &format!("{place}.{name}"));
        }
    } else if let Some(kind) = schema["type"].as_str() {
        let right = match kind {
            "string" => answer.is_string(),
            "integer" => answer.is_u64() || answer.is_i64(),
            "number" => answer.is_number(),
            "boolean" => answer.is_boolean(),
            "array" => answer.is_array(),
            _ => answer.is_object(),
        };
        assert!(right, "{place}: {answer} is no {kind}");
    }
}

/// A flow with a version on trial, a draft, and something to say about it.
async fn with_flows(world: &World) {
    let text = "flow: 1\nname: menu\nblocks:\n  start:\n    - answer:\n    - hangup:\n";
    for (request, body) in [
        ("POST /flows/menu/publish", json!({ "text": text })),
        (
            "POST /flows/menu/publish",
            json!({ "text": format!("{text}# 2\n"), "base": 1, "canary": 10 }),
        ),
        (
            "PUT /flows/menu/draft",
            json!({ "text": "broken", "base": 1 }),
        ),
    ] {
        let answer = world.ask("admin", request, &body.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

#[tokio::test]
async fn answers_are_as_described() {
    let world = World::start().await;
    let document = document();
    with_flows(&world).await;
    for (template, path) in [
        ("/flows", "/flows".to_owned()),
        ("/flows/{name}", "/flows/menu".to_owned()),
        ("/flows/{name}/versions", "/flows/menu/versions".to_owned()),
        (
            "/flows/{name}/versions/{number}",
            "/flows/menu/versions/1".to_owned(),
        ),
        ("/flows/{name}/draft", "/flows/menu/draft".to_owned()),
        ("/agents", "/agents".to_owned()),
        ("/agents/{login}", "/agents/ana".to_owned()),
        ("/queues", "/queues".to_owned()),
        ("/queues/{name}", "/queues/support".to_owned()),
        (
            "/queues/{name}/history",
            "/queues/support/history".to_owned(),
        ),
        (
            "/queues/{name}/intervals",
            format!("/queues/support/intervals?{FIRST_HOUR}"),
        ),
        (
            "/agents/{login}/intervals",
            format!("/agents/ana/intervals?{FIRST_HOUR}"),
        ),
        ("/interactions", "/interactions".to_owned()),
        ("/interactions/{id}", format!("/interactions/{TALK}")),
        (
            "/interactions/{id}/decisions",
            format!("/interactions/{TALK}/decisions"),
        ),
        (
            "/interactions/{id}/notes",
            format!("/interactions/{TALK}/notes"),
        ),
        (
            "/interactions/{id}/caller",
            format!("/interactions/{TALK}/caller"),
        ),
        ("/wrap-up-codes", "/wrap-up-codes".to_owned()),
        ("/not-ready-reasons", "/not-ready-reasons".to_owned()),
        ("/transfer-targets", "/transfer-targets".to_owned()),
        ("/tasks", "/tasks".to_owned()),
        ("/certificates", "/certificates".to_owned()),
        ("/customers", "/customers".to_owned()),
        ("/customers/{id}", format!("/customers/{CALLER}")),
        (
            "/customers/{id}/interactions",
            format!("/customers/{CALLER}/interactions"),
        ),
        ("/recordings/{id}", format!("/recordings/{RECORDING}")),
    ] {
        let answer = world.ask("admin", &format!("GET {path}"), "").await;
        assert_eq!(answer.status, 200, "{path}");
        let operation = &document["paths"][format!("/api/v1{template}")]["get"];
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{template}");
        compare(&document, schema, &answer.json(), template);
    }
    let problem = world.ask("admin", "GET /agents/nobody", "").await.json();
    let schema = &document["components"]["schemas"]["Problem"];
    compare(&document, schema, &problem, "Problem");
}

#[tokio::test]
async fn it_is_for_everybody_with_a_token() {
    let world = World::start().await;
    let answer = world.ask("ana", "GET /openapi.json", "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let document = answer.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(world.ask("", "GET /openapi.json", "").await.status, 401);
}
