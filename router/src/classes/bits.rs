//! A set of small numbers, sixty-four to a word.
//!
//! **Owns**: [`Bits`] and [`Masks`], and going through what two of them have in common.

/// Which numbers are in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bits(Vec<u64>);

/// The words of a set that are not zero, with their places, in order.
pub(crate) type Masks = Vec<(u32, u64)>;

impl Bits {
    /// Puts a number in or out.
    pub(crate) fn set(&mut self, number: u32, is_in: bool) {
        let word = (number / 64) as usize;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        if let Some(word) = self.0.get_mut(word) {
            let bit = 1 << (number % 64);
            if is_in {
                *word |= bit;
            } else {
                *word &= !bit;
            }
        }
    }

    /// The smallest key of the numbers that are in both, and its number: the one loop that is run often.
    pub(crate) fn smallest<K: Ord + Copy>(&self, masks: &Masks, keys: &[K]) -> Option<(K, u32)> {
        let mut best: Option<(K, u32)> = None;
        for (place, mask) in masks {
            let mut common = self.0.get(*place as usize).copied().unwrap_or(0) & mask;
            while common != 0 {
                let number = place * 64 + common.trailing_zeros();
                common &= common - 1;
                let key = *keys.get(number as usize)?;
                if best.is_none_or(|(least, _)| key < least) {
                    best = Some((key, number));
                }
            }
        }
        best
    }

    /// Whether a number is in.
    pub(crate) fn has(&self, number: u32) -> bool {
        let word = self.0.get((number / 64) as usize);
        word.is_some_and(|word| word & (1 << (number % 64)) != 0)
    }

    /// How many numbers are in both.
    pub(crate) fn count(&self, masks: &Masks) -> u32 {
        let words = masks.iter().map(|(place, mask)| {
            let word = self.0.get(*place as usize).copied().unwrap_or(0);
            (word & mask).count_ones()
        });
        words.sum()
    }

    /// Whether any number is in both.
    pub(crate) fn meets(&self, masks: &Masks) -> bool {
        masks
            .iter()
            .any(|(place, mask)| self.0.get(*place as usize).is_some_and(|w| w & mask != 0))
    }

    /// The numbers that are in both, in order.
    pub(crate) fn both<'a>(&'a self, masks: &'a Masks) -> impl Iterator<Item = u32> + 'a {
        masks.iter().flat_map(move |(place, mask)| {
            let word = self.0.get(*place as usize).copied().unwrap_or(0);
            Ones(word & mask).map(move |bit| place * 64 + bit)
        })
    }
}

/// Puts a number into masks; those that rise are put in quickly.
pub(crate) fn put_in(masks: &mut Masks, number: u32) {
    let (word, bit) = (number / 64, 1 << (number % 64));
    if let Some((last, mask)) = masks.last_mut()
        && *last == word
    {
        *mask |= bit;
        return;
    }
    match masks.binary_search_by_key(&word, |(place, _)| *place) {
        Ok(place) => {
            if let Some((_, mask)) = masks.get_mut(place) {
                *mask |= bit;
            }
        }
        Err(place) => masks.insert(place, (word, bit)),
    }
}

/// Takes a number out of masks. True: it was in.
pub(crate) fn take_out(masks: &mut Masks, number: u32) -> bool {
    let (word, bit) = (number / 64, 1 << (number % 64));
    let Ok(place) = masks.binary_search_by_key(&word, |(place, _)| *place) else {
        return false;
    };
    let Some((_, mask)) = masks.get_mut(place) else {
        return false;
    };
    let was_in = *mask & bit != 0;
    *mask &= !bit;
    if *mask == 0 {
        masks.remove(place);
    }
    was_in
}

/// Whether masks have a number.
pub(crate) fn is_in(masks: &Masks, number: u32) -> bool {
    let found = masks.binary_search_by_key(&(number / 64), |(place, _)| *place);
    found.is_ok_and(|place| {
        masks
            .get(place)
            .is_some_and(|(_, mask)| mask & (1 << (number % 64)) != 0)
    })
}

/// The numbers that masks have, in order.
pub(crate) fn numbers(masks: &Masks) -> impl Iterator<Item = u32> + '_ {
    masks
        .iter()
        .flat_map(|(place, mask)| Ones(*mask).map(move |bit| place * 64 + bit))
}

/// The places of the bits that are set.
struct Ones(u64);

impl Iterator for Ones {
    type Item = u32;
    fn next(&mut self) -> Option<u32> {
        if self.0 == 0 {
            return None;
        }
        let bit = self.0.trailing_zeros();
        self.0 &= self.0 - 1;
        Some(bit)
    }
}
