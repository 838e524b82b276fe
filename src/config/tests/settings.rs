//! Tables of settings: what is read, what is refused, where and with what remedy.

use crate::config::finding::{to_json, to_text};
use crate::config::settings::SipTransport;
use crate::config::{
    Checked, ConfigFinding, Override, RecordPolicy, Settings, duration, parse_settings,
};
use std::collections::BTreeMap;
use std::time::Duration;

fn parse(source: &str, overrides: &[Override]) -> Checked<Settings> {
    parse_settings(source, "cordboard.toml", overrides, &|_| {
        Err("not here".to_owned())
    })
}

fn findings(source: &str) -> Vec<ConfigFinding> {
    parse(source, &[]).findings
}

/// The one finding of a source: line, column, message and help.
fn one(source: &str) -> (usize, usize, String) {
    let list = findings(source);
    assert_eq!(list.len(), 1, "{list:#?}");
    (
        list[0].line,
        list[0].column,
        format!("{} / {}", list[0].message, list[0].help),
    )
}

#[test]
fn nothing_written_is_loopback() {
    let settings = parse("", &[]).value.unwrap();
    assert_eq!(settings, Settings::default());
    assert!(settings.http.listen.ip().is_loopback());
    assert!(settings.sip.udp().all(|a| a.ip().is_loopback()));
    assert!(settings.media.listen.is_loopback());
    assert_eq!(settings.limits.or(Default::default()).max_calls, 2_000);
}

const SAMPLE: &str = r#"
[node]
data = "./data"
time_zone = "Europe/Madrid"
country = "ES"
company = "./company.toml"
flows = "./flows"
prompts = "./prompts"
[sip]
listen = ["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"]
domain = "cordboard.localhost"
advertise = "127.0.0.1"
[media]
listen = "127.0.0.1"
ports = "20000-29999"
opus = "last"
[http]
listen = "127.0.0.1:8080"
metrics = "127.0.0.1:9090"
[recording]
default = "never"
[speech]
[store]
url = "sqlite"
"#;

#[test]
fn the_whole_sample_is_read() {
    let checked = parse(SAMPLE, &[]);
    let settings = checked.value.unwrap();
    assert_eq!(settings.node.time_zone, "Europe/Madrid");
    assert_eq!(settings.node.country.as_deref(), Some("ES"));
    assert_eq!(settings.sip.listen[1].transport, SipTransport::Tcp);
    assert_eq!(settings.sip.udp().count(), 1);
    assert_eq!(settings.media.opus, sip_gateway::sip::sdp::OpusPlace::Last);
    assert_eq!(
        (settings.media.first_port, settings.media.last_port),
        (20_000, 29_999)
    );
    assert_eq!(settings.recording, RecordPolicy::Never);
    let levels: Vec<_> = checked.findings.iter().map(|f| f.level).collect();
    assert!(
        levels.iter().all(|l| *l == ivr_flows::FindingLevel::Info),
        "{:?}",
        checked.findings
    );
    let whole = settings.below(std::path::Path::new("/srv"));
    assert_eq!(
        whole.database_file(),
        std::path::Path::new("/srv/./data/cordboard.db")
    );
}

/// A source, line and column of its one finding, and part of what it says.
const WRONG: &[(&str, usize, usize, &str)] = &[
    (
        "[node]\ndata_ = \"x\"",
        2,
        1,
        "unknown key `data_` in [node] / did you mean `data`?",
    ),
    (
        "[nod]\ndata = \"x\"",
        1,
        2,
        "unknown key `nod` in the settings / did you mean `node`?",
    ),
    (
        "[flows]\nmaster = \"git\"",
        2,
        10,
        "`master = \"git\"` is not a choice / write \"files\" or \"database\"",
    ),
    ("[node]\ndata = 3", 2, 8, "must be text, and is a number"),
    (
        "[node]\ntime_zone = \"Europe/Madird\"",
        2,
        13,
        "did you mean \"Europe/Madrid\"?",
    ),
    ("[node]\ncountry = \"Spain\"", 2, 11, "is not a country"),
    (
        "[sip]\nlisten = [\"udp:localhost:5060\"]",
        2,
        11,
        "only an IP address",
    ),
    (
        "[sip]\nlisten = [\"upd:127.0.0.1:5060\"]",
        2,
        11,
        "did you mean \"udp:127.0.0.1:5060\"?",
    ),
    ("[sip]\nlisten = [\"127.0.0.1\"]", 2, 11, "has no transport"),
    (
        "[sip]\nlisten = [\"udp:127.0.0.1:5060\", \"tls:127.0.0.1:5061\"]",
        1,
        2,
        "there is no certificate",
    ),
    ("[sip]\nlisten = []", 2, 10, "no `udp:` entry"),
    (
        "[sip]\nlisten = [\"udp:0.0.0.0:5060\"]",
        1,
        2,
        "add `advertise",
    ),
    (
        "[sip]\ntls = { cert = \"a\" }",
        2,
        1,
        "needs a certificate and its key",
    ),
    (
        "[media]\nports = \"30000-20000\"",
        2,
        9,
        "ends before it begins",
    ),
    ("[media]\nports = \"20000\"", 2, 9, "is not a range"),
    (
        "[media]\nopus = \"always\"",
        2,
        8,
        "\"off\", \"last\" or \"first\"",
    ),
    (
        "[http]\nlisten = \"8080\"",
        2,
        10,
        "is not an IP address and a port",
    ),
    (
        "[recording]\ndefault = \"allways\"",
        2,
        11,
        "\"always\", \"never\" or \"consent\"",
    ),
    (
        "[store]\nurl = \"postgres://db/cordboard\"",
        2,
        7,
        "PostgreSQL as the store comes with a later version",
    ),
    ("[limits]\nmax_calls = 0", 2, 13, "from 1 to"),
    (
        "[limits]\nmax_calls = 1.5",
        2,
        13,
        "a number with a fraction",
    ),
    ("[node]\ndata = ", 2, 8, "not valid TOML"),
];

