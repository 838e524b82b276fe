//! The speech command: a program that takes text on standard input and gives WAV on standard output.
//!
//! **Owns**: how `command` under `[speech]` is read, and one run of it: bounded in time and in output, without a shell.
//! **Must not know**: caches, calls. What is said never reaches a log line, an argument or a file name.

use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{self, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use tokio::sync::oneshot;

/// The most audio one run may give: four minutes at 16 kHz.
pub(super) const MOST_BYTES: u64 = 8 * 1024 * 1024;
/// How often a process that has closed its output is asked whether it has ended.
const LOOK: Duration = Duration::from_millis(5);
/// The words of the settings that are replaced.
const LANGUAGE: &str = "{lang}";
const VOICE: &str = "{voice}";

/// The command as words, `{lang}` and `{voice}` still in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpeechCommand {
    words: Vec<String>,
}

/// Why a text could not be said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpeechError {
    /// `[speech]` has neither `command` nor `url`.
    #[error("no speech command is set")]
    NoCommand,
    /// The program cannot be started.
    #[error("the speech command cannot be started: {0}")]
    NotStarted(String),
    /// It did not end in order.
    #[error("the speech command ended with {0}")]
    Failed(String),
    /// It took too long, or every place was taken for too long.
    #[error("speech took longer than {0:?}")]
    Slow(Duration),
    /// It gave more than any text needs.
    #[error("the speech command gave more than {MOST_BYTES} bytes")]
    TooMuch,
    /// What it gave is no audio.
    #[error("what was given for speech is no audio: {0}")]
    NoAudio(String),
    /// It was slow or broken a moment ago and is left alone.
    #[error("speech failed a moment ago and is tried again later")]
    Resting,
    /// The server cannot be reached.
    #[error("the speech server cannot be reached")]
    Away,
    /// The server refused.
    #[error("the speech server answered with status {0}")]
    Status(u16),
    /// The server was not asked, or its answer is of no use.
    #[error("the speech server is of no use: {0}")]
    Refused(&'static str),
}

impl SpeechCommand {
    /// Splits a command into words. Quotes, single or double, hold a word with spaces together; there is no shell, so
    /// nothing else has a meaning.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut words = Vec::new();
        let mut word: Option<String> = None;
        let mut quote = None;
        for sign in text.chars() {
            match quote {
                Some(open) if sign == open => quote = None,
                None if matches!(sign, '"' | '\'') => {
                    quote = Some(sign);
                    word.get_or_insert_default();
                }
                None if sign.is_whitespace() => words.extend(word.take()),
                _ => word.get_or_insert_default().push(sign),
            }
        }
        if let Some(open) = quote {
            return Err(format!("the quote {open} is not closed"));
        }
        words.extend(word);
        match words.first() {
            None => return Err("it names no program".to_owned()),
            Some(first)
                if first.is_empty() || first.contains(LANGUAGE) || first.contains(VOICE) =>
            {
                return Err("it begins with no program".to_owned());
            }
            Some(_) => {}
        }
        let odd = words.iter().find(|word| {
            let rest = word.replace(LANGUAGE, "").replace(VOICE, "");
            rest.contains('{') || rest.contains('}')
        });
        match odd {
            Some(odd) => Err(format!(
                "`{odd}` holds something else than {LANGUAGE} and {VOICE} in braces"
            )),
            None => Ok(Self { words }),
        }
    }

    /// The program's name or path.
    #[must_use]
    pub fn program(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// Whether a voice is named in it.
    #[must_use]
    pub fn names_voice(&self) -> bool {
        self.words.iter().any(|word| word.contains(VOICE))
    }

    /// What tells two commands apart.
    pub(super) fn with_voice(&self, voice: &str) -> Vec<String> {
        let words = self.words.iter();
        words.map(|word| word.replace(VOICE, voice)).collect()
    }

    /// Runs it once: the WAV bytes. The process does not outlive this future.
    ///
    /// # Errors
    /// See [`SpeechError`].
    pub(super) async fn run(
        &self,
        language: &str,
        voice: &str,
        text: &str,
        limit: Duration,
    ) -> Result<Vec<u8>, SpeechError> {
        let run = self.process(language, voice, text);
        let outcome = tokio::time::timeout(limit, run).await;
        outcome.unwrap_or(Err(SpeechError::Slow(limit)))
    }

    async fn process(
        &self,
        language: &str,
        voice: &str,
        text: &str,
    ) -> Result<Vec<u8>, SpeechError> {
        let arguments = self.words.iter().skip(1);
        let filled = |word: &String| word.replace(LANGUAGE, language).replace(VOICE, voice);
        let child = Command::new(self.program())
            .args(arguments.map(filled))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Programs complain with the text they were given.
            .stderr(Stdio::null())
            // A group of its own, so that what it started itself can be ended with it.
            .process_group(0)
            .spawn()
            .map_err(|error| SpeechError::NotStarted(error.to_string()))?;
        let mut child = Running {
            process: child,
            over: false,
        };
        let (stdin, stdout) = (child.process.stdin.take(), child.process.stdout.take());
        let text = format!("{text}\n");
        // A program that closes its ear early says by its exit code whether that is an error.
        let _ = beside(move || stdin.map(|mut pipe| pipe.write_all(text.as_bytes())));
        let read = beside(move || {
            let mut bytes = Vec::new();
            let pipe = stdout.map(|pipe| pipe.take(MOST_BYTES + 1));
            let read = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
            read.transpose().map(|_| bytes)
        })?;
        let gone = |_| SpeechError::Failed("nothing".to_owned());
        let bytes = read.await.map_err(gone)?;
        let bytes = bytes.map_err(|error| SpeechError::Failed(error.to_string()))?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(SpeechError::TooMuch);
        }
        let status = child.status().await;
        let status = status.map_err(|error| SpeechError::Failed(error.to_string()))?;
        if status.success() {
            Ok(bytes)
        } else {
            Err(SpeechError::Failed(status.to_string()))
        }
    }
}

