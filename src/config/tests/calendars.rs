//! Calendars of the company: what is right, and each fault at its place.

use crate::config::{CompanyContext, PasswordPolicy, parse_company_with};
use ivr_flows::FindingLevel;
use ivr_flows::calendar::Day;
use std::path::Path;

const ICS: &str =
    "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20251225\nEND:VEVENT\nEND:VCALENDAR\n";

/// Code, level, line and message of each finding of a calendar with these lines.
fn found(lines: &str, ics: Result<&str, &str>) -> Vec<(&'static str, FindingLevel, usize, String)> {
    let source = format!("[[calendars]]\nname = \"office\"\n{lines}");
    let read = |path: &Path| {
        assert_eq!(path, Path::new("days.ics"));
        ics.map(str::to_owned).map_err(str::to_owned)
    };
    let context = CompanyContext {
        passwords: PasswordPolicy::Required,
        country: None,
        today: Day::read("2026-11-23"),
        secrets: &read,
    };
    let checked = parse_company_with(&source, "c", context);
    let findings = checked.findings.into_iter();
    findings
        .map(|f| (f.code, f.level, f.line, f.message))
        .collect()
}

const GOOD: &str =
    "zone = \"Europe/Madrid\"\nweek = { mon-fri = [\"08:30-14:00\", \"16:00-19:00\"] }\n";

#[test]
fn what_is_right_is_clean() {
    for (more, ics) in [
        ("closed_on = []", Err("not asked")),
        (
            "closed_on = [\"2026-12-25\"]\nalso_open = { 2026-12-27 = \"10:00-14:00\" }",
            Err("not asked"),
        ),
        ("holidays = \"days.ics\"", Ok(ICS.replace("2025", "2026"))),
        (
            "holidays = \"days.ics\"",
            Ok(ICS.replace("END:VEVENT", "RRULE:FREQ=YEARLY\nEND:VEVENT")),
        ),
    ] {
        let ics = ics.as_deref().map_err(|why: &&str| *why);
        assert_eq!(found(&format!("{GOOD}{more}"), ics), [], "{more}");
    }
}

#[test]
fn a_file_whose_last_holiday_is_past_is_a_warning_where_it_is_named() {
    let found = found(&format!("{GOOD}holidays = \"days.ics\""), Ok(ICS));
    let [(code, level, line, message)] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!((*code, *level, *line), ("F018", FindingLevel::Warning, 5));
    assert!(message.contains("2025-12-25"), "{message}");
}

#[test]
fn each_fault_has_its_place_and_none_hides_another() {
    let lines = |text: &str, ics| -> Vec<usize> {
        found(text, ics)
            .into_iter()
            .map(|(.., line, _)| line)
            .collect()
    };
    // A zone that nobody knows, a day that is none, a span that is none, a date that is none.
    let wrong = "zone = \"Europe/Madird\"\nweek = { mon-fry = \"08:30-19:00\", sat = \"25:00-26:00\", sun = \"10:00-12:00\" }\nclosed_on = [\"2026-02-30\"]\n";
    assert_eq!(lines(wrong, Ok(ICS)), [3, 4, 4, 5]);
    // A broken file is its own fault, and not also a calendar without holidays.
    let broken = found(
        &format!("{GOOD}holidays = \"days.ics\""),
        Ok("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:soon\nEND:VEVENT\nEND:VCALENDAR\n"),
    );
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert_eq!(
        lines(&format!("{GOOD}holidays = \"days.ics\""), Err("it is away")),
        [5]
    );
    // Nothing said of holidays at all.
    assert_eq!(lines(GOOD, Err("not asked")), [1]);
}
