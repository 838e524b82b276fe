//! Do a menu's words fit its keys, and can a caller keep them in mind?
//!
//! **Owns**: F014, F015, F016, and which words of a text name a key.
//! **Must not know**: audio; a prompt that is a file alone is not judged.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Notes;
use super::circles::flood;
use super::graph::Graph;
use crate::flow::{Action, Choice, ChoiceTarget, Flow, Menu, Pos, Saying, Step};
use crate::port::SPEED;

/// More choices than this nobody keeps in mind.
const MOST_CHOICES: usize = 5;
/// Longer, and callers press something to make it stop.
const LONGEST: Duration = Duration::from_secs(20);
/// Words that say "press", in the languages that support lines mostly speak.
const PRESS: [&str; 24] = [
    "press",
    "dial",
    "enter",
    "push",
    "pulse",
    "pulsa",
    "marque",
    "marca",
    "presione",
    "oprima",
    "drücken",
    "wählen",
    "tippen",
    "appuyez",
    "tapez",
    "composez",
    "premere",
    "prema",
    "digiti",
    "prima",
    "pressione",
    "digite",
    "toets",
    "druk",
];
/// So many words may stand between "press" and the key: "press the star key", "drücken Sie die 1".
const NEAR: usize = 3;
/// Steps that bring a caller to a person, or to where one will hear them; what another flow does is not known here.
const PERSON: [&str; 7] = [
    "queue",
    "voicemail",
    "transfer",
    "dial",
    "callback",
    "call",
    "return",
];
/// Words for keys.
const KEYS: [(&str, char); 46] = [
    ("zero", '0'),
    ("one", '1'),
    ("two", '2'),
    ("three", '3'),
    ("four", '4'),
    ("five", '5'),
    ("six", '6'),
    ("seven", '7'),
    ("eight", '8'),
    ("nine", '9'),
    ("star", '*'),
    ("asterisk", '*'),
    ("hash", '#'),
    ("pound", '#'),
    ("cero", '0'),
    ("uno", '1'),
    ("dos", '2'),
    ("tres", '3'),
    ("cuatro", '4'),
    ("cinco", '5'),
    ("seis", '6'),
    ("siete", '7'),
    ("ocho", '8'),
    ("nueve", '9'),
    ("asterisco", '*'),
    ("estrella", '*'),
    ("almohadilla", '#'),
    ("numeral", '#'),
    ("null", '0'),
    ("eins", '1'),
    ("zwei", '2'),
    ("drei", '3'),
    ("vier", '4'),
    ("fünf", '5'),
    ("sechs", '6'),
    ("sieben", '7'),
    ("acht", '8'),
    ("neun", '9'),
    ("stern", '*'),
    ("sterntaste", '*'),
    ("raute", '#'),
    ("rautetaste", '#'),
    ("étoile", '*'),
    ("dièse", '#'),
    ("cancelletto", '#'),
    ("hekje", '#'),
];

pub(super) fn check(flow: &Flow, notes: &mut Notes<'_>) {
    let graph = Graph::new(flow);
    // A line of announcements has no person at all.
    let staffed = graph.nodes.iter().any(|node| PERSON.contains(&node.action));
    for (block, start) in flow.blocks.iter().zip(&graph.starts) {
        for (offset, step) in block.steps.iter().enumerate() {
            if let Action::Menu(menu) = &step.action {
                words(flow, menu, notes);
                count(step, menu, notes);
                if staffed {
                    person(&graph, start.saturating_add(offset), step, notes);
                }
            }
        }
    }
}

/// F014: what the prompt says and what the keys are, language by language. F015: how long until the first choice.
fn words(flow: &Flow, menu: &Menu, notes: &mut Notes<'_>) {
    let mut silent: BTreeMap<Pos, Vec<&str>> = BTreeMap::new();
    for language in &flow.languages.offer {
        for (short, sayings) in [(false, &menu.prompt), (true, &menu.short_prompt)] {
            let Some((pos, text)) = said(flow, sayings, language) else {
                continue;
            };
            let spoken = Spoken::of(&text);
            if let Some((key, _)) = spoken.pressed.iter().find(|(key, _)| !has(menu, *key)) {
                let message = format!(
                    "the prompt says to press {}, and the menu has no such key (`{language}`)",
                    name(*key)
                );
                let help = format!(
                    "add `{}: BLOCK` to `keys:`, or change the words",
                    name(*key)
                );
                notes.warning("F014", pos, message, help);
            }
            if spoken.pressed.is_empty() {
                // It may be said by other means: a list of languages, a prompt before the menu.
                continue;
            }
            if !short {
                let untold = menu.choices.iter().filter(|choice| !spoken.names(choice));
                untold.for_each(|choice| silent.entry(choice.pos).or_default().push(language));
            }
            let before = spoken
                .pressed
                .iter()
                .map(|(_, letters)| *letters)
                .min()
                .unwrap_or(0);
            let time = Duration::from_secs(u64::try_from(before / SPEED).unwrap_or(u64::MAX));
            if time > LONGEST {
                let message = format!(
                    "about {} s go by before the first choice is told (`{language}`)",
                    time.as_secs()
                );
                notes.warning(
                    "F015",
                    pos,
                    message,
                    "say the choices first, and the rest in a `play` before the menu",
                );
            }
        }
    }
    for choice in &menu.choices {
        if let Some(languages) = silent.get(&choice.pos) {
            let message = format!(
                "no word of the prompt tells of key {} (`{}`)",
                choice.keys,
                languages.join("`, `")
            );
            let help =
                "say it in the prompt, or take the key out: nobody presses what they were not told";
            notes.warning("F014", choice.pos, message, help);
        }
    }
}

