//! The binary under test: its commands, its start, and programs that see what it sees.
//!
//! **Owns**: how processes are started. **Must not know**: what a test wants of them.

use super::files::Plan;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A program that sees the same disks as the server.
pub(super) fn enter(plan: &Plan, pid: u32, program: &str) -> Command {
    if plan.before.is_empty() {
        return Command::new(program);
    }
    let mut command = Command::new("nsenter");
    if plan.before.iter().any(|word| word == "--user") {
        command.args(["--user", "--preserve-credentials"]);
    }
    command.args(["--mount", "--target", &pid.to_string(), program]);
    command
}

/// `cordboard token create --role ROLE`.
pub(crate) fn token(root: &Path, role: &str) -> String {
    token_with(root, &["--role", role])
}

/// `cordboard token create` with these arguments.
pub(crate) fn token_with(root: &Path, arguments: &[&str]) -> String {
    token_by(&mut cordboard(root), root, arguments)
}

pub(super) fn token_by(command: &mut Command, root: &Path, arguments: &[&str]) -> String {
    let out = command
        .args(["token", "create", "--config"])
        .arg(root.join("cordboard.toml"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

/// The binary under test, in a folder.
pub(crate) fn cordboard(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cordboard"));
    command.current_dir(folder);
    command
}

/// The binary under test with whatever the plan puts before it.
fn command(root: &Path, plan: &Plan) -> Command {
    let mut command = match plan.before.split_first() {
        None => cordboard(root),
        Some((program, arguments)) => {
            let mut command = Command::new(program);
            command.args(arguments).arg(env!("CARGO_BIN_EXE_cordboard"));
            command.current_dir(root);
            command
        }
    };
    let environment = plan.environment.iter().map(|(name, value)| (name, value));
    command.envs(environment);
    command
}

pub(super) fn launch(root: &Path, plan: &Plan) -> (Child, Duration) {
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(root.join("server.log"))
        .unwrap();
    let begun = Instant::now();
    let mut child = command(root, plan)
        .args(["serve", "--config"])
        .arg(root.join("cordboard.toml"))
        .args(plan.arguments)
        .env(
            "RUST_LOG",
            plan.log_level.map_or_else(
                || std::env::var("RUST_LOG").unwrap_or_else(|_| "debug".to_owned()),
                str::to_owned,
            ),
        )
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = lines
        .by_ref()
        .map_while(Result::ok)
        .any(|line| line.starts_with("ready"));
    let took = begun.elapsed().saturating_sub(kept_waiting(child.id()));
    if !ready {
        panic!(
            "not ready:\n{}",
            std::fs::read_to_string(root.join("server.log")).unwrap_or_default()
        );
    }
    let mut said = std::fs::File::create(root.join("server.out")).unwrap();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let _ = writeln!(said, "{line}");
        }
    });
    (child, took)
}

/// How long a process that could have run waited for a core, as far as its first thread goes, which does all of a start.
fn kept_waiting(pid: u32) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{pid}/schedstat")).unwrap_or_default();
    let nanos = text.split_whitespace().nth(1);
    Duration::from_nanos(nanos.and_then(|word| word.parse().ok()).unwrap_or(0))
}
