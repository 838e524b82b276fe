//! What a `queue` step asks for, and what a wait holds.
//!
//! **Owns**: their forms. **Must not know**: which queues and skills the company has.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Exits, Name, Play, Pos, WaitKey};
use crate::expression::Expression;

/// Skills and their levels, with the place of each.
pub(crate) type Levels = BTreeMap<String, (u8, Pos)>;

#[derive(Clone, Debug)]
pub(crate) struct Queue {
    pub(crate) to: Name,
    pub(crate) skills: Levels,
    /// One of these besides; none: nothing besides.
    pub(crate) any_of: Vec<Levels>,
    /// In place of the queue's own.
    pub(crate) ladder: Option<Vec<Rung>>,
    /// How long the caller waits for the agent they spoke with last alone; none: as the queue says.
    pub(crate) last_agent: Option<Duration>,
    pub(crate) head_start: Duration,
    /// 0 emergency, 1 normal; none: the queue's own.
    pub(crate) class: Option<u8>,
    pub(crate) wait: Option<Name>,
    pub(crate) exits: Exits,
}

/// One step of a ladder: what is asked for from a time on.
#[derive(Clone, Debug)]
pub(crate) struct Rung {
    pub(crate) after: Duration,
    /// No more than this; 0 drops the skill.
    pub(crate) skills: Levels,
    pub(crate) max_tier: Option<u8>,
    pub(crate) queues: Vec<Name>,
    pub(crate) head_start: Duration,
}

/// What a waiting caller hears.
#[derive(Clone, Debug)]
pub(crate) struct Wait {
    pub(crate) pos: Pos,
    /// What is played when its expression holds.
    pub(crate) plays: Vec<(Option<Expression>, Play)>,
    /// What a waiting caller may press.
    pub(crate) keys: Vec<WaitKey>,
    /// Holds for a `queue` step without a ladder of its own.
    pub(crate) relax: Option<Vec<Rung>>,
    /// Where `relax` stands.
    pub(crate) relax_pos: Option<Pos>,
    pub(crate) give_up_after: Option<Duration>,
    pub(crate) exits: Exits,
}
