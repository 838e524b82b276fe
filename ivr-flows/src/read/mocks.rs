//! `mock:` of a test file: what servers outside answer.
//!
//! **Owns**: `mock: { http: { STEP: … } }`.
//! **Must not know**: which steps a flow has.

use std::collections::BTreeMap;
use std::time::Duration;

use super::vars::as_written;
use super::{Reader, shortened};
use crate::flow::Value;
use crate::port::FetchAnswer;
use crate::trial::HttpMock;
use crate::yaml::{Kind, Node};

const HELP: &str = "write `orders: { status: 503 }`, `orders: { body: { … } }`, `orders: timeout` or `orders: unreachable`";
/// HTTP status without another word.
const OK: u16 = 200;

impl Reader<'_> {
    /// Lays the answers of `node` over those in `all`.
    pub(super) fn mocks(&mut self, node: &Node, all: &mut BTreeMap<String, HttpMock>) {
        let Some(fields) = self.fields(node, "`mock`", &["http"], &[]) else {
            return;
        };
        let Some(node) = fields.get("http") else {
            return;
        };
        for entry in self.entries(node, "steps that ask", HELP) {
            if let Some(mock) = self.http_mock(&entry.value) {
                all.insert(entry.key.clone(), mock);
            }
        }
    }

    fn http_mock(&mut self, node: &Node) -> Option<HttpMock> {
        if let Kind::Text { text, .. } = &node.kind {
            let answer = match text.as_str() {
                "timeout" => FetchAnswer::TimedOut,
                "unreachable" => FetchAnswer::Unreachable,
                other => {
                    let message = format!("a server does not answer `{}`", shortened(other));
                    self.error("F104", node.pos, message, HELP);
                    return None;
                }
            };
            let after = Duration::ZERO;
            return Some(HttpMock { answer, after });
        }
        let fields = self.fields(node, "an answer", &["status", "body", "after"], &[])?;
        let status = fields
            .get("status")
            .map(|node| self.number(node, "an HTTP status", 100, 599));
        let status = match status {
            Some(status) => u16::try_from(status?).ok()?,
            None => OK,
        };
        let body = match fields.get("body").map(|node| (&node.kind, node)) {
            None => None,
            // What stands without quotes is a text all the same: an answer is JSON or a text.
            Some((Kind::Text { text, .. }, _)) => Some(Value::Text(text.clone())),
            Some((_, node)) => Some(as_written(node)),
        };
        let after = fields.get("after");
        let after = after.and_then(|node| self.duration(node, "an answer"));
        Some(HttpMock {
            answer: FetchAnswer::Answered { status, body },
            after: after.unwrap_or_default(),
        })
    }
}
