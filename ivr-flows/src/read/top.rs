//! The top of a flow file: format, names, languages, defaults, prompts, variables, blocks, waits.
//!
//! **Owns**: the top-level keys.
//! **Must not know**: the steps' fields.

use std::collections::{BTreeMap, BTreeSet};

use super::{Fields, Reader, shortened};
use crate::flow::{
    Block, Defaults, ExitName, Flow, InputRules, Languages, Name, Pos, Prompt, Voices, Wait,
};
use crate::nearest::suggest;
use crate::yaml::{Entry, Kind, Node};

/// The format this version reads.
const FORMAT: &str = "1";
/// The top-level keys.
const KNOWN: [&str; 13] = [
    "flow",
    "name",
    "title",
    "owner",
    "languages",
    "defaults",
    "prompts",
    "vars",
    "inputs",
    "outputs",
    "blocks",
    "waits",
    "hours",
];

/// Reads the whole tree; None when it is not a map.
pub(super) fn flow(reader: &mut Reader<'_>, root: &Node, hash: String) -> Option<Flow> {
    let fields = reader.fields(root, "a flow", &KNOWN, &["tests"])?;
    format(reader, &fields);
    let start = Pos { line: 1, column: 1 };
    let name = match fields.get("name") {
        Some(node) => reader.name(node, "the name of a flow"),
        None => {
            reader.missing(
                start,
                "the flow",
                "name",
                "write `name: NAME` as in `NAME.flow.yaml`",
            );
            None
        }
    };
    let text = |reader: &mut Reader<'_>, key: &str| {
        fields
            .get(key)
            .and_then(|node| reader.text(node, "a text", "write one line of text"))
    };
    let title = text(reader, "title");
    let owner = text(reader, "owner");
    let languages = languages(reader, fields.get("languages"));
    reader.language.clone_from(&languages.default);
    reader.defaults = fields
        .get("defaults")
        .map(|node| defaults(reader, node))
        .unwrap_or_default();
    let prompts = fields
        .get("prompts")
        .map(|node| prompts(reader, node))
        .unwrap_or_default();
    let (declared, interface) = reader.declared(&fields);
    let unset = fields.get("vars").map(without_default).unwrap_or_default();
    let calendars = fields
        .get("hours")
        .map(|node| reader.calendars(node))
        .unwrap_or_default();
    let mut blocks = blocks(reader, &fields);
    let waits = fields
        .get("waits")
        .map(|node| waits(reader, node))
        .unwrap_or_default();
    blocks.append(&mut reader.inline);
    let index = (0..).zip(&blocks);
    let index = index
        .map(|(at, block)| (block.name.text.clone(), at))
        .collect();
    Some(Flow {
        file: reader.file.to_owned(),
        hash,
        name: name.unwrap_or(Name {
            text: String::new(),
            pos: start,
        }),
        title,
        owner,
        languages,
        defaults: std::mem::take(&mut reader.defaults),
        prompts,
        vars: declared.vars,
        unset,
        secret_vars: declared.secrets,
        interface,
        set: Default::default(),
        blocks,
        index,
        waits,
        calendars,
    })
}

fn format(reader: &mut Reader<'_>, fields: &Fields<'_>) {
    match fields.get("flow").map(|node| (node.pos, &node.kind)) {
        Some((_, Kind::Text { text, .. })) if text == FORMAT => {}
        Some((pos, Kind::Text { text, .. }))
            if text.parse::<u32>().is_ok_and(|number| number > 1) =>
        {
            let message =
                format!("this file has flow format {text}; this version reads format {FORMAT}");
            reader.error(
                "F108",
                pos,
                message,
                "use a newer Cordboard, or write `flow: 1`",
            );
        }
        Some((pos, _)) => {
            reader.error(
                "F108",
                pos,
                "`flow:` is the number of the format",
                "write `flow: 1`",
            );
        }
        None => {
            let pos = Pos { line: 1, column: 1 };
            reader.missing(pos, "the file", "flow", "begin the file with `flow: 1`");
        }
    }
}

fn languages(reader: &mut Reader<'_>, node: Option<&Node>) -> Languages {
    let plain = || Languages {
        default: "en".to_owned(),
        offer: vec!["en".to_owned()],
    };
    let Some(node) = node else { return plain() };
    let Some(fields) = reader.fields(node, "`languages`", &["default", "offer"], &[]) else {
        return plain();
    };
    let mut tags = |key: &str| -> Vec<String> {
        let Some(node) = fields.get(key) else {
            return Vec::new();
        };
        let names = reader.names(node, "a language such as `en`");
        names
            .into_iter()
            .filter(|name| language(reader, &name.text, name.pos))
            .map(|name| name.text)
            .collect()
    };
    let default = tags("default").into_iter().next();
    let mut offer = tags("offer");
    let default = default
        .or_else(|| offer.first().cloned())
        .unwrap_or_else(|| "en".to_owned());
    if !offer.contains(&default) {
        offer.insert(0, default.clone());
    }
    Languages { default, offer }
}

/// A tag such as `en` or `pt-BR`; it becomes a folder name.
pub(super) fn language(reader: &mut Reader<'_>, tag: &str, pos: Pos) -> bool {
    let mut parts = tag.split('-');
    let main = parts.next().unwrap_or("");
    let good = (2..=3).contains(&main.len())
        && main.chars().all(|c| c.is_ascii_lowercase())
        && parts.all(|part| {
            (2..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric())
        });
    if !good {
        let message = format!("`{}` is not a language", shortened(tag));
        reader.error(
            "F104",
            pos,
            message,
            "write a language such as `en`, `es` or `pt-BR`",
        );
    }
    good
}

