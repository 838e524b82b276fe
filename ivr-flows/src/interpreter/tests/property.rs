//! Random flows and random callers.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use crate::check::check_source;
use crate::interpreter::Interpreter;
use crate::port::{
    CustomerAnswer, DialEnd, FetchAnswer, FlowEnd, FlowInput, FlowOutput, PlayToken, QueueEnd,
    Sound, Words,
};

const BLOCKS: [&str; 5] = ["start", "b1", "b2", "b3", "b4"];

/// A target: a block, or the end.
fn target() -> impl Strategy<Value = String> {
    (0_usize..7).prop_map(|n| (*BLOCKS.get(n).unwrap_or(&"hangup")).to_owned())
}

/// A step that goes on with the next line.
fn passing() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("play: p".to_owned()),
        Just("play: { prompt: [p, q], barge_in: false }".to_owned()),
        Just("play: { prompt: q, for: 5s }".to_owned()),
        Just("tag: { a: b }".to_owned()),
        Just("say: \"Number {{ queue.position }}\"".to_owned()),
        Just("customer: { by: vars.v }".to_owned()),
        Just("set: { n: \"{{ vars.n + 1 }}\", m: { a: [\"{{ vars.v }}\"] } }".to_owned()),
        Just("tag: { a: \"{{ size(vars.m) }}\" }".to_owned()),
        (target(), target()).prop_map(|(a, b)| format!("http: {{ get: \"https://a.b/{{{{ vars.v }}}}\", into: m, filler: q, exits: {{ error: {a}, not_found: {b}, timeout: {a} }} }}")),
        Just("customer: { by: call.language, create: true }".to_owned()),
        (target(), 1_u32..3).prop_map(|(to, tries)| format!("collect: {{ into: v, prompt: p, digits: 1-3, tries: {tries}, exits: {{ exhausted: {to} }} }}")),
        target().prop_map(|to| format!("voicemail: {{ box: x, prompt: q, max: 3s, exits: {{ too_short: {to} }} }}")),
        (target(), 1_u32..3).prop_map(|(to, tries)| format!("survey: {{ prompt: p, keys: 1-5, store: s, tries: {tries}, exits: {{ skipped: {to} }} }}")),
        Just("record: { action: start, beep: true }".to_owned()),
        Just("record: stop".to_owned()),
        Just("wait: 2s".to_owned()),
        target().prop_map(|to| format!("transfer: {{ agent: x, exits: {{ busy: {to} }} }}")),
        target().prop_map(|to| format!("dial: {{ to: \"+34911222333\", exits: {{ done: {to} }} }}")),
        Just("notify: { event: e, data: { v: \"{{ vars.v }}\" } }".to_owned()),
        (target(), 1_u32..3).prop_map(|(to, tries)| format!("collect: {{ into: v, prompt: p, digits: 1-8, tries: {tries}, format: date, confirm: {{ prompt: q, accept: 1, again: 2 }}, exits: {{ exhausted: {to} }} }}")),
        target().prop_map(|to| format!("consent: {{ prompt: p, opt_out_key: 1, default: granted, exits: {{ denied: {to} }} }}")),
        Just("set: { v: x }".to_owned()),
        Just("tag: { a: \"{{ vars.v }}{{ queue.position }}\" }".to_owned()),
        target().prop_map(|to| format!("go: {to}\n      when: vars.v == \"x\"")),
        target().prop_map(|to| format!("branch: [ {{ when: vars.v != \"\", go: {to} }} ]")),
        (target(), 1_u32..4).prop_map(|(to, n)| format!("go: {{ to: {to}, at_most: {n} }}")),
        target().prop_map(|to| format!("queue: {{ to: x, use: w, exits: {{ full: {to} }} }}")),
    ]
}

