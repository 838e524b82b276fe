//! Versions of flows from end to end: by the commands that CI and people use, judged by what callers hear.

use crate::support::patience::until;
use crate::support::phone::{Call, Phone, seconds};
use crate::support::world::{self, BUSY, FLOW, GOODBYE, GREETING, Plan, SORRY, World};
use serde_json::{Value, json};
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

/// Callers who stand in the menu while another version is published.
const STANDING: usize = 20;

fn plan() -> Plan {
    Plan {
        flow: old(),
        settings: "[flows]\nmaster = \"database\"\n".to_owned(),
        ..Plan::default()
    }
}

/// A menu in which callers may stand for a while; key 1 says goodbye.
fn old() -> String {
    FLOW.replace(
        "input: { timeout: 3s, tries: 2 }",
        "input: { timeout: 60s, tries: 2 }",
    )
}

/// The same with another first prompt, and another one behind key 1.
fn new() -> String {
    old()
        .replace("- play: greeting", "- play: sorry")
        .replace("    - play: goodbye\n", "    - play: busy\n")
}

/// `cordboard flow …` with the admin's token: exit code, both outputs.
fn flow(world: &World, arguments: &[&str]) -> (Option<i32>, String) {
    let out = world::cordboard(world.root())
        .arg("flow")
        .args(arguments)
        .env("CORDBOARD_TOKEN", world.token())
        .output()
        .unwrap();
    let text = [out.stdout, out.stderr].concat();
    (out.status.code(), String::from_utf8(text).unwrap())
}

/// A folder as CI has it checked out.
fn push(world: &World, text: &str) -> (Option<i32>, String) {
    let folder = world.root().join("checkout");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("support.flow.yaml"), text).unwrap();
    flow(world, &["push", "checkout", "--comment", "from CI"])
}

fn call(world: &World, phone: &Phone) -> Call {
    let call = phone.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(5)).unwrap();
    call
}

/// Waits until the caller has heard this, now or before.
fn has_heard(call: &Call, hz: f64) {
    let heard = || call.heard().duration_of(hz);
    let told = || format!("{:?} of {hz} Hz", heard());
    until(
        Duration::ZERO,
        || heard() > Duration::from_millis(400),
        told,
    );
}

/// What the next caller hears first.
fn next_hears(world: &World, phone: &Phone, hz: f64) {
    let call = call(world, phone);
    has_heard(&call, hz);
    call.hang_up();
    call.wait_ended(seconds(5)).unwrap();
}

fn in_use(world: &World) -> Value {
    world.get("/flows/support")["in_use"].clone()
}

#[test]
fn twenty_calls_finish_on_their_version_and_one_command_takes_the_new_one_back() {
    let world = World::with(&plan());
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let standing: Vec<Call> = (0..STANDING).map(|_| call(&world, &customer)).collect();
    for call in &standing {
        has_heard(call, GREETING);
    }
    let first = &in_use(&world)[0];
    assert_eq!(
        (&first["version"], &first["calls"]),
        (&json!(1), &json!(STANDING))
    );

    let (code, said) = push(&world, &new());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("support: new calls take version 2"), "{said}");
    let (code, said) = push(&world, &new());
    assert_eq!((code, said.trim()), (Some(0), "support: unchanged"));
    let late = call(&world, &customer);
    has_heard(&late, SORRY);
    let (code, said) = flow(&world, &["versions", "support"]);
    assert_eq!(code, Some(0), "{said}");
    let lines: Vec<&str> = said.lines().collect();
    assert!(
        lines[0].starts_with("2\t") && lines[0].contains("@live\t1 live calls"),
        "{said}"
    );
    assert!(
        lines[1].starts_with("1\t") && lines[1].contains(&format!("{STANDING} live calls")),
        "{said}"
    );

    // The twenty go on where they are, as they were told.
    for call in &standing {
        call.press("1");
    }
    for call in &standing {
        has_heard(call, GOODBYE);
        assert!(
            call.heard().duration_of(BUSY) < Duration::from_millis(200),
            "a caller of version 1 hears version 2"
        );
    }
    late.press("1");
    has_heard(&late, BUSY);

    let (code, said) = flow(&world, &["rollback", "support"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("support: new calls take version 1"), "{said}");
    next_hears(&world, &customer, GREETING);
    for call in standing.iter().chain([&late]) {
        call.wait_ended(seconds(20)).unwrap();
    }
    let told = || format!("{}", in_use(&world));
    until(Duration::ZERO, || in_use(&world) == json!([]), told);
    // The record says which version each of them had.
    let hashes: Vec<Value> = [1, 2]
        .map(|n| world.get(&format!("/flows/support/versions/{n}"))["hash"].clone())
        .into();
    let of = |hash: &Value| {
        let page = world.get("/interactions?limit=100");
        let items = page["items"].as_array().unwrap().clone();
        items
            .iter()
            .filter(|item| item["flow_version"] == *hash)
            .count()
    };
    let told = || format!("{} and {}", of(&hashes[0]), of(&hashes[1]));
    until(
        Duration::ZERO,
        || (of(&hashes[0]), of(&hashes[1])) == (STANDING + 1, 1),
        told,
    );
}

