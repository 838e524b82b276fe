//! Where boxes stand and how arrows run.
//!
//! **Owns**: the one use of the layout library (`rust-sugiyama`), which says how far to the right everything of a rank
//! stands. **Must not know**: what the boxes are.

use std::collections::BTreeMap;

use super::ranks::{Ranks, Stop, ranks};
use rust_sugiyama::configure::{Config, RankingType};
use rust_sugiyama::from_vertices_and_edges;

/// Room around everything.
const MARGIN: f64 = 24.0;
/// Room between neighbours.
const GAP: f64 = 18.0;
/// Room between ranks.
const RANK: f64 = 22.0;
/// What an arrow takes that runs by.
const PASSED: f64 = 6.0;
/// How far the arrow of a box to itself swings out.
const LOOP: f64 = 30.0;
/// More arrows are not placed: nobody could follow them.
const MOST_ARROWS: usize = 1_500;

/// A place, in pixels from the upper left.
pub(super) type Place = (f64, f64);

/// Everything with its place.
#[derive(Clone, Debug, Default)]
pub(super) struct Placed {
    /// Upper left corner and size of each box.
    pub(super) boxes: Vec<(Place, Place)>,
    /// Each arrow: its points with the points that bend the curve there (first out of, then into each point), and where
    /// its label stands.
    pub(super) arrows: Vec<Run>,
    /// Width and height of all.
    pub(super) size: Place,
}

/// How one arrow runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    pub(super) points: Vec<(Place, Place)>,
    pub(super) label: Option<Place>,
}

/// Places boxes of these sizes and arrows with these labels. None: there is nothing, or too much.
pub(super) fn place(sizes: &[Place], arrows: &[(usize, usize, String)]) -> Option<Placed> {
    if sizes.is_empty() || arrows.len() > MOST_ARROWS {
        return None;
    }
    let ends: Vec<(usize, usize)> = arrows.iter().map(|(from, to, _)| (*from, *to)).collect();
    let ranks = ranks(sizes.len(), &ends);
    let placer = Placer {
        sizes,
        arrows,
        loops: loops(arrows),
        ranks,
    };
    Some(placer.placed())
}

/// What arrows of boxes to themselves take beside them.
fn loops(arrows: &[(usize, usize, String)]) -> BTreeMap<usize, f64> {
    let mut loops = BTreeMap::new();
    for (from, _, label) in arrows.iter().filter(|(from, to, _)| from == to) {
        let room = loops.entry(*from).or_insert(0.0_f64);
        *room = room.max(LOOP + wide(label));
    }
    loops
}

/// How wide a label is, in small letters.
fn wide(text: &str) -> f64 {
    let letters = u16::try_from(text.chars().count()).unwrap_or(u16::MAX);
    f64::from(letters) * 7.0
}

/// One end of an arrow at a box: how far to the right it comes from, which arrow, whether it leaves there.
type End = (f64, usize, bool);

struct Placer<'a> {
    sizes: &'a [Place],
    arrows: &'a [(usize, usize, String)],
    loops: BTreeMap<usize, f64>,
    ranks: Ranks,
}

