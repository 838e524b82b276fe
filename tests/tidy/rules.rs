//! Rules about Rust files. **Owns**: the limits and the lists of who may use what. **Must not know**: how files are
//! read.

use crate::source::{Source, word_places};
use crate::tree::Tree;
use crate::{Complaint, names};

/// Code lines of a production file.
const FILE_LIMIT: usize = 500;
/// The same with a line in the allow-list.
const FILE_LIMIT_ALLOWED: usize = 600;
/// Code lines of a test file.
const TEST_FILE_LIMIT: usize = 900;
/// Code lines of a function body.
const FUNCTION_LIMIT: usize = 70;
/// The same in test files, where a story or a table of rows may be told in one piece.
const TEST_FUNCTION_LIMIT: usize = 120;
/// Lines of the allow-list.
const ALLOWED_FILES: usize = 5;
/// The allow-list.
const ALLOW_LIST: &str = "tests/tidy_allow.txt";

/// Parts that decide and never act: no clock, task, randomness, socket.
const PURE: [&str; 16] = [
    "router/src/",
    "ivr-flows/src/",
    "sip-gateway/src/sip/",
    "sip-gateway/src/media/",
    "src/call/machine",
    "src/call/internal",
    "src/call/outbound",
    "src/call/service",
    "src/call/leg_commands",
    "src/call/registry/arrivals",
    "src/call/registry/phones",
    "src/distributor_task/",
    "src/floor/items",
    "src/floor/model",
    "src/floor/topic",
    "sip-gateway/src/legs/",
];

/// What must not stand in a pure part, and what to do instead.
const IMPURE: [(&str, &str); 16] = [
    ("Instant::now", "the time is a parameter"),
    ("SystemTime::now", "the time is a parameter"),
    ("Timestamp::now", "the time is a parameter"),
    (".elapsed()", "the time is a parameter"),
    ("tokio", "tasks live in drivers"),
    ("async fn", "give outputs instead of waiting"),
    (".await", "give outputs instead of waiting"),
    ("rand::", "randomness is handed in"),
    ("now_v7", "ids are handed in"),
    ("new_v4", "ids are handed in"),
    ("thread::", "threads live in drivers"),
    ("UdpSocket", "sockets live in drivers"),
    ("TcpStream", "sockets live in drivers"),
    ("Mutex", "a pure machine has one owner"),
    ("std::env", "settings are values"),
    ("static mut", "state belongs to a machine"),
];

/// Third-party crate -> the only path beginnings that may name it.
const HOMES: [(&str, &[&str]); 28] = [
    ("hmac", &["src/outside/secrets.rs"]),
    ("argon2", &["src/api/access/password.rs"]),
    (
        "jiff",
        &["ivr-flows/src/calendar", "src/api", "src/config", "src/cli"],
    ),
    ("cel", &["ivr-flows/src/expression"]),
    ("layout", &["ivr-flows/src/draw/layout.rs"]),
    ("rsip", &["sip-gateway/src/sip/message/vocabulary.rs"]),
    ("sdp_types", &["sip-gateway/src/sip/sdp"]),
    ("rtc_dtls", &["sip-gateway/src/media/secure/dtls_srtp.rs"]),
    ("rtc_srtp", &["sip-gateway/src/media/secure/dtls_srtp.rs"]),
    ("sqlx", &["recordings/src/"]),
    ("hound", &["sip-gateway/src/media/clip"]),
    ("audio_codec", &["sip-gateway/src/media/"]),
    ("opus_pure", &["sip-gateway/src/media/opus.rs"]),
    ("mio", &["sip-gateway/src/net/"]),
    ("socket2", &["sip-gateway/src/net/"]),
    ("axum", &["src/api", "src/app", "src/demo/shop.rs"]),
    (
        "md5",
        &["sip-gateway/src/sip/auth", "sip-gateway/src/sip/digest"],
    ),
    (
        "sha2",
        &[
            "sip-gateway/src/net/tls.rs",
            "sip-gateway/src/sip/auth",
            "sip-gateway/src/sip/endpoint/",
            "ivr-flows/src/flow.rs",
            "src/speech/cache",
            "src/flows/canary.rs",
            "src/outside/secrets.rs",
            "src/api/token",
            "src/api/access/",
            "recordings/src/store/audit.rs",
        ],
    ),
    ("toml", &["src/config", "src/demo"]),
    ("phonenumber", &["src/number.rs"]),
    ("clap", &["src/main.rs", "src/cli"]),
    (
        "tokio_rustls",
        &["sip-gateway/src/net/tls.rs", "src/outside/client.rs"],
    ),
    ("hyper", &["src/outside/client.rs", "src/cli/api_client.rs"]),
    (
        "hyper_util",
        &["src/outside/client.rs", "src/cli/api_client.rs"],
    ),
    (
        "http_body_util",
        &["src/outside/client.rs", "src/cli/api_client.rs"],
    ),
    ("rustls_native_certs", &["src/outside/client.rs"]),
    ("x509_parser", &["sip-gateway/src/net/tls.rs"]),
    ("rcgen", &["src/demo/lan.rs"]),
];

/// Crates that one file or folder of a crate may use, whichever it is: (crate, home).
const ONE_MODULE: [(&str, &str); 1] = [("serde_saphyr", "ivr-flows/src/")];

