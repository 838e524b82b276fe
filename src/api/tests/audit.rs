//! Every act and every listen leaves a row that cannot be changed unseen.

use super::sessions::begin;
use super::world::{CALLER, RECORDING, World};
use crate::api::access::sessions::NewSession;
use crate::api::right::RoleName;
use router::Timestamp;
use serde_json::Value;
use std::time::Duration;

/// Rows, oldest first, once there are this many.
async fn rows(world: &World, wanted: usize) -> Vec<Value> {
    for _ in 0..400 {
        let page = world.ask("admin", "GET /audit?limit=500", "").await.json();
        let mut items = page["items"].as_array().unwrap().clone();
        if items.len() >= wanted {
            items.reverse();
            return items;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("fewer than {wanted} rows");
}

/// Role, action, object and status of a row.
type Deed = (String, String, String, Value);

fn deed(role: &str, action: &str, object: &str, status: u16) -> Deed {
    let [role, action, object] = [role, action, object].map(str::to_owned);
    (role, action, object, status.into())
}

fn deed_of(row: &Value) -> Deed {
    let text = |name: &str| row[name].as_str().unwrap().to_owned();
    (
        text("role"),
        text("action"),
        text("object"),
        row["status"].clone(),
    )
}

/// What an editor asks with POST.
const COMPUTED: [(&str, &str); 5] = [
    ("complete", r#"{"text":"","line":1,"column":1}"#),
    ("difference", r#"{"before":"a: 1","after":"a: 2"}"#),
    ("prompts", r#"{"text":""}"#),
    ("worth", r#"{"text":"","expression":"1"}"#),
    ("try/sound", r#"{"text":"","moment":0}"#),
];

#[tokio::test]
async fn every_act_and_every_listen_leaves_a_row() {
    let world = World::start().await;
    let (cookie, csrf) = begin(&world, RoleName::Supervisor, None).await;
    let page = [
        ("Cookie", cookie.as_str()),
        ("Origin", "http://localhost"),
        ("X-CSRF-Token", csrf.as_str()),
    ];
    let state = r#"{"state":"not_ready","reason":"lunch"}"#;
    let audio = format!("/api/v1/recordings/{RECORDING}/audio");
    let heard = world.plain(&format!("GET {audio}"), &page, "").await;
    assert_eq!(heard.status, 200);
    let request = "PUT /api/v1/agents/ana/state";
    assert_eq!(world.plain(request, &page, state).await.status, 200);
    // What was refused is told as well; looking at lists is not, nor what an editor asks with every key.
    let view = world.ask("supervisor", "POST /flows/menu/view", r#"{"text":""}"#);
    assert_eq!(view.await.status, 200);
    for (asked, body) in COMPUTED {
        let request = format!("POST /flows/menu/{asked}");
        world.ask("supervisor", &request, body).await;
    }
    let hear = format!("GET /recordings/{RECORDING}/audio");
    assert_eq!(world.ask("ben", &hear, "").await.status, 403);
    assert_eq!(world.ask("admin", "GET /agents", "").await.status, 200);
    let patch = format!("PATCH /customers/{CALLER}");
    let changed = world.ask("readonly", &patch, r#"{"notes":"secret words"}"#);
    assert_eq!(changed.await.status, 403);
    let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
    let link = world
        .access
        .links
        .create(NewSession::caller(), Duration::from_secs(60), now)
        .unwrap();
    world.plain(&format!("GET /call?t={link}"), &[], "").await;
    let rows = rows(&world, 5).await;
    let told: Vec<_> = rows.iter().map(deed_of).collect();
    let heard = "GET /api/v1/recordings/{id}/audio (hear)";
    assert_eq!(
        told,
        [
            deed("supervisor", heard, &audio, 200),
            deed(
                "supervisor",
                "PUT /api/v1/agents/{login}/state",
                "/api/v1/agents/ana/state",
                200
            ),
            deed("agent", heard, &audio, 403),
            deed(
                "readonly",
                "PATCH /api/v1/customers/{id}",
                &format!("/api/v1/customers/{CALLER}"),
                403
            ),
            deed("caller", "GET /call (sign-in link)", "/call", 303),
        ]
    );
    assert_eq!(rows[0]["actor"], "somebody");
    assert!(rows[2]["actor"].as_str().unwrap().starts_with("token "));
    let all = Value::from(rows).to_string();
    for private in ["secret words", "lunch", &link, "cb_"] {
        assert!(!all.contains(private), "{private}");
    }
    let check = world.store.check_audit(None).await.unwrap();
    assert_eq!((check.head.seq, check.broken), (5, None));
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_done() {
    let world = World::start().await;
    // Believed while the database is away.
    assert_eq!(world.ask("admin", "GET /agents", "").await.status, 200);
    world.store.close().await;
    let state = r#"{"state":"not_ready","reason":"lunch"}"#;
    let mut refused = 0;
    for _ in 0..1_300 {
        let answer = world.ask("admin", "PUT /agents/ana/state", state).await;
        match answer.status {
            200 => assert_eq!(refused, 0, "no place comes back by itself"),
            503 => refused += 1,
            other => panic!("{other}"),
        }
        if refused > 3 {
            break;
        }
    }
    assert!(refused > 3);
    assert_eq!(world.ask("admin", "GET /agents", "").await.status, 200);
}
