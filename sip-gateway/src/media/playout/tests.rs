use super::*;
use crate::media::tone;

const HZ: f64 = 440.0;

/// A party whose packets travel as they are told, into a playout that is pulled each 20 ms.
struct Trip {
    playout: Playout,
    /// When each packet arrives, in ms, and its number.
    arrivals: Vec<(u64, u32)>,
    heard: Vec<i16>,
    pulled: Vec<Pulled>,
}

impl Trip {
    /// Packet `n` of 20 ms is sent at `20 n` and arrives `travel(n)` ms later, if at all.
    fn new(packets: u32, travel: impl Fn(u32) -> Option<u64>) -> Self {
        let arrive = |n| travel(n).map(|ms| (u64::from(n) * 20 + ms, n));
        let mut arrivals: Vec<_> = (0..packets).filter_map(arrive).collect();
        arrivals.sort_unstable();
        Self {
            playout: Playout::default(),
            arrivals,
            heard: Vec::new(),
            pulled: Vec::new(),
        }
    }

    fn run(mut self, said: impl Fn(u32) -> Vec<i16>, ticks: u64) -> Self {
        let mut waiting = std::mem::take(&mut self.arrivals).into_iter().peekable();
        for ms in 0..ticks * 20 {
            while let Some((_, n)) = waiting.next_if(|(at, _)| *at <= ms) {
                let timestamp = (u32::MAX - 5000).wrapping_add(n * 160);
                let now = Duration::from_millis(ms);
                self.playout.put(7, timestamp, said(n).into_iter(), now);
            }
            if ms % 20 == 7 {
                let mut out = [0; FRAME];
                let pulled = self.playout.pull(Duration::from_millis(ms), &mut out);
                if pulled == Pulled::Sound {
                    self.heard.extend(out);
                }
                self.pulled.push(pulled);
            }
        }
        self
    }
}

fn tone_of(n: u32) -> Vec<i16> {
    let all = tone::sine(HZ, 8000.0, 160 * (n as usize + 1), 8000);
    all[160 * n as usize..].to_vec()
}

/// Samples that tell their packet.
fn number(n: u32) -> Vec<i16> {
    vec![n as i16; 160]
}

/// Numbers from a seed (xorshift).
fn dice(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed >> 11
}

#[test]
fn a_steady_stream_is_heard_whole_and_soon() {
    let trip = Trip::new(100, |_| Some(3)).run(tone_of, 120);
    let said = tone::sine(HZ, 8000.0, 16_000, 8000);
    assert_eq!(trip.heard[..16_000], said);
    let first = trip.pulled.iter().position(|one| *one == Pulled::Sound);
    assert!(first <= Some(2), "{first:?}");
    // Then the party is silent: concealment fades, and it is told once.
    let ended = trip.pulled.iter().filter(|one| **one == Pulled::Ended);
    assert_eq!((ended.count(), trip.heard.len()), (1, 16_000 + 3 * 160));
}

#[test]
fn what_is_out_of_order_is_heard_in_order() {
    // Each fifth packet is overtaken by the next two.
    let late = |n: u32| Some(if n % 5 == 4 { 50 } else { 3 });
    let trip = Trip::new(200, late).run(number, 210);
    // While the delay grows, what is made up may step back; then nothing does, and nothing is missing.
    let settled = &trip.heard[trip.heard.len() / 4..trip.heard.len() - 480];
    assert!(
        settled
            .windows(2)
            .all(|pair| (0..=1).contains(&(pair[1] - pair[0])))
    );
}

#[test]
fn five_percent_loss_leaves_no_hole() {
    let mut seed = 0x5eed_u64;
    let kept: Vec<bool> = (0..1000).map(|_| dice(&mut seed) % 100 >= 5).collect();
    let lost = kept.iter().filter(|kept| !**kept).count();
    let trip = Trip::new(1000, |n| kept[n as usize].then_some(3)).run(tone_of, 1000);
    let counts = trip.playout.counts();
    assert!(counts.concealed >= 160 * (lost as u64 - 2) && counts.discarded == 0);
    // 10 ms parts far below the tone's level: only where three packets in a row were lost.
    let parts = trip.heard[160..].chunks(80).map(tone::rms);
    let soft: Vec<f64> = parts.filter(|level| *level < 1400.0).collect();
    assert!(soft.len() <= 6, "{soft:?}");
    assert_eq!(
        trip.heard.len(),
        160 * trip
            .pulled
            .iter()
            .filter(|one| **one == Pulled::Sound)
            .count()
    );
}

