//! A picture as text: Mermaid, DOT, and lines.
//!
//! **Owns**: the three notations. **Must not know**: flows.

use std::fmt::Write as _;

use super::svg::escaped;
use super::{Picture, Shown};

/// `covered` as a word; empty: not shown.
fn state(shown: &Shown) -> &'static str {
    match shown.covered {
        None => "",
        Some((0, 1..)) => "untested",
        Some((some, all)) if some < all => "partly",
        Some(_) => "tested",
    }
}

pub(super) fn mermaid(picture: &Picture) -> String {
    let quoted = |text: &str| {
        let text = escaped(text)
            .replace('#', "#35;")
            .replace("&quot;", "#quot;");
        text.replace('|', "#124;")
    };
    let mut out = String::from("flowchart TD\n");
    for (at, shown) in picture.boxes.iter().enumerate() {
        let detail = if shown.detail.is_empty() {
            String::new()
        } else {
            format!("<br/><small>{}</small>", quoted(&shown.detail))
        };
        let name = quoted(&shown.name);
        let (open, close) = if shown.start {
            ("([", "])")
        } else {
            ("[", "]")
        };
        let _ = writeln!(out, "  b{at}{open}\"{name}{detail}\"{close}");
        if !state(shown).is_empty() {
            let _ = writeln!(out, "  class b{at} {}", state(shown));
        }
    }
    for arrow in &picture.arrows {
        let line = if arrow.inherited { "-.->" } else { "-->" };
        let (from, to) = (arrow.from, arrow.to);
        if arrow.label.is_empty() {
            let _ = writeln!(out, "  b{from} {line} b{to}");
        } else {
            let _ = writeln!(out, "  b{from} {line}|\"{}\"| b{to}", quoted(&arrow.label));
        }
    }
    if picture.boxes.iter().any(|shown| shown.covered.is_some()) {
        out.push_str(
            "  classDef tested fill:#d9f2df,color:#1c2430\n  classDef partly fill:#fff0c2,color:#1c2430\n  \
             classDef untested fill:#fbdada,color:#1c2430\n",
        );
    }
    out
}

pub(super) fn dot(picture: &Picture) -> String {
    let quoted = |text: &str| {
        let text: String = text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        text.replace('\\', "\\\\").replace('"', "\\\"")
    };
    let mut out = format!("digraph \"{}\" {{\n", quoted(&picture.title));
    out.push_str(
        "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\"];\n",
    );
    for (at, shown) in picture.boxes.iter().enumerate() {
        let mut label = quoted(&shown.name);
        if !shown.detail.is_empty() {
            let _ = write!(label, "\\n{}", quoted(&shown.detail));
        }
        let colour = match state(shown) {
            "tested" => ", fillcolor=\"#d9f2df\"",
            "partly" => ", fillcolor=\"#fff0c2\"",
            "untested" => ", fillcolor=\"#fbdada\"",
            _ => "",
        };
        let _ = writeln!(out, "  b{at} [label=\"{label}\"{colour}];");
    }
    for arrow in &picture.arrows {
        let style = if arrow.inherited {
            ", style=dashed"
        } else {
            ""
        };
        let (from, to, label) = (arrow.from, arrow.to, quoted(&arrow.label));
        let _ = writeln!(out, "  b{from} -> b{to} [label=\"{label}\"{style}];");
    }
    out.push_str("}\n");
    out
}

pub(super) fn lines(picture: &Picture) -> String {
    let clean = |text: &str| -> String {
        text.chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect()
    };
    let mut out = format!("{}\n", clean(&picture.title));
    for (at, shown) in picture.boxes.iter().enumerate() {
        let mut line = clean(&shown.name);
        if !shown.detail.is_empty() {
            let _ = write!(line, "  [{}]", clean(&shown.detail));
        }
        if let Some((some, all)) = shown.covered {
            let _ = write!(line, "  {some}/{all} tested");
        }
        let _ = writeln!(out, "\n{line}");
        for arrow in picture.arrows.iter().filter(|arrow| arrow.from == at) {
            let to = picture
                .boxes
                .get(arrow.to)
                .map_or("", |to| to.name.as_str());
            let mut label = clean(&arrow.label);
            if !label.is_empty() {
                label.push(' ');
            }
            let line = if arrow.inherited { "..>" } else { "-->" };
            let _ = writeln!(out, "  {label}{line} {}", clean(to));
        }
        let leads = picture.arrows.iter().any(|arrow| arrow.from == at);
        if shown.ends {
            let words = if leads {
                "or the call ends here"
            } else {
                "the call ends here"
            };
            let _ = writeln!(out, "  ({words})");
        }
    }
    out
}
