//! A server that speaks: what it is asked, and that one that hangs, refuses, floods or lies costs a text and no more.

use super::*;
use crate::outside::{OutsideSettings, Policy, SecretSource, Secrets};
use ivr_flows::port::FetchSecret;
use sip_gateway::leg::Network;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Mutex;

/// Requests as they came, heads and bodies.
type Heard = Arc<Mutex<Vec<String>>>;

/// A tone of half a second at 8 kHz.
fn tone() -> Vec<u8> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    (0..4_000).for_each(|n: i32| writer.write_sample((n % 50 * 100) as i16).unwrap());
    writer.finalize().unwrap();
    bytes.into_inner()
}

fn ok(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// The last word of the text says how it is answered.
fn serve(mut stream: TcpStream, heard: &Mutex<Vec<String>>) {
    let mut request = Vec::new();
    let mut one = [0];
    while !request.ends_with(b"}") {
        if stream.read(&mut one).unwrap_or(0) == 0 {
            return;
        }
        request.extend(one);
    }
    let request = String::from_utf8(request).unwrap();
    let earlier = {
        let mut heard = heard.lock().unwrap();
        heard.push(request.clone());
        heard.len() - 1
    };
    let is = |word: &str| request.contains(&format!("{word}\""));
    let answer = if is("hangs") {
        return std::thread::sleep(Duration::from_secs(60));
    } else if is("fails") || (is("recovers") && earlier == 0) {
        b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n".to_vec()
    } else if is("redirects") {
        b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
            .to_vec()
    } else if is("floods") {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x1_0000));
        // A gigabyte, if anybody took it.
        for _ in 0..16_384 {
            if stream.write_all(chunk.as_bytes()).is_err() {
                return;
            }
        }
        return;
    } else if is("lies") {
        ok(b"RIFF no audio")
    } else {
        ok(&tone())
    };
    let _ = stream.write_all(&answer);
}

fn server() -> (SocketAddr, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Heard::default();
    let told = Arc::clone(&heard);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let told = Arc::clone(&told);
            std::thread::spawn(move || serve(stream, &told));
        }
    });
    (address, heard)
}

fn loopback() -> Policy {
    Policy::new(vec![Network {
        address: "127.0.0.0".parse().unwrap(),
        prefix: 8,
    }])
}

fn speaker(address: SocketAddr, outside: &OutsideSettings, secret: Option<&str>) -> Speaker {
    let settings = SpeechSettings {
        means: SpeechMeans::Server {
            url: format!("http://{address}/say"),
            secret: secret.map(|name| FetchSecret {
                name: name.to_owned(),
                header: None,
                signs: false,
            }),
        },
        voices: [("es".to_owned(), "sharvard".to_owned())].into(),
    };
    Speaker::new(settings, outside)
}

fn speech(address: SocketAddr, folder: &Path) -> Speech {
    let outside = OutsideSettings {
        policy: loopback(),
        secrets: Secrets::default(),
    };
    Speech::new(Some(speaker(address, &outside, None)), folder.to_owned()).0
}

#[tokio::test]
async fn a_server_is_told_text_language_and_voice_and_its_audio_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "word-of-the-voice").unwrap();
    let outside = OutsideSettings {
        policy: loopback(),
        secrets: Secrets::new([("SPEECH".to_owned(), SecretSource::File(key))].into()),
    };
    let (address, heard) = server();
    let kept = folder.path().join("speech");
    let speaker = speaker(address, &outside, Some("SPEECH"));
    let speech = Speech::new(Some(speaker), kept.clone()).0;
    for _ in 0..3 {
        // 8 kHz become 16 kHz, which a clip holds as its wide form.
        let clip = speech.fixed("es-MX", "Hola").await.unwrap();
        assert_eq!(clip.pcm().len(), 4_000);
    }
    speech.once("en", "Ana Ruiz").await.unwrap();
    let heard = heard.lock().unwrap();
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(heard[0].starts_with("POST /say HTTP/1.1\r\n"), "{heard:?}");
    assert!(heard[0].contains("authorization: Bearer word-of-the-voice\r\n"));
    let body = |n: usize| -> serde_json::Value {
        serde_json::from_str(heard[n].split("\r\n\r\n").nth(1).unwrap()).unwrap()
    };
    let asked = serde_json::json!({ "text": "Hola", "language": "es-MX", "voice": "sharvard" });
    assert_eq!(body(0), asked);
    let asked = serde_json::json!({ "text": "Ana Ruiz", "language": "en", "voice": null });
    assert_eq!(body(1), asked);
    // What is a caller's own is kept nowhere.
    assert_eq!(std::fs::read_dir(kept).unwrap().count(), 1);
}

#[tokio::test]
async fn a_server_that_refuses_floods_or_lies_costs_that_text_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (address, _) = server();
    let speech = speech(address, folder.path());
    let failed = async |text: &str| speech.fixed("en", text).await.unwrap_err();
    assert_eq!(failed("it fails").await, SpeechError::Status(500));
    let elsewhere = failed("it redirects").await.to_string();
    assert!(elsewhere.contains("elsewhere"), "{elsewhere}");
    let large = failed("it floods").await.to_string();
    assert!(large.contains("too large"), "{large}");
    let odd = failed("it lies").await;
    assert!(matches!(odd, SpeechError::NoAudio(_)), "{odd}");
    speech.fixed("en", "it speaks").await.unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_server_that_hangs_or_is_away_is_left_alone_and_what_was_said_is_still_heard() {
    let folder = tempfile::tempdir().unwrap();
    let (address, heard) = server();
    let speech = speech(address, folder.path());
    speech.fixed("en", "it speaks").await.unwrap();
    let slow = speech.fixed("en", "it hangs").await.unwrap_err();
    assert_eq!(slow, SpeechError::Slow(PATIENCE));
    let next = speech.fixed("en", "next").await.unwrap_err();
    assert_eq!(next, SpeechError::Resting);
    speech.fixed("en", "it speaks").await.unwrap();
    assert_eq!(heard.lock().unwrap().len(), 2);
    // Nobody listens there, and the next run has what this one kept.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let away = closed.local_addr().unwrap();
    drop(closed);
    let never = self::speech(away, folder.path());
    let error = never.fixed("en", "new").await.unwrap_err();
    assert_eq!(error, SpeechError::Away);
    let again = self::speech(address, folder.path());
    again.fixed("en", "it speaks").await.unwrap();
    assert_eq!(heard.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn an_address_that_is_not_listed_is_not_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (address, heard) = server();
    let strict = speaker(address, &OutsideSettings::default(), None);
    let speech = Speech::new(Some(strict), folder.path().to_owned()).0;
    let told = speech.fixed("en", "Hello").await.unwrap_err().to_string();
    assert!(told.contains("may_reach"), "{told}");
    assert!(heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_text_to_render_ahead_is_asked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let (address, heard) = server();
    let speech = speech(address, folder.path());
    let engine = speech.engine.unwrap();
    let made = engine.make_ahead("en".into(), "it recovers").await;
    assert!(made.unwrap().starts_with(b"RIFF"));
    assert_eq!(heard.lock().unwrap().len(), 2);
    // What will not be better by and by is asked once.
    let lied = engine.make_ahead("en".into(), "it lies").await;
    assert!(matches!(lied, Err(SpeechError::NoAudio(_))), "{lied:?}");
    assert_eq!(heard.lock().unwrap().len(), 3);
}
