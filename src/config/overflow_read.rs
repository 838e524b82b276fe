//! Where callers go whom a queue does not take or keep: `after_max_wait`, `when_full`, `when_no_agents`.
//!
//! **Owns**: these keys and the check of the queues they name. **Must not know**: what happens to the caller.

use super::company::Queue;
use super::company_read::unknown_name;
use super::finding::code;
use super::section::{At, Findings, Section, nearest};
use router::company::WhenNoAgents;
use router::overflow::{Cause, Overflow, Way};
use std::collections::BTreeMap;

/// A queue by name, and for what.
pub(super) type Named = (Cause, At<String>);

/// What one queue says.
#[derive(Default)]
pub(super) struct Read {
    /// Without the queues, which have no ids yet.
    pub(super) overflow: Overflow,
    /// Those queues, by name.
    pub(super) queues: Vec<Named>,
    pub(super) when_no_agents: WhenNoAgents,
}

impl Read {
    pub(super) fn names(&self) -> BTreeMap<Cause, String> {
        let names = self.queues.iter();
        names
            .map(|(cause, name)| (*cause, name.value.clone()))
            .collect()
    }
}

/// The three keys.
pub(super) fn overflow(s: &mut Section, out: &mut Findings<'_>) -> Read {
    let mut read = Read::default();
    one(s, "after_max_wait", Cause::MaxWait, &mut read, out);
    one(s, "when_full", Cause::Full, &mut read, out);
    one(s, "when_no_agents", Cause::NoAgents, &mut read, out);
    read
}

/// `"exit"`, `"voicemail"`, `"closed"` or `{ queue = "sales" }`; nobody there: also `"wait"`.
fn one(s: &mut Section, key: &'static str, cause: Cause, read: &mut Read, out: &mut Findings<'_>) {
    let waits = cause == Cause::NoAgents;
    if s.is_table(key) {
        let title = format!("`{key}` of {}", s.title);
        let Some(mut table) = s.section(key, title, out) else {
            return;
        };
        if let Some(name) = table.required_text("queue", "sales", out) {
            read.queues.push((cause, name));
        }
        if waits {
            read.when_no_agents = WhenNoAgents::Exit;
        }
        return table.finish(out);
    }
    let Some(text) = s.text(key, out) else {
        return;
    };
    let words: &[&str] = if waits {
        &["wait", "exit", "voicemail", "closed"]
    } else {
        &["exit", "voicemail", "closed"]
    };
    let way = match text.value.as_str() {
        "wait" if waits => return,
        "exit" => Way::Exit,
        "voicemail" => Way::Voicemail,
        "closed" => Way::Closed,
        other => {
            let message = format!("`{key} = \"{other}\"` is not a choice");
            let help = nearest(other, words.iter().copied()).map_or_else(
                || {
                    let known = words.join("\", \"");
                    format!("write \"{known}\" or {{ queue = \"NAME\" }}")
                },
                |near| format!("did you mean \"{near}\"?"),
            );
            return out.error(&text.place, code::BAD_VALUE, message, help);
        }
    };
    read.overflow = read.overflow.with(cause, way);
    if waits {
        read.when_no_agents = WhenNoAgents::Exit;
    }
}

/// A queue may send callers to one that comes later in the file, and to no other that is not there, nor to itself.
pub(super) fn queues_are_there(
    from: &str,
    named: &[Named],
    queues: &[Queue],
    out: &mut Findings<'_>,
) {
    let known: Vec<String> = queues.iter().map(|queue| queue.name.clone()).collect();
    for (_, name) in named {
        if name.value == from {
            out.error(
                &name.place,
                code::BAD_VALUE,
                format!("queue \"{from}\" sends its callers to itself"),
                "name another queue, or write \"exit\"",
            );
        } else if !known.contains(&name.value) {
            unknown_name("queue", name, &known, out);
        }
    }
}
