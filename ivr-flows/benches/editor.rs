//! What an editor waits for: `cargo bench -p ivr-flows --bench editor`.
//!
//! **Owns**: the row in `BENCHMARKS.md`. From an operation to the new text, its findings, outline and picture: all that
//! `POST /flows/{name}/edit` computes, but for names of the company, tests and JSON.

#![allow(clippy::print_stdout)] // its output is a table
#![allow(clippy::disallowed_methods)] // measures; the crate itself reads no clock

use ivr_flows::draw::{self, Options};
use ivr_flows::edit::{Editor as _, Operation, Splicer};
use ivr_flows::{check_source, outline};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

const BLOCKS: usize = 200;
/// About as large as a text may be; there is no picture of it.
const LARGEST: usize = 1_500;
const ROUNDS: usize = 11;

/// How blocks lead to each other.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// Menus below menus, four keys each, and back to the beginning.
    Tree,
    /// One block after the other, with a way back and a way ahead.
    Chain,
    /// Every block leads to six others, near and far.
    Net,
}

impl Shape {
    fn next(self, block: usize, blocks: usize) -> Vec<usize> {
        match self {
            Self::Tree => (1..=4).map(|key| block * 4 + key).collect(),
            Self::Chain => vec![block + 1, block.saturating_sub(3), block + 10],
            Self::Net => (1..=6)
                .map(|key| (block * 7 + key * key * 13 + 1) % blocks)
                .collect(),
        }
    }
}

fn flow(shape: Shape, blocks: usize) -> String {
    let mut text = String::from(
        "flow: 1\nname: large\ndefaults: { exits: { exhausted: bye, error: bye } }\nprompts:\n  bye: { en: \"Goodbye.\" }\n",
    );
    for block in 0..blocks {
        let _ = writeln!(
            text,
            "  p{block}: {{ en: \"Here you are at place {block}. Press a key to go on.\" }} # said"
        );
    }
    text.push_str("blocks:\n  start:\n    - answer:\n    - go: b0\n");
    for block in 0..blocks {
        let _ = writeln!(
            text,
            "\n  # Place {block}.\n  b{block}:\n    - tag: {{ place: \"{block}\" }}\n    - menu:\n        prompt: p{block}\n        keys:"
        );
        for (key, next) in (1..).zip(shape.next(block, blocks)) {
            let to = if next < blocks {
                format!("b{next}")
            } else {
                "bye".to_owned()
            };
            let _ = writeln!(text, "          {key}: {{ go: {to}, label: Key {key} }}");
        }
    }
    text.push_str("\n  bye:\n    - play: bye\n    - hangup:\n");
    text
}

/// What is told of it.
struct Told {
    each: [Duration; 4],
    all: Duration,
    drawn: bool,
}

fn once(text: &str, operation: &Operation) -> Told {
    let began = Instant::now();
    let edited = Splicer.edit(text, operation).expect("it fits");
    let edit = began.elapsed();
    let checked = check_source(&edited.text, "large.flow.yaml", None);
    assert!(checked.flow.is_some(), "{:?}", checked.findings.first());
    let check = began.elapsed();
    let outline = outline::outline(&edited.text).expect("it can be read");
    assert!(outline.blocks.len() >= BLOCKS);
    let outlined = began.elapsed();
    let picture = draw::picture(&edited.text, &Options::default()).expect("it can be read");
    let drawn = picture.svg().is_some();
    let all = began.elapsed();
    Told {
        each: [edit, check - edit, outlined - check, all - outlined],
        all,
        drawn,
    }
}

fn main() {
    let operation: Operation = serde_json::from_str(
        r#"{"op":"set","path":"/blocks/b100/1/menu/keys/1/label","value":"Another"}"#,
    )
    .expect("an operation");
    for (shape, blocks) in [
        (Shape::Tree, BLOCKS),
        (Shape::Chain, BLOCKS),
        (Shape::Net, BLOCKS),
        (Shape::Tree, LARGEST),
    ] {
        let text = flow(shape, blocks);
        let mut rounds: Vec<Told> = (0..ROUNDS).map(|_| once(&text, &operation)).collect();
        rounds.sort_by_key(|told| told.all);
        let told = &rounds[ROUNDS / 2];
        let [edit, check, outline, picture] = told.each.map(|time| time.as_secs_f64() * 1e3);
        println!(
            "{shape:?}, {blocks} blocks, {} bytes: {:.1} ms from edit to picture and findings (edit {edit:.1}, check {check:.1}, outline {outline:.1}, picture {picture:.1}{}); asked for with 200 blocks: at most 200",
            text.len(),
            told.all.as_secs_f64() * 1e3,
            if told.drawn { "" } else { ", none" },
        );
    }
}
