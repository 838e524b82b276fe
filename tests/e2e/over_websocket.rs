//! A phone in a browser, as far as SIP goes (RFC 7118): it registers and talks over one WebSocket, its end takes it off
//! the floor, and whoever misuses the door loses the connection while calls go on.

use crate::support::calls::{NUMBER, talk_in_tones, to_the_queue};
use crate::support::http;
use crate::support::phone::wire::{connect_from, web_client};
use crate::support::phone::{Call, End, Manners, Phone, audio, seconds};
use crate::support::world::{self, World};
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tungstenite::{Message, WebSocket};

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const CUSTOMER_HZ: f64 = 420.0;
const AGENT_HZ: f64 = 1_300.0;

/// Ana in a page of ours.
fn ana_in_a_page(world: &World) -> Phone {
    let agent = Phone::start_web(LOCAL, world.http).unwrap();
    agent.be_browser(Manners::default());
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    world.wait_agent("ana", "available", seconds(3));
    agent
}

/// The agent's phone answers the customer, and both hear each other.
fn talking(world: &World, agent: &Phone) -> (Phone, Call, Call) {
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let call = to_the_queue(world, &customer);
    let ringing = agent.wait_ring(seconds(3)).unwrap();
    assert!(ringing.caller().ends_with(NUMBER));
    let via = ringing.header("via").unwrap();
    assert!(via.starts_with("SIP/2.0/WS "), "{via}");
    let contact = ringing.header("contact").unwrap();
    assert!(contact.contains(";transport=ws>"), "{contact}");
    let talk = ringing.answer().unwrap();
    talk_in_tones((&call, &talk), (CUSTOMER_HZ, AGENT_HZ));
    (customer, call, talk)
}

/// A WebSocket that no phone speaks on.
fn bare(world: &World) -> WebSocket<TcpStream> {
    let stream = connect_from(LOCAL, world.http).unwrap();
    stream.set_read_timeout(Some(seconds(15))).unwrap();
    let page = format!("http://{}", world.http);
    web_client(stream, world.http, &page).unwrap().0
}

