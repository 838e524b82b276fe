//! How a flow's text looks to an editor: report, outline, picture.
//!
//! **Owns**: the outside form of the three. **Must not know**: how they are made.

use crate::flows::coverage::{Coverage, Covered};
use crate::flows::gate::Report;
use crate::publishing::Publisher;
use ivr_flows::draw::{self, Arrow, MOST_BOXES, Options, Picture, Shown, Zoom};
use ivr_flows::outline::{self, Outline};
use recordings::store::flows::FlowTexts;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How near one looks.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ZoomBody {
    /// One box for each block.
    #[default]
    Blocks,
    /// One box for each step.
    Steps,
}

/// How a flow's text looks.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct View {
    report: Report,
    /// `null` when the text cannot be read.
    outline: Option<OutlineBody>,
    /// `null` when the text cannot be read, or has more boxes than anybody could look at.
    picture: Option<PictureBody>,
    /// What the tests come by; `null` where it was not asked for, or no test was run.
    coverage: Option<CoverageBody>,
}

/// What tests come by.
#[derive(Debug, Serialize, ToSchema)]
struct CoverageBody {
    steps: usize,
    steps_tested: usize,
    /// Exits, keys and cases that stand in the file.
    ways: usize,
    ways_tested: usize,
    /// What no test comes by.
    missing: Vec<MissingBody>,
}

/// A step or a way that no test comes by.
#[derive(Debug, Serialize, ToSchema)]
struct MissingBody {
    /// The step as operations name it; `null`: it stands under `waits` or `defaults`.
    path: Option<String>,
    /// The way; `null`: the whole step.
    way: Option<String>,
    /// From 1.
    line: usize,
}

/// How a flow is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Look {
    pub(super) zoom: ZoomBody,
    pub(super) inherited: bool,
    pub(super) coverage: bool,
}

/// What stands in a flow, in the order of the file.
#[derive(Debug, Serialize, ToSchema)]
struct OutlineBody {
    title: Option<String>,
    /// Offered languages, as `en`.
    languages: Vec<String>,
    default_language: Option<String>,
    prompts: Vec<PromptBody>,
    blocks: Vec<BlockBody>,
}

/// A prompt of the flow.
#[derive(Debug, Serialize, ToSchema)]
struct PromptBody {
    name: String,
    /// From 1.
    line: usize,
    /// Texts by language, or what stands under `file`.
    parts: BTreeMap<String, String>,
}

/// A block.
#[derive(Debug, Serialize, ToSchema)]
struct BlockBody {
    name: String,
    /// From 1.
    line: usize,
    /// As operations name it: `/blocks/main`.
    path: String,
    /// Calls begin here.
    start: bool,
    steps: Vec<StepBody>,
}

/// A step.
#[derive(Debug, Serialize, ToSchema)]
struct StepBody {
    /// As operations name it: `/blocks/main/0`.
    path: String,
    /// From 1.
    line: usize,
    /// `null`: no action of the language.
    action: Option<&'static str>,
    /// The action and the word behind it.
    summary: String,
    /// The whole step.
    value: serde_json::Value,
}

/// The picture of a flow.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PictureBody {
    /// Each box is a `<g data-box="N">`, by its place in `boxes`, from 0.
    svg: String,
    boxes: Vec<BoxBody>,
    arrows: Vec<ArrowBody>,
}

/// A box.
#[derive(Debug, Serialize, ToSchema)]
struct BoxBody {
    name: String,
    /// `null`: the end of the call, or of a subflow.
    block: Option<String>,
    /// From 0, as in paths; `null`: the whole block.
    step: Option<usize>,
    detail: String,
    /// Calls begin here.
    start: bool,
    /// The call can end here.
    ends: bool,
}

/// An arrow.
#[derive(Debug, Serialize, ToSchema)]
struct ArrowBody {
    /// The box it leaves, from 0.
    from: usize,
    /// The box it leads to.
    to: usize,
    label: String,
    /// An exit from `defaults`.
    inherited: bool,
}

