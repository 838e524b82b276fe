//! The contact centre of the simulation: its company files, its flows, how long its prompts last.
//!
//! **Owns**: these texts. They are read by the product's own readers. **Must not know**: what is played out with them.

use cordboard::company_view::CompanyView;
use cordboard::config::settings::{Limits, RecordPolicy};
use cordboard::config::{Ids, PasswordPolicy, parse_company};
use ivr_flows::Flow;
use router::id::{AgentId, QueueId};
use sip_gateway::media::clip::Clip;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub(crate) const DOMAIN: &str = "cordboard.localhost";
pub(crate) const AGENTS: [(&str, &str); 5] = [
    ("ana", "2001"),
    ("ben", "2002"),
    ("chloe", "2003"),
    ("dan", "2004"),
    ("eva", "2005"),
];

const MAIN: &str = r#"
flow: 1
name: main
languages: { default: en, offer: [en] }
defaults:
  input: { timeout: 5s, between_digits: 2s, tries: 2, barge_in: true }
  no_input: [again]
  no_match: [again]
  exits: { exhausted: to-support, error: bye }
prompts:
  greeting: { en: "Hello." }
  menu: { en: "1 support, 2 sales, 3 opening hours." }
  again: { en: "Once more." }
  moment: { en: "One moment." }
  busy: { en: "Still busy." }
  hours: { en: "We are open." }
  goodbye: { en: "Goodbye." }
  music: { file: moh/calm.wav }
blocks:
  start:
    - answer:
    - play: greeting
    - menu:
        prompt: menu
        keys:
          1: { go: to-support, label: Support }
          2: { go: to-sales, label: Sales }
          3: { go: opening, label: Hours }
  opening:
    - tag: { reason: hours }
    - play: hours
    - hangup:
  to-support:
    - play: moment
    - queue: { to: support, use: hold-on }
  to-sales:
    - queue: { to: sales, use: hold-on }
  bye:
    - play: goodbye
    - hangup:
waits:
  hold-on:
    loop:
      - play: { prompt: music, for: 10s }
      - play: busy
    give_up_after: 90s
    exits: { answered: bye, timeout: bye, full: bye, closed: bye, no_agents: bye }
"#;

const DIRECT: &str = r#"
flow: 1
name: direct
prompts:
  hello: { en: "Hello." }
blocks:
  start:
    - answer:
    - queue: support
    - play: hello
"#;

/// Asks for its customer twice: the first question of a call finds somebody, the second nobody. So `wrong` is reached
/// only by an answer to the first that comes while the second is open.
const KNOWN: &str = r#"
flow: 1
name: known
prompts:
  goodbye: { en: "Goodbye." }
defaults: { exits: { error: bye } }
blocks:
  start:
    - answer:
    - customer: { by: call.from, timeout: 2s, exits: { timeout: once-more } }
    - go: to-support
  once-more:
    - customer: { by: call.from, timeout: 3s }
    - branch: [ { when: customer.known, go: wrong }, { else: to-support } ]
  wrong:
    - play: goodbye
    - hangup:
  to-support:
    - queue: { to: support, head_start: 30s }
  bye:
    - hangup:
"#;

/// Gives up its place and takes a new one at once.
const EMERGENCY: &str = r#"
flow: 1
name: emergency
prompts:
  music: { file: moh/calm.wav }
blocks:
  start:
    - answer:
    - queue: { to: support, class: emergency, use: short, exits: { timeout: again } }
  again:
    - queue: { to: support, class: emergency }
waits:
  short:
    loop:
      - play: { prompt: music, for: 5s }
    give_up_after: 7s
"#;

/// See [`KNOWN`].
pub(crate) const WRONG: &str = "wrong";

/// What a flow adds to its callers' head start.
pub(crate) fn head_start(flow: &str) -> Duration {
    Duration::from_secs(if flow == "known" { 30 } else { 0 })
}

