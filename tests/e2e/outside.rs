//! A flow that asks a server outside: up, slow, away, lying; with a secret; and what it may not reach.

use crate::support::phone::{Call, End, Phone, seconds};
use crate::support::world::{BUSY, GOODBYE, GREETING, MENU, MUSIC, Plan, SORRY, World};
use rcgen::CertifiedKey;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SECRET: &str = "word-of-the-shop";
/// Longer than anybody would type by chance.
const ORDER: &str = "48151623";

/// Good: goodbye. Not found: busy. Down: sorry. Of no use: greeting.
const FLOW: &str = r#"
flow: 1
name: support
vars:
  number: { type: string }
  order: { type: map }
  SHOP: { type: secret }
prompts: { greeting: { file: greeting.wav }, menu: { file: menu.wav }, music: { file: music.wav }, busy: { file: busy.wav }, sorry: { file: sorry.wav }, goodbye: { file: goodbye.wav } }
defaults:
  exits: { exhausted: useless, error: useless }
blocks:
  start:
    - answer:
    - collect: { into: number, prompt: menu, digits: 1-12 }
    - http:
        get: "http://SHOP/orders/{{ vars.number }}"
        secret: SHOP
        timeout: 4s
        into: order
        filler: music
        exits: { not_found: nothing, server_error: down }
    - branch: [ { when: 'vars.order.lines[0].status == "sent"', go: sent }, { else: useless } ]
  sent:
    - play: goodbye
    - hangup:
  nothing:
    - play: busy
    - hangup:
  down:
    - play: sorry
    - hangup:
  useless:
    - play: greeting
    - hangup:
"#;

type Heard = Arc<Mutex<Vec<String>>>;

/// An order service: the last digit of the number says how it answers.
fn shop() -> (SocketAddr, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Heard::default();
    let told = Arc::clone(&heard);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let told = Arc::clone(&told);
            std::thread::spawn(move || serve(stream, &told));
        }
    });
    (address, heard)
}

fn serve(mut stream: TcpStream, told: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut one = [0];
        if stream.read(&mut one).unwrap_or(0) == 0 {
            return;
        }
        head.extend(one);
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    told.lock().unwrap().push(head);
    let json = |body: &str| {
        let length = body.len();
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    };
    let sent = json("{\"lines\": [{\"status\": \"sent\"}]}");
    let menu = "\"prompts\": {\"x\": {\"file\": \"menu.wav\"}}, \"steps\": [{\"play\": \"x\"}";
    let answer = match path.chars().last() {
        _ if path == "/steps" => json(&format!("{{{menu}, {{\"return\": \"person\"}}]}}")),
        _ if path == "/next" => json(&format!("{{{menu}]}}")),
        Some('1') => sent,
        Some('2') => {
            std::thread::sleep(Duration::from_millis(2_500));
            sent
        }
        Some('3') => "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n".to_owned(),
        Some('4') => "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n".to_owned(),
        Some('5') => return std::thread::sleep(Duration::from_secs(120)),
        Some('6') => {
            "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
                .to_owned()
        }
        Some('7') => {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
            let _ = stream.write_all(head.as_bytes());
            let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x1_0000));
            while stream.write_all(chunk.as_bytes()).is_ok() {}
            return;
        }
        Some('8') => json("{\"lines\": \"none"),
        _ => json("[]"),
    };
    let _ = stream.write_all(answer.as_bytes());
}

fn world(shop: SocketAddr, may_reach: &str) -> World {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("shop_key"), SECRET).unwrap();
    let settings = format!("[flows]\n{may_reach}\n[flows.secrets]\nSHOP = \"file:shop_key\"\n");
    let plan = Plan {
        flow: FLOW.replace("http://SHOP", &format!("http://{shop}")),
        settings,
        ..Plan::default()
    };
    World::in_folder(folder, &plan)
}

fn customer() -> Phone {
    Phone::start("127.0.0.2".parse().unwrap()).unwrap()
}

/// A caller who asks for an order.
fn asks(world: &World, customer: &Phone, order: &str) -> Call {
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(10)).unwrap();
    call.wait_tone(MENU, seconds(10)).unwrap();
    call.press(&format!("{order}#"));
    call
}

fn hears(call: &Call, tone: f64) {
    call.wait_tone(tone, seconds(20)).unwrap();
    assert_eq!(call.wait_ended(seconds(10)).unwrap(), End::TheyHungUp);
}

