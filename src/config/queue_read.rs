//! `[[queues]]` of the company file.
//!
//! **Owns**: their keys. **Must not know**: agents, numbers, files.

use super::company::{LadderStep, Queue, default_rules};
use super::company_read::{Unique, levels, plain_name};
use super::duration;
use super::finding::code;
use super::section::{Findings, Section, bad_duration, nearest};
use super::settings_read::record_policy;
use ivr_flows::FindingLevel;
use router::company::{Strategy, WhenNoAgents, WrapUp};
use std::time::Duration;

const STRATEGIES: [&str; 5] = [
    "longest_idle",
    "most_skilled",
    "least_occupied",
    "fewest_calls",
    "ring_all",
];

pub(super) fn queues(root: &mut Section, skills: &[String], out: &mut Findings<'_>) -> Vec<Queue> {
    let mut unique = Unique::default();
    let mut queues = Vec::new();
    for mut s in root.sections("queues", out) {
        let name = s.required_text("name", "support", out);
        if let Some(name) = &name {
            s.title = format!("[[queues]] \"{}\"", name.value);
            plain_name("queue", name, out);
            unique.note("queue", name, out);
        }
        let queue = queue(
            &mut s,
            name.map(|n| n.value).unwrap_or_default(),
            skills,
            out,
        );
        s.finish(out);
        if !queue.name.is_empty() {
            queues.push(queue);
        }
    }
    queues
}

fn queue(s: &mut Section, name: String, skills: &[String], out: &mut Findings<'_>) -> Queue {
    let mut rules = default_rules(name.clone());
    rules.skills = levels(s, skills, out);
    rules.strategy = strategy(s, out);
    rules.head_start = s.duration("head_start", out).unwrap_or(rules.head_start);
    rules.class = class(s, out).unwrap_or(rules.class);
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
    rules.when_no_agents = when_no_agents(s, out);
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
        music: s
            .text("music", out)
            .map(|t| t.value)
            .filter(|m| !m.is_empty()),
        record,
        needs_wrap_up_code: needs_code(s, out),
        promote_after: promote_after(s, out),
        ladder: ladder(s, skills, out),
    }
}

/// What the router does today.
const PROMOTE_AFTER: Duration = Duration::from_secs(900);

fn positive(s: &mut Section, key: &'static str, out: &mut Findings<'_>) -> Option<Duration> {
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
    match text.value.as_str() {
        "longest_idle" => {}
        later if STRATEGIES.contains(&later) => out.error(
            &text.place,
            code::NOT_YET,
            format!("strategy \"{later}\" comes with a later version"),
            "write `strategy = \"longest_idle\"`, or leave the key out",
        ),
        other => {
            let help = nearest(other, STRATEGIES).map_or_else(
                || "write `strategy = \"longest_idle\"`".to_owned(),
                |near| format!("did you mean \"{near}\"?"),
            );
            let message = format!("there is no strategy \"{other}\"");
            out.error(&text.place, code::UNKNOWN_NAME, message, help);
        }
    }
    Strategy::LongestIdle
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

fn when_no_agents(s: &mut Section, out: &mut Findings<'_>) -> WhenNoAgents {
    let Some(text) = s.text("when_no_agents", out) else {
        return WhenNoAgents::default();
    };
    let parsed = match text.value.as_str() {
        "wait" => Ok(WhenNoAgents::Wait),
        "exit" => Ok(WhenNoAgents::Exit),
        other => Err((
            format!("`when_no_agents = \"{other}\"` is not a choice"),
            "write \"wait\" or \"exit\"".to_owned(),
        )),
    };
    out.check(&text.place, parsed).unwrap_or_default()
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

/// Read and checked; the router promotes after 15 min whatever it says, which is told.
fn promote_after(s: &mut Section, out: &mut Findings<'_>) -> Duration {
    let place = s.place.clone();
    let wanted = positive(s, "promote_after", out).unwrap_or(PROMOTE_AFTER);
    if wanted != PROMOTE_AFTER {
        out.note(
            &place,
            FindingLevel::Warning,
            "`promote_after` other than 15m is not applied yet: it comes with a later version",
            "take it out: every caller is promoted after 15 minutes",
        );
    }
    wanted
}

fn ladder(s: &mut Section, skills: &[String], out: &mut Findings<'_>) -> Vec<LadderStep> {
    let mut steps: Vec<LadderStep> = Vec::new();
    for mut step in s.sections("ladder", out) {
        step.title = format!("ladder of {}", s.title);
        if steps.is_empty() {
            out.note(
                &step.place,
                FindingLevel::Warning,
                "`ladder` is read and not applied yet: it comes with a later version",
                "set the queue's `skills` to what every caller needs from the start",
            );
        }
        let missing = !step.has("after");
        let after = positive(&mut step, "after", out);
        let levels = levels(&mut step, skills, out);
        if let (Some(after), Some(last)) = (after, steps.last())
            && after <= last.after
        {
            out.error(
                &step.place,
                code::BAD_VALUE,
                format!("the times of the {} do not rise", step.title),
                format!(
                    "write more than \"{}\" in `after`",
                    duration::show(last.after)
                ),
            );
        }
        if missing {
            out.error(
                &step.place,
                code::MISSING,
                format!("a step of the {} has no `after`", step.title),
                "add `after = \"45s\"`",
            );
        }
        step.finish(out);
        steps.push(LadderStep {
            after: after.unwrap_or_default(),
            skills: levels,
        });
    }
    steps
}
