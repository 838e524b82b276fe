//! Names that peers must not be able to guess: branches, tags, Call-IDs.
//!
//! **Owns**: the seed and the counter. **Must not know**: where the seed came from. The same seed gives the same
//! names, so a run can be repeated; without the seed the next name is as hard to guess as SHA-256.

use sha2::{Digest, Sha256};
use std::fmt::Write;

/// What a name is for; part of the hash, so that a name of one kind tells nothing about another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Via branch, without its cookie.
    Branch,
    /// From or To tag.
    Tag,
    /// Call-ID, without a host.
    CallId,
    /// A pause between tries.
    Jitter,
}

/// Where new names come from.
#[derive(Debug)]
pub(crate) struct IdSource {
    seed: [u8; 32],
    counter: u64,
}

impl IdSource {
    /// A source; two sources with one seed give the same names.
    pub(crate) const fn new(seed: [u8; 32]) -> Self {
        Self { seed, counter: 0 }
    }

    /// A new Via branch with the cookie of RFC 3261 8.1.1.7.
    pub(crate) fn branch(&mut self) -> String {
        format!("z9hG4bK{}", hex(&self.fresh(Purpose::Branch)))
    }

    /// A new tag.
    pub(crate) fn tag(&mut self) -> String {
        hex(&self.fresh(Purpose::Tag)[..8])
    }

    /// A new Call-ID.
    pub(crate) fn call_id(&mut self) -> String {
        hex(&self.fresh(Purpose::CallId))
    }

    /// A number from 0 to `below - 1`; 0 when `below` is 0.
    pub(crate) fn below(&mut self, below: u64) -> u64 {
        let bytes = self.fresh(Purpose::Jitter);
        let number = bytes[..8]
            .iter()
            .fold(0_u64, |sum, &byte| (sum << 8) | u64::from(byte));
        number.checked_rem(below).unwrap_or(0)
    }

    /// The tag of a stateless answer: the same for each repeat of the same request (RFC 3261 8.2.7).
    pub(crate) fn stateless_tag(&self, parts: &[&str]) -> String {
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update(b"stateless");
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hex(&hash.finalize()[..8])
    }

    fn fresh(&mut self, purpose: Purpose) -> [u8; 16] {
        self.counter = self.counter.wrapping_add(1);
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update([purpose as u8]);
        hash.update(self.counter.to_be_bytes());
        let digest = hash.finalize();
        std::array::from_fn(|index| digest[index])
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::IdSource;

    #[test]
    fn names_repeat_with_the_seed_and_differ_from_each_other() {
        let names = |seed| {
            let mut ids = IdSource::new([seed; 32]);
            [ids.branch(), ids.branch(), ids.tag(), ids.call_id()]
        };
        assert_eq!(names(1), names(1));
        assert_ne!(names(1), names(2));
        assert_ne!(names(1)[0], names(1)[1]);
        assert!(names(1)[0].starts_with("z9hG4bK"));
    }

    #[test]
    fn a_stateless_tag_depends_on_every_part_and_on_nothing_else() {
        let mut ids = IdSource::new([7; 32]);
        let tag = ids.stateless_tag(&["a", "bc"]);
        ids.tag();
        assert_eq!(ids.stateless_tag(&["a", "bc"]), tag);
        assert_ne!(ids.stateless_tag(&["ab", "c"]), tag);
    }

    #[test]
    fn jitter_stays_below_its_bound() {
        let mut ids = IdSource::new([7; 32]);
        assert!((0..100).all(|_| ids.below(26) < 26));
        assert_eq!(ids.below(0), 0);
    }
}
