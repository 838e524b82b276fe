//! STUN binding requests on the SIP port: how a phone keeps its flow alive over UDP (RFC 5626 4.4.2, RFC 5389).
//!
//! **Owns**: telling STUN from SIP, the checks, the answer. **Must not know**: sockets, who may send how much.
//!
//! An answer is at most [`LONGER`] bytes longer than what asked for it, goes only to where that came from, and holds
//! nothing but that address.

use bytes::{BufMut, Bytes, BytesMut};
use std::net::{IpAddr, SocketAddr};

/// By how much an answer may be longer than its request: the address and, where there was none before, nothing else.
pub const LONGER: usize = 24;

const COOKIE: u32 = 0x2112_A442;
const HEADER: usize = 20;
const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const ERROR_CODE: u16 = 0x0009;
const UNKNOWN_ATTRIBUTES: u16 = 0x000A;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const FINGERPRINT: u16 = 0x8028;
/// Attributes from here on need not be understood.
const OPTIONAL: u16 = 0x8000;
/// What is understood: USERNAME, MESSAGE-INTEGRITY, REALM, NONCE. Nobody has to prove anything here.
const UNDERSTOOD: [u16; 4] = [0x0006, MESSAGE_INTEGRITY, 0x0014, 0x0015];
/// The fingerprint is told apart from other checksums by this (RFC 5389 15.5).
const FINGERPRINT_XOR: u32 = 0x5354_554E;
/// Attributes that are told as unknown at most.
const TOLD: usize = 4;

/// Whether these bytes are STUN: the first two bits are zero, which no SIP message has, and the cookie is there.
#[must_use]
pub fn is_stun(bytes: &[u8]) -> bool {
    let starts = bytes.first().is_some_and(|first| first & 0xC0 == 0);
    starts && bytes.len() >= HEADER && number(bytes, 4) == Some(COOKIE)
}

/// The answer to a binding request from this address; none for everything else, indications among it, and for what is
/// damaged.
#[must_use]
pub fn answer(bytes: &[u8], source: SocketAddr) -> Option<Bytes> {
    let kind = short(bytes, 0)?;
    let length = usize::from(short(bytes, 2)?);
    let is_whole = length.checked_add(HEADER)? == bytes.len() && length.is_multiple_of(4);
    if kind != BINDING_REQUEST || !is_stun(bytes) || !is_whole {
        return None;
    }
    let read = attributes(bytes)?;
    let transaction = bytes.get(8..HEADER)?;
    let mut body = BytesMut::new();
    let kind = if read.unknown.is_empty() {
        put_address(&mut body, source, transaction);
        BINDING_SUCCESS
    } else {
        put_refusal(&mut body, &read.unknown);
        BINDING_ERROR
    };
    let mut length = u16::try_from(body.len()).ok()?;
    length += if read.fingerprint { 8 } else { 0 };
    let mut message = BytesMut::new();
    message.put_u16(kind);
    message.put_u16(length);
    message.put_u32(COOKIE);
    message.put_slice(transaction);
    message.put_slice(&body);
    if read.fingerprint {
        let sum = crc32fast::hash(&message) ^ FINGERPRINT_XOR;
        message.put_u16(FINGERPRINT);
        message.put_u16(4);
        message.put_u32(sum);
    }
    Some(message.freeze())
}

/// What a request holds.
#[derive(Default)]
struct Read {
    /// Attributes that must be understood and are not.
    unknown: Vec<u16>,
    fingerprint: bool,
}

/// Walks the attributes; none when one of them is cut off, or the fingerprint is wrong or not the last.
fn attributes(bytes: &[u8]) -> Option<Read> {
    let (mut read, mut at, mut signed) = (Read::default(), HEADER, false);
    while at < bytes.len() {
        let (kind, length) = (short(bytes, at)?, usize::from(short(bytes, at + 2)?));
        let begin = at.checked_add(4)?;
        let end = begin.checked_add(length)?.checked_next_multiple_of(4)?;
        if end > bytes.len() {
            return None;
        }
        if kind == FINGERPRINT {
            let sum = crc32fast::hash(bytes.get(..at)?) ^ FINGERPRINT_XOR;
            if length != 4 || end != bytes.len() || number(bytes, begin) != Some(sum) {
                return None;
            }
            read.fingerprint = true;
        } else if !signed && kind < OPTIONAL && !UNDERSTOOD.contains(&kind) {
            read.unknown.push(kind);
        }
        // What follows the integrity, the fingerprint apart, is not part of the message (RFC 5389 15.4).
        signed |= kind == MESSAGE_INTEGRITY;
        at = end;
    }
    Some(read)
}

/// XOR-MAPPED-ADDRESS (RFC 5389 15.2): some translators rewrite addresses that they find in packets.
fn put_address(body: &mut BytesMut, source: SocketAddr, transaction: &[u8]) {
    let high = (COOKIE >> 16) as u16;
    let key: Vec<u8> = [&COOKIE.to_be_bytes(), transaction].concat();
    let (family, address) = match source.ip().to_canonical() {
        IpAddr::V4(ip) => (1, ip.octets().to_vec()),
        IpAddr::V6(ip) => (2, ip.octets().to_vec()),
    };
    body.put_u16(XOR_MAPPED_ADDRESS);
    body.put_u16(if family == 1 { 8 } else { 20 });
    body.put_u8(0);
    body.put_u8(family);
    body.put_u16(source.port() ^ high);
    body.extend(address.iter().zip(key).map(|(byte, key)| byte ^ key));
}

/// 420 Unknown Attribute (RFC 5389 7.3.1).
fn put_refusal(body: &mut BytesMut, unknown: &[u16]) {
    let told = unknown.get(..unknown.len().min(TOLD)).unwrap_or_default();
    body.put_u16(ERROR_CODE);
    body.put_u16(4);
    body.put_slice(&[0, 0, 4, 20]);
    body.put_u16(UNKNOWN_ATTRIBUTES);
    body.put_u16(told.len() as u16 * 2);
    told.iter().for_each(|kind| body.put_u16(*kind));
    if !told.len().is_multiple_of(2) {
        body.put_u16(0);
    }
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    let found = bytes.get(at..)?.first_chunk::<2>()?;
    Some(u16::from_be_bytes(*found))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let found = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_be_bytes(*found))
}

#[cfg(test)]
mod tests;
