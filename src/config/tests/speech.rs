//! `[speech]`: a command or a server, never both, and voices.

use crate::config::{Checked, Settings, parse_settings};
use crate::speech::SpeechMeans;

fn parse(source: &str) -> Checked<Settings> {
    parse_settings(source, "cordboard.toml", &[], &|_| Ok("word".to_owned()))
}

#[test]
fn a_server_with_its_secret_and_voices_is_read() {
    let source = "[speech]\nurl = \"https://speech.example.com/say\"\nsecret = \"SPEECH\"\nheader = \"X-Key\"\n\
                  [speech.voices]\nen = \"amy\"\nes-MX = \"sharvard\"\n[flows.secrets]\nSPEECH = \"file:key\"\n";
    let checked = parse(source);
    assert!(checked.findings.is_empty(), "{:?}", checked.findings);
    let speech = checked.value.unwrap().speech.unwrap();
    let SpeechMeans::Server { url, secret } = &speech.means else {
        panic!("{speech:?}");
    };
    assert_eq!(url, "https://speech.example.com/say");
    let secret = secret.as_ref().unwrap();
    assert_eq!(
        (secret.name.as_str(), secret.header.as_deref()),
        ("SPEECH", Some("X-Key"))
    );
    assert_eq!(speech.voices.len(), 2);
    let piper = parse("[speech]\ncommand = \"piper -m {voice} -f -\"\nvoices = { en = \"amy\" }\n");
    assert!(piper.findings.is_empty(), "{:?}", piper.findings);
    assert!(parse("[speech]\n").value.unwrap().speech.is_none());
}

#[test]
fn each_fault_is_told_at_its_line() {
    for (lines, line, says) in [
        (
            "command = \"say\"\nurl = \"https://a.b/\"",
            3,
            "keep one of the two",
        ),
        ("url = \"ftp://a.b/\"", 2, "neither https:// nor http://"),
        ("url = \"https://me:hunter2@a.b/\"", 2, "holds a password"),
        ("url = \"/say\"", 2, "cannot be asked"),
        (
            "url = \"https://a.b/\"\nsecret = \"GONE\"",
            3,
            "has no `GONE`",
        ),
        (
            "url = \"https://a.b/\"\nheader = \"X-Key\"",
            3,
            "without `secret`",
        ),
        (
            "command = \"say\"\nsecret = \"GONE\"",
            3,
            "there is no `url`",
        ),
        ("command = \"say {tongue}\"", 2, "{lang} and {voice}"),
        (
            "command = \"say\"\nvoices = { en = \"amy\" }",
            2,
            "does not take the voices",
        ),
        (
            "url = \"https://a.b/\"\nvoices = { english = \"amy\" }",
            3,
            "is no language",
        ),
        (
            "url = \"https://a.b/\"\nvoices = { en = \"\" }",
            3,
            "the voice of `en`",
        ),
        ("ulr = \"https://a.b/\"", 2, "did you mean `url`?"),
    ] {
        let findings = parse(&format!("[speech]\n{lines}\n")).findings;
        assert_eq!(findings.len(), 1, "{lines}: {findings:?}");
        let text = format!("{:?}", findings[0]);
        assert!(text.contains(says), "{lines}: {text}");
        assert!(!text.contains("hunter2"), "{text}");
        assert_eq!(findings[0].line, line, "{lines}: {text}");
    }
}
