//! The fuzz targets as tests: every kept input, every well-formed example, and seeded damage to both.
//!
//! Each target's inputs lie in `corpus/NAME.txt`, one a line, escaped. An input that makes a target fail is printed in
//! that form: put it there, with a line beginning with `#` that says what was wrong. `CORDBOARD_LONG=1` goes on for
//! thirty times as long, on flow files for ten minutes.

#![allow(
    clippy::unwrap_used,
    reason = "targets: a helper that fails is a failed test"
)]

#[path = "../support/mutate.rs"]
#[allow(dead_code, reason = "a library of helpers")]
mod mutate;
mod seeds;
mod targets;

use mutate::{Dice, corpus, escaped, time};
use std::panic::catch_unwind;
use std::path::Path;
use std::time::{Duration, Instant};
use targets::Target;

/// The longest an input of 64 KiB may take in a build without optimisation.
const SLOW: Duration = Duration::from_secs(5);

/// How long this thread has been on a core: what others do on the machine is not counted.
fn on_cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanos = stat.split_whitespace().next().unwrap().parse();
    Duration::from_nanos(nanos.unwrap())
}

/// Runs one input; a failure names it.
fn run(name: &str, target: Target, bytes: &[u8]) {
    let begun = on_cpu();
    let outcome = catch_unwind(|| target(bytes));
    assert!(
        outcome.is_ok(),
        "{name} fails with this input; it belongs into tests/fuzz/corpus/{name}.txt:\n{}",
        escaped(bytes)
    );
    let took = on_cpu().saturating_sub(begun);
    if took >= SLOW {
        let kept = std::env::temp_dir().join(format!("slow-{name}"));
        std::fs::write(&kept, bytes).unwrap();
        let (bytes, kept) = (bytes.len(), kept.display());
        panic!("{name} took {took:?} for {bytes} bytes, which are kept in {kept}");
    }
}

/// What the target has been given before, and what it is made for.
fn known(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let mut known = corpus(&folder.join(format!("{name}.txt")));
    known.extend(seeds::of(name));
    assert!(!known.is_empty(), "{name} has nothing to begin with");
    known
}

/// Known inputs, then seeded damage for a while.
fn damage(name: &str) {
    let target = targets::ALL
        .iter()
        .find(|(known, _)| *known == name)
        .unwrap()
        .1;
    let known = known(name);
    run(name, target, b"");
    for bytes in &known {
        run(name, target, bytes);
    }
    let (mut dice, mut inputs) = (Dice(name.len() as u64), 0);
    // Flow files come from people who are no programmers, so they are given ten minutes of the long round.
    let minutes = if name == "flow" { 10 } else { 1 };
    let until = Instant::now() + time(Duration::from_secs(2), Duration::from_secs(60 * minutes));
    while Instant::now() < until {
        let seed = dice.below(known.len());
        let mut bytes = dice.mutate(&known[seed]);
        if dice.below(8) == 0 {
            // The head of one and the tail of another.
            let other = dice.below(known.len());
            let from = dice.below(known[other].len());
            bytes.truncate(dice.below(bytes.len()));
            bytes.extend_from_slice(&known[other][from..]);
        }
        run(name, target, &bytes);
        inputs += 1;
    }
    assert!(inputs > 0, "{name} is too slow to be tried");
}

/// One kind of byte, or a known input over and over, up to 64 KiB: nothing takes for ever.
#[test]
fn nothing_long_takes_long() {
    let fills: [&[u8]; 10] = [
        b"a",
        b"\r\n",
        b"\0",
        b"\"",
        b",",
        b";a=",
        b"[",
        b"{",
        b"a:\r\n ",
        b"<sip:a@b>,",
    ];
    for (name, target) in targets::ALL {
        for fill in fills {
            run(name, target, &fill.repeat(65_536 / fill.len()));
        }
        for bytes in known(name).iter().filter(|bytes| !bytes.is_empty()).take(6) {
            run(
                name,
                target,
                &bytes.repeat(65_536 / bytes.len().min(65_536)),
            );
        }
    }
}

#[test]
fn every_target_has_its_test_and_its_corpus() {
    let source = include_str!("main.rs");
    for (name, _) in targets::ALL {
        assert!(
            source.contains(&format!("damage(\"{name}\")")),
            "{name} is not tested"
        );
        assert!(!known(name).is_empty());
    }
}

#[test]
fn sip_messages() {
    damage("sip_message");
}

#[test]
fn sip_streams() {
    damage("sip_stream");
}

#[test]
fn opus_packets() {
    damage("opus");
}

#[test]
fn session_descriptions() {
    damage("sdp");
}

#[test]
fn digest_headers() {
    damage("digest_header");
}

#[test]
fn rtp_packets() {
    damage("rtp");
}

#[test]
fn rtcp_packets() {
    damage("rtcp");
}

#[test]
fn keys() {
    damage("dtmf");
}

#[test]
fn wav_files() {
    damage("wav");
}

#[test]
fn flow_files() {
    damage("flow");
}

#[test]
fn expressions() {
    damage("expression");
}

#[test]
fn journal_segments() {
    damage("journal");
}

#[test]
fn company_and_settings_files() {
    damage("company");
}
