//! Which box stands below which, and the places that arrows pass between them.
//!
//! **Owns**: ranks, arrows that run upwards, how many places arrows may take. **Must not know**: sizes, pixels.

use std::collections::BTreeMap;

/// Places that arrows pass on their way, besides one for each label; the longest arrows beyond run straight.
const MOST_PASSED: usize = 2_500;

/// Something that has a place: boxes first, by their numbers, then what arrows pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// By number.
    Box(usize),
    /// Where the label of an arrow stands.
    Label(usize),
    /// Where an arrow runs by.
    Passed,
}

/// Every stop with its rank, and what each arrow passes.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranks {
    pub(super) stops: Vec<(Stop, usize)>,
    /// Stops between the two ends of each arrow, from its beginning.
    pub(super) passed: Vec<Vec<usize>>,
    /// Pairs of stops, the upper one first, each one rank above the other.
    pub(super) pairs: Vec<(usize, usize)>,
}

/// Ranks of so many boxes with these arrows. Arrows from a box to itself pass nothing.
pub(super) fn ranks(boxes: usize, arrows: &[(usize, usize)]) -> Ranks {
    let order = order(boxes, arrows);
    let at = |one: usize| order.get(one).copied().unwrap_or_default();
    // The upper end first: an arrow runs upwards where its end comes before its beginning.
    let down: Vec<(usize, usize)> = arrows
        .iter()
        .map(|&(from, to)| {
            if at(from) <= at(to) {
                (from, to)
            } else {
                (to, from)
            }
        })
        .collect();
    let rank = longest_ways(&order, &down);
    let of = |one: usize| rank.get(one).copied().unwrap_or_default();
    let mut ranks = Ranks {
        stops: (0..boxes).map(|one| (Stop::Box(one), of(one))).collect(),
        passed: vec![Vec::new(); arrows.len()],
        pairs: Vec::new(),
    };
    let mut by_length: Vec<usize> = (0..arrows.len()).collect();
    let length = |arrow: usize| {
        down.get(arrow)
            .map_or(0, |&(upper, lower)| of(lower) - of(upper))
    };
    by_length.sort_by_key(|arrow| (length(*arrow), *arrow));
    let mut left = MOST_PASSED;
    for arrow in by_length {
        let (Some(&(upper, lower)), Some(&(from, _))) = (down.get(arrow), arrows.get(arrow)) else {
            continue;
        };
        let between = length(arrow).saturating_sub(1);
        if upper == lower || between.saturating_sub(1) > left {
            continue;
        }
        left -= between.saturating_sub(1);
        let mut passed = Vec::new();
        let mut above = upper;
        for step in 1..=between {
            // The label stands beside the box that the arrow leaves.
            let labelled = if from == upper {
                step == 1
            } else {
                step == between
            };
            let stop = if labelled {
                Stop::Label(arrow)
            } else {
                Stop::Passed
            };
            let own = ranks.stops.len();
            ranks.stops.push((stop, of(upper) + step));
            ranks.pairs.push((above, own));
            passed.push(own);
            above = own;
        }
        ranks.pairs.push((above, lower));
        if from != upper {
            passed.reverse();
        }
        if let Some(own) = ranks.passed.get_mut(arrow) {
            *own = passed;
        }
    }
    ranks
}

/// The place of each box in an order in which as many arrows as can be seen from the first box on run forwards.
fn order(boxes: usize, arrows: &[(usize, usize)]) -> Vec<usize> {
    let mut next: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &(from, to) in arrows {
        next.entry(from).or_default().push(to);
    }
    let none = Vec::new();
    let mut seen = vec![false; boxes];
    let mut done = Vec::with_capacity(boxes);
    for first in 0..boxes {
        let mut path = vec![(first, 0)];
        while let Some((one, tried)) = path.pop() {
            if let Some(seen) = seen.get_mut(one)
                && (tried > 0 || !std::mem::replace(seen, true))
            {
                match next.get(&one).unwrap_or(&none).get(tried) {
                    Some(to) => path.extend([(one, tried + 1), (*to, 0)]),
                    None => done.push(one),
                }
            }
        }
    }
    let mut places = vec![0; boxes];
    for (place, one) in done.iter().rev().enumerate() {
        if let Some(own) = places.get_mut(*one) {
            *own = place;
        }
    }
    places
}

/// Two ranks for each arrow of the longest way down to a box: one between for labels.
fn longest_ways(order: &[usize], down: &[(usize, usize)]) -> Vec<usize> {
    let mut below: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &(upper, lower) in down {
        below.entry(upper).or_default().push(lower);
    }
    let mut in_order: Vec<usize> = (0..order.len()).collect();
    in_order.sort_by_key(|one| order.get(*one));
    let mut rank = vec![0_usize; order.len()];
    for one in in_order {
        let own = rank.get(one).copied().unwrap_or_default();
        for lower in below
            .get(&one)
            .into_iter()
            .flatten()
            .filter(|to| **to != one)
        {
            if let Some(rank) = rank.get_mut(*lower) {
                *rank = (*rank).max(own + 2);
            }
        }
    }
    rank
}
