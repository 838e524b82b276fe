//! The command line: what may be typed, and the commands that work on files and on the store alone.
//!
//! **Owns**: the definitions of every command, `check`, `doctor`, `flow …`, `prompt …`, `token create`, `user`, `explain`, `replay`, `audit verify`, `metrics verify`, and how results and errors are written.
//! **Must not know**: sockets; `serve`, `demo` and `call` are run by their own modules.

mod api_client;
pub mod audit;
pub mod check;
pub mod doctor;
pub mod explain;
pub mod flow_args;
pub mod flow_check;
pub(crate) mod flow_files;
pub mod flow_fuzz;
pub mod flow_publish;
pub mod flow_replay;
pub mod flow_test;
pub mod flow_tools;
mod github;
pub mod hours;
mod junit;
pub mod metrics;
pub mod output;
pub mod prompt;
pub mod prompt_args;
mod prompt_check;
pub mod replay;
mod sarif;
pub mod simulate;
mod story;
#[cfg(test)]
mod tests;
pub mod token;
pub mod translation;
pub mod user;

pub use flow_args::{
    FlowCheckArgs, FlowCommand, FlowFuzzArgs, FlowNameArgs, FlowPublishArgs, FlowPushArgs,
    FlowRollbackArgs, FlowTestArgs, FlowVersionsArgs, HowToPublish, ServerArgs, SimulateArgs,
};

pub use prompt_args::PromptCommand;

use crate::api::right::RoleName;
use crate::config::{self, ConfigFinding, Override, Settings, duration};
use clap::{Args, Parser, Subcommand, ValueEnum};
use recordings::store::audit::Head;
use router::Timestamp;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A contact centre in one binary. Without a command: a whole demo on this machine alone.
#[derive(Debug, Parser)]
#[command(name = "cordboard", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; the demo when none.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Flags of the demo.
    #[command(flatten)]
    pub demo: DemoArgs,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a demo contact centre, on loopback unless told otherwise, with seeded data and simulated agents
    Demo(DemoArgs),
    /// Run the contact centre that the settings describe
    Serve(ServeArgs),
    /// Check settings, company file, flows and prompts
    Check(CheckArgs),
    /// See whether this machine fits the settings, and what to do where it does not
    Doctor(DoctorArgs),
    /// Work on flow files
    #[command(subcommand)]
    Flow(FlowCommand),
    /// See opening hours, close a calendar for now, open it
    Hours(HoursArgs),
    /// Work on recordings of what callers hear
    #[command(subcommand)]
    Prompt(PromptCommand),
    /// Work on bearer tokens of the API
    #[command(subcommand)]
    Token(TokenCommand),
    /// Work on the people who sign in to the console
    #[command(subcommand)]
    User(UserCommand),
    /// Tell one interaction as a story
    Explain(ExplainArgs),
    /// Make every stored routing decision again, from what the router was told, and compare
    Replay(ReplayArgs),
    /// Look at who did what
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Look at the numbers
    #[command(subcommand)]
    Metrics(MetricsCommand),
    /// Place a call as a test phone
    Call(CallArgs),
    /// Print the description of the HTTP API (OpenAPI 3.1, JSON)
    Openapi,
}

