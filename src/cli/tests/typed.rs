//! What may be typed.

use crate::api::right::RoleName;
use crate::cli::{Cli, Command, FlowCommand, Format, TokenCommand};
use clap::{CommandFactory as _, Parser as _};
use std::path::Path;
use std::time::Duration;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("cordboard").chain(line.split_whitespace()))
}

#[test]
fn the_definitions_are_sound() {
    Cli::command().debug_assert();
}

#[test]
fn without_a_command_it_is_the_demo() {
    let typed = parse("--reset --http-port 8099 --no-sim").unwrap();
    assert!(typed.command.is_none());
    assert!(typed.demo.reset && typed.demo.no_sim);
    assert_eq!(typed.demo.http_port, Some(8099));
    let Some(Command::Demo(demo)) = parse("demo --data there --sip-port 5070").unwrap().command
    else {
        panic!("no demo");
    };
    assert_eq!(demo.data.as_deref(), Some(Path::new("there")));
    assert_eq!(demo.sip_port, Some(5070));
}

#[test]
fn serve_takes_settings_and_a_time() {
    let Some(Command::Serve(serve)) = parse("serve --config a.toml").unwrap().command else {
        panic!("no serve");
    };
    assert_eq!(serve.config.config, Path::new("a.toml"));
    assert_eq!(serve.drain_timeout, Duration::from_secs(600));
    let line = "serve --set http.listen=127.0.0.1:1 --drain-timeout 1m30s";
    let Some(Command::Serve(serve)) = parse(line).unwrap().command else {
        panic!("no serve");
    };
    assert_eq!(serve.drain_timeout, Duration::from_secs(90));
    assert_eq!(serve.config.overrides(&[].into()).len(), 1);
}

#[test]
fn a_call_takes_what_the_test_phone_does() {
    let line = "call sip:9000@127.0.0.1:5060 --from +34600000101 --press 2 --play a.wav --record b.wav --for 20s";
    let Some(Command::Call(call)) = parse(line).unwrap().command else {
        panic!("no call");
    };
    assert_eq!(call.uri, "sip:9000@127.0.0.1:5060");
    assert_eq!(call.press.as_deref(), Some("2"));
    assert_eq!(call.hang_up_after, Some(Duration::from_secs(20)));
}

#[test]
fn the_other_commands() {
    let Some(Command::Check(check)) = parse("check --format json").unwrap().command else {
        panic!("no check");
    };
    assert_eq!(
        (check.format, check.config.config.as_path()),
        (Format::Json, Path::new("cordboard.toml"))
    );
    let Some(Command::Flow(FlowCommand::Check(flow))) =
        parse("flow check a.flow.yaml b").unwrap().command
    else {
        panic!("no flow check");
    };
    assert_eq!((flow.paths.len(), flow.config), (2, None));
    let line = "token create --config c.toml --role agent --agent ana";
    let Some(Command::Token(TokenCommand::Create(token))) = parse(line).unwrap().command else {
        panic!("no token create");
    };
    assert_eq!(
        (token.role, token.agent.as_deref()),
        (RoleName::Agent, Some("ana"))
    );
    assert!(matches!(
        parse("explain 1 --config c.toml").unwrap().command,
        Some(Command::Explain(_))
    ));
}

#[test]
fn wrong_lines_are_usage_errors() {
    for line in [
        "flow",
        "token create",
        "token create --role boss",
        "explain",
        "call",
        "call x --for soon",
        "call x --press q",
        "serve --set http",
        "serve --drain-timeout 10",
        "check --format xml",
        "doctor --format xml",
        "--sip-port 70000",
    ] {
        let error = parse(line).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{line}");
    }
    assert_eq!(parse("--version").unwrap_err().exit_code(), 0);
}
