//! `[flows]`: where flows are changed, what they may reach outside, and what authorises them there.
//!
//! **Owns**: its keys. **Must not know**: flows, how a server is asked.

use super::finding::code;
use super::section::{At, Findings, Section};
use super::settings::FlowMaster;
use super::trunk_read::network;
use crate::outside::{OutsideSettings, Policy, SecretSource, Secrets};
use ivr_flows::FindingLevel;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const SECRET_HELP: &str =
    "write \"env:VARIABLE\" or \"file:PATH\"; the value itself does not stand in the settings";

pub(super) fn flows(root: &mut Section, out: &mut Findings<'_>) -> (FlowMaster, OutsideSettings) {
    let Some(mut s) = root.section("flows", "[flows]".to_owned(), out) else {
        return Default::default();
    };
    let master = master(&mut s, out);
    let mut listed = Vec::new();
    if let Some((_, entries)) = s.texts("may_reach", out) {
        for entry in &entries {
            listed.extend(out.check(&entry.place, network(&entry.value)));
        }
    }
    let mut sources = BTreeMap::new();
    if let Some(secrets) = s.section("secrets", "[flows.secrets]".to_owned(), out) {
        for (name, text) in secrets.all_texts(out) {
            if let Some(source) = source(&name, &text, out) {
                sources.insert(name.value, source);
            }
        }
    }
    s.finish(out);
    let outside = OutsideSettings {
        policy: Policy::new(listed),
        secrets: Secrets::new(sources),
    };
    (master, outside)
}

fn master(s: &mut Section, out: &mut Findings<'_>) -> FlowMaster {
    let master = s.text("master", out).and_then(|text| {
        let read = match text.value.as_str() {
            "files" => Ok(FlowMaster::Files),
            "database" => Ok(FlowMaster::Database),
            other => Err((
                format!("`master = \"{other}\"` is not a choice"),
                "write \"files\" or \"database\"".to_owned(),
            )),
        };
        out.check(&text.place, read)
    });
    master.unwrap_or_default()
}

fn source(name: &At<String>, text: &At<String>, out: &mut Findings<'_>) -> Option<SecretSource> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.value.is_empty() || !name.value.chars().all(plain) {
        let message = format!(
            "`{}` cannot be the name of a secret",
            name.value.escape_debug()
        );
        let help = "use letters, digits, `-`, `_` and `.`, as in a flow";
        out.error(&name.place, code::BAD_VALUE, message, help);
        return None;
    }
    match text.value.split_once(':') {
        Some(("env", variable)) if !variable.is_empty() => {
            if std::env::var_os(variable).is_none() {
                let message = format!("the environment variable {variable} is not set");
                let help = format!(
                    "set it before the server starts: flows use it as `{}`",
                    name.value
                );
                let place = &text.place;
                let level = FindingLevel::Warning;
                let finding = place.finding(code::MISSING, level, message, help);
                out.list.push(finding);
            }
            Some(SecretSource::Environment(variable.to_owned()))
        }
        Some(("file", path)) if !path.is_empty() => {
            if let Err(why) = (out.secrets)(Path::new(path)) {
                let message = format!("cannot read the file of the secret `{}`: {why}", name.value);
                let help = "name a readable file that holds nothing but the secret";
                out.error(&text.place, code::UNREADABLE, message, help);
            }
            Some(SecretSource::File(PathBuf::from(path)))
        }
        // The text may be the secret itself, so it is not shown.
        _ => {
            let message = format!("the secret `{}` says not where it comes from", name.value);
            out.error(&text.place, code::BAD_VALUE, message, SECRET_HELP);
            None
        }
    }
}
