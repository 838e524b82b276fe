//! What SIPp sends: an RTP stream of numbered tone packets with keys in it, as a capture file that SIPp plays.
//!
//! One source, one run of sequence numbers and timestamps, keys as RFC 4733 events in the place of audio: what a real
//! phone does. (SIPp's own `play_dtmf` sends keys as a second source with unmapped packets before them.)

use super::super::phone::audio::{Numbered, PACKET};

/// Payload type of events in our scenarios.
const EVENT_TYPE: u8 = 101;
/// Packets of one event: while the key is down, and those that say it is up.
const KEY_DOWN: u64 = 8;
const KEY_UP: u64 = 3;

/// One leg's stream.
#[derive(Clone, Debug)]
pub(crate) struct Track {
    leg: u8,
    hz: f64,
    packets: u64,
    keys: Vec<(u64, char)>,
}

impl Track {
    /// `seconds` of packets that carry `leg` and their number, and a tone.
    pub(crate) fn new(leg: u8, hz: f64, seconds: u64) -> Self {
        Self {
            leg,
            hz,
            packets: seconds * 50,
            keys: Vec::new(),
        }
    }

    /// A key, so many milliseconds after the start.
    #[must_use]
    pub(crate) fn key(mut self, key: char, after: u64) -> Self {
        self.keys.push((after / 20, key));
        self
    }

    /// The capture file: Ethernet, IPv4, UDP, RTP, one packet every 20 ms. Addresses are SIPp's to fill in.
    pub(crate) fn to_pcap(&self) -> Vec<u8> {
        let mut file = Vec::new();
        for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1] {
            file.extend_from_slice(&word.to_le_bytes());
        }
        let mut number = 0;
        for place in 0..self.packets {
            let rtp = self.packet(place, &mut number);
            let frame = ethernet(&rtp);
            let length = frame.len() as u32;
            let (seconds, micros) = (place / 50, place % 50 * 20_000);
            for word in [seconds as u32, micros as u32, length, length] {
                file.extend_from_slice(&word.to_le_bytes());
            }
            file.extend_from_slice(&frame);
        }
        file
    }

    fn packet(&self, place: u64, number: &mut u32) -> Vec<u8> {
        let is_now =
            |(start, _): &&(u64, char)| (*start..*start + KEY_DOWN + KEY_UP).contains(&place);
        let (payload_type, timestamp_of, payload) = match self.keys.iter().find(is_now) {
            Some((start, key)) => (EVENT_TYPE, *start, event(*key, place - start)),
            None => {
                let numbered = Numbered {
                    leg: self.leg,
                    number: *number,
                };
                *number += 1;
                (0, place, numbered.payload(self.hz))
            }
        };
        let begins = place == 0 || self.keys.iter().any(|(start, _)| *start == place);
        let mut rtp = vec![0x80, payload_type | u8::from(begins) << 7];
        rtp.extend_from_slice(&(place as u16).to_be_bytes());
        rtp.extend_from_slice(&((timestamp_of * PACKET as u64) as u32).to_be_bytes());
        rtp.extend_from_slice(&(0x5109_0000 | u32::from(self.leg)).to_be_bytes());
        rtp.extend(payload);
        rtp
    }
}

/// The payload of the `count`th packet of an event.
fn event(key: char, count: u64) -> Vec<u8> {
    let code = "0123456789*#ABCD".find(key).unwrap_or_default() as u8;
    let end = if count < KEY_DOWN { 0 } else { 0x80 };
    let duration = ((count + 1).min(KEY_DOWN) as u16 * PACKET as u16).to_be_bytes();
    vec![code, end | 10, duration[0], duration[1]]
}

/// The headers below RTP; lengths are right, checksums are SIPp's to make.
fn ethernet(rtp: &[u8]) -> Vec<u8> {
    let udp_length = (rtp.len() + 8) as u16;
    let mut frame = vec![0; 12];
    frame.extend_from_slice(&[0x08, 0x00, 0x45, 0x00]);
    frame.extend_from_slice(&(udp_length + 20).to_be_bytes());
    frame.extend_from_slice(&[0, 0, 0x40, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
    for port in [40_000_u16, 40_000, udp_length, 0] {
        frame.extend_from_slice(&port.to_be_bytes());
    }
    frame.extend_from_slice(rtp);
    frame
}
