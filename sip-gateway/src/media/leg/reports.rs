//! A leg's RTCP: a report every 5 s, a goodbye at the end, and what the party reports; what all of it says about the
//! leg's quality.
//!
//! **Must not know**: sockets. The wall clock of a sender report is handed in by the driver.

use super::MediaLeg;
use crate::media::mos::Line;
use crate::media::port::MediaQuality;
use crate::media::rtcp::{self, Report, ReportBlock, SenderInfo};
use crate::media::sequence::Loss;
use std::net::SocketAddr;
use std::time::Duration;

/// Time between two reports (RFC 3550 6.2).
const INTERVAL: Duration = Duration::from_secs(5);
/// Reports of ours that the party may still answer.
const REMEMBERED: usize = 4;
/// Speech that one packet waits for before it is sent.
const PACKET: Duration = Duration::from_millis(20);
/// The name in our reports: one for all legs, as it must not tell anything about a caller (RFC 7022).
const CNAME: &str = "media@cordboard";

/// When reports are due and what the party's last one said.
#[derive(Debug)]
pub(super) struct Reports {
    next: Duration,
    packets_at_last: u64,
    sender_report: Option<(u32, Duration)>,
    /// Sender reports of ours: their middle NTP bits and when they went out.
    ours: [Option<(u32, Duration)>; REMEMBERED],
    newest: usize,
    round_trip: Option<Duration>,
    far_lost: Option<u64>,
}

impl Reports {
    pub(super) fn new(now: Duration) -> Self {
        Self {
            next: now.saturating_add(INTERVAL),
            packets_at_last: 0,
            sender_report: None,
            ours: [None; REMEMBERED],
            newest: 0,
            round_trip: None,
            far_lost: None,
        }
    }

    fn sent(&mut self, ntp: Duration, now: Duration) {
        self.newest = (self.newest + 1) % REMEMBERED;
        if let Some(place) = self.ours.get_mut(self.newest) {
            *place = Some((middle(ntp), now));
        }
    }

    /// The party tells how it hears us (RFC 3550 6.4.1). A round trip is believed only for a report that we sent.
    fn heard(&mut self, block: ReportBlock, now: Duration) {
        self.far_lost = Some(u64::try_from(block.lost).unwrap_or(0));
        let answered = |(time, _): &(u32, Duration)| *time == block.last_sender_report;
        if let Some((_, at)) = self.ours.iter().flatten().find(|ours| answered(ours)) {
            let held = Duration::from_secs(1).mul_f64(f64::from(block.delay) / 65_536.0);
            self.round_trip = now
                .saturating_sub(*at)
                .checked_sub(held)
                .or(self.round_trip);
        }
    }
}

/// The middle 32 bits of an NTP time, as a report echoes it.
fn middle(ntp: Duration) -> u32 {
    let fraction = (u64::from(ntp.subsec_nanos()) << 16) / 1_000_000_000;
    ((ntp.as_secs() << 16) | fraction) as u32
}

impl MediaLeg {
    /// Takes a datagram that is RTCP; false when it is not to be believed. Only the IP must be the party's: its RTCP
    /// may come from any port.
    pub fn receive_report(&mut self, bytes: &[u8], source: SocketAddr, now: Duration) -> bool {
        let party = self.latch.as_ref().and_then(super::Latch::destination);
        let believed = party.is_some_and(|party| party.ip() == source.ip())
            && match rtcp::parse(bytes, self.outbound.ssrc()) {
                Ok(compound) => {
                    if let Some(block) = compound.about_us {
                        self.reports.heard(block, now);
                    }
                    if let Some(time) = compound.sender_time {
                        self.reports.sender_report = Some((time, now));
                    }
                    true
                }
                Err(_) => false,
            };
        if believed {
            self.last_heard = self.last_heard.map(|_| now);
        } else {
            self.ignored += 1;
        }
        believed
    }