impl Placer<'_> {
    fn placed(&self) -> Placed {
        let sizes: Vec<Place> = self
            .ranks
            .stops
            .iter()
            .map(|(stop, _)| self.size(*stop))
            .collect();
        let rows = self.rows(&sizes);
        let mut middles = across(&sizes, &self.ranks);
        let left = middles
            .iter()
            .zip(&sizes)
            .map(|(x, (width, _))| x - width / 2.0)
            .fold(f64::INFINITY, f64::min);
        for middle in &mut middles {
            *middle += MARGIN - left;
        }
        let centre = |stop: usize| -> Place {
            let rank = self.ranks.stops.get(stop).map_or(0, |(_, rank)| *rank);
            let y = rows.get(rank).copied().unwrap_or_default();
            (middles.get(stop).copied().unwrap_or_default(), y)
        };
        let boxes: Vec<(Place, Place)> = self
            .sizes
            .iter()
            .enumerate()
            .map(|(own, &(width, height))| {
                let (x, y) = centre(own);
                let beside = self.loops.get(&own).copied().unwrap_or_default();
                (
                    (x - (width + beside) / 2.0, y - height / 2.0),
                    (width, height),
                )
            })
            .collect();
        let arrows = self.runs(&boxes, &centre);
        let most = |of: fn(&Place) -> f64, half: fn(&Place) -> f64| {
            let ends = (0..sizes.len())
                .zip(&sizes)
                .map(|(own, size)| of(&centre(own)) + half(size));
            ends.fold(0.0, f64::max) + MARGIN
        };
        let size = (
            most(|at| at.0, |size| size.0 / 2.0),
            most(|at| at.1, |size| size.1 / 2.0),
        );
        Placed {
            boxes,
            arrows,
            size,
        }
    }

    fn size(&self, stop: Stop) -> Place {
        match stop {
            Stop::Box(own) => {
                let (width, height) = self.sizes.get(own).copied().unwrap_or_default();
                (
                    width + self.loops.get(&own).copied().unwrap_or_default(),
                    height,
                )
            }
            Stop::Label(arrow) => {
                let label = self
                    .arrows
                    .get(arrow)
                    .map_or("", |(_, _, label)| label.as_str());
                let height = if label.is_empty() { 0.0 } else { 14.0 };
                (wide(label).max(PASSED), height)
            }
            Stop::Passed => (PASSED, 0.0),
        }
    }

    /// How far down the middle of each rank is.
    fn rows(&self, sizes: &[Place]) -> Vec<f64> {
        let mut heights: Vec<f64> = Vec::new();
        for ((_, rank), (_, height)) in self.ranks.stops.iter().zip(sizes) {
            if heights.len() <= *rank {
                heights.resize(rank + 1, 0.0);
            }
            if let Some(own) = heights.get_mut(*rank) {
                *own = own.max(*height);
            }
        }
        let mut down = MARGIN;
        let middle = |height: f64| {
            let middle = down + height / 2.0;
            down += height + RANK;
            middle
        };
        heights.into_iter().map(middle).collect()
    }

    fn runs(&self, boxes: &[(Place, Place)], centre: &dyn Fn(usize) -> Place) -> Vec<Run> {
        let ports = self.ports(boxes, centre);
        let each = self
            .arrows
            .iter()
            .enumerate()
            .map(|(own, (from, to, words))| {
                if from == to {
                    return round(boxes.get(*from).copied().unwrap_or_default(), words);
                }
                let passed = self
                    .ranks
                    .passed
                    .get(own)
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                let (start, end) = ports.get(own).copied().unwrap_or_default();
                let mut points = vec![start];
                points.extend(passed.iter().map(|stop| centre(*stop)));
                points.push(end);
                let is_label = |stop: &&usize| {
                    let stop = self.ranks.stops.get(**stop);
                    stop.is_some_and(|(stop, _)| matches!(stop, Stop::Label(_)))
                };
                let label = match passed.iter().find(is_label) {
                    Some(stop) => centre(*stop),
                    None => ((start.0 + end.0) / 2.0, (start.1 + end.1) / 2.0),
                };
                Run {
                    points: bent(&points),
                    label: (!words.is_empty()).then_some(label),
                }
            });
        each.collect()
    }

    /// Where each arrow leaves its box and where it comes in: side by side, in the order of where they come from.
    fn ports(
        &self,
        boxes: &[(Place, Place)],
        centre: &dyn Fn(usize) -> Place,
    ) -> Vec<(Place, Place)> {
        let mut sides: BTreeMap<(usize, bool), Vec<End>> = BTreeMap::new();
        for (own, (from, to, _)) in self
            .arrows
            .iter()
            .enumerate()
            .filter(|(_, (from, to, _))| from != to)
        {
            let passed = self
                .ranks
                .passed
                .get(own)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let first = centre(passed.first().copied().unwrap_or(*to));
            let last = centre(passed.last().copied().unwrap_or(*from));
            let below = |box_: usize, other: Place| other.1 > centre(box_).1;
            sides
                .entry((*from, below(*from, first)))
                .or_default()
                .push((first.0, own, true));
            sides
                .entry((*to, below(*to, last)))
                .or_default()
                .push((last.0, own, false));
        }
        let mut ports = vec![(Place::default(), Place::default()); self.arrows.len()];
        for ((own, below), mut ends) in sides {
            ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let ((x, y), (width, height)) = boxes.get(own).copied().unwrap_or_default();
            let count = f64::from(u32::try_from(ends.len()).unwrap_or(u32::MAX));
            for (place, (_, arrow, leaves)) in (1_u32..).zip(ends) {
                let part = f64::from(place) / (count + 1.0);
                let port = (x + width * part, if below { y + height } else { y });
                if let Some((start, end)) = ports.get_mut(arrow) {
                    *(if leaves { start } else { end }) = port;
                }
            }
        }
        ports
    }
}

/// A curve through points that is upright in each.
fn bent(points: &[Place]) -> Vec<(Place, Place)> {
    let half = |a: Place, b: Place| f64::midpoint(a.1, b.1);
    let mut bent = Vec::with_capacity(points.len());
    for pair in points.windows(2) {
        let &[from, to] = pair else { continue };
        if bent.is_empty() {
            bent.push((from, (from.0, half(from, to))));
        }
        bent.push(((to.0, half(from, to)), to));
    }
    bent
}

/// An arrow of a box to itself, at its right.
fn round(((x, y), (width, height)): (Place, Place), label: &str) -> Run {
    let right = x + width;
    let out = right + LOOP;
    let (upper, lower) = (y + height * 0.25, y + height * 0.75);
    Run {
        points: vec![
            ((right, upper), (out, upper - 6.0)),
            ((out, lower + 6.0), (right, lower)),
        ],
        label: (!label.is_empty())
            .then_some((right + LOOP * 0.8 + wide(label) / 2.0, y + height / 2.0)),
    }
}

