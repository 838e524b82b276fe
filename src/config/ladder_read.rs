//! What callers of a queue need beyond levels: alternatives, tiers, and the ladder that asks for less with time.
//!
//! **Owns**: `any_of`, `max_tier`, `ladder`, and the checks that need the whole company. **Must not know**: files.

use super::company::{Company, Ids};
use super::company_read::levels_from;
use super::duration;
use super::finding::code;
use super::queue_read::positive;
use super::section::{At, Findings, Section};
use super::tree::Place;
use router::company::Skills;
use router::id::{AgentId, QueueId};
use router::requirement::{LadderStep, Rules, Wishes};

/// More alternatives than anybody writes by hand.
const MOST_ALTERNATIVES: usize = 8;

/// `any_of = [{ spanish = 3 }, { english = 5, vip = 1 }]`.
pub(super) fn any_of(s: &mut Section, known: &[String], out: &mut Findings<'_>) -> Vec<Skills> {
    let place = s.value_place("any_of");
    let mut alternatives = Vec::new();
    for mut choice in s.sections("any_of", out) {
        choice.title = format!("`any_of` of {}", s.title);
        let all = choice.all_numbers("any_of", 1..=10, out);
        alternatives.push(levels_from(all, known, out));
        choice.finish(out);
    }
    if let Some(place) = place
        && alternatives.len() > MOST_ALTERNATIVES
    {
        out.error(
            &place,
            code::BAD_VALUE,
            format!("`any_of` of {} has too many alternatives", s.title),
            format!("write at most {MOST_ALTERNATIVES}"),
        );
    }
    alternatives
}

/// `max_tier = 1`.
pub(super) fn tier(s: &mut Section, out: &mut Findings<'_>) -> Option<u8> {
    let tier = s.integer("max_tier", 1..=100, out)?;
    u8::try_from(tier.value).ok()
}

/// The steps, and the names of the queues that each adds.
pub(super) fn ladder(
    s: &mut Section,
    skills: &[String],
    rules: &router::company::Queue,
    out: &mut Findings<'_>,
) -> (Vec<LadderStep>, Vec<Vec<At<String>>>) {
    let mut steps: Vec<LadderStep> = Vec::new();
    let mut queues = Vec::new();
    let mut widest = rules.max_tier;
    for mut step in s.sections("ladder", out) {
        step.title = format!("ladder of {}", s.title);
        let read = one_step(&mut step, skills, out);
        rises(&step, steps.last(), &read, out);
        if read.max_tier.is_some() && widest.is_none_or(|widest| read.max_tier <= Some(widest)) {
            out.error(
                &step.place,
                code::BAD_VALUE,
                format!("a step of the {} widens no tier", step.title),
                match widest {
                    None => "write `max_tier` in the queue too, for the time before".to_owned(),
                    Some(widest) => format!("write more than {widest} in `max_tier`"),
                },
            );
        }
        widest = widest.max(read.max_tier);
        let added = step.texts("queues", out).map(|(_, names)| names);
        queues.push(added.unwrap_or_default());
        step.finish(out);
        steps.push(read);
    }
    (steps, queues)
}

fn one_step(step: &mut Section, skills: &[String], out: &mut Findings<'_>) -> LadderStep {
    if !step.has("after") {
        out.error(
            &step.place,
            code::MISSING,
            format!("a step of the {} has no `after`", step.title),
            "add `after = \"45s\"`",
        );
    }
    LadderStep {
        after: positive(step, "after", out).unwrap_or_default(),
        skills: levels_from(step.numbers("skills", 0..=10, out), skills, out),
        max_tier: tier(step, out),
        queues: Vec::new(),
        head_start: step.duration("head_start", out).unwrap_or_default(),
    }
}

fn rises(step: &Section, last: Option<&LadderStep>, read: &LadderStep, out: &mut Findings<'_>) {
    if let Some(last) = last
        && !read.after.is_zero()
        && read.after <= last.after
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
}

pub(super) fn names_of(added: Vec<Vec<At<String>>>) -> Vec<Vec<String>> {
    let names = |step: Vec<At<String>>| step.into_iter().map(|name| name.value).collect();
    added.into_iter().map(names).collect()
}

/// Somebody of the company must meet what a ladder asks for in the end: else its callers wait for nobody.
pub(super) fn last_steps_can_be_served(
    company: &Company,
    ladders: &[(String, Place)],
    out: &mut Findings<'_>,
) {
    let routing = company.routing(&numbered(company));
    for (name, place) in ladders {
        let mut queues = routing.queues.iter();
        let Some((id, queue)) = queues.find(|(_, queue)| queue.name == *name) else {
            continue;
        };
        let rules = Rules {
            id: *id,
            queue,
            asked: &Skills::new(),
            wishes: &Wishes::default(),
        };
        let asks = rules.asks(usize::MAX);
        let mut agents = routing.agents.values();
        if !agents.any(|agent| asks.iter().any(|ask| agent.meets(ask))) {
            out.error(
                place,
                code::BAD_VALUE,
                format!("no agent meets the last step of the ladder of queue \"{name}\""),
                "let it ask for less, or give an agent the queue and the skills",
            );
        }
    }
}

/// Ids that hold for this file alone.
fn numbered(company: &Company) -> Ids {
    Ids {
        agents: company
            .agents
            .iter()
            .zip(1..)
            .map(|(agent, n)| (agent.login.clone(), AgentId::from_number(n)))
            .collect(),
        queues: company
            .queues
            .iter()
            .zip(1..)
            .map(|(queue, n)| (queue.name.clone(), QueueId::from_number(n)))
            .collect(),
    }
}
