//! `[[agents]]` of the company file.
//!
//! **Owns**: their keys. **Must not know**: files, numbers, the store.

use super::agent_rules;
use super::company::Agent;
use super::company_read::{Names, PasswordPolicy, Unique, levels, plain_name, unknown_name};
use super::finding::code;
use super::section::{At, Findings, Section};
use router::Private;
use sip_gateway::leg::DigestAlgorithm;
use std::collections::BTreeMap;

pub(super) fn agents(
    root: &mut Section,
    names: Names<'_>,
    passwords: PasswordPolicy,
    out: &mut Findings<'_>,
) -> Vec<At<Agent>> {
    let mut logins = Unique::default();
    let mut extensions = Unique::default();
    let mut agents = Vec::new();
    for mut s in root.sections("agents", out) {
        let login = s.required_text("login", "ana", out);
        if let Some(login) = &login {
            s.title = format!("[[agents]] \"{}\"", login.value);
            plain_name("login", login, out);
            logins.note("login", login, out);
        }
        let extension = s.required_text("extension", "2001", out);
        if let Some(extension) = &extension {
            check_extension(extension, out);
            extensions.note("extension", extension, out);
        }
        let login = login.map(|l| l.value).unwrap_or_default();
        let skills = levels(&mut s, names.skills, out);
        let queues = tiers(&mut s, names.queues, out);
        let agent = Agent {
            licences: agent_rules::licences(&mut s, &skills, out),
            prefers: agent_rules::prefers(&mut s, &queues, out),
            name: Private::new(
                s.text("name", out)
                    .map_or_else(|| login.clone(), |n| n.value),
            ),
            login,
            extension: extension.map(|e| e.value).unwrap_or_default(),
            password: password(&mut s, passwords, out),
            skills,
            queues,
            ready_on_register: s.boolean("ready_on_register", out).unwrap_or(false),
            digest: digest(&mut s, out),
        };
        let place = s.place.clone();
        s.finish(out);
        agents.push(At {
            place,
            value: agent,
        });
    }
    agents
}

fn check_extension(text: &At<String>, out: &mut Findings<'_>) {
    let good = text.value.len() <= 32
        && text
            .value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if !good {
        out.error(
            &text.place,
            code::BAD_VALUE,
            format!(
                "extension \"{}\" cannot be a SIP user",
                text.value.escape_debug()
            ),
            "use up to 32 digits or letters, such as \"2001\"; feature codes begin with `*`",
        );
    }
}

fn password(
    s: &mut Section,
    policy: PasswordPolicy,
    out: &mut Findings<'_>,
) -> Option<Private<String>> {
    let before = out.list.len();
    let given = s.secret("password", "password_file", out);
    if let Some(text) = given {
        if text.value.is_empty() || text.value.chars().any(char::is_control) {
            out.error(
                &text.place,
                code::BAD_VALUE,
                format!(
                    "the password of {} is empty or has control characters",
                    s.title
                ),
                "write a long random text",
            );
        }
        return Some(Private::new(text.value));
    }
    if policy == PasswordPolicy::Required && out.list.len() == before {
        out.error(
            &s.place,
            code::MISSING,
            format!("{} has no password", s.title),
            "add `password = \"…\"` or `password_file = \"…\"` with a long random text",
        );
    }
    None
}

fn tiers(s: &mut Section, known: &[String], out: &mut Findings<'_>) -> BTreeMap<String, u8> {
    let mut tiers = BTreeMap::new();
    for (name, tier) in s.numbers("queues", 1..=100, out) {
        if known.contains(&name.value) {
            tiers.insert(name.value, tier);
        } else {
            unknown_name("queue", &name, known, out);
        }
    }
    tiers
}

fn digest(s: &mut Section, out: &mut Findings<'_>) -> DigestAlgorithm {
    let Some(text) = s.text("digest", out) else {
        return DigestAlgorithm::default();
    };
    let parsed = match text.value.to_ascii_lowercase().as_str() {
        "md5" => Ok(DigestAlgorithm::Md5),
        "sha-256" => Ok(DigestAlgorithm::Sha256),
        _ => Err((
            format!("`digest = \"{}\"` is not a choice", text.value),
            "write \"md5\" or \"sha-256\"".to_owned(),
        )),
    };
    out.check(&text.place, parsed).unwrap_or_default()
}
