//! `/live` through real sockets: who may follow what, how soon, and what rude clients cannot do.

use super::websocket::Client;
use super::world::World;
use crate::api::right::RoleName;
use router::event::{Direction, Event, PersonalData};
use router::id::{InteractionId, LegId};
use router::{PhoneNumber, Timestamp};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What a change may take from the Distributor to the socket, with room for a busy machine: less than the five seconds
/// after which a reader that does not read is closed.
const SOON: Duration = Duration::from_secs(4);

/// A session of this role; its cookie.
async fn session(world: &World, role: RoleName, agent: Option<&str>) -> String {
    super::sessions::begin(world, role, agent).await.0
}

async fn set_ana(world: &World, reason: &str) {
    let body = json!({ "state": "not_ready", "reason": reason }).to_string();
    let answer = world.ask("ana", "PUT /agents/ana/state", &body).await;
    assert_eq!(answer.status, 200);
}

async fn calls_arrive(world: &World, count: u64) {
    for number in 0..count {
        let event = Event::CallArrived {
            interaction: InteractionId::from_number(1_000 + number),
            leg: LegId::from_number(number),
            trunk: None,
            flow: "support".to_owned(),
            flow_version: "1".to_owned(),
            direction: Direction::Inbound,
            agent: None,
        };
        let personal = PersonalData {
            caller_number: Some(PhoneNumber::from_normalised("+34600111222")),
            ..PersonalData::default()
        };
        let at = Timestamp::from_millis(9_000);
        let told = world.journal.append_gathered(at, event, Some(personal));
        told.await.unwrap();
    }
}

#[tokio::test]
async fn every_role_on_every_topic() {
    let world = World::start().await;
    let topics = [
        "me",
        "queues",
        "agents",
        "calls",
        "nothing",
        "",
        "__proto__",
    ];
    for (who, allowed) in [
        ("ana", vec!["me"]),
        ("ben", vec!["me"]),
        ("readonly", vec!["queues", "agents", "calls"]),
        ("supervisor", vec!["queues", "agents", "calls"]),
        ("admin", vec!["queues", "agents", "calls"]),
    ] {
        let mut client = Client::token(&world, who).await;
        assert_eq!(client.status, 101, "{who}");
        for topic in topics {
            client.subscribe(topic, None).await;
            let message = client.message().await;
            assert_eq!(message["topic"], topic, "{who}");
            let refused = message["error"] == "forbidden";
            assert_eq!(refused, !allowed.contains(&topic), "{who} {topic}");
            assert_eq!(message.get("snapshot").is_none(), refused);
        }
    }
    for (who, status) in [("", 401), ("forged", 401), ("gone", 401)] {
        assert_eq!(Client::token(&world, who).await.status, status, "{who}");
    }
    let caller = session(&world, RoleName::Caller, None).await;
    let page = [("Cookie", caller.as_str()), ("Origin", "http://localhost")];
    assert_eq!(Client::open(&world, &page).await.status, 403, "caller");
}

#[tokio::test]
async fn an_agent_sees_only_itself() {
    let world = World::start().await;
    let cookie = session(&world, RoleName::Agent, Some("ben")).await;
    let page = [("Cookie", cookie.as_str()), ("Origin", "http://localhost")];
    let mut ben = Client::open(&world, &page).await;
    ben.subscribe("me", None).await;
    let me = ben.message().await["snapshot"].clone();
    assert_eq!(me["agent"]["login"], "ben");
    assert_eq!(me["state"]["name"], "offline");
    set_ana(&world, "lunch").await;
    ben.subscribe("me", None).await;
    let again = ben.message().await["snapshot"].clone();
    assert_eq!(again, me, "Ana's lunch is none of Ben's");
}

#[tokio::test]
async fn pages_of_other_sites_are_refused_before_the_upgrade() {
    let world = World::start().await;
    let cookie = session(&world, RoleName::Supervisor, None).await;
    let bearer = world.bearer("admin");
    let (cookie, token) = (
        ("Cookie", cookie.as_str()),
        ("Authorization", bearer.as_str()),
    );
    let (ours, foreign) = (
        ("Origin", "http://localhost"),
        ("Origin", "http://evil.example"),
    );
    for (headers, status) in [
        (vec![cookie, ours], 101),
        (vec![token], 101),
        (vec![token, ours], 101),
        (vec![cookie], 403),
        (vec![cookie, foreign], 403),
        (vec![token, foreign], 403),
        (vec![cookie, ("Origin", "null")], 403),
        (vec![cookie, foreign, ("Host", "evil.example")], 421),
    ] {
        let client = Client::open(&world, &headers).await;
        assert_eq!(client.status, status, "{headers:?}");
        if status == 403 {
            assert!(client.refusal.contains("urn:cordboard:foreign-origin"));
        }
    }
    let plain = world.ask("admin", "GET /live", "").await;
    assert_eq!(plain.status, 426);
}

