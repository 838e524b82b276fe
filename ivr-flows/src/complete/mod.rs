//! What may be written at a place of a flow file, for whoever is typing it.
//!
//! **Owns**: the options of a place: actions, fields, exits, and names of the company and of the text itself.
//! **Must not know**: editors. A text in the middle of being typed is read by its lines ([`place`]), never refused.

mod own;
mod place;
#[cfg(test)]
mod tests;

use crate::reference::{
    ACTIONS, BESIDE, CHOICE, EXITS, Field, Key, Kind, Names, Refers, SAID, TARGET, TOP,
};
use own::Own;
use place::{Place, Step, Writing};
use serde::Serialize;

/// Options of one answer at most.
const MOST: usize = 500;

/// What an option is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OptionKind {
    /// What a step does.
    Action,
    /// A key of the language.
    Field,
    /// A way out of a step.
    Exit,
    /// A list of steps of this text.
    Block,
    /// A queue of the company.
    Queue,
    /// A skill of the company.
    Skill,
    /// A prompt of this text.
    Prompt,
    /// A wait of this text.
    Wait,
    /// Hours, of the company or of this text.
    Calendar,
    /// A variable of this text.
    Variable,
    /// A language of this text.
    Language,
    /// Another flow.
    Flow,
    /// A secret.
    Secret,
    /// A word of the language.
    Word,
}

/// One thing that may be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Offered {
    /// The word.
    pub label: String,
    /// What it is.
    pub kind: OptionKind,
    /// One sentence, or nothing.
    pub detail: String,
    /// What is written: keys bring their colon.
    pub insert: String,
}

/// What may be written at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Completion {
    /// The column, in characters from 1, from which an option takes the place of what stands there.
    pub from: usize,
    /// 500 at most, in the order of the language's table.
    pub options: Vec<Offered>,
}

/// What may be written in front of a column of a line, both from 1 and in characters, in a text that need not be whole.
#[must_use]
pub fn complete(text: &str, line: usize, column: usize, names: &Names) -> Completion {
    let (row, before) = (line.saturating_sub(1), column.saturating_sub(1));
    let mut completion = Completion {
        from: column.max(1),
        options: Vec::new(),
    };
    let Some(place) = place::place(text, row, before) else {
        return completion;
    };
    completion.from = column.saturating_sub(place.word.chars().count()).max(1);
    let own = Own::of(text, row);
    let offers = Offers {
        names,
        own: &own,
        place: &place,
        found: Vec::new(),
    };
    completion.options = offers.all();
    completion
}

/// What the table has for a place.
#[derive(Clone, Copy)]
enum Known {
    Kind(Kind),
    Step,
    /// Where a key of a menu leads: back into the menu too.
    Choosing,
}

/// The ways that the table knows for one step of the path.
fn into(known: Known, step: &Step, found: &mut Vec<Known>) {
    let field = |fields: &'static [Field], key: &str| {
        let field = fields.iter().find(|field| field.name == key);
        field.map(|field| Known::Kind(field.kind))
    };
    let next = match (known, step) {
        (Known::Kind(Kind::Either(kinds)), _) => {
            for kind in kinds {
                into(Known::Kind(*kind), step, found);
            }
            None
        }
        (Known::Step, Step::Key(key)) => {
            let action = ACTIONS.iter().find(|action| action.name == key);
            let value = action.map(|action| Known::Kind(action.value));
            value.or_else(|| field(BESIDE, key))
        }
        (Known::Kind(kind), Step::Key(key)) => match kind {
            Kind::Shape(shape) => field(shape.fields, key),
            Kind::Map(_, inner) => Some(Known::Kind(*inner)),
            Kind::Exits(_) | Kind::Returns(_) => Some(Known::Kind(Kind::Target)),
            Kind::Sayings => field(SAID.fields, key),
            Kind::Target => field(TARGET.fields, key),
            Kind::Choice if key == "go" => Some(Known::Choosing),
            Kind::Choice => field(CHOICE.fields, key),
            _ => None,
        },
        (Known::Kind(kind), Step::Item) => match kind {
            Kind::List(inner) => Some(Known::Kind(*inner)),
            Kind::Steps => Some(Known::Step),
            Kind::Names(refers) => Some(Known::Kind(Kind::Name(refers))),
            Kind::Sayings => Some(Known::Kind(Kind::Sayings)),
            _ => None,
        },
        (Known::Step | Known::Choosing, _) => None,
    };
    found.extend(next);
}

struct Offers<'a> {
    names: &'a Names,
    own: &'a Own,
    place: &'a Place,
    found: Vec<Offered>,
}

