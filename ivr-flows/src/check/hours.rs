//! Are opening hours thought through?
//!
//! **Owns**: F018, F009 for `closed`, F005 for calendars that nobody asks.
//! **Must not know**: the paths between blocks.

use super::{Catalog, Notes};
use crate::calendar::Calendar;
use crate::finding::About;
use crate::flow::{Action, ExitName, Flow, Hours, Step, find_exit};

pub(super) fn check(flow: &Flow, catalog: Option<&Catalog>, notes: &mut Notes<'_>) {
    for step in flow.steps() {
        if let Action::Hours(hours) = &step.action {
            asked(flow, catalog, (step, hours), notes);
        }
    }
    for (name, calendar) in &flow.calendars {
        let used = flow
            .steps()
            .any(|step| matches!(&step.action, Action::Hours(hours) if hours.check.text == *name));
        if !used {
            let help = format!("write `hours: {name}` as a step, or remove it");
            let message = format!("no `hours` step asks calendar `{name}`");
            notes.warning_about(About::Calendar, "F005", calendar.pos, message, help);
        }
        if calendar.closed_on.is_none() {
            let message = format!("calendar `{name}` knows no holidays");
            let help = "add `closed_on: [\"2026-12-25\"]`, or `closed_on: []` when there are none";
            notes.warning("F018", calendar.pos, message, help);
        }
        if !calendar.ever_open() {
            let message = format!("calendar `{name}` is never open");
            notes.warning(
                "F018",
                calendar.pos,
                message,
                "give a day of `week:` its hours",
            );
        }
    }
}

fn asked(
    flow: &Flow,
    catalog: Option<&Catalog>,
    (step, hours): (&Step, &Hours),
    notes: &mut Notes<'_>,
) {
    let places = flow.exit_places(&step.action);
    if find_exit(places.iter().copied(), ExitName::Closed).is_none() {
        let message = "nothing says what happens when it is closed (`closed`)";
        let help = "add `exits: { closed: BLOCK }` here or under `defaults:`";
        notes.error("F009", step.pos, message, help);
    }
    let holiday = places
        .iter()
        .any(|exits| exits.contains_key(&ExitName::Holiday));
    let name = &hours.check.text;
    let company = || catalog?.calendars.as_ref()?.get(name);
    let calendar = flow.calendars.get(name).or_else(company);
    let has_days = calendar.is_some_and(Calendar::has_holidays);
    if has_days && !holiday {
        let message =
            "callers on a holiday hear what callers at night hear: there is no `holiday` exit";
        notes.warning(
            "F018",
            step.pos,
            message,
            "add `holiday: BLOCK` to `exits:`",
        );
    }
}
