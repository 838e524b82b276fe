//! The demo's customer in a browser: the printed link is a session, the session a phone that may call the company's
//! numbers and nothing else.

use crate::support::http;
use crate::support::patience::eventually;
use crate::support::phone::{End, Phone, Sending, seconds};
use crate::support::world::cordboard;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::process::{Child, Stdio};

/// Killed when dropped.
struct Demo {
    child: Child,
    sip: SocketAddr,
    http: SocketAddr,
    lines: Vec<String>,
    _folder: tempfile::TempDir,
}

impl Demo {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let local = (Ipv4Addr::LOCALHOST, 0);
        let sip = UdpSocket::bind(local).unwrap().local_addr().unwrap();
        let http = TcpListener::bind(local).unwrap().local_addr().unwrap();
        let mut command = cordboard(folder.path());
        command.args(["demo", "--no-sim", "--data", "demo"]);
        command.args(["--sip-port", &sip.port().to_string()]);
        command.args(["--http-port", &http.port().to_string()]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let lines = lines.map_while(Result::ok);
        let mut said: Vec<String> = Vec::new();
        for line in lines {
            let is_last = line.starts_with("Stop with");
            said.push(line);
            if is_last {
                break;
            }
        }
        Self {
            child,
            sip,
            http,
            lines: said,
            _folder: folder,
        }
    }

    /// The word of what was printed that begins like this, without its beginning.
    fn printed(&self, start: &str) -> String {
        let words = self.lines.iter().flat_map(|line| line.split([' ', '\'']));
        let word = words.filter_map(|word| word.split_once(start)).next();
        word.unwrap_or_else(|| panic!("{start} in {:#?}", self.lines))
            .1
            .to_owned()
    }

    fn ask(&self, path: (&str, &str), token: Option<&str>, lines: &[&str]) -> (u16, String, Value) {
        let (status, head, body) = http::exchange(self.http, token, path, None, lines);
        (
            status,
            head,
            serde_json::from_slice(&body).unwrap_or_default(),
        )
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_customer_in_a_browser_calls_the_company_and_nobody_else() {
    let demo = Demo::start();
    let link = format!("/call?t={}", demo.printed("/call?t="));
    let (status, head, _) = demo.ask(("GET", &link), None, &[]);
    assert_eq!(status, 303, "{head}");
    let cookie = head.split("cordboard_session=").nth(1).unwrap();
    let cookie = format!(
        "Cookie: cordboard_session={}",
        cookie.split(';').next().unwrap()
    );
    let (_, _, session) = demo.ask(("GET", "/api/v1/session"), None, &[&cookie]);
    assert_eq!(session["user"]["role"], "caller");
    let csrf = format!("X-CSRF-Token: {}", session["csrf"].as_str().unwrap());
    let page = format!("Origin: http://{}", demo.http);
    let lines = [cookie.as_str(), &csrf, &page];
    let (status, _, given) = demo.ask(("POST", "/api/v1/phone/credentials"), None, &lines);
    assert_eq!(status, 200, "{given}");
    let text = |name: &str| given[name].as_str().unwrap().to_owned();
    let name = text("username");

    let phone = Phone::start_web(Ipv4Addr::LOCALHOST.into(), demo.http).unwrap();
    phone.set_account(&name, &text("password"));
    assert_eq!(phone.register_status(demo.sip, &name, 3600).unwrap(), 403);
    // Neither an agent's phone nor a feature code nor the outside.
    for number in ["2010", "2001", "*60", "+34600111222"] {
        let call = phone.call(demo.sip, number, &name).unwrap();
        assert_eq!(
            call.wait_ended(seconds(3)).unwrap(),
            End::Rejected(404),
            "{number}"
        );
    }
    // As an agent it is nobody.
    let call = phone.call(demo.sip, "9000", "2010").unwrap();
    assert_eq!(call.wait_ended(seconds(3)).unwrap(), End::Rejected(401));

    let call = phone.call(demo.sip, "9000", &name).unwrap();
    call.send(Sending::Silence);
    call.wait_answered(seconds(3)).unwrap();
    let second = phone.call(demo.sip, "9000", &name).unwrap();
    assert_eq!(second.wait_ended(seconds(3)).unwrap(), End::Rejected(486));
    call.wait_speech(0.0, seconds(5)).unwrap();
    call.hang_up();
    let token = format!("cb_{}", demo.printed("cb_"));
    let list = || {
        demo.ask(("GET", "/api/v1/interactions"), Some(&token), &[])
            .2
    };
    let ended = || match list()["items"].as_array().unwrap().as_slice() {
        [record] if !record["ended_at"].is_null() => Some(record.clone()),
        _ => None,
    };
    let record = eventually(seconds(5), ended, || format!("{:#}", list()));
    assert_eq!(record["caller_number"], "+34600000101");
    assert_eq!(record["end_cause"], "customer");
    // One of the made-up customers, with what is known about them.
    let id = record["customer_id"].as_str().unwrap();
    let (_, _, customer) = demo.ask(
        ("GET", &format!("/api/v1/customers/{id}")),
        Some(&token),
        &[],
    );
    assert!(customer["name"].is_string(), "{customer}");
}
