//! How values are said: numbers, sums of money, dates, times of day, minutes and digits, in English and in Spanish.
//!
//! **Owns**: the forms that an expression in a spoken text may have, the grammar, the names of the recorded fragments that
//! a phrase is put together from. **Must not know**: audio, which fragments are recorded, the clock.

mod english;
mod moment;
mod spanish;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::expression::Failure;
use crate::flow::Value;

/// Larger numbers are said by nobody.
const LARGEST: i64 = 999_999_999;
/// Digits that are said one by one.
const MOST_DIGITS: usize = 60;
/// Months of a year and days of a week.
const MONTHS: i8 = 12;
const WEEK: i8 = 7;

/// One recorded word or word group, or a short pause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its recording without language and ending: `numbers/21`. None: a pause.
    pub name: Option<String>,
    /// What is recorded; a hyphen at its end joins it to the next word in writing.
    pub words: String,
}

/// A value as it is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phrase {
    /// In order.
    pub pieces: Vec<Piece>,
}

impl Phrase {
    fn add(&mut self, name: impl Into<String>, words: &str) {
        self.pieces.push(Piece {
            name: Some(name.into()),
            words: words.to_owned(),
        });
    }

    fn pause(&mut self) {
        self.pieces.push(Piece {
            name: None,
            words: String::new(),
        });
    }

    fn then(&mut self, mut more: Self) {
        self.pieces.append(&mut more.pieces);
    }

    /// The whole of it in words.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            if piece.name.is_none() {
                text.push(',');
                continue;
            }
            if !text.is_empty() && !text.ends_with('-') {
                text.push(' ');
            }
            text.push_str(&piece.words);
        }
        text
    }
}

/// The languages whose grammar we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tongue {
    spanish: bool,
    /// As in America: `one hundred twenty`, `November twenty-third`; `el primero de enero`.
    american: bool,
}

impl Tongue {
    fn of(language: &str) -> Option<Self> {
        let (base, region) = language.split_once('-').unwrap_or((language, ""));
        match base {
            "en" => Some(Self {
                spanish: false,
                american: region.eq_ignore_ascii_case("us"),
            }),
            "es" => Some(Self {
                spanish: true,
                american: !region.is_empty() && !region.eq_ignore_ascii_case("es"),
            }),
            _ => None,
        }
    }

    fn number(self, number: u32, gender: Gender) -> Phrase {
        if self.spanish {
            spanish::number(number, gender)
        } else {
            english::number(number, self.american)
        }
    }
}

/// Which form a number takes in front of what it counts; English has one only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gender {
    /// Counting, naming: `veintiuno`.
    Alone,
    /// Before a masculine noun: `veintiún`.
    Masculine,
    /// Before a feminine noun: `veintiuna`.
    Feminine,
}

/// What amounts are said in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Currency {
    Euro,
    Dollar,
    Pound,
}

impl Currency {
    /// By the code of ISO 4217.
    fn of(code: &str) -> Option<Self> {
        Some(match code {
            "EUR" => Self::Euro,
            "USD" => Self::Dollar,
            "GBP" => Self::Pound,
            _ => return None,
        })
    }

    const fn code(self) -> &'static str {
        match self {
            Self::Euro => "eur",
            Self::Dollar => "usd",
            Self::Pound => "gbp",
        }
    }
}

/// How a value in a text is to be said: `amount(vars.total, "EUR")`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Form {
    Number(Gender),
    /// One by one, with a pause after so many; 0: none.
    Digits(usize),
    Amount(Currency),
    Minutes,
    Date {
        year: bool,
        zone: Option<TimeZone>,
    },
    Clock {
        zone: Option<TimeZone>,
    },
}

/// The functions that are forms.
pub(crate) const FORMS: [&str; 7] = [
    "number",
    "digits",
    "amount",
    "minutes",
    "date",
    "date_with_year",
    "clock",
];

/// What may stand beside the value.
pub(crate) enum Argument<'a> {
    Text(&'a str),
    Int(i64),
}

