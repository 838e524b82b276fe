//! What a saved company file changes, one line for each queue, agent, number and trunk.
//!
//! **Owns**: the comparison and its words. **Must not**: show a name of a person, a telephone number or a password;
//! logins and the names of queues, trunks and flows are what an operator typed to tell things apart.

use crate::config::Company;
use crate::config::company::{Agent, Number, Queue, Trunk};

/// The lines; none when the two are the same.
#[must_use]
pub fn lines(old: &Company, new: &Company) -> Vec<String> {
    let mut lines = Vec::new();
    compare(
        "skill",
        &old.skills,
        &new.skills,
        |s| s,
        |_, _| vec![],
        &mut lines,
    );
    compare(
        "queue",
        &old.queues,
        &new.queues,
        |q| &q.name,
        queue,
        &mut lines,
    );
    compare(
        "agent",
        &old.agents,
        &new.agents,
        |a| &a.login,
        agent,
        &mut lines,
    );
    compare(
        "trunk",
        &old.trunks,
        &new.trunks,
        |t| &t.name,
        trunk,
        &mut lines,
    );
    numbers(&old.numbers, &new.numbers, &mut lines);
    if old.routing != new.routing {
        lines.push("[routing] changed".to_owned());
    }
    if old.wrap_up_codes != new.wrap_up_codes {
        lines.push("[[wrap_up_codes]] changed".to_owned());
    }
    if old.not_ready_reasons != new.not_ready_reasons {
        lines.push("[[not_ready_reasons]] changed".to_owned());
    }
    for name in old.calendars.keys().chain(new.calendars.keys()) {
        let what = match (old.calendars.get(name), new.calendars.get(name)) {
            (None, Some(_)) => "added",
            (Some(_), None) => "removed",
            (was, is) if was != is => "changed",
            _ => continue,
        };
        let line = format!("calendar \"{name}\" {what}");
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    if old.limits != new.limits {
        lines.push("[limits] changed; taken at the next start".to_owned());
    }
    lines
}

/// One line for each thing that came, went or changed; `parts` names what of it changed.
fn compare<'a, T: PartialEq>(
    kind: &str,
    old: &'a [T],
    new: &'a [T],
    name: impl Fn(&'a T) -> &'a String,
    parts: impl Fn(&T, &T) -> Vec<&'static str>,
    lines: &mut Vec<String>,
) {
    for thing in new {
        match old.iter().find(|known| name(known) == name(thing)) {
            None => lines.push(format!("{kind} \"{}\" added", name(thing))),
            Some(known) if known != thing => {
                let parts = parts(known, thing).join(", ");
                lines.push(format!("{kind} \"{}\" changed: {parts}", name(thing)));
            }
            Some(_) => {}
        }
    }
    for thing in old {
        if !new.iter().any(|known| name(known) == name(thing)) {
            lines.push(format!("{kind} \"{}\" removed", name(thing)));
        }
    }
}

/// The names of those parts that differ.
fn differing<const N: usize>(parts: [(&'static str, bool); N]) -> Vec<&'static str> {
    let named = parts.into_iter().filter(|(_, differs)| *differs);
    named.map(|(name, _)| name).collect()
}

fn queue(old: &Queue, new: &Queue) -> Vec<&'static str> {
    let (was, is) = (&old.rules, &new.rules);
    differing([
        (
            "skills",
            was.skills != is.skills || was.any_of != is.any_of || was.max_tier != is.max_tier,
        ),
        ("strategy", was.strategy != is.strategy),
        (
            "order of callers",
            was.head_start != is.head_start
                || was.class != is.class
                || was.promote_after != is.promote_after
                || was.ladder != is.ladder
                || was.last_agent != is.last_agent
                || old.ladder_queues != new.ladder_queues,
        ),
        ("ring_timeout", was.ring_timeout != is.ring_timeout),
        (
            "wrap_up",
            was.wrap_up != is.wrap_up
                || was.wrap_up_cap != is.wrap_up_cap
                || was.wrap_up_extend != is.wrap_up_extend
                || was.wrap_up_extensions != is.wrap_up_extensions
                || old.needs_wrap_up_code != new.needs_wrap_up_code,
        ),
        ("max_wait", was.max_wait != is.max_wait),
        ("max_length", was.max_length != is.max_length),
        ("when_no_agents", was.when_no_agents != is.when_no_agents),
        (
            "overflow",
            was.overflow != is.overflow
                || old.overflow_queues != new.overflow_queues
                || old.voicemail_prompt != new.voicemail_prompt,
        ),
        (
            "service level",
            was.service_level != is.service_level || was.short_abandon != is.short_abandon,
        ),
        ("music", old.music != new.music),
        ("record", old.record != new.record),
        ("thresholds", old.thresholds != new.thresholds),
    ])
}

fn agent(old: &Agent, new: &Agent) -> Vec<&'static str> {
    differing([
        ("name", old.name != new.name),
        ("extension", old.extension != new.extension),
        ("password", old.password != new.password),
        (
            "skills",
            old.skills != new.skills || old.licences != new.licences,
        ),
        (
            "queues",
            old.queues != new.queues || old.prefers != new.prefers,
        ),
        (
            "ready_on_register",
            old.ready_on_register != new.ready_on_register,
        ),
        ("digest", old.digest != new.digest),
    ])
}

fn trunk(old: &Trunk, new: &Trunk) -> Vec<&'static str> {
    differing([
        ("from", old.from != new.from),
        ("register", old.register != new.register),
        ("record", old.record != new.record),
        ("outbound", old.outbound != new.outbound),
    ])
}

/// Numbers are told by their line in the file.
fn numbers(old: &[Number], new: &[Number], lines: &mut Vec<String>) {
    for entry in new {
        match old.iter().find(|known| known.number == entry.number) {
            None => lines.push(format!(
                "number on line {} added, flow \"{}\"",
                entry.line, entry.flow
            )),
            Some(known) if known.flow != entry.flow => lines.push(format!(
                "number on line {} changed: flow \"{}\" instead of \"{}\"",
                entry.line, entry.flow, known.flow
            )),
            Some(_) => {}
        }
    }
    for entry in old {
        if !new.iter().any(|known| known.number == entry.number) {
            lines.push(format!(
                "number removed (was on line {}, flow \"{}\")",
                entry.line, entry.flow
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{PasswordPolicy, parse_company};

    const OLD: &str = r#"
[[queues]]
name = "support"
[[queues]]
name = "sales"
[[agents]]
login = "ana"
name = "Ana Ruiz"
extension = "2001"
password = "first-secret"
queues = { support = 1 }
[[agents]]
login = "ben"
extension = "2002"
password = "p"
[[trunks]]
name = "carrier"
from = ["192.0.2.10"]
[[numbers]]
number = "+34910000000"
flow = "support"
[[numbers]]
number = "+34910000001"
flow = "sales"
"#;

    fn company(text: &str) -> Company {
        let read = parse_company(text, "company.toml", PasswordPolicy::Required);
        read.value.expect("a good company")
    }

    #[test]
    fn the_same_file_changes_nothing() {
        assert!(lines(&company(OLD), &company(OLD)).is_empty());
        // A comment moves lines, and nothing else.
        let moved = format!("# a comment\n{OLD}");
        assert!(lines(&company(OLD), &company(&moved)).is_empty());
    }

    #[test]
    fn each_change_has_its_line_and_no_secret() {
        let new = OLD
            .replace("name = \"sales\"", "name = \"returns\"")
            .replace(
                "name = \"support\"",
                "name = \"support\"\nmax_wait = \"1m\"",
            )
            .replace("first-secret", "second-secret")
            .replace("Ana Ruiz", "Ana Gil")
            .replace("login = \"ben\"", "login = \"eva\"")
            .replace("192.0.2.10", "192.0.2.11")
            .replace("flow = \"support\"", "flow = \"night\"")
            .replace("+34910000001", "+34910000002");
        let found = lines(&company(OLD), &company(&new));
        let wanted = [
            "queue \"support\" changed: max_wait",
            "queue \"returns\" added",
            "queue \"sales\" removed",
            "agent \"ana\" changed: name, password",
            "agent \"eva\" added",
            "agent \"ben\" removed",
            "trunk \"carrier\" changed: from",
            "number on line 22 changed: flow \"night\" instead of \"support\"",
            "number on line 25 added, flow \"sales\"",
            "number removed (was on line 24, flow \"sales\")",
        ];
        assert_eq!(found.len(), wanted.len(), "{found:#?}");
        for line in wanted {
            assert!(found.iter().any(|l| l == line), "{line} in {found:#?}");
        }
        let all = found.join("\n");
        for private in ["secret", "Ruiz", "Gil", "3491000", "2001"] {
            assert!(!all.contains(private), "{private}");
        }
    }
}
