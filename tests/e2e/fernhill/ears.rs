//! Every prompt of the example as a tone of its own, and a caller's ears that tell which one it was, in which language.
//!
//! **Owns**: the tones and how what was heard becomes names. **Must not know**: calls, what a prompt says.

use crate::hold::{AGENT_HZ, CUSTOMER_HZ};
use crate::support::phone::audio;
use crate::support::world;
use ivr_flows::Flow;
use std::path::Path;

/// Samples of a piece that is judged, 100 ms: tones of which each is a multiple of 10 Hz do not see each other in it.
const PIECE: usize = 800;
/// Pieces in a row that are a prompt.
const ENOUGH: usize = 2;
/// How long a prompt lasts, ms.
const PROMPT_MS: u32 = 400;
/// Between two tones.
const STEP: usize = 20;
/// What else a caller hears: the beep before a message, and the voices.
const OTHERS: [f64; 3] = [1_000.0, AGENT_HZ, CUSTOMER_HZ];
/// What is heard while waiting, in any language.
pub(super) const MUSIC: &str = "moh/calm";

/// The prompts, `en/greeting` or `moh/calm`, each with its tone in Hz.
#[derive(Debug)]
pub(super) struct Tones(Vec<(String, f64)>);

impl Tones {
    /// Writes each file that the flow may play, numbers included.
    pub(super) fn write(flow: &Flow, folder: &Path) -> Self {
        let free = |hz: &f64| OTHERS.iter().all(|other| (other - hz).abs() > 15.0);
        let mut tones = (320..3_400).step_by(STEP).map(|hz| hz as f64).filter(free);
        let named = names(flow).into_iter();
        let named: Vec<_> = named.map(|name| (name, tones.next().unwrap())).collect();
        for (name, hz) in &named {
            let path = folder.join(format!("{name}.wav"));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            world::tone(&path, *hz, if name == MUSIC { 2_000 } else { PROMPT_MS });
        }
        Self(named)
    }

    fn name(&self, piece: &[i16]) -> Option<&str> {
        if audio::level(piece) < -50.0 {
            return None;
        }
        let is_it = |(_, hz): &&(String, f64)| audio::dominance(piece, *hz, 8_000.0) > 0.8;
        self.0.iter().find(is_it).map(|(name, _)| name.as_str())
    }
}

fn names(flow: &Flow) -> Vec<String> {
    let mut names = Vec::new();
    for prompt in flow.prompts().values() {
        let stem = prompt.file.strip_suffix(".wav").unwrap();
        if prompt.texts.is_empty() {
            names.push(stem.to_owned());
        }
        for (language, text) in &prompt.texts {
            // Recorded pieces around the values: NAME-1.wav, NAME-2.wav.
            match text.matches("{{").count() {
                0 => names.push(format!("{language}/{stem}")),
                values => names.extend((1..=values + 1).map(|n| format!("{language}/{stem}-{n}"))),
            }
        }
    }
    for language in super::LANGUAGES {
        let numbers = (0..=20).chain([30, 40, 50]);
        names.extend(numbers.map(|n| format!("{language}/numbers/{n}")));
    }
    names
}

/// What one caller has heard so far.
#[derive(Debug, Default)]
pub(super) struct Ears {
    judged: usize,
    last: Option<String>,
    lasted: usize,
    heard: Vec<String>,
}

impl Ears {
    /// Takes in what has come since the last time; `samples` is all that came. Music is heard
    /// once, however often it begins anew.
    pub(super) fn listen(&mut self, tones: &Tones, samples: &[i16]) {
        for piece in samples.chunks_exact(PIECE).skip(self.judged) {
            self.judged += 1;
            let name = tones.name(piece);
            match name == self.last.as_deref() {
                true => self.lasted += 1,
                false => self.lasted = 1,
            }
            self.last = name.map(str::to_owned);
            if let (Some(name), true) = (name, self.lasted == ENOUGH)
                && (name != MUSIC || self.heard.last().is_none_or(|last| last != name))
            {
                self.heard.push(name.to_owned());
            }
        }
    }

    /// Whether this is what is heard now, for longer than a single prompt lasts: between two of the same nothing is sent.
    pub(super) fn goes_on(&self, name: &str) -> bool {
        self.last.as_deref() == Some(name) && self.lasted * PIECE > PROMPT_MS as usize * 8
    }

    pub(super) fn heard(&self) -> &[String] {
        &self.heard
    }
}
