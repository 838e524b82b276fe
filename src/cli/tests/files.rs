//! `check`, `flow check`, `token create` and `explain` over a temporary folder.

use crate::api::right::RoleName;
use crate::cli::{
    self, CheckArgs, ConfigArgs, FlowCheckArgs, Format, TokenArgs, check, flow_check,
};
use crate::config::finding::{ConfigFinding, has_errors};
use ivr_flows::FindingLevel;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const SETTINGS: &str =
    "[node]\ndata = \"data\"\n[sip]\nlisten = [\"udp:127.0.0.1:5060\", \"tcp:127.0.0.1:5060\"]\n";
const COMPANY: &str = "[[skills]]\nname = \"billing\"\n\
    [[queues]]\nname = \"support\"\nmusic = \"hold\"\n\
    [[agents]]\nlogin = \"ana\"\nextension = \"2001\"\npassword = \"p\"\nqueues = { support = 1 }\n\
    [[numbers]]\nnumber = \"9000\"\nflow = \"hello\"\n";
const FLOW: &str = "flow: 1\nname: hello\nprompts:\n  hello: { en: \"Hello.\" }\nblocks:\n  start:\n    - answer:\n    \
    - play: hello\n    - queue: support\n";

struct Place(tempfile::TempDir);

impl Place {
    /// A folder whose settings, company, flow and prompts are clean.
    fn clean() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.write("cordboard.toml", SETTINGS.as_bytes());
        place.write("company.toml", COMPANY.as_bytes());
        place.write("flows/hello.flow.yaml", FLOW.as_bytes());
        place.write("prompts/en/hello.wav", &wav(800));
        place.write("prompts/hold.wav", &wav(800));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn config(&self) -> ConfigArgs {
        ConfigArgs {
            config: self.path("cordboard.toml"),
            settings: Vec::new(),
        }
    }

    fn check_args(&self) -> CheckArgs {
        CheckArgs {
            config: self.config(),
            format: Format::Human,
        }
    }

    fn check(&self) -> Vec<ConfigFinding> {
        check::findings(&self.check_args(), &[])
    }

    /// The one finding that is no remark for information.
    #[track_caller]
    fn one(&self) -> ConfigFinding {
        let mut list = self.check();
        list.retain(|finding| finding.level != FindingLevel::Info);
        assert_eq!(list.len(), 1, "{list:#?}");
        list.remove(0)
    }
}

/// A tone of this peak as 16 bit PCM, mono, 8 kHz. 5,000 is as loud as prompts are to be.
fn tone(samples: u32, peak: f64) -> Vec<u8> {
    let bytes = samples * 2;
    let mut file = Vec::from(*b"RIFF");
    file.extend((36 + bytes).to_le_bytes());
    file.extend(*b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(8_000_u32.to_le_bytes());
    file.extend(16_000_u32.to_le_bytes());
    file.extend(*b"\x02\0\x10\0data");
    file.extend(bytes.to_le_bytes());
    let wave = |n: u32| (f64::from(n) / 8_000.0 * 440.0 * std::f64::consts::TAU).sin();
    let level = |n: u32| (wave(n) * peak).clamp(-32_768.0, 32_767.0) as i16;
    file.extend((0..samples).flat_map(|n| level(n).to_le_bytes()));
    file
}

fn wav(samples: u32) -> Vec<u8> {
    tone(samples, 5_000.0)
}

fn same(one: ExitCode, other: ExitCode) -> bool {
    format!("{one:?}") == format!("{other:?}")
}

#[test]
fn a_clean_folder_is_clean() {
    let place = Place::clean();
    let list = place.check();
    assert!(!has_errors(&list), "{list:#?}");
    assert!(list.is_empty(), "{list:#?}");
    assert!(same(check::run(&place.check_args()), ExitCode::SUCCESS));
}

#[test]
fn every_file_is_checked_against_the_others() {
    let place = Place::clean();
    place.write("prompts/en/hello.wav", b"no audio at all");
    let finding = place.one();
    assert_eq!(
        (finding.code, finding.file),
        (
            "C010",
            place.path("prompts/en/hello.wav").display().to_string()
        )
    );

    // Whoever hears one prompt after the other notices; all of it still runs.
    for (peak, says) in [(0.0, "silence"), (500.0, "softer"), (25_000.0, "louder")] {
        place.write("prompts/en/hello.wav", &tone(8_000, peak));
        let finding = place.one();
        assert_eq!(
            (finding.code, finding.level),
            ("F022", FindingLevel::Warning)
        );
        assert!(finding.message.contains(says), "{}", finding.message);
    }

    let place = Place::clean();
    std::fs::remove_file(place.path("prompts/en/hello.wav")).unwrap();
    assert!(place.one().file.ends_with("hello.flow.yaml"));

    let place = Place::clean();
    std::fs::remove_file(place.path("prompts/hold.wav")).unwrap();
    assert!(place.one().message.contains("music"));

    let place = Place::clean();
    place.write(
        "flows/hello.flow.yaml",
        FLOW.replace("support", "suport").as_bytes(),
    );
    assert!(place.one().help.contains("support"));

    let place = Place::clean();
    place.write(
        "company.toml",
        COMPANY
            .replace("flow = \"hello\"", "flow = \"hallo\"")
            .as_bytes(),
    );
    let finding = place.one();
    assert_eq!(
        (finding.line, finding.help.as_str()),
        (13, "did you mean \"hello\"?")
    );

    let place = Place::clean();
    place.write("flows/hello.flow.yaml", b"flow: 1\nname: \xff\xfe\n");
    assert!(has_errors(&place.check()));
}

#[test]
fn exit_codes_of_check() {
    let place = Place::clean();
    place.write("company.toml", b"[[agents]]\nlogin = \"ana\"");
    assert!(same(check::run(&place.check_args()), ExitCode::from(1)));
    std::fs::remove_file(place.path("company.toml")).unwrap();
    assert!(same(check::run(&place.check_args()), ExitCode::from(1)));
    std::fs::remove_file(place.path("cordboard.toml")).unwrap();
    assert!(same(check::run(&place.check_args()), ExitCode::from(2)));
}

fn flow_check_args(path: &Path, config: Option<PathBuf>) -> FlowCheckArgs {
    FlowCheckArgs {
        paths: vec![path.to_path_buf()],
        config,
        format: Format::Json,
    }
}

#[test]
fn flow_check_works_without_settings() {
    let place = Place::clean();
    let file = place.path("flows/hello.flow.yaml");
    place.write(
        "flows/hello.flow.yaml",
        FLOW.replace("support", "elsewhere").as_bytes(),
    );
    let alone = flow_check_args(&file, None);
    assert!(flow_check::findings(&alone, &[]).unwrap().is_empty());
    assert!(same(flow_check::run(&alone), ExitCode::SUCCESS));
    let judged = flow_check_args(&file, Some(place.path("cordboard.toml")));
    assert!(same(flow_check::run(&judged), ExitCode::from(1)));
    let folder = flow_check_args(&place.path("flows"), None);
    assert!(flow_check::findings(&folder, &[]).unwrap().is_empty());
    place.write("flows/hello.flow.yaml", b"flow: 1\nblocks: [");
    assert!(same(flow_check::run(&folder), ExitCode::from(1)));
    let missing = flow_check_args(&place.path("nothing"), None);
    assert!(same(flow_check::run(&missing), ExitCode::from(2)));
}

#[tokio::test]
async fn tokens_are_made_for_agents_that_are_there() {
    let place = Place::clean();
    let args = |role, agent: Option<&str>| TokenArgs {
        config: place.config(),
        role,
        agent: agent.map(str::to_owned),
    };
    for (role, agent, code) in [
        (RoleName::Admin, None, 0),
        (RoleName::Agent, Some("ana"), 0),
        (RoleName::Agent, Some("anna"), 2),
        (RoleName::Agent, None, 2),
        (RoleName::Supervisor, Some("ana"), 2),
    ] {
        let done = cli::token::run(&args(role, agent)).await;
        assert!(same(done, ExitCode::from(code)), "{role:?} {agent:?}");
    }
    let store = recordings::Store::open(&place.path("data/cordboard.db"))
        .await
        .unwrap();
    let token = cli::token::create(&store, RoleName::ReadOnly, None)
        .await
        .unwrap();
    let stored = store
        .token(&crate::api::token::hash(&token))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (stored.role.as_str(), stored.agent_login),
        ("readonly", None)
    );
    store.close().await;
    let file = std::fs::read(place.path("data/cordboard.db")).unwrap();
    assert!(
        !file
            .windows(token.len())
            .any(|part| part == token.as_bytes()),
        "only the hash is kept"
    );
}

