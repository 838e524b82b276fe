//! What routing knows of an agent beyond levels and tiers: licences that end, and queues that are preferred.
//!
//! **Owns**: `licences` and `prefers` of `[[agents]]`. **Must not know**: the clock; what has ended is no error.

use super::company_read::unknown_name;
use super::section::{Findings, Section};
use router::Timestamp;
use router::company::Skills;
use std::collections::BTreeMap;

/// `licences = { insurance = "2026-12-31" }`: to the end of that day in UTC, or before a moment of RFC 3339.
pub(super) fn licences(
    s: &mut Section,
    held: &Skills,
    out: &mut Findings<'_>,
) -> BTreeMap<String, Timestamp> {
    let title = format!("`licences` of {}", s.title);
    let Some(section) = s.section("licences", title, out) else {
        return BTreeMap::new();
    };
    let known: Vec<String> = held.keys().cloned().collect();
    let mut licences = BTreeMap::new();
    for (skill, end) in section.all_texts(out) {
        if !known.contains(&skill.value) {
            unknown_name("skill of this agent", &skill, &known, out);
            continue;
        }
        let parsed = end_of(&end.value).ok_or_else(|| {
            (
                format!(
                    "`{} = \"{}\"` is no day and no moment",
                    skill.value, end.value
                ),
                "write \"2026-12-31\" or \"2026-12-31T18:00:00+01:00\"".to_owned(),
            )
        });
        if let Some(end) = out.check(&end.place, parsed) {
            licences.insert(skill.value, end);
        }
    }
    licences
}

fn end_of(text: &str) -> Option<Timestamp> {
    let moment = match text.parse::<jiff::civil::Date>() {
        Ok(day) if !text.contains('T') => {
            let next = day.tomorrow().ok()?;
            next.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()
        }
        _ => text.parse::<jiff::Timestamp>().ok()?,
    };
    Some(Timestamp::from_millis(moment.as_millisecond()))
}

/// `prefers = ["sales"]`: queues of the agent, best first.
pub(super) fn prefers(
    s: &mut Section,
    queues: &BTreeMap<String, u8>,
    out: &mut Findings<'_>,
) -> Vec<String> {
    let Some((_, names)) = s.texts("prefers", out) else {
        return Vec::new();
    };
    let known: Vec<String> = queues.keys().cloned().collect();
    let mut order = Vec::new();
    for name in names {
        if known.contains(&name.value) {
            order.push(name.value);
        } else {
            unknown_name("queue of this agent", &name, &known, out);
        }
    }
    order
}
