//! Opening hours: a week in a time zone, days closed and days open out of turn, and what a company says besides.
//!
//! **Owns**: whether a calendar is open at a moment, what its dates, days and times of day are, and that a closing by
//! hand ends by itself.
//! **Must not know**: what the time is now; a moment is handed in. Files, ICS: whoever reads them hands in days. Zones come from the copy of the time zone database
//! that is built in, so that a flow means the same on every machine.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::flow::{Flow, Pos};
use crate::port::Sound;

/// Minutes of a day.
const DAY: u16 = 24 * 60;
/// Days as a flow writes them, in the order of [`Calendar::week`].
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A moment as `2026-11-23T10:30:00+01:00`, in milliseconds since 1970.
pub(crate) fn moment(text: &str) -> Option<i64> {
    text.parse().ok().map(Timestamp::as_millisecond)
}

/// One calendar, of a flow or of the company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    pub(crate) pos: Pos,
    zone: TimeZone,
    /// Monday first.
    pub(crate) week: [Vec<Span>; 7],
    /// Days closed; none when the file has no `closed_on:` at all.
    pub(crate) closed_on: Option<BTreeSet<Day>>,
    /// Days whose hours are these instead of the week's.
    pub(crate) also_open: BTreeMap<Day, Vec<Span>>,
}

/// A date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(Date);

/// Minutes of a day, from the first one on and without the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    from: u16,
    to: u16,
}

/// What a calendar says of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Open.
    Open,
    /// Outside its hours.
    Closed,
    /// The day stands under `closed_on`, or among the holidays.
    Holiday,
    /// Somebody closed it by hand for now.
    Emergency,
}

impl Opening {
    /// Each, by the name of its exit.
    pub const ALL: [(&'static str, Self); 4] = [
        ("open", Self::Open),
        ("closed", Self::Closed),
        ("holiday", Self::Holiday),
        ("emergency", Self::Emergency),
    ];

    /// The name of its exit.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Holiday => "holiday",
            Self::Emergency => "emergency",
        }
    }
}

/// A calendar that somebody closed by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedByHand {
    /// In force before this moment, in milliseconds since 1970-01-01T00:00:00Z.
    pub until: i64,
    /// What the caller hears before the exit `emergency` is taken.
    pub message: Option<Sound>,
}

/// What the company says about opening hours at the moment a call begins. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompanyHours {
    /// Calendars by name; a flow's own of the same name comes before.
    pub calendars: Arc<BTreeMap<String, Calendar>>,
    /// Calendars closed by hand, by name, the flows' own too.
    pub closed: Arc<BTreeMap<String, ClosedByHand>>,
    /// For tests of flows: what a calendar says whatever the time is.
    pub said: BTreeMap<String, Opening>,
}

impl CompanyHours {
    /// What holds for a calendar by this name at `moment`, in milliseconds since 1970; `own`: the flow's. None: there is
    /// no such calendar, or no clock.
    pub(crate) fn at(
        &self,
        name: &str,
        own: Option<&Calendar>,
        moment: Option<i64>,
    ) -> Option<Opening> {
        if let Some(said) = self.said.get(name) {
            return Some(*said);
        }
        if self.closed_at(name, moment).is_some() {
            return Some(Opening::Emergency);
        }
        own.or_else(|| self.calendars.get(name))?.at(moment?)
    }

    /// The closing that is in force. Without a clock it is: whoever closed it meant now.
    pub(crate) fn closed_at(&self, name: &str, moment: Option<i64>) -> Option<&ClosedByHand> {
        let closed = self.closed.get(name)?;
        moment
            .is_none_or(|now| now < closed.until)
            .then_some(closed)
    }
}

impl Calendar {
    /// A calendar of the company that is never open; None when there is no such zone. `zone` is an IANA name.
    #[must_use]
    pub fn in_zone(zone: &str) -> Option<Self> {
        Self::new(Pos::default(), zone)
    }

    /// The hours of a day of the week, 0 is Monday; a day beyond Sunday is passed over.
    pub fn set_week_day(&mut self, day: usize, spans: Vec<Span>) {
        if let Some(place) = self.week.get_mut(day) {
            *place = spans;
        }
    }

    /// Holidays beside those there are.
    pub fn close_on(&mut self, days: impl IntoIterator<Item = Day>) {
        self.closed_on.get_or_insert_default().extend(days);
    }

    /// The only hours of a single day, a holiday too; none: closed, without being a holiday.
    pub fn set_day(&mut self, day: Day, spans: Vec<Span>) {
        self.also_open.insert(day, spans);
    }

