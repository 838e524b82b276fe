//! The text format of Prometheus, version 0.0.4.
//!
//! **Owns**: escaping, the order of lines. **Must not know**: what is measured.

use std::fmt::{Display, Write as _};

/// The value of `Content-Type`.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Families of metrics, one after the other.
#[derive(Debug, Default)]
pub struct Text(String);

impl Text {
    /// A value that only grows; the name ends in `_total`.
    pub fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "counter", help, [(Vec::new(), value)]);
    }

    /// A value that goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "gauge", help, [(Vec::new(), value)]);
    }

    /// A family: its help, its type, and a line for each set of labels.
    pub fn family<'a, V: Display>(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Vec<(&'a str, &'a str)>, V)>,
    ) {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        let text = &mut self.0;
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            text.push_str(name);
            for (place, (label, content)) in labels.iter().enumerate() {
                let before = if place == 0 { '{' } else { ',' };
                let _ = write!(text, "{before}{label}=\"{}\"", escaped(content));
            }
            if !labels.is_empty() {
                text.push('}');
            }
            let _ = writeln!(text, " {value}");
        }
    }

    /// The whole text.
    #[must_use]
    pub fn finish(self) -> String {
        self.0
    }
}

fn escaped(content: &str) -> String {
    content
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_the_format_wants_them() {
        let mut text = Text::default();
        text.counter("a_total", "Things\nthat \\ happened.", 3);
        text.family(
            "b",
            "gauge",
            "By name.",
            [
                (vec![("queue", "a\"b\\c\nd"), ("state", "x")], 1.5),
                (vec![], 2.0),
            ],
        );
        let wanted = concat!(
            "# HELP a_total Things\\nthat \\\\ happened.\n# TYPE a_total counter\na_total 3\n",
            "# HELP b By name.\n# TYPE b gauge\n",
            "b{queue=\"a\\\"b\\\\c\\nd\",state=\"x\"} 1.5\nb 2\n",
        );
        assert_eq!(text.finish(), wanted);
    }
}
