//! The schema for editors (JSON Schema draft 7, as yaml-language-server reads it), made from the table.
//!
//! **Owns**: the form of the schema. A step is one object of all actions: a choice of one object per action would make
//! editors offer the wrong things and say the wrong thing about a slip. That a step has one action is for the check.
//! **Must not know**: where names come from.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::shapes::{BESIDE, CHOICE, SAID, TARGET};
use super::{ACTIONS, Action, EXITS, Field, Key, Kind, Refers, Shape, TOP, page};
use crate::flow::{ExitName, Flow};

/// What a target may be besides a block, and what a key of a menu may.
const LEAVING: [&str; 2] = ["hangup", "return"];
const IN_MENUS: [&str; 3] = ["repeat", "hangup", "return"];

/// Where the definitions stand.
const DEFINITIONS: &str = "#/definitions/";

/// Names that editors offer. What stands outside a flow may only be what is listed; what a flow defines itself may also
/// be something that is written right now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The company's queues; none: not known.
    queues: Option<BTreeSet<String>>,
    /// The company's skills; none: not known.
    skills: Option<BTreeSet<String>>,
    blocks: BTreeSet<String>,
    prompts: BTreeSet<String>,
    waits: BTreeSet<String>,
    calendars: BTreeSet<String>,
    variables: BTreeSet<String>,
    languages: BTreeSet<String>,
    flows: BTreeSet<String>,
    secrets: BTreeSet<String>,
}

impl Names {
    /// With the names of a company.
    #[must_use]
    pub fn of_company(queues: BTreeSet<String>, skills: BTreeSet<String>) -> Self {
        Self {
            queues: Some(queues),
            skills: Some(skills),
            ..Self::default()
        }
    }

    /// With the company's calendars besides.
    #[must_use]
    pub fn with_calendars(mut self, calendars: impl IntoIterator<Item = String>) -> Self {
        self.calendars.extend(calendars);
        self
    }

    /// With flows that may be called, besides.
    #[must_use]
    pub fn with_flows(mut self, flows: impl IntoIterator<Item = String>) -> Self {
        self.flows.extend(flows);
        self
    }

    /// The names that are known of a kind.
    pub(crate) fn known(&self, refers: Refers) -> impl Iterator<Item = &String> {
        let known = match refers {
            Refers::Queue => self.queues.as_ref(),
            Refers::Skill => self.skills.as_ref(),
            Refers::Prompt => Some(&self.prompts),
            Refers::Wait => Some(&self.waits),
            Refers::Calendar => Some(&self.calendars),
            Refers::Variable => Some(&self.variables),
            Refers::Language => Some(&self.languages),
            Refers::Flow => Some(&self.flows),
            Refers::Secret => Some(&self.secrets),
        };
        known.into_iter().flatten()
    }

    /// Adds what a flow defines.
    pub fn add(&mut self, flow: &Flow) {
        self.flows.insert(flow.name().to_owned());
        self.secrets.extend(flow.secrets().map(str::to_owned));
        let own = |names: &mut BTreeSet<String>, found: &mut dyn Iterator<Item = &str>| {
            names.extend(found.map(str::to_owned));
        };
        own(&mut self.blocks, &mut flow.block_names());
        own(
            &mut self.prompts,
            &mut flow.prompts.keys().map(String::as_str),
        );
        own(&mut self.waits, &mut flow.waits.keys().map(String::as_str));
        own(
            &mut self.calendars,
            &mut flow.calendars.keys().map(String::as_str),
        );
        own(
            &mut self.variables,
            &mut flow.vars.keys().map(String::as_str),
        );
        own(
            &mut self.languages,
            &mut flow.languages.offer.iter().map(String::as_str),
        );
    }

    fn of(&self, refers: Refers) -> Value {
        let known = match refers {
            Refers::Queue => return closed(self.queues.as_ref()),
            Refers::Skill => return closed(self.skills.as_ref()),
            Refers::Prompt => &self.prompts,
            Refers::Wait => &self.waits,
            Refers::Calendar => &self.calendars,
            Refers::Variable => &self.variables,
            Refers::Language => &self.languages,
            Refers::Flow => &self.flows,
            Refers::Secret => &self.secrets,
        };
        open(known, &[])
    }
}

/// Nothing but these.
fn closed(known: Option<&BTreeSet<String>>) -> Value {
    known.map_or_else(name, |known| json!({ "enum": known }))
}

/// These, and what is written right now.
fn open(known: &BTreeSet<String>, more: &[&str]) -> Value {
    let all: Vec<&str> = more
        .iter()
        .copied()
        .chain(known.iter().map(String::as_str))
        .collect();
    if all.is_empty() {
        return name();
    }
    json!({ "anyOf": [{ "enum": all }, name()] })
}

fn name() -> Value {
    json!({ "type": ["string", "integer"] })
}