impl Form {
    /// The form by its name and what stands behind the value.
    ///
    /// # Errors
    /// What may stand there instead.
    pub(crate) fn of(name: &str, argument: Option<Argument<'_>>) -> Result<Self, String> {
        use Argument::{Int, Text};
        let zone = |argument| match argument {
            None => Ok(None),
            Some(Text(zone)) => match TimeZoneDatabase::bundled().get(zone) {
                Ok(zone) => Ok(Some(zone)),
                Err(_) => Err(format!(
                    "there is no time zone `{zone}`: write one such as \"Europe/Madrid\""
                )),
            },
            Some(Int(_)) => Err("a time zone is a text such as \"Europe/Madrid\"".to_owned()),
        };
        Ok(match (name, argument) {
            ("number", None) => Self::Number(Gender::Alone),
            ("number", Some(Text("masculine"))) => Self::Number(Gender::Masculine),
            ("number", Some(Text("feminine"))) => Self::Number(Gender::Feminine),
            ("number", Some(_)) => {
                return Err(
                    "behind a number stands \"masculine\" or \"feminine\", or nothing".to_owned(),
                );
            }
            ("digits", None) => Self::Digits(0),
            ("digits", Some(Int(group @ 1..=10))) => {
                Self::Digits(usize::try_from(group).unwrap_or(0))
            }
            ("digits", Some(_)) => {
                return Err("digits are said in groups of 1 to 10: `digits(x, 3)`".to_owned());
            }
            ("amount", Some(Text(code))) => Self::Amount(Currency::of(code).ok_or_else(|| {
                format!("amounts are said in \"EUR\", \"USD\" or \"GBP\", not in \"{code}\"")
            })?),
            ("amount", _) => {
                return Err("an amount needs its currency: `amount(x, \"EUR\")`".to_owned());
            }
            ("minutes", None) => Self::Minutes,
            ("minutes", Some(_)) => return Err("`minutes` takes one value alone".to_owned()),
            ("date", argument) => Self::Date {
                year: false,
                zone: zone(argument)?,
            },
            ("date_with_year", argument) => Self::Date {
                year: true,
                zone: zone(argument)?,
            },
            ("clock", argument) => Self::Clock {
                zone: zone(argument)?,
            },
            _ => return Err(format!("there is no form `{name}`")),
        })
    }

    /// Whether it makes a moment of a number of seconds, and does not know where.
    pub(crate) const fn lacks_zone(&self) -> bool {
        matches!(
            self,
            Self::Date { zone: None, .. } | Self::Clock { zone: None }
        )
    }

    /// Whether it is said of a moment.
    pub(crate) const fn of_moment(&self) -> bool {
        matches!(self, Self::Date { .. } | Self::Clock { .. })
    }

    /// The value as it is said; none: we do not know the grammar of this language.
    pub(crate) fn said(&self, value: &Value, language: &str) -> Result<Option<Phrase>, Failure> {
        let Some(tongue) = Tongue::of(language) else {
            return Ok(None);
        };
        Ok(Some(match self {
            Self::Number(gender) => signed(tongue, whole(value)?, *gender)?,
            Self::Digits(group) => digits(tongue, value, *group)?,
            Self::Amount(currency) => amount(tongue, cents(value)?, *currency)?,
            Self::Minutes => {
                let minutes = u32::try_from(whole(value)?);
                minutes_of(
                    tongue,
                    minutes.map_err(|_| "minutes are never fewer than none")?,
                )?
            }
            Self::Date { year, zone } => {
                let day = moment::day(value, zone.as_ref())?;
                let year = year.then(|| u32::try_from(day.year()).unwrap_or(0));
                let weekday = day.weekday().to_monday_one_offset();
                date(tongue, weekday, (day.month(), day.day()), year)
            }
            Self::Clock { zone } => {
                let (hour, minute) = moment::clock(value, zone.as_ref())?;
                clock(tongue, hour, minute)
            }
        }))
    }

