//! What may be typed behind the tools of `cordboard flow`: schema, draw, diff, rename, fmt, replay.
//!
//! **Owns**: their definitions. **Must not know**: what they do.

use super::ConfigArgs;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// The tools around flow files.
#[derive(Clone, Debug, Subcommand)]
pub enum FlowTool {
    /// Print the JSON Schema of flow files, for completion and marks in editors
    Schema(SchemaArgs),
    /// Draw a flow: SVG, Mermaid, DOT, or lines for the terminal
    Draw(DrawArgs),
    /// Tell what two versions of a flow differ in: blocks, steps, exits, prompts
    Diff(DiffArgs),
    /// Rename a block, wherever it is a target, in the flow and in the tests beside it
    Rename(RenameArgs),
    /// Lay flow files out in the one way; remarks are kept
    Fmt(FmtArgs),
}

/// `cordboard flow schema`.
#[derive(Clone, Debug, Args)]
pub struct SchemaArgs {
    /// Flow files, and folders of them, whose names are offered [default: the flows folder of the settings]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Company file, whose queues and skills are offered and no others allowed
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    pub company: Option<PathBuf>,
    /// Settings file, which names company file and flows
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// How a picture is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Drawing {
    /// Lines for the terminal.
    #[default]
    Text,
    /// SVG, for light and dark grounds.
    Svg,
    /// Mermaid, for forges and documents.
    Mermaid,
    /// The language of Graphviz.
    Dot,
}

/// `cordboard flow draw`.
#[derive(Clone, Debug, Args)]
pub struct DrawArgs {
    /// Flow file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// How it is written
    #[arg(long, value_enum, default_value_t)]
    pub format: Drawing,
    /// One box for each step, not for each block
    #[arg(long)]
    pub steps: bool,
    /// Draw exits that come from `defaults` too
    #[arg(long)]
    pub inherited: bool,
    /// Run the tests beside the flow and show which steps they come by
    #[arg(long)]
    pub coverage: bool,
    /// Write into this file
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `cordboard flow diff`.
#[derive(Clone, Debug, Args)]
pub struct DiffArgs {
    /// Flow file as it was
    #[arg(value_name = "BEFORE")]
    pub before: PathBuf,
    /// Flow file as it is
    #[arg(value_name = "AFTER")]
    pub after: PathBuf,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

/// `cordboard flow rename`.
#[derive(Clone, Debug, Args)]
pub struct RenameArgs {
    /// Flow file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Name of the block
    #[arg(value_name = "OLD")]
    pub from: String,
    /// Its new name
    #[arg(value_name = "NEW")]
    pub to: String,
}

/// `cordboard flow fmt`.
#[derive(Clone, Debug, Args)]
pub struct FmtArgs {
    /// Flow files, and folders of them
    #[arg(value_name = "PATH", default_value = "flows")]
    pub paths: Vec<PathBuf>,
    /// Write nothing; exit with 1 when a file is laid out otherwise
    #[arg(long)]
    pub check: bool,
}

/// `cordboard flow replay`.
#[derive(Clone, Debug, Args)]
pub struct FlowReplayArgs {
    /// Id of the interaction
    pub id: String,
    /// With the caller's number, the customer and the digits as they were; else made-up ones
    #[arg(long)]
    pub with_numbers: bool,
    /// Which settings.
    #[command(flatten)]
    pub config: ConfigArgs,
}