/// `cordboard hours`.
#[derive(Clone, Debug, Args)]
pub struct HoursArgs {
    /// What to do; nothing: tell every calendar and what it says now.
    #[command(subcommand)]
    pub command: Option<HoursCommand>,
    /// Which server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// What `cordboard hours` can do.
#[derive(Clone, Debug, Subcommand)]
pub enum HoursCommand {
    /// Close a calendar for now: the next caller takes the exit `emergency`
    Close(HoursCloseArgs),
    /// Open a calendar again: its hours count
    Open(HoursOpenArgs),
}

/// `cordboard hours close`.
#[derive(Clone, Debug, Args)]
pub struct HoursCloseArgs {
    /// Calendar
    #[arg(value_name = "NAME")]
    pub name: String,
    /// When it opens by itself: 2026-01-31T18:00:00Z, or a time from now such as 2h; at most 7 days
    #[arg(long, value_name = "TIME")]
    pub until: String,
    /// What callers hear first: a prompt's name, or words for the speech command
    #[arg(long, value_name = "PROMPT|WORDS")]
    pub message: Option<String>,
    /// Why, in a few words for colleagues
    #[arg(long, value_name = "WORDS")]
    pub reason: String,
    /// Which server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `cordboard hours open`.
#[derive(Clone, Debug, Args)]
pub struct HoursOpenArgs {
    /// Calendar
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Which server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `cordboard demo`.
#[derive(Clone, Debug, Default, Args)]
pub struct DemoArgs {
    /// Throw away what earlier runs left
    #[arg(long)]
    pub reset: bool,
    /// Data folder [default: ./demo-data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// SIP port [default: the first free one from 5060 on]
    #[arg(long, value_name = "PORT")]
    pub sip_port: Option<u16>,
    /// For the local network instead of this machine alone, through TLS [ADDRESS default: the one it has there]
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, require_equals = true)]
    pub lan: Option<Option<IpAddr>>,
    /// HTTP port [default: the first free one from 8080 on]
    #[arg(long, value_name = "PORT")]
    pub http_port: Option<u16>,
    /// Simulate no agents
    #[arg(long)]
    pub no_sim: bool,
    /// Browsers speak Opus, for networks that lose packets [default: PCMU]
    #[arg(long)]
    pub opus: bool,
}

/// Which settings, and what is laid over them.
#[derive(Clone, Debug, Args)]
pub struct ConfigArgs {
    /// Settings file
    #[arg(long, value_name = "FILE", default_value = "cordboard.toml")]
    pub config: PathBuf,
    /// One setting, stronger than file and environment; may be repeated
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE", value_parser = read_setting)]
    pub settings: Vec<(String, String)>,
}

impl ConfigArgs {
    /// Overrides in rising strength: environment, then flags.
    #[must_use]
    pub fn overrides(&self, environment: &BTreeMap<String, String>) -> Vec<Override> {
        let flags = self
            .settings
            .iter()
            .map(|(key, value)| Override::flag("--set", key, value));
        let mut overrides = Override::from_environment(environment);
        overrides.extend(flags);
        overrides
    }

    /// The settings, as the environment and the flags have them.
    ///
    /// # Errors
    /// What is wrong with the file or with what is laid over it.
    pub fn read(&self) -> Result<Settings, Vec<ConfigFinding>> {
        let overrides = self.overrides(&environment());
        config::load_settings(&self.config, &overrides).map(|(settings, _)| settings)
    }
}

/// `cordboard serve`.
#[derive(Clone, Debug, Args)]
pub struct ServeArgs {
    /// Which settings.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// How long live calls may go on after SIGTERM
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = read_duration)]
    pub drain_timeout: Duration,
}

/// How findings are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// `{"findings":[…]}`.
    Json,
    /// SARIF 2.1.0, for code review tools.
    Sarif,
    /// Workflow commands, which GitHub and Forgejo show beside the line.
    Github,
}

/// `cordboard check`.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// Which settings.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// How findings are written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// `cordboard doctor`.
#[derive(Clone, Debug, Args)]
pub struct DoctorArgs {
    /// Which settings.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// How findings are written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// `cordboard token …`.
#[derive(Clone, Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it once; only its hash is kept
    Create(TokenArgs),
}

/// `cordboard token create`.
#[derive(Clone, Debug, Args)]
pub struct TokenArgs {
    /// Which settings.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// What the token may do
    #[arg(long, value_name = "admin|supervisor|agent|readonly|author|publisher", value_parser = read_role)]
    pub role: RoleName,
    /// The agent that an agent's token speaks for
    #[arg(long, value_name = "LOGIN")]
    pub agent: Option<String>,
}

/// `cordboard user …`.
#[derive(Clone, Debug, Subcommand)]
pub enum UserCommand {
    /// Make a user; the password is read from standard input
    Create(UserCreateArgs),
    /// Give a user another password, read from standard input; ends every session of theirs
    Password(UserPasswordArgs),
    /// Print login, role, agent and name of every user
    List(UserListArgs),
}

/// `cordboard user create`.
#[derive(Clone, Debug, Args)]
pub struct UserCreateArgs {
    /// Which settings.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// What to sign in with: small letters, digits, `.`, `_`, `-`
    #[arg(long, value_name = "LOGIN")]
    pub login: String,
    /// As people see it [default: the agent's name, else the login]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// What the user may do
    #[arg(long, value_name = "admin|supervisor|agent|readonly|author|publisher", value_parser = read_role)]
    pub role: RoleName,
    /// The agent that the user is [for the role agent: the one of the same login]
    #[arg(long, value_name = "LOGIN")]
    pub agent: Option<String>,
}

