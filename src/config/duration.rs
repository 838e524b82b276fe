//! Durations as people write them: `20s`, `10m`, `1h30m`, `500ms`.
//!
//! **Owns**: [`parse`] and [`show`]. **Must not know**: files, keys.

use std::time::Duration;

/// Units from the largest to the smallest, with their milliseconds. `ms` stands before `m` and `s` cannot be
/// mistaken, because a unit is everything up to the next digit.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Reads one or more whole numbers, each with its unit, from the largest unit to the smallest, each unit once.
/// `None` for anything else, and for what does not fit.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut units = UNITS.as_slice();
    let mut millis: u64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at_checked(digits)?;
        let end = after
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, next) = after.split_at_checked(end)?;
        let at = units.iter().position(|(name, _)| *name == unit)?;
        let (_, factor) = units.get(at)?;
        millis = millis.checked_add(number.parse::<u64>().ok()?.checked_mul(*factor)?)?;
        units = units.get(at + 1..)?;
        rest = next;
    }
    Some(Duration::from_millis(millis))
}

/// The shortest text that [`parse`] reads as the same duration, to the millisecond.
#[must_use]
pub fn show(duration: Duration) -> String {
    let mut millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, factor) in UNITS {
        let count = millis / factor;
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
            millis %= factor;
        }
    }
    if text.is_empty() {
        text.push_str("0s");
    }
    text
}
