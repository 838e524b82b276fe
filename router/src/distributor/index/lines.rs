//! Who waits in which queue, in order, and which interactions wait at all.
//!
//! **Owns**: [`Lines`]. **Must not know**: agents.

use crate::distributor::entry::{EntryKey, World};
use crate::distributor::kept::Lookup;
use crate::id::{InteractionId, QueueEntryId, QueueId};
use std::collections::BTreeSet;

/// Callers of one queue, rung ones included, in order.
type Line = BTreeSet<(EntryKey, QueueEntryId)>;

/// All lines.
#[derive(Clone, Debug, Default)]
pub(in crate::distributor) struct Lines {
    lines: Lookup<QueueId, Line>,
    places: Lookup<QueueEntryId, (QueueId, EntryKey, InteractionId)>,
    interactions: Lookup<InteractionId, u32>,
    /// Those who wait for one agent alone, also while they ring.
    held: BTreeSet<QueueEntryId>,
}

impl Lines {
    /// A caller came, changed or is gone.
    pub(super) fn renew(&mut self, world: &World, id: QueueEntryId) {
        let entry = world.entries.get(&id);
        if entry.is_some_and(|entry| entry.hold.is_some()) {
            self.held.insert(id);
        } else if !self.held.is_empty() {
            self.held.remove(&id);
        }
        let new = entry.map(|entry| (entry.queue, entry.key, entry.interaction));
        let old = self.places.get(&id).copied();
        if old == new {
            return;
        }
        if let Some((queue, key, interaction)) = old {
            self.places.remove(&id);
            if let Some(line) = self.lines.get_mut(&queue) {
                line.remove(&(key, id));
                if line.is_empty() {
                    self.lines.remove(&queue);
                }
            }
            if let Some(count) = self.interactions.get_mut(&interaction) {
                *count -= 1;
                if *count == 0 {
                    self.interactions.remove(&interaction);
                }
            }
        }
        if let Some((queue, key, interaction)) = new {
            self.places.insert(id, (queue, key, interaction));
            self.lines.entry(queue).or_default().insert((key, id));
            *self.interactions.entry(interaction).or_default() += 1;
        }
    }

    pub(in crate::distributor) fn waits(&self, interaction: InteractionId) -> bool {
        self.interactions.contains_key(&interaction)
    }

    pub(in crate::distributor) fn length(&self, queue: QueueId) -> usize {
        self.lines.get(&queue).map_or(0, BTreeSet::len)
    }

    /// Those who wait for one agent alone, by id.
    pub(in crate::distributor) const fn held(&self) -> &BTreeSet<QueueEntryId> {
        &self.held
    }

    /// In order.
    pub(in crate::distributor) fn line(&self, queue: QueueId) -> Vec<QueueEntryId> {
        let line = self.lines.get(&queue).into_iter().flatten();
        line.map(|(_, id)| *id).collect()
    }

    /// How many stand behind such a key: counted from the end, where newcomers stand.
    pub(in crate::distributor) fn behind(&self, queue: QueueId, key: EntryKey) -> usize {
        let line = self.lines.get(&queue).into_iter();
        let from_the_end = line.flat_map(|line| line.iter().rev());
        from_the_end.take_while(|(other, _)| *other > key).count()
    }
}
