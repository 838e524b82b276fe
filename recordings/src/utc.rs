//! Moments as people and the API read them: RFC 3339, UTC, milliseconds.
//!
//! **Owns**: [`Utc`], the text form of [`Timestamp`]. **Must not know**: time zones, the clock.

use router::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;

/// A [`Timestamp`] that serialises as `2026-11-21T20:15:30.123Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Utc(pub Timestamp);

const DAY_MS: i64 = 86_400_000;

/// Year, month and day of a moment, proleptic Gregorian, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// Astronomical year.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
}

impl Utc {
    /// From milliseconds since the Unix epoch, as the database keeps them.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(Timestamp::from_millis(millis))
    }

    /// The calendar day.
    #[must_use]
    pub const fn date(self) -> Date {
        // Days are counted from 0000-03-01, so that the leap day is the last day of its year and every 400-year
        // era has the same length (146 097 days).
        let days = self.0.millis().div_euclid(DAY_MS) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        Date {
            year: era * 400 + year_of_era + if month <= 2 { 1 } else { 0 },
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
        }
    }

    /// `2026-11`: the folder of the month.
    #[must_use]
    pub fn month_name(self) -> String {
        let date = self.date();
        format!("{:04}-{:02}", date.year, date.month)
    }

    /// Reads `2026-11-21T20:15:30Z`, with or without a fraction (cut to milliseconds) and with `Z` or an offset
    /// such as `+01:00`. None when the text is anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.split_once(['T', 't', ' '])?;
        let zone_at = rest.find(['Z', 'z', '+', '-'])?;
        let (clock, zone) = rest.split_at_checked(zone_at)?;
        let days = parse_date(date)?;
        let millis = days
            .checked_mul(DAY_MS)?
            .checked_add(parse_clock(clock)?)?
            .checked_sub(parse_zone(zone)?)?;
        Some(Self::from_millis(millis))
    }
}

fn digits(text: &str, count: usize) -> Option<i64> {
    (text.len() == count && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

fn parse_date(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let (year, month, day) = (
        digits(parts.next()?, 4)?,
        digits(parts.next()?, 2)?,
        digits(parts.next()?, 2)?,
    );
    if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    // The 31st of a short month runs into the next one: refuse it instead of shifting it.
    let read_back = Utc::from_millis(days * DAY_MS).date();
    (read_back == Date { year, month, day }).then_some(days)
}

fn parse_clock(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = whole.split(':');
    let (hour, minute, second) = (
        digits(parts.next()?, 2)?,
        digits(parts.next()?, 2)?,
        digits(parts.next()?, 2)?,
    );
    let in_range = hour < 24 && minute < 60 && second <= 60 && parts.next().is_none();
    if !in_range || fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let millis: String = fraction.chars().chain("000".chars()).take(3).collect();
    Some(((hour * 60 + minute) * 60 + second) * 1000 + digits(&millis, 3)?)
}

fn parse_zone(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000)
}

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Date { year, month, day } = self.date();
        let millis = self.0.millis().rem_euclid(DAY_MS);
        let (hour, minute) = (millis / 3_600_000, millis / 60_000 % 60);
        let (second, milli) = (millis / 1_000 % 60, millis % 1_000);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"
        )
    }
}

impl Serialize for Utc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Utc {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("not an RFC 3339 moment"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_moments_are_written_as_the_calendar_says() {
        let table = [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_798_761_599_999, "2026-12-31T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ];
        for (millis, text) in table {
            assert_eq!(Utc::from_millis(millis).to_string(), text);
            assert_eq!(Utc::parse(text), Some(Utc::from_millis(millis)));
        }
    }

    #[test]
    fn other_forms_are_read_and_broken_ones_refused() {
        let noon = Utc::parse("2026-11-21T12:00:00Z");
        assert!(noon.is_some());
        assert_eq!(Utc::parse("2026-11-21T13:00:00.000+01:00"), noon);
        assert_eq!(Utc::parse("2026-11-21 07:30:00.0009-04:30"), noon);
        for broken in [
            "",
            "2026-11-21",
            "2026-13-21T12:00:00Z",
            "2026-02-30T12:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T12:00:00",
            "2026-11-21T12:00:00.Z",
            "2026-11-21T12:00:00+1:00",
            "+026-11-21T12:00:00Z",
            "2026-11-21T12:00:00Zé",
        ] {
            assert_eq!(Utc::parse(broken), None, "{broken}");
        }
    }

    proptest! {
        #[test]
        fn every_moment_of_four_digit_years_reads_back(millis in -62_135_596_800_000_i64..253_402_300_799_999) {
            let moment = Utc::from_millis(millis);
            prop_assert_eq!(Utc::parse(&moment.to_string()), Some(moment));
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in ".{0,40}") {
            let _ = Utc::parse(&text);
        }
    }
}
