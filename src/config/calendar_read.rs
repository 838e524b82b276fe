//! `[[calendars]]` of the company file: opening hours that flows ask by name.
//!
//! **Owns**: their keys and values. **Must not know**: what a flow does with them, how holidays are written in ICS.

use super::company_read::{Unique, plain_name};
use super::finding::code;
use super::holidays;
use super::section::{At, Findings, Section, nearest};
use super::tree::Place;
use ivr_flows::FindingLevel;
use ivr_flows::calendar::{Calendar, DAYS, Day, Span, days, zones};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const SPAN_HELP: &str = "write \"08:30-19:00\", or a list of such; what goes past midnight ends at 24:00 and begins anew";
const DAY_HELP: &str = "write \"2026-12-24\": year, month, day";
/// Calendars of a company at most.
const MOST: usize = 200;

/// The calendars, and the files of holidays that they name, as they stand there. Without `today` nothing is out of date.
pub(super) fn calendars(
    root: &mut Section,
    today: Option<Day>,
    out: &mut Findings<'_>,
) -> (BTreeMap<String, Calendar>, BTreeSet<String>) {
    let mut unique = Unique::default();
    let (mut calendars, mut files) = (BTreeMap::new(), BTreeSet::new());
    for mut s in root.sections("calendars", out) {
        let name = s.required_text("name", "office", out);
        if let Some(name) = &name {
            s.title = format!("[[calendars]] \"{}\"", name.value);
            plain_name("calendar", name, out);
            unique.note("calendar", name, out);
        }
        let place = s.place.clone();
        let calendar = calendar(&mut s, today, &mut files, out);
        s.finish(out);
        if let (Some(name), Some(calendar)) = (name, calendar) {
            calendars.insert(name.value, calendar);
        }
        if calendars.len() > MOST {
            let message = format!("there are more than {MOST} [[calendars]]");
            out.error(
                &place,
                code::BAD_VALUE,
                message,
                "share one between flows that open together",
            );
            break;
        }
    }
    (calendars, files)
}

fn calendar(
    s: &mut Section,
    today: Option<Day>,
    files: &mut BTreeSet<String>,
    out: &mut Findings<'_>,
) -> Option<Calendar> {
    let zone = s.required_text("zone", "Europe/Madrid", out);
    let has_week = s.has("week");
    let week = s.section("week", format!("`week` of {}", s.title), out);
    let closed = s.texts("closed_on", out);
    let open = s.section("also_open", format!("`also_open` of {}", s.title), out);
    let holidays = s.text("holidays", out);
    if !has_week {
        let message = format!("{} has no `week`", s.title);
        out.error(
            &s.place,
            code::MISSING,
            message,
            "add `week = { mon-fri = \"08:30-19:00\" }`",
        );
    }
    let known = zone.and_then(|zone| in_zone(&zone, out));
    let zone_is_known = known.is_some();
    // In another zone the rest is as right or wrong.
    let mut calendar = known.or_else(|| Calendar::in_zone("UTC"))?;
    if let Some(week) = week {
        set_week(week, &mut calendar, out);
    }
    let mut closed_on = BTreeSet::new();
    if let Some((_, texts)) = closed {
        closed_on.extend(texts.iter().filter_map(|text| day(text, out)));
        calendar.close_on(closed_on.iter().copied());
    }
    if let Some(file) = holidays {
        // One that cannot be read is no calendar without holidays.
        calendar.close_on(from_file(&file, today, out).unwrap_or_default());
        files.insert(file.value);
    }
    if let Some(open) = open {
        set_days(open, &closed_on, &mut calendar, out);
    }
    remarks(s, &calendar, out);
    zone_is_known.then_some(calendar)
}

fn in_zone(zone: &At<String>, out: &mut Findings<'_>) -> Option<Calendar> {
    let calendar = Calendar::in_zone(&zone.value);
    if calendar.is_none() {
        let zones = zones();
        let near = nearest(&zone.value, zones.iter().map(String::as_str));
        let help = near.map_or_else(
            || "write a name such as \"Europe/Madrid\"".to_owned(),
            |near| format!("did you mean \"{near}\"?"),
        );
        let message = format!("there is no time zone \"{}\"", zone.value.escape_debug());
        out.error(&zone.place, code::BAD_VALUE, message, help);
    }
    calendar
}

