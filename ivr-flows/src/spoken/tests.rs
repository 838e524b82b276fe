//! What is said, against what somebody who speaks the language says, and against a reader of words that shares no code
//! with the writer.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{Argument, FORMS, Form, number};
use crate::flow::{Number, Value};

/// `FORM(VALUE[, WORD]) = WORDS`, a line each.
const ENGLISH: &str = include_str!("english.txt");
const SPANISH: &str = include_str!("spanish.txt");

/// A line of a table as form and value.
fn asked(text: &str) -> (Form, Value) {
    let (name, rest) = text.split_once('(').unwrap();
    assert!(FORMS.contains(&name), "{text}");
    let inside = rest.strip_suffix(')').unwrap();
    let (value, argument) = match inside.split_once(", ") {
        Some((value, argument)) => (value, Some(argument)),
        None => (inside, None),
    };
    let argument = argument.map(|argument| match argument.parse() {
        Ok(number) => Argument::Int(number),
        Err(_) => Argument::Text(argument),
    });
    let value = match (value.parse::<i64>(), value.parse::<f64>()) {
        (Ok(whole), _) if name != "digits" => Value::Int(whole),
        (_, Ok(number)) if name == "amount" => Value::Number(Number::new(number).unwrap()),
        _ => Value::Text(value.to_owned()),
    };
    (Form::of(name, argument).unwrap(), value)
}

fn table(text: &str, language: &str) {
    let mut lines = 0;
    let mut region = language.to_owned();
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if let Some(other) = line.strip_prefix("language ") {
            region = other.to_owned();
            continue;
        }
        let (asks, words) = line.split_once(" = ").unwrap();
        let (form, value) = asked(asks);
        let phrase = form
            .said(&value, &region)
            .unwrap_or_else(|why| panic!("{asks}: {why}"));
        let phrase = phrase.unwrap();
        assert_eq!(phrase.text(), words, "{asks} in {region}");
        let known = form.vocabulary(&region).unwrap();
        for piece in phrase.pieces {
            let Some(name) = piece.name else { continue };
            let expected = piece.words.trim_end_matches('-');
            assert_eq!(
                known.get(&name).map(String::as_str),
                Some(expected),
                "{asks}: {name}"
            );
        }
        lines += 1;
    }
    assert!(lines >= 100, "{lines} lines");
}

#[test]
fn english_is_said_as_people_say_it() {
    table(ENGLISH, "en");
}

#[test]
fn spanish_is_said_as_people_say_it() {
    table(SPANISH, "es");
}

const SMALL: [(&str, u64); 57] = [
    ("zero", 0),
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("eleven", 11),
    ("twelve", 12),
    ("thirteen", 13),
    ("fourteen", 14),
    ("fifteen", 15),
    ("sixteen", 16),
    ("seventeen", 17),
    ("eighteen", 18),
    ("nineteen", 19),
    ("twenty", 20),
    ("thirty", 30),
    ("forty", 40),
    ("fifty", 50),
    ("sixty", 60),
    ("seventy", 70),
    ("eighty", 80),
    ("ninety", 90),
    ("cero", 0),
    ("un", 1),
    ("uno", 1),
    ("una", 1),
    ("dos", 2),
    ("tres", 3),
    ("cuatro", 4),
    ("cinco", 5),
    ("seis", 6),
    ("siete", 7),
    ("ocho", 8),
    ("nueve", 9),
    ("diez", 10),
    ("once", 11),
    ("doce", 12),
    ("trece", 13),
    ("catorce", 14),
    ("quince", 15),
    ("dieci", 10),
    ("veinte", 20),
    ("veinti", 20),
    ("treinta", 30),
    ("cuarenta", 40),
    ("cincuenta", 50),
    ("sesenta", 60),
    ("setenta", 70),
    ("ochenta", 80),
    ("noventa", 90),
    ("cien", 100),
];

/// A word's value, and whether it multiplies what stands before it.
fn heard(word: &str) -> Option<(u64, bool)> {
    let small = |word: &str| {
        SMALL
            .iter()
            .find(|(name, _)| *name == word)
            .map(|(_, value)| *value)
    };
    let plain = word.replace('é', "e").replace('ó', "o").replace('ú', "u");
    match plain.as_str() {
        "hundred" => return Some((100, true)),
        "thousand" | "mil" => return Some((1_000, true)),
        "million" | "millon" | "millones" => return Some((1_000_000, true)),
        "ciento" => return Some((100, false)),
        "quinientos" | "quinientas" => return Some((500, false)),
        "setecientos" | "setecientas" => return Some((700, false)),
        "novecientos" | "novecientas" => return Some((900, false)),
        _ => {}
    }
    if let Some(value) = small(&plain) {
        return Some((value, false));
    }
    for start in ["dieci", "veinti"] {
        if let Some(rest) = plain.strip_prefix(start) {
            return Some((small(start)? + small(rest)?, false));
        }
    }
    let stem = plain
        .strip_suffix("cientos")
        .or_else(|| plain.strip_suffix("cientas"))?;
    Some((small(stem)? * 100, false))
}

/// The number that words mean.
fn read(words: &str) -> u64 {
    let (mut whole, mut part) = (0, 0);
    for word in words
        .split([' ', '-'])
        .filter(|word| !["and", "y"].contains(word))
    {
        match heard(word).unwrap_or_else(|| panic!("{word} in {words}")) {
            (100, true) => part *= 100,
            (1_000, true) => {
                whole += part.max(1) * 1_000;
                part = 0;
            }
            (unit, true) => {
                whole = (whole + part) * unit;
                part = 0;
            }
            (value, false) => {
                // Smaller ones follow larger ones, and nothing is said twice.
                assert!(
                    part == 0 || value < 10 && part % 10 == 0 || value < 100 && part % 100 == 0,
                    "{words}"
                );
                part += value;
            }
        }
    }
    whole + part
}