/// A step that may be the last of its block.
fn last() -> impl Strategy<Value = String> {
    let menu = (
        target(),
        target(),
        target(),
        1_u32..4,
        any::<bool>(),
        any::<bool>(),
    );
    prop_oneof![
        Just("hangup:".to_owned()),
        Just("hangup: busy".to_owned()),
        target().prop_map(|to| format!("go: {to}")),
        Just("queue: x".to_owned()),
        (target(), target()).prop_map(|(a, b)| {
            format!("queue: {{ to: x, exits: {{ answered: {a}, timeout: {b}, error: {a} }} }}")
        }),
        menu.prop_map(|(a, b, out, tries, barge, ahead)| {
            format!(
                "menu: {{ prompt: p, short_prompt: q, tries: {tries}, barge_in: {barge}, type_ahead: {ahead}, \
                 keys: {{ 1: {a}, 12: {b}, 123: {{ do: [ {{ tag: {{ c: d }} }}, {{ go: {a} }} ] }}, 9: repeat }}, \
                 exits: {{ exhausted: {out} }} }}"
            )
        }),
    ]
}

pub(crate) fn flow() -> impl Strategy<Value = String> {
    let block = (prop::collection::vec(passing(), 0..3), last());
    (prop::collection::vec(block, BLOCKS.len()), any::<bool>()).prop_map(|(blocks, error)| {
        let error = if error { "error: b1, " } else { "" };
        let mut out = format!(
            "flow: 1\nname: t\ndefaults:\n  no_input: [q]\n  no_match: [p, q]\n  exits: {{ {error}hangup: b2 }}\n\
             prompts: {{ p: {{ en: a }}, q: {{ en: a }} }}\nvars: {{ v: {{ type: string }}, m: {{ type: map }}, n: {{ type: int }} }}\n\
             waits:\n  w: {{ loop: [ {{ play: {{ prompt: q, for: 30s }} }}, {{ play: p }} ], keys: {{ 1: b1, 2: {{ play: q }} }}, relax: [ {{ after: 5s, drop: [s] }} ], give_up_after: 1m }}\n\
             blocks:\n"
        );
        for (name, (steps, last)) in BLOCKS.iter().zip(blocks) {
            let _ = writeln!(out, "  {name}:");
            for step in steps.iter().chain([&last]) {
                let _ = writeln!(out, "    - {step}");
            }
        }
        out
    })
}

fn answer() -> impl Strategy<Value = FetchAnswer> {
    let body = prop_oneof![
        Just(None),
        Just(Some("{\"a\": \"b\"}")),
        Just(Some("[1]")),
        Just(Some("\"c\"")),
    ];
    let body = body.prop_map(|text| text.map(|text| crate::flow::Value::from_json(text).unwrap()));
    let status = prop::sample::select(vec![200_u16, 204, 301, 404, 422, 503, 999]);
    prop_oneof![
        4 => (status, body).prop_map(|(status, body)| FetchAnswer::Answered { status, body }),
        1 => Just(FetchAnswer::TimedOut),
        1 => Just(FetchAnswer::Unreachable),
        1 => Just(FetchAnswer::Refused("x")),
    ]
}

fn input() -> impl Strategy<Value = FlowInput> {
    let end = prop_oneof![
        Just(QueueEnd::TimedOut),
        Just(QueueEnd::Full),
        Just(QueueEnd::Closed),
        Just(QueueEnd::NoAgents),
        Just(QueueEnd::Failed)
    ];
    prop_oneof![
        3 => prop::sample::select("0123456789*#ABCDx".chars().collect::<Vec<_>>()).prop_map(FlowInput::Key),
        3 => (0_u64..30).prop_map(|n| FlowInput::PlayEnded(PlayToken(n))),
        3 => Just(FlowInput::Tick),
        1 => Just(FlowInput::Start),
        1 => (0_usize..9).prop_map(|position| FlowInput::Queued { position, expected: None }),
        1 => (0_u64..30).prop_map(|n| FlowInput::PlayFailed(PlayToken(n))),
        2 => (0_u32..9).prop_map(|ask| FlowInput::Customer { ask, answer: CustomerAnswer::NotFound }),
        2 => prop::sample::select(DialEnd::ALL.to_vec()).prop_map(|(_, end)| FlowInput::DialEnded(end)),
        2 => (0_u32..9, answer()).prop_map(|(ask, answer)| FlowInput::Fetched { ask, answer }),
        1 => Just(FlowInput::CallerSilent),
        1 => Just(FlowInput::RecordingFailed),
        1 => Just(FlowInput::AgentConnected),
        1 => end.prop_map(FlowInput::QueueEnded),
        1 => Just(FlowInput::AgentLeft),
        1 => Just(FlowInput::QueueClosed { message: Sound::words(Words::Beep) }),
    ]
}

