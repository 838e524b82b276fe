//! What the documents show is what the language is: the reference is made from the table, and every flow, test and part
//! of a flow that stands in a document is read.
//!
//! **Owns**: the part of `docs/flows.md` between its two marks. To write it anew: `CORDBOARD_UPDATE=1 cargo test -p ivr-flows
//! --test documents`. **Must not know**: what the language has.

use std::path::{Path, PathBuf};

use ivr_flows::{Finding, FindingLevel, check_source, parse, reference, render_human, trial};

const BEGINS: &str =
    "<!-- from here to the next mark: made from the table in ivr-flows/src/reference -->\n";
const ENDS: &str = "<!-- until here -->\n";
/// Stands before a block of YAML that is no part of a flow.
const FOREIGN: &str = "<!-- no flow -->";
/// What a part of a flow may begin with.
const TOP: [&str; 9] = [
    "name",
    "title",
    "owner",
    "languages",
    "defaults",
    "prompts",
    "vars",
    "blocks",
    "waits",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_reference_is_the_table() {
    let file = root().join("docs/flows.md");
    let text = std::fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once(BEGINS).expect("the first mark");
    let (shown, after) = rest.split_once(ENDS).expect("the second mark");
    let made = format!("\n{}\n", reference::page());
    if shown == made {
        return;
    }
    assert!(
        std::env::var_os("CORDBOARD_UPDATE").is_some(),
        "docs/flows.md is not what the table says; write it anew:\n  \
         CORDBOARD_UPDATE=1 cargo test -p ivr-flows --test documents"
    );
    std::fs::write(&file, format!("{before}{BEGINS}{made}{ENDS}{after}")).unwrap();
}

/// A block of YAML with the line where it begins.
struct Block {
    file: String,
    line: usize,
    text: String,
    foreign: bool,
}

fn blocks(file: &Path) -> Vec<Block> {
    let text = std::fs::read_to_string(file).expect("a document");
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    let mut before = "";
    for (number, line) in text.lines().enumerate() {
        let bare = line.trim_start();
        if !open && bare.starts_with("```yaml") {
            open = true;
            blocks.push(Block {
                file: file
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                line: number + 2,
                text: String::new(),
                foreign: before == FOREIGN,
            });
        } else if open && bare.starts_with("```") {
            open = false;
        } else if let (true, Some(block)) = (open, blocks.last_mut()) {
            block.text.push_str(line);
            block.text.push('\n');
        }
        if !line.is_empty() {
            before = line;
        }
    }
    blocks
}

/// What is wrong with the shape of a part of a flow; names that stand elsewhere are not looked for.
fn shape(source: &str) -> Vec<Finding> {
    parse(source, "shown").err().unwrap_or_default()
}

fn indented(text: &str, by: &str) -> String {
    let line = |line: &str| {
        if line.is_empty() {
            "\n".to_owned()
        } else {
            format!("{by}{line}\n")
        }
    };
    text.lines().map(line).collect()
}

/// What is wrong with one block, and the source as it was read.
fn wrong(block: &Block) -> (Vec<Finding>, String) {
    let text = &block.text;
    let first = text.lines().find(|line| {
        let bare = line.trim_start();
        !bare.is_empty() && !bare.starts_with('#')
    });
    let first = first.unwrap_or_default();
    let key = first.split(':').next().unwrap_or_default();
    if text.lines().any(|line| line == "tests:") {
        let found = trial::read(text, "shown").err().unwrap_or_default();
        return (found, text.clone());
    }
    let head = "flow: 1\nname: shown\n";
    let end = "blocks:\n  start:\n    - hangup:\n";
    let source = if key == "flow" {
        let checked = check_source(text, "shown", None);
        let errors = checked.findings.into_iter();
        let errors = errors.filter(|finding| finding.level == FindingLevel::Error);
        return (errors.collect(), text.clone());
    } else if first.starts_with("- ") {
        format!("{head}blocks:\n  start:\n{}", indented(text, "    "))
    } else if text.lines().any(|line| line == "blocks:") {
        format!("{head}{text}")
    } else if TOP.contains(&key) || key == "hours" {
        format!("{head}{text}{end}")
    } else {
        panic!(
            "{}:{}: this is no flow, no test and no part of a flow; write `{FOREIGN}` in the line before it",
            block.file, block.line
        );
    };
    (shape(&source), source)
}

#[test]
fn every_flow_in_the_documents_is_read() {
    let mut files = vec![root().join("README.md")];
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "md") {
            files.push(path);
        }
    }
    let mut count = 0;
    for block in files.iter().flat_map(|file| blocks(file)) {
        if block.foreign {
            continue;
        }
        count += 1;
        let (found, source) = wrong(&block);
        assert!(
            found.is_empty(),
            "{}:{}: this is not what the language has\n{}",
            block.file,
            block.line,
            render_human(&found, &source)
        );
    }
    assert!(count > 20, "only {count} blocks were found");
}
