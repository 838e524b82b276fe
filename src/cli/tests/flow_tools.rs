//! `flow schema`, `draw`, `diff`, `rename` and `fmt` over files.

use crate::cli::flow_args::{
    DiffArgs, DrawArgs, Drawing, FlowTool, FmtArgs, RenameArgs, SchemaArgs,
};
use crate::cli::flow_tools::{drawing, run, schema_text};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("ivr-flows/examples/fernhill")
        .join(name)
}

/// A copy of the example's flow and tests.
fn copy() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["support.flow.yaml", "support.test.yaml"] {
        std::fs::copy(example("flows").join(name), folder.path().join(name)).unwrap();
    }
    let flow = folder.path().join("support.flow.yaml");
    (folder, flow)
}

fn draw(format: Drawing) -> DrawArgs {
    DrawArgs {
        file: example("flows/support.flow.yaml"),
        format,
        steps: false,
        inherited: false,
        coverage: true,
        traffic: None,
        output: None,
    }
}

#[test]
fn the_schema_has_the_names_of_company_and_flows() {
    let args = SchemaArgs {
        paths: vec![example("flows")],
        company: Some(example("company.toml")),
        config: None,
    };
    let schema: serde_json::Value = serde_json::from_str(&schema_text(&args).unwrap()).unwrap();
    let step = &schema["definitions"]["step"]["properties"];
    let queues = step["queue"]["anyOf"][0]["enum"].as_array().unwrap();
    assert!(queues.contains(&"support".into()));
    assert!(step["go"].to_string().contains("to-a-person"));
    assert!(step["play"].to_string().contains("main-menu"));
}

#[test]
fn a_picture_shows_what_the_tests_come_by() {
    let svg = drawing(&draw(Drawing::Svg)).unwrap();
    assert!(svg.contains("class=\"box start full\""), "{svg}");
    assert!(svg.contains("<title>apology: play, hangup (2/2 tested)</title>"));
    assert!(
        drawing(&draw(Drawing::Text))
            .unwrap()
            .contains("exhausted --> goodbye")
    );
    let dot = drawing(&draw(Drawing::Dot)).unwrap();
    assert!(dot.starts_with("digraph"));
    assert!(
        drawing(&draw(Drawing::Mermaid))
            .unwrap()
            .contains("-->|\"exhausted\"|")
    );
}

#[test]
fn a_picture_shows_how_many_calls_went_each_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traffic.json");
    let way = |exit: &str, to: &str, times: u64| serde_json::json!({ "from": "main", "exit": exit, "to": to, "times": times });
    let ways = [
        way("1", "orders", 30),
        way("0", "to-a-person", 9),
        way("exhausted", "to-a-person", 1),
    ];
    let answer = serde_json::json!({ "calls": 40, "ways": ways });
    std::fs::write(&path, answer.to_string()).unwrap();
    let mut args = DrawArgs {
        inherited: true,
        traffic: Some(path.clone()),
        ..draw(Drawing::Svg)
    };
    let svg = drawing(&args).unwrap();
    for told in ["1 30 (75 %)", "0 9 (22 %)", "exhausted 1 (2 %)"] {
        assert!(svg.contains(told), "{told}: {svg}");
    }
    std::fs::write(&path, "{ \"ways\": 3 }").unwrap();
    args.traffic = Some(path);
    let refused = drawing(&args).unwrap_err();
    assert!(
        format!("{refused:?}").contains("traffic.json is no traffic"),
        "{refused:?}"
    );
}

#[test]
fn a_rename_reaches_flow_and_tests_and_is_all_that_is_different() {
    let (folder, flow) = copy();
    let tests = folder.path().join("support.test.yaml");
    let text = std::fs::read_to_string(&tests).unwrap();
    let text = text.replace(
        "- hears: greeting\n",
        "- hears: greeting\n      - block: orders\n",
    );
    std::fs::write(&tests, &text).unwrap();
    let done = run(&FlowTool::Rename(RenameArgs {
        file: flow.clone(),
        from: "orders".to_owned(),
        to: "my-orders".to_owned(),
    }));
    assert_eq!(done, ExitCode::SUCCESS);
    let renamed = std::fs::read_to_string(&tests).unwrap();
    assert_eq!(
        renamed,
        text.replace("- block: orders", "- block: my-orders")
    );
    let was = std::fs::read_to_string(example("flows/support.flow.yaml")).unwrap();
    let changes = ivr_flows::diff::diff(&was, &std::fs::read_to_string(&flow).unwrap()).unwrap();
    assert_eq!(changes.len(), 1, "{changes:?}");
    let diff = |before: &Path| {
        run(&FlowTool::Diff(DiffArgs {
            before: before.to_owned(),
            after: flow.clone(),
            json: true,
        }))
    };
    assert_eq!(diff(&example("flows/support.flow.yaml")), ExitCode::from(1));
    assert_eq!(diff(&flow), ExitCode::SUCCESS);
    // A block that is not there changes nothing.
    let before = std::fs::read(&flow).unwrap();
    let done = run(&FlowTool::Rename(RenameArgs {
        file: flow.clone(),
        from: "nowhere".to_owned(),
        to: "x".to_owned(),
    }));
    assert_eq!(done, ExitCode::from(2));
    assert_eq!(std::fs::read(&flow).unwrap(), before);
}

#[test]
fn fmt_checks_without_writing_and_writes_once() {
    let (folder, flow) = copy();
    let text = std::fs::read_to_string(&flow).unwrap();
    std::fs::write(&flow, text.replace("flow: 1\n", "flow:   1\n\n\n\n")).unwrap();
    let fmt = |check: bool| {
        run(&FlowTool::Fmt(FmtArgs {
            paths: vec![folder.path().to_owned()],
            check,
        }))
    };
    let before = std::fs::read(&flow).unwrap();
    assert_eq!(fmt(true), ExitCode::from(1));
    assert_eq!(std::fs::read(&flow).unwrap(), before);
    assert_eq!(fmt(false), ExitCode::SUCCESS);
    assert_eq!(fmt(true), ExitCode::SUCCESS);
}

#[test]
fn what_cannot_be_read_is_told_with_its_file() {
    let (_folder, flow) = copy();
    std::fs::write(&flow, "flow: [").unwrap();
    let args = DrawArgs {
        file: flow.clone(),
        coverage: false,
        ..draw(Drawing::Svg)
    };
    match drawing(&args) {
        Err(crate::cli::flow_tools::Stopped::Findings(found)) => {
            assert_eq!(found[0].file, flow.display().to_string());
        }
        other => panic!("{other:?}"),
    }
}
