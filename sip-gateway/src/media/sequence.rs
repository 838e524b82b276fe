//! What a stream of sequence numbers and timestamps tells (RFC 3550 A.1, A.3, A.8): extended sequence number, loss,
//! restarts, interarrival jitter.
//!
//! **Owns**: [`Reception`]. **Must not know**: addresses, payloads. Validation by source address happens before, so
//! the probation of A.1 is left out: the first packet counts.

use std::time::Duration;

/// A jump ahead of more than this is a restart (or noise), not loss: a minute at 50 packets/s.
const MAX_DROPOUT: u16 = 3000;
/// A packet this far behind is late, not a restart.
const MAX_MISORDER: u16 = 100;

/// What a packet's number says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// In order, perhaps after a gap.
    Next,
    /// Late or a duplicate.
    Late,
    /// The stream began anew: first packet, other SSRC, or a jump that a second packet confirmed.
    Restarted,
    /// A jump that nothing confirms yet; to be ignored.
    Suspect,
}

#[derive(Clone, Copy, Debug)]
struct Stream {
    ssrc: u32,
    base: u32,
    /// Sequence number with the count of wraps above it.
    highest: u32,
    received: u64,
    /// The number that would confirm a restart.
    restart: Option<u16>,
    expected_at_report: u64,
    received_at_report: u64,
    transit: Option<i64>,
    bursts: u64,
}

/// What was lost of everything that was sent to us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    /// Packets missing by number.
    pub lost: u64,
    /// Packets that should have come.
    pub expected: u64,
    /// Gaps in the numbers.
    pub bursts: u64,
}

impl Loss {
    /// Share of packets that are missing, 0 to 1.
    #[must_use]
    pub fn share(self) -> f64 {
        self.lost as f64 / self.expected.max(1) as f64
    }

    /// Mean length of a gap against what the same loss would have at random (ITU-T G.107 3); at least 1.
    #[must_use]
    pub fn burst_ratio(self) -> f64 {
        let mean = self.lost as f64 / self.bursts.max(1) as f64;
        (mean * (1.0 - self.share())).max(1.0)
    }
}

/// Statistics of everything received on a leg, across restarts and changes of SSRC.
#[derive(Clone, Debug, Default)]
pub struct Reception {
    stream: Option<Stream>,
    before: Loss,
    jitter: f64,
}

/// The fields of an RTCP report block (RFC 3550 6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceptionReport {
    /// Whose packets these were.
    pub ssrc: u32,
    /// Lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Lost since the stream began; 24 bits on the wire.
    pub lost: u32,
    /// Extended highest sequence number.
    pub highest: u32,
    /// Interarrival jitter in timestamp units.
    pub jitter: u32,
}

impl Stream {
    fn new(ssrc: u32, sequence: u16) -> Self {
        Self {
            ssrc,
            base: u32::from(sequence),
            highest: u32::from(sequence),
            received: 1,
            restart: None,
            expected_at_report: 0,
            received_at_report: 0,
            transit: None,
            bursts: 0,
        }
    }

    fn expected(&self) -> u64 {
        u64::from(self.highest.wrapping_sub(self.base)) + 1
    }

    fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received)
    }
}

impl Reception {
    /// Takes note of a packet's number.
    pub fn receive(&mut self, ssrc: u32, sequence: u16) -> Arrival {
        let Some(stream) = self.stream.as_mut().filter(|stream| stream.ssrc == ssrc) else {
            self.restart(ssrc, sequence);
            return Arrival::Restarted;
        };
        let ahead = sequence.wrapping_sub(stream.highest as u16);
        if ahead != 0 && ahead < MAX_DROPOUT {
            stream.highest = stream.highest.wrapping_add(u32::from(ahead));
            stream.bursts += u64::from(ahead > 1);
        } else if ahead != 0 && ahead <= u16::MAX - MAX_MISORDER {
            if stream.restart == Some(sequence) {
                self.restart(ssrc, sequence);
                return Arrival::Restarted;
            }
            stream.restart = Some(sequence.wrapping_add(1));
            return Arrival::Suspect;
        }
        stream.received += 1;
        stream.restart = None;
        if ahead != 0 && ahead < MAX_DROPOUT {
            Arrival::Next
        } else {
            Arrival::Late
        }
    }

    fn restart(&mut self, ssrc: u32, sequence: u16) {
        self.before = self.loss();
        self.stream = Some(Stream::new(ssrc, sequence));
    }

    /// Takes note of when an audio packet arrived, for the jitter (RFC 3550 A.8). RFC 4733 events keep one timestamp
    /// for many packets and must not come here.
    pub fn time(&mut self, timestamp: u32, now: Duration, clock_rate: u32) {
        let Some(stream) = &mut self.stream else {
            return;
        };
        let arrival = (now.as_micros() * u128::from(clock_rate) / 1_000_000) as u32;
        let transit = i64::from(arrival.wrapping_sub(timestamp) as i32);
        if let Some(previous) = stream.transit.replace(transit) {
            // A jump of the timestamps is no jitter: a second or more is left out.
            let difference = i64::from((transit - previous) as i32).unsigned_abs();
            if difference < u64::from(clock_rate) {
                self.jitter += (difference as f64 - self.jitter) / 16.0;
            }
        }
    }

