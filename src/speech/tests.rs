//! The command with its cache, by commands that are there on every machine.

use super::*;
use crate::prompts::Prompts;
use ivr_flows::port::{Sound, Words};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// A command that gives a tone of half a second and writes down each run.
fn command(folder: &Path, before: &str) -> SpeechCommand {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(folder.join("tone.wav"), spec).unwrap();
    (0..4_000).for_each(|n: i32| writer.write_sample((n % 50 * 100) as i16).unwrap());
    writer.finalize().unwrap();
    let script = folder.join("say.sh");
    let here = folder.display();
    let text = format!(
        "#!/bin/sh\nread -r text\n{before}\necho \"$1 $text\" >> {here}/runs\ncat {here}/tone.wav\n"
    );
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    SpeechCommand::parse(&format!("sh '{}' {{lang}}", script.display())).unwrap()
}

fn ahead(words: &str) -> AheadText {
    AheadText {
        language: "en".to_owned(),
        voice: None,
        words: words.to_owned(),
    }
}

fn runs(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("runs")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn speech(folder: &Path, before: &str) -> Speech {
    Speech::new(Some(command(folder, before).into()), folder.join("speech")).0
}

#[tokio::test]
async fn a_fixed_text_is_made_once_and_a_personal_one_is_kept_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let speech = speech(folder.path(), "");
    for _ in 0..3 {
        assert_eq!(speech.fixed("es", "Hola").await.unwrap().pcm().len(), 4_000);
    }
    speech.once("es", "Ana Ruiz").await.unwrap();
    speech.once("es", "Ana Ruiz").await.unwrap();
    assert_eq!(
        runs(folder.path()),
        ["es Hola", "es Ana Ruiz", "es Ana Ruiz"]
    );
    assert_eq!(
        std::fs::read_dir(folder.path().join("speech"))
            .unwrap()
            .count(),
        1
    );
}

#[tokio::test]
async fn a_text_is_said_by_the_voice_that_its_flow_names_and_kept_apart() {
    let folder = tempfile::tempdir().unwrap();
    command(folder.path(), "");
    let script = folder.path().join("say.sh");
    let command = SpeechCommand::parse(&format!("sh '{}' {{voice}}", script.display())).unwrap();
    let speech = Speech::new(Some(command.into()), folder.path().join("speech")).0;
    let voice = Voice::new(
        Arc::new(Prompts::new(folder.path().join("prompts"))),
        speech,
    );
    let say = async |words: Words, by: Option<&str>| {
        let sound = Sound {
            file: None,
            words: Some(words),
            voice: by.map(str::to_owned),
        };
        voice.clips("en", &sound).await.unwrap();
    };
    let hello = || Words::Fixed("Hello.".to_owned());
    for by in [Some("amy"), None, Some("alan"), Some("amy")] {
        say(hello(), by).await;
    }
    say(Words::Number(7), Some("amy")).await;
    say(Words::Value("Ana".to_owned()), Some("amy")).await;
    assert_eq!(
        runs(folder.path()),
        ["amy Hello.", "en Hello.", "alan Hello.", "amy 7", "amy Ana"]
    );
}

