//! Names, numbers, durations and truth values.
//!
//! **Owns**: how a scalar is understood, with its limits.
//! **Must not know**: where in a flow it stands.

use std::time::Duration;

use super::{Reader, shortened};
use crate::flow::Name;
use crate::yaml::{Kind, Node};

/// Longest duration a flow may name.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// Longest name.
const LONGEST_NAME: usize = 64;

impl Reader<'_> {
    /// Any scalar as text.
    pub(super) fn text(&mut self, node: &Node, what: &str, help: &str) -> Option<String> {
        if let Kind::Text { text, .. } = &node.kind {
            if !text.contains("{{") {
                return Some(text.clone());
            }
            self.later(node.pos, &format!("`{{{{ }}}}` in {what}"));
            return None;
        }
        self.wrong_kind(node, what, help);
        None
    }

    /// A name: letters, digits, `_`, `-` and `.`.
    pub(super) fn name(&mut self, node: &Node, what: &str) -> Option<Name> {
        let help = format!("write {what} as one word");
        let text = self.text(node, what, &help)?;
        let name = Name {
            text,
            pos: node.pos,
        };
        self.is_name(&name, what).then_some(name)
    }

    pub(super) fn is_name(&mut self, name: &Name, what: &str) -> bool {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let text = &name.text;
        let good =
            !text.is_empty() && text.chars().all(plain) && text.chars().count() <= LONGEST_NAME;
        if !good {
            let message = format!("`{}` cannot be {what}", shortened(text));
            let help = format!("use letters, digits, `-`, `_` and `.`, at most {LONGEST_NAME}");
            self.error("F109", name.pos, message, help);
        }
        good
    }

    /// One name, or a list of names.
    pub(super) fn names(&mut self, node: &Node, what: &str) -> Vec<Name> {
        match &node.kind {
            Kind::List(items) => items
                .iter()
                .filter_map(|item| self.name(item, what))
                .collect(),
            Kind::Empty | Kind::Text { .. } | Kind::Map(_) => {
                self.name(node, what).into_iter().collect()
            }
        }
    }

    /// `6s`, `500ms`, `2m`, `1h30m`.
    pub(super) fn duration(&mut self, node: &Node, what: &str) -> Option<Duration> {
        let help = "write a time such as `6s`, `500ms`, `2m` or `1h30m`";
        let text = match &node.kind {
            Kind::Text { text, .. } => text.as_str(),
            _ => "",
        };
        match duration(text) {
            Some(time) if time <= LONGEST => Some(time),
            Some(_) => {
                self.error(
                    "F104",
                    node.pos,
                    format!("`{text}` is too long for {what}"),
                    "at most 24h",
                );
                None
            }
            None => {
                self.wrong_kind(node, &format!("a time for {what}"), help);
                None
            }
        }
    }

    /// A time above zero.
    pub(super) fn some_time(&mut self, node: &Node, what: &str) -> Option<Duration> {
        let time = self.duration(node, what)?;
        if time.is_zero() {
            self.error(
                "F104",
                node.pos,
                format!("{what} cannot be zero"),
                "write at least `1ms`",
            );
            return None;
        }
        Some(time)
    }

    /// `true` or `false`; `yes` and `on` are words to YAML 1.2.
    pub(super) fn truth(&mut self, node: &Node, what: &str) -> Option<bool> {
        match &node.kind {
            Kind::Text {
                text,
                quoted: false,
            } if text == "true" => Some(true),
            Kind::Text {
                text,
                quoted: false,
            } if text == "false" => Some(false),
            _ => {
                self.wrong_kind(node, what, "write `true` or `false`");
                None
            }
        }
    }

    /// A whole number in a range.
    pub(super) fn number(&mut self, node: &Node, what: &str, least: u32, most: u32) -> Option<u32> {
        let number = match &node.kind {
            Kind::Text { text, .. } => text.parse::<u32>().ok(),
            _ => None,
        };
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            let help = format!("write a whole number from {least} to {most}");
            self.wrong_kind(node, what, &help);
        }
        number
    }
}

/// Reads a time made of one or more numbers with a unit, larger units first.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
    let mut rest = text;
    let mut total: u64 = 0;
    let mut next_unit = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?;
        let end = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let unit = rest.get(..end)?;
        rest = rest.get(end..)?;
        let index = UNITS.iter().position(|(name, _)| *name == unit)?;
        if index < next_unit {
            return None;
        }
        next_unit = index.saturating_add(1);
        let scale = UNITS.get(index)?.1;
        total = total.checked_add(number.checked_mul(scale)?)?;
    }
    (next_unit > 0).then(|| Duration::from_millis(total))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::duration;

    #[test]
    fn durations_are_read_as_written() {
        for (text, millis) in [
            ("6s", 6_000),
            ("500ms", 500),
            ("2m", 120_000),
            ("1h30m", 5_400_000),
            ("1m5s20ms", 65_020),
            ("0s", 0),
        ] {
            assert_eq!(
                duration(text),
                Some(Duration::from_millis(millis)),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for text in [
            "",
            "6",
            "s",
            "1.5s",
            "30s1m",
            "5s5s",
            "-1s",
            "6 s",
            "99999999999999999999h",
            "6é",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
        assert_eq!(duration("18446744073709551615h"), None, "overflow");
    }
}
