//! `company.toml` to [`Company`].
//!
//! **Owns**: which tables exist and that every name refers to something. Keys of queues, agents and trunks are in
//! their own files. **Must not know**: files, sockets, the store.

use super::Checked;
use super::agent_read;
use super::calendar_read;
use super::company::{Company, Number};
use super::desk_read;
use super::finding::code;
use super::ladder_read;
use super::queue_read;
use super::section::{At, Findings, SecretReader, Section, nearest};
use super::settings_read::limits;
use super::thresholds::{Thresholds, thresholds};
use super::tree::{Place, read};
use super::trunk_read;
use crate::number;
use ivr_flows::calendar::Day;
use router::company::{RoutingSettings, Skills};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Whether an agent without a password is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordPolicy {
    /// Every agent must have one.
    Required,
    /// The demo makes the missing ones at its first start.
    FilledByDemo,
}

/// What reading a company file needs beside its text.
#[derive(Clone, Copy)]
pub struct CompanyContext<'a> {
    /// Whether an agent without a password is wrong.
    pub passwords: PasswordPolicy,
    /// `node.country`, for numbers without a country code.
    pub country: Option<&'a str>,
    /// The date in UTC, for what can be out of date; none: nothing is.
    pub today: Option<Day>,
    /// Gives the text of a `password_file`.
    pub secrets: SecretReader<'a>,
}

/// Reads a company from text, without a country and without secret files. `file` names the text in findings.
#[must_use]
pub fn parse_company(source: &str, file: &str, passwords: PasswordPolicy) -> Checked<Company> {
    let context = CompanyContext {
        passwords,
        country: None,
        today: None,
        secrets: &|_| Err("files of secrets are not read here".to_owned()),
    };
    parse_company_with(source, file, context)
}

/// Reads a company from text. Pure but for the reader of secrets.
#[must_use]
pub fn parse_company_with(
    source: &str,
    file: &str,
    context: CompanyContext<'_>,
) -> Checked<Company> {
    let table = match read(source, file) {
        Ok(table) => table,
        Err(findings) => return Checked::refused(findings),
    };
    let place = Place {
        origin: file.into(),
        line: 1,
        column: 1,
    };
    let mut out = Findings {
        list: Vec::new(),
        secrets: context.secrets,
    };
    let mut root = Section::new("the company file".to_owned(), place, table);
    let skills = skills(&mut root, &mut out);
    let common = queue_read::Common {
        skills: &skills,
        thresholds: thresholds(
            &mut root,
            "[thresholds]".to_owned(),
            Thresholds::default(),
            &mut out,
        ),
    };
    let (queues, ladders) = queue_read::queues(&mut root, common, &mut out);
    let queue_names: Vec<String> = queues.iter().map(|q| q.name.clone()).collect();
    let names = Names {
        skills: &skills,
        queues: &queue_names,
    };
    let agents = agent_read::agents(&mut root, names, context.passwords, &mut out);
    let (calendars, holiday_files) = calendar_read::calendars(&mut root, context.today, &mut out);
    let company = Company {
        calendars: Arc::new(calendars),
        holiday_files,
        queues,
        trunks: trunk_read::trunks(&mut root, context.country, &mut out),
        numbers: numbers(&mut root, &agents, context.country, &mut out),
        routing: routing(&mut root, &mut out),
        limits: limits(&mut root, &mut out),
        wrap_up_codes: desk_read::wrap_up_codes(&mut root, &queue_names, &mut out),
        not_ready_reasons: desk_read::not_ready_reasons(&mut root, &mut out),
        agents: agents.into_iter().map(|a| a.value).collect(),
        skills,
    };
    accounts_lead_somewhere(&company, &mut out);
    needed_codes_are_there(&company, &root.place, &mut out);
    ladder_read::last_steps_can_be_served(&company, &ladders, &mut out);
    root.finish(&mut out);
    Checked::new(company, out.list)
}

/// The number of a carrier's account must be one of ours.
fn accounts_lead_somewhere(company: &Company, out: &mut Findings<'_>) {
    for trunk in &company.trunks {
        let number = trunk.register.as_ref().and_then(|r| r.number.as_ref());
        if let Some(at) = number
            && !company.numbers.iter().any(|known| known.number == at.value)
        {
            out.error(
                &at.place,
                code::UNKNOWN_NAME,
                format!(
                    "`number` under `register` of trunk \"{}\" is none of the [[numbers]]",
                    trunk.name
                ),
                "add it to [[numbers]] with its flow, or write one that is there",
            );
        }
    }
}

/// An agent who must choose a code needs one to choose.
fn needed_codes_are_there(company: &Company, place: &Place, out: &mut Findings<'_>) {
    for queue in company.queues.iter().filter(|q| q.needs_wrap_up_code) {
        let fits = |code: &super::WrapUpCode| code.fits(&queue.name);
        if !company.wrap_up_codes.iter().any(fits) {
            out.error(
                place,
                code::MISSING,
                format!(
                    "queue \"{}\" has `wrap_up_code = \"required\"` and no code",
                    queue.name
                ),
                "add [[wrap_up_codes]] with `code = \"…\"`",
            );
        }
    }
}

/// Names that others may refer to.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) skills: &'a [String],
    pub(super) queues: &'a [String],
}

