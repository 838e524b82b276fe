//! Why a customer calls, in words, from what the customer did in the flow.
//!
//! **Owns**: the sentence made of each event of the menu path. PURE: the same function serves a live call before its
//! record is in the database, and the record. **Must not know**: flows, calls, SQL. It never sees digits that the flow
//! did not declare harmless, because such an event carries none.

use crate::event::Event;
use std::collections::BTreeMap;
use std::collections::VecDeque;

/// Parts of the path that are kept; of a longer one the latest, because they say what the caller wants now.
const MOST: usize = 12;
/// Tags that are kept.
const MOST_TAGS: usize = 12;
/// Letters of one part at most.
const LONGEST: usize = 120;
/// The label of a choice that plays the menu again: it says nothing about the caller.
const REPEAT: &str = "repeat";

/// What one interaction has told so far. Hand in its events in order; others change nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Why {
    path: VecDeque<String>,
    tags: BTreeMap<String, String>,
}

impl Why {
    /// Takes one event of the interaction; whether the words have changed.
    pub fn told(&mut self, event: &Event) -> bool {
        let part = match event {
            Event::MenuChosen { key, label, .. } => pressed(key, label),
            Event::Typed { label, digits, .. } => Some(typed(label, digits.as_deref())),
            Event::LanguageSet {
                language, chosen, ..
            } => Some(spoken(language, *chosen)),
            Event::Tagged { key, value, .. } => return self.tagged(key, value),
            _ => None,
        };
        let Some(part) = part else { return false };
        if self.path.len() >= MOST {
            self.path.pop_front();
        }
        self.path.push_back(shortened(&part));
        true
    }

    /// The parts in order: the path first, then the tags by name.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let tags = self
            .tags
            .iter()
            .map(|(key, value)| shortened(&format!("{}: {value}", plain(key))));
        self.path.iter().cloned().chain(tags).collect()
    }

    fn tagged(&mut self, key: &str, value: &str) -> bool {
        if self.tags.len() >= MOST_TAGS && !self.tags.contains_key(key) {
            return false;
        }
        let before = self.tags.insert(key.to_owned(), value.to_owned());
        before.as_deref() != Some(value)
    }
}

fn pressed(key: &str, label: &str) -> Option<String> {
    if label == REPEAT {
        return None;
    }
    // A list of steps of its own is named `BLOCK/KEY`, which says nothing to a person.
    if label.is_empty() || label.contains('/') {
        return Some(format!("pressed {key}"));
    }
    Some(format!("pressed {key}: {}", plain(label)))
}

fn typed(label: &str, digits: Option<&str>) -> String {
    let label = plain(label);
    digits.map_or_else(
        || format!("typed the {label}"),
        |digits| format!("typed the {label} {digits}"),
    )
}

fn spoken(language: &str, chosen: bool) -> String {
    let language = language_name(language);
    if chosen {
        format!("chose {language}")
    } else {
        format!("speaks {language}")
    }
}

/// A name such as `to-a-person` in words; what was written for people stays as it is.
fn plain(name: &str) -> String {
    let is_name = name
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.'));
    if is_name {
        name.replace(['-', '_', '.'], " ")
    } else {
        name.to_owned()
    }
}

/// The English name of a language tag (ISO 639-1, what follows a hyphen is left out), or the tag.
#[must_use]
pub fn language_name(tag: &str) -> &str {
    let primary = tag.split(['-', '_']).next().unwrap_or(tag);
    match primary {
        "ar" => "Arabic",
        "ca" => "Catalan",
        "cs" => "Czech",
        "da" => "Danish",
        "de" => "German",
        "el" => "Greek",
        "en" => "English",
        "es" => "Spanish",
        "eu" => "Basque",
        "fi" => "Finnish",
        "fr" => "French",
        "gl" => "Galician",
        "hu" => "Hungarian",
        "it" => "Italian",
        "ja" => "Japanese",
        "nl" => "Dutch",
        "no" | "nb" | "nn" => "Norwegian",
        "pl" => "Polish",
        "pt" => "Portuguese",
        "ro" => "Romanian",
        "ru" => "Russian",
        "sv" => "Swedish",
        "tr" => "Turkish",
        "uk" => "Ukrainian",
        "zh" => "Chinese",
        _ => tag,
    }
}

fn shortened(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(LONGEST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::InteractionId;

    const INTERACTION: InteractionId = InteractionId::from_number(1);

    fn chosen(key: &str, label: &str) -> Event {
        Event::MenuChosen {
            interaction: INTERACTION,
            block: "main".to_owned(),
            key: key.to_owned(),
            label: label.to_owned(),
        }
    }

    fn entered(label: &str, digits: Option<&str>) -> Event {
        Event::Typed {
            interaction: INTERACTION,
            block: "order".to_owned(),
            label: label.to_owned(),
            digits: digits.map(str::to_owned),
        }
    }

    fn tag(key: &str, value: &str) -> Event {
        Event::Tagged {
            interaction: INTERACTION,
            key: key.to_owned(),
            value: value.to_owned(),
        }
    }

    fn language(tag: &str, chosen: bool) -> Event {
        Event::LanguageSet {
            interaction: INTERACTION,
            language: tag.to_owned(),
            chosen,
        }
    }

    fn words(events: &[Event]) -> Vec<String> {
        let mut why = Why::default();
        for event in events {
            why.told(event);
        }
        why.words()
    }

    #[test]
    fn a_path_is_told_in_words() {
        let events = [
            chosen("9", "repeat"),
            chosen("1", "An order"),
            entered("order_number", None),
            entered("postcode", Some("28001")),
            language("es", true),
            language("pt-BR", false),
            chosen("0", "to-a-person"),
            chosen("3", "main/3"),
            chosen("4", "Help-desk"),
            tag("order.state", "late"),
            tag("reason", "orders"),
            tag("reason", "refund"),
        ];
        let told = [
            "pressed 1: An order",
            "typed the order number",
            "typed the postcode 28001",
            "chose Spanish",
            "speaks Portuguese",
            "pressed 0: to a person",
            "pressed 3",
            "pressed 4: Help-desk",
            "order state: late",
            "reason: refund",
        ];
        assert_eq!(words(&events), told);
    }

    #[test]
    fn it_says_when_it_changed() {
        let mut why = Why::default();
        assert!(why.told(&chosen("1", "a")));
        assert!(!why.told(&chosen("9", "repeat")));
        assert!(why.told(&tag("a", "b")));
        assert!(!why.told(&tag("a", "b")));
        assert!(!why.told(&Event::CallAnswered {
            interaction: INTERACTION
        }));
    }

    #[test]
    fn a_caller_in_circles_and_long_words_stay_bounded() {
        let mut events: Vec<Event> = (0..100)
            .map(|n| chosen("1", &format!("Round {n}")))
            .collect();
        events.extend((0..100).map(|n| tag(&format!("t{n}"), "x")));
        events.push(chosen("1", &"\u{7}é".repeat(500)));
        let words = words(&events);
        assert_eq!(words.len(), MOST + MOST_TAGS);
        assert_eq!(words[0], "pressed 1: Round 89");
        assert!(words.iter().all(|part| part.chars().count() <= LONGEST));
        assert!(!words.concat().contains('\u{7}'));
    }
}