#[tokio::test]
async fn texts_are_rendered_ahead_and_the_next_run_finds_them() {
    let folder = tempfile::tempdir().unwrap();
    let (speech, task) = Speech::new(
        Some(command(folder.path(), "").into()),
        folder.path().join("speech"),
    );
    let task = tokio::spawn(task);
    speech.ahead(vec![ahead("One"), ahead("Two")]);
    let until = Instant::now() + Duration::from_secs(30);
    while runs(folder.path()).len() < 2 {
        assert!(Instant::now() < until, "{:?}", runs(folder.path()));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The file follows the run.
    let file = folder.path().join("speech");
    while std::fs::read_dir(&file).map_or(0, Iterator::count) < 2 {
        assert!(Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    task.abort();
    let again = Speech::new(Some(command(folder.path(), "exit 1").into()), file).0;
    again.fixed("en", "Two").await.unwrap();
    assert_eq!(runs(folder.path()).len(), 2);
}

#[tokio::test]
async fn a_slow_command_costs_a_call_its_patience_once_and_then_rests() {
    let folder = tempfile::tempdir().unwrap();
    let speech = speech(folder.path(), "exec sleep 60");
    let began = Instant::now();
    let slow = speech.fixed("en", "One").await;
    assert_eq!(slow.unwrap_err(), SpeechError::Slow(PATIENCE));
    assert!(began.elapsed() >= PATIENCE);
    assert_eq!(
        speech.once("en", "Two").await.unwrap_err(),
        SpeechError::Resting
    );
}

#[tokio::test]
async fn a_failing_command_and_no_audio_are_errors_of_that_text_alone() {
    let folder = tempfile::tempdir().unwrap();
    let speech = speech(
        folder.path(),
        "[ \"$text\" = bad ] && exit 3\n[ \"$text\" = odd ] && echo x && exit 0",
    );
    let failed = speech.fixed("en", "bad").await.unwrap_err();
    assert!(matches!(failed, SpeechError::Failed(_)), "{failed}");
    let odd = speech.fixed("en", "odd").await.unwrap_err();
    assert!(matches!(odd, SpeechError::NoAudio(_)), "{odd}");
    speech.fixed("en", "good").await.unwrap();
    let none = Speech::new(None, folder.path().to_owned()).0;
    assert_eq!(
        none.fixed("en", "x").await.unwrap_err(),
        SpeechError::NoCommand
    );
}

#[tokio::test]
async fn files_come_before_words_and_digits_are_said_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let speech = speech(folder.path(), "");
    let prompts = folder.path().join("prompts");
    std::fs::create_dir_all(prompts.join("en/numbers")).unwrap();
    for name in [
        "en/hello.wav",
        "en/numbers/4.wav",
        "en/numbers/40.wav",
        "en/numbers/2.wav",
    ] {
        std::fs::copy(folder.path().join("tone.wav"), prompts.join(name)).unwrap();
    }
    std::fs::create_dir_all(prompts.join("es/numbers")).unwrap();
    for name in ["es/numbers/30.wav", "es/numbers/y.wav", "es/numbers/1.wav"] {
        std::fs::copy(folder.path().join("tone.wav"), prompts.join(name)).unwrap();
    }
    let voice = Voice::new(Arc::new(Prompts::new(prompts)), speech);
    let count = async |file: Option<&str>, words: Words| {
        let sound = Sound {
            file: file.map(str::to_owned),
            words: Some(words),
            voice: None,
        };
        voice.clips("en", &sound).await.unwrap().len()
    };
    assert_eq!(
        count(Some("hello.wav"), Words::Fixed("Hello.".to_owned())).await,
        1
    );
    assert_eq!(count(None, Words::Number(42)).await, 2);
    assert_eq!(count(None, Words::Digits("4242".to_owned())).await, 4);
    assert_eq!(count(None, Words::Beep).await, 1);
    assert_eq!(runs(folder.path()), [""; 0]);
    assert_eq!(
        count(Some("none.wav"), Words::Fixed("Bye.".to_owned())).await,
        1
    );
    assert_eq!(count(None, Words::Number(7)).await, 1);
    assert_eq!(count(None, Words::Digits("77".to_owned())).await, 2);
    assert_eq!(runs(folder.path()), ["en Bye.", "en 7"]);
    let spanish = async |words: Words| {
        let sound = Sound {
            file: None,
            words: Some(words),
            voice: None,
        };
        voice.clips("es", &sound).await.unwrap().len()
    };
    assert_eq!(spanish(Words::Number(31)).await, 3);
    let phrase = ivr_flows::spoken::number("es", 31).unwrap();
    assert_eq!(spanish(Words::Phrase(phrase)).await, 3);
    // One word is missing: the whole is said by the command, in words.
    let phrase = ivr_flows::spoken::number("es", 131).unwrap();
    assert_eq!(spanish(Words::Phrase(phrase)).await, 1);
    let last = runs(folder.path()).pop();
    assert_eq!(last.as_deref(), Some("es ciento treinta y uno"));
}
