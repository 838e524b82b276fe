//! What may be typed behind `cordboard flow`.
//!
//! **Owns**: their definitions. **Must not know**: what they do.

use super::{ConfigArgs, Format};
use clap::{Args, Subcommand, ValueEnum};
use ivr_flows::calendar::Opening;
use std::path::PathBuf;

/// `cordboard flow …`.
#[derive(Clone, Debug, Subcommand)]
pub enum FlowCommand {
    /// Check flow files; works offline
    Check(FlowCheckArgs),
    /// Try one call through a flow in the terminal: texts instead of audio, a virtual clock
    Simulate(SimulateArgs),
    /// Run the tests beside flow files (NAME.test.yaml): scripted callers, a virtual clock
    Test(FlowTestArgs),
    /// Turn a call that happened into a test for its flow
    Replay(FlowReplayArgs),
    /// Send random callers through flows: every call must end, and nothing secret be told
    Fuzz(FlowFuzzArgs),
    /// Publish the draft of a flow at a running server: new calls take it
    Publish(FlowPublishArgs),
    /// Publish every flow file of a folder that differs from what is live, with its tests; for CI
    Push(FlowPushArgs),
    /// Throw a flow's draft away
    Discard(FlowNameArgs),
    /// Let all new calls take the version that is on trial
    Promote(FlowNameArgs),
    /// Let new calls take an older version again
    Rollback(FlowRollbackArgs),
    /// List the versions of a flow, newest first
    Versions(FlowVersionsArgs),
    /// The tools around flow files.
    #[command(flatten)]
    Tool(FlowTool),
}

/// Which server is asked, and as whom.
#[derive(Clone, Debug, Args)]
pub struct ServerArgs {
    /// Which settings.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Where the server is, such as https://cordboard.example.org [default: as the settings have it]
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// File with the token of a supervisor [default: the environment's CORDBOARD_TOKEN]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Certificates to trust, PEM [default: the server's own, as the settings have it]
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

/// `cordboard flow publish`.
#[derive(Clone, Debug, Args)]
pub struct FlowPublishArgs {
    /// The flow
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Which server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// How it is published.
    #[command(flatten)]
    pub how: HowToPublish,
}

/// `cordboard flow push`.
#[derive(Clone, Debug, Args)]
pub struct FlowPushArgs {
    /// Folder of NAME.flow.yaml and NAME.test.yaml
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Which server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// How they are published.
    #[command(flatten)]
    pub how: HowToPublish,
}

/// How a flow is published.
#[derive(Clone, Debug, Args)]
pub struct HowToPublish {
    /// What is different, for colleagues
    #[arg(long, value_name = "WORDS", default_value = "")]
    pub comment: String,
    /// Why warnings are meant; without it they keep the flow from being published
    #[arg(long, value_name = "REASON")]
    pub accept_warnings: Option<String>,
    /// For this share of new calls alone, in percent; the others take what is live
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=99))]
    pub canary: Option<u8>,
}

/// `cordboard flow promote`.
#[derive(Clone, Debug, Args)]
pub struct FlowNameArgs {
    /// The flow
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Which server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `cordboard flow rollback`.
#[derive(Clone, Debug, Args)]
pub struct FlowRollbackArgs {
    /// The flow
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Which server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// The version [default: the one before the present one]
    #[arg(long, value_name = "N")]
    pub to: Option<u32>,
}

/// `cordboard flow versions`.
#[derive(Clone, Debug, Args)]
pub struct FlowVersionsArgs {
    /// The flow
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Which server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

/// `cordboard flow test`.
#[derive(Clone, Debug, Args)]
pub struct FlowTestArgs {
    /// Test files, flow files and folders of them
    #[arg(value_name = "PATH", default_value = "flows")]
    pub paths: Vec<PathBuf>,
    /// Tell which steps no test comes by
    #[arg(long)]
    pub coverage: bool,
    /// Write the results as JUnit XML too
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Run again whenever one of the files is saved
    #[arg(long)]
    pub watch: bool,
}

/// `cordboard flow fuzz`.
#[derive(Clone, Debug, Args)]
pub struct FlowFuzzArgs {
    /// Flow files and folders of them
    #[arg(value_name = "PATH", default_value = "flows")]
    pub paths: Vec<PathBuf>,
    /// How many callers for each flow
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub callers: u64,
    /// The first caller's seed; each next one has the next
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

/// `cordboard flow simulate`.
#[derive(Clone, Debug, Args)]
pub struct SimulateArgs {
    /// Flow file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Who calls; `call.from` of the flow
    #[arg(long, value_name = "NUMBER", default_value = "")]
    pub from: String,
    /// What was dialled; `call.to` of the flow
    #[arg(long, value_name = "NUMBER", default_value = "")]
    pub to: String,
    /// When the call begins, such as 2026-12-24T10:00:00+01:00 [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// What a calendar says whatever the time is; may be repeated
    #[arg(long, value_name = "CALENDAR=open|closed|holiday|emergency", value_parser = read_opening)]
    pub hours: Vec<(String, Opening)>,
}

fn read_opening(text: &str) -> Result<(String, Opening), String> {
    let read = text.split_once('=').and_then(|(name, said)| {
        let known = Opening::ALL.iter().find(|(word, _)| *word == said)?;
        Some((name.to_owned(), known.1))
    });
    read.ok_or_else(|| "write it as office=closed: open, closed, holiday or emergency".to_owned())
}

/// `cordboard flow check`.
#[derive(Clone, Debug, Args)]
pub struct FlowCheckArgs {
    /// Flow files, and folders of them [default: the flows folder of the settings, else ./flows]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Settings file; without it, queues, skills and audio are not judged
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How findings are written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

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
    /// Write how many calls went each way, from an answer of `GET /api/v1/flows/NAME/traffic` kept in this file
    #[arg(long, value_name = "JSON", conflicts_with = "steps")]
    pub traffic: Option<PathBuf>,
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
