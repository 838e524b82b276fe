//! What a whole call leaves in logs and in the log of events: ids, and nothing that tells who called.

use crate::support::phone::{Phone, Sending, seconds};
use crate::support::world::{COMPANY, Plan, World};
use serde_json::json;
use std::path::Path;
use std::process::Command;

const NATIONAL: &str = "600111222";
const DISPLAYED: &str = "Quintana";
const CUSTOMER: &str = "Zacarias Velez";
const NOTE: &str = "owes us a bicycle";

/// Words that must stand nowhere. Keys are looked for in their own way.
fn secrets(world: &World) -> Vec<String> {
    let mut words = vec![
        NATIONAL.to_owned(),
        "600 111 222".to_owned(),
        DISPLAYED.to_owned(),
        CUSTOMER.to_owned(),
        "Zacarias".to_owned(),
        "Velez".to_owned(),
        "zacarias@example.com".to_owned(),
        NOTE.to_owned(),
        world.token().to_owned(),
        "word-of-ana".to_owned(),
        "word-of-ben".to_owned(),
    ];
    // The token without its telling beginning, should somebody cut it.
    words.push(world.token()[10..40].to_owned());
    words
}

fn none_of(text: &str, words: &[String], place: &str) {
    for word in words {
        if let Some(line) = text.lines().find(|line| line.contains(word.as_str())) {
            panic!("{word:?} stands in {place}: {line}");
        }
    }
}

#[test]
fn a_whole_call_at_the_finest_log_level_tells_nobody_who_called() {
    let mut world = World::with(&Plan {
        company: COMPANY.replace("name = \"Ana Ruiz\"", "name = \"Ana Montalban\""),
        log_level: Some("trace"),
        ..Plan::default()
    });
    let customer = json!({"name": CUSTOMER, "email": "zacarias@example.com", "notes": NOTE, "numbers": ["+34600111222"]});
    let (status, _, body) = world.http("POST", "/api/v1/customers", Some(&customer), &[]);
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
    let agent = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    let wrong = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    wrong.set_account("2002", "guessed-word");
    assert_eq!(wrong.register_status(world.sip, "2002", 60).unwrap(), 401);

    whole_call(&world, &agent);
    world.get("/customers?search=Zacarias");
    world.get("/interactions");
    assert_eq!(
        world
            .http("GET", "/api/v1/customers/600111222", None, &[])
            .0,
        404
    );
    assert_eq!(world.stop(), Some(0));

    let mut words = secrets(&world);
    words.push("guessed-word".to_owned());
    let log = world.log();
    assert!(log.contains("TRACE"), "the finest level was on");
    none_of(&log, &words, "the log");
    let keys = ["dtmf", "pressed", "digit", "key('", "key: '", "key(\""];
    for line in log.lines() {
        let lower = line.to_ascii_lowercase();
        let told = keys
            .iter()
            .find(|word| lower.contains(**word) && !lower.contains("menu_choices"));
        assert_eq!(told, None, "{line}");
    }
    let out = std::fs::read_to_string(world.root().join("server.out")).unwrap();
    none_of(&out, &words, "standard output");
    events_hold_ids_only(world.root(), &words);
    the_journal_is_consumed(world.root(), &words);
}

/// Menu, queue, agent, talk, with everything personal that a call can carry.
fn whole_call(world: &World, agent: &Phone) {
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let identity = format!("\"Marta {DISPLAYED}\" <sip:+34600111222@127.0.0.2>");
    let headers = [
        ("P-Asserted-Identity", identity.as_str()),
        ("Remote-Party-ID", identity.as_str()),
        ("Subject", "about zacarias@example.com"),
    ];
    let call = customer
        .call_with(world.sip, "9000", NATIONAL, &headers)
        .unwrap();
    call.wait_answered(seconds(3)).unwrap();
    call.press("2");
    let ringing = agent.wait_ring(seconds(5)).unwrap();
    let shown = ringing.header("from").unwrap();
    assert!(
        shown.contains(CUSTOMER),
        "the agent does see who calls: {shown}"
    );
    let talk = ringing.answer().unwrap();
    talk.send(Sending::Tone(1_300.0));
    call.send(Sending::Tone(420.0));
    call.wait_tone(1_300.0, seconds(2)).unwrap();
    talk.wait_tone(420.0, seconds(2)).unwrap();
    call.press("7391");
    std::thread::sleep(seconds(2));
    talk.hang_up();
    call.wait_ended(seconds(4)).unwrap();
    let record = world.wait_last_interaction(seconds(4));
    assert_eq!(record["caller_number"], "+34600111222", "the record does");
}

fn sqlite(root: &Path, query: &str) -> String {
    let out = Command::new("sqlite3")
        .arg(root.join("data/cordboard.db"))
        .arg(query)
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stdout).unwrap()
}

fn events_hold_ids_only(root: &Path, words: &[String]) {
    let payloads = sqlite(
        root,
        "select seq, kind, ifnull(interaction_id, ''), payload from events order by seq",
    );
    assert!(payloads.lines().count() > 10, "{payloads}");
    none_of(&payloads, words, "the events");
    none_of(
        &payloads,
        &["Ana Montalban".to_owned(), "Marta".to_owned()],
        "the events",
    );
    // Ids and times are numbers too, and may have these four digits in them.
    let is_digit = |c: &char| c.is_ascii_hexdigit() || *c == '-';
    let runs = payloads.split(|c: char| !is_digit(&c));
    let pressed: Vec<&str> = runs.filter(|run| *run == "7391").collect();
    assert!(pressed.is_empty(), "keys in the events: {payloads}");
    let passwords = sqlite(root, ".dump");
    let kept: Vec<String> = ["word-of-ana", "guessed-word"].map(str::to_owned).to_vec();
    none_of(&passwords, &kept, "the database");
    // The token is there as a hash only.
    assert!(!passwords.contains(&words.iter().find(|w| w.starts_with("cb_")).unwrap()[3..]));
}

/// After an orderly stop the journal holds nothing that the database has not, and nobody else may read it.
fn the_journal_is_consumed(root: &Path, words: &[String]) {
    use std::os::unix::fs::PermissionsExt;
    let events: u64 = sqlite(root, "select count(*) from events")
        .trim()
        .parse()
        .unwrap();
    let distinct: u64 = sqlite(root, "select count(distinct seq) from events")
        .trim()
        .parse()
        .unwrap();
    assert_eq!(events, distinct);
    let open = sqlite(
        root,
        "select count(*) from interactions where ended_at is null",
    );
    assert_eq!(open.trim(), "0");
    for entry in std::fs::read_dir(root.join("data/journal"))
        .unwrap()
        .flatten()
    {
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(
            mode & 0o007,
            0,
            "{:?} is open to all: {mode:o}",
            entry.path()
        );
        let text = String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()).into_owned();
        // Passwords and tokens were never its business; numbers may stand in lines that wait to be removed.
        let never: Vec<String> = words
            .iter()
            .filter(|word| word.contains("word") || word.starts_with("cb_"))
            .cloned()
            .collect();
        none_of(&text, &never, "the journal");
    }
}
