//! How a closed queue looks outside. PURE.
//!
//! **Owns**: the field names, for the API and the topic `queues` alike. **Must not know**: who asks.

use recordings::Utc;
use router::closure::{Closure, ClosureMessage};
use router::id::ClosureId;
use serde::Serialize;

/// How somebody closed a queue for now.
#[derive(Debug, Serialize)]
pub struct ClosureItem {
    id: ClosureId,
    /// Who closed it, by login.
    by: String,
    since: Utc,
    /// Opens by itself then; `null`: until somebody opens it.
    until: Option<Utc>,
    /// What becomes of those who waited already: `serve` or `end`.
    waiting: &'static str,
    /// Why, for colleagues.
    reason: String,
    message: MessageItem,
}

/// What callers hear: one of the two.
#[derive(Debug, Serialize)]
struct MessageItem {
    prompt: Option<String>,
    words: Option<String>,
}

impl ClosureItem {
    /// As it looks outside.
    #[must_use]
    pub fn of(closure: &Closure) -> Self {
        let (prompt, words) = match closure.message.clone() {
            ClosureMessage::Prompt(file) => (Some(file), None),
            ClosureMessage::Words(words) => (None, Some(words)),
        };
        Self {
            id: closure.id,
            by: closure.by.name.reveal().clone(),
            since: Utc(closure.since),
            until: closure.until.map(Utc),
            waiting: closure.waiting.as_str(),
            reason: closure.reason.clone(),
            message: MessageItem { prompt, words },
        }
    }
}
