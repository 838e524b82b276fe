//! What small steps and fields say: `notify`, and of `collect` its `format` and `confirm`.
//!
//! **Owns**: their forms, and whether digits have a format. **Must not know**: who typed them.

use super::{Name, Saying};
use crate::expression::Template;

/// A named event for whoever listens.
#[derive(Clone, Debug)]
pub(crate) struct Notify {
    pub(crate) name: Name,
    pub(crate) data: Vec<(String, Template)>,
}

/// Reads back what was typed, and asks whether it is right.
#[derive(Clone, Debug)]
pub(crate) struct Confirm {
    pub(crate) prompt: Vec<Saying>,
    /// It is right.
    pub(crate) accept: char,
    /// It is typed again.
    pub(crate) again: char,
}

/// What digits must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// A telephone number: 7 to 15 digits (E.164), or with `00` before them.
    Phone,
    /// A day that exists, as `DDMMYYYY`.
    Date,
    /// A card's number: 12 to 19 digits whose last one fits the others (ISO/IEC 7812, Luhn).
    CardLuhn,
}

impl Format {
    pub(crate) const ALL: [Self; 3] = [Self::Phone, Self::Date, Self::CardLuhn];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Date => "date",
            Self::CardLuhn => "card-luhn",
        }
    }

    /// Fewest and most digits that can have it.
    pub(crate) const fn lengths(self) -> (usize, usize) {
        match self {
            Self::Phone => (7, 17),
            Self::Date => (8, 8),
            Self::CardLuhn => (12, 19),
        }
    }

    /// Whether these digits have it.
    pub(crate) fn fits(self, digits: &str) -> bool {
        let (least, most) = self.lengths();
        if !(least..=most).contains(&digits.len()) {
            return false;
        }
        match self {
            Self::Phone => match digits.strip_prefix("00") {
                Some(rest) => (7..=15).contains(&rest.len()) && !rest.starts_with('0'),
                None => digits.len() <= 15,
            },
            Self::Date => date(digits),
            Self::CardLuhn => luhn(digits),
        }
    }
}

/// `DDMMYYYY`.
fn date(digits: &str) -> bool {
    let part = |from: usize, to: usize| digits.get(from..to)?.parse::<u32>().ok();
    let (Some(day), Some(month), Some(year)) = (part(0, 2), part(2, 4), part(4, 8)) else {
        return false;
    };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    year > 0 && (1..=days).contains(&day)
}

/// Every second digit from the right doubled, the digits of all of it added up: a multiple of ten.
fn luhn(digits: &str) -> bool {
    let mut sum = 0_u32;
    for (place, sign) in digits.chars().rev().enumerate() {
        let Some(digit) = sign.to_digit(10) else {
            return false;
        };
        let doubled = digit.saturating_mul(2);
        sum = sum.saturating_add(match (place % 2, doubled) {
            (0, _) => digit,
            (_, 10..) => doubled.saturating_sub(9),
            _ => doubled,
        });
    }
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn digits_have_their_format_or_not() {
        for (format, digits, fits) in [
            (Format::Phone, "600111222", true),
            (Format::Phone, "0034600111222", true),
            (Format::Phone, "000346001112", false),
            (Format::Phone, "1234567890123456", false),
            (Format::Phone, "123456", false),
            (Format::Date, "29022028", true),
            (Format::Date, "29022027", false),
            (Format::Date, "29022100", false),
            (Format::Date, "31042026", false),
            (Format::Date, "00012026", false),
            (Format::Date, "01132026", false),
            (Format::Date, "01010000", false),
            (Format::Date, "3112202", false),
            // Numbers that card schemes give out for tests.
            (Format::CardLuhn, "4111111111111111", true),
            (Format::CardLuhn, "378282246310005", true),
            (Format::CardLuhn, "4111111111111112", false),
            (Format::CardLuhn, "41111111111", false),
        ] {
            assert_eq!(format.fits(digits), fits, "{} {digits}", format.as_str());
        }
    }
}