#[tokio::test]
async fn explain_needs_an_interaction() {
    let place = Place::clean();
    let args = |id: &str| cli::ExplainArgs {
        id: id.to_owned(),
        config: place.config(),
    };
    let unknown = "0192f0c1-2345-7890-abcd-0123456789ab";
    assert!(same(
        cli::explain::run(&args(unknown)).await,
        ExitCode::from(1)
    ));
    assert!(same(
        cli::explain::run(&args("nothing")).await,
        ExitCode::from(2)
    ));
}

#[tokio::test]
async fn users_are_made_with_a_password_from_standard_input() {
    let place = Place::clean();
    let create = |login: &str, role, agent: Option<&str>| {
        cli::UserCommand::Create(cli::UserCreateArgs {
            config: place.config(),
            login: login.to_owned(),
            name: None,
            role,
            agent: agent.map(str::to_owned),
        })
    };
    let run = async |command: cli::UserCommand, input: &str| {
        cli::user::run_with(&command, &mut input.as_bytes()).await
    };
    let good = "correct horse\n";
    for (login, role, agent, input, code) in [
        ("ana", RoleName::Agent, None, good, 0),
        ("ana", RoleName::Agent, None, good, 2),
        ("anna", RoleName::Agent, None, good, 2),
        ("eve", RoleName::Supervisor, Some("ana"), good, 0),
        ("max", RoleName::Supervisor, Some("anna"), good, 2),
        ("max", RoleName::Admin, None, "short\n", 2),
        ("max", RoleName::Admin, None, "", 2),
        ("M x", RoleName::Admin, None, good, 2),
        ("max", RoleName::Admin, None, "no line end", 0),
    ] {
        let done = run(create(login, role, agent), input).await;
        assert!(same(done, ExitCode::from(code)), "{login} {role:?}");
    }
    let password = |login: &str| {
        cli::UserCommand::Password(cli::UserPasswordArgs {
            config: place.config(),
            login: login.to_owned(),
        })
    };
    assert!(same(run(password("ana"), good).await, ExitCode::SUCCESS));
    assert!(same(run(password("nobody"), good).await, ExitCode::from(2)));
    let list = cli::UserCommand::List(cli::UserListArgs {
        config: place.config(),
        json: true,
    });
    assert!(same(run(list, "").await, ExitCode::SUCCESS));
    let file = std::fs::read(place.path("data/cordboard.db")).unwrap();
    let clear = b"correct horse";
    assert!(!file.windows(clear.len()).any(|part| part == clear));
}
