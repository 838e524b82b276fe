//! Where a flow sends callers outside queues.
//!
//! **Owns**: the form of `transfer` and `dial`. **Must not know**: whether anybody may be called.

use std::time::Duration;

use super::{Exits, Name};
use crate::port::ShownAs;

/// Calls somebody for the caller, and joins the two.
#[derive(Clone, Debug)]
pub(crate) struct Transfer {
    /// Written as `dial`.
    pub(crate) dial: bool,
    pub(crate) to: TransferTo,
    pub(crate) shown: ShownAs,
    /// How long it rings at most.
    pub(crate) ring: Duration,
    /// The flow goes on when the called party hangs up first.
    pub(crate) return_here: bool,
    pub(crate) exits: Exits,
}

/// Who is called.
#[derive(Clone, Debug)]
pub(crate) enum TransferTo {
    /// A number in its international form, through a trunk that allows it.
    Number(Name),
    /// An agent's phone, by extension.
    Agent(Name),
}
