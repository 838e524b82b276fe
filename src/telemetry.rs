//! Logging: to standard error, filtered by `RUST_LOG` (default `info`).
//!
//! **Owns**: the subscriber. Personal data never reaches it: it travels in types that do not print it.

use tracing_subscriber::EnvFilter;

/// Starts logging; `quiet` is the level when `RUST_LOG` is not set.
pub fn start(quiet: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(quiet));
    let logger = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let _ = logger
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .try_init();
}
