//! RTCP (RFC 3550 6): reading what parties report, writing our own reports.
//!
//! **Owns**: [`parse`], [`Report`]. **Must not know**: sockets and when to send; `media/leg.rs` decides that.

use super::sequence::ReceptionReport;
use std::time::Duration;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
/// SDES item: canonical name (6.5.1).
const CNAME: u8 = 1;

/// A block of a received report that speaks about us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportBlock {
    /// Whose stream it is about.
    pub ssrc: u32,
    /// Lost since the block before, in 1/256.
    pub fraction_lost: u8,
    /// Lost since the beginning; negative when duplicates arrived.
    pub lost: i32,
    /// Interarrival jitter in timestamp units.
    pub jitter: u32,
    /// Middle NTP bits of our sender report that it had last; 0 when none.
    pub last_sender_report: u32,
    /// How long ago that came, in 1/65536 s.
    pub delay: u32,
}

/// What we use of a received compound packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compound {
    /// SSRC of its first report.
    pub ssrc: Option<u32>,
    /// Middle 32 bits of the NTP time of a sender report, to be echoed.
    pub sender_time: Option<u32>,
    /// The block about `ssrc` asked for, if any.
    pub about_us: Option<ReportBlock>,
    /// The party says goodbye.
    pub goodbye: bool,
}

/// Why bytes are not an RTCP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RtcpError {
    /// Fewer bytes than a header announces.
    #[error("RTCP packet is shorter than it says")]
    Short,
    /// Not version 2, or the first packet is no report (RFC 3550 A.2; a lone packet of RFC 5506 is let through).
    #[error("bytes are not RTCP")]
    Foreign,
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_be_bytes(*four))
}

fn block(bytes: &[u8]) -> Option<ReportBlock> {
    let loss = word(bytes, 4)?;
    // The lower 24 bits are signed: shift up and back.
    let lost = ((loss << 8) as i32) >> 8;
    Some(ReportBlock {
        ssrc: word(bytes, 0)?,
        fraction_lost: (loss >> 24) as u8,
        lost,
        jitter: word(bytes, 12)?,
        last_sender_report: word(bytes, 16)?,
        delay: word(bytes, 20)?,
    })
}

/// Reads a compound packet; `own` is the SSRC whose report block is wanted. Unknown packet types are skipped.
///
/// # Errors
/// When the bytes cannot be RTCP.
pub fn parse(bytes: &[u8], own: u32) -> Result<Compound, RtcpError> {
    let mut compound = Compound::default();
    let mut rest = bytes;
    if rest.is_empty() {
        return Err(RtcpError::Short);
    }
    while !rest.is_empty() {
        let (head, _) = rest.split_first_chunk::<4>().ok_or(RtcpError::Short)?;
        if head[0] >> 6 != 2 || !(192..=223).contains(&head[1]) {
            return Err(RtcpError::Foreign);
        }
        let length = (usize::from(u16::from_be_bytes([head[2], head[3]])) + 1) * 4;
        let packet = rest.get(..length).ok_or(RtcpError::Short)?;
        rest = &rest[length..];
        let count = usize::from(head[0] & 0x1f);
        match head[1] {
            SENDER_REPORT => read_report(packet, 28, count, own, &mut compound),
            RECEIVER_REPORT => read_report(packet, 8, count, own, &mut compound),
            GOODBYE => compound.goodbye = true,
            _ => {}
        }
    }
    Ok(compound)
}

fn read_report(packet: &[u8], blocks_at: usize, count: usize, own: u32, compound: &mut Compound) {
    compound.ssrc = compound.ssrc.or_else(|| word(packet, 4));
    if blocks_at == 28
        && let (Some(high), Some(low)) = (word(packet, 8), word(packet, 12))
    {
        compound.sender_time = Some((high << 16) | (low >> 16));
    }
    let blocks = packet.get(blocks_at..).unwrap_or_default();
    let about_us = blocks
        .chunks_exact(24)
        .take(count)
        .filter_map(block)
        .find(|block| block.ssrc == own);
    compound.about_us = compound.about_us.or(about_us);
}

/// What a report of ours says.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// Our SSRC.
    pub ssrc: u32,
    /// What we sent, when we sent anything since the last report.
    pub sent: Option<SenderInfo>,
    /// What we received, when we did.
    pub received: Option<ReceptionReport>,
    /// The last sender report of the party: its middle NTP bits and how long ago it came.
    pub last_sender_report: Option<(u32, Duration)>,
    /// Our name; longer than 255 bytes is cut.
    pub cname: &'a str,
    /// Add a goodbye: the leg closes.
    pub goodbye: bool,
}

/// The sender's part of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderInfo {
    /// Wall-clock time as time since 1900 (NTP).
    pub ntp: Duration,
    /// The same instant in our RTP timestamps.
    pub timestamp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Payload bytes sent.
    pub octets: u32,
}

/// Writes into a buffer and remembers whether it was too small.
struct Writer<'a> {
    out: &'a mut [u8],
    at: usize,
    overflow: bool,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) {
        match self
            .out
            .get_mut(self.at..self.at.saturating_add(bytes.len()))
        {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.at += bytes.len();
            }
            None => self.overflow = true,
        }
    }

    fn word(&mut self, value: u32) {
        self.put(&value.to_be_bytes());
    }

    /// Header with count and type; `words` follow it.
    fn header(&mut self, count: u8, kind: u8, words: u16) {
        self.put(&[0x80 | count, kind]);
        self.put(&words.to_be_bytes());
    }
}