/// The schema of flow files, with the names that are known filled in.
#[must_use]
pub fn schema(names: &Names) -> Value {
    let mut definitions = Map::new();
    definitions.insert("step".to_owned(), step(names));
    definitions.insert("target".to_owned(), shape(&TARGET, names));
    definitions.insert("choice".to_owned(), choice(names));
    definitions.insert("said".to_owned(), shape(&SAID, names));
    let mut file = shape(&TOP, names);
    if let Value::Object(file) = &mut file {
        let title = "A flow of Cordboard";
        file.insert(
            "$schema".to_owned(),
            json!("http://json-schema.org/draft-07/schema#"),
        );
        file.insert("title".to_owned(), json!(title));
        file.insert("definitions".to_owned(), Value::Object(definitions));
    }
    file
}

fn shape(shape: &Shape, names: &Names) -> Value {
    let mut properties = Map::new();
    for field in shape.fields {
        properties.insert(field.name.to_owned(), described(field, names));
    }
    let needed = shape.fields.iter().filter(|field| field.needed);
    let needed: Vec<&str> = needed.map(|field| field.name).collect();
    let mut object = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if !needed.is_empty() {
        put(&mut object, "required", json!(needed));
    }
    object
}

fn described(field: &Field, names: &Names) -> Value {
    let mut value = kind(field.kind, names);
    let mut about = field.about.to_owned();
    if !field.default.is_empty() {
        let _ = write!(about, " Without it: {}.", field.default);
    }
    put(&mut value, "description", json!(about.replace('`', "")));
    put(&mut value, "markdownDescription", json!(about));
    value
}

fn put(object: &mut Value, key: &str, value: Value) {
    if let Value::Object(object) = object {
        object.insert(key.to_owned(), value);
    }
}

/// A key of a menu may lead back into the menu.
fn choice(names: &Names) -> Value {
    let mut choice = shape(&CHOICE, names);
    if let Some(go) = choice.pointer_mut("/properties/go") {
        let about = go.get("description").cloned();
        *go = open(&names.blocks, &IN_MENUS);
        put(go, "description", about.unwrap_or_default());
    }
    choice
}

/// All actions in one object. What may stand beside an action is offered once there is one.
fn step(names: &Names) -> Value {
    let mut properties = Map::new();
    let mut beside = Map::new();
    for action in ACTIONS {
        properties.insert(action.name.to_owned(), action_schema(action, names));
    }
    for field in BESIDE {
        let mut quiet = described(field, names);
        beside.insert(field.name.to_owned(), quiet.clone());
        put(&mut quiet, "doNotSuggest", json!(true));
        properties.insert(field.name.to_owned(), quiet);
    }
    let begun: Vec<Value> = ACTIONS
        .iter()
        .map(|action| json!({ "required": [action.name] }))
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "minProperties": 1,
        "if": { "type": "object", "anyOf": begun },
        "then": { "properties": beside },
    })
}

fn action_schema(action: &Action, names: &Names) -> Value {
    let mut value = kind(action.value, names);
    let mut about = format!("{}\n\n```yaml\n{}\n```\n", action.about, action.example);
    let own: Vec<&str> = action.exits().iter().map(|exit| exit.as_str()).collect();
    for exit in EXITS {
        if exit.of.contains(&action.name) && own.contains(&exit.name) {
            let _ = write!(about, "\n- exit `{}`: {}", exit.name, exit.when);
        }
    }
    put(&mut value, "description", json!(action.about));
    put(&mut value, "markdownDescription", json!(about));
    if let Kind::Shape(shape) = action.value {
        let body = snippet(shape);
        let label = format!("{} with what it needs", action.name);
        put(
            &mut value,
            "defaultSnippets",
            json!([{ "label": label, "description": action.about, "body": body }]),
        );
    }
    value
}

/// What must stand in a map, to be filled in.
fn snippet(shape: &Shape) -> Value {
    let mut body = Map::new();
    let mut number = 0_u32;
    for field in shape.fields {
        let asks = field.needed || field.name == "prompt";
        if !asks {
            continue;
        }
        number = number.saturating_add(1);
        let place = match field.kind {
            Kind::Map(Key::Telephone, _) => json!({ "1": format!("${{{number}:BLOCK}}") }),
            Kind::Digits => json!(format!("${{{number}:6}}")),
            _ => json!(format!("${{{number}:{}}}", field.name.to_uppercase())),
        };
        body.insert(field.name.to_owned(), place);
    }
    Value::Object(body)
}

fn refer(definition: &str) -> Value {
    json!({ "$ref": format!("{DEFINITIONS}{definition}") })
}

