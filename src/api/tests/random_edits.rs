//! A thousand operations of seeded chance through the API on the example's line, as an editor sends them.
//!
//! **Owns**: what an operation must make of what was read (worked out here on JSON, apart from the code under test), and
//! which lines it may touch. What cannot be edited by itself is refused, and seldom.

use super::world::World;
use serde_json::{Map, Value, json};
use std::ops::Range;
use std::sync::Arc;

const EXAMPLE: &str = include_str!("../../../ivr-flows/examples/fernhill/flows/support.flow.yaml");
/// Editors at work at once, each with a text and a seed of its own.
const EDITORS: u64 = 4;
const EACH: usize = 250;

/// Numbers by a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let end = u64::try_from(end.max(1)).unwrap();
        usize::try_from((number ^ (number >> 31)) % end).unwrap()
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    fn value(&mut self) -> Value {
        match self.below(7) {
            0 => json!(self.below(100)),
            1 => json!(self.below(2) == 0),
            2 => json!(format!("12{}", self.below(9))),
            3 => json!("a # no remark: \"{{ vars.x }}\", ¿sí?"),
            4 => json!(["one", 2, { "three": "yes" }]),
            5 => json!({ "en": "Hello.", "es": "'Hola'" }),
            _ => json!(format!("word-{}", self.below(50))),
        }
    }

    fn step(&mut self) -> Value {
        match self.below(4) {
            0 => json!({ "play": "goodbye" }),
            1 => json!({ "tag": { "chance": self.value() } }),
            2 => json!({ "go": "main", "when": "call.from == \"x # y\"" }),
            _ => {
                json!({ "menu": { "prompt": "order-menu", "keys": { "1": "main", "2": { "go": "help", "label": "Help" } } } })
            }
        }
    }
}

/// What an operation makes of an outline, and the lines of the text that it may touch.
struct Wanted {
    operation: Value,
    outline: Value,
    lines: Range<usize>,
    /// It takes something away, with the remarks inside it.
    takes: bool,
}

