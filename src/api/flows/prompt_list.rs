//! `POST /flows/{name}/prompts`: the prompts of a text, what is recorded of them in each language, and where they are used.
//!
//! **Owns**: the outside form, how many are measured. **Must not know**: where recordings lie; `Prompts` does.

use super::may_read;
use super::trying::{CallerBody, TryBody, begun};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::token::Caller;
use crate::prompt_import::{Loudness, measure};
use crate::prompts::Prompts;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use ivr_flows::outline::{self, Outline};
use ivr_flows::{Flow, Pos};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path as FilePath, PathBuf};
use std::time::Duration;
use utoipa::ToSchema;

/// Files whose loudness is measured, the first; each costs some milliseconds.
const MOST_MEASURED: usize = 1_000;

/// What `POST /flows/{name}/prompts` takes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct PromptsBody {
    /// `NAME.flow.yaml`.
    text: String,
}

/// The prompts of a text.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct PromptListBody {
    /// By name.
    items: Vec<PromptRowBody>,
    /// In each language: the words that values are put together from, such as numbers.
    words: Vec<WordsBody>,
}

/// One prompt.
#[derive(Debug, Serialize, ToSchema)]
struct PromptRowBody {
    name: String,
    /// From 1.
    line: usize,
    languages: Vec<PromptStateBody>,
    /// Steps that name it, as operations name them.
    used: Vec<String>,
    /// How often waits and defaults name it.
    elsewhere: usize,
}

/// How a prompt stands in one language.
#[derive(Debug, Serialize, ToSchema)]
struct PromptStateBody {
    language: String,
    state: PromptState,
    /// The flow has words for it.
    words: bool,
    /// What is recorded, in milliseconds; 0: nothing.
    lasts_ms: u64,
    /// The softest of its recordings (ITU-R BS.1770).
    lufs: Option<f64>,
    /// The highest of their peaks, dBTP.
    peak_dbtp: Option<f64>,
}

/// What callers hear of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PromptState {
    /// A recording.
    Recorded,
    /// Some of its pieces are recorded, the speech program or server says the others.
    Partly,
    /// The speech program or server says it.
    Spoken,
    /// Nothing, or not all of it: no recording, and no words or nobody to say them.
    Missing,
}

/// Recordings of single words.
#[derive(Debug, Serialize, ToSchema)]
struct WordsBody {
    language: String,
    recorded: usize,
    of: usize,
}

/// `POST /flows/{name}/prompts`.
#[utoipa::path(
    post,
    path = "/api/v1/flows/{name}/prompts",
    operation_id = "listFlowPrompts",
    tag = "flows",
    params(("name" = String, Path, description = "Name.")),
    request_body = PromptsBody,
    responses((status = 200, description = "Each prompt in each language that is offered. Nothing is kept. 422 with `report` when the text cannot run.", body = PromptListBody)),
)]
pub(in crate::api) async fn prompt_list(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(name): Path<String>,
    body: Result<Json<PromptsBody>, JsonRejection>,
) -> Result<Json<PromptListBody>, ApiError> {
    may_read(role)?;
    let Json(body) = body?;
    let folder = state.announcements.folder().to_owned();
    let speaks = state.publisher.speaks();
    let text = body.text.clone();
    let tried = TryBody {
        text: body.text,
        caller: CallerBody::default(),
        lines: Vec::new(),
    };
    let list = begun(&state, name, tried, move |flow, _, _| {
        let outline = outline::outline(&text).ok();
        List {
            flow: &flow,
            prompts: &Prompts::new(folder),
            speaks,
            known: HashMap::new(),
        }
        .of(outline.as_ref(), &text)
    });
    Ok(Json(list.await?))
}

struct List<'a> {
    flow: &'a Flow,
    prompts: &'a Prompts,
    speaks: bool,
    known: HashMap<PathBuf, Option<(Loudness, Duration)>>,
}