    /// Writes a report when one is due; its length and where it goes. `ntp` is the wall clock as time since 1900.
    pub fn report(
        &mut self,
        now: Duration,
        ntp: Duration,
        out: &mut [u8],
    ) -> Option<(usize, SocketAddr)> {
        if now < self.reports.next {
            return None;
        }
        self.reports.next = now.saturating_add(INTERVAL);
        self.write_report(now, ntp, false, out)
    }

    /// The last report, with a goodbye; none when nothing was ever sent (RFC 3550 6.3.7).
    pub fn goodbye(
        &mut self,
        now: Duration,
        ntp: Duration,
        out: &mut [u8],
    ) -> Option<(usize, SocketAddr)> {
        (self.outbound.sent().0 > 0).then(|| self.write_report(now, ntp, true, out))?
    }

    fn write_report(
        &mut self,
        now: Duration,
        ntp: Duration,
        goodbye: bool,
        out: &mut [u8],
    ) -> Option<(usize, SocketAddr)> {
        let destination = self.report_destination()?;
        let (packets, octets) = self.outbound.sent();
        let sent = (packets > self.reports.packets_at_last).then(|| SenderInfo {
            ntp,
            timestamp: self.outbound.clock(now),
            packets: packets as u32,
            octets: octets as u32,
        });
        self.reports.packets_at_last = packets;
        if sent.is_some() {
            self.reports.sent(ntp, now);
        }
        let ago = |(time, at): (u32, Duration)| (time, now.saturating_sub(at));
        let report = Report {
            ssrc: self.outbound.ssrc(),
            sent,
            received: self.reception.report(),
            last_sender_report: self.reports.sender_report.map(ago),
            cname: CNAME,
            goodbye,
        };
        Some((report.write(out)?, destination))
    }

    /// What the leg's media was like so far.
    #[must_use]
    pub fn quality(&self) -> MediaQuality {
        let loss = self.reception.loss();
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        MediaQuality {
            packets_received: self.received,
            packets_sent: self.outbound.sent().0,
            packets_lost: loss.lost,
            packets_ignored: self.ignored,
            jitter_ms: self.jitter_ms(),
            codec: self
                .remote
                .map(|remote| remote.codec.name().to_owned())
                .unwrap_or_default(),
            burst_ratio: loss.burst_ratio(),
            round_trip_ms: self.reports.round_trip.map(milliseconds),
            far_lost: self.reports.far_lost,
            mos: (loss.expected > 0).then(|| self.line(loss).score()),
        }
    }

    fn jitter_ms(&self) -> f64 {
        self.reception.jitter() * 1000.0 / f64::from(self.codec().clock_rate())
    }

    /// The way from the party to us as the E-model wants it: half the round trip, a packet's length, and the jitter
    /// buffer, ours or, where packets are passed on, one of twice the jitter.
    fn line(&self, loss: Loss) -> Line {
        let (discarded, waits) = match &self.playout {
            Some(playout) => (playout.counts().discarded, playout.delay()),
            None => (
                0,
                Duration::from_secs(1).mul_f64(self.jitter_ms().min(100.0) * 2.0 / 1000.0),
            ),
        };
        let unheard = Loss {
            lost: (loss.lost + discarded).min(loss.expected),
            ..loss
        };
        Line {
            loss: unheard.share(),
            burst_ratio: loss.burst_ratio(),
            delay: self.reports.round_trip.unwrap_or_default() / 2 + PACKET + waits,
        }
    }

    /// The signalled RTCP address; when the party's real address was learned, the port beside the learned one.
    fn report_destination(&self) -> Option<SocketAddr> {
        let (remote, latch) = (self.remote.as_ref()?, self.latch.as_ref()?);
        let signalled = remote.rtcp?;
        match latch.learned().filter(|learned| *learned != remote.rtp) {
            Some(learned) => learned
                .port()
                .checked_add(1)
                .map(|port| SocketAddr::new(learned.ip(), port)),
            None => {
                (!signalled.ip().is_unspecified() && signalled.port() != 0).then_some(signalled)
            }
        }
    }
}