fn defaults(reader: &mut Reader<'_>, node: &Node) -> Defaults {
    let known = ["input", "no_input", "no_match", "exits"];
    let Some(fields) = reader.fields(node, "`defaults`", &known, &[]) else {
        return Defaults::default();
    };
    let mut input = InputRules::default();
    if let Some(node) = fields.get("input") {
        let known = ["timeout", "between_digits", "tries", "barge_in"];
        if let Some(fields) = reader.fields(node, "`input`", &known, &[]) {
            input = reader.input_rules(&fields, input);
        }
    }
    let mut list = |key| {
        fields
            .get(key)
            .map(|node| reader.sayings(node))
            .unwrap_or_default()
    };
    let no_input = list("no_input");
    let no_match = list("no_match");
    // Steps in a `do:` of the inherited exits use the same defaults.
    reader.defaults = Defaults {
        input,
        no_input,
        no_match,
        ..Defaults::default()
    };
    let exits = reader.exits(fields.get("exits"), "`defaults`", ExitName::ALL, "defaults");
    Defaults {
        exits,
        ..std::mem::take(&mut reader.defaults)
    }
}

fn prompts(reader: &mut Reader<'_>, node: &Node) -> BTreeMap<String, Prompt> {
    let mut prompts = BTreeMap::new();
    for entry in reader.entries(
        node,
        "prompts",
        "write lines such as `greeting: { en: \"Hello.\" }`",
    ) {
        let name = Name {
            text: entry.key.clone(),
            pos: entry.pos,
        };
        if reader.is_name(&name, "the name of a prompt")
            && let Some(prompt) = prompt(reader, entry)
        {
            prompts.insert(name.text, prompt);
        }
    }
    prompts
}

fn prompt(reader: &mut Reader<'_>, entry: &Entry) -> Option<Prompt> {
    let help = "write `NAME: { en: \"text\" }`, `NAME: { file: NAME.wav }` or both";
    let Kind::Map(parts) = &entry.value.kind else {
        reader.wrong_kind(&entry.value, "a map of languages", help);
        return None;
    };
    let mut prompt = Prompt {
        pos: entry.pos,
        texts: BTreeMap::new(),
        spoken: BTreeMap::new(),
        file: format!("{}.wav", entry.key),
        voices: Voices::default(),
    };
    for part in parts {
        let help = "put the text in quotes";
        if part.key == "file" {
            let file = reader.text(&part.value, "the file of a prompt", help);
            if let Some(file) = file.filter(|file| audio_file(reader, file, part.value.pos)) {
                prompt.file = file;
            }
            continue;
        }
        if part.key == "voice" {
            prompt.voices = reader.voices(&part.value);
            continue;
        }
        let text = reader.heard(&part.value, "the text of a prompt", help);
        if language(reader, &part.key, part.pos)
            && let Some(text) = text
            && let Kind::Text { text: written, .. } = &part.value.kind
        {
            prompt.texts.insert(part.key.clone(), written.clone());
            prompt.spoken.insert(part.key.clone(), text);
        }
    }
    if parts.is_empty() {
        reader.wrong_kind(&entry.value, "a text or a file", help);
    }
    Some(prompt)
}

/// A path below the prompts folder; nothing that leads out of it.
fn audio_file(reader: &mut Reader<'_>, file: &str, pos: Pos) -> bool {
    let inside = file
        .split('/')
        .all(|part| !part.is_empty() && part != "." && part != "..");
    let plain = !file.contains(['\\', ':']) && !file.chars().any(char::is_control);
    let good = inside && plain && file.to_ascii_lowercase().ends_with(".wav") && file.len() <= 255;
    if !good {
        let message = format!(
            "`{}` is not an audio file below the prompts folder",
            shortened(file)
        );
        reader.error("F104", pos, message, "write a path such as `moh/calm.wav`");
    }
    good
}

/// Names of the variables that have no value of their own when a call begins.
fn without_default(vars: &Node) -> BTreeSet<String> {
    let lines = match &vars.kind {
        Kind::Map(lines) => lines.as_slice(),
        _ => &[],
    };
    let has = |line: &&Entry| match &line.value.kind {
        Kind::Map(fields) => fields.iter().any(|field| field.key == "default"),
        _ => true,
    };
    let open = lines.iter().filter(|line| !has(line));
    open.map(|line| line.key.clone()).collect()
}

fn blocks(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<Block> {
    let help = "write `blocks:` and below it `start:` with a list of steps";
    let Some(node) = fields.get("blocks") else {
        reader.missing(Pos { line: 1, column: 1 }, "the flow", "blocks", help);
        return Vec::new();
    };
    let entries = reader.entries(node, "blocks", help);
    let mut blocks = Vec::new();
    for entry in entries {
        if let Some(name) = reader.block_name(entry) {
            let steps = reader.steps(&entry.value, &name.text);
            blocks.push(Block {
                name,
                inline: false,
                steps,
            });
        }
    }
    if !entries.iter().any(|entry| entry.key == "start") {
        let near = suggest("start", entries.iter().map(|entry| entry.key.as_str()));
        let help = format!("name the first block `start`; {near}");
        reader.error(
            "F103",
            node.pos,
            "there is no block `start`, where every call begins",
            help,
        );
    }
    blocks
}

fn waits(reader: &mut Reader<'_>, node: &Node) -> BTreeMap<String, Wait> {
    let mut waits = BTreeMap::new();
    for entry in reader.entries(node, "waits", "write a name and below it `loop:`") {
        let name = Name {
            text: entry.key.clone(),
            pos: entry.pos,
        };
        let good = reader.is_name(&name, "the name of a wait");
        if let (true, Some(wait)) = (good, reader.wait(&name, &entry.value)) {
            waits.insert(name.text, wait);
        }
    }
    waits
}
