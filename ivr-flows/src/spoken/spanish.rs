//! Spanish: of Spain, and of America where that differs.
//!
//! **Owns**: its words, their gender and their short forms. **Must not know**: expressions.

use super::{Currency, Gender, Phrase, word};

const BELOW_30: [&str; 30] = [
    "cero",
    "uno",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciséis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
    "veinte",
    "veintiuno",
    "veintidós",
    "veintitrés",
    "veinticuatro",
    "veinticinco",
    "veintiséis",
    "veintisiete",
    "veintiocho",
    "veintinueve",
];
const TENS: [&str; 10] = [
    "",
    "diez",
    "veinte",
    "treinta",
    "cuarenta",
    "cincuenta",
    "sesenta",
    "setenta",
    "ochenta",
    "noventa",
];
/// Without the ending.
const HUNDREDS: [&str; 10] = [
    "",
    "cient",
    "doscient",
    "trescient",
    "cuatrocient",
    "quinient",
    "seiscient",
    "setecient",
    "ochocient",
    "novecient",
];
const MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];
const DAYS: [&str; 7] = [
    "lunes",
    "martes",
    "miércoles",
    "jueves",
    "viernes",
    "sábado",
    "domingo",
];

/// Up to 999,999,999.
pub(super) fn number(number: u32, gender: Gender) -> Phrase {
    let mut phrase = Phrase::default();
    let (millions, thousands, rest) = (number / 1_000_000, number / 1_000 % 1_000, number % 1_000);
    if millions > 0 {
        // A million is masculine, whatever is counted.
        below_1000(&mut phrase, millions, Gender::Masculine, Gender::Masculine);
        if millions == 1 {
            phrase.add("numbers/millon", "millón");
        } else {
            phrase.add("numbers/millones", "millones");
        }
    }
    if thousands > 0 {
        if thousands > 1 {
            // `doscientas veintiún mil libras`: hundreds agree, what stands before `mil` is short.
            below_1000(&mut phrase, thousands, gender, Gender::Masculine);
        }
        phrase.add("numbers/mil", "mil");
    }
    if rest > 0 || number == 0 {
        below_1000(&mut phrase, rest, gender, gender);
    }
    phrase
}

fn below_1000(phrase: &mut Phrase, number: u32, hundreds_as: Gender, units_as: Gender) {
    let (hundreds, rest) = (number / 100, number % 100);
    match (hundreds, rest) {
        (0, _) => {}
        (1, 0) => phrase.add("numbers/100", "cien"),
        (1, _) => phrase.add("numbers/ciento", "ciento"),
        (_, _) => {
            let stem = word(&HUNDREDS, hundreds);
            if hundreds_as == Gender::Feminine {
                phrase.add(format!("numbers/{stem}as"), &format!("{stem}as"));
            } else {
                phrase.add(format!("numbers/{}", hundreds * 100), &format!("{stem}os"));
            }
        }
    }
    if rest > 0 || hundreds == 0 {
        below_100(phrase, rest, units_as);
    }
}

fn below_100(phrase: &mut Phrase, number: u32, gender: Gender) {
    match (number, gender) {
        (1, Gender::Masculine) => phrase.add("numbers/un", "un"),
        (1, Gender::Feminine) => phrase.add("numbers/una", "una"),
        (21, Gender::Masculine) => phrase.add("numbers/veintiun", "veintiún"),
        (21, Gender::Feminine) => phrase.add("numbers/veintiuna", "veintiuna"),
        (0..30, _) => phrase.add(format!("numbers/{number}"), word(&BELOW_30, number)),
        _ => {
            let (ten, unit) = (number / 10, number % 10);
            phrase.add(format!("numbers/{}", ten * 10), word(&TENS, ten));
            if unit > 0 {
                phrase.add("numbers/y", "y");
                below_100(phrase, unit, gender);
            }
        }
    }
}

/// One and many of the unit, then of its hundredth.
pub(super) const fn money(
    currency: Currency,
) -> (&'static str, &'static str, &'static str, &'static str) {
    match currency {
        Currency::Euro => ("euro", "euros", "céntimo", "céntimos"),
        Currency::Dollar => ("dólar", "dólares", "centavo", "centavos"),
        Currency::Pound => ("libra", "libras", "penique", "peniques"),
    }
}

/// `lunes veintitrés de noviembre`; the first day is `uno` in Spain and `primero` in America.
pub(super) fn date(
    weekday: i8,
    (month, day): (i8, i8),
    year: Option<u32>,
    american: bool,
) -> Phrase {
    let plain = |number: i8| u32::try_from(number).unwrap_or(1);
    let at = |number: i8| plain(number).saturating_sub(1);
    let mut phrase = Phrase::default();
    phrase.add(format!("dates/day-{weekday}"), word(&DAYS, at(weekday)));
    if day == 1 && american {
        phrase.add("dates/primero", "primero");
    } else {
        below_100(&mut phrase, plain(day), Gender::Alone);
    }
    phrase.add("dates/de", "de");
    phrase.add(format!("dates/month-{month}"), word(&MONTHS, at(month)));
    if let Some(year) = year {
        phrase.add("dates/de", "de");
        phrase.then(number(year, Gender::Alone));
    }
    phrase
}

/// `las diez y cuarto de la mañana`, `la una y media de la tarde`.
pub(super) fn clock(hour: i8, minute: i8) -> Phrase {
    let mut phrase = Phrase::default();
    let on_dial = u32::try_from(hour).unwrap_or(0) % 12;
    let on_dial = if on_dial == 0 { 12 } else { on_dial };
    if on_dial == 1 {
        phrase.add("times/la", "la");
    } else {
        phrase.add("times/las", "las");
    }
    below_100(&mut phrase, on_dial, Gender::Feminine);
    let minute = u32::try_from(minute).unwrap_or(0);
    if minute > 0 {
        phrase.add("numbers/y", "y");
    }
    match minute {
        0 => {}
        15 => phrase.add("times/cuarto", "cuarto"),
        30 => phrase.add("times/media", "media"),
        _ => below_100(&mut phrase, minute, Gender::Alone),
    }
    let (name, words) = match hour {
        1..=5 => ("times/de-la-madrugada", "de la madrugada"),
        6..=11 => ("times/de-la-manana", "de la mañana"),
        12 => ("times/del-mediodia", "del mediodía"),
        13..=20 => ("times/de-la-tarde", "de la tarde"),
        _ => ("times/de-la-noche", "de la noche"),
    };
    phrase.add(name, words);
    phrase
}
