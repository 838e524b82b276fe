//! Messages in one piece of memory that is taken once and overwritten in turn: nothing of them lies among what lives shorter.
//!
//! **Owns**: where a message lies, which calls are there whole. **Must not know**: what a message says. PURE.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Bytes of all messages together; about 800 calls of two legs.
pub(super) const ROOM: usize = 4 << 20;
/// Calls at most, by their Call-ID.
pub(super) const CALLS: usize = 4_096;
/// Messages of one Call-ID.
pub(super) const MESSAGES: usize = 64;
/// Bytes of one message; a longer one is not kept.
pub(super) const LONGEST: usize = 16 * 1_024;
/// A message takes so many bytes at least, so that their number is bounded too.
const SHORTEST: usize = 256;

/// A message's place, and what is known of it.
struct Place<T> {
    call: Arc<[u8]>,
    /// Counted on for ever; modulo [`ROOM`] it is where the message lies.
    at: u64,
    length: usize,
    told: T,
}

/// The ring. `T` is what is kept beside a message's bytes.
pub(super) struct Ring<T> {
    bytes: Vec<u8>,
    /// Oldest first. Those of calls that are no longer whole are passed over.
    places: VecDeque<Place<T>>,
    /// Messages by call; a call of which any message was overwritten is gone from here.
    calls: HashMap<Arc<[u8]>, usize>,
    end: u64,
}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            places: VecDeque::new(),
            calls: HashMap::new(),
            end: 0,
        }
    }
}

impl<T> Ring<T> {
    /// Keeps a message of a call; one whose call is not there only if it `begins` one. Oldest calls make room.
    pub(super) fn keep(&mut self, call: &[u8], begins: bool, message: &[u8], told: T) {
        if message.len() > LONGEST {
            return;
        }
        let call = match self.calls.get_key_value(call) {
            Some((_, messages)) if *messages >= MESSAGES => return,
            Some((name, _)) => name.clone(),
            None if begins => Arc::from(call),
            None => return,
        };
        let at = self.make_room(message.len().max(SHORTEST));
        let begin = place_of(at);
        if let Some(room) = self.bytes.get_mut(begin..begin + message.len()) {
            room.copy_from_slice(message);
        }
        // Making room may have ended this very call.
        if begins || self.calls.contains_key(&call) {
            *self.calls.entry(call.clone()).or_default() += 1;
        }
        self.places.push_back(Place {
            call,
            at,
            length: message.len(),
            told,
        });
        while self.calls.len() > CALLS {
            self.forget_oldest();
        }
    }

    /// Where so many bytes may be written; what lies there is forgotten.
    fn make_room(&mut self, length: usize) -> u64 {
        if self.bytes.is_empty() {
            // Not zeros, which the system would hand out only as they are overwritten: what is held does not rise later.
            self.bytes = vec![b' '; ROOM];
        }
        // A message lies in one piece: what is left at the end is left out.
        let left = ROOM - place_of(self.end);
        let at = self.end + if length > left { left as u64 } else { 0 };
        self.end = at + length as u64;
        while self
            .places
            .front()
            .is_some_and(|oldest| oldest.at + (ROOM as u64) < self.end)
        {
            self.forget_oldest();
        }
        at
    }

    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.places.pop_front()
            && self.is_whole(&oldest.call)
        {
            self.calls.remove(&oldest.call);
        }
    }

    /// The call is there, and is not another one of the same name.
    fn is_whole(&self, call: &Arc<[u8]>) -> bool {
        let found = self.calls.get_key_value(call);
        found.is_some_and(|(name, _)| Arc::ptr_eq(name, call))
    }

    /// The messages of a call, oldest first.
    pub(super) fn of(&self, call: &[u8]) -> impl Iterator<Item = (&T, &[u8])> {
        let name = self.calls.get_key_value(call).map(|(name, _)| name);
        let places = self.places.iter().filter(move |place| {
            let same = name.map(|name| Arc::ptr_eq(name, &place.call));
            same.unwrap_or_default()
        });
        places.filter_map(|place| {
            let begin = place_of(place.at);
            Some((&place.told, self.bytes.get(begin..begin + place.length)?))
        })
    }
}

/// Where something lies in the memory.
const fn place_of(at: u64) -> usize {
    (at % ROOM as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(ring: &Ring<usize>, call: &str) -> Vec<(usize, Vec<u8>)> {
        let found = ring.of(call.as_bytes());
        found.map(|(told, bytes)| (*told, bytes.to_vec())).collect()
    }

    #[test]
    fn what_is_kept_is_read_back_until_newer_ones_need_its_room() {
        let mut ring = Ring::default();
        let text = |n: usize| vec![(n % 251) as u8; 300 + n * 37 % 4_000];
        for n in 0..6_000 {
            let call = format!("call-{}", n / 3);
            ring.keep(call.as_bytes(), n % 3 == 0, &text(n), n);
        }
        let newest = texts(&ring, "call-1999");
        assert_eq!(
            newest.iter().map(|(n, _)| *n).collect::<Vec<_>>(),
            [5_997, 5_998, 5_999]
        );
        let mut whole = 0;
        for call in 0..2_000 {
            let found = texts(&ring, &format!("call-{call}"));
            assert!(
                found.is_empty() || found.len() == 3,
                "{call}: {}",
                found.len()
            );
            assert!(found.iter().all(|(n, bytes)| *bytes == text(*n)), "{call}");
            whole += usize::from(!found.is_empty());
        }
        // 2.3 kB a message: all of the room is used.
        assert!((500..=620).contains(&whole), "{whole}");
    }

    #[test]
    fn calls_and_messages_are_bounded_and_short_ones_count_too() {
        let mut ring = Ring::default();
        for n in 0..100_000 {
            ring.keep(format!("{n}").as_bytes(), true, b"INVITE", n);
        }
        assert_eq!(ring.calls.len(), CALLS);
        assert!(ring.places.len() <= ROOM / SHORTEST);
        for n in 0..500 {
            ring.keep(b"talks", n == 0, b"INFO", n);
        }
        assert_eq!(texts(&ring, "talks").len(), MESSAGES);
        ring.keep(b"huge", true, &vec![0; LONGEST + 1], 0);
        ring.keep(b"stray", false, b"BYE", 0);
        assert!(texts(&ring, "huge").is_empty() && texts(&ring, "stray").is_empty());
    }

    #[test]
    fn a_call_whose_beginning_is_overwritten_is_gone_and_its_name_may_come_again() {
        let mut ring = Ring::default();
        ring.keep(b"long", true, &[1; 1_000], 0);
        for n in 1..5_000 {
            ring.keep(format!("{n}").as_bytes(), true, &[2; 1_000], n);
            ring.keep(b"long", false, &[3; 1_000], n);
        }
        assert!(texts(&ring, "long").is_empty());
        ring.keep(b"long", true, &[4; 1_000], 9);
        assert_eq!(texts(&ring, "long"), [(9, vec![4; 1_000])]);
    }
}
