//! `prompt import`, `list`, `export` and `translate` over a folder, as they are typed.

use crate::cli::prompt::run;
use crate::cli::{Cli, Command};
use clap::Parser as _;
use std::path::Path;
use std::process::ExitCode;

const SETTINGS: &str = "[node]\nflows = \"flows\"\nprompts = \"prompts\"\n";
const FLOW: &str = "flow: 1\nname: shop\nlanguages: { default: en, offer: [en, es] }\nprompts:\n  welcome: { en: \"Welcome.\" } # first\nblocks:\n  start:\n    - play: welcome\n    - hangup:\n";

fn typed(folder: &Path, words: &[&str]) -> ExitCode {
    let config = folder.join("cordboard.toml");
    let all = ["cordboard", "prompt"]
        .iter()
        .chain(words)
        .map(ToString::to_string);
    let config = ["--config".to_owned(), config.display().to_string()];
    let cli = Cli::try_parse_from(all.chain(config)).unwrap();
    match cli.command {
        Some(Command::Prompt(command)) => run(&command),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_recording_becomes_a_prompt_and_a_table_its_translation() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(here.join("cordboard.toml"), SETTINGS).unwrap();
    std::fs::create_dir(here.join("flows")).unwrap();
    std::fs::write(here.join("flows/shop.flow.yaml"), FLOW).unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/prompt_import/samples");
    let opus = samples.join("opus.ogg").display().to_string();
    let import =
        |name: &str, file: &str| typed(here, &["import", file, "--language", "es", "--name", name]);
    assert_eq!(import("welcome", &opus), ExitCode::SUCCESS);
    assert!(here.join("prompts/es/welcome.wav").is_file());
    // Refused: a name that leads out, and what is no recording.
    assert_eq!(import("../welcome", &opus), ExitCode::from(1));
    let text = here.join("cordboard.toml").display().to_string();
    assert_eq!(import("other", &text), ExitCode::from(1));
    assert_eq!(
        std::fs::read_dir(here.join("prompts/es")).unwrap().count(),
        1
    );
    assert_eq!(typed(here, &["list", "--json"]), ExitCode::SUCCESS);
    assert_eq!(
        typed(here, &["export", "--from", "en", "--to", "es"]),
        ExitCode::SUCCESS
    );
    let table = here.join("es.csv").display().to_string();
    std::fs::write(
        &table,
        "flow,prompt,en,es\nshop,welcome,Welcome.,Bienvenido.\n",
    )
    .unwrap();
    assert_eq!(typed(here, &["translate", &table]), ExitCode::SUCCESS);
    let flow = std::fs::read_to_string(here.join("flows/shop.flow.yaml")).unwrap();
    assert!(
        flow.contains("Bienvenido.") && flow.contains("# first"),
        "{flow}"
    );
    // What was changed meanwhile is not overwritten.
    std::fs::write(&table, "flow,prompt,en,es\nshop,welcome,Hello.,Hola.\n").unwrap();
    assert_eq!(typed(here, &["translate", &table]), ExitCode::from(1));
    assert_eq!(
        std::fs::read_to_string(here.join("flows/shop.flow.yaml")).unwrap(),
        flow
    );
}
