//! RTP packets (RFC 3550 5.1): reading and writing headers.
//!
//! **Owns**: [`RtpHeader`], [`RtpPacket`]. **Must not know**: sockets, codecs, who sent it.

/// Length of a header without CSRC list and extension, in bytes.
pub const HEADER_LENGTH: usize = 12;

/// The header fields that we use. A header that we write has no CSRC list, no extension and no padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpHeader {
    /// Start of a talkspurt, or of an RFC 4733 event.
    pub marker: bool,
    /// 0-127.
    pub payload_type: u8,
    /// Plus one per packet, wraps.
    pub sequence: u16,
    /// In samples of the payload's clock, wraps.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
}

/// A packet that was read: its header and a view of its payload, without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpPacket<'a> {
    /// The header.
    pub header: RtpHeader,
    /// The payload; may be empty.
    pub payload: &'a [u8],
}

/// Why bytes are not an RTP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RtpError {
    /// Fewer bytes than its header announces.
    #[error("RTP packet is shorter than its header")]
    Short,
    /// Another protocol, such as STUN, or noise.
    #[error("RTP version is not 2")]
    Version,
    /// The padding count is zero or longer than the payload.
    #[error("RTP padding is longer than the payload")]
    Padding,
}

impl RtpHeader {
    /// The header as it goes on the wire.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; HEADER_LENGTH] {
        let mut bytes = [0; HEADER_LENGTH];
        bytes[0] = 0x80;
        bytes[1] = (u8::from(self.marker) << 7) | (self.payload_type & 0x7f);
        bytes[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        bytes[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        bytes
    }

    /// Writes header and payload to the front of `out`; the length written, or none when `out` is too small.
    #[must_use]
    pub fn write(&self, payload: &[u8], out: &mut [u8]) -> Option<usize> {
        let length = HEADER_LENGTH.checked_add(payload.len())?;
        let out = out.get_mut(..length)?;
        let (head, body) = out.split_at_mut(HEADER_LENGTH);
        head.copy_from_slice(&self.to_bytes());
        body.copy_from_slice(payload);
        Some(length)
    }
}

impl<'a> RtpPacket<'a> {
    /// Reads a packet. CSRC list and header extension are skipped, padding is cut off.
    ///
    /// # Errors
    /// When the bytes cannot be an RTP packet.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, RtpError> {
        let (head, mut rest) = bytes
            .split_first_chunk::<HEADER_LENGTH>()
            .ok_or(RtpError::Short)?;
        if head[0] >> 6 != 2 {
            return Err(RtpError::Version);
        }
        let csrc_length = usize::from(head[0] & 0x0f) * 4;
        rest = rest.get(csrc_length..).ok_or(RtpError::Short)?;
        if head[0] & 0x10 != 0 {
            let (extension, after) = rest.split_first_chunk::<4>().ok_or(RtpError::Short)?;
            let words = u16::from_be_bytes([extension[2], extension[3]]);
            rest = after.get(usize::from(words) * 4..).ok_or(RtpError::Short)?;
        }
        if head[0] & 0x20 != 0 {
            let padding = usize::from(*rest.last().ok_or(RtpError::Padding)?);
            let kept = rest.len().checked_sub(padding).ok_or(RtpError::Padding)?;
            if padding == 0 {
                return Err(RtpError::Padding);
            }
            rest = &rest[..kept];
        }
        let header = RtpHeader {
            marker: head[1] & 0x80 != 0,
            payload_type: head[1] & 0x7f,
            sequence: u16::from_be_bytes([head[2], head[3]]),
            timestamp: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
            ssrc: u32::from_be_bytes([head[8], head[9], head[10], head[11]]),
        };
        Ok(Self {
            header,
            payload: rest,
        })
    }
}

/// Whether bytes on an RTP port are RTCP sent there by a party that muxes (RFC 5761 4).
#[must_use]
pub fn is_rtcp(bytes: &[u8]) -> bool {
    matches!(bytes, [first, 192..=223, ..] if first >> 6 == 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header() -> RtpHeader {
        RtpHeader {
            marker: true,
            payload_type: 101,
            sequence: 65_535,
            timestamp: 0x0102_0304,
            ssrc: 0xdead_beef,
        }
    }

    #[test]
    fn written_packet_reads_back() {
        let mut out = [0; 64];
        let length = header().write(&[7; 20], &mut out).unwrap();
        let packet = RtpPacket::parse(&out[..length]).unwrap();
        assert_eq!(
            packet,
            RtpPacket {
                header: header(),
                payload: &[7; 20]
            }
        );
        assert_eq!(header().write(&[7; 20], &mut [0; 31]), None);
    }

    #[test]
    fn csrc_extension_and_padding_are_skipped() {
        let mut bytes = header().to_bytes().to_vec();
        bytes[0] = 0x80 | 0x20 | 0x10 | 2;
        bytes.extend([0; 8]); // two CSRC
        bytes.extend([0xbe, 0xde, 0, 1, 9, 9, 9, 9]); // extension of one word
        bytes.extend([1, 2, 3, 0, 0, 3]); // payload and padding of three
        assert_eq!(RtpPacket::parse(&bytes).unwrap().payload, [1, 2, 3]);
    }

    #[test]
    fn broken_packets_are_refused() {
        let good = header().to_bytes();
        let with = |first: u8, tail: &[u8]| {
            let mut bytes = good.to_vec();
            bytes[0] = first;
            bytes.extend(tail);
            RtpPacket::parse(&bytes).map(|packet| packet.payload.len())
        };
        assert_eq!(RtpPacket::parse(&good[..11]).unwrap_err(), RtpError::Short);
        assert_eq!(with(0x40, &[]), Err(RtpError::Version));
        assert_eq!(with(0x81, &[0; 3]), Err(RtpError::Short));
        assert_eq!(with(0x90, &[0, 0, 0]), Err(RtpError::Short));
        assert_eq!(with(0x90, &[0, 0, 0xff, 0xff, 0]), Err(RtpError::Short));
        assert_eq!(with(0xa0, &[]), Err(RtpError::Padding));
        assert_eq!(with(0xa0, &[1, 0]), Err(RtpError::Padding));
        assert_eq!(with(0xa0, &[1, 3]), Err(RtpError::Padding));
        assert_eq!(with(0xa0, &[1, 2]), Ok(0));
        assert_eq!(with(0x80, &[]), Ok(0));
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = RtpPacket::parse(&bytes);
            let _ = is_rtcp(&bytes);
        }
    }
}
