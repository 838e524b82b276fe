//! The binary: reads the command line and hands over.
//!
//! **Owns**: which module runs which command. **Must not know**: what they do.

use clap::Parser as _;
use cordboard::cli::{self, AuditCommand, Cli, Command, FlowCommand, MetricsCommand, TokenCommand};
use cordboard::{serve, telemetry};
use std::process::ExitCode;
use tokio::runtime::Builder;

fn main() -> ExitCode {
    let typed = Cli::parse();
    match typed.command.unwrap_or(Command::Demo(typed.demo)) {
        Command::Check(args) => cli::check::run(&args),
        Command::Doctor(args) => cli::doctor::run(&args),
        Command::Flow(FlowCommand::Check(args)) => cli::flow_check::run(&args),
        Command::Flow(FlowCommand::Simulate(args)) => cli::simulate::run(&args),
        Command::Flow(FlowCommand::Fuzz(args)) => cli::flow_fuzz::run(&args),
        Command::Flow(FlowCommand::Test(args)) => cli::flow_test::run(&args),
        Command::Flow(FlowCommand::Replay(args)) => run(
            &mut Builder::new_current_thread(),
            cli::flow_replay::run(&args),
        ),
        Command::Flow(FlowCommand::Tool(tool)) => cli::flow_tools::run(&tool),
        Command::Flow(other) => run(
            &mut Builder::new_current_thread(),
            cli::flow_publish::run(&other),
        ),
        Command::Hours(args) => run(&mut Builder::new_current_thread(), cli::hours::run(&args)),
        Command::Prompt(command) => cli::prompt::run(&command),
        Command::Token(TokenCommand::Create(args)) => {
            run(&mut Builder::new_current_thread(), cli::token::run(&args))
        }
        Command::User(command) => run(&mut Builder::new_current_thread(), cli::user::run(&command)),
        Command::Explain(args) => run(&mut Builder::new_current_thread(), cli::explain::run(&args)),
        Command::Replay(args) => run(&mut Builder::new_current_thread(), cli::replay::run(&args)),
        Command::Audit(AuditCommand::Verify(args)) => run(
            &mut Builder::new_current_thread(),
            cli::audit::verify(&args),
        ),
        Command::Metrics(MetricsCommand::Verify(args)) => run(
            &mut Builder::new_current_thread(),
            cli::metrics::verify(&args),
        ),
        Command::Openapi => {
            cli::output::result(&cordboard::api::description());
            ExitCode::SUCCESS
        }
        Command::Demo(args) => {
            telemetry::start("warn");
            run(&mut Builder::new_multi_thread(), serve::demo(args))
        }
        Command::Serve(args) => {
            telemetry::start("info");
            run(&mut Builder::new_current_thread(), serve::serve(args))
        }
        Command::Call(args) => {
            telemetry::start("error");
            run(&mut Builder::new_multi_thread(), serve::call(args))
        }
    }
}

/// Runs a command on a runtime of its own.
fn run(runtime: &mut Builder, command: impl Future<Output = ExitCode>) -> ExitCode {
    match runtime.enable_all().build() {
        Ok(runtime) => runtime.block_on(command),
        Err(error) => {
            let help = "see the limits of this user for threads and open files";
            cli::output::Problem::new("cannot start", error.to_string(), help).report()
        }
    }
}
