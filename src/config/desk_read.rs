//! What the agents' desk may be told: `[[wrap_up_codes]]` and `[[not_ready_reasons]]` of the company file.
//!
//! **Owns**: their keys and values. **Must not know**: agents' states, interactions, files.

use super::company_read::{Unique, plain_name, unknown_name};
use super::finding::code;
use super::section::{At, Findings, Section};
use router::Reason;

/// Levels of a group of codes: more cannot be read at a glance.
const GROUP_LEVELS: usize = 2;
/// Letters of a code's or reason's name for people.
const LONGEST_LABEL: usize = 60;
/// Codes of a company at most.
const MOST: usize = 500;

/// One `[[wrap_up_codes]]`: what an interaction can have been about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrapUpCode {
    /// Unique; what records keep.
    pub code: String,
    /// For people; the code when the file says nothing.
    pub name: String,
    /// Where it stands in a list: one or two names, the outer one first; empty for none.
    pub group: Vec<String>,
    /// Names of the queues that use it; empty for all.
    pub queues: Vec<String>,
}

impl WrapUpCode {
    /// Whether agents of this queue may choose it.
    #[must_use]
    pub fn fits(&self, queue: &str) -> bool {
        self.queues.is_empty() || self.queues.iter().any(|name| name == queue)
    }
}

/// One `[[not_ready_reasons]]`: why an agent may not be ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotReadyReason {
    /// Unique; what records keep.
    pub name: String,
    /// For people; the name when the file says nothing.
    pub label: String,
    /// Whether the time counts as work.
    pub paid: bool,
}

pub(super) fn wrap_up_codes(
    root: &mut Section,
    queues: &[String],
    out: &mut Findings<'_>,
) -> Vec<WrapUpCode> {
    let mut unique = Unique::default();
    let mut codes = Vec::new();
    for mut s in root.sections("wrap_up_codes", out) {
        let name = s.required_text("code", "refund", out);
        if let Some(name) = &name {
            s.title = format!("[[wrap_up_codes]] \"{}\"", name.value);
            plain_name("code", name, out);
            unique.note("code", name, out);
        }
        let code = name.map(|name| name.value).unwrap_or_default();
        let read = WrapUpCode {
            name: label(&mut s, "name", out).unwrap_or_else(|| code.clone()),
            group: group(&mut s, out),
            queues: known_queues(&mut s, queues, out),
            code,
        };
        let place = s.place.clone();
        s.finish(out);
        if codes.len() == MOST {
            let message = format!("there are more than {MOST} [[wrap_up_codes]]");
            out.error(
                &place,
                code::BAD_VALUE,
                message,
                "nobody finds one in so many",
            );
            break;
        }
        if !read.code.is_empty() {
            codes.push(read);
        }
    }
    codes
}

pub(super) fn not_ready_reasons(root: &mut Section, out: &mut Findings<'_>) -> Vec<NotReadyReason> {
    let mut unique = Unique::default();
    let mut reasons = Vec::new();
    for mut s in root.sections("not_ready_reasons", out) {
        let name = s.required_text("name", "lunch", out);
        if let Some(name) = &name {
            s.title = format!("[[not_ready_reasons]] \"{}\"", name.value);
            plain_name("reason", name, out);
            unique.note("reason", name, out);
            if !matches!(Reason::from_name(&name.value), Reason::Company(_)) {
                let message = format!("\"{}\" is a reason of the router's own", name.value);
                out.error(&name.place, code::DUPLICATE, message, "use another word");
            }
        }
        let name = name.map(|name| name.value).unwrap_or_default();
        let read = NotReadyReason {
            label: label(&mut s, "label", out).unwrap_or_else(|| name.clone()),
            paid: s.boolean("paid", out).unwrap_or(true),
            name,
        };
        s.finish(out);
        if !read.name.is_empty() {
            reasons.push(read);
        }
    }
    reasons
}

/// A name for people.
fn label(s: &mut Section, key: &'static str, out: &mut Findings<'_>) -> Option<String> {
    let text = s.text(key, out)?;
    let good = !text.value.trim().is_empty()
        && text.value.chars().count() <= LONGEST_LABEL
        && !text.value.chars().any(char::is_control);
    let value = if good {
        Ok(text.value.trim().to_owned())
    } else {
        Err((
            format!(
                "`{key}` in {} must have 1 to {LONGEST_LABEL} letters",
                s.title
            ),
            format!("write `{key} = \"Refund\"`"),
        ))
    };
    out.check(&text.place, value)
}

/// `"Orders"` or `"Orders / Money"`.
fn group(s: &mut Section, out: &mut Findings<'_>) -> Vec<String> {
    let Some(text) = s.text("group", out) else {
        return Vec::new();
    };
    let parts: Vec<String> = text
        .value
        .split('/')
        .map(|part| part.trim().to_owned())
        .collect();
    let readable = |part: &String| {
        !part.is_empty()
            && part.chars().count() <= LONGEST_LABEL
            && !part.chars().any(char::is_control)
    };
    let good = parts.len() <= GROUP_LEVELS && parts.iter().all(readable);
    let value = if good {
        Ok(parts)
    } else {
        Err((
            format!("`group` in {} has one or two names", s.title),
            "write `group = \"Orders\"` or `group = \"Orders / Money\"`".to_owned(),
        ))
    };
    out.check(&text.place, value).unwrap_or_default()
}

fn known_queues(s: &mut Section, known: &[String], out: &mut Findings<'_>) -> Vec<String> {
    let named: Vec<At<String>> = s
        .texts("queues", out)
        .map(|(_, names)| names)
        .unwrap_or_default();
    let mut queues = Vec::new();
    for name in named {
        if known.contains(&name.value) {
            queues.push(name.value);
        } else {
            unknown_name("queue", &name, known, out);
        }
    }
    queues
}