/// Lines of a place that begins at line `first` (from 1), without the remarks and empty lines behind it.
fn place(text: &str, first: usize, next: &dyn Fn(usize) -> bool) -> Range<usize> {
    let lines: Vec<&str> = text.lines().collect();
    let ends = |at: &usize| {
        let line = lines[*at];
        next(at + 1) || !(line.is_empty() || line.starts_with([' ', '#']))
    };
    let end = (first..lines.len()).find(ends).unwrap_or(lines.len());
    let remark = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    let behind = lines[first..end].iter().rev();
    first - 1..end - behind.take_while(|line| remark(line)).count()
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn block_lines(text: &str, outline: &Value, at: usize) -> Range<usize> {
    let blocks = list(&outline["blocks"]);
    let next = |line: usize| blocks.iter().any(|block| number(&block["line"]) == line);
    place(text, number(&blocks[at]["line"]), &next)
}

fn step_lines(text: &str, outline: &Value, block: usize, at: usize) -> Range<usize> {
    let blocks = list(&outline["blocks"]);
    let steps = list(&blocks[block]["steps"]);
    let begins = |line: usize| move |one: &Value| number(&one["line"]) == line;
    let next = |line: usize| blocks.iter().any(begins(line)) || steps.iter().any(begins(line));
    place(text, number(&steps[at]["line"]), &next)
}

/// Paths inside a value, those of lists and maps too.
fn paths(value: &Value, path: &str, all: &mut Vec<String>) {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(entries) => entries
            .iter()
            .map(|(key, value)| (key.clone(), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(at, item)| (at.to_string(), item))
            .collect(),
        _ => Vec::new(),
    };
    for (key, value) in inside
        .into_iter()
        .filter(|(key, _)| !key.contains(['/', '~']))
    {
        let path = format!("{path}/{key}");
        paths(value, &path, all);
        all.push(path);
    }
}

fn names(outline: &Value) -> Vec<String> {
    let blocks = list(&outline["blocks"]).iter();
    blocks
        .map(|block| block["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Steps of a block, changeable.
fn steps(outline: &mut Value, block: usize) -> &mut Vec<Value> {
    outline["blocks"][block]["steps"].as_array_mut().unwrap()
}

/// Sets a place in a step, or takes it away; whether remarks may go with it.
fn some_set(dice: &mut Dice, step: &mut Value, place: &str) -> (Value, bool) {
    let mut all = Vec::new();
    paths(step, "", &mut all);
    // A step that lost all its keys gets one.
    let gone = !all.is_empty() && dice.below(4) == 0;
    if all.is_empty() || dice.below(6) == 0 && step.is_object() {
        all = vec!["/added".to_owned()];
    }
    let (path, new) = (dice.of(&all).clone(), dice.value());
    let old = step.pointer(&path).cloned();
    let gone = gone && old.is_some();
    let takes = gone || old.is_some_and(|old| old.is_object() || old.is_array());
    let (above, last) = path.rsplit_once('/').unwrap();
    match step.pointer_mut(above).unwrap() {
        Value::Object(entries) if gone => drop(entries.remove(last)),
        Value::Object(entries) => drop(entries.insert(last.to_owned(), new.clone())),
        Value::Array(items) if gone => drop(items.remove(last.parse().unwrap())),
        above => *above.pointer_mut(&format!("/{last}")).unwrap() = new.clone(),
    }
    let new = if gone { Value::Null } else { new };
    let set = json!({ "op": "set", "path": format!("{place}{path}"), "value": new });
    (set, takes)
}

/// Says a prompt in other words; the lines of the prompt.
fn some_words(dice: &mut Dice, text: &str, outline: &mut Value) -> (Value, Range<usize>) {
    let prompt = dice.below(list(&outline["prompts"]).len());
    let words = format!("¡Hola! \"{}\" # 'sí': {{x}}", dice.below(90));
    let all = list(&outline["prompts"]);
    let next = |line: usize| all.iter().any(|prompt| number(&prompt["line"]) == line);
    let lines = place(text, number(&all[prompt]["line"]), &next);
    let own = &mut outline["prompts"][prompt];
    own["parts"]["es"] = json!(words);
    let set = json!({ "op": "set_prompt", "name": own["name"], "part": "es", "text": words });
    (set, lines)
}

/// Moves a step somewhere into a block.
fn some_move(
    dice: &mut Dice,
    outline: &mut Value,
    (block, step): (usize, usize),
    to_block: usize,
) -> Value {
    let blocks = names(outline);
    let moved = steps(outline, block).remove(step);
    let to = dice.below(steps(outline, to_block).len() + 1);
    steps(outline, to_block).insert(to, moved);
    let (from, to_list) = (
        format!("/blocks/{}", blocks[block]),
        format!("/blocks/{}", blocks[to_block]),
    );
    json!({ "op": "move_step", "list": from, "at": step, "to_list": to_list, "to": to })
}

/// Adds a block behind another.
fn some_block(dice: &mut Dice, outline: &mut Value, behind: usize) -> Value {
    let after = names(outline)[behind].clone();
    let (new, own) = (
        format!("chance-{}", dice.below(1_000)),
        [dice.step(), dice.step()],
    );
    let listed = own.clone().map(|step| json!({ "value": step }));
    let blocks = outline["blocks"].as_array_mut().unwrap();
    blocks.insert(behind + 1, json!({ "name": new, "steps": listed }));
    json!({ "op": "add_block", "name": new, "after": after, "steps": own })
}

fn some_operation(dice: &mut Dice, text: &str, before: &Value) -> Wanted {
    let mut outline = before.clone();
    let blocks = names(before);
    let full = |at: &usize| !list(&before["blocks"][*at]["steps"]).is_empty();
    let block = *dice.of(&(0..blocks.len()).filter(full).collect::<Vec<_>>());
    let (name, count) = (
        &blocks[block],
        list(&before["blocks"][block]["steps"]).len(),
    );
    let (step, own) = (dice.below(count), format!("/blocks/{name}"));
    let of_block = |at: usize| block_lines(text, before, at);
    let of_step = || step_lines(text, before, block, step);
    let (operation, lines, takes) = match dice.below(8) {
        0..=2 => {
            let target = &mut steps(&mut outline, block)[step]["value"];
            let (set, takes) = some_set(dice, target, &format!("{own}/{step}"));
            (set, of_step(), takes)
        }
        3 => {
            let (at, new) = (dice.below(count + 1), dice.step());
            steps(&mut outline, block).insert(at, json!({ "value": new }));
            let insert = json!({ "op": "insert_step", "list": own, "at": at, "step": new });
            (insert, of_block(block), false)
        }
        4 => {
            steps(&mut outline, block).remove(step);
            // After the last one there are brackets behind the block's name.
            let lines = if count == 1 {
                of_block(block)
            } else {
                of_step()
            };
            (
                json!({ "op": "remove_step", "list": own, "at": step }),
                lines,
                true,
            )
        }
        5 => {
            let (from, to_block) = ((block, step), dice.below(blocks.len()));
            let operation = some_move(dice, &mut outline, from, to_block);
            let (from, other) = (of_block(block), of_block(to_block));
            (
                operation,
                from.start.min(other.start)..from.end.max(other.end),
                false,
            )
        }
        6 => (
            some_block(dice, &mut outline, block),
            of_block(block),
            false,
        ),
        _ => {
            let (set, lines) = some_words(dice, text, &mut outline);
            (set, lines, false)
        }
    };
    Wanted {
        operation,
        outline,
        lines,
        takes,
    }
}

/// What was read, without places.
fn bare(outline: &Value) -> Value {
    let of = |list: &Value, keys: &[&str]| {
        let mut all = Vec::new();
        for own in list.as_array().unwrap() {
            let one = keys
                .iter()
                .map(|key| ((*key).to_owned(), own[*key].clone()));
            all.push(Value::Object(one.collect::<Map<_, _>>()));
        }
        Value::Array(all)
    };
    let blocks = list(&outline["blocks"]).iter();
    let blocks = blocks
        .map(|block| json!({ "name": block["name"], "steps": of(&block["steps"], &["value"]) }));
    json!({ "blocks": blocks.collect::<Vec<_>>(), "prompts": of(&outline["prompts"], &["name", "parts"]), "languages": outline["languages"] })
}

/// Remarks of a text: what begins with a `#` outside quotes.
fn remarks(text: &str) -> Vec<String> {
    let remark = |line: &str| {
        let mut quote = None;
        let mut before = ' ';
        for (at, c) in line.char_indices() {
            match (quote, c) {
                (None, '#') if before == ' ' => return Some(line[at..].to_owned()),
                (None, '"' | '\'') if " [{:,".contains(before) => quote = Some(c),
                (Some(open), c) if c == open && before != '\\' => quote = None,
                _ => {}
            }
            before = c;
        }
        None
    };
    let mut all: Vec<String> = text.lines().filter_map(remark).collect();
    all.sort();
    all
}

fn difference(before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let both = old[head..].iter().rev().zip(new[head..].iter().rev());
    let tail = both.take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    format!("line {}: {old:#?} became {new:#?}", head + 1)
}

fn holds(wanted: &Wanted, before: &str, edited: &Value) {
    let (operation, after) = (&wanted.operation, edited["text"].as_str().unwrap());
    let read = &edited["view"]["outline"];
    assert_eq!(
        bare(read),
        bare(&wanted.outline),
        "{operation}: {}",
        difference(before, after)
    );
    let lines: Vec<&str> = before.split_inclusive('\n').collect();
    let head: String = lines[..wanted.lines.start].concat();
    let tail: String = lines[wanted.lines.end..].concat();
    assert!(
        after.starts_with(&head),
        "{operation} touches what stands before: {}",
        difference(before, after)
    );
    assert!(
        after.ends_with(&tail),
        "{operation} touches what stands behind: {}",
        difference(before, after)
    );
    if wanted.takes {
        let kept = remarks(&(head + &tail));
        let (mut left, mut all) = (kept.into_iter(), remarks(after).into_iter());
        assert!(
            left.all(|own| all.any(|other| other == own)),
            "{operation} loses remarks: {}",
            difference(before, after)
        );
    } else {
        assert_eq!(
            remarks(before),
            remarks(after),
            "{operation} changes remarks"
        );
    }
}

/// A name there and back leaves the text as it was, to the byte.
async fn renamed(world: &World, dice: &mut Dice, text: &str, outline: &Value) {
    let blocks = names(outline);
    let (from, to) = (dice.of(&blocks).clone(), "another-name");
    let there = json!([{ "op": "rename_block", "from": from, "to": to }]);
    let edited = edit(world, text, &there).await.unwrap();
    let after = edited["text"].as_str().unwrap();
    assert!(names(&edited["view"]["outline"]).contains(&to.to_owned()));
    assert!(!names(&edited["view"]["outline"]).contains(&from));
    assert_eq!(remarks(after).len(), remarks(text).len());
    let back = json!([{ "op": "rename_block", "from": to, "to": from }]);
    let back = edit(world, after, &back).await.unwrap();
    assert_eq!(back["text"], text, "{from}");
}

/// None: it was refused, in words, and which one is told.
async fn edit(world: &World, text: &str, operations: &Value) -> Option<Value> {
    let body = json!({ "text": text, "operations": operations }).to_string();
    let answer = world
        .ask("supervisor", "POST /flows/support/edit", &body)
        .await;
    let json = answer.json();
    if answer.status == 200 {
        return Some(json);
    }
    assert_eq!(
        (answer.status, &json["operation"]),
        (422, &json!(0)),
        "{operations}: {json}"
    );
    assert!(json["detail"].as_str().unwrap().len() > 20, "{json}");
    None
}

/// How many edits were made and how many refused.
async fn editor(world: Arc<World>, seed: u64) -> (usize, usize) {
    let mut dice = Dice(seed);
    let (mut done, mut refused) = (0, 0);
    let body = json!({ "text": EXAMPLE }).to_string();
    let first = world
        .ask("supervisor", "POST /flows/support/view", &body)
        .await
        .json();
    let (mut text, mut outline) = (EXAMPLE.to_owned(), first["outline"].clone());
    for _ in 0..EACH {
        if dice.below(20) == 0 {
            renamed(&world, &mut dice, &text, &outline).await;
            done += 1;
            continue;
        }
        let wanted = some_operation(&mut dice, &text, &outline);
        match edit(&world, &text, &json!([wanted.operation])).await {
            Some(edited) => {
                holds(&wanted, &text, &edited);
                done += 1;
                // It stays a text that people could have written.
                edited["text"].as_str().unwrap().clone_into(&mut text);
                outline = edited["view"]["outline"].clone();
                if text.lines().count() < 150 {
                    (text, outline) = (EXAMPLE.to_owned(), first["outline"].clone());
                }
            }
            None => refused += 1,
        }
    }
    (done, refused)
}

#[tokio::test]
async fn a_thousand_edits_leave_every_other_line_and_remark_and_mean_what_they_say() {
    let world = Arc::new(World::start().await);
    let editors: Vec<_> = (0..EDITORS)
        .map(|seed| tokio::spawn(editor(Arc::clone(&world), seed)))
        .collect();
    let (mut done, mut refused) = (0, 0);
    for editor in editors {
        let (more, less) = editor.await.unwrap();
        done += more;
        refused += less;
    }
    println!("{done} edits made, {refused} refused for their layout");
    assert_eq!(done + refused, 1_000);
    assert!(refused * 20 < done, "{refused} of 1000 edits were refused");
}
