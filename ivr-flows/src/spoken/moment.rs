//! Days and times of day out of values.
//!
//! **Owns**: what counts as a date and as a time. **Must not know**: words.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::expression::Failure;
use crate::flow::Value;

const NO_DATE: Failure = "a value that is to be said as a date is none";
const NO_TIME: Failure = "a value that is to be said as a time of day is none";

/// A day: `2026-11-23`, a moment as text (said as it is written, unless a zone is given), or seconds since 1970.
pub(super) fn day(value: &Value, zone: Option<&TimeZone>) -> Result<Date, Failure> {
    if let Value::Text(text) = value
        && let Ok(date) = text.trim().parse::<Date>()
        && !text.contains('T')
    {
        return Ok(date);
    }
    local(value, zone, NO_DATE).map(DateTime::date)
}

/// Hour and minute: `18:30`, else as above.
pub(super) fn clock(value: &Value, zone: Option<&TimeZone>) -> Result<(i8, i8), Failure> {
    let of = |time: Time| (time.hour(), time.minute());
    if let Value::Text(text) = value
        && text.contains(':')
        && text.trim().len() <= "18:30:00".len()
        && let Ok(time) = text.trim().parse::<Time>()
    {
        return Ok(of(time));
    }
    local(value, zone, NO_TIME).map(|local| of(local.time()))
}

fn local(value: &Value, zone: Option<&TimeZone>, none: Failure) -> Result<DateTime, Failure> {
    let moment = match value {
        Value::Int(seconds) | Value::Time(seconds) => {
            Timestamp::from_second(*seconds).map_err(|_| none)?
        }
        Value::Text(text) => {
            let text = text.trim();
            match (text.parse::<Timestamp>(), zone) {
                (Ok(moment), Some(_)) => moment,
                // As it is written: with its own offset.
                (Ok(_), None) => return written(text).ok_or(none),
                (Err(_), _) => return text.parse().map_err(|_| none),
            }
        }
        _ => return Err(none),
    };
    let zone =
        zone.ok_or("a moment is to be said, and the text does not say in which time zone")?;
    Ok(Zoned::new(moment, zone.clone()).datetime())
}

/// The local time that stands in front of `Z` or the offset.
fn written(text: &str) -> Option<DateTime> {
    text.parse::<DateTime>().ok().or_else(|| {
        let end = text.rfind(['Z', 'z', '+', '-'])?;
        text.get(..end)?.parse().ok()
    })
}