#[test]
fn each_answer_of_the_order_service_is_heard_and_none_of_it_is_told() {
    let (shop, heard) = shop();
    let world = world(shop, "may_reach = [\"127.0.0.1\"]");
    let customer = customer();
    hears(&asks(&world, &customer, &format!("{ORDER}1")), GOODBYE);
    let head = heard.lock().unwrap().pop().unwrap();
    assert!(
        head.starts_with(&format!("GET /orders/{ORDER}1 HTTP/1.1\r\n")),
        "{head}"
    );
    assert!(
        head.contains(&format!("authorization: Bearer {SECRET}\r\n")),
        "{head}"
    );
    // Slow: the caller hears the filler meanwhile.
    let slow = asks(&world, &customer, &format!("{ORDER}2"));
    slow.wait_tone(MUSIC, seconds(10)).unwrap();
    hears(&slow, GOODBYE);
    hears(&asks(&world, &customer, &format!("{ORDER}3")), SORRY);
    hears(&asks(&world, &customer, &format!("{ORDER}4")), BUSY);
    for lie in ["5", "6", "7", "8", "9"] {
        hears(&asks(&world, &customer, &format!("{ORDER}{lie}")), GREETING);
    }
    // Whoever hangs up meanwhile is gone at once.
    let gone = asks(&world, &customer, &format!("{ORDER}5"));
    gone.wait_tone(MUSIC, seconds(10)).unwrap();
    gone.hang_up();
    let record = world.wait_last_interaction(seconds(20));
    assert_eq!(record["end_cause"], "customer", "{record:#}");
    let told = format!("{}{record}", world.log());
    for secret in [SECRET, ORDER, "orders/"] {
        assert!(!told.contains(secret), "{secret} is told");
    }
}

#[test]
fn a_server_that_is_away_or_not_listed_takes_its_exit() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let away = world(address, "may_reach = [\"127.0.0.0/8\"]");
    let customer = customer();
    hears(&asks(&away, &customer, "1"), SORRY);
    let (shop, heard) = shop();
    let strict = world(shop, "");
    hears(&asks(&strict, &customer, "1"), GREETING);
    assert!(heard.lock().unwrap().is_empty());
    assert!(strict.log().contains("may_reach"), "{}", strict.log());
}

/// It asks itself, through TLS.
#[test]
fn a_certificate_counts_when_the_system_trusts_it() {
    let ask = "    - http: { get: \"https://localhost:PORT/healthz\", timeout: 5s, exits: { server_error: down } }\n    - go: sent\n";
    for (trusted, tone) in [(true, GOODBYE), (false, SORRY)] {
        let folder = tempfile::tempdir().unwrap();
        let names = ["localhost".to_owned()];
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(names.clone()).unwrap();
        let other = rcgen::generate_simple_self_signed(names).unwrap().cert;
        let shown = if trusted { &cert } else { &other };
        std::fs::write(folder.path().join("cert.pem"), cert.pem()).unwrap();
        std::fs::write(folder.path().join("key.pem"), signing_key.serialize_pem()).unwrap();
        let roots = folder.path().join("roots.pem");
        std::fs::write(&roots, shown.pem()).unwrap();
        let plan = Plan {
            settings: "tls = { cert = \"cert.pem\", key = \"key.pem\" }\n[flows]\nmay_reach = [\"127.0.0.1\", \"::1\"]\n"
                .to_owned(),
            environment: vec![("SSL_CERT_FILE".to_owned(), roots.display().to_string())],
            ..Plan::default()
        };
        let world = World::in_folder(folder, &plan);
        let (before, rest) = FLOW.split_once("    - collect:").unwrap();
        let (_, after) = rest.split_once("  sent:\n").unwrap();
        let ask = ask.replace("PORT", &world.http.port().to_string());
        world.write_flow(&format!("{before}{ask}  sent:\n{after}"));
        let customer = customer();
        let call = customer.call(world.sip, "9000", "600111222").unwrap();
        hears(&call, tone);
    }
}

/// Another program says what comes next, and the company's flow takes over again.
#[test]
fn steps_from_outside_are_heard_and_the_word_that_they_return_with_leads_on() {
    let (bot, heard) = shop();
    let ask = "    - remote: { url: \"http://SHOP/WHAT\", secret: SHOP, filler: music, timeout: 4s, exits: { person: sent, timeout: down, invalid: useless } }\n    - go: nothing\n";
    let (before, rest) = FLOW.split_once("    - collect:").unwrap();
    let (_, after) = rest.split_once("  sent:\n").unwrap();
    let world = world(bot, "may_reach = [\"127.0.0.1\"]");
    let customer = customer();
    for (path, tones) in [
        ("steps", &[MENU, GOODBYE][..]),
        ("next", &[MENU, BUSY]),
        ("5", &[MUSIC, SORRY]),
        ("1", &[GREETING]),
        ("3", &[GREETING]),
    ] {
        let ask = ask
            .replace("WHAT", path)
            .replace("SHOP/", &format!("{bot}/"));
        world.write_flow(&format!("{before}{ask}  sent:\n{after}"));
        let call = customer.call(world.sip, "9000", "600111222").unwrap();
        for tone in tones {
            call.wait_tone(*tone, seconds(20)).unwrap();
        }
        assert_eq!(
            call.wait_ended(seconds(10)).unwrap(),
            End::TheyHungUp,
            "{path}"
        );
    }
    for head in heard.lock().unwrap().iter() {
        assert!(head.starts_with("POST /"), "{head}");
        assert!(head.contains("cordboard-signature: t="), "{head}");
        assert!(!head.contains(SECRET), "{head}");
    }
}