impl Report<'_> {
    /// Writes SR or RR, then SDES with the CNAME, then BYE if wanted; the length, or none when `out` is too small.
    #[must_use]
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        let mut writer = Writer {
            out,
            at: 0,
            overflow: false,
        };
        let blocks = u8::from(self.received.is_some());
        let block_words = u16::from(blocks) * 6;
        match self.sent {
            Some(info) => {
                writer.header(blocks, SENDER_REPORT, 6 + block_words);
                writer.word(self.ssrc);
                writer.word(info.ntp.as_secs() as u32);
                writer.word(((u64::from(info.ntp.subsec_nanos()) << 32) / 1_000_000_000) as u32);
                writer.word(info.timestamp);
                writer.word(info.packets);
                writer.word(info.octets);
            }
            None => {
                writer.header(blocks, RECEIVER_REPORT, 1 + block_words);
                writer.word(self.ssrc);
            }
        }
        if let Some(received) = self.received {
            self.write_block(received, &mut writer);
        }
        self.write_description(&mut writer);
        if self.goodbye {
            writer.header(1, GOODBYE, 1);
            writer.word(self.ssrc);
        }
        (!writer.overflow).then_some(writer.at)
    }

    fn write_block(&self, received: ReceptionReport, writer: &mut Writer<'_>) {
        let (last, delay) = self.last_sender_report.map_or((0, 0), |(time, ago)| {
            (
                time,
                (ago.as_micros() * 65_536 / 1_000_000).min(u128::from(u32::MAX)) as u32,
            )
        });
        writer.word(received.ssrc);
        writer.word((u32::from(received.fraction_lost) << 24) | (received.lost & 0xff_ffff));
        writer.word(received.highest);
        writer.word(received.jitter);
        writer.word(last);
        writer.word(delay);
    }

    fn write_description(&self, writer: &mut Writer<'_>) {
        let name = self.cname.as_bytes();
        let name = &name[..name.len().min(255)];
        // SSRC, item type and length, name, at least one zero, up to the next word.
        let words = (4 + 2 + name.len() + 1).div_ceil(4);
        let zeros = words * 4 - (4 + 2 + name.len());
        writer.header(1, SOURCE_DESCRIPTION, words as u16);
        writer.word(self.ssrc);
        writer.put(&[CNAME, name.len() as u8]);
        writer.put(name);
        writer.put(&[0; 4][..zeros]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RECEIVED: ReceptionReport = ReceptionReport {
        ssrc: 7,
        fraction_lost: 64,
        lost: 5,
        highest: 70_000,
        jitter: 33,
    };

    fn report(sent: bool, goodbye: bool) -> Report<'static> {
        let info = SenderInfo {
            ntp: Duration::new(0x1234_5678, 500_000_000),
            timestamp: 9,
            packets: 2,
            octets: 320,
        };
        Report {
            ssrc: 42,
            sent: sent.then_some(info),
            received: Some(RECEIVED),
            last_sender_report: Some((0xaabb_ccdd, Duration::from_millis(1500))),
            cname: "leg@host",
            goodbye,
        }
    }

    #[test]
    fn our_reports_read_back() {
        for (sent, goodbye) in [(false, false), (true, false), (true, true)] {
            let mut out = [0; 256];
            let length = report(sent, goodbye).write(&mut out).unwrap();
            assert_eq!(length % 4, 0);
            let compound = parse(&out[..length], 7).unwrap();
            assert_eq!(compound.ssrc, Some(42));
            assert_eq!(compound.sender_time, sent.then_some(0x5678_8000));
            assert_eq!(compound.goodbye, goodbye);
            let expected = ReportBlock {
                ssrc: 7,
                fraction_lost: 64,
                lost: 5,
                jitter: 33,
                last_sender_report: 0xaabb_ccdd,
                delay: 98_304,
            };
            assert_eq!(compound.about_us, Some(expected));
            assert_eq!(parse(&out[..length], 8).unwrap().about_us, None);
        }
    }

    #[test]
    fn name_ends_with_zero_on_a_word_boundary() {
        for name in ["", "a", "ab", "abc", "abcd", "abcde"] {
            let mut out = [0xee; 128];
            let length = Report {
                received: None,
                cname: name,
                ..report(false, false)
            }
            .write(&mut out)
            .unwrap();
            let description = &out[8..length];
            assert_eq!(usize::from(description[3]), description.len() / 4 - 1);
            assert_eq!(usize::from(description[9]), name.len());
            assert_eq!(&description[10..10 + name.len()], name.as_bytes());
            assert_eq!(description.last(), Some(&0));
            assert!(parse(&out[..length], 0).is_ok());
        }
    }

    #[test]
    fn a_small_buffer_is_refused() {
        assert_eq!(report(true, true).write(&mut [0; 60]), None);
    }

    #[test]
    fn negative_loss_and_broken_packets() {
        let mut out = [0; 256];
        let length = report(false, false).write(&mut out).unwrap();
        out[13..16].copy_from_slice(&[0xff, 0xff, 0xff]);
        assert_eq!(parse(&out[..length], 7).unwrap().about_us.unwrap().lost, -1);
        assert_eq!(parse(&out[..length - 1], 7), Err(RtcpError::Short));
        assert_eq!(parse(&[], 7), Err(RtcpError::Short));
        assert_eq!(parse(&[0x80, 0, 0, 0], 7), Err(RtcpError::Foreign));
        // A count of blocks that are not there.
        assert_eq!(
            parse(&[0x9f, 201, 0, 1, 0, 0, 0, 1], 7).unwrap().about_us,
            None
        );
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), own in any::<u32>()) {
            let _ = parse(&bytes, own);
        }

        #[test]
        fn damaged_reports_never_panic(at in 0usize..80, value in any::<u8>()) {
            let mut out = [0; 256];
            let length = report(true, true).write(&mut out).unwrap();
            out[at % length] = value;
            let _ = parse(&out[..length], 7);
        }
    }
}
