//! The flow language: what callers hear, may press, and where they go.
//!
//! **Owns**: reading `NAME.flow.yaml` with positions, the checks, and the pure [`interpreter`].
//! **Must not know**: SIP, audio, queues as the router has them (only their names), the clock, files.
//!
//! ```text
//! source text --parse--> Flow --check--> findings
//!                          \--Interpreter--> what a call hears and does
//! ```

pub mod calendar;
mod check;
pub mod complete;
pub mod diff;
pub mod draw;
pub mod edit;
mod explain;
mod expression;
pub mod finding;
mod flow;
pub mod format;
pub mod fuzz;
pub mod interpreter;
mod link;
mod nearest;
pub mod outline;
pub mod port;
mod read;
pub mod reference;
mod render;
pub mod spoken;
pub mod trial;
mod yaml;

pub use check::{Callable, Catalog, Checked, Member, Staff, check, check_source};
pub use explain::explain;
pub use finding::{Finding, FindingLevel, Note};
pub use flow::{FixedWords, Flow, Languages, Name, Pos, Prompt, PromptPiece, Value};
pub use interpreter::Interpreter;
pub use link::{Linked, link};
pub use port::{CallFacts, FlowInput, FlowOutput};
pub use render::{render_human, render_json};

/// Reads one flow file. `file` is only a name for the findings.
///
/// A flow that is returned has the right shape; whether the names in it exist and every path ends is for [`check()`].
///
/// # Errors
/// Everything that is wrong with syntax and shape, in the order of the file.
pub fn parse(source: &str, file: &str) -> Result<Flow, Vec<Finding>> {
    let outcome = read::read(source, file);
    match outcome.flow {
        Some(flow) if outcome.findings.is_empty() => Ok(flow),
        _ => Err(outcome.findings),
    }
}
