//! `[speech]`: who turns the texts of flows into audio.
//!
//! **Owns**: its keys. **Must not know**: how a command is run and a server is asked.

use super::finding::code;
use super::section::{At, Findings, Section};
use crate::outside::{Secrets, web_address};
use crate::speech::{SpeechCommand, SpeechMeans, SpeechSettings};
use ivr_flows::port::FetchSecret;
use std::collections::BTreeMap;

/// Longest name of a voice, in bytes.
const LONGEST_VOICE: usize = 200;

/// Reads the section; `secrets` are those of `[flows.secrets]`.
pub(super) fn speech(
    root: &mut Section,
    secrets: &Secrets,
    out: &mut Findings<'_>,
) -> Option<SpeechSettings> {
    let mut s = root.section("speech", "[speech]".to_owned(), out)?;
    let given = |text: Option<At<String>>| text.filter(|text| !text.value.trim().is_empty());
    let command = given(s.text("command", out));
    let url = given(s.text("url", out));
    let secret = secret(&mut s, url.is_some(), secrets, out);
    let voices = voices(&mut s, out);
    s.finish(out);
    let means = match (command, url) {
        (None, None) => return None,
        (Some(_), Some(url)) => {
            let help =
                "keep one of the two: `command` for a program of this machine, `url` for a server";
            let message = "`command` and `url` both say who speaks";
            out.error(&url.place, code::BAD_VALUE, message, help);
            return None;
        }
        (Some(command), None) => SpeechMeans::Command(spoken_by(&command, &voices, out)?),
        (None, Some(url)) => {
            if let Err(why) = web_address(&url.value) {
                let message = format!("`url` cannot be asked: {why}");
                let help = "write where the speech server takes a POST, such as \"https://speech.example.com/say\"; \
                            what authorises us there stands in [flows.secrets] and is named by `secret`";
                out.error(&url.place, code::BAD_VALUE, message, help);
                return None;
            }
            let url = url.value;
            SpeechMeans::Server { url, secret }
        }
    };
    Some(SpeechSettings { means, voices })
}

fn spoken_by(
    command: &At<String>,
    voices: &BTreeMap<String, String>,
    out: &mut Findings<'_>,
) -> Option<SpeechCommand> {
    match SpeechCommand::parse(&command.value) {
        Ok(parsed) => {
            if !voices.is_empty() && !parsed.names_voice() {
                let help = "write {voice} where the program takes it, such as \"piper -m {voice} -f -\", or take \
                            [speech.voices] out";
                let message = "`command` does not take the voices of [speech.voices]";
                out.error(&command.place, code::BAD_VALUE, message, help);
            }
            Some(parsed)
        }
        Err(why) => {
            let help =
                "write a program and its arguments, such as \"espeak-ng -v {lang} --stdout\"";
            let message = format!("`command` cannot be run: {why}");
            out.error(&command.place, code::BAD_VALUE, message, help);
            None
        }
    }
}

/// The secret by its name, and the header it goes into.
fn secret(
    s: &mut Section,
    has_url: bool,
    secrets: &Secrets,
    out: &mut Findings<'_>,
) -> Option<FetchSecret> {
    let name = s.text("secret", out);
    let header = s.text("header", out);
    for key in [&name, &header].into_iter().flatten() {
        if !has_url {
            let help = "take it out, or set `url`";
            let message = "this is for a speech server, and there is no `url`";
            out.error(&key.place, code::BAD_VALUE, message, help);
            return None;
        }
    }
    let Some(name) = name else {
        if let Some(header) = header {
            let help = "name a secret of [flows.secrets] beside it: `secret = \"SPEECH\"`";
            let message = "`header` without `secret` has nothing to hold";
            out.error(&header.place, code::BAD_VALUE, message, help);
        }
        return None;
    };
    if !secrets.names().any(|known| known == name.value) {
        let message = format!("[flows.secrets] has no `{}`", name.value.escape_debug());
        let help = "add it there, such as `SPEECH = \"file:/etc/cordboard/speech.key\"`";
        out.error(&name.place, code::BAD_VALUE, message, help);
    }
    let token = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if let Some(header) = &header
        && (header.value.is_empty() || !header.value.chars().all(token))
    {
        let message = "`header` is no name of a header";
        out.error(
            &header.place,
            code::BAD_VALUE,
            message,
            "write \"X-Api-Key\"; without it, `Authorization: Bearer …` is sent",
        );
        return None;
    }
    Some(FetchSecret {
        name: name.value,
        header: header.map(|header| header.value),
        signs: false,
    })
}

/// `[speech.voices]`: a voice by language.
fn voices(s: &mut Section, out: &mut Findings<'_>) -> BTreeMap<String, String> {
    let mut voices = BTreeMap::new();
    let Some(section) = s.section("voices", "[speech.voices]".to_owned(), out) else {
        return voices;
    };
    for (language, voice) in section.all_texts(out) {
        let first = language.value.split('-').next().unwrap_or_default();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if !matches!(first.len(), 2 | 3) || !language.value.chars().all(plain) {
            let message = format!("`{}` is no language", language.value.escape_debug());
            let help = "write `en = \"amy\"` or `en-GB = \"alan\"`";
            out.error(&language.place, code::BAD_VALUE, message, help);
        } else if voice.value.trim().is_empty()
            || voice.value.len() > LONGEST_VOICE
            || voice.value.chars().any(char::is_control)
        {
            let message = format!(
                "the voice of `{}` is empty, too long or no plain text",
                language.value
            );
            let help = "write the name that the speech program or server knows it by";
            out.error(&voice.place, code::BAD_VALUE, message, help);
        } else {
            voices.insert(language.value, voice.value);
        }
    }
    voices
}
