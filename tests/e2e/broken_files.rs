//! Broken settings, company, flows and prompts: refused at the start with place, reason and remedy; while running the
//! last good version stays, and nobody on the line is left in silence.

use crate::support::patience::{patient, until};
use crate::support::phone::{End, Phone, seconds};
use crate::support::world::{self, BUSY, COMPANY, FLOW, GREETING, MENU, Plan, SORRY, World};
use std::path::Path;
use std::time::Duration;

/// Starts on these files and gives exit code and standard error. A start that succeeds is ended after a while.
fn start(change: impl FnOnce(&Path)) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    world::write_plan(folder.path(), &Plan::default());
    change(folder.path());
    let mut child = world::cordboard(folder.path())
        .args(["serve", "--config", "cordboard.toml"])
        .env("RUST_LOG", "info")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let deadline = std::time::Instant::now() + patient(seconds(5));
    while child.try_wait().unwrap().is_none() && std::time::Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    let code = child.try_wait().unwrap().and_then(|status| status.code());
    let _ = child.kill();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (code, text(output.stdout), text(output.stderr))
}

fn replace(file: &'static str, from: &'static str, to: &'static str) -> impl FnOnce(&Path) {
    move |root| {
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        assert!(text.contains(from), "{file}");
        std::fs::write(root.join(file), text.replacen(from, to, 1)).unwrap();
    }
}

/// Exit 2, nothing said to be ready, and each of these words on standard error.
fn refused(told: (Option<i32>, String, String), words: &[&str]) {
    let (code, out, error) = told;
    assert_eq!(code, Some(2), "{out}\n{error}");
    assert!(!out.contains("ready"), "{out}");
    for word in words {
        assert!(error.contains(word), "{word:?} is not in:\n{error}");
    }
    assert!(!error.contains("panicked"), "{error}");
}

#[test]
fn broken_files_are_refused_at_the_start_with_place_reason_and_remedy() {
    let settings = "cordboard.toml";
    refused(
        start(replace(settings, "[http]", "[http")),
        &["cordboard.toml:6:", "help"],
    );
    refused(
        start(replace(settings, "listen = [", "lisen = [")),
        &["cordboard.toml:5:1", "lisen", "did you mean", "listen"],
    );
    refused(
        start(replace(settings, "country = \"ES\"", "country = 34")),
        &["cordboard.toml:3:", "country"],
    );
    let company = "company.toml";
    refused(
        start(replace(company, "[[queues]]", "[[queues]")),
        &["company.toml:5:", "help"],
    );
    refused(
        start(replace(company, "ring_timeout", "ring_timout")),
        &["company.toml:8:1", "ring_timout", "ring_timeout"],
    );
    refused(
        start(replace(
            company,
            "queues = { support = 1 }",
            "queues = { suport = 1 }",
        )),
        &["company.toml:18:", "suport", "support"],
    );
    refused(
        start(|root| std::fs::remove_file(root.join("company.toml")).unwrap()),
        &["company.toml", "help"],
    );
    refused(
        start(|root| std::fs::write(root.join("company.toml"), b"name = \"\xff\xfe\"").unwrap()),
        &["company.toml:1:"],
    );
    let flow = "flows/support.flow.yaml";
    refused(
        start(replace(flow, "- play: greeting", "- plya: greeting")),
        &["support.flow.yaml:17:", "plya", "play", "help"],
    );
    refused(
        start(replace(flow, "    - tag: { reason", "   - tag: { reason")),
        &["support.flow.yaml:", "help"],
    );
    refused(
        start(replace(flow, "to: support", "to: suport")),
        &["support.flow.yaml:25:", "suport", "support"],
    );
    refused(
        start(replace(company, "flow = \"support\"", "flow = \"suport\"")),
        &["company.toml:", "suport", "support"],
    );
    refused(
        start(|root| std::fs::write(root.join("prompts/menu.wav"), b"RIFF but no").unwrap()),
        &["menu.wav", "WAV", "help"],
    );
    refused(
        start(|root| std::fs::remove_file(root.join("prompts/menu.wav")).unwrap()),
        &["support.flow.yaml:6:", "menu.wav", "help"],
    );
}

