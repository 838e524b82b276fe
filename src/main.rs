//! The binary: reads the command line and hands over.
//!
//! **Owns**: which module runs which command. **Must not know**: what they do.

use clap::Parser as _;
use cordboard::cli::{self, Cli, Command, FlowCommand, TokenCommand};
use std::process::ExitCode;

fn main() -> ExitCode {
    let typed = Cli::parse();
    match typed.command.unwrap_or(Command::Demo(typed.demo)) {
        Command::Check(args) => cli::check::run(&args),
        Command::Flow(FlowCommand::Check(args)) => cli::flow_check::run(&args),
        Command::Token(TokenCommand::Create(args)) => run(cli::token::run(&args)),
        Command::Explain(args) => run(cli::explain::run(&args)),
        Command::Demo(_) | Command::Serve(_) | Command::Call(_) => not_wired(),
    }
}

/// Runs a command that waits for the database.
fn run(command: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime.block_on(command),
        Err(error) => {
            let help = "see the limits of this user for threads and open files";
            cli::output::Problem::new("cannot start", error.to_string(), help).report()
        }
    }
}

fn not_wired() -> ExitCode {
    cli::output::Problem::new(
        "cannot run this yet",
        "it is not wired",
        "wait for the next build",
    )
    .report()
}
