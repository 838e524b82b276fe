//! A map that remembers what was touched, so that whatever is derived from it is brought up to date by the touched alone.
//!
//! **Owns**: [`Kept`] and the hasher of the maps that nobody goes through. **Must not know**: what is derived.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Deref;

/// For looking up only: nobody goes through it.
pub(super) type Lookup<K, V> = HashMap<K, V, BuildHasherDefault<Quick>>;

/// A quick hash, the same in each process. Keys are ids that we made and words of the company, so nobody chooses them to
/// collide.
#[derive(Clone, Debug, Default)]
pub(super) struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(8) {
            let mut word = [0; 8];
            for (to, from) in word.iter_mut().zip(piece) {
                *to = *from;
            }
            self.write_u64(u64::from_le_bytes(word));
        }
    }
    fn write_u8(&mut self, byte: u8) {
        self.write_u64(u64::from(byte));
    }
    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }
    fn write_u64(&mut self, word: u64) {
        let mixed = self.0.rotate_left(5) ^ word ^ 0x9e37_79b9_7f4a_7c15;
        // Both halves of the product, so that every bit of the key reaches every bit of the hash.
        let product = u128::from(mixed) * 0xd6e8_feb8_6659_fd93;
        self.0 = (product as u64) ^ (product >> 64) as u64;
    }
    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

/// Read like a [`BTreeMap`]; whatever is handed out to be changed counts as touched.
#[derive(Clone, Debug)]
pub(super) struct Kept<K, V> {
    map: BTreeMap<K, V>,
    touched: Vec<K>,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self {
            map: BTreeMap::new(),
            touched: Vec::new(),
        }
    }
}

impl<K: Ord + Copy, V> Kept<K, V> {
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.touch(key);
        self.map.insert(key, value)
    }
    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        self.touch(*key);
        self.map.remove(key)
    }
    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.touch(*key);
        self.map.get_mut(key)
    }
    pub(super) fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        self.touch(key);
        self.map.entry(key)
    }
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.touch_all();
        self.map.values_mut()
    }

    fn touch(&mut self, key: K) {
        if self.touched.last() != Some(&key) {
            self.touched.push(key);
        }
    }
    /// Everybody counts as touched.
    pub(super) fn touch_all(&mut self) {
        self.touched.extend(self.map.keys());
    }
    /// Each key once, in order; some may be gone.
    pub(super) fn take_touched(&mut self) -> Vec<K> {
        if self.touched.len() > 1 {
            self.touched.sort_unstable();
            self.touched.dedup();
        }
        std::mem::take(&mut self.touched)
    }
}

impl<K, V> Deref for Kept<K, V> {
    type Target = BTreeMap<K, V>;
    fn deref(&self) -> &BTreeMap<K, V> {
        &self.map
    }
}

impl<'a, K, V> IntoIterator for &'a Kept<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = std::collections::btree_map::Iter<'a, K, V>;
    fn into_iter(self) -> Self::IntoIter {
        self.map.iter()
    }
}

impl<K: Ord + Copy, V> FromIterator<(K, V)> for Kept<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut kept = Self {
            map: pairs.into_iter().collect(),
            touched: Vec::new(),
        };
        kept.touch_all();
        kept
    }
}