#[test]
fn a_secret_is_never_shown_in_an_error() {
    let told = start(replace(
        "company.toml",
        "password = \"word-of-ana\"",
        "password = \"word-of-ana",
    ));
    assert!(!told.2.contains("word-of-ana"), "{}", told.2);
    refused(told, &["company.toml:16:"]);
}

#[test]
fn a_company_file_that_breaks_while_we_run_is_refused_and_taken_when_mended() {
    let world = World::with(&Plan {
        log_level: Some("info"),
        ..Plan::default()
    });
    let ana = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    ana.register(world.sip, "2001", "word-of-ana").unwrap();
    let file = world.root().join("company.toml");
    let dora = "\n[[agents]]\nlogin = \"dora\"\nname = \"Dora Lind\"\nextension = \"2009\"\npassword = \"word-of-dora\"\nqueues = { support = 1 }\nskills = { billing = 9 }\nready_on_register = true\n[thresholds]\nwaiting = { warning = 2, critical = 7 }\n";
    let act = || world.get("/queues/support")["thresholds"]["waiting"]["critical"].clone();

    std::fs::write(&file, format!("{COMPANY}{dora}\nqueus = 1\n")).unwrap();
    world.wait_log("last good one stays", seconds(4));
    world.wait_log("queus", seconds(4));
    let log = world.log();
    assert!(
        log.contains("company.toml:") && log.contains("queus"),
        "{log}"
    );
    assert!(!log.contains("word-of-"), "{log}");
    // Whatever it is made of.
    for broken in [
        "",
        "\u{0}",
        &"[".repeat(50_000),
        &format!("a = {}", "[".repeat(50_000)),
    ] {
        std::fs::write(&file, broken).unwrap();
        std::thread::sleep(Duration::from_millis(1_100));
        assert_eq!(world.agent_state("ana"), "available");
    }
    let new = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    new.set_account("2009", "word-of-dora");
    assert_eq!(new.register_status(world.sip, "2009", 60).unwrap(), 401);
    ana.register(world.sip, "2001", "word-of-ana").unwrap();
    assert_eq!(world.get("/agents/ana")["registered"], true);
    assert_eq!(act(), 10);

    std::fs::write(&file, format!("{COMPANY}{dora}")).unwrap();
    world.wait_log("read again", seconds(4));
    new.register(world.sip, "2009", "word-of-dora").unwrap();
    world.wait_agent("dora", "available", seconds(2));
    assert_eq!(world.agent_state("ana"), "available");
    until(seconds(4), || act() == 7, || act().to_string());
    // Gone for a moment, as some editors save: nothing is lost.
    std::fs::remove_file(&file).unwrap();
    std::thread::sleep(Duration::from_millis(1_200));
    assert_eq!(world.agent_state("dora"), "available");
}

#[test]
fn a_company_whose_number_starts_no_flow_is_refused_until_the_flow_is_there() {
    let world = World::with(&Plan {
        log_level: Some("info"),
        ..Plan::default()
    });
    let file = world.root().join("company.toml");
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let call = || {
        let call = customer.call(world.sip, "9000", "600111222").unwrap();
        call.wait_answered(seconds(3)).unwrap();
        call.wait_tone(GREETING, seconds(3)).unwrap();
        call.hang_up();
    };
    // Another flow that is not there, misspelt or not written yet.
    let other = COMPANY.replace("flow = \"support\"", "flow = \"suport\"");
    std::fs::write(&file, &other).unwrap();
    world.wait_log("no flow \"suport\"", seconds(4));
    let log = world.log();
    let words = [
        "last good one stays",
        "company.toml:",
        "did you mean \"support\"",
    ];
    assert!(words.iter().all(|word| log.contains(word)), "{log}");
    call();
    // It is taken when the flow follows.
    let flows = world.root().join("flows");
    std::fs::write(
        flows.join("suport.flow.yaml"),
        FLOW.replace("name: support", "name: suport"),
    )
    .unwrap();
    world.wait_log("read again", seconds(4));
    call();
    // The file of a flow that runs is gone: the next start would find nothing.
    std::fs::remove_file(flows.join("support.flow.yaml")).unwrap();
    std::fs::write(&file, COMPANY).unwrap();
    world.wait_log("no flow \"support\"", seconds(4));
    call();
}

