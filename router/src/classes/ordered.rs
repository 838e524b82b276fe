//! The members of one class in their order. Most classes are small, and only the first is asked for.
//!
//! **Owns**: [`Ordered`]. **Must not know**: whether they are agents or callers.

use std::collections::BTreeSet;

/// Members by key; equal keys by number.
#[derive(Clone, Debug)]
pub(super) struct Ordered<K>(BTreeSet<(K, u32)>);

impl<K> Default for Ordered<K> {
    fn default() -> Self {
        Self(BTreeSet::new())
    }
}

impl<K: Ord + Copy> Ordered<K> {
    pub(super) fn insert(&mut self, key: K, member: u32) {
        self.0.insert((key, member));
    }
    pub(super) fn remove(&mut self, key: K, member: u32) {
        self.0.remove(&(key, member));
    }
    pub(super) fn first(&self) -> Option<(K, u32)> {
        self.0.first().copied()
    }
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
    pub(super) fn iter(&self) -> impl Iterator<Item = (K, u32)> {
        self.0.iter().copied()
    }
}