/// What may be meant, and rarely is.
fn remarks(s: &Section, calendar: &Calendar, out: &mut Findings<'_>) {
    let mut say = |message: String, help: &str| {
        let finding = s
            .place
            .finding(code::BAD_VALUE, FindingLevel::Warning, message, help);
        out.list.push(finding);
    };
    if !calendar.ever_open() {
        say(
            format!("{} is never open", s.title),
            "give a day of `week` its hours",
        );
    }
    if !calendar.knows_holidays() {
        let help = "add `closed_on = [\"2026-12-25\"]` or `holidays = \"holidays.ics\"`; `closed_on = []` says that there are none";
        say(format!("{} knows no holidays", s.title), help);
    }
}

fn set_week(week: Section, calendar: &mut Calendar, out: &mut Findings<'_>) {
    let mut said = [false; DAYS.len()];
    for (name, texts) in week.all_lists(out) {
        let spans = spans(&texts, out);
        let Some(places) = days(&name.value) else {
            let message = format!("`{}` is no day of the week", name.value.escape_debug());
            out.error(
                &name.place,
                code::BAD_VALUE,
                message,
                "days are `mon` to `sun`, or `mon-fri`",
            );
            continue;
        };
        for place in places {
            if said
                .get_mut(place)
                .is_some_and(|said| std::mem::replace(said, true))
            {
                let day = DAYS.get(place).copied().unwrap_or_default();
                let message = format!("`{day}` stands in two places");
                out.error(
                    &name.place,
                    code::DUPLICATE,
                    message,
                    "write all spans of a day in one list",
                );
                break;
            }
            calendar.set_week_day(place, spans.clone());
        }
    }
}

fn set_days(
    open: Section,
    closed: &BTreeSet<Day>,
    calendar: &mut Calendar,
    out: &mut Findings<'_>,
) {
    for (name, texts) in open.all_lists(out) {
        let spans = spans(&texts, out);
        let Some(day) = day(&name, out) else { continue };
        // A day of the file of holidays may have hours all the same.
        if closed.contains(&day) {
            let message = format!("`{}` stands under `closed_on` too", name.value);
            out.error(&name.place, code::DUPLICATE, message, "keep one of the two");
        }
        calendar.set_day(day, spans);
    }
}

fn day(text: &At<String>, out: &mut Findings<'_>) -> Option<Day> {
    let read = Day::read(&text.value).ok_or_else(|| {
        let message = format!("\"{}\" is no date", text.value.escape_debug());
        (message, DAY_HELP.to_owned())
    });
    out.check(&text.place, read)
}

fn spans(texts: &[At<String>], out: &mut Findings<'_>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for text in texts {
        let read = Span::read(&text.value).ok_or_else(|| {
            let message = format!("\"{}\" is no span of a day", text.value.escape_debug());
            (message, SPAN_HELP.to_owned())
        });
        let Some(span) = out.check(&text.place, read) else {
            continue;
        };
        if spans.iter().any(|other| other.meets(span)) {
            let message = format!("\"{}\" overlaps another span", text.value);
            out.error(&text.place, code::BAD_VALUE, message, SPAN_HELP);
        }
        spans.push(span);
    }
    spans
}

/// What is wrong inside the file is told at its line there.
fn from_file(
    file: &At<String>,
    today: Option<Day>,
    out: &mut Findings<'_>,
) -> Option<BTreeSet<Day>> {
    let path = Path::new(&file.value);
    let text = match (out.secrets)(path) {
        Ok(text) if text.len() <= holidays::LARGEST => text,
        Ok(_) => {
            let message = format!(
                "{} is larger than {} bytes",
                path.display(),
                holidays::LARGEST
            );
            out.error(
                &file.place,
                code::BAD_VALUE,
                message,
                "keep holidays alone in this file",
            );
            return None;
        }
        Err(why) => {
            let message = format!("cannot read the file that `holidays` names: {why}");
            let help =
                "name a readable ICS file; its path begins at the folder of the company file";
            out.error(&file.place, code::UNREADABLE, message, help);
            return None;
        }
    };
    match holidays::days(&text) {
        Ok(days) => {
            if let (Some(today), Some(last)) = (today, days.last())
                && *last < today
            {
                let message = format!(
                    "{} is out of date: its last holiday was {last}",
                    path.display()
                );
                let help = "get this year's file; `RRULE:FREQ=YEARLY` holds for every year";
                let level = FindingLevel::Warning;
                out.list
                    .push(file.place.finding("F018", level, message, help));
            }
            Some(days)
        }
        Err(faults) => {
            let folder = Path::new(&*file.place.origin)
                .parent()
                .unwrap_or_else(|| Path::new(""));
            let origin = folder.join(path).display().to_string();
            for fault in faults {
                let place = Place {
                    origin: origin.as_str().into(),
                    line: fault.line,
                    column: 1,
                };
                out.error(&place, code::BAD_VALUE, fault.message, fault.help);
            }
            None
        }
    }
}
