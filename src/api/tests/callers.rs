//! Who calls: a number is a hint, until somebody asked and said so.

use super::world::{ANA, BEN, CALLER, LOST, RECORDING, TALK, World};
use serde_json::{Value, json};

async fn ask(world: &World, who: &str, request: &str, body: &Value, status: u16) -> Value {
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

/// A second customer with the caller's number.
async fn neighbour(world: &World) -> String {
    let path = format!("POST /interactions/{LOST}/customer");
    let body = json!({"name": "Bo Neighbour", "email": "bo@example.org"});
    ask(world, "admin", &path, &body, 201).await["customer"]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_number_shows_name_and_reason_alone_until_the_agent_confirms() {
    let world = World::start().await;
    let caller = format!("GET /interactions/{TALK}/caller");
    let customer = format!("GET /customers/{CALLER}");
    let line = format!("GET /customers/{CALLER}/interactions");
    let name = json!({"name": "Eve", "email": "eve@example.org"});
    ask(
        &world,
        "admin",
        &format!("PATCH /customers/{CALLER}"),
        &name,
        200,
    )
    .await;

    let shown = ask(&world, "ana", &caller, &Value::Null, 200).await;
    assert_eq!(shown["number"], "+34600111222");
    assert_eq!(shown["why"], json!(["pressed 2: Help"]));
    assert_eq!(
        (&shown["confirmed"], &shown["customer"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!(
        shown["candidates"],
        json!([{"id": CALLER.to_string(), "name": "Eve", "company": null}])
    );
    for hidden in [&customer, &line, &format!("GET /interactions/{LOST}")] {
        ask(&world, "ana", hidden, &Value::Null, 403).await;
    }
}

#[tokio::test]
async fn an_agents_word_opens_the_time_line_and_is_in_the_log() {
    let world = World::start().await;
    let customer = format!("GET /customers/{CALLER}");
    let line = format!("GET /customers/{CALLER}/interactions");
    let put = format!("PUT /interactions/{TALK}/customer");
    let confirm = json!({"customer_id": CALLER.to_string()});
    ask(&world, "ben", &put, &confirm, 403).await;
    ask(&world, "readonly", &put, &confirm, 403).await;
    let nobody = json!({"customer_id": uuid::Uuid::nil().to_string()});
    ask(&world, "ana", &put, &nobody, 422).await;
    ask(&world, "ana", &put, &json!({}), 422).await;
    let said = ask(&world, "ana", &put, &confirm, 200).await;
    assert_eq!(said["confirmed"], true);
    assert_eq!(said["customer"]["id"], CALLER.to_string());
    assert_eq!(said["candidates"], json!([]));

    // The time line of the customer, with what others answered; and its recordings.
    ask(&world, "ana", &customer, &Value::Null, 200).await;
    let all = ask(&world, "ana", &line, &Value::Null, 200).await;
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    ask(
        &world,
        "ana",
        &format!("GET /interactions/{LOST}"),
        &Value::Null,
        200,
    )
    .await;
    ask(&world, "ben", &customer, &Value::Null, 403).await;
    ask(
        &world,
        "ben",
        &format!("GET /recordings/{RECORDING}"),
        &Value::Null,
        403,
    )
    .await;
    // To write is another matter.
    let notes = json!({"text": "x", "version": 0});
    ask(
        &world,
        "ana",
        &format!("PUT /interactions/{LOST}/notes"),
        &notes,
        403,
    )
    .await;

    let record = ask(
        &world,
        "admin",
        &format!("GET /interactions/{TALK}"),
        &Value::Null,
        200,
    )
    .await;
    let audit = record["events"].as_array().unwrap().iter();
    let audit: Vec<_> = audit
        .filter(|e| e["kind"] == "customer_confirmed")
        .collect();
    assert_eq!(audit.len(), 1);
    assert_eq!(audit[0]["customer"], CALLER.to_string());
    assert_eq!(audit[0]["by"], ANA.to_string());
    assert!(record["customer_confirmed_at"].is_string());

    let unsaid = ask(&world, "ana", &put, &json!({"customer_id": null}), 200).await;
    assert_eq!(unsaid["confirmed"], false);
    ask(&world, "ana", &customer, &Value::Null, 403).await;
}

#[tokio::test]
async fn a_number_is_of_nobody_of_one_or_of_several() {
    let world = World::start().await;
    let by_number = "GET /customers?number=600111222";
    let caller = format!("GET /interactions/{TALK}/caller");
    // The row that the call made says nothing.
    let shown = ask(&world, "ana", &caller, &Value::Null, 200).await;
    assert_eq!(shown["candidates"], json!([]));

    let post = format!("POST /interactions/{TALK}/customer");
    ask(&world, "ana", &post, &json!({}), 422).await;
    ask(&world, "ben", &post, &json!({"name": "Eve"}), 403).await;
    let made = ask(&world, "ana", &post, &json!({"name": "Eve"}), 201).await;
    assert_eq!(made["customer"]["id"], CALLER.to_string(), "filled in");
    assert_eq!(made["customer"]["numbers"], json!(["+34600111222"]));
    assert_eq!(made["confirmed"], true);

    let other = neighbour(&world).await;
    assert_ne!(other, CALLER.to_string());
    let both = ask(&world, "supervisor", by_number, &Value::Null, 200).await;
    let names: Vec<_> = both["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["name"])
        .collect();
    assert_eq!(names, ["Eve", "Bo Neighbour"]);
    let none = ask(
        &world,
        "admin",
        "GET /customers?number=%2B34911000000",
        &Value::Null,
        200,
    )
    .await;
    assert_eq!(none["items"], json!([]));
    ask(
        &world,
        "admin",
        "GET /customers?number=abc",
        &Value::Null,
        422,
    )
    .await;
    ask(
        &world,
        "admin",
        "GET /customers?number=600111222&search=e",
        &Value::Null,
        422,
    )
    .await;

    // A shared number can be edited, and tells of nobody by itself.
    let patch = json!({"numbers": ["+34600111222", "+34600111223"]});
    ask(
        &world,
        "admin",
        &format!("PATCH /customers/{other}"),
        &patch,
        200,
    )
    .await;
    let number = router::PhoneNumber::from_normalised("+34600111222");
    assert_eq!(world.store.customer_by_number(&number).await.unwrap(), None);
    let names = world
        .store
        .customer_names_by_number(std::slice::from_ref(&number))
        .await
        .unwrap();
    assert!(names.is_empty());
    let agents = world.store.last_agents_by_number(&[number]).await.unwrap();
    assert!(agents.is_empty());
}

#[tokio::test]
async fn the_agent_of_a_customers_last_talk_is_known_by_the_number() {
    let world = World::start().await;
    let numbers = ["+34600111222", "+34600999999"].map(router::PhoneNumber::from_normalised);
    let agents = world.store.last_agents_by_number(&numbers).await.unwrap();
    let found: Vec<_> = agents.into_iter().collect();
    assert_eq!(found, [(numbers[0].clone(), ANA)]);
}

#[tokio::test]
async fn an_agent_looks_up_who_called_lately_and_searches_names_during_a_call() {
    let world = World::start().await;
    neighbour(&world).await;
    // The calls of this world were in 1970.
    let number = router::PhoneNumber::from_normalised("+34600111222");
    let met = async |agent, since| {
        let since = router::Timestamp::from_millis(since);
        let met = world.store.agent_met_number(agent, &number, since).await;
        met.unwrap()
    };
    assert!(met(ANA, 0).await && !met(ANA, 100_000).await && !met(BEN, 0).await);
    ask(
        &world,
        "ana",
        "GET /customers?number=600111222",
        &Value::Null,
        403,
    )
    .await;
    ask(
        &world,
        "ana",
        "GET /customers?search=neigh",
        &Value::Null,
        403,
    )
    .await;
    let busy = json!({"state": "not_ready", "reason": "wrap-up"});
    ask(&world, "ana", "PUT /agents/ana/state", &busy, 200).await;
    ask(&world, "ana", "GET /customers?search=ne", &Value::Null, 403).await;
    let found = ask(
        &world,
        "ana",
        "GET /customers?search=neigh",
        &Value::Null,
        200,
    )
    .await;
    let items = found["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["name"], "Bo Neighbour");
    assert_eq!(
        (&items[0]["email"], &items[0]["numbers"]),
        (&Value::Null, &json!([]))
    );
    ask(
        &world,
        "ben",
        "GET /customers?search=neigh",
        &Value::Null,
        403,
    )
    .await;
}
