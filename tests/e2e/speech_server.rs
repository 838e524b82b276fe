//! Texts of a flow spoken by a server outside: fixed ones rendered ahead, a caller's own asked for in the call.

use crate::support::patience::eventually;
use crate::support::phone::{End, Phone, seconds};
use crate::support::world::{self, Plan, World};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Hz of "Welcome back".
const WELCOME: f64 = 620.0;
/// Hz of the number that the caller calls from.
const NUMBER: f64 = 880.0;

const FLOW: &str = r#"
flow: 1
name: support
blocks:
  start:
    - answer:
    - say: "Welcome back"
    - say: "{{ call.from }}"
    - say: "Not a word"
    - hangup:
"#;

/// Bodies of the questions.
type Heard = Arc<Mutex<Vec<String>>>;

fn serve(mut stream: TcpStream, folder: &Path, heard: &Mutex<Vec<String>>) {
    let mut request = Vec::new();
    while !request.ends_with(b"}") {
        let mut one = [0];
        if stream.read(&mut one).unwrap_or(0) == 0 {
            return;
        }
        request.extend(one);
    }
    let request = String::from_utf8(request).unwrap();
    let body = request.split("\r\n\r\n").nth(1).unwrap().to_owned();
    let file = match &body {
        body if body.contains("Welcome back") => Some("welcome.wav"),
        body if body.contains("Not a word") => None,
        _ => Some("number.wav"),
    };
    heard.lock().unwrap().push(body);
    let Some(file) = file else {
        let _ = stream.write_all(b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n");
        return;
    };
    let audio = std::fs::read(folder.join(file)).unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nContent-Length: {}\r\n\r\n",
        audio.len()
    );
    let _ = stream.write_all(&[head.as_bytes(), &audio].concat());
}

fn server(folder: &Path) -> (SocketAddr, Heard) {
    world::tone(&folder.join("welcome.wav"), WELCOME, 900);
    world::tone(&folder.join("number.wav"), NUMBER, 900);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Heard::default();
    let (told, folder) = (Arc::clone(&heard), folder.to_owned());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (told, folder) = (Arc::clone(&told), folder.clone());
            std::thread::spawn(move || serve(stream, &folder, &told));
        }
    });
    (address, heard)
}

#[test]
fn a_caller_hears_what_the_speech_server_gave() {
    let folder = tempfile::tempdir().unwrap();
    let (address, heard) = server(folder.path());
    let world = World::with(&Plan {
        flow: FLOW.to_owned(),
        settings: format!(
            "[speech]\nurl = \"http://{address}/say\"\n[flows]\nmay_reach = [\"127.0.0.1\"]\n"
        ),
        ..Plan::default()
    });
    let asked = |part: &str| {
        let heard = heard.lock().unwrap();
        heard.iter().filter(|body| body.contains(part)).count()
    };
    let kept = world.root().join("data/speech");
    // Before anybody calls.
    eventually(
        seconds(20),
        || (std::fs::read_dir(&kept).map_or(0, Iterator::count) > 0).then_some(()),
        || format!("nothing was rendered: {}", world.log()),
    );
    let phone = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let call = phone.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(10)).unwrap();
    call.wait_tone(WELCOME, seconds(10)).unwrap();
    call.wait_tone(NUMBER, seconds(10)).unwrap();
    // The text that the server refuses is left out, and the call goes on.
    assert_eq!(call.wait_ended(seconds(20)).unwrap(), End::TheyHungUp);
    assert_eq!(asked("Welcome back"), 1);
    assert!(asked("Not a word") > 0);
    assert!(!world.log().contains("Not a word"), "{}", world.log());
}
