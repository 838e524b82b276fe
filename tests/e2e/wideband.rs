//! A G.722 caller and a PCMA agent: the way between them is decoded, so it is judged by ear, with ffmpeg's codec on the
//! caller's side; then the same over a network that loses packets.

use crate::support::phone::heard::Heard;
use crate::support::phone::{Call, Codec, Phone, Sending, audio, seconds};
use crate::support::world::World;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

const CUSTOMER_HZ: f64 = 1_000.0;
const AGENT_HZ: f64 = 600.0;
/// Peak of the caller's tone.
const PEAK: f64 = 8_000.0;

/// Ten seconds of a tone as G.722.
pub(crate) fn tone_as_g722(hz: f64) -> Vec<u8> {
    let turn = hz / 16_000.0 * std::f64::consts::TAU;
    let samples = (0..160_000).map(|at| ((f64::from(at) * turn).sin() * PEAK) as i16);
    let bytes: Vec<u8> = samples.flat_map(i16::to_le_bytes).collect();
    ffmpeg(
        &bytes,
        &["-f", "s16le", "-ar", "16000", "-ac", "1"],
        &["-f", "g722"],
    )
}

pub(crate) fn from_g722(codes: &[u8]) -> Vec<i16> {
    let bytes = ffmpeg(
        codes,
        &["-f", "g722"],
        &["-f", "s16le", "-ar", "16000", "-ac", "1"],
    );
    let (samples, _) = bytes.as_chunks::<2>();
    samples
        .iter()
        .map(|pair| i16::from_le_bytes(*pair))
        .collect()
}

fn ffmpeg(input: &[u8], from: &[&str], to: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("in"), input).unwrap();
    run(
        Command::new("ffmpeg")
            .args(["-v", "error"])
            .args(from)
            .arg("-i")
            .arg(file("in")),
        to,
        &file("out"),
    );
    std::fs::read(file("out")).unwrap()
}

fn run(command: &mut Command, to: &[&str], out: &Path) {
    let output = command.args(to).arg(out).output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
}

/// dB of the tone against everything else.
fn snr(samples: &[i16], hz: f64, rate: f64) -> f64 {
    let share = audio::dominance(samples, hz, rate);
    10.0 * (share / (1.0 - share).max(1e-9)).log10()
}

/// A caller in talk with an agent, both sending their tones.
fn join(world: &World, customer: &Phone, agent: &Phone) -> (Call, Call, String) {
    agent.speak_pcma();
    agent.register(world.sip, "2001", "word-of-ana").unwrap();
    world.wait_agent("ana", "available", seconds(3));
    customer.speak(Codec::G722);
    let call = customer.call(world.sip, "9000", "600111222").unwrap();
    call.wait_answered(seconds(3)).unwrap();
    call.send(Sending::Codes(Arc::new(tone_as_g722(CUSTOMER_HZ))));
    // The menu: a key counts as soon as it is asked for, and the phone cannot hear G.722 by itself.
    std::thread::sleep(seconds(2));
    let ringing = loop {
        call.press("2");
        if let Ok(ringing) = agent.rings_within(seconds(2)) {
            break ringing;
        }
    };
    let interaction = ringing.header("X-Cordboard-Interaction").unwrap();
    let talk = ringing.answer().unwrap();
    talk.send(Sending::Tone(AGENT_HZ));
    talk.wait_tone(CUSTOMER_HZ, seconds(4)).unwrap();
    (call, talk, interaction)
}

#[test]
fn a_g722_caller_and_a_pcma_agent_hear_each_other_clearly() {
    let world = World::start();
    let agent = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    let (call, talk, _) = join(&world, &customer, &agent);
    let joined = Instant::now();
    std::thread::sleep(seconds(3));

    let heard = talk.heard().since(joined).samples();
    let clear = best_second(&heard, 8_000, |part| snr(part, CUSTOMER_HZ, 8_000.0));
    assert!(clear >= 25.0, "the agent hears {clear} dB");
    let back = from_g722(&call.heard().since(joined).codes(9));
    let clear = best_second(&back, 16_000, |part| snr(part, AGENT_HZ, 16_000.0));
    assert!(clear >= 25.0, "the caller hears {clear} dB");
    call.hang_up();
    talk.wait_ended(seconds(3)).unwrap();
}

