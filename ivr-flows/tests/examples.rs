//! The example flows are read and checked without a finding, and their prompts can all be spoken.

use ivr_flows::{Flow, check_source, parse, render_human};

const HELLO: &str = include_str!("../examples/hello/flows/hello.flow.yaml");
const SUPPORT: &str = include_str!("../examples/fernhill/flows/support.flow.yaml");

fn clean(source: &str, file: &str) -> Flow {
    let checked = check_source(source, file, None);
    assert!(
        checked.findings.is_empty(),
        "{}",
        render_human(&checked.findings, source)
    );
    checked.flow.expect("a flow without findings can run")
}

#[test]
fn hello_is_clean_and_short() {
    let flow = clean(HELLO, "hello.flow.yaml");
    assert_eq!(
        (flow.name(), flow.queue_names()),
        ("hello", vec!["support"])
    );
    let lines = HELLO.lines().filter(|line| !line.starts_with('#'));
    assert!(lines.count() <= 10);
    assert_eq!(flow.prompts()["hello"].file, "hello.wav");
}

#[test]
fn the_support_line_is_clean_and_every_prompt_has_words_or_is_music() {
    let flow = clean(SUPPORT, "support.flow.yaml");
    assert_eq!(
        (flow.name(), flow.queue_names()),
        ("support", vec!["repairs", "support"])
    );
    for (name, prompt) in flow.prompts() {
        let spoken = ["en", "es"]
            .iter()
            .all(|language| prompt.texts.contains_key(*language));
        let own = spoken && prompt.file == format!("{name}.wav");
        let worked_out = ["place", "about-minutes", "order-on-its-way"].contains(&name.as_str());
        assert_eq!(prompt.is_fixed(), !worked_out, "{name}");
        assert!(own || prompt.file == "moh/calm.wav", "{name}");
    }
}

#[test]
fn the_hash_follows_the_text() {
    let flow = |source: &str| parse(source, "a").unwrap().content_hash().to_owned();
    assert_eq!(flow(HELLO), flow(HELLO));
    assert_eq!(flow(HELLO).len(), 64);
    assert_ne!(flow(HELLO), flow(&HELLO.replace("moment", "minute")));
}

#[test]
fn the_reference_lists_every_code_and_only_those() {
    let reference = include_str!("../../docs/flows.md");
    let listed: Vec<&str> = reference
        .lines()
        .filter_map(|line| line.strip_prefix("| F"))
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(listed.len() > 20);
    for number in 0..1_000 {
        let number = format!("{number:03}");
        let known = ivr_flows::explain(&format!("F{number}")).is_some();
        assert_eq!(known, listed.contains(&number.as_str()), "F{number}");
    }
}
