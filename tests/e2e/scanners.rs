//! The scanners that every SIP port on the internet meets, run against us: sipvicious finds no user and no password.

use crate::support::phone::{Phone, seconds};
use crate::support::world::World;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Its programs are called after themselves or after the package, from one version to the next.
fn program(name: &str) -> String {
    let has = |name: &str| {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&paths).any(|folder| folder.join(name).is_file())
    };
    let long = format!("sipvicious_{name}");
    if has(&long) { long } else { name.to_owned() }
}

/// Runs it to its end; everything it said.
fn run(world: &World, name: &str, arguments: &[&str]) -> String {
    let port = world.sip.port().to_string();
    let out = tempfile::NamedTempFile::new().unwrap();
    let mut child = Command::new(program(name))
        .args(["-v", "-p", &port])
        .args(arguments)
        .arg(world.sip.ip().to_string())
        .env("HOME", world.root())
        .stdin(Stdio::null())
        .stdout(out.reopen().unwrap())
        .stderr(out.reopen().unwrap())
        .spawn()
        .unwrap_or_else(|error| panic!("{name} (Debian: sipvicious): {error}"));
    let until = Instant::now() + Duration::from_secs(90);
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < until, "{name} does not end");
        std::thread::sleep(Duration::from_millis(50));
    }
    std::fs::read_to_string(out.path()).unwrap()
}

#[test]
fn svwar_finds_no_user() {
    let world = World::start();
    for method in ["REGISTER", "INVITE", "OPTIONS"] {
        for force in [&[][..], &["--force"][..]] {
            let arguments = [&["-m", method, "-e", "1995-2010"], force].concat();
            let said = run(&world, "svwar", &arguments);
            for user in ["2001", "2002", "2003"] {
                let found = said
                    .lines()
                    .any(|line| line.starts_with('|') && line.contains(user));
                assert!(!found, "{method} {force:?}: {user} was found\n{said}");
            }
            assert!(
                said.contains("found nothing")
                    || said.contains("[ERROR]")
                    || said.contains("ERROR:"),
                "{method} {force:?}: {said}"
            );
        }
    }
    assert_eq!(world.get("/interactions")["items"], serde_json::json!([]));
}

/// What the metrics count of this kind.
fn counted(world: &World, kind: &str) -> f64 {
    let (_, _, metrics) = world.http("GET", "/metrics", None, &[]);
    let metrics = String::from_utf8_lossy(&metrics).into_owned();
    let name = format!("cordboard_sip_events_total{{kind=\"{kind}\"}} ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
    line.unwrap_or_else(|| panic!("{name} in {metrics}"))
        .parse()
        .unwrap()
}

#[test]
fn svcrack_does_not_find_a_password_that_is_in_its_dictionary() {
    let world = World::start();
    let words: Vec<String> = (1..=100)
        .map(|place| match place {
            50 => "word-of-ana".to_owned(),
            _ => format!("guess-{place}"),
        })
        .collect();
    let dictionary = world.root().join("dictionary");
    std::fs::write(&dictionary, words.join("\n")).unwrap();
    let dictionary = dictionary.to_str().unwrap();
    // On a slow machine it loses its own place now and then, and ends before it has guessed anything.
    let mut said = Vec::new();
    while !world.log().contains("SIP is under attack") || counted(&world, "locked_out") < 40.0 {
        assert!(said.len() < 6, "it never guessed: {said:?}");
        said.push(run(
            &world,
            "svcrack",
            &["-u", "2001", "-d", dictionary, "-t", "0.05"],
        ));
        let last = said.last().unwrap();
        assert!(!last.contains("word-of-ana"), "{last}");
        std::thread::sleep(seconds(2));
    }
    // It did guess, and was stopped: by the count and by one line in the log.
    let lines = world.log().matches("SIP is under attack").count();
    assert!((1..=3).contains(&lines), "{}", world.log());
    let looked_at = counted(&world, "failed_auth");
    assert!(looked_at <= 20.0, "{looked_at}");
    // Ana's own phone, elsewhere, registers and works at that very moment.
    let phone = Phone::start("127.0.1.201".parse().unwrap()).unwrap();
    phone.register(world.sip, "2001", "word-of-ana").unwrap();
    world.wait_agent("ana", "available", seconds(5));
}
