//! What the company file says of a queue, as `/queues` shows it beside the live state.
//!
//! **Owns**: the outside form of its rules: keys as in the company file, times in seconds, queues by name. **Must not
//! know**: who waits, what a rule does.

use crate::company_view::CompanyView;
use router::company::{Queue, Skills, WhenNoAgents, WrapUp};
use router::id::QueueId;
use router::overflow::{Cause, Way};
use router::requirement::LadderStep;
use serde::Serialize;
use std::time::Duration;

/// The rules of a queue, those that it says nothing of included. Times are seconds.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct RulesBody {
    /// Minimum levels; each of them is asked for.
    #[schema(value_type = BTreeMap<String, u8>)]
    skills: Skills,
    /// One of these besides; empty: nothing besides.
    #[schema(value_type = Vec<BTreeMap<String, u8>>)]
    any_of: Vec<Skills>,
    /// Agents up to this tier at first; null: all.
    max_tier: Option<u8>,
    ladder: Vec<StepBody>,
    /// `longest_idle`, `most_skilled`, `least_occupied` or `fewest_calls`.
    strategy: &'static str,
    /// 0 emergency, 1 normal.
    class: u8,
    head_start: f64,
    promote_after: f64,
    /// So long for the agent whom the caller spoke with last alone; null: for anybody at once.
    last_agent: Option<f64>,
    ring_timeout: f64,
    /// Who declined or missed a caller is not asked for them again for so long; one for the company.
    exclude_for: f64,
    /// 0: none; null: until the agent ends it.
    wrap_up: Option<f64>,
    wrap_up_cap: f64,
    wrap_up_extend: f64,
    wrap_up_extensions: u32,
    max_wait: f64,
    max_length: usize,
    after_max_wait: WayBody,
    when_full: WayBody,
    when_no_agents: WayBody,
    /// A prompt's name.
    voicemail_prompt: Option<String>,
    /// Whoever gives up sooner counts as `short_abandoned`.
    short_abandon: f64,
    /// Within so long an answer counts for the service level.
    service_level: f64,
}

/// A step of the ladder.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct StepBody {
    after: f64,
    /// No more than this level from here on; 0 drops the skill.
    #[schema(value_type = BTreeMap<String, u8>)]
    skills: Skills,
    max_tier: Option<u8>,
    /// Queues whose agents are asked too.
    queues: Vec<String>,
    head_start: f64,
}

/// Where callers go whom the queue does not take, or keep.
#[derive(Debug, PartialEq, Serialize, utoipa::ToSchema)]
struct WayBody {
    /// `exit` (the flow goes on), `queue`, `voicemail` or `closed`; `wait` only where nobody is there.
    way: &'static str,
    /// With `queue`: its name.
    queue: Option<String>,
}

impl RulesBody {
    pub(super) fn of(company: &CompanyView, rules: &Queue) -> Self {
        let seconds = Duration::as_secs_f64;
        let way = |cause| WayBody::of(company, rules.overflow.way(cause));
        let known = company.company.queue(&rules.name);
        Self {
            skills: rules.skills.clone(),
            any_of: rules.any_of.clone(),
            max_tier: rules.max_tier,
            ladder: rules
                .ladder
                .iter()
                .map(|step| StepBody::of(company, step))
                .collect(),
            strategy: rules.strategy.as_str(),
            class: rules.class,
            head_start: seconds(&rules.head_start),
            promote_after: seconds(&rules.promote_after),
            last_agent: rules.last_agent.as_ref().map(seconds),
            ring_timeout: seconds(&rules.ring_timeout),
            exclude_for: seconds(&company.routing.settings.exclude_for),
            wrap_up: match rules.wrap_up {
                WrapUp::None => Some(0.0),
                WrapUp::Timed(time) => Some(seconds(&time)),
                WrapUp::Open => None,
            },
            wrap_up_cap: seconds(&rules.wrap_up_cap),
            wrap_up_extend: seconds(&rules.wrap_up_extend),
            wrap_up_extensions: rules.wrap_up_extensions,
            max_wait: seconds(&rules.max_wait),
            max_length: rules.max_length,
            after_max_wait: way(Cause::MaxWait),
            when_full: way(Cause::Full),
            when_no_agents: match rules.when_no_agents {
                WhenNoAgents::Wait => WayBody {
                    way: "wait",
                    queue: None,
                },
                WhenNoAgents::Exit => way(Cause::NoAgents),
            },
            voicemail_prompt: known.and_then(|queue| queue.voicemail_prompt.clone()),
            short_abandon: seconds(&rules.short_abandon),
            service_level: seconds(&rules.service_level),
        }
    }
}

impl StepBody {
    fn of(company: &CompanyView, step: &LadderStep) -> Self {
        Self {
            after: step.after.as_secs_f64(),
            skills: step.skills.clone(),
            max_tier: step.max_tier,
            queues: step
                .queues
                .iter()
                .filter_map(|queue| name(company, *queue))
                .collect(),
            head_start: step.head_start.as_secs_f64(),
        }
    }
}