/// Waits until the server has closed it: the code it gave.
fn closed(socket: &mut WebSocket<TcpStream>) -> Option<u16> {
    let until = Instant::now() + seconds(15);
    while Instant::now() < until {
        match socket.read() {
            Ok(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
            Ok(_) => {}
            Err(error) => panic!("it ended without a word: {error}"),
        }
    }
    panic!("it is still open")
}

#[test]
fn a_phone_in_a_page_is_called_and_the_customer_hangs_up() {
    let world = World::start();
    let agent = ana_in_a_page(&world);
    let (customer, call, talk) = talking(&world, &agent);
    std::thread::sleep(seconds(1));
    call.hang_up();
    assert_eq!(talk.wait_ended(seconds(3)).unwrap(), End::TheyHungUp);
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(
        (&record["outcome"], &record["end_cause"]),
        (&"answered".into(), &"customer".into())
    );
    let id = record["id"].as_str().unwrap();
    let (_, left, right) = world::channels(&world.recording_file(id, 1));
    for (side, hz) in [(&left, CUSTOMER_HZ), (&right, AGENT_HZ)] {
        let share = audio::dominance(&side[2_000..8_000], hz, 8_000.0);
        assert!(share > 0.9, "{hz} Hz is {share:.2} of its side");
    }
    assert_eq!((agent.live_calls(), customer.live_calls()), (0, 0));
    // Nothing of it waits for a restart: a page comes back by itself.
    assert_eq!(world.query("select count(*) from registrations")[0][0], "0");
}

#[test]
fn a_phone_in_a_page_hangs_up_calls_a_number_of_ours_and_leaves() {
    let world = World::start();
    let agent = ana_in_a_page(&world);
    let (_customer, _call, talk) = talking(&world, &agent);
    talk.hang_up();
    let record = world.wait_last_interaction(seconds(8));
    assert_eq!(
        (&record["outcome"], &record["end_cause"]),
        (&"answered".into(), &"agent".into())
    );
    world.wait_agent("ana", "available", seconds(5));
    let own = agent.call(world.sip, "9000", "2001").unwrap();
    own.wait_answered(seconds(3)).unwrap();
    own.hang_up();
    // The tab is closed: nobody is offered a caller whom she cannot hear.
    drop((own, talk, agent));
    world.wait_for("/agents/ana", seconds(3), |shown| {
        shown["state"] == "not_ready"
            && shown["reason"] == "device_lost"
            && shown["registered"] == false
    });
    let again = ana_in_a_page(&world);
    drop(talking(&world, &again));
}

#[test]
fn a_carriers_address_counts_for_nothing_in_a_page() {
    let world = World::start();
    // From the trunk's address, for whose datagrams no password is asked.
    let stranger = Phone::start_web("127.0.0.2".parse().unwrap(), world.http).unwrap();
    let call = stranger.call(world.sip, "9000", NUMBER).unwrap();
    assert_eq!(call.wait_ended(seconds(3)).unwrap(), End::Rejected(401));
    assert_eq!(
        world.get("/interactions")["items"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
}

#[test]
fn junk_floods_and_deaf_ears_lose_the_connection_and_no_call() {
    let world = World::start();
    let agent = ana_in_a_page(&world);
    let (_customer, call, talk) = talking(&world, &agent);
    let since = Instant::now();
    for junk in [
        Message::text("{\"subscribe\":[]}"),
        Message::binary(vec![0_u8, 255, 1, 13, 10]),
        Message::text("GET / HTTP/1.1\r\n\r\n"),
    ] {
        let mut socket = bare(&world);
        socket.send(junk).unwrap();
        assert_eq!(closed(&mut socket), Some(1003));
    }
    // Longer than any SIP message.
    let mut socket = bare(&world);
    let long = format!(
        "OPTIONS sip:x SIP/2.0\r\nX: {}\r\n\r\n",
        "x".repeat(1 << 20)
    );
    let _ = socket.send(Message::text(long));
    assert!(socket.read().is_err_and(|_| true) || closed(&mut socket).is_some());
    // Faster than any phone; what was let through is answered.
    let mut socket = bare(&world);
    for _ in 0..2_000 {
        if socket.send(Message::text("\r\n\r\n")).is_err() {
            break;
        }
    }
    assert_eq!(closed(&mut socket), Some(1008));
    // It says nothing at all.
    let mut silent = bare(&world);
    assert_eq!(closed(&mut silent), Some(1008));
    talk_in_tones((&call, &talk), (CUSTOMER_HZ, AGENT_HZ));
    assert!(call.ended().is_none() && talk.ended().is_none());
    assert!(
        since.elapsed() > Duration::from_secs(9),
        "silence has its time"
    );
    assert_eq!(world.agent_state("ana"), "on_call");
}

#[test]
fn one_place_cannot_take_all_connections_and_its_registered_phones_do_not_count() {
    let world = World::start();
    let agent = ana_in_a_page(&world);
    let sockets: Vec<_> = (0..64).map(|_| bare(&world)).collect();
    let stream = connect_from(LOCAL, world.http).unwrap();
    let page = format!("http://{}", world.http);
    let refused = web_client(stream, world.http, &page)
        .unwrap_err()
        .to_string();
    assert!(refused.contains("503"), "{refused}");
    // From elsewhere there is room, and who is inside stays.
    let elsewhere = Phone::start_web("127.0.0.3".parse().unwrap(), world.http).unwrap();
    elsewhere
        .register(world.sip, "2002", "word-of-ben")
        .unwrap();
    drop(sockets);
    drop(talking(&world, &agent));
}

/// What `POST /phone/credentials` gives to whoever has this token.
fn credentials(world: &World, token: &str) -> serde_json::Value {
    let path = ("POST", "/api/v1/phone/credentials");
    let (status, _, body) = http::exchange(world.http, Some(token), path, None, &[]);
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).unwrap()
}

/// A page that was given these; its REGISTER's last answer beside it.
pub(crate) fn page_with(world: &World, given: &serde_json::Value, user: &str) -> (Phone, u16) {
    let page = Phone::start_web(LOCAL, world.http).unwrap();
    let text = |name: &str| given[name].as_str().unwrap().to_owned();
    page.set_account(&text("username"), &text("password"));
    let status = page.register_status(world.sip, user, 3600).unwrap();
    (page, status)
}

#[test]
fn a_page_registers_with_what_the_api_gave_it_and_talks() {
    let world = World::start();
    let token = world::token_with(world.root(), &["--role", "agent", "--agent", "ana"]);
    let given = credentials(&world, &token);
    assert_eq!(given["uri"], "sip:2001@cordboard.localhost");
    assert_eq!(given["ws"], format!("ws://{}/sip", world.http));
    // They are Ana's, and nobody else's.
    assert_eq!(page_with(&world, &given, "2002").1, 401);
    let (agent, status) = page_with(&world, &given, "2001");
    assert_eq!(status, 200);
    world.wait_agent("ana", "available", seconds(3));
    let (_customer, call, _talk) = talking(&world, &agent);
    call.hang_up();
    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(record["outcome"], "answered");
    let log = world.log();
    for secret in ["username", "password"] {
        assert!(
            !log.contains(given[secret].as_str().unwrap()),
            "{secret} is in the log"
        );
    }
}

/// A user of the console, signed in: the header lines of a request by its page.
pub(crate) fn signed_in(world: &World, login: &str, role: &str) -> Vec<String> {
    let mut command = world::cordboard(world.root());
    command.args(["user", "create", "--config", "cordboard.toml"]);
    command.args(["--login", login, "--role", role]);
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"correct horse battery\n").unwrap();
    drop(input);
    assert!(child.wait().unwrap().success());
    let body = format!("{{\"login\":\"{login}\",\"password\":\"correct horse battery\"}}");
    let path = ("POST", "/api/v1/session");
    let (status, head, body) = http::exchange(world.http, None, path, Some(&body), &[]);
    assert_eq!(status, 200, "{head}");
    let session: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let cookie = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("set-cookie")
            .then(|| value.split(';').next())?
    });
    vec![
        format!("Cookie: {}", cookie.unwrap()),
        format!("Origin: http://{}", world.http),
        format!("X-CSRF-Token: {}", session["csrf"].as_str().unwrap()),
    ]
}

#[test]
fn signing_out_takes_the_phone_of_the_page_away() {
    let world = World::start();
    let lines = signed_in(&world, "ana", "agent");
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let path = ("POST", "/api/v1/phone/credentials");
    let (status, _, body) = http::exchange(world.http, None, path, None, &lines);
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    let given: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let (page, status) = page_with(&world, &given, "2001");
    assert_eq!(status, 200);
    world.wait_agent("ana", "available", seconds(3));
    let path = ("DELETE", "/api/v1/session");
    assert_eq!(http::exchange(world.http, None, path, None, &lines).0, 204);
    world.wait_for("/agents/ana", seconds(3), |agent| {
        agent["registered"] == false
    });
    assert_eq!(page.register_status(world.sip, "2001", 3600).unwrap(), 401);
}