/// Works on a thread of its own, which nobody has to wait for: a pipe may stay open for as long as a program's own
/// children live.
fn beside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<oneshot::Receiver<T>, SpeechError> {
    let (done, result) = oneshot::channel();
    std::thread::Builder::new()
        .name("speech".to_owned())
        .spawn(move || drop(done.send(work())))
        .map_err(|error| SpeechError::NotStarted(error.to_string()))?;
    Ok(result)
}

/// A process that ends with this value, and what it started with it.
#[derive(Debug)]
struct Running {
    process: Child,
    /// It has ended by itself: its number may be another's by now.
    over: bool,
}

impl Running {
    /// Its end. It has closed its output by now, so that it is soon there.
    async fn status(&mut self) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.process.try_wait()? {
                self.over = true;
                return Ok(status);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let number = i32::try_from(self.process.id()).ok();
        if let Some(group) = number.and_then(Pid::from_raw) {
            // A group in which nobody lives any more is no error.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    #[test]
    fn a_command_is_words_and_never_a_shell_line() {
        let words = |text: &str| SpeechCommand::parse(text).map(|command| command.words);
        let list = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            words("espeak-ng -v {lang}  --stdout"),
            Ok(list(&["espeak-ng", "-v", "{lang}", "--stdout"]))
        );
        assert_eq!(
            words("say 'a b' \"it's\" c\"d e\" ''"),
            Ok(list(&["say", "a b", "it's", "cd e", ""]))
        );
        assert_eq!(
            words("say; rm -rf x | $(y) > z"),
            Ok(list(&["say;", "rm", "-rf", "x", "|", "$(y)", ">", "z"]))
        );
        for (text, says) in [
            ("", "no program"),
            ("  ", "no program"),
            ("'' x", "no program"),
            ("{lang} x", "no program"),
            ("say 'x", "not closed"),
            ("say {text}", "{text}"),
            ("say {lang}{", "in braces"),
        ] {
            let error = SpeechCommand::parse(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    async fn run(command: &str, text: &str, limit: Duration) -> Result<Vec<u8>, SpeechError> {
        let command = SpeechCommand::parse(command).unwrap();
        command.run("es", "ana", text, limit).await
    }

    #[tokio::test]
    async fn text_goes_in_by_standard_input_and_the_language_by_its_word() {
        let said = run("cat", "Hola; $(reboot) `x`", SOON).await.unwrap();
        assert_eq!(said, b"Hola; $(reboot) `x`\n");
        let said = run("echo {lang}-{voice}", "Hola", SOON).await.unwrap();
        assert_eq!(said, b"es-ana\n");
        // More text than a pipe holds, to a program that reads none of it.
        assert_eq!(run("true", &"x".repeat(1 << 20), SOON).await.unwrap(), b"");
    }

    #[tokio::test]
    async fn what_a_slow_command_started_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let alive = folder.path().join("alive");
        let script = folder.path().join("script");
        // A child that writes as long as it lives; it holds the output open as well.
        let child = "while :; do date +%N >\"$0\"; sleep 0.02; done";
        std::fs::write(
            &script,
            format!("sh -c '{child}' {} & wait", alive.display()),
        )
        .unwrap();
        let command = format!("sh {}", script.display());
        let slow = run(&command, "x", Duration::from_millis(700)).await;
        assert!(matches!(slow, Err(SpeechError::Slow(_))), "{slow:?}");
        assert!(alive.exists(), "the child never ran");
        tokio::time::sleep(Duration::from_millis(200)).await;
        let last = std::fs::read(&alive).unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(std::fs::read(&alive).unwrap(), last, "it lives on");
    }

    #[tokio::test]
    async fn every_way_to_fail_has_its_error() {
        let missing = run("no-such-program-here", "x", SOON).await;
        assert!(
            matches!(missing, Err(SpeechError::NotStarted(_))),
            "{missing:?}"
        );
        let failed = run("false", "x", SOON).await;
        assert!(matches!(failed, Err(SpeechError::Failed(_))), "{failed:?}");
        let slow = run("sleep 60", "x", Duration::from_millis(100)).await;
        assert!(matches!(slow, Err(SpeechError::Slow(_))), "{slow:?}");
        let much = run("cat /dev/zero", "x", SOON).await;
        assert_eq!(much, Err(SpeechError::TooMuch));
    }
}