    /// Packets missing by number so far; duplicates can hide a loss, as in RFC 3550.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.loss().lost
    }

    /// The same with what it is a part of.
    #[must_use]
    pub fn loss(&self) -> Loss {
        let Some(stream) = &self.stream else {
            return self.before;
        };
        Loss {
            lost: self.before.lost + stream.lost(),
            expected: self.before.expected + stream.expected(),
            bursts: self.before.bursts + stream.bursts,
        }
    }

    /// Interarrival jitter in timestamp units.
    #[must_use]
    pub fn jitter(&self) -> f64 {
        self.jitter
    }

    /// The report block for now; the next one's fraction counts from here.
    pub fn report(&mut self) -> Option<ReceptionReport> {
        let jitter = self.jitter as u32;
        let stream = self.stream.as_mut()?;
        let expected = stream.expected() - stream.expected_at_report;
        let received = stream.received - stream.received_at_report;
        stream.expected_at_report = stream.expected();
        stream.received_at_report = stream.received;
        let lost = expected.saturating_sub(received);
        let fraction = (lost * 256).checked_div(expected).unwrap_or(0).min(255);
        Some(ReceptionReport {
            ssrc: stream.ssrc,
            fraction_lost: fraction as u8,
            lost: stream.lost().min(0x7f_ffff) as u32,
            highest: stream.highest,
            jitter,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_are_told_from_random_loss() {
        for (lost, ratio) in [(&[10, 30, 50, 70][..], 1.0), (&[10, 11, 12, 13], 3.84)] {
            let mut reception = Reception::default();
            for number in (0..100).filter(|number| !lost.contains(number)) {
                reception.receive(1, number);
            }
            let loss = reception.loss();
            assert_eq!((loss.lost, loss.expected), (4, 100));
            assert!((loss.burst_ratio() - ratio).abs() < 1e-9);
            reception.receive(2, 7);
            assert_eq!(
                reception.loss().expected,
                101,
                "a new source is more of the same"
            );
        }
        assert_eq!(Loss::default().burst_ratio(), 1.0);
    }
    use proptest::prelude::*;

    fn feed(numbers: impl IntoIterator<Item = u16>) -> (Reception, Vec<Arrival>) {
        let mut reception = Reception::default();
        let arrivals = numbers
            .into_iter()
            .map(|number| reception.receive(1, number))
            .collect();
        (reception, arrivals)
    }

    #[test]
    fn wrap_is_not_loss() {
        let (mut reception, _) = feed((0..200u16).map(|n| n.wrapping_add(65_500)));
        assert_eq!(reception.lost(), 0);
        assert_eq!(reception.report().unwrap().highest, 65_500 + 199);
    }

    #[test]
    fn gaps_late_packets_and_duplicates() {
        let (reception, arrivals) = feed([10, 11, 13, 12, 15]);
        assert_eq!(reception.lost(), 1);
        assert_eq!(arrivals[3], Arrival::Late);
        assert_eq!(feed([10, 11, 11]).1[2], Arrival::Late);
    }

    #[test]
    fn restart_needs_two_packets_in_a_row_and_keeps_the_loss_before() {
        let (mut reception, arrivals) = feed([10, 12, 30_000, 30_001, 30_002]);
        use Arrival::{Next, Restarted, Suspect};
        assert_eq!(arrivals, [Restarted, Next, Suspect, Restarted, Next]);
        assert_eq!(reception.lost(), 1);
        assert_eq!(reception.receive(2, 5), Restarted);
        assert_eq!(reception.lost(), 1);
    }

    #[test]
    fn one_stray_number_does_no_harm() {
        let (reception, arrivals) = feed([10, 40_000, 11, 12]);
        assert_eq!(arrivals[1], Arrival::Suspect);
        assert_eq!(reception.lost(), 0);
    }

    #[test]
    fn report_counts_since_the_last_one() {
        let (mut reception, _) = feed([0, 1, 2, 3, 5, 7]);
        let report = reception.report().unwrap();
        assert_eq!((report.fraction_lost, report.lost), (64, 2));
        for number in 8..18 {
            reception.receive(1, number);
        }
        let report = reception.report().unwrap();
        assert_eq!((report.fraction_lost, report.lost), (0, 2));
        assert_eq!(reception.report().unwrap().fraction_lost, 0);
    }

    #[test]
    fn jitter_follows_the_rfc() {
        let mut reception = Reception::default();
        reception.receive(1, 0);
        for n in 0..500u32 {
            let late = if n % 2 == 0 { 0 } else { 5 };
            reception.time(
                n * 160,
                Duration::from_millis(u64::from(n) * 20 + late),
                8000,
            );
        }
        // |D| is 5 ms, 40 units, for every packet.
        assert!(
            (reception.jitter() - 40.0).abs() < 0.1,
            "{}",
            reception.jitter()
        );
    }

    proptest! {
        #[test]
        fn loss_is_what_was_dropped(first in any::<u16>(), keep in proptest::collection::vec(any::<bool>(), 2..2000)) {
            let mut keep = keep;
            *keep.first_mut().unwrap() = true;
            *keep.last_mut().unwrap() = true;
            let (reception, _) = feed(keep.iter().enumerate().filter(|(_, kept)| **kept)
                .map(|(n, _)| first.wrapping_add(n as u16)));
            prop_assert_eq!(reception.lost(), keep.iter().filter(|kept| !**kept).count() as u64);
        }

        #[test]
        fn any_numbers_never_panic(packets in proptest::collection::vec((0u32..3, any::<u16>(), any::<u32>(), any::<u32>()), 0..200)) {
            let mut reception = Reception::default();
            for (ssrc, sequence, timestamp, at) in packets {
                reception.receive(ssrc, sequence);
                reception.time(timestamp, Duration::from_millis(u64::from(at)), 8000);
                let _ = (reception.lost(), reception.report());
            }
        }
    }
}
