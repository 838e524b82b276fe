//! Does asking for less find somebody in the end?
//!
//! **Owns**: F023 for the last stage of `relax`. **Must not know**: who is logged in: only who is configured counts.

use std::collections::{BTreeMap, BTreeSet};

use super::{Catalog, Notes, Staff};
use crate::flow::{Action, Flow, Queue, Rung, Wait};

pub(super) fn check(flow: &Flow, catalog: Option<&Catalog>, notes: &mut Notes<'_>) {
    let Some(staff) = catalog.and_then(|catalog| catalog.staff.as_ref()) else {
        return;
    };
    for step in flow.steps() {
        let Action::Queue(queue) = &step.action else {
            continue;
        };
        let wait = flow.wait_of(queue).filter(|_| queue.ladder.is_none());
        let Some((wait, rungs)) = wait.and_then(|wait| Some((wait, wait.relax.as_ref()?))) else {
            continue;
        };
        if !rungs.is_empty() && !somebody(queue, rungs, staff) {
            tell(queue, wait, notes);
        }
    }
}

fn tell(queue: &Queue, wait: &Wait, notes: &mut Notes<'_>) {
    let message = format!(
        "after the last step of `relax` no agent of the company fits a caller of `{}`",
        queue.to.text
    );
    let help = "lower a level, `drop` a skill, or add a queue with `also` in the last step";
    let pos = wait.relax_pos.unwrap_or(wait.pos);
    notes.warning("F023", pos, message, help);
}

/// Whether any configured agent has what is asked for once every step is taken.
fn somebody(queue: &Queue, rungs: &[Rung], staff: &Staff) -> bool {
    let mut needed: BTreeMap<&str, u8> = BTreeMap::new();
    let own = staff.queues.get(&queue.to.text).into_iter().flatten();
    for (skill, level) in own {
        needed.insert(skill, *level);
    }
    for (skill, (level, _)) in &queue.skills {
        let known = needed.entry(skill).or_default();
        *known = (*known).max(*level);
    }
    let mut queues: BTreeSet<&str> = BTreeSet::from([queue.to.text.as_str()]);
    for rung in rungs {
        for (skill, (level, _)) in &rung.skills {
            if let Some(known) = needed.get_mut(skill.as_str()) {
                *known = (*known).min(*level);
            }
        }
        queues.extend(rung.queues.iter().map(|name| name.text.as_str()));
    }
    staff.agents.iter().any(|agent| {
        let serves = agent
            .queues
            .iter()
            .any(|name| queues.contains(name.as_str()));
        let has = |(skill, level): (&&str, &u8)| {
            let own = agent.skills.get(*skill).copied().unwrap_or(0);
            own >= *level
        };
        serves && needed.iter().all(has)
    })
}
