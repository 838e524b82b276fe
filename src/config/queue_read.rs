//! `[[queues]]` of the company file.
//!
//! **Owns**: their keys. **Must not know**: agents, numbers, files.

use super::company::{Queue, default_rules};
use super::company_read::{Unique, levels, plain_name, unknown_name};
use super::duration;
use super::finding::code;
use super::ladder_read;
use super::overflow_read;
use super::section::{At, Findings, Section, bad_duration, nearest};
use super::settings_read::record_policy;
use super::thresholds::{Thresholds, thresholds};
use super::tree::Place;
use router::company::{Strategy, WrapUp};
use std::time::Duration;

/// What every queue may refer to, or has when it says nothing of its own.
#[derive(Clone, Copy)]
pub(super) struct Common<'a> {
    pub(super) skills: &'a [String],
    pub(super) thresholds: Thresholds,
}

/// Queues that others name.
#[derive(Default)]
struct Named {
    /// By a ladder.
    added: Vec<At<String>>,
    /// By the ways on; each with the queue that names them.
    ways: Vec<(String, Vec<overflow_read::Named>)>,
}

/// The queues, and where the ladders of those stand that have one.
pub(super) fn queues(
    root: &mut Section,
    common: Common<'_>,
    out: &mut Findings<'_>,
) -> (Vec<Queue>, Vec<(String, Place)>) {
    let mut unique = Unique::default();
    let mut queues = Vec::new();
    let (mut ladders, mut named) = (Vec::new(), Named::default());
    for mut s in root.sections("queues", out) {
        let name = s.required_text("name", "support", out);
        if let Some(name) = &name {
            s.title = format!("[[queues]] \"{}\"", name.value);
            plain_name("queue", name, out);
            unique.note("queue", name, out);
        }
        let ladder = s.value_place("ladder");
        let name = name.map(|n| n.value).unwrap_or_default();
        let queue = queue(&mut s, name, common, &mut named, out);
        s.finish(out);
        if !queue.name.is_empty() {
            ladders.extend(ladder.map(|place| (queue.name.clone(), place)));
            queues.push(queue);
        }
    }
    // A ladder may name a queue that comes later in the file.
    let known: Vec<String> = queues.iter().map(|queue| queue.name.clone()).collect();
    for name in named
        .added
        .iter()
        .filter(|name| !known.contains(&name.value))
    {
        unknown_name("queue", name, &known, out);
    }
    for (from, ways) in &named.ways {
        overflow_read::queues_are_there(from, ways, &queues, out);
    }
    (queues, ladders)
}

fn queue(
    s: &mut Section,
    name: String,
    common: Common<'_>,
    named: &mut Named,
    out: &mut Findings<'_>,
) -> Queue {
    let skills = common.skills;
    let mut rules = default_rules(name.clone());
    rules.skills = levels(s, skills, out);
    rules.any_of = ladder_read::any_of(s, skills, out);
    rules.max_tier = ladder_read::tier(s, out);
    let (steps, ladder_queues) = ladder_read::ladder(s, skills, &rules, out);
    rules.ladder = steps;
    named.added.extend(ladder_queues.iter().flatten().cloned());
    rules.last_agent = positive(s, "last_agent", out);
    rules.strategy = strategy(s, out);
    rules.head_start = s.duration("head_start", out).unwrap_or(rules.head_start);
    rules.class = class(s, out).unwrap_or(rules.class);
    rules.promote_after = positive(s, "promote_after", out).unwrap_or(rules.promote_after);
    rules.ring_timeout = positive(s, "ring_timeout", out).unwrap_or(rules.ring_timeout);
    rules.wrap_up = wrap_up(s, "wrap_up", out).unwrap_or(rules.wrap_up);
    rules.wrap_up_cap = positive(s, "wrap_up_cap", out).unwrap_or(rules.wrap_up_cap);
    rules.wrap_up_extend = s
        .duration("wrap_up_extend", out)
        .unwrap_or(rules.wrap_up_extend);
    if let Some(often) = s.integer("wrap_up_extensions", 0..=100, out) {
        rules.wrap_up_extensions = often.value;
    }
    rules.max_wait = positive(s, "max_wait", out).unwrap_or(rules.max_wait);
    if let Some(length) = s.integer("max_length", 0..=1_000_000, out) {
        rules.max_length = usize::try_from(length.value).unwrap_or(usize::MAX);
    }
    let ways = overflow_read::overflow(s, out);
    rules.when_no_agents = ways.when_no_agents;
    rules.overflow = ways.overflow;
    named.ways.push((name.clone(), ways.queues.clone()));
    rules.short_abandon = s
        .duration("short_abandon", out)
        .unwrap_or(rules.short_abandon);
    rules.service_level = positive(s, "service_level", out).unwrap_or(rules.service_level);
    let record = s
        .text("record", out)
        .and_then(|text| out.check(&text.place, record_policy("record", &text.value)));
    Queue {
        name,
        rules,
        music: prompt(s, "music", out),
        record,
        needs_wrap_up_code: needs_code(s, out),
        thresholds: thresholds(
            s,
            format!("`thresholds` of {}", s.title),
            common.thresholds,
            out,
        ),
        ladder_queues: ladder_read::names_of(ladder_queues),
        overflow_queues: ways.names(),
        voicemail_prompt: prompt(s, "voicemail_prompt", out),
    }
}

