//! No voice presses a key: the project's own documents, read aloud while the test runs.

use sip_gateway::media::g711::Codec;
use sip_gateway::media::inband::{KeyDetector, key_tone};
use sip_gateway::media::tone;
use std::path::Path;
use std::process::Command;

/// Program and voice. Two synthesizers of different make, voices of both sexes, three languages' sounds.
const VOICES: [(&str, &str); 6] = [
    ("flite", "slt"),
    ("flite", "rms"),
    ("flite", "awb"),
    ("espeak-ng", "en-us+f3"),
    ("espeak-ng", "es"),
    ("espeak-ng", "de+m7"),
];
/// Speech of each voice at least, in seconds: twelve minutes in all.
const EACH: usize = 120;
const EACH_LONG: usize = 1_200;

#[test]
fn speech_presses_no_key() {
    let each = match std::env::var_os("CORDBOARD_LONG") {
        Some(_) => EACH_LONG,
        None => EACH,
    };
    let text = documents();
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for (n, (program, voice)) in VOICES.into_iter().enumerate() {
            let (text, folder) = (&text, folder.path());
            scope.spawn(move || {
                let text = from_page(text, n);
                listen(program, voice, each, text, folder);
            });
        }
    });
}

/// Listens to a voice at three levels at once, and then to a key, so that the silence before proves something.
fn listen(program: &str, voice: &str, seconds: usize, text: &str, folder: &Path) {
    let mut detectors = [
        (1, 1, KeyDetector::default()),
        (1, 4, KeyDetector::default()),
        (3, 1, KeyDetector::default()),
    ];
    let (mut heard, mut at) = (0, text);
    while heard < seconds * 8000 {
        let (page, rest) = split(at, 1_500);
        at = if rest.is_empty() { text } else { rest };
        let samples = render(program, voice, page, folder);
        assert!(
            samples.len() > 8000 && tone::rms(&samples) > 300.0,
            "{program} {voice} speaks"
        );
        for (times, over, detector) in &mut detectors {
            for (place, sample) in samples.iter().enumerate() {
                let sample = (i32::from(*sample) * *times / *over).clamp(-32_768, 32_767);
                let pressed = detector.hear(through_the_line(sample as i16));
                let second = (heard + place) / 8000;
                assert_eq!(pressed, None, "{program} {voice} at {second} s");
            }
        }
        heard += samples.len();
    }
    let mut key = [0; 800];
    key_tone('5', 0, &mut key);
    for (_, _, detector) in &mut detectors {
        let pressed: String = key.iter().filter_map(|one| detector.hear(*one)).collect();
        assert_eq!(pressed, "5", "{program} {voice}");
    }
    println!("{program} {voice}: {} s of speech, no key", heard / 8000);
}

fn through_the_line(sample: i16) -> i16 {
    Codec::Pcmu.decode(Codec::Pcmu.encode(sample))
}

/// Everything that the project says of itself in words.
fn documents() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut paths = vec![root.join("README.md"), root.join("ARCHITECTURE.md")];
    for entry in std::fs::read_dir(root.join("docs")).unwrap() {
        paths.push(entry.unwrap().path());
    }
    paths.sort();
    let pages = paths
        .iter()
        .filter(|path| path.extension().is_some_and(|end| end == "md"));
    let all: String = pages
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let spoken = |letter: char| letter.is_alphanumeric() || ".,;:?' \n".contains(letter);
    all.chars()
        .map(|letter| if spoken(letter) { letter } else { ' ' })
        .collect()
}

/// Each voice begins at another page.
fn from_page(text: &str, voice: usize) -> &str {
    split(text, text.len() / VOICES.len() * voice).1
}

fn split(text: &str, about: usize) -> (&str, &str) {
    let place = (about..text.len()).find(|at| text.is_char_boundary(*at));
    text.split_at(place.unwrap_or(text.len()))
}

/// A page as samples at 8 kHz; sox brings them down from what the synthesizer makes.
fn render(program: &str, voice: &str, page: &str, folder: &Path) -> Vec<i16> {
    let file = |end: &str| folder.join(format!("{program}-{voice}.{end}"));
    let (text, wide, raw) = (file("txt"), file("wav"), file("raw"));
    std::fs::write(&text, page).unwrap();
    let mut synthesizer = Command::new(program);
    match program {
        "flite" => synthesizer
            .args(["-voice", voice, "-f"])
            .arg(&text)
            .arg("-o")
            .arg(&wide),
        _ => synthesizer
            .args(["-v", voice, "-f"])
            .arg(&text)
            .arg("-w")
            .arg(&wide),
    };
    run(&mut synthesizer);
    let raw_format = ["-r", "8000", "-c", "1", "-e", "signed", "-b", "16"];
    run(Command::new("sox")
        .arg("-V1")
        .arg(&wide)
        .args(raw_format)
        .arg(&raw));
    let bytes = std::fs::read(&raw).unwrap();
    let (samples, _) = bytes.as_chunks::<2>();
    samples
        .iter()
        .map(|pair| i16::from_le_bytes(*pair))
        .collect()
}

fn run(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");
}
