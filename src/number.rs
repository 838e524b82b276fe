//! Telephone numbers: from what a network sends or a person types to one form of each number.
//!
//! **Owns**: normalisation; this is the only file that knows the country tables of `phonenumber`.
//! **Must not know**: which numbers are ours, customers, SIP beyond the user part of a URI.

use phonenumber::country;
use phonenumber::metadata::DATABASE;
use router::PhoneNumber;
use std::str::FromStr;

/// Digits without a country code up to this length are an internal number or a short code and stay as they are.
pub const LONGEST_EXTENSION: usize = 6;
/// E.164: at most 15 digits with the country code.
const LONGEST_E164: usize = 15;
/// More countries than this share a code only in North America.
const FEW_COUNTRIES: usize = 4;
/// Shorter than this, digits after `+` are no subscriber's number.
const SHORTEST_E164: usize = 7;

/// Reads the country tables, which takes some 80 ms once: at the start, so that the first caller does not wait.
pub fn warm_up() {
    let _ = normalise("+34600000000", Some("ES"));
}

/// Whether `code` is an ISO 3166 country code with a numbering plan, such as `ES`.
#[must_use]
pub fn is_country(code: &str) -> bool {
    country::Id::from_str(code).is_ok()
}

/// One form for each number: `+34910000000` for public numbers (national ones by `country`, an ISO 3166 code),
/// plain digits for extensions and for what cannot be placed in a country. Takes numbers as people type them, user
/// parts and whole `sip:` and `tel:` URIs. `None` when there is no number: withheld, anonymous, a name, a feature
/// code.
#[must_use]
pub fn normalise(raw: &str, country: Option<&str>) -> Option<PhoneNumber> {
    normalise_user(&user_part(raw), country)
}

/// The same of a user part as SIP hands it on, whose escapes are undone already: undoing them again would let
/// `%2539000` mean 9000 (RFC 4475 3.1.1.3).
#[must_use]
pub fn normalise_user(user: &str, country: Option<&str>) -> Option<PhoneNumber> {
    let (plus, digits) = digits(without_parameters(user))?;
    if plus {
        return international(&digits).map(PhoneNumber::from_normalised);
    }
    if digits.len() <= LONGEST_EXTENSION {
        return Some(PhoneNumber::from_normalised(digits));
    }
    let country = country.and_then(|code| country::Id::from_str(&code.to_ascii_uppercase()).ok());
    let number = country
        .and_then(|country| valid(Some(country), &digits))
        .or_else(|| international(digits.strip_prefix("00")?))
        // Some carriers leave the plus away; only a number that its country's table knows is taken so.
        .or_else(|| valid(None, &format!("+{digits}")).filter(|_| country.is_some()))
        .or_else(|| national(country?, &digits))
        .unwrap_or(digits);
    (number.len() <= 2 * LONGEST_E164).then(|| PhoneNumber::from_normalised(number))
}

/// Whether a number in its international form costs more than a call: premium rate, by its country's tables.
#[must_use]
pub fn is_premium(number: &PhoneNumber) -> bool {
    phonenumber::parse(None, number.reveal())
        .is_ok_and(|parsed| parsed.number_type(&DATABASE) == phonenumber::Type::PremiumRate)
}

/// Whether the dialled user part, its escapes undone, means `number`, which is normalised.
#[must_use]
pub fn matches(number: &PhoneNumber, dialed: &str, country: Option<&str>) -> bool {
    without_parameters(dialed) == number.reveal()
        || normalise_user(dialed, country).is_some_and(|dialed| dialed == *number)
}

/// A telephone number in a user part may carry parameters (RFC 3261 19.1.6).
fn without_parameters(user: &str) -> &str {
    user.split(';').next().unwrap_or(user)
}