#[test]
fn what_is_broken_reaches_no_caller_by_any_way() {
    let world = World::with(&plan());
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let broken = old().replace("- play: greeting", "- plya: greeting");
    // The folder is not the master any more.
    world.write_flow(&broken);
    next_hears(&world, &customer, GREETING);
    world.write_flow(&new());
    next_hears(&world, &customer, GREETING);
    // From CI.
    let (code, said) = push(&world, &broken);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("support.flow.yaml:") && said.contains("play"),
        "{said}"
    );
    // From an editor: the draft is kept, and stays a draft.
    let draft = json!({ "text": broken, "base": 1 });
    assert_eq!(world.put("/flows/support/draft", &draft), 200);
    let (code, said) = flow(&world, &["publish", "support"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("cannot be published"), "{said}");
    assert_eq!(
        world.put("/flows/support/aliases/test", &json!({ "draft": 1 })),
        422
    );
    assert_eq!(world.get("/flows/support/draft")["text"], broken);
    next_hears(&world, &customer, GREETING);
    // Mended, it goes.
    let draft = json!({ "text": new(), "base": 1, "revision": 1 });
    assert_eq!(world.put("/flows/support/draft", &draft), 200);
    let (code, said) = flow(&world, &["publish", "support", "--comment", "mended"]);
    assert_eq!(code, Some(0), "{said}");
    next_hears(&world, &customer, SORRY);
    // Without a token, and by a name that nobody has: said, not done.
    let mut nobody = world::cordboard(world.root());
    let out = nobody
        .args(["flow", "rollback", "support"])
        .env_remove("CORDBOARD_TOKEN");
    assert_eq!(out.output().unwrap().status.code(), Some(2));
    let (code, said) = flow(&world, &["rollback", "nothing"]);
    assert_eq!(code, Some(1), "{said}");
}

/// Sends a request and does not wait for what comes of it.
fn send(world: &World, path: &str, body: &Value) -> TcpStream {
    let mut stream = TcpStream::connect(world.http).unwrap();
    let body = body.to_string();
    write!(
        stream,
        "POST /api/v1{path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        world.http,
        world.token(),
        body.len()
    )
    .unwrap();
    stream
}

fn audit_is_whole(root: &Path) {
    let mut verify = world::cordboard(root);
    let out = verify.args(["audit", "verify"]).output().unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stdout)
    );
}

#[test]
fn a_crash_while_publishing_leaves_the_old_or_the_new() {
    let mut world = World::with(&plan());
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let mut seen = [0, 0];
    for round in 0..8_u64 {
        let live = world.get("/flows/support")["aliases"][0]["version"]
            .as_u64()
            .unwrap();
        // Each version tells itself from all others, and sounds like one of two.
        let text = if live % 2 == 1 { new() } else { old() };
        let body = json!({ "base": live, "text": format!("{text}\n# {round}\n") });
        let asked = send(&world, "/flows/support/publish", &body);
        // Before the text is judged, while it is, while it is written, and after that.
        std::thread::sleep(Duration::from_millis(round * 12));
        world.kill();
        drop(asked);
        world.start_again();
        let flow = world.get("/flows/support");
        let after = flow["aliases"][0]["version"].as_u64().unwrap();
        assert!(after == live || after == live + 1, "{live} became {after}");
        seen[usize::from(after > live)] += 1;
        // No version without its move, no move without its row, and calls take what is written down.
        let versions = world.get("/flows/support/versions");
        assert_eq!(versions["items"].as_array().unwrap().len() as u64, after);
        let rows = world.get("/audit?limit=500")["items"]
            .as_array()
            .unwrap()
            .clone();
        let moved = rows
            .iter()
            .filter(|row| {
                row["action"]
                    .as_str()
                    .is_some_and(|action| action.starts_with("flow "))
            })
            .count();
        assert_eq!(moved as u64, after, "{rows:#?}");
        audit_is_whole(world.root());
        let version = world.get(&format!("/flows/support/versions/{after}"));
        assert_eq!(flow["hash"], version["hash"]);
        next_hears(
            &world,
            &customer,
            if after % 2 == 1 { GREETING } else { SORRY },
        );
    }
    assert!(
        seen[1] > 0,
        "no round came as far as the new version: {seen:?}"
    );
}