impl List<'_> {
    fn of(mut self, outline: Option<&Outline>, text: &str) -> PromptListBody {
        let languages = self.flow.languages().offer.clone();
        let rows = self.flow.prompts().iter().map(|(name, prompt)| {
            let (used, elsewhere) = used(outline, text, &self.flow.uses_of(name));
            let states = languages.iter().map(|language| self.state(name, language));
            PromptRowBody {
                languages: states.collect(),
                used,
                elsewhere,
                line: prompt.pos.line,
                name: (*name).to_owned(),
            }
        });
        let items = rows.collect();
        let words = languages.iter().map(|language| self.words(language));
        PromptListBody {
            items,
            words: words.filter(|words| words.of > 0).collect(),
        }
    }

    fn state(&mut self, prompt: &str, language: &str) -> PromptStateBody {
        let pieces = self.flow.pieces_of(prompt, language);
        let place = |file: &Option<String>| self.prompts.place(language, file.as_deref()?);
        let places: Vec<Option<PathBuf>> = pieces.iter().map(|one| place(&one.file)).collect();
        let recorded = places.iter().flatten().count();
        let said = |(piece, place): (&ivr_flows::PromptPiece, &Option<PathBuf>)| {
            place.is_some() || (self.speaks && piece.words.is_some())
        };
        let whole = pieces.iter().zip(&places).all(said);
        let state = match recorded {
            _ if !whole => PromptState::Missing,
            0 => PromptState::Spoken,
            all if all == pieces.len() => PromptState::Recorded,
            _ => PromptState::Partly,
        };
        let mut body = PromptStateBody {
            language: language.to_owned(),
            words: pieces.iter().any(|piece| piece.words.is_some()),
            state,
            lasts_ms: 0,
            lufs: None,
            peak_dbtp: None,
        };
        for path in places.iter().flatten() {
            let Some((loudness, lasts)) = self.measured(path) else {
                continue;
            };
            let lasts = u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX);
            body.lasts_ms = body.lasts_ms.saturating_add(lasts);
            body.lufs = Some(
                body.lufs
                    .map_or(loudness.lufs, |lufs| lufs.min(loudness.lufs)),
            );
            let peak = body
                .peak_dbtp
                .map_or(loudness.peak, |peak| peak.max(loudness.peak));
            body.peak_dbtp = Some(peak);
        }
        body
    }

    /// Each file once: music is the same in every language.
    fn measured(&mut self, path: &FilePath) -> Option<(Loudness, Duration)> {
        if let Some(known) = self.known.get(path) {
            return *known;
        }
        if self.known.len() >= MOST_MEASURED {
            return None;
        }
        let found = measure(path).ok();
        self.known.insert(path.to_owned(), found);
        found
    }

    /// The recordings that belong to no prompt.
    fn words(&self, language: &str) -> WordsBody {
        let names = self.flow.prompts().keys();
        let pieces = names.flat_map(|name| self.flow.pieces_of(name, language));
        let own: BTreeSet<String> = pieces.filter_map(|piece| piece.file).collect();
        let audio = self.flow.audio(language);
        let words = audio.keys().filter(|file| !own.contains(*file));
        let there = |file: &&String| self.prompts.has(language, file);
        WordsBody {
            language: language.to_owned(),
            recorded: words.clone().filter(there).count(),
            of: words.count(),
        }
    }
}

/// The steps in which these places are, and how many are elsewhere: in waits and defaults.
fn used(outline: Option<&Outline>, text: &str, places: &[Pos]) -> (Vec<String>, usize) {
    let steps: Vec<_> = outline
        .iter()
        .flat_map(|outline| &outline.blocks)
        .flat_map(|block| &block.steps)
        .collect();
    let mut paths: Vec<String> = Vec::new();
    for place in places {
        let before = steps.iter().filter(|step| step.line <= place.line);
        let own = before.max_by_key(|step| step.line);
        let own = own.filter(|_| section(text, place.line) == Some("blocks"));
        paths.extend(own.map(|step| step.path.clone()));
    }
    paths.dedup();
    let inside = |place: &&Pos| section(text, place.line) == Some("blocks");
    let elsewhere = places.len() - places.iter().filter(inside).count();
    (paths, elsewhere)
}

/// The key of the file under which a line stands.
fn section(text: &str, line: usize) -> Option<&str> {
    let keys = text.lines().take(line).filter_map(|line| {
        let own = line.starts_with(|sign: char| sign.is_alphabetic() || "\"'".contains(sign));
        line.split_once(':').filter(|_| own)
    });
    let (key, _) = keys.last()?;
    Some(key.trim().trim_matches(['"', '\'']))
}