/// Notes where each name was first seen and finds the second.
#[derive(Default)]
pub(super) struct Unique {
    seen: BTreeMap<String, Place>,
}

impl Unique {
    pub(super) fn note(&mut self, what: &str, name: &At<String>, out: &mut Findings<'_>) {
        if let Some(first) = self.seen.get(&name.value) {
            out.error(
                &name.place,
                code::DUPLICATE,
                format!("{what} \"{}\" is there twice", name.value),
                format!(
                    "the first one stands in line {}; give this one another name",
                    first.line
                ),
            );
            return;
        }
        self.seen.insert(name.value.clone(), name.place.clone());
    }
}

/// A name that paths, logs and files can carry.
pub(super) fn plain_name(what: &str, text: &At<String>, out: &mut Findings<'_>) {
    let good = text.value.len() <= 64
        && text.value.trim() == text.value
        && !text
            .value
            .chars()
            .any(|c| c.is_control() || matches!(c, '/' | '\\' | '?' | '#' | '%' | '"'))
        && uuid::Uuid::parse_str(&text.value).is_err();
    if !good {
        out.error(
            &text.place,
            code::BAD_VALUE,
            format!(
                "{what} \"{}\" cannot be used as a name",
                text.value.escape_debug()
            ),
            "use up to 64 letters, digits, spaces, dots, hyphens or underscores, and no UUID",
        );
    }
}

/// A finding for a name that refers to nothing.
pub(super) fn unknown_name(
    what: &str,
    name: &At<String>,
    known: &[String],
    out: &mut Findings<'_>,
) {
    let help = nearest(&name.value, known.iter().map(String::as_str)).map_or_else(
        || match known {
            [] => format!("there is no {what} yet; add one"),
            _ => format!("known: {}", known.join(", ")),
        },
        |near| format!("did you mean \"{near}\"?"),
    );
    out.error(
        &name.place,
        code::UNKNOWN_NAME,
        format!("there is no {what} \"{}\"", name.value),
        help,
    );
}

/// `skills = { billing = 3 }`: levels 1-10 of known skills.
pub(super) fn levels(section: &mut Section, known: &[String], out: &mut Findings<'_>) -> Skills {
    levels_from(section.numbers("skills", 1..=10, out), known, out)
}

/// Levels of known skills.
pub(super) fn levels_from(
    numbers: Vec<(At<String>, u8)>,
    known: &[String],
    out: &mut Findings<'_>,
) -> Skills {
    let mut skills = Skills::new();
    for (name, level) in numbers {
        if known.contains(&name.value) {
            skills.insert(name.value, level);
        } else {
            unknown_name("skill", &name, known, out);
        }
    }
    skills
}

fn skills(root: &mut Section, out: &mut Findings<'_>) -> Vec<String> {
    let mut unique = Unique::default();
    let mut skills = Vec::new();
    for mut s in root.sections("skills", out) {
        if let Some(name) = s.required_text("name", "billing", out) {
            plain_name("skill", &name, out);
            unique.note("skill", &name, out);
            skills.push(name.value);
        }
        s.finish(out);
    }
    skills
}

fn numbers(
    root: &mut Section,
    agents: &[At<super::company::Agent>],
    country: Option<&str>,
    out: &mut Findings<'_>,
) -> Vec<Number> {
    let mut unique = Unique::default();
    let mut numbers = Vec::new();
    for mut s in root.sections("numbers", out) {
        let text = s.required_text("number", "+34910000000", out);
        let flow = s.required_text("flow", "support", out);
        s.finish(out);
        let (Some(text), Some(flow)) = (text, flow) else {
            continue;
        };
        let parsed = number::normalise(&text.value, country).ok_or_else(|| {
            (
                "`number` is neither a telephone number nor an extension".to_owned(),
                "write \"+34910000000\", or an extension such as \"9000\"".to_owned(),
            )
        });
        let Some(parsed) = out.check(&text.place, parsed) else {
            continue;
        };
        let name = At {
            place: text.place.clone(),
            value: parsed.reveal().to_owned(),
        };
        unique.note("number", &name, out);
        if let Some(agent) = agents.iter().find(|a| a.value.extension == name.value) {
            out.error(
                &text.place,
                code::DUPLICATE,
                format!(
                    "\"{}\" is also the extension of agent \"{}\"",
                    name.value, agent.value.login
                ),
                "give one of the two another number",
            );
        }
        numbers.push(Number {
            number: parsed,
            flow: flow.value,
            line: flow.place.line,
        });
    }
    numbers
}

fn routing(root: &mut Section, out: &mut Findings<'_>) -> RoutingSettings {
    let default = RoutingSettings::default();
    let Some(mut s) = root.section("routing", "[routing]".to_owned(), out) else {
        return default;
    };
    let routing = RoutingSettings {
        miss_cooldown: s
            .duration("miss_cooldown", out)
            .unwrap_or(default.miss_cooldown),
        max_misses: s
            .integer("max_misses", 1..=100, out)
            .map_or(default.max_misses, |n| n.value),
        exclude_for: s
            .duration("exclude_for", out)
            .unwrap_or(default.exclude_for),
        outbound_keeps_idle: s
            .boolean("outbound_keeps_idle", out)
            .unwrap_or(default.outbound_keeps_idle),
        outbound_wrap_up: queue_read::wrap_up(&mut s, "outbound_wrap_up", out),
    };
    s.finish(out);
    routing
}
