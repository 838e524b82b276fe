//! The event stream through a real socket: replay, what comes live, who may read, how many.

use super::world::World;
use crate::api::events::STREAMS;
use router::id::InteractionId;
use router::outcome::{EndCause, Outcome};
use router::{Event, Timestamp};
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// One open stream.
struct Reader {
    lines: tokio::io::Lines<BufReader<TcpStream>>,
    status: u16,
}

impl Reader {
    async fn open(world: &World, who: &str, query: &str, last: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(world.server).await.unwrap();
        let mut request = format!(
            "GET /api/v1/events{query} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n",
            world.bearer(who)
        );
        if let Some(last) = last {
            request.push_str(&format!("Last-Event-ID: {last}\r\n"));
        }
        request.push_str("\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut lines = BufReader::new(stream).lines();
        let first = lines.next_line().await.unwrap().unwrap();
        let status = first.split(' ').nth(1).unwrap().parse().unwrap();
        Self { lines, status }
    }

    /// The next event: its id, kind and data. Chunk sizes, comments and empty lines are passed over.
    async fn next(&mut self) -> (u64, String, Value) {
        let (mut id, mut kind) = (0, String::new());
        loop {
            let line = tokio::time::timeout(Duration::from_secs(20), self.lines.next_line());
            let line = line.await.expect("an event in time").unwrap().unwrap();
            if let Some(text) = line.strip_prefix("id: ") {
                id = text.parse().unwrap();
            } else if let Some(text) = line.strip_prefix("event: ") {
                kind = text.to_owned();
            } else if let Some(text) = line.strip_prefix("data: ") {
                return (id, kind, serde_json::from_str(text).unwrap());
            }
        }
    }
}

async fn append(world: &World, number: u64) -> u64 {
    let event = Event::CallEnded {
        interaction: InteractionId::from_number(number),
        outcome: Outcome::SelfServed,
        end_cause: EndCause::Customer,
    };
    let at = Timestamp::from_millis(9_000);
    world.journal.append(at, event, None).await.unwrap();
    world.journal.sync().await.unwrap()
}

#[tokio::test]
async fn the_log_is_replayed_and_then_goes_on_live() {
    let world = World::start().await;
    let end = world.store.journal_seq().await.unwrap();
    let mut reader = Reader::open(&world, "readonly", "", Some("0")).await;
    assert_eq!(reader.status, 200);
    let wanted = world.store.events_after(0, 1_000).await.unwrap();
    let mut all = String::new();
    for line in &wanted {
        let (id, kind, data) = reader.next().await;
        assert_eq!(
            (id, &kind),
            (line.seq, &data["kind"].as_str().unwrap().to_owned())
        );
        assert_eq!(data, serde_json::to_value(line).unwrap());
        all.push_str(&data.to_string());
    }
    assert!(!all.contains("34600111222") && !all.contains("34910000000"));
    for number in 0..120 {
        append(&world, 900 + number).await;
    }
    for seq in end + 1..=end + 120 {
        let (id, kind, _) = reader.next().await;
        assert_eq!((id, kind.as_str()), (seq, "call_ended"));
    }
    // Whoever comes back gets what was missed, once and in order.
    let mut again = Reader::open(&world, "supervisor", "", Some(&(end + 118).to_string())).await;
    assert_eq!(again.next().await.0, end + 119);
    assert_eq!(again.next().await.0, end + 120);
    append(&world, 2_000).await;
    assert_eq!(again.next().await.0, end + 121);
}

#[tokio::test]
async fn without_a_position_only_what_comes_is_sent() {
    let world = World::start().await;
    let end = world.store.journal_seq().await.unwrap();
    let mut fresh = Reader::open(&world, "admin", "", None).await;
    let mut behind = Reader::open(&world, "admin", &format!("?after={}", end - 1), None).await;
    append(&world, 900).await;
    assert_eq!(fresh.next().await.0, end + 1);
    assert_eq!(behind.next().await.0, end);
}

#[tokio::test]
async fn who_may_follow_and_from_where() {
    let world = World::start().await;
    for (who, query, last, status) in [
        ("", "", None, 401),
        ("forged", "", None, 401),
        ("ana", "", None, 403),
        ("admin", "", Some("yesterday"), 422),
        ("admin", "", Some("-1"), 422),
        ("admin", "?after=x", None, 422),
        ("admin", "?afer=1", None, 422),
        ("admin", "", Some("999999999"), 409),
        ("admin", "", Some("18446744073709551615"), 409),
    ] {
        let reader = Reader::open(&world, who, query, last).await;
        assert_eq!(reader.status, status, "{who} {query} {last:?}");
    }
}

#[tokio::test]
async fn streams_are_bounded_and_a_closed_one_makes_room() {
    let world = World::start().await;
    let mut open = Vec::new();
    for _ in 0..STREAMS {
        let reader = Reader::open(&world, "admin", "", None).await;
        assert_eq!(reader.status, 200);
        open.push(reader);
    }
    assert_eq!(Reader::open(&world, "admin", "", None).await.status, 503);
    open.pop();
    for _ in 0..1_000 {
        if Reader::open(&world, "admin", "", None).await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the place of a closed stream stays taken");
}