    /// Every piece that any value may need, with its words; none: we do not know the grammar of this language.
    pub(crate) fn vocabulary(&self, language: &str) -> Option<BTreeMap<String, String>> {
        let tongue = Tongue::of(language)?;
        let mut all = BTreeMap::new();
        let mut take = |phrase: Phrase| {
            for piece in phrase.pieces {
                if let Some(name) = piece.name {
                    all.insert(name, piece.words.trim_end_matches('-').to_owned());
                }
            }
        };
        // Each word stands in one of these: the tails of thousands and millions repeat those below.
        let numbers = || {
            (0..=1_999)
                .chain((1..=999).map(|n| n * 1_000))
                .chain((1..=999).map(|n| n * 1_000_000))
        };
        match self {
            Self::Number(gender) => {
                numbers().for_each(|number| take(tongue.number(number, *gender)));
                take(minus(tongue));
            }
            Self::Digits(_) => (0..=9).for_each(|digit| take(tongue.number(digit, Gender::Alone))),
            Self::Amount(currency) => {
                let cents = numbers()
                    .map(|n| i64::from(n) * 100)
                    .chain(1..=199)
                    .chain([-1]);
                cents.for_each(|cents| {
                    if let Ok(phrase) = amount(tongue, cents, *currency) {
                        take(phrase);
                    }
                });
            }
            Self::Minutes => (0..=60 * 100).for_each(|minutes| {
                if let Ok(phrase) = minutes_of(tongue, minutes) {
                    take(phrase);
                }
            }),
            Self::Date { year, .. } => {
                for day in 1..=31 {
                    let (weekday, month) = ((day - 1) % WEEK + 1, (day - 1) % MONTHS + 1);
                    take(date(tongue, weekday, (month, day), None));
                }
                let years = if *year { 1_900..2_100 } else { 0..0 };
                years.for_each(|year| take(date(tongue, 1, (1, 1), Some(year))));
            }
            Self::Clock { .. } => {
                for hour in 0..24 {
                    (0..60).for_each(|minute| take(clock(tongue, hour, minute)));
                }
            }
        }
        Some(all)
    }
}

