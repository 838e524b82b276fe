//! Where boxes stand and how arrows run.
//!
//! **Owns**: the one use of the layout library (`layout-rs`). **Must not know**: what the boxes are.

use layout::core::base::Orientation;
use layout::core::format::{ClipHandle, RenderBackend};
use layout::core::geometry::Point;
use layout::core::style::StyleAttr;
use layout::std_shapes::shapes::{Arrow, Element, ShapeKind};
use layout::topo::layout::VisualGraph;

/// Room around everything.
const MARGIN: f64 = 24.0;

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
    /// The arrow was turned around: its head is at the first point.
    pub(super) turned: bool,
    pub(super) label: Option<Place>,
}

impl Run {
    /// From a place to the nearest point of the arrow, squared.
    fn distance(&self, (x, y): Place) -> f64 {
        // Each pair ends on the arrow, but for the first, which begins there.
        let first = self.points.first().map(|(start, _)| *start);
        let others = self.points.iter().skip(1).map(|(_, point)| *point);
        let each = first.into_iter().chain(others);
        each.map(|(px, py)| (px - x).powi(2) + (py - y).powi(2))
            .fold(f64::INFINITY, f64::min)
    }
}

/// Places boxes of these sizes and arrows with these labels. None: the library cannot.
///
/// Its last pass, which straightens arrows, gives up on some nets with a broken assertion of its own; without that pass
/// the picture is less even, and there is one.
pub(super) fn place(sizes: &[Place], arrows: &[(usize, usize, String)]) -> Option<Placed> {
    if sizes.is_empty() {
        return None;
    }
    let attempt = |plain: bool| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            placed(sizes, arrows, plain)
        }))
    };
    attempt(false).or_else(|_| attempt(true)).ok()
}

fn placed(sizes: &[Place], arrows: &[(usize, usize, String)], plain: bool) -> Placed {
    let mut graph = VisualGraph::new(Orientation::TopToBottom);
    let down = Orientation::TopToBottom;
    let mut handles = Vec::new();
    for (at, (width, height)) in sizes.iter().enumerate() {
        let shape = ShapeKind::new_box("");
        let size = Point::new(*width, *height);
        let element =
            Element::create_with_properties(shape, StyleAttr::simple(), down, size, at.to_string());
        handles.push(graph.add_node(element));
    }
    let mut small = StyleAttr::simple();
    small.font_size = 8;
    for (at, (from, to, label)) in arrows.iter().enumerate() {
        let (Some(from), Some(to)) = (handles.get(*from), handles.get(*to)) else {
            continue;
        };
        let mut arrow = Arrow::simple_with_properties(label, at.to_string());
        arrow.look = small.clone();
        graph.add_edge(arrow, *from, *to);
    }
    let mut seen = Seen {
        boxes: vec![None; sizes.len()],
        runs: vec![Run::default(); arrows.len()],
        texts: Vec::new(),
    };
    graph.do_it(false, false, plain, &mut seen);
    seen.placed(arrows)
}

/// Notes down what the library would draw.
struct Seen {
    boxes: Vec<Option<(Place, Place)>>,
    runs: Vec<Run>,
    /// Labels in the order in which they are drawn.
    texts: Vec<(Place, String)>,
}

fn number(properties: Option<&String>) -> Option<usize> {
    properties?.parse().ok()
}

impl Seen {
    fn placed(mut self, arrows: &[(usize, usize, String)]) -> Placed {
        for (place, text) in &self.texts {
            // The arrow of that label that runs by it.
            let near = arrows
                .iter()
                .zip(&mut self.runs)
                .filter(|((_, _, label), run)| label == text && run.label.is_none())
                .map(|(_, run)| (run.distance(*place), run))
                .min_by(|(a, _), (b, _)| a.total_cmp(b));
            if let Some((_, run)) = near {
                run.label = Some(*place);
            }
        }
        let boxes: Vec<(Place, Place)> = self
            .boxes
            .iter()
            .map(|one| one.unwrap_or_default())
            .collect();
        let corners = boxes
            .iter()
            .flat_map(|((x, y), (width, height))| [(*x, *y), (x + width, y + height)]);
        let runs = self
            .runs
            .iter()
            .flat_map(|run| run.points.iter().map(|(at, _)| *at));
        // About half as wide as their letters.
        let labels = self.texts.iter().flat_map(|((x, y), text)| {
            let half = wide(text) / 2.0;
            [(x - half, *y), (x + half, *y)]
        });
        let all: Vec<Place> = corners.chain(runs).chain(labels).collect();
        let least = |of: fn(&Place) -> f64| all.iter().map(of).fold(f64::INFINITY, f64::min);
        let most = |of: fn(&Place) -> f64| all.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
        if all.is_empty() {
            return Placed::default();
        }
        let (left, top) = (least(|at| at.0) - MARGIN, least(|at| at.1) - MARGIN);
        let size = (
            most(|at| at.0) - left + MARGIN,
            most(|at| at.1) - top + MARGIN,
        );
        let moved = |(x, y): Place| (x - left, y - top);
        for run in &mut self.runs {
            for (point, bend) in &mut run.points {
                (*point, *bend) = (moved(*point), moved(*bend));
            }
            run.label = run.label.map(moved);
        }
        Placed {
            boxes: boxes
                .into_iter()
                .map(|(at, size)| (moved(at), size))
                .collect(),
            arrows: self.runs,
            size,
        }
    }
}

/// How wide a label is, in small letters.
fn wide(text: &str) -> f64 {
    let letters = u16::try_from(text.chars().count()).unwrap_or(u16::MAX);
    f64::from(letters) * 7.0
}

impl RenderBackend for Seen {
    fn draw_rect(
        &mut self,
        at: Point,
        size: Point,
        _look: &StyleAttr,
        properties: Option<String>,
        _clip: Option<ClipHandle>,
    ) {
        let place = number(properties.as_ref()).and_then(|own| self.boxes.get_mut(own));
        if let Some(place) = place {
            *place = Some(((at.x, at.y), (size.x, size.y)));
        }
    }

    fn draw_line(&mut self, _: Point, _: Point, _: &StyleAttr, _: Option<String>) {}

    fn draw_circle(&mut self, _: Point, _: Point, _: &StyleAttr, _: Option<String>) {}

    fn draw_text(&mut self, at: Point, text: &str, _look: &StyleAttr) {
        if !text.is_empty() {
            self.texts.push(((at.x, at.y), text.to_owned()));
        }
    }

    fn draw_arrow(
        &mut self,
        path: &[(Point, Point)],
        _dashed: bool,
        head: (bool, bool),
        _look: &StyleAttr,
        properties: Option<String>,
        _text: &str,
    ) {
        let run = number(properties.as_ref()).and_then(|own| self.runs.get_mut(own));
        if let Some(run) = run {
            let both = |(a, b): &(Point, Point)| ((a.x, a.y), (b.x, b.y));
            run.points = path.iter().map(both).collect();
            run.turned = head.0;
        }
    }

    fn create_clip(&mut self, _: Point, _: Point, _: usize) -> ClipHandle {
        0
    }
}