/// F015: too many choices.
fn count(step: &Step, menu: &Menu, notes: &mut Notes<'_>) {
    let leave =
        |choice: &&Choice| matches!(choice.then, ChoiceTarget::Leave(_)) && choice.keys != "0";
    let choices = menu.choices.iter().filter(leave).count();
    if choices > MOST_CHOICES {
        let message =
            format!("this menu has {choices} choices; callers keep {MOST_CHOICES} in mind");
        notes.warning(
            "F015",
            step.pos,
            message,
            "ask in two steps: a few groups first, then the choices of a group",
        );
    }
}

/// F016: from each menu some way must lead to a person, or to where one will hear the caller.
fn person(graph: &Graph, at: usize, step: &Step, notes: &mut Notes<'_>) {
    let edges = graph.edges(|_| true);
    let mut reached = vec![false; graph.nodes.len()];
    let all = flood(&edges, at, &mut reached);
    let helps = |at: &usize| {
        graph
            .nodes
            .get(*at)
            .is_some_and(|node| PERSON.contains(&node.action))
    };
    if !all.iter().any(helps) {
        let message = "no way leads from this menu to a person";
        let help = "give it a key `0` that leads to a `queue:`, or let `exhausted` lead there";
        notes.warning("F016", step.pos, message, help);
    }
}

/// Where a list of sayings begins, and its words in a language; None when there are none or they are not known.
fn said(flow: &Flow, sayings: &[Saying], language: &str) -> Option<(Pos, String)> {
    let mut place = None;
    let mut words = String::new();
    for saying in sayings {
        let (pos, texts) = match saying {
            Saying::Text(spoken) => (spoken.pos, &spoken.texts),
            Saying::Prompt(name) => {
                let prompt = flow.prompts.get(&name.text)?;
                (prompt.pos, &prompt.spoken)
            }
        };
        place.get_or_insert(pos);
        for (_, piece) in texts.get(language)?.pieces(None) {
            words.push_str(&piece);
            words.push(' ');
        }
    }
    place.map(|pos| (pos, words))
}

/// The keys that a text names.
struct Spoken {
    /// After a word for "press", each with the letters before it.
    pressed: Vec<(char, usize)>,
    /// Anywhere.
    named: BTreeSet<char>,
}

impl Spoken {
    fn of(text: &str) -> Self {
        let lower = text.to_lowercase();
        let mut letters = 0_usize;
        let mut words: Vec<(usize, &str)> = Vec::new();
        for word in lower.split(|c: char| !c.is_alphanumeric() && c != '*' && c != '#') {
            if !word.is_empty() {
                words.push((letters, word));
            }
            letters = letters
                .saturating_add(word.chars().count())
                .saturating_add(1);
        }
        let named = words.iter().filter_map(|(_, word)| key(word)).collect();
        let mut pressed = Vec::new();
        for (at, _) in words
            .iter()
            .enumerate()
            .filter(|(_, (_, word))| PRESS.contains(word))
        {
            let after = words.iter().skip(at.saturating_add(1)).take(NEAR);
            // "Press 1 or 2" names two; what comes between "press" and the key is short.
            if let Some((letters, key)) = after
                .filter_map(|(letters, word)| Some((*letters, key(word)?)))
                .next()
            {
                pressed.push((key, letters));
            }
        }
        Self { pressed, named }
    }

    /// Keys of several digits, and the key for a person, need not be told.
    fn names(&self, choice: &Choice) -> bool {
        let mut keys = choice.keys.chars();
        match (keys.next(), keys.next()) {
            (Some(only), None) => only == '0' || self.named.contains(&only),
            _ => true,
        }
    }
}

fn key(word: &str) -> Option<char> {
    let mut signs = word.chars();
    match (signs.next(), signs.next()) {
        (Some(sign @ ('0'..='9' | '*' | '#')), None) => Some(sign),
        _ => KEYS
            .iter()
            .find(|(known, _)| *known == word)
            .map(|(_, key)| *key),
    }
}

fn has(menu: &Menu, key: char) -> bool {
    menu.choices
        .iter()
        .any(|choice| choice.keys.starts_with(key))
}

fn name(key: char) -> String {
    match key {
        '*' => "star".to_owned(),
        '#' => "hash".to_owned(),
        digit => digit.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::Spoken;

    fn pressed(text: &str) -> String {
        Spoken::of(text)
            .pressed
            .iter()
            .map(|(key, _)| *key)
            .collect()
    }

    #[test]
    fn keys_are_heard_behind_words_for_press_in_many_languages() {
        assert_eq!(
            pressed("For orders, press 1. For repairs, press two."),
            "12"
        );
        assert_eq!(pressed("To go back press the star key"), "*");
        assert_eq!(
            pressed("Para un pedido, pulse 1; para repetir, marque almohadilla"),
            "1#"
        );
        assert_eq!(pressed("Für eine Bestellung drücken Sie die 1"), "1");
        assert_eq!(pressed("Pour parler, appuyez sur le 0"), "0");
    }

    #[test]
    fn numbers_that_are_no_keys_are_not_pressed() {
        assert_eq!(pressed("We answer within 3 working days, from 9 to 5."), "");
        assert_eq!(pressed("We press on, as always, with 2 mechanics"), "");
    }
}
