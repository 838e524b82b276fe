//! Holidays from an ICS file (RFC 5545): whole days, once or every year.
//!
//! **Owns**: which days such a text names, and what is wrong with it, by line. The crates for ICS keep no line numbers,
//! nest without a limit and bring a second library of dates, so the few properties that days need are read here.
//! **Must not know**: files, calendars.

use ivr_flows::calendar::Day;
use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};
use std::collections::BTreeSet;

/// Bytes of a file at most.
pub(super) const LARGEST: usize = 1024 * 1024;
/// Days of a file at most, those of every year up to [`LAST_YEAR`] among them.
const MOST_DAYS: usize = 10_000;
/// Days of one event at most.
const LONGEST: i32 = 31;
/// What comes back every year is worked out to the end of this one.
const LAST_YEAR: i16 = 2060;
/// Levels of BEGIN in each other at most.
const DEEPEST: usize = 4;
/// Faults that are told at most.
const MOST_FAULTS: usize = 20;

const DAY_HELP: &str =
    "write `DTSTART;VALUE=DATE:20261225`; other hours of a single day stand under `also_open`";
const RULE_HELP: &str = "write `RRULE:FREQ=YEARLY`, with BYMONTH, BYMONTHDAY, BYDAY, INTERVAL, COUNT and UNTIL where needed, or an event for each day";

/// What is wrong, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// From 1.
    pub(super) line: usize,
    pub(super) message: String,
    pub(super) help: String,
}

fn fault(line: usize, message: impl Into<String>, help: impl Into<String>) -> Fault {
    Fault {
        line,
        message: message.into(),
        help: help.into(),
    }
}

/// The days of a text.
///
/// # Errors
/// Everything that is wrong with it, the first twenty.
pub(super) fn days(text: &str) -> Result<BTreeSet<Day>, Vec<Fault>> {
    let events = events(text).map_err(|fault| vec![fault])?;
    if events.is_empty() {
        let help = "add `BEGIN:VEVENT`, `DTSTART;VALUE=DATE:20261225`, `END:VEVENT`, or leave `holidays` away";
        return Err(vec![fault(
            1,
            "there is no day in this file (no VEVENT)",
            help,
        )]);
    }
    let (mut all, mut faults) = (BTreeSet::new(), Vec::new());
    for event in &events {
        match event.days() {
            Ok(days) => all.extend(days),
            Err(found) if faults.len() < MOST_FAULTS => faults.push(found),
            Err(_) => {}
        }
        if all.len() > MOST_DAYS {
            let message = format!("these are more than {MOST_DAYS} days");
            faults.push(fault(
                event.line,
                message,
                "keep holidays alone in this file",
            ));
            break;
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let days = all.iter().filter_map(|date| Day::read(&date.to_string()));
    Ok(days.collect())
}

/// One `NAME;PARAMETERS:VALUE`, its folded lines joined.
#[derive(Debug)]
struct Property {
    line: usize,
    /// In capitals.
    name: String,
    value: String,
}

/// One VEVENT, without what lies inside it.
#[derive(Debug)]
struct Event {
    line: usize,
    properties: Vec<Property>,
}

fn events(text: &str) -> Result<Vec<Event>, Fault> {
    let mut open: Vec<(String, usize)> = Vec::new();
    let mut events: Vec<Event> = Vec::new();
    for property in properties(text)? {
        let (line, value) = (property.line, property.value.trim().to_uppercase());
        if open.is_empty() && (property.name.as_str(), value.as_str()) != ("BEGIN", "VCALENDAR") {
            let help = "an ICS file begins with `BEGIN:VCALENDAR` and ends with `END:VCALENDAR`";
            return Err(fault(line, "this is no ICS file", help));
        }
        match property.name.as_str() {
            "BEGIN" if open.len() == DEEPEST => {
                let help = "write each VEVENT right inside VCALENDAR";
                return Err(fault(line, "too many BEGIN lie in each other", help));
            }
            "BEGIN" => {
                if value == "VEVENT" {
                    let properties = Vec::new();
                    events.push(Event { line, properties });
                }
                open.push((value, line));
            }
            "END" => match open.pop() {
                Some((name, _)) if name == value => {}
                other => {
                    let was = other.map_or_else(String::new, |(name, line)| {
                        format!("; what is open is {name} of line {line}")
                    });
                    let message = format!("`END:{value}` ends nothing{was}");
                    return Err(fault(line, message, "give each BEGIN its END"));
                }
            },
            _ if open.last().is_some_and(|(name, _)| name == "VEVENT") => {
                if let Some(event) = events.last_mut() {
                    event.properties.push(property);
                }
            }
            _ => {}
        }
    }
    match open.last() {
        None => Ok(events),
        Some((name, line)) => {
            let message = format!("`BEGIN:{name}` has no end: the file is cut off");
            Err(fault(*line, message, format!("add `END:{name}`")))
        }
    }
}

fn properties(text: &str) -> Result<Vec<Property>, Fault> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, line) in (1..).zip(text.lines()) {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some((_, begun))) => begun.push_str(rest),
            _ if line.trim().is_empty() => {}
            _ => lines.push((number, line.to_owned())),
        }
    }
    if lines.is_empty() {
        let help = "an ICS file begins with `BEGIN:VCALENDAR` and ends with `END:VCALENDAR`";
        return Err(fault(1, "the file is empty", help));
    }
    let each = lines.into_iter().map(|(line, text)| {
        let mut quoted = false;
        let colon = text.char_indices().find(|(_, c)| {
            quoted ^= *c == '"';
            *c == ':' && !quoted
        });
        let Some((colon, _)) = colon else {
            let help = "each line is `NAME:VALUE`; what goes on in the next line begins there with a space";
            return Err(fault(line, "this line has no `:`", help));
        };
        let (name, value) = text.split_at(colon);
        let name = name.split(';').next().unwrap_or_default();
        Ok(Property {
            line,
            name: name.trim().to_uppercase(),
            value: value.get(1..).unwrap_or_default().to_owned(),
        })
    });
    each.collect()
}