/// The user part of a URI without parameters, percent-decoded; anything else as it is.
fn user_part(raw: &str) -> String {
    let raw = raw.trim();
    let rest = ["sip:", "sips:", "tel:"]
        .iter()
        .find_map(|scheme| {
            let (head, rest) = raw.split_at_checked(scheme.len())?;
            head.eq_ignore_ascii_case(scheme).then_some(rest)
        })
        .unwrap_or(raw);
    let end = rest.find(['@', ';', '?']).unwrap_or(rest.len());
    percent_decode(rest.get(..end).unwrap_or(rest))
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|h| std::str::from_utf8(h).ok());
        let decoded = hex
            .filter(|h| *first == b'%' && h.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        match decoded {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether it begins with a plus, and its digits without the signs that people put between them.
fn digits(user: &str) -> Option<(bool, String)> {
    let user = user.trim();
    let plus = user.starts_with('+');
    // "+44 (0)20 …": the zero in brackets is for callers inside the country.
    let text = if plus {
        user.replacen("(0)", "", 1)
    } else {
        user.to_owned()
    };
    let rest = text.strip_prefix('+').unwrap_or(&text);
    let mut digits = String::with_capacity(rest.len());
    for sign in rest.chars() {
        match sign {
            '0'..='9' => digits.push(sign),
            ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' => {}
            _ => return None,
        }
    }
    (!digits.is_empty()).then_some((plus, digits))
}

/// `+` and the digits when they can be a number of some country, as the table writes it when it knows it.
fn international(digits: &str) -> Option<String> {
    let plain = format!("+{digits}");
    let possible =
        (SHORTEST_E164..=LONGEST_E164).contains(&digits.len()) && !digits.starts_with('0');
    if !possible {
        return None;
    }
    let as_it_is = is_without_trunk_prefix(digits);
    Some(if as_it_is {
        plain
    } else {
        valid(None, &plain).unwrap_or(plain)
    })
}

/// Whether the digits behind the country's code cannot begin with what its people dial before a number. Then the table
/// changes nothing, and asking it for all kinds of numbers, some 60 us each, is not needed. This is how nearly every
/// number comes that a network sends.
fn is_without_trunk_prefix(digits: &str) -> bool {
    let country = (1..=3).find_map(|length| {
        let (code, rest) = digits.split_at_checked(length)?;
        Some((DATABASE.by_code(&code.parse::<u16>().ok()?)?, rest))
    });
    country.is_some_and(|(countries, rest)| {
        countries.len() <= FEW_COUNTRIES
            && countries.iter().all(|country| {
                let begins = |prefix: &str| rest.starts_with(prefix);
                !country.national_prefix().is_some_and(begins)
                    && country
                        .national_prefix_for_parsing()
                        .is_none_or(|prefix| prefix.find(rest).is_none())
            })
    })
}

/// A number with its country's trunk zero that the table does not know, such as a range given out lately.
fn national(country: country::Id, digits: &str) -> Option<String> {
    if !digits.starts_with('0') || digits.starts_with("00") {
        return None;
    }
    phonenumber::parse(Some(country), digits).ok().map(e164)
}

fn valid(country: Option<country::Id>, text: &str) -> Option<String> {
    let number = phonenumber::parse(country, text).ok()?;
    number.is_valid().then(|| e164(number))
}

fn e164(number: phonenumber::PhoneNumber) -> String {
    number.format().mode(phonenumber::Mode::E164).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &str, country: Option<&str>) -> Option<String> {
        normalise(raw, country).map(|n| n.reveal().to_owned())
    }

    /// Every country code, numbers with and without what may be dialled before them.
    #[test]
    fn the_short_way_leads_where_the_table_does() {
        let mut state = 7_u64;
        let mut random = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let (mut short, mut all) = (0, 0);
        for code in 1_u16..1_000 {
            if DATABASE.by_code(&code).is_none() {
                continue;
            }
            for _ in 0..12 {
                let length = 6 + random(6);
                let first = [0, 1, 8, 9, 3, 6, 7, 2][random(8) as usize];
                let rest: String = (1..length).map(|_| random(10).to_string()).collect();
                let digits = format!("{code}{first}{rest}");
                let plain = format!("+{digits}");
                let by_table = valid(None, &plain).unwrap_or_else(|| plain.clone());
                all += 1;
                if is_without_trunk_prefix(&digits) {
                    short += 1;
                    assert_eq!(by_table, plain);
                }
            }
        }
        assert!(all > 2_000 && short > all / 3, "{short} of {all}");
    }

    #[test]
    fn one_form_of_each_number() {
        let table = [
            ("+34 600 111 222", None, Some("+34600111222")),
            ("600111222", Some("ES"), Some("+34600111222")),
            ("0034600111222", Some("ES"), Some("+34600111222")),
            ("34600111222", Some("ES"), Some("+34600111222")),
            ("910 000 000", Some("es"), Some("+34910000000")),
            ("020 7946 0018", Some("GB"), Some("+442079460018")),
            ("+44 (0)20 7946 0018", Some("ES"), Some("+442079460018")),
            ("07700 900123", Some("GB"), Some("+447700900123")),
            ("(212) 555-2368", Some("US"), Some("+12125552368")),
            ("12125552368", Some("US"), Some("+12125552368")),
            ("011442079460018", Some("US"), Some("+442079460018")),
            ("030 901820", Some("DE"), Some("+4930901820")),
            ("0151 23456789", Some("DE"), Some("+4915123456789")),
            ("+4930901820", Some("US"), Some("+4930901820")),
            (
                "sip:+34600111222@carrier.example;user=phone",
                None,
                Some("+34600111222"),
            ),
            (
                "sip:%2B34600111222@carrier.example",
                None,
                Some("+34600111222"),
            ),
            (
                "tel:+34-600-111-222;phone-context=x",
                None,
                Some("+34600111222"),
            ),
            ("9000", Some("ES"), Some("9000")),
            ("sip:2001@cordboard.localhost", Some("DE"), Some("2001")),
            ("112", Some("ES"), Some("112")),
            ("600111222", None, Some("600111222")),
            ("0034600111222", None, Some("+34600111222")),
            ("+34910000000", Some("ES"), Some("+34910000000")),
        ];
        for (raw, country, wanted) in table {
            assert_eq!(
                text(raw, country).as_deref(),
                wanted,
                "{raw} in {country:?}"
            );
        }
    }

    #[test]
    fn no_number_is_none() {
        for raw in [
            "",
            " ",
            "+",
            "anonymous",
            "sip:anonymous@anonymous.invalid",
            "Restricted",
            "unavailable",
            "ana",
            "*60",
            "sip:",
            "+123",
            "+0123456789",
            "%",
            "%zz",
            "+1234567890123456",
            "9000x",
        ] {
            assert_eq!(text(raw, Some("ES")), None, "{raw}");
        }
        assert_eq!(text(&"9".repeat(4000), Some("ES")), None);
    }

    #[test]
    fn normalising_twice_changes_nothing() {
        for (raw, country) in [("600111222", "ES"), ("020 7946 0018", "GB"), ("9000", "US")] {
            let once = normalise(raw, Some(country)).unwrap();
            assert_eq!(normalise(once.reveal(), Some(country)), Some(once));
        }
    }

    #[test]
    fn dialled_numbers_match_in_every_writing() {
        let ours = PhoneNumber::from_normalised("+34910000000");
        for dialed in ["+34910000000", "0034910000000", "910000000", "34910000000"] {
            assert!(matches(&ours, dialed, Some("ES")), "{dialed}");
        }
        assert!(!matches(&ours, "910000001", Some("ES")));
        let short = PhoneNumber::from_normalised("9000");
        assert!(matches(&short, "9000", None));
        assert!(!matches(&short, "90001", None));
        assert!(matches(&short, "9000;phone-context=example.com", None));
        for twice in [
            "%39000",
            "sip:9000@example.com",
            "tel:9000",
            "9000@example.com",
            "9000?a=b",
        ] {
            assert!(
                !matches(&short, twice, None),
                "{twice} is no number of ours"
            );
        }
    }

    #[test]
    fn countries() {
        assert!(is_country("ES"));
        assert!(!is_country("XX"));
        assert!(!is_country("Spain"));
    }
}
