//! A picture as SVG.
//!
//! **Owns**: sizes, colours, and the words for who cannot see it.
//! **Must not know**: where boxes stand; `layout` says it.

use std::fmt::Write as _;

use super::layout::{Place, Run, place};
use super::{Arrow, Picture, Shown};

const STYLE: &str = "\
svg { --ground: #ffffff; --ink: #1c2430; --quiet: #5b6675; --box: #f3f6fa; --line: #7b8794; --key: #0b5cad;
  --full: #d9f2df; --part: #fff0c2; --none: #fbdada; background: var(--ground); }
@media (prefers-color-scheme: dark) { svg { --ground: #14181f; --ink: #eef2f7; --quiet: #a7b2c0; --box: #222a35;
  --line: #8592a3; --key: #8cc2ff; --full: #1d4a2b; --part: #57470f; --none: #5c2323; } }
text { font-family: system-ui, sans-serif; text-anchor: middle; fill: var(--ink); }
.name { font-size: 14px; font-weight: 600; } .detail { font-size: 11px; fill: var(--quiet); }
.label { font-size: 11px; fill: var(--key); paint-order: stroke; stroke: var(--ground); stroke-width: 4px; }
rect { fill: var(--box); stroke: var(--line); stroke-width: 1.2; rx: 7px; }
.start rect { stroke: var(--key); stroke-width: 2.6; } .ends rect { stroke-dasharray: none; stroke: var(--ink); }
.full rect { fill: var(--full); } .part rect { fill: var(--part); } .none rect { fill: var(--none); }
.arrow { fill: none; stroke: var(--line); stroke-width: 1.5; } .inherited { stroke-dasharray: 5 4; }
marker path { fill: var(--line); stroke: none; }
";

pub(super) fn svg(picture: &Picture) -> Option<String> {
    let sizes: Vec<Place> = picture.boxes.iter().map(size).collect();
    let arrows: Vec<(usize, usize, String)> = picture
        .arrows
        .iter()
        .map(|arrow| (arrow.from, arrow.to, label(picture, arrow)))
        .collect();
    let placed = place(&sizes, &arrows)?;
    let (width, height) = placed.size;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-labelledby=\"title desc\" \
         width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\">"
    );
    let _ = writeln!(
        out,
        "<title id=\"title\">{}</title>",
        escaped(&picture.title)
    );
    let _ = writeln!(
        out,
        "<desc id=\"desc\">{}</desc>",
        escaped(&in_words(picture))
    );
    let _ = writeln!(out, "<style>\n{STYLE}</style>");
    out.push_str(
        "<defs><marker id=\"head\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto-start-reverse\"><path d=\"M0 0 10 5 0 10z\"/></marker></defs>\n",
    );
    for (arrow, run) in picture.arrows.iter().zip(&placed.arrows) {
        path(&mut out, picture, arrow, run);
    }
    for (number, (shown, (at, size))) in picture.boxes.iter().zip(&placed.boxes).enumerate() {
        one(&mut out, (number, shown), *at, *size);
    }
    for ((_, _, label), run) in arrows.iter().zip(&placed.arrows) {
        if let Some((x, y)) = run.label {
            let (y, label) = (y + 4.0, escaped(label));
            let _ = writeln!(
                out,
                "<text class=\"label\" x=\"{x:.1}\" y=\"{y:.1}\">{label}</text>"
            );
        }
    }
    out.push_str("</svg>\n");
    Some(out)
}

/// Letters are taken to be as wide as a wide one: nothing runs out of its box.
fn size(shown: &Shown) -> Place {
    let letters = |text: &str| f64::from(u16::try_from(text.chars().count()).unwrap_or(u16::MAX));
    let wide = (letters(&shown.name) * 8.4).max(letters(&shown.detail) * 6.4);
    let height = if shown.detail.is_empty() && shown.covered.is_none() {
        32.0
    } else {
        48.0
    };
    ((wide + 26.0).max(84.0), height)
}

/// What stands at an arrow.
fn label(picture: &Picture, arrow: &Arrow) -> String {
    let Some(calls) = arrow.calls else {
        return arrow.label.clone();
    };
    let all = picture
        .arrows
        .iter()
        .filter(|other| other.from == arrow.from);
    let all: u64 = all.filter_map(|other| other.calls).sum();
    let share = calls.saturating_mul(100).checked_div(all).unwrap_or(0);
    format!("{} {calls} ({share} %)", arrow.label)
        .trim_start()
        .to_owned()
}

fn one(out: &mut String, (number, shown): (usize, &Shown), (x, y): Place, (width, height): Place) {
    let mut class = String::from("box");
    if shown.start {
        class.push_str(" start");
    }
    if shown.ends {
        class.push_str(" ends");
    }
    class.push_str(match shown.covered {
        None => "",
        Some((0, 1..)) => " none",
        Some((some, all)) if some < all => " part",
        Some(_) => " full",
    });
    let told = match shown.covered {
        None => shown.detail.clone(),
        Some((some, all)) => format!("{} ({some}/{all} tested)", shown.detail),
    };
    let (name, detail) = (escaped(&shown.name), escaped(&told));
    let middle = x + width / 2.0;
    let lines = !told.is_empty();
    let (first, second) = if lines {
        (y + 21.0, y + 37.0)
    } else {
        (y + height / 2.0 + 5.0, 0.0)
    };
    let _ = writeln!(
        out,
        "<g class=\"{class}\" data-box=\"{number}\"><title>{name}: {detail}</title>"
    );
    let _ = writeln!(
        out,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"7\"/>"
    );
    let _ = writeln!(
        out,
        "<text class=\"name\" x=\"{middle:.1}\" y=\"{first:.1}\">{name}</text>"
    );
    if lines {
        let shown = escaped(&shown.detail);
        let _ = writeln!(
            out,
            "<text class=\"detail\" x=\"{middle:.1}\" y=\"{second:.1}\">{shown}</text>"
        );
    }
    out.push_str("</g>\n");
}

fn path(out: &mut String, picture: &Picture, arrow: &Arrow, run: &Run) {
    let [(start, bend), second, rest @ ..] = run.points.as_slice() else {
        return;
    };
    let mut line = format!(
        "M{:.1} {:.1} C{:.1} {:.1}",
        start.0, start.1, bend.0, bend.1
    );
    let ((x, y), (to_x, to_y)) = second;
    let _ = write!(line, " {x:.1} {y:.1} {to_x:.1} {to_y:.1}");
    for ((x, y), (to_x, to_y)) in rest {
        let _ = write!(line, " S{x:.1} {y:.1} {to_x:.1} {to_y:.1}");
    }
    let class = if arrow.inherited {
        "arrow inherited"
    } else {
        "arrow"
    };
    let words = escaped(&words(picture, arrow));
    let _ = writeln!(
        out,
        "<path class=\"{class}\" d=\"{line}\" marker-end=\"url(#head)\"><title>{words}</title></path>"
    );
}

fn words(picture: &Picture, arrow: &Arrow) -> String {
    let name = |at: usize| {
        picture
            .boxes
            .get(at)
            .map_or("", |shown| shown.name.as_str())
    };
    let label = label(picture, arrow);
    let by = if label.is_empty() {
        String::new()
    } else {
        format!(" by {label}")
    };
    format!("{} to {}{by}", name(arrow.from), name(arrow.to))
}

/// The whole picture as a text.
fn in_words(picture: &Picture) -> String {
    let all: Vec<String> = picture
        .arrows
        .iter()
        .map(|arrow| words(picture, arrow))
        .collect();
    format!("{} boxes. {}.", picture.boxes.len(), all.join("; "))
}

pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