impl Event {
    fn get(&self, name: &str) -> Option<&Property> {
        self.properties
            .iter()
            .find(|property| property.name == name)
    }

    fn days(&self) -> Result<BTreeSet<Date>, Fault> {
        let mut days = BTreeSet::new();
        let cancelled = |status: &Property| status.value.trim().eq_ignore_ascii_case("CANCELLED");
        if self.get("STATUS").is_some_and(cancelled) {
            return Ok(days);
        }
        if let Some(changed) = self.get("RECURRENCE-ID") {
            let message =
                "`RECURRENCE-ID` changes one day of another event, which is not read here";
            let help =
                "take that day out by `EXDATE` there, and write this one as an event of its own";
            return Err(fault(changed.line, message, help));
        }
        let Some(start) = self.get("DTSTART") else {
            return Err(fault(self.line, "this VEVENT has no `DTSTART`", DAY_HELP));
        };
        let first = day(start, &start.value)?;
        let length = self.length(first)?;
        let mut begins = match self.get("RRULE") {
            None => BTreeSet::from([first]),
            Some(rule) => Yearly::read(rule)?.from(first),
        };
        for (name, add) in [("RDATE", true), ("EXDATE", false)] {
            for property in self.properties.iter().filter(|one| one.name == name) {
                for text in property.value.split(',') {
                    let day = day(property, text)?;
                    if add {
                        begins.insert(day);
                    } else {
                        begins.remove(&day);
                    }
                }
            }
        }
        for begin in begins {
            days.extend((0..length).filter_map(|n| begin.checked_add(n.days()).ok()));
        }
        Ok(days)
    }

    /// In days. `DTEND` is the day after the last one.
    fn length(&self, first: Date) -> Result<i32, Fault> {
        let (line, length) = if let Some(end) = self.get("DTEND") {
            let last = day(end, &end.value)?;
            let days = first.until(last).map_or(-1, |span| span.get_days());
            // Some programs write the day itself.
            (end.line, if days == 0 { 1 } else { days })
        } else if let Some(lasts) = self.get("DURATION") {
            let days = lasts.value.trim().strip_prefix('P').and_then(|text| {
                let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
                let number: i32 = number.parse().ok()?;
                match unit {
                    "D" => Some(number),
                    "W" => number.checked_mul(7),
                    _ => None,
                }
            });
            (lasts.line, days.unwrap_or(-1))
        } else {
            (self.line, 1)
        };
        if (1..=LONGEST).contains(&length) {
            return Ok(length);
        }
        let message = format!("this event does not last 1 to {LONGEST} whole days");
        let help = "write `DTEND;VALUE=DATE:` with the day after the last one, or leave it away for a single day";
        Err(fault(line, message, help))
    }
}

