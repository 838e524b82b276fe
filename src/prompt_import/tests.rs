//! Imports judged by another program, and by what broken and hostile files do.

use super::*;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use std::process::Command;

const MP3: &[u8] = include_bytes!("samples/tone.mp3");
const FLAC: &[u8] = include_bytes!("samples/tone.flac");
const VORBIS: &[u8] = include_bytes!("samples/vorbis.ogg");
const OPUS: &[u8] = include_bytes!("samples/opus.ogg");

/// Something like speech: bursts of a voice's tones, `seconds` long, with `loud` as its peak.
fn speech(seconds: f64, loud: f64) -> Vec<i16> {
    let at = |n: u32| {
        let time = f64::from(n) / f64::from(RATE);
        let tone = |hertz: f64| (time * hertz * std::f64::consts::TAU).sin();
        let envelope = (tone(1.3) * 0.5 + 0.5).powi(2);
        (envelope
            * (tone(180.0) * 0.6 + tone(720.0) * 0.25 + tone(2_400.0) * 0.15)
            * loud
            * 32_767.0) as i16
    };
    (0..(seconds * f64::from(RATE)) as u32).map(at).collect()
}

/// Clicks far above the rest: what a limiter is for.
fn spiky(mut samples: Vec<i16>) -> Vec<i16> {
    samples
        .iter_mut()
        .step_by(1_601)
        .for_each(|sample| *sample = 32_000);
    samples
}

fn imported(samples: &[i16], wish: Wish) -> (tempfile::TempDir, Imported) {
    let folder = tempfile::tempdir().unwrap();
    let done = import(
        wav(samples),
        folder.path(),
        Path::new("es/welcome.wav"),
        wish,
    )
    .unwrap();
    (folder, done)
}

/// Loudness and true peak as ffmpeg measures them; none: there is no ffmpeg here.
fn by_ffmpeg(path: &Path) -> Option<(f64, f64)> {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostats", "-i"]).arg(path);
    let output = command
        .args(["-af", "ebur128=peak=true", "-f", "null", "-"])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let summary = text.rsplit("Summary:").next()?.to_owned();
    let after = |name: &str| {
        let rest = summary.split(name).nth(1)?;
        rest.split_whitespace().next()?.parse::<f64>().ok()
    };
    Some((after("I:")?, after("Peak:")?))
}

#[test]
fn prompts_are_as_loud_as_they_should_be_and_no_peak_is_too_high() {
    for (samples, name) in [
        (speech(3.0, 0.05), "soft"),
        (speech(3.0, 0.99), "loud"),
        (spiky(speech(4.0, 0.1)), "spiky"),
        (speech(0.6, 0.3), "short"),
    ] {
        let (_folder, done) = imported(&samples, Wish::default());
        assert!(
            (done.after.lufs - TARGET).abs() <= 0.5,
            "{name}: {:?}",
            done.after
        );
        assert!(done.after.peak <= CEILING, "{name}: {:?}", done.after);
        if let Some((lufs, peak)) = by_ffmpeg(&done.path) {
            assert!((lufs - TARGET).abs() <= 0.5, "{name}: ffmpeg says {lufs}");
            assert!(peak <= CEILING, "{name}: ffmpeg says {peak}");
        }
    }
    let music = Wish {
        trim: false,
        target: TARGET - 3.0,
    };
    let samples = speech(3.0, 0.4);
    let (_folder, done) = imported(&samples, music);
    assert!((done.after.lufs - music.target).abs() <= 0.2);
    assert_eq!(done.lasts, Duration::from_secs(3), "music is not trimmed");
}

#[test]
fn silence_goes_from_both_ends_and_words_stand_closer() {
    let mut samples = vec![0_i16; 16_000];
    samples.extend(speech(2.0, 0.5));
    samples.extend(vec![3_i16; 24_000]);
    let (folder, done) = imported(&samples, Wish::default());
    let seconds = done.lasts.as_secs_f64();
    assert!((1.9..2.3).contains(&seconds), "{seconds}");
    let word = import(
        wav(&samples),
        folder.path(),
        Path::new("es/numbers/21.wav"),
        Wish::default(),
    )
    .unwrap();
    assert!(word.lasts < done.lasts);
    assert!(!done.replaced && !word.replaced);
    let again = import(
        wav(&samples),
        folder.path(),
        Path::new("es/welcome.wav"),
        Wish::default(),
    )
    .unwrap();
    assert!(again.replaced);
    // Nothing else is left in the folder.
    assert_eq!(
        std::fs::read_dir(folder.path().join("es")).unwrap().count(),
        2
    );
    // Calls can play it, at 16 kHz.
    let clip =
        sip_gateway::media::clip::Clip::from_wav(&std::fs::read(&done.path).unwrap()).unwrap();
    assert!((clip.duration().as_secs_f64() - seconds).abs() < 0.01);
}

