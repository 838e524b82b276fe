//! The Distributor under a simulated clock against the closed forms of queueing theory.
//!
//! **Owns**: the five cases and how they are judged: independent replications, and the closed form inside their 99 %
//! interval. `simulated.rs` drives the Distributor, `formulas.rs` computes.
//!
//! What is compared is what a caller meets: whether they wait, how long, whether they give up. An interval alone would
//! pass anything if it were wide; so each must also be narrow.

mod formulas;
mod simulated;

use formulas::{erlang_a, erlang_b, erlang_c};
use simulated::{Patience, Site, replicate};

const REPLICATIONS: usize = 24;
/// 0.995 of Student's distribution with 23 degrees of freedom.
const STUDENT: f64 = 2.807;

/// The closed form lies inside the 99 % interval of the replications, and that is not wider than `within` of it.
#[track_caller]
fn agrees(what: &str, measured: &[f64], exact: f64, within: f64) {
    let count = measured.len() as f64;
    let mean = measured.iter().sum::<f64>() / count;
    let variance = measured.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let half = STUDENT * (variance / count).sqrt();
    let told = format!("{what}: {mean:.5} +- {half:.5}, closed form {exact:.5}");
    assert!((mean - exact).abs() <= half, "outside: {told}");
    assert!(half <= within * exact, "too wide to say anything: {told}");
}

fn site(agents: u32, load: f64, patience: Patience, calls: u64) -> Site {
    Site {
        agents,
        handling: 300.0,
        between_calls: 300.0 / (f64::from(agents) * load),
        patience,
        calls,
        warm_up: 300,
    }
}

/// Nobody waits: who is not served at once is lost.
#[test]
fn lost_calls_are_as_erlang_b_says() {
    let measured = replicate(&site(10, 0.8, Patience::None, 2_000), REPLICATIONS, 1);
    let lost: Vec<f64> = measured.iter().map(|run| run.gave_up).collect();
    agrees("lost, 10 agents at 0.8", &lost, erlang_b(10, 8.0), 0.10);
}

/// Everybody waits.
#[test]
fn delays_are_as_erlang_c_says() {
    for (seed, agents, load) in [(2, 5, 0.6), (3, 20, 0.75)] {
        let measured = replicate(
            &site(agents, load, Patience::Endless, 5_000),
            REPLICATIONS,
            seed,
        );
        let exact = erlang_c(agents, f64::from(agents) * load, 300.0);
        let waited: Vec<f64> = measured.iter().map(|run| run.waited).collect();
        let wait: Vec<f64> = measured.iter().map(|run| run.wait).collect();
        let name = format!("{agents} agents at {load}");
        agrees(&format!("P(wait), {name}"), &waited, exact.waits, 0.15);
        agrees(&format!("E(wait), {name}"), &wait, exact.wait, 0.30);
    }
}

/// Everybody waits for a while.
#[test]
fn abandonment_is_as_erlang_a_says() {
    for (seed, agents, load, patience) in [(4, 10, 1.0, 120.0), (5, 20, 1.2, 180.0)] {
        let site = site(agents, load, Patience::Mean(patience), 2_000);
        let measured = replicate(&site, REPLICATIONS, seed);
        let exact = erlang_a(agents, f64::from(agents) * load, 300.0, patience);
        let waited: Vec<f64> = measured.iter().map(|run| run.waited).collect();
        let gave_up: Vec<f64> = measured.iter().map(|run| run.gave_up).collect();
        let wait: Vec<f64> = measured.iter().map(|run| run.wait).collect();
        let name = format!("{agents} agents at {load}, patience {patience} s");
        agrees(&format!("P(wait), {name}"), &waited, exact.waits, 0.10);
        agrees(
            &format!("P(abandon), {name}"),
            &gave_up,
            exact.abandons,
            0.15,
        );
        agrees(&format!("E(wait), {name}"), &wait, exact.wait, 0.15);
    }
}