#[test]
fn every_finding_says_where_and_what_to_write() {
    for (source, line, column, text) in WRONG {
        let (at_line, at_column, said) = one(source);
        assert_eq!((at_line, at_column), (*line, *column), "{source}: {said}");
        assert!(said.contains(text), "{source}: {said}");
    }
}

#[test]
fn errors_are_collected() {
    let list = findings("[node]\ncountry = 1\nflow = \"x\"\n[media]\nlisten = \"here\"\n");
    let lines: Vec<usize> = list.iter().map(|f| f.line).collect();
    assert_eq!(lines, [2, 3, 5]);
}

fn environment(pairs: &[(&str, &str)]) -> Vec<Override> {
    let map: BTreeMap<String, String> = pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    Override::from_environment(&map)
}

#[test]
fn flag_beats_environment_beats_file_beats_default() {
    let mut overrides = environment(&[
        ("CORDBOARD__NODE__DATA", "/env"),
        ("CORDBOARD__HTTP__LISTEN", "127.0.0.1:1"),
        ("CORDBOARD__LIMITS__MAX_CALLS", "7"),
        (
            "CORDBOARD__SIP__LISTEN",
            "udp:127.0.0.1:6000,udp:[::1]:6000",
        ),
        ("CORDBOARD_LOG", "debug"),
        ("PATH", "/bin"),
    ]);
    overrides.push(Override::flag("--http-port", "http.listen", "127.0.0.1:2"));
    let settings = parse(
        "[node]\ndata = \"file\"\n[media]\nlisten = \"127.0.0.9\"",
        &overrides,
    )
    .value
    .unwrap();
    assert_eq!(settings.node.data, std::path::Path::new("/env"));
    assert_eq!(settings.http.listen.port(), 2);
    assert_eq!(settings.limits.max_calls, Some(7));
    assert_eq!(settings.sip.udp().count(), 2);
    assert_eq!(settings.media.listen.to_string(), "127.0.0.9");
    assert_eq!(settings.node.time_zone, "UTC");
}

#[test]
fn a_wrong_variable_names_itself() {
    let overrides = environment(&[
        ("CORDBOARD__NODE__COUNTRI", "ES"),
        ("CORDBOARD__LIMITS__MAX_CALLS", "many"),
    ]);
    let list = parse("", &overrides).findings;
    assert_eq!(list.len(), 2, "{list:?}");
    assert!(list.iter().any(
        |f| f.file == "environment variable CORDBOARD__NODE__COUNTRI"
            && f.help.contains("`country`")
    ));
}

#[test]
fn findings_for_people_and_for_machines() {
    let source = "[sip]\n  domian = \"x\"";
    let list = findings(source);
    let text = to_text(&list, &|_| Some(source.to_owned()));
    assert!(
        text.contains("error[C002]: unknown key `domian` in [sip]"),
        "{text}"
    );
    assert!(text.contains("--> cordboard.toml:2:3"), "{text}");
    assert!(text.contains("2 |   domian = \"x\"\n  |   ^"), "{text}");
    assert!(text.contains("= help: did you mean `domain`?"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&to_json(&list)).unwrap();
    let keys: Vec<&String> = json["findings"][0].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["code", "column", "file", "help", "level", "line", "message"]
    );
    assert_eq!(json["findings"][0]["level"], "error");
    assert_eq!(to_json(&[]), r#"{"findings":[]}"#);
}

#[test]
fn durations() {
    let table = [
        ("20s", 20_000),
        ("10m", 600_000),
        ("1h30m", 5_400_000),
        ("500ms", 500),
        ("0s", 0),
        ("1d2h3m4s5ms", 93_784_005),
    ];
    for (text, millis) in table {
        let duration = Duration::from_millis(millis);
        assert_eq!(duration::parse(text), Some(duration), "{text}");
        assert_eq!(duration::show(duration), text);
    }
    for text in [
        "",
        "20",
        "s",
        "20 s",
        "20s10m",
        "1m1m",
        "-1s",
        "1.5s",
        "99999999999999999999s",
        "1w",
        "9999999999999999d",
        "20sec",
    ] {
        assert_eq!(duration::parse(text), None, "{text}");
    }
}

#[test]
fn any_text_is_read_without_a_panic() {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..400 {
        let mut bytes = SAMPLE.as_bytes().to_vec();
        for _ in 0..4 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let at = usize::try_from(seed % bytes.len() as u64).unwrap();
            bytes[at] = (seed >> 32) as u8;
        }
        let text = String::from_utf8_lossy(&bytes);
        let list = findings(&text);
        let _ = to_text(&list, &|_| Some(text.to_string()));
    }
}
