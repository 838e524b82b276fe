//! Prompts and music over real sockets.

mod media_support;

use media_support::{Party, assert_continuous, events, pool, prompt, samples, wait_for};
use sip_gateway::leg::{LegId, PlayId};
use sip_gateway::media::clip::Clip;
use sip_gateway::media::g711::Codec;
use sip_gateway::media::port::{MediaEvent, PlayRequest};
use sip_gateway::media::tone;
use std::sync::Arc;
use std::time::Duration;

const LEG: LegId = LegId(1);

#[test]
fn a_prompt_is_heard_at_its_pitch_in_even_steps_and_its_end_is_told() {
    let (pool, mut receiver) = pool(2);
    let party = Party::join(&pool, LEG, 7, 0.0);
    pool.play(LEG, prompt(5, 1000.0, Duration::from_millis(600)))
        .unwrap();
    let (mut heard, mut told) = (Vec::new(), Vec::new());
    wait_for("the end", || {
        party.hear(&mut heard);
        events(&mut receiver, &mut told);
        !told.is_empty()
    });
    party.hear(&mut heard);
    assert_eq!(
        told,
        [MediaEvent::PlayEnded {
            leg: LEG,
            play: PlayId(5),
            finished: true
        }]
    );
    assert_eq!(heard.len(), 30);
    assert_continuous(&heard);
    assert!(heard[0].header.marker && heard[1..].iter().all(|packet| !packet.header.marker));
    let audio = samples(&heard);
    assert!(tone::share(&audio, 1000.0, 8000) > 0.99);
    for pair in heard.windows(2) {
        assert_eq!(
            pair[1]
                .header
                .timestamp
                .wrapping_sub(pair[0].header.timestamp),
            160
        );
    }
    let length = heard[29].at - heard[0].at;
    assert!(
        (560..640).contains(&length.as_millis()),
        "30 packets in {length:?}"
    );
    pool.close(LEG).unwrap();
}

#[test]
fn music_goes_on_where_it_stopped_and_yields_to_a_prompt() {
    let (pool, mut receiver) = pool(1);
    let party = Party::join(&pool, LEG, 7, 0.0);
    // Music whose bytes tell the place: a slow ramp of codes, silence for the prompt.
    let ramp: Vec<i16> = (0..80_000u32)
        .map(|n| Codec::Pcmu.decode((0x80 + n / 800 % 100) as u8))
        .collect();
    let clips = vec![Arc::new(Clip::from_samples(ramp.clone()))];
    let at_most = Some(Duration::from_millis(300));
    let music = PlayRequest {
        play: PlayId(1),
        clips,
        repeat: true,
        resume: true,
        at_most,
        until_heard: false,
    };
    let (mut heard, mut told) = (Vec::new(), Vec::new());
    for (play, finished) in [(1, true), (2, true), (3, false)] {
        pool.play(
            LEG,
            PlayRequest {
                play: PlayId(play),
                ..music.clone()
            },
        )
        .unwrap();
        if !finished {
            std::thread::sleep(Duration::from_millis(100));
            pool.stop(LEG).unwrap();
        }
        wait_for("the end of the music", || {
            party.hear(&mut heard);
            events(&mut receiver, &mut told);
            told.contains(&MediaEvent::PlayEnded {
                leg: LEG,
                play: PlayId(play),
                finished,
            })
        });
        // An announcement in between.
        let between = prompt(100 + play, 400.0, Duration::from_millis(100));
        pool.play(LEG, between).unwrap();
        wait_for("the end of the announcement", || {
            events(&mut receiver, &mut told);
            told.contains(&MediaEvent::PlayEnded {
                leg: LEG,
                play: PlayId(100 + play),
                finished: true,
            })
        });
        let mut announcement = Vec::new();
        party.hear(&mut announcement);
        assert!(tone::share(&samples(&announcement)[160..640], 400.0, 8000) > 0.98);
    }
    let audio = samples(&heard);
    assert!(
        (33 * 160..=37 * 160).contains(&audio.len()),
        "{}",
        audio.len() / 160
    );
    assert_eq!(audio, ramp[..audio.len()]);
}

#[test]
fn closing_ends_the_play_first_and_then_the_leg() {
    let (pool, mut receiver) = pool(1);
    let party = Party::join(&pool, LEG, 7, 0.0);
    pool.play(
        LEG,
        PlayRequest {
            repeat: true,
            ..prompt(9, 700.0, Duration::from_secs(1))
        },
    )
    .unwrap();
    let mut heard = Vec::new();
    wait_for("music", || {
        party.hear(&mut heard);
        heard.len() > 3
    });
    pool.close(LEG).unwrap();
    assert!(
        pool.play(LEG, prompt(1, 700.0, Duration::from_secs(1)))
            .is_err()
    );
    assert!(pool.close(LEG).is_err());
    let mut told = Vec::new();
    wait_for("the end", || {
        events(&mut receiver, &mut told);
        told.len() == 2
    });
    assert_eq!(
        told[0],
        MediaEvent::PlayEnded {
            leg: LEG,
            play: PlayId(9),
            finished: false
        }
    );
    let MediaEvent::Closed { leg, quality } = &told[1] else {
        panic!("{told:?}")
    };
    party.hear(&mut heard);
    assert_eq!(
        (*leg, quality.packets_sent, quality.codec.as_str()),
        (LEG, heard.len() as u64, "PCMU")
    );
    // The same id may be used again, on other ports.
    let again = pool.open(LEG, 7).unwrap();
    assert_ne!(again.rtp, party.to);
}
