//! What a step costs, and what a running flow holds: `cargo bench -p ivr-flows`.
//!
//! **Owns**: the table in `BENCHMARKS.md`. The callers are those of `ivr_flows::fuzz`, whose own work is counted in, so a
//! step costs a little less than is told. Memory is the resident set's rise over many calls that stand in the middle of
//! the flow at once, each with a caller of their own.

#![allow(clippy::print_stdout)] // its output is a table
#![allow(clippy::disallowed_methods)] // measures; the crate itself reads no clock

use ivr_flows::{CallFacts, Flow, FlowInput, Interpreter, check_source, fuzz};
use std::sync::Arc;
use std::time::{Duration, Instant};

const EXAMPLE: &str = include_str!("../examples/fernhill/flows/support.flow.yaml");
/// Calls of a round.
const CALLERS: u64 = 20_000;
const ROUNDS: u64 = 5;
/// Calls that stand at once.
const STANDING: usize = 20_000;

fn flow() -> Arc<Flow> {
    let checked = check_source(EXAMPLE, "support.flow.yaml", None);
    Arc::new(checked.flow.expect("the example is right"))
}

/// Bytes in memory: field 2 of /proc/self/statm, in pages of 4 KiB.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .unwrap_or(0);
    pages * 4096
}

/// A call that has come as far as the menu, with some of its outputs behind it.
fn standing(flow: &Arc<Flow>) -> Interpreter {
    let facts = CallFacts {
        from: "+34600111222".to_owned(),
        to: "9000".to_owned(),
        began_at: Some(1_767_225_600_000),
        ..CallFacts::default()
    };
    let mut call = Interpreter::with_facts(Arc::clone(flow), facts);
    call.handle(FlowInput::Start, Duration::ZERO);
    while call.poll_output().is_some() {}
    // A key ahead, which the menu keeps until it is asked for.
    call.handle(FlowInput::Key('2'), Duration::from_secs(1));
    while call.poll_output().is_some() {}
    call
}

fn main() {
    let flow = flow();
    let mut best = f64::INFINITY;
    for round in 0..ROUNDS {
        let began = Instant::now();
        let report = fuzz::callers(&flow, round * CALLERS, CALLERS).expect("every call ends");
        let each = began.elapsed().as_secs_f64() * 1e9 / report.steps as f64;
        best = best.min(each);
        println!(
            "{CALLERS} callers: {} steps, {each:.0} ns a step with all that callers do",
            report.steps
        );
    }
    println!("a step: {best:.0} ns (asked for: at most 20,000)");
    let before = resident();
    let calls: Vec<Interpreter> = (0..STANDING).map(|_| standing(&flow)).collect();
    let each = resident().saturating_sub(before) / calls.len();
    println!("a running flow: {each} bytes over {STANDING} calls (asked for: at most 16,384)");
}