impl Offers<'_> {
    fn all(mut self) -> Vec<Offered> {
        let mut known = vec![Known::Kind(Kind::Shape(&TOP))];
        for step in &self.place.path {
            let mut next = Vec::new();
            for one in known {
                into(one, step, &mut next);
            }
            known = next;
        }
        for one in known {
            self.of(one);
        }
        self.found.truncate(MOST);
        self.found
    }

    fn of(&mut self, known: Known) {
        if let Known::Kind(Kind::Either(kinds)) = known {
            for kind in kinds {
                self.of(Known::Kind(*kind));
            }
            return;
        }
        if self.place.writing != Writing::Value {
            self.keys(known);
        }
        if self.place.writing != Writing::Key {
            self.values(known);
        }
    }

    fn keys(&mut self, known: Known) {
        match known {
            Known::Step => self.step(),
            Known::Kind(Kind::Shape(shape)) => self.fields(shape.fields),
            Known::Kind(Kind::Sayings) => self.fields(SAID.fields),
            Known::Kind(Kind::Target) => self.fields(TARGET.fields),
            Known::Kind(Kind::Choice) => self.fields(CHOICE.fields),
            Known::Kind(Kind::Exits(exits) | Kind::Returns(exits)) => {
                for exit in exits {
                    let about = EXITS.iter().find(|about| about.name == exit.as_str());
                    let when = about.map_or_else(String::new, |one| format!("When {}.", one.when));
                    self.key(exit.as_str(), OptionKind::Exit, &when);
                }
            }
            Known::Kind(Kind::Spoken) => self.name_keys(Refers::Language),
            Known::Kind(Kind::Map(Key::PromptPart, _)) => {
                self.name_keys(Refers::Language);
                self.key("file", OptionKind::Field, "Where the audio is.");
            }
            Known::Kind(Kind::Map(Key::Name(refers), _)) => self.name_keys(refers),
            _ => {}
        }
    }

    /// A step has one action: where it stands already, only what may stand beside it is offered.
    fn step(&mut self) {
        let begun = |key: &String| ACTIONS.iter().any(|action| action.name == key);
        if !self.place.beside.iter().any(begun) {
            for action in ACTIONS {
                self.key(action.name, OptionKind::Action, action.about);
            }
        }
        self.fields(BESIDE);
    }

    fn fields(&mut self, fields: &[Field]) {
        for field in fields {
            self.key(field.name, OptionKind::Field, field.about);
        }
    }

    fn values(&mut self, known: Known) {
        match known {
            Known::Choosing | Known::Kind(Kind::Choice) => self.blocks(true),
            Known::Kind(Kind::Block | Kind::Target) => self.blocks(false),
            Known::Kind(Kind::Name(refers) | Kind::Names(refers)) => self.name_values(refers),
            Known::Kind(Kind::Sayings) => self.name_values(Refers::Prompt),
            Known::Kind(Kind::OneOf(words)) => {
                for word in words {
                    self.value(word, OptionKind::Word, "");
                }
            }
            Known::Kind(Kind::Truth) => {
                self.value("true", OptionKind::Word, "");
                self.value("false", OptionKind::Word, "");
            }
            _ => {}
        }
    }

    fn blocks(&mut self, in_menu: bool) {
        for block in &self.own.blocks {
            self.value(block, OptionKind::Block, "");
        }
        if in_menu {
            self.value("repeat", OptionKind::Word, "The menu once more.");
        }
        self.value("hangup", OptionKind::Word, "The call ends.");
        let back = "Back to the flow that called this one.";
        self.value("return", OptionKind::Word, back);
    }

    fn named(&self, refers: Refers) -> Vec<String> {
        let company = self.names.known(refers);
        let mut all: Vec<String> = company.chain(self.own.names(refers)).cloned().collect();
        all.sort();
        all.dedup();
        all
    }

    fn name_values(&mut self, refers: Refers) {
        for name in self.named(refers) {
            self.value(&name, kind_of(refers), "");
        }
    }

    fn name_keys(&mut self, refers: Refers) {
        for name in self.named(refers) {
            self.key(&name, kind_of(refers), "");
        }
    }

    fn key(&mut self, label: &str, kind: OptionKind, detail: &str) {
        if self.place.beside.iter().any(|key| key == label) {
            return;
        }
        let insert = if self.place.colon {
            label.to_owned()
        } else {
            format!("{label}: ")
        };
        self.offer(label, kind, detail, insert);
    }

    fn value(&mut self, label: &str, kind: OptionKind, detail: &str) {
        self.offer(label, kind, detail, label.to_owned());
    }

    fn offer(&mut self, label: &str, kind: OptionKind, detail: &str, insert: String) {
        if self.found.iter().any(|one| one.label == label) {
            return;
        }
        self.found.push(Offered {
            label: label.to_owned(),
            kind,
            detail: detail.replace('`', ""),
            insert,
        });
    }
}

fn kind_of(refers: Refers) -> OptionKind {
    match refers {
        Refers::Queue => OptionKind::Queue,
        Refers::Skill => OptionKind::Skill,
        Refers::Prompt => OptionKind::Prompt,
        Refers::Wait => OptionKind::Wait,
        Refers::Calendar => OptionKind::Calendar,
        Refers::Variable => OptionKind::Variable,
        Refers::Language => OptionKind::Language,
        Refers::Flow => OptionKind::Flow,
        Refers::Secret => OptionKind::Secret,
    }
}