pub(crate) fn file_sizes(tree: &Tree) -> Vec<Complaint> {
    let allowed = names(allowed_paths(tree));
    tree.sources
        .iter()
        .filter_map(|source| {
            let limit = match (source.is_production(), allowed.contains(&source.path)) {
                (false, _) => TEST_FILE_LIMIT,
                (true, true) => FILE_LIMIT_ALLOWED,
                (true, false) => FILE_LIMIT,
            };
            let lines = source.code_lines();
            (lines > limit).then(|| {
                let path = &source.path;
                format!(
                    "{path}: {lines} code lines, limit {limit}: split it by what each part decides"
                )
            })
        })
        .collect()
}

pub(crate) fn allow_list(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if allowed_paths(tree).count() > ALLOWED_FILES {
        complaints.push(format!("{ALLOW_LIST}: more than {ALLOWED_FILES} files"));
    }
    for line in allowed_lines(tree) {
        let (path, reason) = line.split_once(": ").unwrap_or((line, ""));
        let lines = tree
            .sources
            .iter()
            .find(|source| source.path == path)
            .map(Source::code_lines);
        if reason.trim().is_empty() {
            complaints.push(format!(
                "{ALLOW_LIST}: `{line}` gives no reason; write PATH: REASON"
            ));
        }
        if lines.is_none_or(|lines| lines <= FILE_LIMIT) {
            complaints.push(format!(
                "{ALLOW_LIST}: {path} no longer needs its line; remove it"
            ));
        }
    }
    complaints
}

pub(crate) fn function_sizes(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for source in &tree.sources {
        let limit = if source.is_production() {
            FUNCTION_LIMIT
        } else {
            TEST_FUNCTION_LIMIT
        };
        for function in source.functions() {
            if function.code_lines > limit {
                complaints.push(format!(
                    "{}:{}: `{}` has {} code lines, limit {limit}",
                    source.path, function.line, function.name, function.code_lines
                ));
            }
        }
    }
    complaints
}

/// Tests beside the code are spared: the module they test has said it.
pub(crate) fn module_docs(tree: &Tree) -> Vec<Complaint> {
    tree.sources
        .iter()
        .filter(|source| source.is_production() || source.path.starts_with("tests/"))
        .filter(|source| !source.raw.starts_with("//!"))
        .map(|source| {
            let path = &source.path;
            format!("{path}:1: begin with `//!`: what the module owns and what it must not know")
        })
        .collect()
}

pub(crate) fn purity(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let pure = |source: &&Source| PURE.iter().any(|start| source.path.starts_with(start));
    for source in tree.production().filter(pure) {
        for (word, instead) in IMPURE {
            for line in source.finds(word) {
                complaints.push(format!(
                    "{}:{line}: `{word}` in a pure part: {instead}",
                    source.path
                ));
            }
        }
    }
    complaints
}

pub(crate) fn protocol_homes(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for source in tree.production() {
        for (name, homes) in HOMES {
            if homes.iter().any(|home| source.path.starts_with(home)) {
                continue;
            }
            for line in source.crate_uses(name) {
                complaints.push(format!(
                    "{}:{line}: `{name}` lives in {} only",
                    source.path,
                    homes.join(", ")
                ));
            }
        }
    }
    for (name, home) in ONE_MODULE {
        let users = tree
            .production()
            .filter(|source| !source.crate_uses(name).is_empty());
        let modules = users.map(|source| match source.path.strip_prefix(home) {
            Some(inside) => inside.split(['/', '.']).next().unwrap_or(inside),
            None => source.path.as_str(),
        });
        let modules = names(modules);
        if modules.len() > 1 {
            complaints.push(format!(
                "`{name}` is used by {modules:?}: keep it in one module of {home}"
            ));
        }
    }
    complaints
}

pub(crate) fn unbounded_channels(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for source in &tree.sources {
        let text = source.all();
        let named = ["unbounded_channel", "unbounded"]
            .into_iter()
            .flat_map(|word| word_places(text, word));
        let std_channel = word_places(text, "channel").into_iter().filter(|place| {
            let after = &text[place + "channel".len()..];
            let after = after
                .strip_prefix("::<")
                .and_then(|rest| rest.find("(").map(|open| &rest[open..]))
                .unwrap_or(after);
            after.starts_with("()") && text[..*place].ends_with("mpsc::")
        });
        for place in named.chain(std_channel) {
            let line = crate::source::line_of(text, place);
            complaints.push(format!(
                "{}:{line}: unbounded channel: give it a capacity and a row in ARCHITECTURE.md",
                source.path
            ));
        }
    }
    complaints
}

pub(crate) fn leftovers(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for source in &tree.sources {
        for word in ["todo!", "unimplemented!", "dbg!"] {
            for place in word_places(source.all(), word) {
                let line = crate::source::line_of(source.all(), place);
                complaints.push(format!("{}:{line}: `{word}`: finish it", source.path));
            }
        }
    }
    for source in tree.production() {
        for word in [".unwrap()", ".unwrap_err()"] {
            for line in source.finds(word) {
                complaints.push(format!(
                    "{}:{line}: `{word}`: handle it, or `expect` the invariant by name",
                    source.path
                ));
            }
        }
    }
    complaints
}

fn allowed_lines(tree: &Tree) -> impl Iterator<Item = &str> {
    let lines = tree.text(ALLOW_LIST).lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn allowed_paths(tree: &Tree) -> impl Iterator<Item = &str> {
    allowed_lines(tree).map(|line| line.split_once(": ").map_or(line, |(path, _)| path))
}
