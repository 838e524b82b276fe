//! The commands that stay: `serve`, `demo`, `call`. Start, wait for signals, stop in order.
//!
//! **Owns**: the process's runtime, its signals and its exit code. **Must not**: decide anything about calls.

use crate::app::{App, Running};
use crate::cli::output::{self, Problem};
use crate::cli::{CallArgs, DemoArgs, ServeArgs};
use crate::config::{self, PasswordPolicy};
use crate::demo::{self, DemoOptions};
use crate::phone::call::{self, CallPlan, Progress};
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Exit code for what is wrong with the thing checked or called.
const WRONG: u8 = 1;

/// How long the demo waits for live calls after Ctrl-C.
const DEMO_DRAIN: Duration = Duration::from_secs(1);

/// `cordboard serve`.
pub async fn serve(args: ServeArgs) -> ExitCode {
    let overrides = args.config.overrides(&crate::cli::environment());
    let loaded = match config::load(&args.config.config, &overrides) {
        Ok(loaded) => loaded,
        Err(findings) => return crate::cli::check::cannot_go_on(&findings),
    };
    let mut findings = loaded.remarks.clone();
    findings.extend(crate::cli::check::flows_and_prompts(&loaded));
    if config::finding::has_errors(&findings) {
        return crate::cli::check::cannot_go_on(&findings);
    }
    if !findings.is_empty() {
        output::note(&crate::cli::check::text(&findings));
    }
    match App::start(loaded, PasswordPolicy::Required).await {
        Ok(running) => {
            output::result(&format!(
                "ready sip=udp:{} http={}://{}",
                running.sip,
                if running.http_is_secure() {
                    "https"
                } else {
                    "http"
                },
                running.http
            ));
            until_told(running, args.drain_timeout).await
        }
        Err(error) => cannot_start(&error),
    }
}

/// `cordboard demo`.
pub async fn demo(args: DemoArgs) -> ExitCode {
    let options = DemoOptions {
        data: args.data,
        reset: args.reset,
        sip_port: args.sip_port,
        http_port: args.http_port,
        no_sim: args.no_sim,
        lan: args.lan,
        opus: args.opus,
    };
    match demo::start(options).await {
        Ok(running) => until_told(running, DEMO_DRAIN).await,
        Err(error) => cannot_start(&error),
    }
}

/// `cordboard call`.
pub async fn call(args: CallArgs) -> ExitCode {
    let plan = CallPlan {
        uri: args.uri,
        from: args.from,
        press: args.press.unwrap_or_default(),
        play: args.play,
        record: args.record,
        hang_up_after: args.hang_up_after,
    };
    let record = plan.record.clone();
    let (stop, interrupt) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            let _ = stop.send(());
        }
    });
    let show = |progress| match progress {
        Progress::Ringing => output::note("it rings"),
        Progress::Answered => output::note("answered"),
        Progress::Pressed(key) => output::note(&format!("pressed {key}")),
    };
    match call::place(plan, interrupt, show).await {
        Ok(report) => {
            output::result(&format!(
                "{} after {:.1} s",
                report.end,
                report.talked.as_secs_f64()
            ));
            if report.answered {
                output::note(
                    "a recorded talk is named by the contact centre's own terminal: `recorded PATH`",
                );
            }
            if let Some(path) = record.filter(|_| report.answered) {
                output::result(&format!("heard audio is in {}", path.display()));
            }
            if report.in_order {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(WRONG)
            }
        }
        Err(error) => Problem::new(
            "cannot call",
            format!("{error:#}"),
            "see `cordboard call --help`",
        )
        .report(),
    }
}

fn cannot_start(error: &anyhow::Error) -> ExitCode {
    Problem::new(
        "cannot start",
        format!("{error:#}"),
        "mend that and start again; `cordboard check` looks at the files",
    )
    .report()
}

/// SIGTERM or Ctrl-C drains; a second one ends at once.
async fn until_told(mut running: Running, drain: Duration) -> ExitCode {
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return Problem::new(
            "cannot run",
            "signals cannot be received",
            "see the limits of this process",
        )
        .report();
    };
    tokio::select! {
        () = either(&mut terminate, &mut interrupt) => {}
        () = running.task_died() => {
            let help = "start again; the log says which task and why";
            return Problem::new("cannot go on", "a part of the contact centre has ended", help).report();
        }
    }
    tracing::info!("draining: no new calls; a second signal ends at once");
    running
        .drain(drain, either(&mut terminate, &mut interrupt))
        .await;
    ExitCode::SUCCESS
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
