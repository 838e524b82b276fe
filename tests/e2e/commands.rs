//! The commands of a terminal: exit codes, what they print, and a call with the test phone.

use crate::support::phone::audio;
use crate::support::world::{self, COMPANY, FLOW, GOODBYE, GREETING, MENU, Plan, World};
use serde_json::Value;
use std::path::Path;
use std::process::Output;

fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = world::cordboard(folder).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn the_test_phone_calls_presses_a_key_and_keeps_what_it_heard() {
    let world = World::with(&Plan {
        company: COMPANY.replace("\"127.0.0.2/32\"", "\"127.0.0.0/8\""),
        ..Plan::default()
    });
    let heard = world.root().join("heard.wav");
    let uri = format!("sip:9000@{}", world.sip);
    let arguments = [
        "call",
        &uri,
        "--from",
        "600111222",
        "--press",
        "1",
        "--record",
        heard.to_str().unwrap(),
    ];
    let (code, out, error) = run(world.root(), &arguments);
    assert_eq!(code, Some(0), "{out}\n{error}");
    assert!(out.contains("heard.wav"), "{out}");
    let (spec, left, _) = world::channels(&heard);
    assert_eq!(spec.sample_rate, 8_000);
    for hz in [GREETING, MENU, GOODBYE] {
        let most = left
            .chunks_exact(1_600)
            .map(|part| audio::dominance(part, hz, 8_000.0))
            .fold(0.0, f64::max);
        assert!(most > 0.8, "{hz} Hz is in the recording: {most}");
    }
    let record = world.wait_last_interaction(std::time::Duration::from_secs(2));
    assert_eq!(record["caller_number"], "+34600111222");
    assert_eq!(record["menu_path"][0]["key"], "1");
    assert_eq!(record["outcome"], "self_served");

    // Hung up by ourselves after a time: in order, too.
    let (code, out, error) = run(world.root(), &["call", &uri, "--for", "1s"]);
    assert_eq!(code, Some(0), "{out}\n{error}");
    // Refused, and nobody there: not answered.
    let nobody = format!("sip:4711@{}", world.sip);
    let (code, out, error) = run(world.root(), &["call", &nobody]);
    assert_eq!(code, Some(1), "{out}\n{error}");
    assert!(format!("{out}{error}").contains("404"), "{out}\n{error}");
    let (code, ..) = run(world.root(), &["call"]);
    assert_eq!(code, Some(2));
    let (code, ..) = run(world.root(), &["call", &uri, "--press", "x"]);
    assert_eq!(code, Some(2));
    let (code, _, error) = run(world.root(), &["call", &uri, "--play", "absent.wav"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("absent.wav"), "{error}");
}

#[test]
fn flow_check_tells_findings_for_people_and_machines() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    world::write_plan(root, &Plan::default());
    let flow = "flows/support.flow.yaml";
    let json = |arguments: &[&str]| {
        let mut all = vec!["flow", "check", "--format", "json"];
        all.extend_from_slice(arguments);
        let (code, out, error) = run(root, &all);
        let read: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}\n{error}"));
        (code, read)
    };
    let (code, read) = json(&[flow]);
    assert_eq!((code, read), (Some(0), serde_json::json!({"findings": []})));
    assert_eq!(run(root, &["flow", "check"]).0, Some(0));
    assert_eq!(
        run(
            root,
            &["flow", "check", "flows", "--config", "cordboard.toml"]
        )
        .0,
        Some(0)
    );

    std::fs::write(root.join(flow), FLOW.replace("to: support,", "to: suport,")).unwrap();
    assert_eq!(
        json(&[flow]).0,
        Some(0),
        "without settings queues are not judged"
    );
    let (code, read) = json(&[flow, "--config", "cordboard.toml"]);
    assert_eq!(code, Some(1));
    let finding = &read["findings"][0];
    assert_eq!(finding["level"], "error");
    assert!(finding["file"].as_str().unwrap().ends_with(flow));
    assert_eq!(
        (&finding["line"], &finding["column"]),
        (&Value::from(25), &Value::from(20)),
        "{finding}"
    );
    assert!(finding["code"].is_string() && finding["message"].as_str().unwrap().contains("suport"));
    assert!(finding["help"].as_str().unwrap().contains("support"));

    std::fs::write(
        root.join(flow),
        FLOW.replace("- play: greeting", "- plya: greeting"),
    )
    .unwrap();
    let (code, out, error) = run(root, &["flow", "check", flow]);
    assert_eq!(code, Some(1), "{out}\n{error}");
    assert!(
        format!("{out}{error}").contains("support.flow.yaml:17:"),
        "{out}\n{error}"
    );
    std::fs::write(root.join(flow), b"flow: \xff\xfe").unwrap();
    assert_eq!(json(&[flow]).0, Some(1));
    assert_eq!(run(root, &["flow", "check", "absent.flow.yaml"]).0, Some(2));
}

#[test]
fn check_looks_at_everything() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    world::write_plan(root, &Plan::default());
    let check = |format: &str| {
        run(
            root,
            &["check", "--config", "cordboard.toml", "--format", format],
        )
    };
    let (code, out, error) = check("json");
    assert_eq!(code, Some(0), "{out}\n{error}");
    assert_eq!(out.trim(), "{\"findings\":[]}");
    assert_eq!(check("human").0, Some(0));
    let (code, out, _) = check("sarif");
    let log: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &log["runs"][0]["results"]),
        (Some(0), &serde_json::json!([]))
    );
    assert_eq!(
        run(root, &["check"]).0,
        Some(0),
        "cordboard.toml is the default"
    );

    std::fs::write(root.join("prompts/music.wav"), b"RIFF").unwrap();
    let (code, out, _) = check("json");
    assert_eq!(code, Some(1));
    assert!(out.contains("music.wav"), "{out}");
    let (code, out, _) = check("sarif");
    let log: Value = serde_json::from_str(&out).unwrap();
    let result = &log["runs"][0]["results"][0];
    assert_eq!(
        (code, &result["level"]),
        (Some(1), &serde_json::json!("error"))
    );
    let place = &result["locations"][0]["physicalLocation"];
    assert!(
        place["artifactLocation"]["uri"]
            .as_str()
            .unwrap()
            .ends_with("music.wav"),
        "{out}"
    );
    assert_eq!(place["region"]["startLine"], 1);
    std::fs::write(
        root.join("company.toml"),
        COMPANY.replace("flow = \"support\"", "flow = \"suport\""),
    )
    .unwrap();
    let (code, out, _) = check("human");
    assert_eq!(code, Some(1));
    assert!(
        out.contains("company.toml:") && out.contains("suport"),
        "{out}"
    );
    assert_eq!(run(root, &["check", "--config", "absent.toml"]).0, Some(2));
    assert_eq!(run(root, &["check", "--colour"]).0, Some(2));
    assert_eq!(run(root, &["serve", "--config", "absent.toml"]).0, Some(2));
    let (code, out, error) = run(
        root,
        &[
            "token",
            "create",
            "--config",
            "absent.toml",
            "--role",
            "admin",
        ],
    );
    assert_eq!((code, out.as_str()), (Some(2), ""), "{error}");
}