/// `20261225`, or midnight of that day.
fn day(property: &Property, text: &str) -> Result<Date, Fault> {
    let text = text.trim();
    let (date, time) = text.split_once('T').unwrap_or((text, "000000"));
    let number = |range: std::ops::Range<usize>| date.get(range)?.parse::<i16>().ok();
    let read = || {
        let digits = date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit());
        let (year, month, day) =
            digits.then(|| Some((number(0..4)?, number(4..6)?, number(6..8)?)))??;
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        Date::new(year, month, day).ok().filter(|_| year >= 1900)
    };
    let shown: String = text.chars().take(40).collect();
    let Some(date) = read() else {
        let message = format!("`{shown}` in `{}` is no day", property.name);
        return Err(fault(property.line, message, DAY_HELP));
    };
    if time != "000000" {
        let message = format!(
            "`{}` is a time of the day (`{shown}`), and a holiday is a whole day",
            property.name
        );
        return Err(fault(property.line, message, DAY_HELP));
    }
    Ok(date)
}

/// An event that comes back every year.
#[derive(Debug)]
struct Yearly {
    interval: u16,
    count: Option<usize>,
    until: Option<Date>,
    months: BTreeSet<i8>,
    month_days: BTreeSet<i8>,
    /// Which of them in the month, from the end when negative; 0: all.
    week_days: BTreeSet<(i8, i8)>,
}

impl Yearly {
    fn read(rule: &Property) -> Result<Self, Fault> {
        let wrong = |part: &str| {
            let shown: String = part.chars().take(60).collect();
            fault(
                rule.line,
                format!("`{shown}` in RRULE cannot be read as a rule for holidays"),
                RULE_HELP,
            )
        };
        let mut read = Self {
            interval: 1,
            count: None,
            until: None,
            months: BTreeSet::new(),
            month_days: BTreeSet::new(),
            week_days: BTreeSet::new(),
        };
        let mut yearly = false;
        for part in rule.value.trim().to_uppercase().split(';') {
            let known = part.split_once('=').and_then(|(key, value)| match key {
                "FREQ" => {
                    yearly = value == "YEARLY";
                    yearly.then_some(())
                }
                "INTERVAL" => {
                    read.interval = value.parse().ok().filter(|n| (1..=100).contains(n))?;
                    Some(())
                }
                "COUNT" => {
                    read.count = Some(value.parse().ok().filter(|n| (1..=MOST_DAYS).contains(n))?);
                    Some(())
                }
                "UNTIL" => {
                    let date = value.split('T').next().unwrap_or_default();
                    read.until = Some(day(rule, date).ok()?);
                    Some(())
                }
                "BYMONTH" => numbers(value, 1..=12).map(|all| read.months = all),
                "BYMONTHDAY" => numbers(value, -31..=31).map(|all| read.month_days = all),
                "BYDAY" => {
                    let all: Option<_> = value.split(',').map(week_day).collect();
                    all.map(|all| read.week_days = all)
                }
                "WKST" => Some(()),
                _ => None,
            });
            known.ok_or_else(|| wrong(part))?;
        }
        // Without a month the days are counted through the year.
        let loose =
            read.months.is_empty() && !(read.week_days.is_empty() && read.month_days.is_empty());
        if !yearly || loose {
            return Err(wrong(rule.value.trim()));
        }
        Ok(read)
    }

    /// Its days, the first one among them.
    fn from(&self, first: Date) -> BTreeSet<Date> {
        let mut days = BTreeSet::from([first]);
        let most = self.count.unwrap_or(usize::MAX);
        let years = (first.year()..=LAST_YEAR).step_by(usize::from(self.interval));
        for year in years {
            for day in self.of_year(year, first) {
                let over = self.until.is_some_and(|until| day > until);
                if over || days.len() >= most {
                    return days;
                }
                if day > first {
                    days.insert(day);
                }
            }
        }
        days
    }