#[test]
fn prompts_that_break_while_we_run_leave_nobody_in_silence() {
    let world = World::with(&Plan {
        log_level: Some("info"),
        ..Plan::default()
    });
    let prompts = world.root().join("prompts");
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let call = || {
        let call = customer.call(world.sip, "9000", "600111222").unwrap();
        call.wait_answered(seconds(3)).unwrap();
        call
    };
    let first = call();
    first.wait_tone(GREETING, seconds(3)).unwrap();
    first.hang_up();

    // Known and broken: the last good audio stays. Never read and gone: skipped, and the menu still takes keys.
    std::fs::write(
        prompts.join("greeting.wav"),
        b"RIFF\0\0\0\0WAVEfmt nonsense",
    )
    .unwrap();
    let second = call();
    second.wait_tone(GREETING, seconds(3)).unwrap();
    second.wait_tone(MENU, seconds(3)).unwrap();
    std::fs::write(prompts.join("music.wav"), b"").unwrap();
    second.press("2");
    // No music, and still the caller hears that we are there.
    second.wait_tone(BUSY, seconds(4)).unwrap();
    second.hang_up();
    world.wait_log("greeting.wav", seconds(1));
    world.wait_log("music.wav", seconds(1));
}

#[test]
fn a_waiting_caller_without_any_music_is_still_served_and_the_log_is_not_flooded() {
    let world = World::with(&Plan {
        log_level: Some("info"),
        ..Plan::default()
    });
    for name in ["greeting", "menu", "music", "busy"] {
        std::fs::remove_file(world.root().join(format!("prompts/{name}.wav"))).unwrap();
    }
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    call.press("2");
    world.wait_for("/queues/support", seconds(3), |queue| {
        queue["waiting"].as_array().unwrap().len() == 1
    });
    let lines = world.log().lines().count();
    std::thread::sleep(seconds(3));
    let grown = world.log().lines().count() - lines;
    assert!(grown <= 8, "{grown} lines in 3 s:\n{}", world.log());
    assert_eq!(call.ended(), None);
    let agent = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    let talk = agent.wait_ring(seconds(3)).unwrap().answer().unwrap();
    talk.send(crate::support::phone::Sending::Tone(1_300.0));
    call.wait_tone(1_300.0, seconds(2)).unwrap();
    talk.hang_up();
    assert_eq!(call.wait_ended(seconds(3)).unwrap(), End::TheyHungUp);
}

#[test]
fn a_flow_with_a_missing_block_is_refused_while_calls_go_on() {
    let world = World::start();
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let live = customer.call(world.sip, "9000", "600111222").unwrap();
    live.wait_answered(seconds(3)).unwrap();
    live.wait_tone(GREETING, seconds(3)).unwrap();
    for broken in [
        "",
        "flow: 1\nname: [",
        "\u{0}\u{1}",
        &FLOW.replace("go: goodbye", "go: goodby"),
        &"- ".repeat(20_000),
        &"[".repeat(20_000),
    ] {
        world.write_flow(broken);
        let call = customer.call(world.sip, "9000", "600111222").unwrap();
        call.wait_answered(seconds(3)).unwrap();
        call.hang_up();
    }
    world.write_flow(&FLOW.replace("- play: greeting", "- play: sorry"));
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    call.wait_tone(SORRY, seconds(3)).unwrap();
    // The call that began before is on its own version, and takes its key.
    live.press("1");
    live.wait_tone(world::GOODBYE, seconds(4)).unwrap();
}
