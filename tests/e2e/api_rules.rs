//! The API as clients meet it: states and their rules, roles, errors, ranges.

use crate::support::http;
use crate::support::phone::{Call, Phone, seconds};
use crate::support::world::{self, World};
use serde_json::{Value, json};
use std::time::Duration;

fn agent(world: &World) -> Phone {
    let agent = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    world.wait_agent("ana", "available", seconds(3));
    agent
}

fn at_the_queue(world: &World, customer: &Phone) -> Call {
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    call.press("2");
    call
}

/// Status and problem of an answer that must be RFC 9457.
fn problem(answer: (u16, String, Vec<u8>)) -> (u16, Value) {
    let (status, head, body) = answer;
    let head = head.to_ascii_lowercase();
    assert!(
        head.contains("content-type: application/problem+json"),
        "{head}"
    );
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["status"], status);
    assert!(!body["title"].as_str().unwrap().is_empty());
    assert!(!body["detail"].as_str().unwrap().is_empty());
    (status, body)
}

#[test]
fn not_ready_asked_for_in_a_call_comes_after_it() {
    let world = World::start();
    let agent = agent(&world);
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let call = at_the_queue(&world, &customer);
    let talk = agent.wait_ring(seconds(5)).unwrap().answer().unwrap();
    world.wait_agent("ana", "on_call", seconds(2));
    let lunch = json!({"state": "not_ready", "reason": "lunch"});
    assert_eq!(world.put("/agents/ana/state", &lunch), 200);
    let now = world.get("/agents/ana");
    assert_eq!(now["state"], "on_call");
    assert_eq!(now["next"]["state"], "not_ready");
    assert_eq!(now["next"]["reason"], "lunch");
    assert_eq!(talk.ended(), None);
    let next_caller = at_the_queue(&world, &customer);
    talk.hang_up();
    let after = world.wait_for("/agents/ana", seconds(4), |agent| {
        assert_ne!(agent["state"], "available", "lunch was asked for");
        agent["state"] == "not_ready"
    });
    assert_eq!(after["reason"], "lunch");
    assert!(after["next"].is_null());
    agent.expect_quiet(Duration::from_millis(700)).unwrap();
    // A refreshing REGISTER never undoes it.
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    assert_eq!(world.agent_state("ana"), "not_ready");
    assert_eq!(
        world.put("/agents/ana/state", &json!({"state": "available"})),
        200
    );
    agent.wait_ring(seconds(2)).unwrap().decline(486);
    call.hang_up();
    next_caller.hang_up();
}

#[test]
fn states_that_cannot_be_are_refused_with_a_problem() {
    let world = World::start();
    let put = |name: &str, body: &Value| {
        problem(world.http(
            "PUT",
            &format!("/api/v1/agents/{name}/state"),
            Some(body),
            &[],
        ))
    };
    let (status, told) = put("ana", &json!({"state": "available"}));
    assert_eq!(status, 409);
    assert!(told["detail"].as_str().unwrap().contains("phone"));
    for body in [
        json!({"state": "sleeping"}),
        json!({"state": "on_call"}),
        json!({"state": ""}),
        json!({"state": 7}),
        json!({}),
        json!({"state": "available", "reason": "lunch"}),
        json!({"state": "not_ready", "reason": "cooldown"}),
        json!({"state": "not_ready", "reason": "x".repeat(65)}),
        json!({"state": "not_ready", "reasn": "lunch"}),
        json!([1, 2]),
    ] {
        assert_eq!(put("ana", &body).0, 422, "{body}");
    }
    assert_eq!(put("nobody", &json!({"state": "offline"})).0, 404);
    let raw = |body: &str| {
        let path = ("PUT", "/api/v1/agents/ana/state");
        problem(http::exchange(
            world.http,
            Some(world.token()),
            path,
            Some(body),
            &[],
        ))
        .0
    };
    assert_eq!(raw("{\"state\": "), 400);
    assert_eq!(
        raw(&format!("{{\"state\": \"{}\"}}", "x".repeat(70_000))),
        413
    );
    assert_eq!(world.agent_state("ana"), "offline");
}

#[test]
fn tokens_and_roles_decide() {
    let world = World::start();
    let _agent = agent(&world);
    let readonly = world::token(world.root(), "readonly");
    let anas = world::token_with(world.root(), &["--role", "agent", "--agent", "ana"]);
    let ask = |token: Option<&str>, what: (&str, &str), body: Option<&str>| {
        http::exchange(world.http, token, what, body, &[])
    };
    let paths = ["/agents", "/queues", "/interactions", "/customers"];
    for path in paths {
        let path = format!("/api/v1{path}");
        for token in [None, Some("cb_0000"), Some(""), Some("nonsense")] {
            let answer = ask(token, ("GET", &path), None);
            let head = answer.1.to_ascii_lowercase();
            assert!(head.contains("www-authenticate: bearer"), "{head}");
            assert_eq!(problem(answer).0, 401, "{path} {token:?}");
        }
        assert_eq!(ask(Some(&readonly), ("GET", &path), None).0, 200);
    }
    let state = ("PUT", "/api/v1/agents/ana/state");
    let pause = Some("{\"state\": \"not_ready\"}");
    assert_eq!(problem(ask(None, state, pause)).0, 401);
    assert_eq!(problem(ask(Some(&readonly), state, pause)).0, 403);
    let customer = Some("{\"name\": \"X\", \"numbers\": []}");
    let customers = ("POST", "/api/v1/customers");
    assert_eq!(problem(ask(Some(&readonly), customers, customer)).0, 403);
    assert_eq!(world.agent_state("ana"), "available");
    let bens = ("PUT", "/api/v1/agents/ben/state");
    assert_eq!(problem(ask(Some(&anas), bens, pause)).0, 403);
    assert_eq!(ask(Some(&anas), state, pause).0, 200);
    assert_eq!(world.agent_state("ana"), "not_ready");

    assert_eq!(
        problem(ask(Some(&readonly), ("GET", "/api/v1/nothing"), None)).0,
        404
    );
    assert_eq!(
        problem(ask(Some(&readonly), ("DELETE", "/api/v1/agents"), None)).0,
        405
    );
    for open in ["/healthz", "/readyz"] {
        assert_eq!(ask(None, ("GET", open), None).0, 200);
    }
    for wrong in [
        "limit=0",
        "limit=x",
        "cursor=x",
        "outcome=lost",
        "from=yesterday",
        "colour=red",
    ] {
        let path = format!("/api/v1/interactions?{wrong}");
        let answer = ask(Some(&readonly), ("GET", &path), None);
        assert_ne!(answer.0, 200, "{wrong} is told to be wrong");
        assert!([400, 422].contains(&problem(answer).0), "{wrong}");
    }
}

