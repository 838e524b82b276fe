//! A flow with all that it calls: one set, which a call keeps from its beginning on.
//!
//! **Owns**: [`link`], F027, and what `call` and `return` of several flows must agree on.
//! **Must not know**: where flows lie.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::finding::{Finding, FindingLevel};
use crate::flow::{Action, Call, Flow, Name};
use crate::interpreter::DEEPEST;
use crate::nearest::suggest;

/// Flows of one set at most.
const MOST: usize = 100;

/// What came of [`link`].
#[derive(Clone, Debug)]
pub struct Linked {
    /// The flow with those that it calls; none when a finding is an error.
    pub flow: Option<Arc<Flow>>,
    /// What is wrong with how they call each other, each in the file of the flow that calls.
    pub findings: Vec<Finding>,
}

/// Finds the flows that `flow` calls, and those that they call. `find` gives a flow by name.
pub fn link(flow: &Arc<Flow>, find: &mut dyn FnMut(&str) -> Option<Arc<Flow>>) -> Linked {
    let mut set: BTreeMap<String, Arc<Flow>> = BTreeMap::new();
    let mut findings = Vec::new();
    let mut todo = vec![Arc::clone(flow)];
    while let Some(next) = todo.pop() {
        for call in next.calls() {
            let name = &call.flow.text;
            if name == flow.name() || set.contains_key(name) {
                continue;
            }
            match find(name).filter(|_| set.len() < MOST) {
                Some(sub) => {
                    set.insert(name.clone(), Arc::clone(&sub));
                    todo.push(sub);
                }
                None => {
                    let message = format!("there is no flow `{name}`, or it cannot run");
                    let help = format!("put `{name}.flow.yaml` beside this file, and check it");
                    findings.push(error("F004", &next, &call.flow, message, &help));
                }
            }
        }
    }
    for caller in std::iter::once(flow).chain(set.values()) {
        for call in caller.calls() {
            if let Some(sub) = set.get(&call.flow.text) {
                agree(caller, call, sub, &mut findings);
            }
        }
    }
    let mut path = vec![flow.name().to_owned()];
    let mut done = BTreeSet::new();
    circles(flow, &set, &mut path, &mut done, &mut findings);
    findings.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    let good = findings
        .iter()
        .all(|finding| finding.level != FindingLevel::Error);
    let linked = || match set.is_empty() {
        true => Arc::clone(flow),
        false => Arc::new(flow.with_set(set)),
    };
    Linked {
        flow: good.then(linked),
        findings,
    }
}

fn error(
    code: &'static str,
    flow: &Flow,
    at: &Name,
    message: impl Into<String>,
    help: &str,
) -> Finding {
    Finding::error(code, flow.file(), at.pos, message, help)
}

/// What is handed over fits what is taken, both ways, and each word has its exit.
fn agree(caller: &Flow, call: &Call, sub: &Flow, findings: &mut Vec<Finding>) {
    let (name, interface) = (sub.name(), &sub.interface);
    for (input, given) in &call.with {
        if !interface.inputs.contains_key(&input.text) {
            let near = suggest(&input.text, interface.inputs.keys().map(String::as_str));
            let message = format!("flow `{name}` has no input `{}`", input.text);
            findings.push(error("F102", caller, input, message, &near));
            continue;
        }
        let declared = sub.vars.get(&input.text);
        let literal = given.literal().zip(declared);
        if let Some((value, declared)) = literal
            && value.clone().fit(declared).is_none()
        {
            let message = format!("`{value}` does not fit the input `{}`", input.text);
            let help = format!("it is of type `{}`", declared.kind());
            findings.push(error("F104", caller, input, message, &help));
        }
    }
    let given = |name: &String| call.with.iter().any(|(input, _)| input.text == *name);
    let missing = interface.inputs.iter();
    for (input, _) in missing.filter(|(name, input)| input.required && !given(name)) {
        let message = format!("flow `{name}` needs the input `{input}`");
        let help = format!("add `with: {{ {input}: … }}`, or give the input a default");
        findings.push(error("F103", caller, &call.flow, message, &help));
    }
    for (ours, theirs) in &call.into {
        if !interface.outputs.contains(&theirs.text) {
            let near = suggest(&theirs.text, interface.outputs.iter().map(String::as_str));
            let message = format!("flow `{name}` has no output `{}`", theirs.text);
            findings.push(error("F102", caller, theirs, message, &near));
        } else if let Some((own, other)) =
            caller.vars.get(&ours.text).zip(sub.vars.get(&theirs.text))
            && other.clone().fit(own).is_none()
        {
            let message = format!("the output `{}` is a `{}`", theirs.text, other.kind());
            let help = format!("`{}` is a `{}`: declare both alike", ours.text, own.kind());
            findings.push(error("F104", caller, ours, message, &help));
        }
    }
    words(caller, call, sub, findings);
}

fn words(caller: &Flow, call: &Call, sub: &Flow, findings: &mut Vec<Finding>) {
    let said: BTreeSet<&str> = sub.returns().map(|word| word.text.as_str()).collect();
    for word in said
        .iter()
        .filter(|word| !call.returns.contains_key(**word))
    {
        let message = format!(
            "nothing says where `return: {word}` of flow `{}` leads",
            sub.name()
        );
        let help = format!("add `exits: {{ {word}: BLOCK }}`");
        findings.push(error("F009", caller, &call.flow, message, &help));
    }
    for (word, (pos, _)) in &call.returns {
        if !said.contains(word.as_str()) {
            let message = format!("flow `{}` never returns with `{word}`", sub.name());
            let near = suggest(word, said.iter().copied());
            findings.push(Finding::error("F102", caller.file(), *pos, message, near));
        }
    }
}

/// Follows every call once: no flow may be in its own path, nor may the path be too long.
fn circles(
    at: &Flow,
    set: &BTreeMap<String, Arc<Flow>>,
    path: &mut Vec<String>,
    done: &mut BTreeSet<(String, usize)>,
    findings: &mut Vec<Finding>,
) {
    if !done.insert((at.name().to_owned(), path.len())) {
        return;
    }
    for call in at.calls() {
        let name = &call.flow.text;
        let again = path.contains(name);
        if again || path.len() > DEEPEST {
            let message = if again {
                format!(
                    "flow `{name}` is called from itself: {} -> {name}",
                    path.join(" -> ")
                )
            } else {
                format!("flows call each other more than {DEEPEST} deep")
            };
            let help = "use `go:` inside one flow, or let the other flow return first";
            let finding = error("F027", at, &call.flow, message, help);
            if !findings.contains(&finding) {
                findings.push(finding);
            }
            continue;
        }
        if let Some(sub) = set.get(name) {
            path.push(name.clone());
            circles(sub, set, path, done, findings);
            path.pop();
        }
    }
}

impl Flow {
    /// Every `call` step.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &Call> {
        self.steps().filter_map(|step| match &step.action {
            Action::Call(call) => Some(call.as_ref()),
            _ => None,
        })
    }

    /// Names of the flows that it calls, each once, in order.
    #[must_use]
    pub fn called(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.calls().map(|call| call.flow.text.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The flows of the set that it was linked with.
    pub fn set(&self) -> impl Iterator<Item = &Arc<Self>> {
        self.set.values()
    }

    /// The words that it returns with.
    fn returns(&self) -> impl Iterator<Item = &Name> {
        self.steps().filter_map(|step| match &step.action {
            Action::Return(word) => word.as_ref(),
            _ => None,
        })
    }

    fn with_set(&self, set: BTreeMap<String, Arc<Self>>) -> Self {
        Self {
            set: Arc::new(set),
            ..self.clone()
        }
    }
}