/// What a driver knows about a call.
#[derive(Default)]
struct Driver {
    playing: Option<PlayToken>,
    queued: bool,
    dialling: bool,
    asked: Option<u32>,
    records: bool,
    answered: bool,
    early: bool,
    over: Option<FlowEnd>,
    incidents: usize,
    count: usize,
}

impl Driver {
    fn drain(&mut self, flow: &mut Interpreter) -> Result<(), TestCaseError> {
        while let Some(output) = flow.poll_output() {
            prop_assert!(self.over.is_none(), "{output:?} after the end");
            self.count += 1;
            match output {
                FlowOutput::Answer => prop_assert!(!std::mem::replace(&mut self.answered, true)),
                FlowOutput::EarlyMedia => {
                    prop_assert!(!self.answered && !std::mem::replace(&mut self.early, true));
                }
                FlowOutput::Play { token, sounds, .. } => {
                    prop_assert!((self.answered || self.early) && !sounds.is_empty());
                    self.playing = Some(token);
                }
                FlowOutput::StopPlay { token } => {
                    if self.playing == Some(token) {
                        self.playing = None;
                    }
                }
                FlowOutput::Enqueue { .. } => {
                    prop_assert!(self.answered);
                    self.queued = true;
                }
                FlowOutput::Dial { .. } => {
                    prop_assert!(self.answered);
                    self.dialling = true;
                }
                FlowOutput::FindCustomer { ask, .. } => self.asked = Some(ask),
                FlowOutput::Fetch { .. } => {}
                FlowOutput::StartVoicemail { .. } => {
                    prop_assert!(self.answered && !std::mem::replace(&mut self.records, true));
                }
                FlowOutput::StopVoicemail { .. } => prop_assert!(std::mem::take(&mut self.records)),
                FlowOutput::LeaveQueue { .. } => prop_assert!(std::mem::take(&mut self.queued)),
                FlowOutput::Hangup { cause } => self.over = Some(cause),
                FlowOutput::Incident { .. } => self.incidents += 1,
                FlowOutput::StepEntered { .. }
                | FlowOutput::WayTaken(_)
                | FlowOutput::MenuChosen { .. }
                | FlowOutput::Typed { .. }
                | FlowOutput::SurveyAnswered { .. }
                | FlowOutput::Consent { .. }
                | FlowOutput::Record { .. }
                | FlowOutput::Notify { .. }
                | FlowOutput::RefuseWith { .. }
                | FlowOutput::LanguageSet { .. }
                | FlowOutput::Tag { .. } => {}
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        ..ProptestConfig::default()
    })]

