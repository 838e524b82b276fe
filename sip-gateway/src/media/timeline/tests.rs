use super::*;
use crate::media::g711::Codec;
use crate::media::tone;
use proptest::prelude::*;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// What one party sends: a tone in bursts, so that a shift shows, as packets with arrival times.
struct Party {
    side: Side,
    ssrc: u32,
    timestamp: u32,
    /// When it begins to talk, ms of media time.
    begins: u64,
}

/// 440 Hz in bursts of 100 ms every 300 ms.
fn bursts(length: usize) -> Vec<i16> {
    let tone = tone::sine(440.0, 8000.0, length, 8000);
    tone.iter()
        .enumerate()
        .map(|(n, sample)| if n % 2400 < 800 { *sample } else { 0 })
        .collect()
}

type Arrival = (u64, Side, u32, u32, Vec<u8>);

impl Party {
    /// Packets `(arrival ms, …)`; `delay` gives each packet's lateness in ms, none for a lost one.
    fn packets(&self, signal: &[i16], delay: impl Fn(u64) -> Option<u64>) -> Vec<Arrival> {
        let packets = signal.chunks(160).enumerate().filter_map(|(n, chunk)| {
            let n = n as u64;
            let arrival = self.begins + (n + 1) * 20 + delay(n)?;
            let codes = chunk
                .iter()
                .map(|sample| Codec::Pcmu.encode(*sample))
                .collect();
            Some((
                arrival,
                self.side,
                self.ssrc,
                self.timestamp.wrapping_add(n as u32 * 160),
                codes,
            ))
        });
        packets.collect()
    }
}

/// Runs a timeline over packets; left and right.
fn record(rate: u32, begun: u64, stop: u64, mut packets: Vec<Arrival>) -> (Vec<i16>, Vec<i16>) {
    packets.sort_by_key(|packet| packet.0);
    let mut timeline = Timeline::new(rate, ms(begun));
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let mut take = |block: Block| {
        assert_eq!(block.start_frame as usize, left.len());
        left.extend(block.samples.chunks(2).map(|pair| pair[0]));
        right.extend(block.samples.chunks(2).map(|pair| pair[1]));
    };
    let mut waiting = packets.into_iter().peekable();
    for now in begun..stop {
        while let Some((_, side, ssrc, timestamp, payload)) =
            waiting.next_if(|packet| packet.0 <= now)
        {
            let piece = Piece {
                ssrc,
                timestamp,
                sound: Codec::Pcmu.into(),
                payload: &payload,
            };
            if now > begun {
                timeline.place(side, piece, ms(now));
            }
        }
        if now % 20 == 0 {
            while let Some(block) = timeline.poll_block(ms(now)) {
                take(block);
            }
        }
    }
    let frames = timeline.finish(ms(stop));
    while let Some(block) = timeline.poll_block(ms(stop)) {
        take(block);
    }
    assert_eq!((left.len() as u64, right.len() as u64), (frames, frames));
    (left, right)
}

/// The shift of `heard` against `said`, in frames, where they agree best.
fn lag(said: &[i16], heard: &[i16], most: i64) -> i64 {
    let agreement = |lag: i64| -> i64 {
        let pairs = said
            .iter()
            .enumerate()
            .step_by(5)
            .filter_map(|(n, sample)| {
                let at = usize::try_from(n as i64 + lag).ok()?;
                Some(i64::from(*sample) * i64::from(*heard.get(at)?))
            });
        pairs.sum()
    };
    (-most..=most).max_by_key(|lag| agreement(*lag)).unwrap()
}

const LEFT: Party = Party {
    side: Side::Left,
    ssrc: 1,
    timestamp: u32::MAX - 5000,
    begins: 0,
};
const RIGHT: Party = Party {
    side: Side::Right,
    ssrc: 2,
    timestamp: 123,
    begins: 0,
};

#[test]
fn what_was_said_is_recorded_exactly() {
    let signal = bursts(16_000);
    let packets = [
        LEFT.packets(&signal, |_| Some(0)),
        RIGHT.packets(&signal, |_| Some(0)),
    ]
    .concat();
    let (left, right) = record(8000, 0, 2300, packets);
    let coded: Vec<i16> = signal
        .iter()
        .map(|sample| Codec::Pcmu.decode(Codec::Pcmu.encode(*sample)))
        .collect();
    assert_eq!(left.len(), 18_400);
    assert_eq!(left[..16_000], coded);
    assert_eq!(right[..16_000], coded);
    assert!(left[16_000..].iter().all(|sample| *sample == 0));
}

#[test]
fn sides_stay_aligned_under_jitter_loss_and_late_start() {
    let signal = bursts(8000 * 6);
    let jitter = |n: u64| (n * 7919) % 40;
    // Left jitters and loses every seventh packet, right begins 1.5 s later with a first packet 60 ms late.
    let left = LEFT.packets(&signal, |n| (n % 7 != 3).then(|| jitter(n)));
    let late = Party {
        begins: 1500,
        ..RIGHT
    };
    let right = late.packets(&signal[..8000 * 4], |n| {
        (n % 11 != 5).then(|| if n == 0 { 60 } else { jitter(n + 3) })
    });
    let (heard_left, heard_right) = record(8000, 0, 7000, [left, right].concat());
    let lag_left = lag(&signal, &heard_left, 400);
    let lag_right = lag(&signal[..8000 * 4], &heard_right[12_000..], 400);
    assert!(lag_left.abs() <= 160, "left off by {lag_left} frames");
    assert!(lag_right.abs() <= 160, "right off by {lag_right} frames");
    assert!(
        (lag_left - lag_right).abs() <= 160,
        "{lag_left} against {lag_right}"
    );
    // Lost packets are silence, the rest is there.
    let said = tone::rms(&signal);
    assert!((tone::rms(&heard_left[..48_000]) / said - (6.0f64 / 7.0).sqrt()).abs() < 0.05);
}

