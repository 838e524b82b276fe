//! What may be typed behind `cordboard prompt`.
//!
//! **Owns**: their definitions. **Must not know**: what they do.

use super::ConfigArgs;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `cordboard prompt …`.
#[derive(Clone, Debug, Subcommand)]
pub enum PromptCommand {
    /// Make prompts of recordings (WAV, MP3, FLAC, Ogg): mono, 16 kHz, trimmed, at one loudness
    Import(PromptImportArgs),
    /// List the recordings that flows may play: which are there, how loud, which are missing
    List(PromptListArgs),
    /// Print the texts of prompts as a table (CSV) for whoever translates them
    Export(PromptExportArgs),
    /// Put the translations of such a table into the flow files; remarks and layout stay
    Translate(PromptTranslateArgs),
}

/// `cordboard prompt import`.
#[derive(Clone, Debug, Args)]
pub struct PromptImportArgs {
    /// Recordings
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Which settings: their prompts folder is written to.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Language such as es or en-GB [default: for all languages]
    #[arg(long, value_name = "LANG")]
    pub language: Option<String>,
    /// Name of the prompt, such as welcome or numbers/21, for one file [default: the file's]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Music: nothing is trimmed, and it is 3 dB softer than speech
    #[arg(long)]
    pub music: bool,
}

/// `cordboard prompt list`.
#[derive(Clone, Debug, Args)]
pub struct PromptListArgs {
    /// Which settings.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

/// `cordboard prompt export`.
#[derive(Clone, Debug, Args)]
pub struct PromptExportArgs {
    /// Which settings.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Language that is translated from
    #[arg(long, value_name = "LANG")]
    pub from: String,
    /// Language that is translated to
    #[arg(long, value_name = "LANG")]
    pub to: String,
    /// Only texts that have no translation yet
    #[arg(long)]
    pub missing: bool,
}

/// `cordboard prompt translate`.
#[derive(Clone, Debug, Args)]
pub struct PromptTranslateArgs {
    /// Table that `prompt export` wrote, with the translations in its last column
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Which settings: the flow files of their folder are changed.
    #[command(flatten)]
    pub config: ConfigArgs,
}