    /// Whatever comes in whatever order: no panic, nothing after the end, and always something to wait for.
    #[test]
    fn any_input_in_any_state(source in flow(), inputs in prop::collection::vec((input(), 0_u64..20_000), 0..60)) {
        let flow = crate::parse(&source, "t").map_err(|f| TestCaseError::fail(format!("{f:?}\n{source}")))?;
        let mut flow = Interpreter::new(Arc::new(flow));
        let mut driver = Driver::default();
        let mut now = Duration::ZERO;
        let mut begun = false;
        for (input, millis) in inputs {
            now += Duration::from_millis(millis);
            begun |= input == FlowInput::Start;
            match input {
                FlowInput::QueueEnded(_) | FlowInput::AgentConnected => driver.queued = false,
                _ => {}
            }
            flow.handle(input, now);
            driver.drain(&mut flow)?;
            prop_assert_eq!(flow.is_over(), driver.over.is_some());
            if let Some(due) = flow.next_deadline() {
                prop_assert!(due > now, "a deadline in the past");
                prop_assert!(begun);
            }
        }
        flow.handle(FlowInput::HungUp, now);
        driver.drain(&mut flow)?;
        prop_assert!(driver.over.is_some());
        prop_assert!(driver.count < 3_000);
    }

    /// A silent caller in a flow without errors comes to an end by himself: the checks F006 to F009 promise it.
    #[test]
    fn a_checked_flow_ends_for_a_caller_who_does_nothing(source in flow(), ends in prop::collection::vec(0_usize..4, 1..9)) {
        let Some(flow) = check_source(&source, "t", None).flow else { return Ok(()) };
        let mut flow = Interpreter::new(Arc::new(flow));
        let mut driver = Driver::default();
        let mut now = Duration::ZERO;
        let mut queues = ends.iter().cycle();
        flow.handle(FlowInput::Start, now);
        driver.drain(&mut flow)?;
        for _ in 0..5_000 {
            if driver.over.is_some() {
                break;
            }
            now += Duration::from_millis(10);
            let input = if driver.queued {
                driver.queued = false;
                let end = queues.next().copied().unwrap_or(0);
                let ends = [QueueEnd::TimedOut, QueueEnd::Full, QueueEnd::Closed, QueueEnd::NoAgents];
                FlowInput::QueueEnded(ends.get(end).copied().unwrap_or(QueueEnd::TimedOut))
            } else if std::mem::take(&mut driver.dialling) {
                let end = queues.next().copied().unwrap_or(0);
                FlowInput::DialEnded(DialEnd::ALL.get(end).map_or(DialEnd::Busy, |(_, end)| *end))
            } else if let Some(token) = driver.playing.take() {
                FlowInput::PlayEnded(token)
            } else {
                now = flow.next_deadline().ok_or_else(|| TestCaseError::fail(format!("stuck\n{source}")))?;
                FlowInput::Tick
            };
            flow.handle(input, now);
            driver.drain(&mut flow)?;
        }
        prop_assert!(driver.over.is_some(), "never ends\n{}", source);
        prop_assert_eq!(driver.incidents, 0, "a backstop was needed\n{}", source);
        prop_assert!(driver.over != Some(FlowEnd::Backstop));
    }

    /// Reading never panics, whatever the bytes; what it tells lies in the file.
    #[test]
    fn any_text_is_read(source in "(?s)([a-z]{1,6}: |- |\\{ |\\} |\\[|\\]|, |\"|'|#:|&a |\\*a |!x |1|\n *|play|menu|keys|do|é){0,60}") {
        let checked = check_source(&source, "t", None);
        prop_assert!(!checked.findings.is_empty());
        let lines = source.lines().count() + 1;
        prop_assert!(checked.findings.iter().all(|f| f.line >= 1 && f.line <= lines && f.column >= 1));
        prop_assert!(!crate::render_human(&checked.findings, &source).is_empty());
    }

    /// A flow with a few bytes changed is refused or read, never a panic.
    #[test]
    fn a_damaged_flow_does_no_harm(source in flow(), at in any::<prop::sample::Index>(), with in "[ -~\n]{0,3}") {
        let mut text: Vec<char> = source.chars().collect();
        let at = at.index(text.len());
        text.splice(at..(at + 1).min(text.len()), with.chars());
        let text: String = text.into_iter().collect();
        let checked = check_source(&text, "t", None);
        let _ = crate::render_human(&checked.findings, &text);
    }
}