    /// Whether anything was said about holidays.
    #[must_use]
    pub const fn knows_holidays(&self) -> bool {
        self.closed_on.is_some()
    }

    /// Whether any day is a holiday.
    pub(crate) fn has_holidays(&self) -> bool {
        self.closed_on.as_ref().is_some_and(|days| !days.is_empty())
    }

    /// Whether this day is a holiday.
    #[must_use]
    pub fn is_holiday(&self, day: Day) -> bool {
        self.closed_on
            .as_ref()
            .is_some_and(|days| days.contains(&day))
    }

    /// A calendar that is never open; None when there is no such zone.
    pub(crate) fn new(pos: Pos, zone: &str) -> Option<Self> {
        Some(Self {
            pos,
            zone: TimeZoneDatabase::bundled().get(zone).ok()?,
            week: Default::default(),
            closed_on: None,
            also_open: BTreeMap::new(),
        })
    }

    /// At `moment`, in milliseconds since 1970-01-01T00:00:00Z. None: a moment beyond all calendars.
    #[must_use]
    pub fn at(&self, moment: i64) -> Option<Opening> {
        let time = Timestamp::from_millisecond(moment).ok()?;
        let local = self.zone.to_datetime(time);
        let hour = u16::try_from(local.hour()).ok()?;
        let minute = hour
            .checked_mul(60)?
            .checked_add(u16::try_from(local.minute()).ok()?)?;
        let day = Day(local.date());
        if let Some(spans) = self.also_open.get(&day) {
            return Some(opening(spans, minute));
        }
        if self
            .closed_on
            .as_ref()
            .is_some_and(|days| days.contains(&day))
        {
            return Some(Opening::Holiday);
        }
        let weekday = usize::try_from(local.weekday().to_monday_zero_offset()).ok()?;
        Some(opening(self.week.get(weekday)?, minute))
    }

    /// Whether any day has any hour.
    #[must_use]
    pub fn ever_open(&self) -> bool {
        self.week
            .iter()
            .chain(self.also_open.values())
            .any(|spans| !spans.is_empty())
    }
}

impl Flow {
    /// The flow's own calendars, by name.
    pub fn calendars(&self) -> impl Iterator<Item = (&str, &Calendar)> {
        self.calendars
            .iter()
            .map(|(name, calendar)| (name.as_str(), calendar))
    }
}

fn opening(spans: &[Span], minute: u16) -> Opening {
    if spans
        .iter()
        .any(|span| (span.from..span.to).contains(&minute))
    {
        Opening::Open
    } else {
        Opening::Closed
    }
}

/// Every zone by name, for the nearest one.
#[must_use]
pub fn zones() -> Vec<String> {
    TimeZoneDatabase::bundled()
        .available()
        .map(|zone| zone.as_str().to_owned())
        .collect()
}

impl Day {
    /// `2026-12-24`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let plain = text.len() == 10 && text.chars().all(|c| c.is_ascii_digit() || c == '-');
        let date = plain.then(|| text.parse().ok()).flatten()?;
        Some(Self(date))
    }

    /// The date in UTC at a moment in milliseconds since 1970; none: beyond what calendars know.
    #[must_use]
    pub fn at(moment: i64) -> Option<Self> {
        let moment = Timestamp::from_millisecond(moment).ok()?;
        Some(Self(TimeZone::UTC.to_datetime(moment).date()))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Span {
    /// `08:30-19:00`; `24:00` is the end of a day.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let span = Self {
            from: minute(from)?,
            to: minute(to)?,
        };
        (span.from < span.to).then_some(span)
    }

    /// Whether the two share a minute.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }
}

fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |part: &str| {
        let plain = part.len() == 2 && part.chars().all(|c| c.is_ascii_digit());
        plain.then(|| part.parse::<u16>().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let total = hours.checked_mul(60)?.checked_add(minutes)?;
    (minutes < 60 && total <= DAY).then_some(total)
}

/// `mon`, `mon-fri`, `sat-mon`: days by their place in the week.
#[must_use]
pub fn days(text: &str) -> Option<Vec<usize>> {
    let place = |name: &str| DAYS.iter().position(|day| *day == name);
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (place(first)?, place(last)?);
    Some(if first <= last {
        (first..=last).collect()
    } else {
        (first..DAYS.len()).chain(0..=last).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::{Calendar, Day, Opening, Span, days, zones};
    use crate::flow::Pos;

    fn office(zone: &str) -> Calendar {
        let mut calendar = Calendar::new(Pos::default(), zone).unwrap();
        for day in days("mon-fri").unwrap() {
            *calendar.week.get_mut(day).unwrap() = vec![
                Span::read("08:30-13:00").unwrap(),
                Span::read("14:00-24:00").unwrap(),
            ];
        }
        let day = |text| Day::read(text).unwrap();
        calendar.closed_on = Some([day("2026-12-25"), day("2026-12-24")].into());
        let morning = vec![Span::read("10:00-12:00").unwrap()];
        calendar.also_open = [
            (day("2026-12-24"), morning.clone()),
            (day("2026-12-27"), morning),
        ]
        .into();
        calendar
    }

    fn at(zone: &str, moment: &str) -> Opening {
        let moment: jiff::Timestamp = moment.parse().unwrap();
        office(zone).at(moment.as_millisecond()).unwrap()
    }

    #[test]
    fn the_local_day_and_minute_decide() {
        use Opening::{Closed, Holiday, Open};
        for (moment, expected) in [
            // Winter: one hour ahead of UTC. Thursday.
            ("2026-01-15T07:29:59Z", Closed),
            ("2026-01-15T07:30:00Z", Open),
            ("2026-01-15T11:59:59Z", Open),
            ("2026-01-15T12:00:00Z", Closed),
            ("2026-01-15T22:59:59Z", Open),
            // Midnight: Friday begins closed.
            ("2026-01-15T23:00:00Z", Closed),
            // Summer: two hours.
            ("2026-07-15T06:29:00Z", Closed),
            ("2026-07-15T06:30:00Z", Open),
            // Sunday here while it is Saturday or Monday elsewhere.
            ("2026-01-18T12:00:00Z", Closed),
            ("2026-12-25T10:00:00Z", Holiday),
            ("2026-12-25T22:59:59Z", Holiday),
            // Open out of turn is stronger than closed, and its hours replace those of the week.
            ("2026-12-24T09:30:00Z", Open),
            ("2026-12-24T14:00:00Z", Closed),
            // A Sunday with hours.
            ("2026-12-27T09:30:00Z", Open),
        ] {
            assert_eq!(at("Europe/Madrid", moment), expected, "{moment}");
        }
        // The same moment, elsewhere.
        assert_eq!(at("Asia/Tokyo", "2026-12-24T16:00:00Z"), Holiday);
        assert_eq!(at("America/New_York", "2026-12-24T16:00:00Z"), Open);
    }

    #[test]
    fn clocks_that_go_back_or_forward_skip_nothing() {
        // 2026-03-29 02:00 becomes 03:00, 2026-10-25 03:00 becomes 02:00; both are Sundays in Madrid.
        let mut calendar = office("Europe/Madrid");
        *calendar.week.last_mut().unwrap() = vec![Span::read("02:30-03:30").unwrap()];
        let open = |moment: &str| {
            let moment: jiff::Timestamp = moment.parse().unwrap();
            calendar.at(moment.as_millisecond()) == Some(Opening::Open)
        };
        assert!(
            !open("2026-03-29T00:59:00Z")
                && open("2026-03-29T01:00:00Z")
                && !open("2026-03-29T01:30:00Z")
        );
        assert!(
            open("2026-10-25T00:30:00Z")
                && !open("2026-10-25T01:00:00Z")
                && open("2026-10-25T01:30:00Z")
        );
    }

    #[test]
    fn what_is_no_time_day_or_zone_is_refused() {
        for text in [
            "",
            "08:30",
            "8:30-19:00",
            "19:00-08:30",
            "09:00-09:00",
            "09:60-10:00",
            "09:00-24:01",
            "09:00-1é:00",
            "-",
        ] {
            assert_eq!(Span::read(text), None, "{text}");
        }
        for text in [
            "",
            "2026-02-29",
            "2026-13-01",
            "24.12.2026",
            "2026-1-01",
            "20261224",
            "+02026-1-1",
        ] {
            assert_eq!(Day::read(text), None, "{text}");
        }
        for text in ["", "monday", "mon-", "mon-fri-sun", "Mon"] {
            assert_eq!(days(text), None, "{text}");
        }
        assert_eq!(days("sat-mon"), Some(vec![5, 6, 0]));
        assert!(Calendar::new(Pos::default(), "Europe/Madird").is_none());
        assert!(Calendar::new(Pos::default(), "../../etc/passwd").is_none());
        assert!(zones().iter().any(|zone| zone == "Europe/Madrid"));
        assert_eq!(office("UTC").at(i64::MAX), None);
        assert!(office("UTC").ever_open());
    }
}
