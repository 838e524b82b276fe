//! G.722 against a codec of another make: ffmpeg's.

use sip_gateway::media::codec::{decode_g722, encode_g722};
use std::process::Command;

/// Two seconds at 16 kHz that use both bands: a voice-like sum of harmonics that swells, then a sweep to 7 kHz.
fn signal() -> Vec<i16> {
    let turn = std::f64::consts::TAU / 16_000.0;
    (0..32_000)
        .map(|at| {
            let time = f64::from(at);
            let voice: f64 = (1..12)
                .map(|n| (turn * 140.0 * f64::from(n) * time).sin() / f64::from(n))
                .sum();
            let swell = (turn * 2.0 * time).sin().abs();
            let sweep = (turn * (300.0 + time / 32_000.0 * 3_350.0) * time).sin();
            (4_000.0 * voice * swell + 3_000.0 * sweep) as i16
        })
        .collect()
}

const PCM: [&str; 6] = ["-f", "s16le", "-ar", "16000", "-ac", "1"];
const G722: [&str; 2] = ["-f", "g722"];

fn ffmpeg(input: &[u8], from: &[&str], to: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("in"), input).unwrap();
    let mut command = Command::new("ffmpeg");
    command
        .args(["-v", "error"])
        .args(from)
        .arg("-i")
        .arg(file("in"));
    let output = command.args(to).arg(file("out")).output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    std::fs::read(file("out")).unwrap()
}

fn bytes(samples: &[i16]) -> Vec<u8> {
    samples
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect()
}

fn samples(bytes: &[u8]) -> Vec<i16> {
    let (pairs, _) = bytes.as_chunks::<2>();
    pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect()
}

/// The signal against what differs from it, dB, at the best of the delays a pair of filters may have.
fn snr(said: &[i16], heard: &[i16]) -> f64 {
    let at = |delay: usize| {
        let pairs = said.iter().zip(heard.get(delay..).unwrap_or_default());
        let (mut signal, mut noise) = (0.0, 0.0);
        for (said, heard) in pairs.skip(2_000) {
            signal += f64::from(*said).powi(2);
            noise += (f64::from(*said) - f64::from(*heard)).powi(2);
        }
        10.0 * (signal / f64::max(noise, 1.0)).log10()
    };
    (0..64).map(at).fold(f64::MIN, f64::max)
}

#[test]
fn our_decoder_and_the_other_one_hear_the_same() {
    let said = signal();
    for codes in [encode_g722(&said), ffmpeg(&bytes(&said), &PCM, &G722)] {
        let (ours, theirs) = (decode_g722(&codes), samples(&ffmpeg(&codes, &G722, &PCM)));
        let length = ours.len().min(theirs.len());
        assert!(
            length >= said.len() - 32,
            "{} and {}",
            ours.len(),
            theirs.len()
        );
        let same = snr(&theirs[..length], &ours[..length]);
        println!("the decoders agree to {same:.1} dB");
        assert!(same >= 60.0, "{same} dB");
    }
}

#[test]
fn what_one_encodes_the_other_decodes_well() {
    let said = signal();
    let alone = snr(
        &said,
        &samples(&ffmpeg(&ffmpeg(&bytes(&said), &PCM, &G722), &G722, &PCM)),
    );
    let ours = snr(&said, &samples(&ffmpeg(&encode_g722(&said), &G722, &PCM)));
    let theirs = snr(&said, &decode_g722(&ffmpeg(&bytes(&said), &PCM, &G722)));
    println!("theirs alone {alone:.1} dB, our encoder {ours:.1} dB, our decoder {theirs:.1} dB");
    for (name, db) in [("our encoder", ours), ("our decoder", theirs)] {
        assert!(
            db >= 15.0 && db >= alone - 1.0,
            "{name}: {db} dB, theirs alone {alone} dB"
        );
    }
}