    fn of_year(&self, year: i16, first: Date) -> BTreeSet<Date> {
        let months = if self.months.is_empty() {
            BTreeSet::from([first.month()])
        } else {
            self.months.clone()
        };
        let days = months.into_iter().flat_map(|month| {
            let last = Date::new(year, month, 1).map_or(0, Date::days_in_month);
            (1..=last).filter_map(move |day| Some((Date::new(year, month, day).ok()?, last)))
        });
        let fits = days.filter(|(date, last)| self.fits(*date, *last, first.day()));
        fits.map(|(date, _)| date).collect()
    }

    fn fits(&self, date: Date, last: i8, day: i8) -> bool {
        let in_month = self.month_days.contains(&date.day())
            || self.month_days.contains(&(date.day() - last - 1));
        let (nth, nth_last) = ((date.day() - 1) / 7 + 1, -((last - date.day()) / 7 + 1));
        let week_day = date.weekday().to_monday_zero_offset();
        let in_week = [0, nth, nth_last]
            .iter()
            .any(|n| self.week_days.contains(&(*n, week_day)));
        match (self.month_days.is_empty(), self.week_days.is_empty()) {
            (true, true) => date.day() == day,
            (false, true) => in_month,
            (true, false) => in_week,
            (false, false) => in_month && in_week,
        }
    }
}

fn numbers(text: &str, range: std::ops::RangeInclusive<i8>) -> Option<BTreeSet<i8>> {
    let each = text.split(',').map(|one| {
        let number: i8 = one.parse().ok()?;
        (range.contains(&number) && number != 0).then_some(number)
    });
    each.collect()
}