impl WayBody {
    fn of(company: &CompanyView, way: Way) -> Self {
        let (way, queue) = match way {
            Way::Exit => ("exit", None),
            Way::Queue(queue) => ("queue", name(company, queue)),
            Way::Voicemail => ("voicemail", None),
            Way::Closed => ("closed", None),
        };
        Self { way, queue }
    }
}

fn name(company: &CompanyView, queue: QueueId) -> Option<String> {
    let queue = company.routing.queues.get(&queue)?;
    Some(queue.name.clone())
}

#[cfg(test)]
mod tests {
    use super::RulesBody;
    use crate::company_view::CompanyView;
    use crate::config::settings::LimitSettings;
    use crate::config::{Ids, PasswordPolicy, RecordPolicy, parse_company};
    use router::id::QueueId;
    use serde_json::{Value, json};

    /// The rules of support with these lines, as they are shown.
    fn shown(lines: &str) -> Value {
        let text = format!(
            "[[skills]]\nname = \"billing\"\n[[queues]]\nname = \"sales\"\n[[queues]]\nname = \"support\"\n{lines}\n\
             [[agents]]\nlogin = \"ana\"\nextension = \"2001\"\npassword = \"p\"\nskills = {{ billing = 9 }}\n\
             queues = {{ support = 1 }}\n[routing]\nexclude_for = \"45s\"\n"
        );
        let read = parse_company(&text, "company.toml", PasswordPolicy::Required);
        assert_eq!(read.findings, []);
        let mut ids = Ids::default();
        for (name, number) in [("support", 1), ("sales", 2)] {
            ids.queues
                .insert(name.to_owned(), QueueId::from_number(number));
        }
        let limits = LimitSettings::default().or(LimitSettings::default());
        let company =
            CompanyView::new(read.value.unwrap(), ids, limits, None, RecordPolicy::Always);
        let rules = &company.routing.queues[&QueueId::from_number(1)];
        serde_json::to_value(RulesBody::of(&company, rules)).unwrap()
    }

    #[test]
    fn every_rule_of_a_queue_is_shown() {
        let all = shown(
            "skills = { billing = 3 }\nany_of = [{ billing = 5 }]\nmax_tier = 1\nstrategy = \"most_skilled\"\n\
             ladder = [{ after = \"30s\", skills = { billing = 0 }, max_tier = 2, queues = [\"sales\"], head_start = \"1m\" }]\n\
             class = 0\nhead_start = \"2m\"\npromote_after = \"5m\"\nlast_agent = \"20s\"\nring_timeout = \"9s\"\n\
             wrap_up = \"open\"\nwrap_up_cap = \"5m\"\nwrap_up_extend = \"15s\"\nwrap_up_extensions = 3\nmax_wait = \"4m\"\n\
             max_length = 7\nafter_max_wait = { queue = \"sales\" }\nwhen_full = \"voicemail\"\nwhen_no_agents = \"closed\"\n\
             voicemail_prompt = \"leave\"\nshort_abandon = \"3s\"\nservice_level = \"25s\"",
        );
        let expected = json!({
            "skills": { "billing": 3 }, "any_of": [{ "billing": 5 }], "max_tier": 1, "strategy": "most_skilled",
            "ladder": [{
                "after": 30.0, "skills": { "billing": 0 }, "max_tier": 2, "queues": ["sales"], "head_start": 60.0
            }],
            "class": 0, "head_start": 120.0, "promote_after": 300.0, "last_agent": 20.0, "ring_timeout": 9.0,
            "exclude_for": 45.0, "wrap_up": null, "wrap_up_cap": 300.0, "wrap_up_extend": 15.0,
            "wrap_up_extensions": 3, "max_wait": 240.0, "max_length": 7,
            "after_max_wait": { "way": "queue", "queue": "sales" },
            "when_full": { "way": "voicemail", "queue": null },
            "when_no_agents": { "way": "closed", "queue": null },
            "voicemail_prompt": "leave", "short_abandon": 3.0, "service_level": 25.0,
        });
        assert_eq!(all, expected, "{all:#}");
    }

    #[test]
    fn a_queue_that_says_nothing_shows_what_holds() {
        let usual = shown("");
        for (key, value) in [
            ("strategy", json!("longest_idle")),
            ("class", json!(1)),
            ("promote_after", json!(900.0)),
            ("wrap_up", json!(10.0)),
            ("last_agent", Value::Null),
            ("when_no_agents", json!({ "way": "wait", "queue": null })),
            ("when_full", json!({ "way": "exit", "queue": null })),
        ] {
            assert_eq!(usual[key], value, "{key}");
        }
        assert_eq!(shown("wrap_up = \"0s\"")["wrap_up"], 0.0);
    }
}