/// How far to the right the middle of each stop is.
///
/// The library breaks off with a panic rather than with an error where it is wrong; then everything of a rank stands in
/// the order of the file.
fn across(sizes: &[Place], ranks: &Ranks) -> Vec<f64> {
    let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        by_library(sizes, &ranks.pairs)
    }));
    match tried {
        Ok(Some(middles)) => middles,
        _ => in_rows(sizes, ranks),
    }
}

fn by_library(sizes: &[Place], pairs: &[(usize, usize)]) -> Option<Vec<f64>> {
    let number = |stop: usize| u32::try_from(stop).ok();
    let vertices: Vec<(u32, Place)> = (0..).zip(sizes.iter().copied()).collect();
    let mut edges = Vec::with_capacity(pairs.len());
    for (upper, lower) in pairs {
        edges.push((number(*upper)?, number(*lower)?));
    }
    edges.sort_unstable();
    edges.dedup();
    let config = Config {
        vertex_spacing: GAP,
        ranking_type: RankingType::Up,
        // Every pair is one rank apart already.
        dummy_vertices: false,
        transpose: false,
        ..Config::default()
    };
    let parts = from_vertices_and_edges(&vertices, &edges, &config);
    let mut middles = vec![None; sizes.len()];
    let mut left = 0.0;
    // Parts that no arrow joins, those of the first boxes first.
    let mut parts: Vec<Vec<(usize, Place)>> = parts.into_iter().map(|(part, _, _)| part).collect();
    parts.sort_by_key(|part| part.iter().map(|(stop, _)| *stop).min());
    for part in parts {
        let half = |stop: usize| sizes.get(stop).map_or(0.0, |size| size.0 / 2.0);
        let least = part.iter().map(|(stop, (x, _))| x - half(*stop));
        let least = least.fold(f64::INFINITY, f64::min);
        let most = part.iter().map(|(stop, (x, _))| x + half(*stop));
        let most = most.fold(f64::NEG_INFINITY, f64::max);
        for (stop, (x, _)) in part {
            *middles.get_mut(stop)? = Some(x - least + left);
        }
        left += most - least + 2.0 * GAP;
    }
    let all: Option<Vec<f64>> = middles.into_iter().collect();
    all.filter(|all| all.iter().all(|x| x.is_finite()))
}

fn in_rows(sizes: &[Place], ranks: &Ranks) -> Vec<f64> {
    let mut ends: BTreeMap<usize, f64> = BTreeMap::new();
    let each = ranks
        .stops
        .iter()
        .zip(sizes)
        .map(|((_, rank), (width, _))| {
            let end = ends.entry(*rank).or_insert(0.0);
            let middle = *end + width / 2.0;
            *end += width + GAP;
            middle
        });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn boxes_and_labels_stand_apart_and_always_in_the_same_place(
            sizes in prop::collection::vec((40..200_u16, 30..50_u16), 1..30),
            arrows in prop::collection::vec((0..30_usize, 0..30_usize, "[a-z]{0,9}"), 0..60),
        ) {
            let count = sizes.len();
            let sizes: Vec<Place> = sizes.into_iter().map(|(w, h)| (w.into(), h.into())).collect();
            let arrows: Vec<_> = arrows.into_iter().map(|(a, b, label)| (a % count, b % count, label)).collect();
            let placed = place(&sizes, &arrows).unwrap();
            let again = place(&sizes, &arrows).unwrap();
            prop_assert_eq!(&placed.boxes, &again.boxes);
            let boxes = placed.boxes.iter().zip(&sizes);
            let mut taken: Vec<(Place, Place)> = boxes.map(|((at, size), wanted)| {
                assert_eq!(size, wanted);
                (*at, *size)
            }).collect();
            for ((from, to, label), run) in arrows.iter().zip(&placed.arrows) {
                prop_assert!(run.points.len() > 1);
                prop_assert_eq!(run.label.is_some(), !label.is_empty());
                if let Some((x, y)) = run.label && from != to {
                    taken.push(((x - wide(label) / 2.0, y - 5.0), (wide(label), 10.0)));
                }
            }
            for (own, ((x, y), (width, height))) in taken.iter().enumerate() {
                prop_assert!(*x >= 0.0 && *y >= 0.0, "{x} {y}");
                prop_assert!(x + width <= placed.size.0 && y + height <= placed.size.1);
                for ((other_x, other_y), (other_width, other_height)) in taken.iter().skip(own + 1) {
                    let beside = x + width <= *other_x || other_x + other_width <= *x;
                    let below = y + height <= *other_y || other_y + other_height <= *y;
                    prop_assert!(beside || below, "{:?} {:?}", arrows, placed.boxes);
                }
            }
        }
    }
}