/// `MO`, `4TH`, `-1MO`.
fn week_day(text: &str) -> Option<(i8, i8)> {
    let (number, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let day = match name {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    };
    let number = match number {
        "" => 0,
        some => some.parse().ok().filter(|n: &i8| *n != 0 && n.abs() <= 5)?,
    };
    Some((number, day.to_monday_zero_offset()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(events: &str) -> String {
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
    }

    fn event(lines: &str) -> String {
        file(&format!(
            "BEGIN:VEVENT\r\nSUMMARY:A day\r\n{lines}\r\nEND:VEVENT\r\n"
        ))
    }

    fn has(days: &BTreeSet<Day>, text: &str) -> bool {
        days.contains(&Day::read(text).unwrap())
    }

    /// The lines of an event, a day that it names, and one that it does not.
    const READ: &[(&str, &str, &str)] = &[
        ("DTSTART;VALUE=DATE:20261225", "2026-12-25", "2027-12-25"),
        ("DTSTART:20261225", "2026-12-25", "2026-12-26"),
        // The end is the day after; a folded line; midnight to midnight.
        (
            "DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227",
            "2026-12-26",
            "2026-12-27",
        ),
        (
            "DTSTART;VALUE=DA\r\n TE:20261224\r\nDURATION:P2D",
            "2026-12-25",
            "2026-12-26",
        ),
        (
            "DTSTART;TZID=\"a:b\":20261224T000000\r\nDTEND;TZID=\"a:b\":20261225T000000",
            "2026-12-24",
            "2026-12-25",
        ),
        (
            "DTSTART:20200101\r\nRRULE:FREQ=YEARLY",
            "2059-01-01",
            "2059-01-02",
        ),
        (
            "DTSTART:20200101\r\nRRULE:FREQ=YEARLY;COUNT=3",
            "2022-01-01",
            "2023-01-01",
        ),
        (
            "DTSTART:20200101\r\nRRULE:FREQ=YEARLY;UNTIL=20230101T000000Z",
            "2023-01-01",
            "2024-01-01",
        ),
        (
            "DTSTART:20200101\r\nRRULE:FREQ=YEARLY;INTERVAL=2",
            "2022-01-01",
            "2023-01-01",
        ),
        (
            "DTSTART:20200229\r\nRRULE:FREQ=YEARLY",
            "2028-02-29",
            "2027-03-01",
        ),
        // Thanksgiving, the last Monday of May, the day after the first Monday of November.
        (
            "DTSTART:20241128\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
            "2026-11-26",
            "2026-11-28",
        ),
        (
            "DTSTART:20240527\r\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO",
            "2026-05-25",
            "2026-05-18",
        ),
        (
            "DTSTART:20241105\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
            "2026-11-03",
            "2026-11-10",
        ),
        (
            "DTSTART:20241231\r\nRRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=-1",
            "2026-12-31",
            "2026-12-30",
        ),
        (
            "DTSTART:20200101\r\nRRULE:FREQ=YEARLY\r\nEXDATE:20210101,20220101",
            "2023-01-01",
            "2022-01-01",
        ),
        (
            "DTSTART:20200101\r\nRDATE:20200301",
            "2020-03-01",
            "2020-03-02",
        ),
    ];

    #[test]
    fn days_of_an_ics_file() {
        for (lines, in_it, not_in_it) in READ {
            let days = days(&event(lines)).unwrap();
            assert!(
                has(&days, in_it) && !has(&days, not_in_it),
                "{lines}: {days:?}"
            );
        }
        let quiet = event("DTSTART:20261225\r\nSTATUS:CANCELLED");
        assert_eq!(days(&quiet), Ok(BTreeSet::new()));
    }

    #[test]
    fn what_cannot_be_read_is_told_by_its_line() {
        for (lines, line, says) in [
            ("SUMMARY:nothing", 3, "DTSTART"),
            ("DTSTART:20261325", 5, "no day"),
            ("DTSTART:20261225T140000", 5, "time of the day"),
            ("DTSTART:20261225T000000Z", 5, "time of the day"),
            ("DTSTART:20261225\r\nDTEND:20261224", 6, "whole days"),
            ("DTSTART:20261225\r\nDTEND:20271225", 6, "whole days"),
            ("DTSTART:20261225\r\nDURATION:PT4H", 6, "whole days"),
            ("DTSTART:20261225\r\nRRULE:FREQ=DAILY", 6, "FREQ=DAILY"),
            (
                "DTSTART:20261225\r\nRRULE:FREQ=YEARLY;BYDAY=1MO",
                6,
                "BYDAY",
            ),
            (
                "DTSTART:20261225\r\nRRULE:FREQ=YEARLY;BYSETPOS=1",
                6,
                "BYSETPOS",
            ),
            (
                "DTSTART:20261225\r\nRRULE:FREQ=YEARLY;INTERVAL=0",
                6,
                "INTERVAL",
            ),
            (
                "DTSTART:20261225\r\nRECURRENCE-ID:20261224",
                6,
                "RECURRENCE-ID",
            ),
            ("DTSTART:20261225\r\nnonsense", 6, "no `:`"),
            ("DTSTART:20261225\r\nEND:VCALENDAR", 6, "END:VCALENDAR"),
        ] {
            let found = days(&event(lines)).unwrap_err();
            let first = found.first().unwrap();
            assert!(
                first.line == line && first.message.contains(says),
                "{lines}: {found:?}"
            );
        }
        for (text, line, says) in [
            (String::new(), 1, "empty"),
            ("<html>\n<p>a:b".to_owned(), 1, "no `:`"),
            ("a:b".to_owned(), 1, "no ICS file"),
            (file(""), 1, "no VEVENT"),
            (
                "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\n".to_owned(),
                2,
                "cut off",
            ),
            ("BEGIN:VCALENDAR\n".repeat(5), 5, "in each other"),
        ] {
            let found = days(&text).unwrap_err();
            let first = found.first().unwrap();
            assert!(
                first.line == line && first.message.contains(says),
                "{text}: {found:?}"
            );
        }
        let many = "BEGIN:VEVENT\nDTSTART:20200101\nDTEND:20200131\nRRULE:FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYMONTHDAY=1\nEND:VEVENT\n";
        let found = days(&file(many)).unwrap_err();
        assert!(
            found.first().unwrap().message.contains("more than"),
            "{found:?}"
        );
    }
}
