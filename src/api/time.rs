//! Times as the API reads them, and where a day begins. How times are written is [`recordings::Utc`]'s business.
//!
//! **Owns**: [`parse`], [`day_begin`], [`of_day`]. **Must not**: read a clock.

use recordings::Utc;
use router::Timestamp;

/// Any RFC 3339 time, cut to milliseconds. In a query the plus of an offset arrives as a space.
#[must_use]
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let time: jiff::Timestamp = text
        .parse()
        .or_else(|_| text.replace(' ', "+").parse())
        .ok()?;
    Some(Timestamp::from_millis(time.as_millisecond()))
}

/// The first moment of the day of `now` in a time zone; UTC when the zone is not known.
#[must_use]
pub fn day_begin(now: Timestamp, time_zone: &str) -> Timestamp {
    let zone = jiff::tz::TimeZone::get(time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    jiff::Timestamp::from_millisecond(now.millis())
        .ok()
        .and_then(|time| time.to_zoned(zone).start_of_day().ok())
        .map_or(now, |day| {
            Timestamp::from_millis(day.timestamp().as_millisecond())
        })
}

/// The time of day in a time zone; with the day when that is not the one of `since`.
#[must_use]
pub fn of_day(at: Utc, since: Option<Utc>, time_zone: &str) -> String {
    let zone = jiff::tz::TimeZone::get(time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let zoned = |Utc(at): Utc| {
        let time = jiff::Timestamp::from_millisecond(at.millis()).ok()?;
        Some(time.to_zoned(zone.clone()))
    };
    let Some(time) = zoned(at) else {
        return at.to_string();
    };
    let same_day = since
        .and_then(zoned)
        .is_some_and(|since| since.date() == time.date());
    let form = if same_day { "%H:%M" } else { "%Y-%m-%d %H:%M" };
    time.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2023-11-14T22:13:20.007Z", 1_700_000_000_007),
            ("2023-11-14T23:13:20.007+01:00", 1_700_000_000_007),
            ("2023-11-14T23:13:20.007 01:00", 1_700_000_000_007),
        ] {
            assert_eq!(parse(text).map(Timestamp::millis), Some(millis), "{text}");
        }
        for text in ["", "yesterday", "2023-11-14", "1700000000"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn today_begins_where_the_company_is() {
        let now = parse("2026-07-01T22:30:00Z").unwrap();
        let begin = |zone| Utc(day_begin(now, zone)).to_string();
        assert_eq!(begin("Europe/Madrid"), "2026-07-01T22:00:00.000Z");
        assert_eq!(begin("UTC"), "2026-07-01T00:00:00.000Z");
        assert_eq!(begin("Nowhere/At all"), "2026-07-01T00:00:00.000Z");
    }
}