#[test]
fn every_format_gives_the_same_sound() {
    let folder = tempfile::tempdir().unwrap();
    for (bytes, name) in [
        (MP3, "mp3"),
        (FLAC, "flac"),
        (VORBIS, "vorbis"),
        (OPUS, "opus"),
    ] {
        let place = PathBuf::from(format!("en/{name}.wav"));
        let done = import(bytes.to_vec(), folder.path(), &place, Wish::default()).unwrap();
        let seconds = done.lasts.as_secs_f64();
        assert!((1.2..1.6).contains(&seconds), "{name}: {seconds}");
        assert!(
            (done.after.lufs - TARGET).abs() <= 0.5,
            "{name}: {:?}",
            done.after
        );
        assert!(
            (done.before.lufs + 25.0).abs() < 4.0,
            "{name}: {:?}",
            done.before
        );
        assert!(!done.clipped);
    }
}

#[test]
fn what_is_no_recording_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |bytes: Vec<u8>| {
        let error = import(bytes, folder.path(), Path::new("x.wav"), Wish::default()).unwrap_err();
        assert!(!folder.path().join("x.wav").exists());
        error.to_string()
    };
    let mut header = wav(&speech(1.0, 0.5));
    header.truncate(44);
    let mut slow = wav(&speech(1.0, 0.5));
    slow[24..28].copy_from_slice(&100_u32.to_le_bytes());
    for (bytes, says) in [
        (Vec::new(), "is no WAV"),
        (b"<html>".to_vec(), "is no WAV"),
        (vec![0; 100_000], "is no WAV"),
        (header, ""),
        (slow, "100 samples per second"),
        (wav(&[0; 16_000]), "silence"),
        (wav(&[0; 16_000 * 60 * 15 + 1]), "15 minutes"),
        (OPUS[..60].to_vec(), "damaged"),
    ] {
        let why = refused(bytes);
        assert!(why.contains(says), "{why}");
    }
    assert!(matches!(read(folder.path()), Err(ImportError::File { .. })));
    assert!(matches!(
        read(&folder.path().join("none")),
        Err(ImportError::File { .. })
    ));
    let huge = std::fs::File::create(folder.path().join("huge")).unwrap();
    huge.set_len(LARGEST + 1).unwrap();
    assert!(matches!(
        read(&folder.path().join("huge")),
        Err(ImportError::TooLarge)
    ));
}

#[test]
fn damaged_files_give_sound_or_an_error_and_never_more() {
    let whole = wav(&speech(0.5, 0.5));
    let mut dice = SmallRng::seed_from_u64(11);
    let mut outcomes = [0_usize; 2];
    for _ in 0..60 {
        for source in [MP3, FLAC, VORBIS, OPUS, &whole] {
            let mut bytes = source.to_vec();
            match dice.random_range(0..4) {
                0 => bytes.truncate(dice.random_range(0..bytes.len())),
                1 => bytes.drain(..dice.random_range(1..200)).for_each(drop),
                _ => {
                    for _ in 0..dice.random_range(1..40) {
                        let place = dice.random_range(0..bytes.len().min(2_000));
                        bytes[place] = dice.random();
                    }
                }
            }
            let done = decode(bytes);
            outcomes[usize::from(done.is_ok())] += 1;
            if let Ok(sound) = done {
                assert!(sound.mono.iter().all(|sample| sample.is_finite()));
            }
        }
    }
    assert!(outcomes.iter().all(|count| *count > 0), "{outcomes:?}");
}

#[test]
fn names_stay_below_the_folder() {
    let placed = |language: Option<&str>, name: &str| place(language, name).ok();
    assert_eq!(placed(Some("es"), "welcome"), Some("es/welcome.wav".into()));
    assert_eq!(
        placed(Some("en-GB"), "numbers/21.wav"),
        Some("en-GB/numbers/21.wav".into())
    );
    assert_eq!(placed(None, "moh/calm"), Some("moh/calm.wav".into()));
    let long = "x".repeat(200);
    for name in [
        "",
        "/",
        "../x",
        "a/../b",
        "/etc/passwd",
        "a//b",
        ".hidden",
        "a\\b",
        "a\0b",
        "con:",
        "a b",
        "ñ",
        "a/b/c/d/e",
        "x.mp3",
        &long,
    ] {
        assert_eq!(placed(Some("es"), name), None, "{name:?}");
    }
    for language in ["", "..", "e", "es/x", "es_ES", "-es", "espanolito", "es-"] {
        assert_eq!(placed(Some(language), "welcome"), None, "{language:?}");
    }
}
