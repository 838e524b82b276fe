//! A queue that somebody closed for now: from when until when, what callers hear, and what becomes of those who wait.
//!
//! **Owns**: the values. **Must not know**: what a closure does to callers (`distributor/closing.rs` does), how a message
//! is made audible.

use crate::id::{ClosureId, QueueId, UserId};
use crate::private::Private;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// One closing of one queue. Its words are the company's own, said to every caller: no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// Its id, made by the driver.
    pub id: ClosureId,
    /// The queue.
    pub queue: QueueId,
    /// Closed since.
    pub since: Timestamp,
    /// Opens by itself then; none: until somebody opens it.
    pub until: Option<Timestamp>,
    /// What callers hear before they go on by the exit `closed`.
    pub message: ClosureMessage,
    /// What becomes of those who wait already.
    pub waiting: WhileClosed,
    /// Why, in a few words for colleagues; no caller hears it.
    pub reason: String,
    /// Who closed it.
    pub by: ClosedBy,
}

/// What callers of a closed queue hear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosureMessage {
    /// A file below the prompts folder, in the caller's language where there is one.
    Prompt(String),
    /// Words for the speech command, in the flow's own language.
    Words(String),
}

/// What becomes of those who wait in a queue when it closes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhileClosed {
    /// They are served in their order; nobody new comes in.
    #[default]
    Serve,
    /// Their waiting ends with the message too.
    End,
}

impl WhileClosed {
    /// The stored name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::End => "end",
        }
    }

    /// The inverse of [`Self::as_str`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Serve, Self::End]
            .into_iter()
            .find(|waiting| waiting.as_str() == name)
    }
}

/// Who closed or opened a queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedBy {
    /// Whoever signed in, or the token; none: the queue opened by itself.
    pub user: Option<UserId>,
    /// The name to show. It is in no log line: a restart looks it up by the id.
    #[serde(skip)]
    pub name: Private<String>,
}

/// How a closure ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opening {
    /// Its time was over.
    Expired,
    /// Somebody opened the queue.
    Reopened,
    /// Somebody closed the queue anew, in other words or until another time.
    Replaced,
    /// The company has no such queue any more.
    QueueGone,
}

impl Opening {
    /// The stored name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Reopened => "reopened",
            Self::Replaced => "replaced",
            Self::QueueGone => "queue_gone",
        }
    }
}