#[test]
fn a_clock_that_runs_off_is_followed() {
    // 2000 parts per million for half a minute: 60 ms at the end.
    for (slow, side) in [(true, Side::Left), (false, Side::Right)] {
        let signal = bursts(8000 * 30);
        let party = Party {
            side,
            begins: 100,
            ..LEFT
        };
        let mut packets = party.packets(&signal, |_| Some(0));
        for packet in &mut packets {
            let drift = packet.0 / 500;
            packet.0 = if slow {
                packet.0 + drift
            } else {
                packet.0 - drift
            };
        }
        let (left, right) = record(8000, 0, 30_500, packets);
        let heard = if side == Side::Left { left } else { right };
        // The last seconds, where they were heard by our clock.
        let from = 8000 * 25;
        let expected = if slow { 54 * 8 } else { -54 * 8 };
        let shift = lag(&signal[from..from + 32_000], &heard[from + 800..], 900);
        assert!(
            (shift - expected).abs() <= 160,
            "{slow}: {shift} frames instead of {expected}"
        );
    }
}

#[test]
fn a_new_source_or_jump_of_timestamps_is_placed_by_its_arrival() {
    for jump in [
        (9, 0u32),
        (1, 80_000),
        (1, 0u32.wrapping_sub(80_000)),
        (1, 0u32.wrapping_sub(4000)),
    ] {
        let signal = bursts(8000);
        let second = Party {
            ssrc: jump.0,
            timestamp: LEFT.timestamp.wrapping_add(8000).wrapping_add(jump.1),
            begins: 2000,
            ..LEFT
        };
        let packets = [
            LEFT.packets(&signal, |_| Some(0)),
            second.packets(&bursts(32_000), |_| Some(0)),
        ]
        .concat();
        let (left, _) = record(8000, 0, 6500, packets);
        assert_eq!(lag(&signal, &left[..12_000], 200), 0);
        let shift = lag(&bursts(32_000)[8000..], &left[24_000..], 400);
        assert!(shift.abs() <= 160, "{jump:?}: {shift}");
    }
}

#[test]
fn silence_in_the_stream_shifts_nothing() {
    // A pause of 2 s in which timestamps stand still, as some phones do it: placed by arrival again.
    let signal = bursts(8000);
    let paused = Party {
        timestamp: LEFT.timestamp.wrapping_add(8000),
        begins: 3000,
        ..LEFT
    };
    let packets = [
        LEFT.packets(&signal, |_| Some(0)),
        paused.packets(&bursts(24_000), |_| Some(0)),
    ]
    .concat();
    let (left, _) = record(8000, 0, 6500, packets);
    let shift = lag(&bursts(24_000)[8000..], &left[32_000..], 400);
    assert!(shift.abs() <= 160, "{shift}");
}

#[test]
fn sixteen_kilohertz_doubles_the_frames() {
    let signal = tone::sine(500.0, 8000.0, 8000, 8000);
    let (left, right) = record(16_000, 0, 1400, LEFT.packets(&signal, |_| Some(0)));
    assert_eq!(left.len(), 1400 * 16);
    assert!(tone::share(&left[1600..14_400], 500.0, 16_000) > 0.98);
    assert!(right.iter().all(|sample| *sample == 0));
}

#[test]
fn a_recording_without_packets_is_silence_of_its_length() {
    let (left, right) = record(8000, 500, 1733, Vec::new());
    assert_eq!(left.len(), 1233 * 8);
    assert!(left.iter().chain(&right).all(|sample| *sample == 0));
    assert_eq!(record(8000, 500, 500, Vec::new()).0.len(), 0);
}

proptest! {
    #[test]
    fn anything_placed_keeps_blocks_in_order(
        pieces in proptest::collection::vec((any::<bool>(), 0u32..2, any::<u32>(), 0usize..400, 0u64..200), 0..100),
    ) {
        let mut timeline = Timeline::new(8000, ms(0));
        let (mut now, mut next) = (0, 0);
        for (left, ssrc, timestamp, length, wait) in pieces {
            now += wait;
            let side = if left { Side::Left } else { Side::Right };
            let payload = vec![3; length];
            timeline.place(side, Piece { ssrc, timestamp, sound: Codec::Pcmu.into(), payload: &payload }, ms(now));
            while let Some(block) = timeline.poll_block(ms(now)) {
                prop_assert_eq!(block.start_frame, next);
                next += block.samples.len() as u64 / 2;
            }
        }
        let end = timeline.finish(ms(now));
        while let Some(block) = timeline.poll_block(ms(now)) {
            next += block.samples.len() as u64 / 2;
        }
        prop_assert_eq!(end, now * 8);
        prop_assert_eq!(next, end);
    }
}