/// Checks, lists and draws. Blocks: for threads that may be busy.
pub(super) fn view_of(publisher: &Publisher, name: &str, texts: &FlowTexts, look: Look) -> View {
    let judged = publisher.judge(name, texts);
    let coverage = judged.coverage.filter(|_| look.coverage);
    let options = Options {
        zoom: match look.zoom {
            ZoomBody::Blocks => Zoom::Blocks,
            ZoomBody::Steps => Zoom::Steps,
        },
        inherited: look.inherited,
        covered: coverage.as_ref().map(Coverage::places),
        ..Options::default()
    };
    let outline = outline::outline(&texts.text).ok();
    let picture = outline
        .as_ref()
        .and_then(|outline| small(&texts.text, outline, &options));
    View {
        report: judged.report,
        outline: outline.map(OutlineBody::from),
        picture,
        coverage: coverage.map(CoverageBody::from),
    }
}

/// The picture of a text, block by block. Blocks: for threads that may be busy.
pub(super) fn picture_of(text: &str) -> Option<PictureBody> {
    small(text, &outline::outline(text).ok()?, &Options::default())
}

/// Nothing is drawn that nobody could look at.
fn small(text: &str, outline: &Outline, options: &Options) -> Option<PictureBody> {
    if boxes(outline, options.zoom) > MOST_BOXES {
        return None;
    }
    PictureBody::of(draw::picture(text, options).ok()?)
}

/// What would be drawn.
fn boxes(outline: &Outline, zoom: Zoom) -> usize {
    match zoom {
        Zoom::Blocks => outline.blocks.len(),
        Zoom::Steps => outline.blocks.iter().map(|block| block.steps.len()).sum(),
    }
}

impl From<Outline> for OutlineBody {
    fn from(outline: Outline) -> Self {
        let prompts = outline.prompts.into_iter().map(|prompt| PromptBody {
            name: prompt.name,
            line: prompt.line,
            parts: prompt.parts,
        });
        Self {
            title: outline.title,
            languages: outline.languages,
            default_language: outline.default_language,
            prompts: prompts.collect(),
            blocks: outline.blocks.into_iter().map(BlockBody::from).collect(),
        }
    }
}

impl From<outline::Block> for BlockBody {
    fn from(block: outline::Block) -> Self {
        let steps = block.steps.into_iter().map(|step| StepBody {
            path: step.path,
            line: step.line,
            action: step.action,
            summary: step.summary,
            value: step.value,
        });
        Self {
            name: block.name,
            line: block.line,
            path: block.path,
            start: block.start,
            steps: steps.collect(),
        }
    }
}

impl From<Coverage> for CoverageBody {
    fn from(coverage: Coverage) -> Self {
        let tested = |all: &[Covered]| all.iter().filter(|one| one.met).count();
        let (steps, ways) = (coverage.steps.len(), coverage.ways.len());
        let (steps_tested, ways_tested) = (tested(&coverage.steps), tested(&coverage.ways));
        let all = coverage.steps.into_iter().chain(coverage.ways);
        let missing = all.filter(|one| !one.met).map(|one| MissingBody {
            path: one
                .step
                .map(|(block, step)| format!("/blocks/{block}/{step}")),
            way: one.way,
            line: one.pos.line,
        });
        Self {
            steps,
            steps_tested,
            ways,
            ways_tested,
            missing: missing.collect(),
        }
    }
}

impl PictureBody {
    fn of(picture: Picture) -> Option<Self> {
        Some(Self {
            svg: picture.svg()?,
            boxes: picture.boxes.into_iter().map(BoxBody::from).collect(),
            arrows: picture.arrows.into_iter().map(ArrowBody::from).collect(),
        })
    }
}

impl From<Shown> for BoxBody {
    fn from(shown: Shown) -> Self {
        let numbered = shown.name.rsplit_once(' ');
        let numbered = numbered.and_then(|(block, number)| {
            let step = number.parse::<usize>().ok()?.checked_sub(1)?;
            Some((block.to_owned(), step))
        });
        let (block, step) = match numbered {
            Some((block, step)) => (Some(block), Some(step)),
            None if matches!(shown.name.as_str(), "hang up" | "return") => (None, None),
            None => (Some(shown.name.clone()), None),
        };
        Self {
            name: shown.name,
            block,
            step,
            detail: shown.detail,
            start: shown.start,
            ends: shown.ends,
        }
    }
}

impl From<Arrow> for ArrowBody {
    fn from(arrow: Arrow) -> Self {
        Self {
            from: arrow.from,
            to: arrow.to,
            label: arrow.label,
            inherited: arrow.inherited,
        }
    }
}