fn prompt(s: &mut Section, key: &'static str, out: &mut Findings<'_>) -> Option<String> {
    let name = s.text(key, out)?.value;
    (!name.is_empty()).then_some(name)
}

/// A duration of a second or more.
pub(super) fn positive(
    s: &mut Section,
    key: &'static str,
    out: &mut Findings<'_>,
) -> Option<Duration> {
    let text = s.duration_text(key, out)?;
    let parsed = duration::parse(&text.value)
        .filter(|d| *d >= Duration::from_secs(1))
        .ok_or_else(|| match duration::parse(&text.value) {
            Some(_) => (
                format!("`{key} = \"{}\"` is too short", text.value),
                "write at least \"1s\"".to_owned(),
            ),
            None => bad_duration(key, &text.value),
        });
    out.check(&text.place, parsed)
}

fn class(s: &mut Section, out: &mut Findings<'_>) -> Option<u8> {
    let class = s.integer("class", 0..=1, out)?;
    u8::try_from(class.value).ok()
}

fn strategy(s: &mut Section, out: &mut Findings<'_>) -> Strategy {
    let Some(text) = s.text("strategy", out) else {
        return Strategy::default();
    };
    if let Some(known) = Strategy::from_name(&text.value) {
        return known;
    }
    let names = Strategy::ALL.map(Strategy::as_str);
    let help = nearest(&text.value, names).map_or_else(
        || format!("known: {}", names.join(", ")),
        |near| format!("did you mean \"{near}\"?"),
    );
    let message = format!("there is no strategy \"{}\"", text.value);
    out.error(&text.place, code::UNKNOWN_NAME, message, help);
    Strategy::default()
}

/// How long after-call work takes.
pub(super) fn wrap_up(
    s: &mut Section,
    key: &'static str,
    out: &mut Findings<'_>,
) -> Option<WrapUp> {
    let text = s.duration_text(key, out)?;
    let parsed = match text.value.as_str() {
        "open" => Ok(WrapUp::Open),
        other => match duration::parse(other) {
            Some(Duration::ZERO) => Ok(WrapUp::None),
            Some(time) => Ok(WrapUp::Timed(time)),
            None => Err((
                format!("`{key} = \"{other}\"` is not a choice"),
                "write \"0s\" for none, \"10s\" for a time, or \"open\"".to_owned(),
            )),
        },
    };
    out.check(&text.place, parsed)
}

fn needs_code(s: &mut Section, out: &mut Findings<'_>) -> bool {
    let Some(text) = s.text("wrap_up_code", out) else {
        return false;
    };
    let parsed = match text.value.as_str() {
        "required" => Ok(true),
        "optional" => Ok(false),
        other => Err((
            format!("`wrap_up_code = \"{other}\"` is not a choice"),
            "write \"required\" or \"optional\"".to_owned(),
        )),
    };
    out.check(&text.place, parsed).unwrap_or(false)
}
