//! English: British, and American where that differs.
//!
//! **Owns**: its words. **Must not know**: expressions.

use super::{Currency, Phrase, word};

const BELOW_20: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = [
    "", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];
const NTH: [&str; 31] = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "twenty-first",
    "twenty-second",
    "twenty-third",
    "twenty-fourth",
    "twenty-fifth",
    "twenty-sixth",
    "twenty-seventh",
    "twenty-eighth",
    "twenty-ninth",
    "thirtieth",
    "thirty-first",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// Up to 999,999,999. `american`: without `and`.
pub(super) fn number(number: u32, american: bool) -> Phrase {
    let mut phrase = Phrase::default();
    let (millions, thousands, rest) = (number / 1_000_000, number / 1_000 % 1_000, number % 1_000);
    for (count, unit) in [(millions, "million"), (thousands, "thousand")] {
        if count > 0 {
            below_1000(&mut phrase, count, american);
            phrase.add(format!("numbers/{unit}"), unit);
        }
    }
    if rest > 0 || number == 0 {
        // `one thousand and five`.
        if number > 1_000 && rest < 100 && !american {
            phrase.add("numbers/and", "and");
        }
        below_1000(&mut phrase, rest, american);
    }
    phrase
}

fn below_1000(phrase: &mut Phrase, number: u32, american: bool) {
    let (hundreds, rest) = (number / 100, number % 100);
    if hundreds > 0 {
        below_100(phrase, hundreds);
        phrase.add("numbers/hundred", "hundred");
        if rest == 0 {
            return;
        }
        if !american {
            phrase.add("numbers/and", "and");
        }
    }
    below_100(phrase, rest);
}

fn below_100(phrase: &mut Phrase, number: u32) {
    if number < 20 {
        phrase.add(format!("numbers/{number}"), word(&BELOW_20, number));
        return;
    }
    let (ten, unit) = (number / 10, number % 10);
    let name = format!("numbers/{}", ten * 10);
    if unit == 0 {
        phrase.add(name, word(&TENS, ten));
    } else {
        phrase.add(name, &format!("{}-", word(&TENS, ten)));
        phrase.add(format!("numbers/{unit}"), word(&BELOW_20, unit));
    }
}

/// One and many of the unit, then of its hundredth.
pub(super) const fn money(
    currency: Currency,
) -> (&'static str, &'static str, &'static str, &'static str) {
    match currency {
        Currency::Euro => ("euro", "euros", "cent", "cents"),
        Currency::Dollar => ("dollar", "dollars", "cent", "cents"),
        Currency::Pound => ("pound", "pounds", "penny", "pence"),
    }
}

/// `Monday the twenty-third of November`, `Monday November twenty-third`.
pub(super) fn date(
    weekday: i8,
    (month, day): (i8, i8),
    year: Option<u32>,
    american: bool,
) -> Phrase {
    let at = |number: i8| u32::try_from(number).unwrap_or(1).saturating_sub(1);
    let mut phrase = Phrase::default();
    phrase.add(format!("dates/day-{weekday}"), word(&DAYS, at(weekday)));
    let month_word = word(&MONTHS, at(month));
    let nth = (format!("dates/nth-{day}"), word(&NTH, at(day)));
    if american {
        phrase.add(format!("dates/month-{month}"), month_word);
        phrase.add(nth.0, nth.1);
    } else {
        phrase.add("dates/the", "the");
        phrase.add(nth.0, nth.1);
        phrase.add("dates/of", "of");
        phrase.add(format!("dates/month-{month}"), month_word);
    }
    if let Some(year) = year {
        phrase.then(self::year(year, american));
    }
    phrase
}

/// `nineteen ninety-nine`, `two thousand and six`, `twenty twenty-six`.
fn year(year: u32, american: bool) -> Phrase {
    let (century, rest) = (year / 100, year % 100);
    if !(1_100..=9_999).contains(&year) || (century.is_multiple_of(10) && rest < 10) {
        return number(year, american);
    }
    let mut phrase = Phrase::default();
    below_100(&mut phrase, century);
    match rest {
        0 => phrase.add("numbers/hundred", "hundred"),
        1..=9 => {
            phrase.add("times/oh", "oh");
            below_100(&mut phrase, rest);
        }
        _ => below_100(&mut phrase, rest),
    }
    phrase
}

/// `ten oh five a.m.`, `noon`.
pub(super) fn clock(hour: i8, minute: i8) -> Phrase {
    let mut phrase = Phrase::default();
    match (hour, minute) {
        (0, 0) => phrase.add("times/midnight", "midnight"),
        (12, 0) => phrase.add("times/noon", "noon"),
        _ => {
            let on_dial = u32::try_from(hour).unwrap_or(0) % 12;
            below_100(&mut phrase, if on_dial == 0 { 12 } else { on_dial });
            let minute = u32::try_from(minute).unwrap_or(0);
            if (1..=9).contains(&minute) {
                phrase.add("times/oh", "oh");
            }
            if minute > 0 {
                below_100(&mut phrase, minute);
            }
            if hour < 12 {
                phrase.add("times/am", "a.m.");
            } else {
                phrase.add("times/pm", "p.m.");
            }
        }
    }
    phrase
}