/// The best whole second: a busy machine may be late once.
fn best_second(samples: &[i16], rate: usize, judge: impl Fn(&[i16]) -> f64) -> f64 {
    let seconds = samples.windows(rate).step_by(rate / 4).map(judge);
    seconds.fold(f64::MIN, f64::max)
}

#[test]
fn five_percent_loss_is_concealed_and_told_in_the_record() {
    let world = World::start();
    let agent = Phone::start("127.0.0.1".parse().unwrap()).unwrap();
    let customer = Phone::start("127.0.0.2".parse().unwrap()).unwrap();
    customer.lose_media(5);
    let (call, talk, interaction) = join(&world, &customer, &agent);
    let joined = Instant::now();
    std::thread::sleep(seconds(12));
    let heard = talk.heard().since(joined);
    let (sent, lost) = call.carried();
    call.hang_up();
    talk.wait_ended(seconds(3)).unwrap();
    assert_whole(&heard);

    let record = world.wait_last_interaction(seconds(5));
    assert_eq!(record["id"], interaction.as_str());
    let whole = world.get(&format!("/interactions/{interaction}"));
    let legs = whole["legs"].as_array().unwrap();
    let leg = |role: &str| legs.iter().find(|leg| leg["role"] == role).unwrap()["quality"].clone();
    let (customer, agent) = (leg("customer"), leg("agent"));
    // The E-model for the loss that the relay applied: R = 93.2 - 95 p / (p + 25.1).
    let percent = lost as f64 / sent as f64 * 100.0;
    assert!((2.5..8.0).contains(&percent), "{lost} of {sent}");
    let expected = score(93.2 - 95.0 * percent / (percent + 25.1));
    let told = customer["mos"].as_f64().unwrap();
    assert!(
        (told - expected).abs() <= 0.2,
        "{told} for {percent} %: {expected}"
    );
    let perfect = agent["mos"].as_f64().unwrap();
    assert!(
        (perfect - score(93.2)).abs() <= 0.2,
        "{perfect} without loss"
    );
    let counted = customer["packets_lost"].as_u64().unwrap();
    assert!(
        counted.abs_diff(lost) <= 2 + lost / 20,
        "{counted} of {lost}"
    );
}

/// ITU-T G.107 Annex B.
fn score(rating: f64) -> f64 {
    1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6
}

/// In order, none missing by number, and never silent for longer than two lost packets in a row may be.
fn assert_whole(heard: &Heard) {
    assert_eq!(heard.lost(), 0);
    let numbers = heard.packets.windows(2);
    let back = numbers
        .filter(|pair| (pair[1].sequence.wrapping_sub(pair[0].sequence) as i16) < 0)
        .count();
    assert_eq!(back, 0, "nothing comes out of order");
    let samples = heard.samples();
    assert!(samples.len() > 8_000 * 9, "{} samples", samples.len());
    let nominal = audio::level(&samples);
    let mut soft = 0;
    let mut longest = 0;
    for part in samples.chunks(80) {
        soft = if audio::level(part) < nominal - 12.0 {
            soft + 1
        } else {
            0
        };
        longest = longest.max(soft);
    }
    assert!(longest <= 3, "silent for {longest} x 10 ms");
    let tone = samples
        .chunks_exact(800)
        .filter(|part| audio::dominance(part, CUSTOMER_HZ, 8_000.0) > 0.8);
    let share = tone.count() as f64 / (samples.len() / 800) as f64;
    assert!(share > 0.9, "{share} of the time it is the tone");
}
