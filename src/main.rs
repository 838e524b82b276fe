//! The binary: reads the command line and hands over.
//!
//! **Owns**: which module runs which command. **Must not know**: what they do.

use clap::Parser as _;
use cordboard::cli::{self, Cli, Command, FlowCommand, TokenCommand};
use cordboard::serve;
use std::process::ExitCode;

fn main() -> ExitCode {
    let typed = Cli::parse();
    match typed.command.unwrap_or(Command::Demo(typed.demo)) {
        Command::Check(args) => cli::check::run(&args),
        Command::Flow(FlowCommand::Check(args)) => cli::flow_check::run(&args),
        Command::Token(TokenCommand::Create(args)) => run(cli::token::run(&args)),
        Command::Explain(args) => run(cli::explain::run(&args)),
        Command::Demo(args) => stay("info,cordboard=warn,sip_gateway=warn,recordings=warn", serve::demo(args)),
        Command::Serve(args) => stay("info", serve::serve(args)),
        Command::Call(args) => stay("warn", serve::call(args)),
    }
}

/// Runs a command that waits for the database.
fn run(command: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime.block_on(command),
        Err(error) => no_runtime(&error),
    }
}

/// Runs a command that stays, with logging and every core.
fn stay(quiet: &str, command: impl Future<Output = ExitCode>) -> ExitCode {
    cordboard::telemetry::start(quiet);
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(command),
        Err(error) => no_runtime(&error),
    }
}

fn no_runtime(error: &std::io::Error) -> ExitCode {
    let help = "see the limits of this user for threads and open files";
    cli::output::Problem::new("cannot start", error.to_string(), help).report()
}
