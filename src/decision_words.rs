//! One routing decision in one sentence, for the terminal and for pages.
//!
//! **Owns**: the sentence. Pure: a record in, text out. **Must not know**: who reads it.

use crate::api::time;
use recordings::store::record::{CandidateRecord, ClosureRecord, DecisionRecord, KeysRecord};
use router::decision::{DecisionKind, StrategyKey, TieBreak};
use router::id::AgentId;
use std::fmt::Write as _;

/// Who closed the queue until when and why: what follows "the queue". In the time of a zone, else the whole moment.
pub(crate) fn tell_closure(closure: &ClosureRecord, time_zone: Option<&str>) -> String {
    let by = closure.by.as_deref().unwrap_or("somebody");
    let until = closure.until.map_or_else(
        || "until it is opened".to_owned(),
        |until| {
            let zoned = time_zone.map(|zone| time::of_day(until, closure.since, zone));
            format!("until {}", zoned.unwrap_or_else(|| until.to_string()))
        },
    );
    let reason = closure.reason.as_deref().unwrap_or_default();
    let reason = if reason.is_empty() {
        String::new()
    } else {
        format!(" ({reason})")
    };
    format!("was closed by {by} {until}{reason}")
}

/// Who was chosen, before whom, by which reason, and how many were left out by which cause.
pub(crate) fn tell_decision(decision: &DecisionRecord) -> String {
    let chosen = name(decision.chosen.agent.as_deref(), decision.chosen.agent_id);
    let keys = tell_keys(&decision.chosen);
    let mut text = match decision.kind {
        DecisionKind::Ready => format!("{chosen} became ready and this caller was next ({keys})"),
        DecisionKind::Arrive => format!("{chosen} was chosen for the caller ({keys})"),
        DecisionKind::Relax if decision.step > 0 => {
            let step = decision.step;
            format!("after step {step} of the ladder {chosen} was chosen for the caller ({keys})")
        }
        DecisionKind::Relax => {
            format!("after a change {chosen} was chosen for the caller ({keys})")
        }
        DecisionKind::Return => format!("the caller came back and {chosen} was chosen ({keys})"),
    };
    if let Some(next) = decision.candidates.first() {
        let rival = match next.keys {
            KeysRecord::Agent { .. } => name(next.agent.as_deref(), next.agent_id),
            KeysRecord::Caller { .. } => "the next caller".to_owned(),
        };
        let reason = reason(decision.tie_break);
        let _ = write!(
            text,
            " before {rival} ({}), because of {reason}",
            tell_keys(next)
        );
        let others = decision.candidates.len() - 1;
        if others > 0 {
            let _ = write!(text, "; {others} more came after");
        }
    } else {
        text.push_str(", the only candidate");
    }
    let removed: Vec<String> = decision
        .removed
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(cause, count)| format!("{count} {}", cause.replace('_', " ")))
        .collect();
    if !removed.is_empty() {
        let _ = write!(text, "; left out: {}", removed.join(", "));
    }
    match decision.beside {
        0 => {}
        1 => text.push_str("; one phone rang already"),
        others => {
            let _ = write!(text, "; {others} phones rang already");
        }
    }
    text
}

fn tell_keys(candidate: &CandidateRecord) -> String {
    match &candidate.keys {
        KeysRecord::Agent {
            tier,
            strategy,
            idle_since,
            ..
        } => {
            let by = strategy.map(tell_strategy).unwrap_or_default();
            format!("tier {tier}, {by}idle since {idle_since}")
        }
        KeysRecord::Caller { class, v, .. } => {
            format!("class {class}, waiting by its place since {v}")
        }
    }
}

fn tell_strategy(key: StrategyKey) -> String {
    match key {
        StrategyKey::MostSkilled(levels) => format!("levels that add up to {}, ", levels.0),
        StrategyKey::LeastOccupied(share) => {
            format!(
                "busy for {}.{:02} % of the hour before, ",
                share / 100,
                share % 100
            )
        }
        StrategyKey::FewestCalls(1) => "1 call answered, ".to_owned(),
        StrategyKey::FewestCalls(calls) => format!("{calls} calls answered, "),
        // How many ring is said once, of the decision.
        StrategyKey::RingAll(_) => String::new(),
    }
}

const fn reason(tie_break: TieBreak) -> &'static str {
    match tie_break {
        TieBreak::OnlyOne => "no other being there",
        TieBreak::Tier => "the inner tier",
        TieBreak::MostSkilled => "the higher levels",
        TieBreak::LeastOccupied => "having been busy for less of the hour before",
        TieBreak::FewestCalls => "the fewer calls",
        TieBreak::LongestIdle => "the longer idle time",
        TieBreak::ReadySeq => "being ready earlier",
        TieBreak::AgentId => "the smaller agent id, all else being equal",
        TieBreak::Class => "the class",
        TieBreak::Preference => "the queue that the agent prefers",
        TieBreak::V => "the earlier place",
        TieBreak::Sequence => "the earlier arrival",
    }
}

/// An agent's login; one who left the company has an id alone.
pub(crate) fn name(login: Option<&str>, id: AgentId) -> String {
    login.map_or_else(|| format!("agent {id}"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use recordings::Utc;
    use router::id::ClosureId;

    #[test]
    fn a_closing_is_told_in_the_companys_time() {
        let at = |text| Utc::parse(text).unwrap();
        let mut closure = ClosureRecord {
            id: ClosureId::from_number(1),
            by: Some("sam".to_owned()),
            since: Some(at("2026-01-31T12:00:00.000Z")),
            until: Some(at("2026-01-31T17:00:00.000Z")),
            reason: Some("flood".to_owned()),
        };
        let told = |closure: &ClosureRecord, zone| tell_closure(closure, zone);
        assert_eq!(
            told(&closure, Some("Europe/Madrid")),
            "was closed by sam until 18:00 (flood)"
        );
        assert_eq!(
            told(&closure, None),
            "was closed by sam until 2026-01-31T17:00:00.000Z (flood)"
        );
        closure.until = Some(at("2026-02-02T07:30:00.000Z"));
        assert_eq!(
            told(&closure, Some("Europe/Madrid")),
            "was closed by sam until 2026-02-02 08:30 (flood)"
        );
        (closure.until, closure.by, closure.reason) = (None, None, None);
        assert_eq!(
            told(&closure, Some("Nowhere")),
            "was closed by somebody until it is opened"
        );
    }
}
