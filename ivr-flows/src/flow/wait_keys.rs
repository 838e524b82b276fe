//! Keys of callers who wait.
//!
//! **Owns**: their form. **Must not know**: the queue.

use super::{Saying, Target};

/// One key of a wait.
#[derive(Clone, Debug)]
pub(crate) struct WaitKey {
    pub(crate) key: char,
    pub(crate) label: Option<String>,
    pub(crate) then: WaitThen,
}

/// What the key does.
#[derive(Clone, Debug)]
pub(crate) enum WaitThen {
    /// Out of the queue, and there.
    Leave(Target),
    /// This is heard, and the place is kept.
    Hear(Vec<Saying>),
}

impl WaitKey {
    /// What reports call this choice.
    pub(crate) fn shown(&self) -> &str {
        match (&self.label, &self.then) {
            (Some(label), _) => label,
            (None, WaitThen::Leave(Target::Block(name))) => &name.text,
            (None, WaitThen::Leave(Target::Hangup)) => "hangup",
            (None, WaitThen::Leave(Target::Return)) => "return",
            (None, WaitThen::Hear(_)) => "hear",
        }
    }
}