/// The first company; the other two are edits of it.
fn text(edition: usize) -> String {
    let level = if edition == 1 { 4 } else { 3 };
    let mut text = format!(
        r#"
[routing]
miss_cooldown = "8s"
max_misses = 3
exclude_for = "20s"

[[skills]]
name = "service"

[[skills]]
name = "spanish"

[[queues]]
name = "support"
skills = {{ service = {level} }}
ring_timeout = "12s"
wrap_up = "6s"
max_wait = "3m"
max_length = 8
short_abandon = "5s"
music = "moh/calm"
"#
    );
    // Whoever rings when this is saved rings on.
    if edition == 2 {
        text.push_str("strategy = \"ring_all\"\n");
    }
    if edition != 2 {
        text.push_str(
            r#"
[[queues]]
name = "sales"
skills = {}
ring_timeout = "7s"
head_start = "20s"
wrap_up = "open"
wrap_up_cap = "25s"
max_wait = "45s"
max_length = 3
when_no_agents = "exit"
record = "never"
"#,
        );
    }
    agents(edition, &mut text);
    text.push_str(
        r#"
[[trunks]]
name = "carrier"
from = ["127.0.2.0/24"]

[[numbers]]
number = "9000"
flow = "main"

[[numbers]]
number = "9001"
flow = "direct"

[[numbers]]
number = "9002"
flow = "known"

[[numbers]]
number = "9003"
flow = "emergency"
"#,
    );
    text
}

fn agents(edition: usize, text: &mut String) {
    let sales_agents = if edition == 1 {
        "sales = 2"
    } else {
        "sales = 1"
    };
    for (n, (login, extension)) in AGENTS.iter().enumerate() {
        // Edition 1 has lost an agent.
        if edition == 1 && n == 3 {
            continue;
        }
        let service = 3 + n % 3;
        let queues = match n {
            4 if edition != 2 => sales_agents.to_owned(),
            1 if edition != 2 => format!("support = 1, {sales_agents}"),
            3 => "support = 2".to_owned(),
            _ => "support = 1".to_owned(),
        };
        let ready = n != 2;
        text.push_str(&format!(
            r#"
[[agents]]
login = "{login}"
name = "{login}"
extension = "{extension}"
password = "secret of {extension}"
skills = {{ service = {service} }}
queues = {{ {queues} }}
ready_on_register = {ready}
"#
        ));
    }
}

fn ids() -> Ids {
    let agents = AGENTS.iter().zip(1..);
    Ids {
        agents: agents
            .map(|((login, _), n)| ((*login).to_owned(), AgentId::from_number(n)))
            .collect(),
        queues: ["support", "sales"]
            .into_iter()
            .zip(1..)
            .map(|(name, n)| (name.to_owned(), QueueId::from_number(n)))
            .collect(),
    }
}

/// Editions 0 to 2 of the company, read once.
pub(crate) fn company(edition: usize) -> Arc<CompanyView> {
    static READ: OnceLock<Vec<Arc<CompanyView>>> = OnceLock::new();
    let editions = READ.get_or_init(|| {
        let read = |edition| {
            let read = parse_company(&text(edition), "company.toml", PasswordPolicy::Required);
            let (company, _) = read.into_result().expect("the company of the simulation");
            let limits = Limits {
                max_calls: 12,
                max_calls_per_second: 200,
            };
            let country = Some("ES".to_owned());
            Arc::new(CompanyView::new(
                company,
                ids(),
                limits,
                country,
                RecordPolicy::Always,
            ))
        };
        (0..3).map(read).collect()
    });
    editions[edition % 3].clone()
}

/// The flows by name, read once.
pub(crate) fn flow(name: &str) -> Option<Arc<Flow>> {
    static READ: OnceLock<BTreeMap<&str, Arc<Flow>>> = OnceLock::new();
    let flows = READ.get_or_init(|| {
        let read = |text| {
            let flow = ivr_flows::parse(text, "a flow").unwrap_or_else(|findings| {
                panic!("{}", ivr_flows::render_human(&findings, text));
            });
            Arc::new(flow)
        };
        BTreeMap::from([
            ("main", read(MAIN)),
            ("direct", read(DIRECT)),
            ("known", read(KNOWN)),
            ("emergency", read(EMERGENCY)),
        ])
    });
    flows.get(name).cloned()
}

/// A prompt of one to four seconds, by its name. One file is missing, as files are.
pub(crate) fn clip(file: &str) -> Option<Arc<Clip>> {
    static MADE: OnceLock<Vec<Arc<Clip>>> = OnceLock::new();
    let clips = MADE.get_or_init(|| {
        (1..=4)
            .map(|seconds| Arc::new(Clip::from_samples(vec![0; 8_000 * seconds])))
            .collect()
    });
    if file.contains("again") {
        return None;
    }
    let sum: usize = file.bytes().map(usize::from).sum();
    Some(clips[sum % clips.len()].clone())
}
