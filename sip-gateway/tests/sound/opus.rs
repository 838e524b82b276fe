//! Opus against the codec of its makers, libopus in ffmpeg, by way of Ogg files (RFC 7845).

use super::ogg;
use sip_gateway::media::opus::{Listener, MOST, Speaker, Wish};
use sip_gateway::media::rtp::RtpHeader;
use sip_gateway::media::tone;
use std::process::Command;

fn ffmpeg(input: &[u8], from: &[&str], to: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("in"), input).unwrap();
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error"]).args(from);
    command.arg("-i").arg(file("in"));
    let output = command.args(to).arg(file("out")).output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    std::fs::read(file("out")).unwrap()
}

fn samples(bytes: &[u8]) -> Vec<i16> {
    let (pairs, _) = bytes.as_chunks::<2>();
    pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect()
}

/// What is the tone against what is not, dB.
fn snr(samples: &[i16], hz: f64, rate: u32) -> f64 {
    let share = tone::share(samples, hz, rate);
    10.0 * (share / (1.0 - share).max(1e-9)).log10()
}

/// Packets of ours with a tone.
fn speak(hz: f64, wish: Wish) -> Vec<Vec<u8>> {
    let said = tone::sine(hz, 8_000.0, 24_000, 8_000);
    let mut speaker = Speaker::new(wish);
    let packet = |frame: &[i16; 160]| {
        let mut out = [0; 400];
        let length = speaker.speak(frame, &mut out);
        out[..length].to_vec()
    };
    said.as_chunks().0.iter().map(packet).collect()
}

/// What we hear of packets of 20 ms, but for those that are lost.
fn listen(packets: &[Vec<u8>], lost: impl Fn(usize) -> bool) -> Vec<i16> {
    let (mut listener, mut heard) = (Listener::default(), Vec::new());
    for (at, packet) in packets.iter().enumerate().filter(|(at, _)| !lost(*at)) {
        let header = RtpHeader {
            marker: false,
            payload_type: 111,
            sequence: at as u16,
            timestamp: at as u32 * 960,
            ssrc: 1,
        };
        let mut out = [0; MOST];
        let one = listener.hear(&header, packet, &mut out);
        assert!(!one.broken);
        heard.extend_from_slice(&out[..one.samples]);
    }
    heard
}

/// libopus's packets of a tone at 48 kHz, as a browser makes them.
fn theirs(hz: f64, how: &[&str]) -> Vec<Vec<u8>> {
    let said = tone::sine(hz, 8_000.0, 144_000, 48_000);
    let bytes: Vec<u8> = said.iter().flat_map(|one| one.to_le_bytes()).collect();
    let pcm = ["-f", "s16le", "-ar", "48000", "-ac", "1"];
    let libopus = ["-c:a", "libopus", "-application", "voip"];
    let to = [&libopus[..], how, &["-f", "ogg"][..]].concat();
    ogg::packets(&ffmpeg(&bytes, &pcm, &to))
}

#[test]
fn libopus_hears_what_we_say() {
    for hz in [400.0, 1_000.0, 2_500.0] {
        for fec in [false, true] {
            let max_bitrate = None;
            let file = ogg::file(&speak(hz, Wish { max_bitrate, fec }));
            let pcm = ["-f", "s16le", "-ar", "8000", "-ac", "1"];
            let heard = samples(&ffmpeg(&file, &["-c:a", "libopus"], &pcm));
            assert!(heard.len() > 23_000, "{} samples", heard.len());
            let settled = &heard[8_000..16_000];
            let (clear, level) = (
                snr(settled, hz, 8_000),
                tone::rms(settled) / 8_000.0 * 2f64.sqrt(),
            );
            println!("{hz} Hz, FEC {fec}: {clear:.1} dB, level {level:.2}");
            assert!(clear > 15.0, "{hz} Hz: {clear} dB");
            assert!((0.8..1.1).contains(&level), "{hz} Hz: {level}");
        }
    }
}

#[test]
fn we_hear_what_libopus_says() {
    for (hz, how) in [
        (400.0, &["-b:a", "16k"][..]),
        (1_000.0, &["-b:a", "32k"]),
        (2_500.0, &["-b:a", "64k"]),
        (1_000.0, &["-b:a", "20k", "-fec", "1", "-packet_loss", "20"]),
    ] {
        let packets = theirs(hz, how);
        assert!(packets.len() >= 150, "{} packets", packets.len());
        for loss in [0, 10] {
            let heard = listen(&packets, |at| loss > 0 && at % loss == 7);
            let settled = &heard[8_000..16_000];
            let (clear, level) = (
                snr(settled, hz, 8_000),
                tone::rms(settled) / 8_000.0 * 2f64.sqrt(),
            );
            println!("{hz} Hz, {how:?}, every {loss}th lost: {clear:.1} dB, level {level:.2}");
            let limit = if loss == 0 { 20.0 } else { 5.0 };
            assert!(clear > limit, "{hz} Hz, {how:?}: {clear} dB");
            assert!((0.85..1.1).contains(&level), "{hz} Hz, {how:?}: {level}");
        }
    }
}
