//! Guesses what was meant where the text is not YAML.
//!
//! **Owns**: the help texts for the usual slips.
//! **Must not know**: what a flow is.

use crate::flow::Pos;

/// What to write instead, by the look of the lines around the error.
pub(super) fn help(source: &str, pos: Pos, reason: &str) -> &'static str {
    let mut lines = source.lines().skip(pos.line.saturating_sub(2));
    let before = if pos.line > 1 {
        lines.next().unwrap_or("")
    } else {
        ""
    };
    let here = lines.next().unwrap_or("");
    let tabbed = |line: &&str| line.trim_start_matches(' ').starts_with('\t');
    if reason.contains("tab") || [before, here].iter().any(tabbed) {
        return "indent with spaces, never with tabs";
    }
    if [before, here].iter().any(|line| {
        let line = line.trim_start();
        line.starts_with("*:") || line.starts_with("* :")
    }) {
        return "the star key is written `star`, the hash key `hash`";
    }
    if [before, here]
        .iter()
        .any(|line| line.matches(": ").count() > 1 && !line.contains(['"', '\'']))
    {
        return "put a text that holds `: ` in quotes";
    }
    if [before, here]
        .iter()
        .any(|line| line.matches('"').count() % 2 == 1)
    {
        return "a quote is not closed";
    }
    if here.contains("{{") {
        return "put a text that holds `{{` in quotes";
    }
    let open = |line: &&str| line.matches(['[', '{']).count() > line.matches([']', '}']).count();
    if [before, here].iter().any(open) {
        return "a `[` or `{` is not closed";
    }
    if reason.contains("simple key") || reason.contains("':'") {
        return "each line of a map is `key: value`; look for a missing `:` or a line that is indented wrongly";
    }
    "look at the indentation and the quotes of this line and the one before"
}
