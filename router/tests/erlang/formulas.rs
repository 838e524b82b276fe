//! The closed forms. Arrivals are Poisson, handling and patience exponential; times in seconds.
//!
//! **Owns**: Erlang B by its recursion, C from B, A from its birth-death chain. **Must not know**: the Distributor.

/// What a caller meets in the long run.
#[derive(Debug)]
pub(crate) struct Met {
    /// The probability of not being served at once.
    pub(crate) waits: f64,
    /// The mean wait of all callers, served at once or not.
    pub(crate) wait: f64,
    /// The probability of giving up.
    pub(crate) abandons: f64,
}

/// The probability that all agents are busy where nobody waits. `offered` is arrivals per handling time.
pub(crate) fn erlang_b(agents: u32, offered: f64) -> f64 {
    (1..=agents).fold(1.0, |lost, n| {
        offered * lost / (f64::from(n) + offered * lost)
    })
}

/// Nobody gives up.
pub(crate) fn erlang_c(agents: u32, offered: f64, handling: f64) -> Met {
    let lost = erlang_b(agents, offered);
    let busy = offered / f64::from(agents);
    let waits = lost / (1.0 - busy * (1.0 - lost));
    Met {
        waits,
        wait: waits * handling / (f64::from(agents) - offered),
        abandons: 0.0,
    }
}

/// Callers give up after `patience` on average: the chain that is left at `agents / handling + waiting / patience`.
pub(crate) fn erlang_a(agents: u32, offered: f64, handling: f64, patience: f64) -> Met {
    let (arrivals, served) = (offered / handling, f64::from(agents) / handling);
    // Shares of time with n callers, relative to that with all agents busy and nobody waiting.
    let mut below = 0.0;
    let mut share = 1.0;
    for busy in (1..=agents).rev() {
        share *= f64::from(busy) / offered;
        below += share;
    }
    let (mut waiting_or_full, mut queue) = (1.0, 0.0);
    let mut share = 1.0;
    for waiting in 1..10_000_u32 {
        share *= arrivals / (served + f64::from(waiting) / patience);
        waiting_or_full += share;
        queue += share * f64::from(waiting);
    }
    let all = below + waiting_or_full;
    let length = queue / all;
    Met {
        waits: waiting_or_full / all,
        wait: length / arrivals,
        abandons: length / patience / arrivals,
    }
}

#[test]
fn they_give_the_figures_of_the_tables() {
    // Erlang B: 10 agents, 5 erlangs. Erlang C: 20 agents at 0.85, mean wait of 300 s calls.
    assert!((erlang_b(10, 5.0) - 0.018_38).abs() < 1e-5);
    let c = erlang_c(20, 17.0, 300.0);
    assert!(
        (c.waits - 0.385_1).abs() < 1e-4 && (c.wait - 38.5).abs() < 0.1,
        "{c:?}"
    );
    // Endless patience is Erlang C.
    let a = erlang_a(20, 17.0, 300.0, 1e9);
    assert!((a.waits - c.waits).abs() < 1e-4 && (a.wait - c.wait).abs() < 0.01);
}
