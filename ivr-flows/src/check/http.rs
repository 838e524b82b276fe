//! Is an `http` step thought through?
//!
//! **Owns**: F004 and F019 for secrets, F009 for `error`, F011 and F104 for `into`.
//! **Must not know**: the paths between blocks, addresses.

use super::{Catalog, Notes};
use crate::expression::Part;
use crate::flow::{ExitName, Flow, Http, Name, SecretUse, Step, Value};
use crate::nearest::suggest;

pub(super) fn check(
    flow: &Flow,
    step: &Step,
    http: &Http,
    catalog: Option<&Catalog>,
    notes: &mut Notes<'_>,
) {
    if let Some(secret) = &http.secret {
        named(flow, http, secret, catalog, notes);
    }
    if let Some(name) = &http.into {
        into(flow, name, notes);
    }
    let handled = |exit: &ExitName| http.exit(&flow.defaults.exits, *exit).is_some();
    if !http.failures().iter().all(handled) {
        let message = match &http.remote {
            Some(_) => {
                "nothing says what happens when no answer comes or it is of no use (`timeout`, `invalid`)"
            }
            None => "nothing says what happens when the answer is of no use (`error`)",
        };
        let help = "add `exits: { error: BLOCK }` here or under `defaults:`";
        notes.error("F009", step.pos, message, help);
    }
}

fn named(
    flow: &Flow,
    http: &Http,
    secret: &SecretUse,
    catalog: Option<&Catalog>,
    notes: &mut Notes<'_>,
) {
    let name = &secret.name;
    if !flow.secret_vars.contains_key(&name.text) {
        let near = suggest(&name.text, flow.secret_vars.keys().map(String::as_str));
        let help = format!(
            "{near}; write `{}: {{ type: secret }}` under `vars:`",
            name.text
        );
        let message = format!("there is no secret `{}`", name.text);
        return notes.error("F004", name.pos, message, help);
    }
    if let Some(known) = catalog.and_then(|catalog| catalog.secrets.as_ref())
        && !known.contains(&name.text)
    {
        let message = format!("the settings have no secret `{}`", name.text);
        let help = format!(
            "write `{} = \"env:VARIABLE\"` or `\"file:PATH\"` under [flows.secrets]",
            name.text
        );
        notes.error("F004", name.pos, message, help);
    }
    let clear = |part: &Part| matches!(part, Part::Text(text) if text.starts_with("http:"));
    if http.url.parts.first().is_some_and(clear) {
        let message = format!(
            "`{}` is sent in clear: the URL begins with `http:`",
            name.text
        );
        let help = "write `https:`, unless nobody else can see the way to that server";
        notes.warning("F019", name.pos, message, help);
    }
}

fn into(flow: &Flow, name: &Name, notes: &mut Notes<'_>) {
    if notes.full() || flow.secret_vars.contains_key(&name.text) {
        return;
    }
    match flow.vars.get(&name.text) {
        Some(Value::Map(_) | Value::List(_) | Value::Text(_)) => {}
        Some(other) => {
            let kind = other.kind();
            let message = format!("an answer is no `{kind}`, and `{}` is one", name.text);
            let help = "declare it as `map`, `list` or `string`";
            notes.error("F104", name.pos, message, help);
        }
        None => {
            let near = suggest(&name.text, flow.vars.keys().map(String::as_str));
            let message = format!("there is no variable `{}`", name.text);
            let help = format!(
                "{near}; write `{}: {{ type: map }}` under `vars:`",
                name.text
            );
            notes.error("F011", name.pos, message, help);
        }
    }
}