#[test]
fn the_delay_grows_with_jitter_and_shrinks_again() {
    // 4 s of jitter up to 90 ms between calm beginnings and ends.
    let rough = |n: u32| {
        let mut seed = u64::from(n) * 7919 + 13;
        dice(&mut seed);
        Some(if (100..300).contains(&n) {
            dice(&mut seed) % 90
        } else {
            3
        })
    };
    let mut longest = Duration::ZERO;
    let mut trip = Trip::new(900, rough);
    trip = trip.run(tone_of, 290);
    longest = longest.max(trip.playout.delay());
    assert!(longest >= Duration::from_millis(60), "{longest:?}");
    assert!(longest <= Duration::from_millis(200), "{longest:?}");
    // While it was rough and grown, nothing was missing any more.
    let settled = &trip.heard[8000 * 4..8000 * 5];
    assert!(settled.chunks(80).all(|part| tone::rms(part) > 3000.0));

    let trip = Trip::new(900, rough).run(tone_of, 890);
    let after = trip.playout.delay();
    assert!(after <= Duration::from_millis(60), "{after:?}");
}

#[test]
fn the_loudest_sound_there_is_is_cut_like_any_other() {
    // Steps from one end of the scale to the other: the differences are beyond what a square in 32 bits holds.
    let loudest = |n: u32| {
        let mut seed = u64::from(n) * 104_729 + 7;
        let end = move |_| {
            if dice(&mut seed).is_multiple_of(2) {
                i16::MIN
            } else {
                i16::MAX
            }
        };
        (0..160).map(end).collect()
    };
    let late = |n: u32| Some(if (50..60).contains(&n) { 120 } else { 3 });
    let trip = Trip::new(400, late).run(loudest, 390);
    assert!(
        trip.playout.delay() <= Duration::from_millis(100),
        "{:?}",
        trip.playout.delay()
    );
}

#[test]
fn a_stall_costs_no_more_than_the_bound() {
    // A second in which nothing arrives, and then all of it at once.
    let stalled = |n: u32| {
        Some(if (100..150).contains(&n) {
            1000 - 20 * (u64::from(n) - 100)
        } else {
            3
        })
    };
    let trip = Trip::new(300, stalled).run(tone_of, 160);
    assert!(trip.playout.delay() <= Duration::from_millis(200));
    assert!(trip.playout.counts().discarded > 0);
    let trip = Trip::new(300, stalled).run(tone_of, 290);
    let last = &trip.heard[trip.heard.len() - 8000..];
    assert!(tone::share(last, HZ, 8000) > 0.9);
}

#[test]
fn a_new_source_and_new_timestamps_begin_anew() {
    let mut playout = Playout::default();
    let mut out = [0; FRAME];
    let ms = Duration::from_millis;
    for (ssrc, timestamp, at) in [(1, 0, 0), (2, 0, 100), (2, 3_000_000, 200), (2, 1_000, 300)] {
        playout.put(ssrc, timestamp, number(at as u32).into_iter(), ms(at));
        assert_eq!(playout.pull(ms(at + 10), &mut out), Pulled::Nothing);
        assert_eq!(playout.pull(ms(at + 20), &mut out), Pulled::Sound);
        assert_eq!(out[FRAME - 1], at as i16);
    }
}

#[test]
fn repeats_change_nothing_and_any_length_is_taken() {
    let mut playout = Playout::default();
    let mut heard = Vec::new();
    let said = tone::sine(HZ, 8000.0, 8000, 8000);
    for (n, piece) in said.chunks(240).enumerate() {
        for _ in 0..3 {
            let now = Duration::from_millis(30 * n as u64);
            playout.put(1, 240 * n as u32, piece.iter().copied(), now);
        }
    }
    // All at once is more than may wait.
    assert!(playout.delay() <= Duration::from_millis(200));
    let mut out = [0; FRAME];
    while playout.pull(Duration::from_secs(9), &mut out) == Pulled::Sound {
        heard.extend(out);
    }
    assert_eq!(heard[..1600], said[6400..]);
    playout.put(1, 0, std::iter::empty(), Duration::ZERO);
    playout.put(1, 0, vec![1; 100_000].into_iter(), Duration::ZERO);
    assert!(playout.delay() <= Duration::from_millis(200));
}

#[test]
fn whoever_comes_late_for_good_is_heard_again() {
    // A microphone whose machine was busy: what follows a pause stays behind it, because its timestamps know of none.
    // The piece before it does not end with a frame, as after a cut or a stretch.
    let mut playout = Playout::default();
    let mut out = [0; FRAME];
    let ms = Duration::from_millis;
    playout.put(1, 0, number(7).into_iter().take(40), ms(0));
    for at in [20, 40, 60, 80] {
        assert_eq!(playout.pull(ms(at), &mut out), Pulled::Sound);
    }
    let mut heard = Vec::new();
    for n in 0..50 {
        let now = ms(81 + 20 * u64::from(n));
        playout.put(1, 40 + 160 * n, number(7).into_iter(), now);
        if playout.pull(now + ms(19), &mut out) == Pulled::Sound {
            heard.extend(out);
        }
    }
    let last = &heard[heard.len().saturating_sub(4_000)..];
    assert!(last.len() == 4_000 && last.iter().all(|sample| *sample == 7));
}
