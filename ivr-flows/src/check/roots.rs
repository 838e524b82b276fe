//! One fault, one finding: what merely follows from a fault becomes a note of it.
//!
//! **Owns**: which finding can be the cause of which. **Must not know**: how findings come about.
//!
//! A prompt that could not be read is missing wherever it is played; a key that leads to a block misspelled leaves the
//! real block without a way to it. Told one by one, such a fault would look like many, and the first in the file would
//! often be the wrong one to mend.

use crate::finding::{About, Finding, FindingLevel, Note};
use crate::nearest::nearest;

/// Errors that leave a block out, and not only a step of it.
const NO_BLOCK: [&str; 2] = ["F013", "F109"];

/// Findings of one check: those that others of them explain become notes.
pub(super) fn among(findings: &mut Vec<Finding>) {
    again(findings);
    let followers = take(findings, |finding, all| cause_among(finding, all).is_some());
    for follower in followers {
        match cause_among(&follower, findings) {
            Some(cause) => note(findings, cause, &follower),
            None => findings.push(follower),
        }
    }
}

/// The same thing missing for many steps is one fault: an exit that could be inherited, the `answer`. The first step
/// has the finding.
fn again(findings: &mut Vec<Finding>) {
    let mut first: Vec<(&'static str, String, usize)> = Vec::new();
    let mut kept: Vec<Finding> = Vec::new();
    for finding in std::mem::take(findings) {
        // A prompt without a text in a language has no audio in it either.
        let voice = |code: &str| matches!(code, "F002" | "F003" | "F026");
        let same = kept.iter().position(|other| {
            voice(other.code) && (other.line, other.column) == (finding.line, finding.column)
        });
        if let Some(at) = same.filter(|_| finding.code == "F003") {
            note(&mut kept, at, &finding);
            continue;
        }
        let missing = match finding.code {
            "F009" => finding.message.rsplit('`').nth(1).unwrap_or("").to_owned(),
            "F025" => "answer".to_owned(),
            _ => {
                kept.push(finding);
                continue;
            }
        };
        let known = first
            .iter()
            .find(|(code, what, _)| *code == finding.code && *what == missing);
        match known.map(|(_, _, at)| *at) {
            Some(at) => note(&mut kept, at, &finding),
            None => {
                first.push((finding.code, missing, kept.len()));
                kept.push(finding);
            }
        }
    }
    *findings = kept;
}

/// What `judged` misses because it could not be read: notes of the error in the part of the file that has it.
pub(super) fn attach(source: &str, read: &mut Vec<Finding>, judged: &mut Vec<Finding>) {
    misspelled(read);
    let parts = Parts::of(source);
    let cause = |finding: &Finding, read: &[Finding]| {
        let part = part_of(finding.about)?;
        read.iter().position(|error| {
            let explains = finding.about != About::Block || NO_BLOCK.contains(&error.code);
            error.level == FindingLevel::Error && explains && parts.at(error.line) == Some(part)
        })
    };
    let followers = take(judged, |finding, _| cause(finding, read).is_some());
    for follower in followers {
        if let Some(at) = cause(&follower, read) {
            note(read, at, &follower);
        }
    }
}

/// A key that is missing because it is misspelled: the misspelling is the fault.
fn misspelled(read: &mut Vec<Finding>) {
    let meant = |missing: &Finding, all: &[Finding]| {
        let key = missing.message.rsplit('`').nth(1)?;
        let help = format!("did you mean `{key}`?");
        let found = all
            .iter()
            .position(|other| other.code == "F102" && other.help == help);
        found.filter(|_| missing.code == "F103")
    };
    for follower in take(read, |finding, all| meant(finding, all).is_some()) {
        if let Some(at) = meant(&follower, read) {
            note(read, at, &follower);
        }
    }
}

/// The top-level key under which something stands that can be missing.
fn part_of(about: About) -> Option<&'static str> {
    match about {
        About::Itself => None,
        About::Block | About::Step => Some("blocks"),
        About::Prompt => Some("prompts"),
        About::Variable => Some("vars"),
        About::Wait => Some("waits"),
        About::Calendar => Some("hours"),
        About::Language => Some("languages"),
    }
}

/// Which of `all` explains `finding`.
fn cause_among(finding: &Finding, all: &[Finding]) -> Option<usize> {
    let causes = |code: &str, about: About| {
        all.iter()
            .position(|other| other.code == code && other.about == about)
    };
    match (finding.code, finding.about) {
        // The way that was meant to lead there leads to a misspelled name.
        ("F005" | "F008", About::Block) => named_like(finding, all)
            .or_else(|| causes("F001", About::Block))
            .or_else(|| {
                // The way that was meant to lead there is missing, or goes round before it ends.
                let code = if finding.code == "F008" {
                    "F006"
                } else {
                    "F009"
                };
                all.iter().position(|other| other.code == code)
            }),
        ("F012", _) => causes("F011", About::Variable),
        ("F005", about @ (About::Wait | About::Calendar)) => causes("F004", about),
        _ => None,
    }
}

/// The F001 that most likely meant the block that `finding` is about.
fn named_like(finding: &Finding, all: &[Finding]) -> Option<usize> {
    let quoted = |text: &str| text.split('`').nth(1).map(str::to_owned);
    let block = quoted(&finding.message)?;
    all.iter().position(|other| {
        other.code == "F001"
            && quoted(&other.message)
                .is_some_and(|wrong| nearest(&wrong, [block.as_str()]).is_some())
    })
}

fn take(
    findings: &mut Vec<Finding>,
    follows: impl Fn(&Finding, &[Finding]) -> bool,
) -> Vec<Finding> {
    let (followers, causes) = findings
        .iter()
        .cloned()
        .partition(|finding| follows(finding, findings));
    *findings = causes;
    followers
}

fn note(findings: &mut [Finding], at: usize, follower: &Finding) {
    if let Some(cause) = findings.get_mut(at) {
        let note = Note {
            line: follower.line,
            column: follower.column,
            message: follower.message.clone(),
        };
        for note in std::iter::once(&note).chain(&follower.notes) {
            if !cause.notes.contains(note) {
                cause.notes.push(note.clone());
            }
        }
    }
}

/// Where each top-level key begins, by line.
struct Parts<'s>(Vec<(usize, &'s str)>);

impl<'s> Parts<'s> {
    fn of(source: &'s str) -> Self {
        let lines = (1..).zip(source.lines());
        let keys = lines.filter_map(|(line, text)| {
            let (key, _) = text.split_once(':')?;
            let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphabetic());
            plain.then_some((line, key))
        });
        Self(keys.collect())
    }

    fn at(&self, line: usize) -> Option<&'s str> {
        let before = self.0.iter().take_while(|(begins, _)| *begins <= line);
        before.last().map(|(_, key)| *key)
    }
}
