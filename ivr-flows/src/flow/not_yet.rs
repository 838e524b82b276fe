//! Steps of the language that nothing stands behind in this version.
//!
//! **Owns**: their form. **Must not know**: what will stand behind them.

use super::{Exits, Saying};

/// `offer_callback`, `callback` or `pay`. A flow may have one when it says where callers go instead.
#[derive(Clone, Debug)]
pub(crate) struct NotYet {
    /// As it is written.
    pub(crate) name: &'static str,
    pub(crate) prompt: Vec<Saying>,
    /// With `unavailable`.
    pub(crate) exits: Exits,
}