fn kind(kind_: Kind, names: &Names) -> Value {
    match kind_ {
        Kind::Empty => json!({ "type": "null" }),
        Kind::Any => json!({}),
        Kind::Text | Kind::Template => json!({ "type": ["string", "number", "boolean"] }),
        // Editors that do not know the word leave it alone.
        Kind::Expression => {
            json!({ "type": ["string", "number", "boolean"], "format": "expression" })
        }
        Kind::Word => name(),
        Kind::Name(refers) => names.of(refers),
        Kind::Names(refers) => {
            let one = names.of(refers);
            json!({ "anyOf": [one, { "type": "array", "items": one }] })
        }
        Kind::OneOf(words) => {
            let number = |word: &&str| {
                word.parse::<u32>()
                    .map_or_else(|_| json!(word), |number| json!(number))
            };
            json!({ "enum": words.iter().map(number).collect::<Vec<Value>>() })
        }
        Kind::Block => open(&names.blocks, &LEAVING),
        Kind::Target => json!({ "anyOf": [open(&names.blocks, &LEAVING), refer("target")] }),
        Kind::Choice => {
            json!({ "anyOf": [open(&names.blocks, &IN_MENUS), refer("choice")] })
        }
        Kind::Sayings => {
            let one = json!({ "anyOf": [names.of(Refers::Prompt), refer("said")] });
            json!({ "anyOf": [names.of(Refers::Prompt), refer("said"), { "type": "array", "items": one }] })
        }
        Kind::Spoken => {
            let text = json!({ "type": "string" });
            json!({ "anyOf": [text, { "type": "object", "additionalProperties": text }] })
        }
        Kind::Time => json!({
            "type": "string",
            "pattern": "^([0-9]+(h|ms|m|s))+$",
            "patternErrorMessage": "write a time such as 6s, 500ms, 2m or 1h30m",
        }),
        Kind::Truth => json!({ "type": "boolean" }),
        Kind::Number(least, most) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Kind::Digits => json!({ "type": ["integer", "string"], "pattern": "^[0-9]+(-[0-9]+)?$" }),
        Kind::Answers => {
            let digit = json!({ "type": "integer", "minimum": 0, "maximum": 9 });
            let range = json!({ "type": "string", "pattern": "^[0-9]-[0-9]$" });
            json!({ "anyOf": [range, { "type": "array", "items": digit }] })
        }
        Kind::Spans => {
            let span = json!({ "type": "string" });
            json!({ "anyOf": [span, { "type": "array", "items": span }] })
        }
        Kind::Steps => json!({ "type": ["array", "null"], "items": refer("step") }),
        Kind::Exits(exits) => exit_map(exits, names),
        Kind::Returns(own) => returns(own, names),
        Kind::Map(key, inner) => map(key, kind(*inner, names), names),
        Kind::List(inner) => json!({ "type": "array", "items": kind(*inner, names) }),
        Kind::Shape(inner) => shape(inner, names),
        Kind::Either(kinds) => {
            json!({ "anyOf": kinds.iter().map(|one| kind(*one, names)).collect::<Vec<Value>>() })
        }
    }
}

/// The step's own are told; the other words are those of another flow.
fn returns(own: &[ExitName], names: &Names) -> Value {
    let mut map = exit_map(own, names);
    put(&mut map, "additionalProperties", kind(Kind::Target, names));
    map
}

fn exit_map(exits: &[ExitName], names: &Names) -> Value {
    let mut properties = Map::new();
    for exit in exits {
        let mut target = kind(Kind::Target, names);
        let when = EXITS.iter().find(|about| about.name == exit.as_str());
        let when = when.map_or("", |about| about.when);
        put(
            &mut target,
            "description",
            json!(format!("When {}.", when.replace('`', ""))),
        );
        properties.insert(exit.as_str().to_owned(), target);
    }
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn map(key: Key, value: Value, names: &Names) -> Value {
    let pattern = match key {
        Key::Telephone => "^([0-9A-D*#]|star|hash)+$",
        Key::Single => "^([0-9A-D*#]|star|hash)$",
        Key::Dates => "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        Key::Days => "^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$",
        Key::PromptPart => {
            let mut parts = Map::new();
            for language in &names.languages {
                parts.insert(language.clone(), value.clone());
            }
            let text = || json!({ "type": "string" });
            let by_language = json!({ "type": "object", "additionalProperties": text() });
            parts.insert("file".to_owned(), text());
            parts.insert(
                "voice".to_owned(),
                json!({ "anyOf": [text(), by_language] }),
            );
            return json!({ "type": "object", "properties": parts, "additionalProperties": value });
        }
        Key::Own(_) => return json!({ "type": "object", "additionalProperties": value }),
        Key::Name(refers) => return named_map(refers, value, names),
    };
    let error = format!("a key here is {}", page::key_words(key));
    json!({
        "type": "object",
        "patternProperties": { pattern: value },
        "additionalProperties": false,
        "patternErrorMessage": error,
    })
}

/// A map by names that stand elsewhere: those that are known are offered.
fn named_map(refers: Refers, value: Value, names: &Names) -> Value {
    let (known, only) = match refers {
        Refers::Skill => (names.skills.as_ref(), true),
        Refers::Queue => (names.queues.as_ref(), true),
        Refers::Variable => (Some(&names.variables), false),
        _ => (None, false),
    };
    let mut properties = Map::new();
    for name in known.into_iter().flatten() {
        properties.insert(name.clone(), value.clone());
    }
    let others = if only && known.is_some() {
        json!(false)
    } else {
        value
    };
    json!({ "type": "object", "properties": properties, "additionalProperties": others })
}