/// `cordboard user password`.
#[derive(Clone, Debug, Args)]
pub struct UserPasswordArgs {
    /// Which settings.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Whose
    #[arg(long, value_name = "LOGIN")]
    pub login: String,
}

/// `cordboard user list`.
#[derive(Clone, Debug, Args)]
pub struct UserListArgs {
    /// Which settings.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

/// `cordboard explain`.
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// Id of the interaction
    pub id: String,
    /// Which settings.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// `cordboard replay`.
#[derive(Clone, Debug, Args)]
pub struct ReplayArgs {
    /// Which settings.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// From the router's last start before this moment on, such as 2026-11-22T10:00:00+01:00 [default: everything]
    #[arg(long, value_name = "TIME", value_parser = metrics::read_moment)]
    pub from: Option<Timestamp>,
    /// Up to this moment [default: everything]
    #[arg(long, value_name = "TIME", value_parser = metrics::read_moment)]
    pub to: Option<Timestamp>,
    /// With the rules of this company file in place of those that held: tells the first decision that would differ
    #[arg(long, value_name = "FILE")]
    pub company: Option<PathBuf>,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

/// `cordboard audit …`.
#[derive(Clone, Debug, Subcommand)]
pub enum AuditCommand {
    /// See whether any row was changed, taken out or put in since it was written
    Verify(AuditVerifyArgs),
}

/// `cordboard audit verify`.
#[derive(Clone, Debug, Args)]
pub struct AuditVerifyArgs {
    /// Which settings.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// A head that an earlier run printed, kept elsewhere: finds rows that were cut off or written anew since
    #[arg(long, value_name = "SEQ:HASH", value_parser = audit::read_head)]
    pub head: Option<Head>,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

/// `cordboard metrics …`.
#[derive(Clone, Debug, Subcommand)]
pub enum MetricsCommand {
    /// Prove from the event log that the numbers add up: of queues, interactions, talks and agents' time
    Verify(MetricsVerifyArgs),
}

/// `cordboard metrics verify`.
#[derive(Clone, Debug, Args)]
pub struct MetricsVerifyArgs {
    /// Which settings.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// From this moment on, such as 2026-12-24T10:00:00+01:00 [default: the beginning of the log]
    #[arg(long, value_name = "TIME", value_parser = metrics::read_moment)]
    pub from: Option<Timestamp>,
    /// Until right before this moment [default: the end of the log]
    #[arg(long, value_name = "TIME", value_parser = metrics::read_moment)]
    pub to: Option<Timestamp>,
    /// One queue by name or id [default: all]
    #[arg(long, value_name = "QUEUE")]
    pub queue: Option<String>,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

/// `cordboard call`.
#[derive(Clone, Debug, Args)]
pub struct CallArgs {
    /// Whom to call, such as sip:9000@127.0.0.1:5060
    pub uri: String,
    /// Number to call from
    #[arg(long, value_name = "NUMBER")]
    pub from: Option<String>,
    /// Keys to press, one after each prompt
    #[arg(long, value_name = "KEYS", value_parser = read_keys)]
    pub press: Option<String>,
    /// WAV to play in a loop from the answer on
    #[arg(long, value_name = "FILE")]
    pub play: Option<PathBuf>,
    /// WAV to write what is heard to
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Hang up this long after the answer
    #[arg(long = "for", value_name = "TIME", value_parser = read_duration)]
    pub hang_up_after: Option<Duration>,
}

fn read_duration(text: &str) -> Result<Duration, String> {
    duration::parse(text).ok_or_else(|| "write 20s, 10m or 1h30m".to_owned())
}

fn read_role(text: &str) -> Result<RoleName, String> {
    RoleName::of_staff(text)
        .ok_or_else(|| "roles are admin, supervisor, agent, readonly, author, publisher".to_owned())
}

fn read_keys(text: &str) -> Result<String, String> {
    let good = text
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '*' | '#' | 'A'..='D' | ' ' | ','));
    good.then(|| text.replace(',', ""))
        .ok_or_else(|| "keys are 0-9, *, #, A-D".to_owned())
}

fn read_setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text
        .split_once('=')
        .filter(|(key, _)| key.contains('.'))
        .ok_or("write SECTION.KEY=VALUE, such as http.listen=127.0.0.1:8080")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

/// The environment as a map; names and values that are no UTF-8 are none of ours.
#[must_use]
pub fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
