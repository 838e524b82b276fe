//! Who may have `/sip` upgraded; what goes over it then is a story of its own.

use super::http::{Answer, send};
use super::world::World;

const UPGRADE: [(&str, &str); 3] = [
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

async fn ask(world: &World, more: &[(&str, &str)]) -> Answer {
    let mut headers = UPGRADE.to_vec();
    headers.extend(more);
    send(world.server, "GET /sip", &headers, "").await
}

#[tokio::test]
async fn a_foreign_page_gets_no_connection() {
    let world = World::start().await;
    for more in [
        &[][..],
        &[("Origin", "http://evil.example")],
        &[("Origin", "null")],
        &[("Origin", "http://localhost.evil.example")],
        // The token of an admin makes no page ours.
        &[
            ("Origin", "http://evil.example"),
            ("Authorization", &world.bearer("admin")),
        ],
    ] {
        let answer = ask(&world, more).await;
        assert_eq!(answer.status, 403, "{more:?}");
        assert_eq!(answer.json()["status"], 403);
    }
    // A name of its own that leads to us.
    let rebound = [("Host", "evil.example"), ("Origin", "http://evil.example")];
    assert_eq!(ask(&world, &rebound).await.status, 421);
}

#[tokio::test]
async fn what_is_no_sip_over_websocket_is_refused_in_words() {
    let world = World::start().await;
    let ours = ("Origin", "http://localhost");
    let plain = send(world.server, "GET /sip", &[ours], "").await;
    assert_eq!(plain.status, 400);
    let json = plain.json();
    assert!(json["detail"].as_str().unwrap().contains("WebSocket"));
    for method in ["POST", "DELETE"] {
        let answer = send(world.server, &format!("{method} /sip"), &[ours], "").await;
        assert_eq!(answer.status, 405);
    }
}