#[test]
fn audio_is_given_in_ranges() {
    let world = World::start();
    let agent = agent(&world);
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let call = at_the_queue(&world, &customer);
    let talk = agent.wait_ring(seconds(5)).unwrap().answer().unwrap();
    world.wait_agent("ana", "on_call", seconds(2));
    std::thread::sleep(seconds(1));
    talk.hang_up();
    call.wait_ended(seconds(4)).unwrap();
    let record = world.wait_last_interaction(seconds(4));
    let id = record["recordings"][0]["id"].as_str().unwrap();
    let path = format!("/api/v1/recordings/{id}/audio");
    let get = |range: Option<&str>| {
        let line = range.map(|range| format!("Range: {range}"));
        let lines: Vec<&str> = line.iter().map(String::as_str).collect();
        world.http("GET", &path, None, &lines)
    };
    let (status, head, whole) = get(None);
    assert_eq!(status, 200);
    assert!(
        head.to_ascii_lowercase()
            .contains("content-type: audio/wav"),
        "{head}"
    );
    let length = whole.len();
    assert!(length > 16_000 && &whole[..4] == b"RIFF");
    for (range, first, last) in [
        ("bytes=0-0".to_owned(), 0, 0),
        ("bytes=44-".to_owned(), 44, length - 1),
        ("bytes=-100".to_owned(), length - 100, length - 1),
        (format!("bytes=100-{}", length + 5), 100, length - 1),
        (format!("bytes=-{}", length * 2), 0, length - 1),
    ] {
        let (status, head, part) = get(Some(&range));
        assert_eq!(status, 206, "{range} {head}");
        let said = format!("content-range: bytes {first}-{last}/{length}");
        assert!(head.to_ascii_lowercase().contains(&said), "{range} {head}");
        assert_eq!(part, &whole[first..=last], "{range}");
    }
    for beyond in [format!("bytes={length}-"), "bytes=-0".to_owned()] {
        let answer = get(Some(&beyond));
        let said = format!("content-range: bytes */{length}");
        assert!(
            answer.1.to_ascii_lowercase().contains(&said),
            "{}",
            answer.1
        );
        assert_eq!(problem(answer).0, 416, "{beyond}");
    }
    for ignored in ["lines=1-2", "bytes=5-2", "bytes=a-b", "bytes=0-1,3-4"] {
        assert_eq!(get(Some(ignored)).0, 200, "{ignored}");
    }
    let readonly = http::exchange(world.http, None, ("GET", &path), None, &[]);
    assert_eq!(problem(readonly).0, 401);
}

#[test]
fn bytes_that_are_no_http_and_hosts_that_are_not_ours_are_refused() {
    use std::io::{Read, Write};
    let mut world = World::start();
    let garbage: [&[u8]; 5] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"INVITE sip:9000@x SIP/2.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        &[0xff; 70_000],
    ];
    for bytes in garbage {
        let mut stream = std::net::TcpStream::connect(world.http).unwrap();
        stream.set_read_timeout(Some(seconds(3))).unwrap();
        // The server may close while we still write.
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let text = String::from_utf8_lossy(&answer);
        assert!(
            answer.is_empty() || text.starts_with("HTTP/1.1 4"),
            "{text}"
        );
    }
    for path in [
        "/api/v1/recordings/..%2f..%2fcordboard.db/audio",
        "/api/v1/interactions/%00",
        "/api/v1/agents/%ff",
        "/api/v1/../../etc/passwd",
    ] {
        let (status, _, body) = world.http("GET", path, None, &[]);
        assert!([400, 404].contains(&status), "{path}: {status}");
        assert!(!body.windows(4).any(|four| four == b"root"), "{path}");
    }
    let rebound = rebound_host(&world);
    assert_eq!(
        rebound, 421,
        "a page of a foreign host reaches us by its name"
    );
    assert!(world.is_running());
    assert_eq!(world.http("GET", "/healthz", None, &[]).0, 200);
}

/// Status of a request that carries the right token and somebody else's host name.
fn rebound_host(world: &World) -> u16 {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(world.http).unwrap();
    write!(
        stream,
        "GET /api/v1/agents HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        world.token()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}
