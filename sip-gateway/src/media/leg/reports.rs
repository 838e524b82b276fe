//! A leg's RTCP: a report every 5 s, a goodbye at the end, and what the party reports.
//!
//! **Must not know**: sockets. The wall clock of a sender report is handed in by the driver.

use super::MediaLeg;
use crate::media::rtcp::{self, Report, SenderInfo};
use std::net::SocketAddr;
use std::time::Duration;

/// Time between two reports (RFC 3550 6.2).
const INTERVAL: Duration = Duration::from_secs(5);
/// The name in our reports: one for all legs, as it must not tell anything about a caller (RFC 7022).
const CNAME: &str = "media@cordboard";

/// When reports are due and what the party's last one said.
#[derive(Debug)]
pub(super) struct Reports {
    next: Duration,
    packets_at_last: u64,
    sender_report: Option<(u32, Duration)>,
}

impl Reports {
    pub(super) fn new(now: Duration) -> Self {
        Self {
            next: now.saturating_add(INTERVAL),
            packets_at_last: 0,
            sender_report: None,
        }
    }
}

impl MediaLeg {
    /// Takes a datagram that is RTCP; false when it is not to be believed. Only the IP must be the party's: its RTCP
    /// may come from any port.
    pub fn receive_report(&mut self, bytes: &[u8], source: SocketAddr, now: Duration) -> bool {
        let party = self.latch.as_ref().and_then(super::Latch::destination);
        let believed = party.is_some_and(|party| party.ip() == source.ip())
            && match rtcp::parse(bytes, self.outbound.ssrc()) {
                Ok(compound) => {
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
