//! The classes that one class is joined to, by tier or by preference.
//!
//! **Owns**: [`Edges`]. **Must not know**: which side of the graph it is.

use super::bits::{Masks, numbers, put_in, take_out};

/// Groups in the order of their number, each a set of classes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edges(Vec<(u32, Masks)>);

impl Edges {
    /// Joins one more class.
    pub(crate) fn add(&mut self, group: u32, class: u32) {
        let place = match self.0.binary_search_by_key(&group, |(number, _)| *number) {
            Ok(place) => place,
            Err(place) => {
                self.0.insert(place, (group, Masks::new()));
                place
            }
        };
        if let Some((_, masks)) = self.0.get_mut(place) {
            put_in(masks, class);
        }
    }

    /// Parts from a class, in whichever group it is.
    pub(crate) fn remove(&mut self, class: u32) {
        self.0.retain_mut(|(_, masks)| {
            take_out(masks, class);
            !masks.is_empty()
        });
    }

    /// The smallest number first.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (u32, &Masks)> {
        self.0.iter().map(|(number, masks)| (*number, masks))
    }

    /// Every class that is joined.
    pub(crate) fn classes(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().flat_map(|(_, masks)| numbers(masks))
    }
}