/// A word of a list by its place, from 0; none beyond its end.
fn word(list: &[&'static str], place: u32) -> &'static str {
    let place = usize::try_from(place).ok();
    place
        .and_then(|place| list.get(place))
        .copied()
        .unwrap_or("")
}

/// A number as it is said by itself; none: too large, or no grammar for this language.
#[must_use]
pub fn number(language: &str, number: i64) -> Option<Phrase> {
    signed(Tongue::of(language)?, number, Gender::Alone).ok()
}

fn signed(tongue: Tongue, number: i64, gender: Gender) -> Result<Phrase, Failure> {
    let size = number.unsigned_abs();
    if size > LARGEST.unsigned_abs() {
        return Err("a number is too large to be said");
    }
    let mut phrase = if number < 0 {
        minus(tongue)
    } else {
        Phrase::default()
    };
    phrase.then(tongue.number(u32::try_from(size).unwrap_or(0), gender));
    Ok(phrase)
}

/// `weekday` from 1, which is Monday; month and day.
fn date(tongue: Tongue, weekday: i8, day: (i8, i8), year: Option<u32>) -> Phrase {
    if tongue.spanish {
        spanish::date(weekday, day, year, tongue.american)
    } else {
        english::date(weekday, day, year, tongue.american)
    }
}

fn clock(tongue: Tongue, hour: i8, minute: i8) -> Phrase {
    if tongue.spanish {
        spanish::clock(hour, minute)
    } else {
        english::clock(hour, minute)
    }
}

fn minus(tongue: Tongue) -> Phrase {
    let mut phrase = Phrase::default();
    phrase.add(
        "numbers/minus",
        if tongue.spanish { "menos" } else { "minus" },
    );
    phrase
}

fn digits(tongue: Tongue, value: &Value, group: usize) -> Result<Phrase, Failure> {
    let text = value.text()?;
    let digits: Vec<u32> = text.chars().filter_map(|sign| sign.to_digit(10)).collect();
    let plain = |sign: char| {
        sign.is_ascii_digit() || matches!(sign, ' ' | '-' | '.' | '/' | '+' | '(' | ')')
    };
    if digits.is_empty() || digits.len() > MOST_DIGITS || !text.chars().all(plain) {
        return Err("a value that is to be said digit by digit is none, or too long");
    }
    let mut phrase = Phrase::default();
    for (place, digit) in digits.into_iter().enumerate() {
        if group > 0 && place > 0 && place.is_multiple_of(group) {
            phrase.pause();
        }
        phrase.then(tongue.number(digit, Gender::Alone));
    }
    Ok(phrase)
}

fn amount(tongue: Tongue, cents: i64, currency: Currency) -> Result<Phrase, Failure> {
    let size = cents.unsigned_abs();
    let units = u32::try_from(size / 100).ok();
    let units = units.filter(|units| i64::from(*units) <= LARGEST);
    let units = units.ok_or("an amount is too large to be said")?;
    let small = u32::try_from(size % 100).unwrap_or(0);
    let mut phrase = if cents < 0 {
        minus(tongue)
    } else {
        Phrase::default()
    };
    let (money, feminine) = if tongue.spanish {
        (spanish::money(currency), currency == Currency::Pound)
    } else {
        (english::money(currency), false)
    };
    let code = currency.code();
    if units > 0 || small == 0 {
        let gender = if feminine {
            Gender::Feminine
        } else {
            Gender::Masculine
        };
        phrase.then(tongue.number(units, gender));
        if tongue.spanish && units > 0 && units.is_multiple_of(1_000_000) {
            phrase.add("money/de", "de");
        }
        let (end, word) = one_or_many(units, money.0, money.1);
        phrase.add(format!("money/{code}-{end}"), word);
    }
    if small > 0 {
        if units > 0 {
            let (name, word) = if tongue.spanish {
                ("money/con", "con")
            } else {
                ("numbers/and", "and")
            };
            phrase.add(name, word);
        }
        phrase.then(tongue.number(small, Gender::Masculine));
        let (end, word) = one_or_many(small, money.2, money.3);
        phrase.add(format!("money/{code}-cent-{end}"), word);
    }
    Ok(phrase)
}

fn minutes_of(tongue: Tongue, minutes: u32) -> Result<Phrase, Failure> {
    let (hours, rest) = (minutes / 60, minutes % 60);
    if hours > 99 {
        return Err("a time is too long to be said in minutes");
    }
    let mut phrase = Phrase::default();
    let words = if tongue.spanish {
        ["hora", "horas", "minuto", "minutos"]
    } else {
        ["hour", "hours", "minute", "minutes"]
    };
    let [hour, hours_word, minute, minutes_word] = words;
    if hours > 0 {
        phrase.then(tongue.number(hours, Gender::Feminine));
        let (end, word) = one_or_many(hours, hour, hours_word);
        phrase.add(format!("times/hour-{end}"), word);
        if rest > 0 {
            let (name, word) = if tongue.spanish {
                ("numbers/y", "y")
            } else {
                ("numbers/and", "and")
            };
            phrase.add(name, word);
        }
    }
    if rest > 0 || hours == 0 {
        phrase.then(tongue.number(rest, Gender::Masculine));
        let (end, word) = one_or_many(rest, minute, minutes_word);
        phrase.add(format!("times/minute-{end}"), word);
    }
    Ok(phrase)
}

const fn one_or_many<'w>(count: u32, one: &'w str, many: &'w str) -> (&'static str, &'w str) {
    if count == 1 { ("1", one) } else { ("n", many) }
}

fn whole(value: &Value) -> Result<i64, Failure> {
    const NONE: Failure = "a value that is to be said as a number is none";
    match value {
        Value::Int(number) | Value::Duration(number) => Ok(*number),
        Value::Text(text) => text.trim().parse().map_err(|_| NONE),
        Value::Number(number)
            if number.get().fract() == 0.0 && number.get().abs() <= LARGEST as f64 =>
        {
            Ok(number.get() as i64)
        }
        _ => Err(NONE),
    }
}

/// Hundredths, rounded to the nearest.
fn cents(value: &Value) -> Result<i64, Failure> {
    const NONE: Failure = "a value that is to be said as an amount is none";
    match value {
        Value::Int(units) => units.checked_mul(100).ok_or(NONE),
        Value::Number(number) if number.get().abs() <= LARGEST as f64 => {
            Ok((number.get() * 100.0).round() as i64)
        }
        Value::Text(text) => written_cents(text.trim()).ok_or(NONE),
        _ => Err(NONE),
    }
}

/// `-12.5`, `12.50`: with a point, at most two digits behind it.
fn written_cents(text: &str) -> Option<i64> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let (units, cents) = text.split_once('.').unwrap_or((text, "0"));
    let plain = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !plain(units, 9) || !plain(cents, 2) {
        return None;
    }
    let scale = if cents.len() == 1 { 10 } else { 1 };
    let (units, cents): (i64, i64) = (units.parse().ok()?, cents.parse().ok()?);
    Some(sign * (units * 100 + cents * scale))
}