fn comes_back(value: u64) {
    let signed = Value::Int(i64::try_from(value).unwrap());
    for language in ["en", "en-US", "es", "es-MX"] {
        for word in [None, Some("masculine"), Some("feminine")] {
            let form = Form::of("number", word.map(Argument::Text)).unwrap();
            let text = form.said(&signed, language).unwrap().unwrap().text();
            assert_eq!(read(&text), value, "{language}: {text}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn every_number_is_read_back(value in 0_u64..=999_999_999) {
        comes_back(value);
    }

    #[test]
    fn round_numbers_are_read_back(millions in 0_u64..1_000, thousands in 0_u64..1_000, rest in 0_u64..1_000,
                                   kept in 0_u8..8) {
        let take = |bit: u8, value: u64| if kept & bit == 0 { 0 } else { value };
        comes_back(take(1, millions) * 1_000_000 + take(2, thousands) * 1_000 + take(4, rest));
    }

    #[test]
    fn any_value_is_said_or_refused(text in "\\PC{0,40}", number in any::<i64>(), fraction in any::<f64>()) {
        for name in FORMS {
            let argument = if name == "amount" { Some(Argument::Text("GBP")) } else { None };
            let form = Form::of(name, argument).unwrap();
            let fraction = Number::new(fraction).map(Value::Number);
            for value in [Value::Text(text.clone()), Value::Int(number), Value::Time(number)].into_iter().chain(fraction) {
                for language in ["en", "es"] {
                    let _ = form.said(&value, language);
                }
            }
        }
    }
}

#[test]
fn the_first_hundred_thousand_and_all_thousands_are_read_back() {
    (0..=20_000)
        .chain((1..1_000).map(|n| n * 1_000 + 21))
        .for_each(comes_back);
}

#[test]
fn genders_stand_where_they_belong() {
    let said = |value: i64, word: &'static str| {
        let form = Form::of("number", Some(Argument::Text(word))).unwrap();
        form.said(&Value::Int(value), "es").unwrap().unwrap().text()
    };
    for value in (1..=99_999).filter(|value| value % 10 == 1 && value % 100 != 11) {
        let (masculine, feminine) = (said(value, "masculine"), said(value, "feminine"));
        assert!(
            masculine.ends_with("un") || masculine.ends_with("ún"),
            "{masculine}"
        );
        assert!(feminine.ends_with("una"), "{feminine}");
        assert!(
            !masculine.contains("una") && !masculine.contains("uno "),
            "{masculine}"
        );
    }
}

#[test]
fn what_cannot_be_said_is_refused_with_the_reason() {
    for (asks, why) in [
        ("number(1000000000)", "too large"),
        ("number(seven)", "as a number is none"),
        ("amount(12.345x, EUR)", "as an amount is none"),
        ("amount(99999999999, EUR)", "too large"),
        ("minutes(-1)", "never fewer"),
        ("minutes(6000)", "too long"),
        ("digits(12a)", "digit by digit"),
        ("date(tomorrow)", "as a date is none"),
        ("date(2026-02-30)", "as a date is none"),
        ("date(1795433400)", "time zone"),
        ("clock(25:00)", "time of day"),
        ("clock(1795433400)", "time zone"),
    ] {
        let (form, value) = asked(asks);
        for language in ["en", "es"] {
            let refused = form.said(&value, language).unwrap_err();
            assert!(refused.contains(why), "{asks}: {refused}");
        }
    }
    assert!(number("fr", 7).is_none());
    assert!(number("en", i64::MIN).is_none());
    for (name, argument) in [
        ("amount", None),
        ("amount", Some(Argument::Text("XYZ"))),
        ("digits", Some(Argument::Int(0))),
        ("number", Some(Argument::Text("plural"))),
        ("date", Some(Argument::Text("Mars/Olympus"))),
        ("minutes", Some(Argument::Int(3))),
    ] {
        assert!(Form::of(name, argument).is_err(), "{name}");
    }
}

#[test]
fn each_recording_has_one_name_and_one_name_one_recording() {
    for language in ["en", "en-US", "es", "es-MX"] {
        let forms = [
            ("number", Some("feminine")),
            ("number", None),
            ("amount", Some("EUR")),
            ("amount", Some("GBP")),
            ("amount", Some("USD")),
            ("minutes", None),
            ("date_with_year", None),
            ("clock", None),
        ];
        let mut all = std::collections::BTreeMap::new();
        for (name, argument) in forms {
            let form = Form::of(name, argument.map(Argument::Text)).unwrap();
            for (name, words) in form.vocabulary(language).unwrap() {
                assert!(name.is_ascii() && !words.is_empty(), "{name}");
                assert_eq!(
                    *all.entry(name.clone()).or_insert_with(|| words.clone()),
                    words,
                    "{language}: {name}"
                );
            }
        }
        let folders: BTreeSet<&str> = all
            .keys()
            .map(|name| name.split('/').next().unwrap())
            .collect();
        assert_eq!(
            folders,
            BTreeSet::from(["dates", "money", "numbers", "times"])
        );
        assert!(all.len() < 200, "{language}: {}", all.len());
    }
}