#[tokio::test]
async fn changes_come_soon_and_lists_at_their_pace() {
    let world = World::start().await;
    let mut ana = Client::token(&world, "ana").await;
    let mut board = Client::token(&world, "readonly").await;
    ana.subscribe("me", None).await;
    board.subscribe("agents", None).await;
    let first = ana.message().await;
    let all = board.message().await;
    assert_eq!(all["snapshot"]["items"].as_array().unwrap().len(), 2);
    let begun = Instant::now();
    set_ana(&world, "lunch").await;
    let changed = ana.message().await;
    assert_eq!(changed["snapshot"]["state"]["reason"], "lunch");
    assert!(changed["seq"].as_u64() > first["seq"].as_u64());
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    let delta = board.message().await;
    assert_eq!(delta["delta"]["upsert"][0]["login"], "ana");
    assert_eq!(delta["delta"]["remove"], json!([]));
    // Twenty changes in a row are a few messages to a wallboard, and the last state is among them.
    let begun = Instant::now();
    let mut messages = 0;
    for n in 0..20 {
        set_ana(&world, &format!("reason {n}")).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    loop {
        messages += 1;
        let delta = board.message().await;
        if delta["delta"]["upsert"][0]["reason"] == "reason 19" {
            break;
        }
    }
    let paces = begun.elapsed().as_millis() / crate::floor::topic::PACE.as_millis();
    assert!(messages <= paces + 2, "{messages} in {:?}", begun.elapsed());
}

#[tokio::test]
async fn a_reader_resumes_where_it_was() {
    let world = World::start().await;
    let mut keeps = Client::token(&world, "supervisor").await;
    keeps.subscribe("calls", None).await;
    let seq = keeps.message().await["seq"].as_u64().unwrap();
    calls_arrive(&world, 1).await;
    let missed = keeps.message().await;
    let id = InteractionId::from_number(1_000).to_string();
    assert_eq!(missed["delta"]["upsert"][0]["interaction"], id);
    assert_eq!(missed["delta"]["upsert"][0]["phase"], "in_flow");
    let mut back = Client::token(&world, "supervisor").await;
    back.subscribe("calls", Some(seq)).await;
    assert_eq!(back.message().await, missed);
    let mut late = Client::token(&world, "supervisor").await;
    late.subscribe("calls", Some(1)).await;
    let all = late.message().await;
    assert_eq!(
        all["snapshot"]["items"][0]["caller"]["number"],
        "+34600111222"
    );
}

#[tokio::test]
async fn a_page_that_asks_whether_the_way_leads_here_is_answered() {
    let world = World::start().await;
    let mut page = Client::token(&world, "ana").await;
    assert!(page.say(&json!({ "ping": true })).await);
    assert_eq!(page.message().await, json!({ "topic": "pong" }));
}

#[tokio::test]
async fn junk_and_floods_are_closed_and_nobody_else_notices() {
    let world = World::start().await;
    let mut ana = Client::token(&world, "ana").await;
    ana.subscribe("me", None).await;
    ana.message().await;
    let large = vec![b' '; 5_000];
    let rude: [(&str, u8, &[u8]); 9] = [
        ("no JSON", 1, b"hello"),
        ("another JSON", 1, b"[1,2,3]"),
        ("unknown fields", 1, br#"{"delete":["me"]}"#),
        (
            "a number that is none",
            1,
            br#"{"subscribe":[{"topic":"me","since":-1}]}"#,
        ),
        ("binary", 2, b"\x00\x01"),
        ("no UTF-8", 1, b"\xff\xfe"),
        ("too large", 1, &large),
        ("a frame of no kind", 7, b""),
        ("deep", 1, &[b'['; 3_000]),
    ];
    for (what, opcode, payload) in rude {
        let mut client = Client::token(&world, "ben").await;
        client.frame(opcode, payload).await;
        let begun = Instant::now();
        client.closed().await;
        assert!(begun.elapsed() < Duration::from_secs(5), "{what}");
    }
    let mut unmasked = Client::token(&world, "ben").await;
    unmasked.raw(b"\x81\x02{}").await;
    unmasked.closed().await;
    let mut flood = Client::token(&world, "ben").await;
    let nothing = json!({});
    for _ in 0..200 {
        if !flood.say(&nothing).await {
            break;
        }
    }
    assert!(matches!(flood.closed().await, Some(1008) | None));
    set_ana(&world, "lunch").await;
    assert_eq!(ana.message().await["snapshot"]["state"]["reason"], "lunch");
}

#[tokio::test]
async fn who_does_not_read_is_closed_and_slows_nothing() {
    let world = World::start().await;
    calls_arrive(&world, 6_000).await;
    let mut slow = Client::token(&world, "supervisor").await;
    // A megabyte each, and none is read.
    for _ in 0..25 {
        slow.subscribe("calls", None).await;
    }
    let mut ana = Client::token(&world, "ana").await;
    ana.subscribe("me", None).await;
    ana.message().await;
    for n in 0..10 {
        let begun = Instant::now();
        let reason = format!("reason {n}");
        set_ana(&world, &reason).await;
        let me: Value = ana.message().await;
        assert_eq!(me["snapshot"]["state"]["reason"], reason);
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    }
    tokio::time::sleep(Duration::from_secs(6)).await;
    // What was on its way comes, and then the end, without a goodbye that would have to wait too.
    let mut snapshots = 0;
    loop {
        match slow.next().await {
            super::websocket::Came::Text(_) => snapshots += 1,
            super::websocket::Came::Ping => {}
            super::websocket::Came::Closed(_) => break,
        }
    }
    assert!(snapshots < 25, "{snapshots}");
}

#[tokio::test]
async fn signing_out_closes_the_pages_socket() {
    let world = World::start().await;
    let cookie = session(&world, RoleName::Supervisor, None).await;
    let page = [("Cookie", cookie.as_str()), ("Origin", "http://localhost")];
    let mut board = Client::open(&world, &page).await;
    board.subscribe("queues", None).await;
    assert_eq!(board.message().await["snapshot"]["items"][0]["waiting"], 0);
    let shown = world.plain("GET /api/v1/session", &page, "").await.json();
    let csrf = ("X-CSRF-Token", shown["csrf"].as_str().unwrap());
    let out = [page[0], page[1], csrf];
    let answer = world.plain("DELETE /api/v1/session", &out, "").await;
    assert_eq!(answer.status, 204);
    assert_eq!(board.closed().await, Some(4401));
}
