//! Seeded damage to bytes, and bytes as text for failures and corpora.
//!
//! **Owns**: [`Dice`], [`escaped`], [`corpus`]. **Must not know**: what the bytes mean, but that SIP has lines.

use std::path::Path;
use std::time::Duration;

/// Pieces that parsers have stumbled over.
const SPICE: [&[u8]; 22] = [
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\0",
    b"\xff\xfe",
    b"\xc3",
    b"\"",
    b"\\",
    b"<",
    b">",
    b",",
    b";",
    b";;",
    b"%00",
    b"%",
    b"@",
    b"[::",
    b"%s%n",
    b"-1",
    b"99999999999999999999",
    b"4294967296",
    b"\r\n ",
];

/// Numbers that look random and are the same each time (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// Up to `most` bytes of noise.
    pub(crate) fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.below(most);
        (0..length).map(|_| self.next() as u8).collect()
    }

    /// One of them.
    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// One to six changes: bits, cuts, pieces doubled, taken out, put in; in text also whole lines.
    pub(crate) fn mutate(&mut self, seed: &[u8]) -> Vec<u8> {
        let mut out = seed.to_vec();
        for _ in 0..=self.below(6) {
            if out.is_empty() {
                return out;
            }
            let at = self.below(out.len());
            match self.below(16) {
                0 => out.truncate(at),
                1 => out.insert(at, self.next() as u8),
                2 => {
                    let piece = out[at..(at + self.below(40)).min(out.len())].to_vec();
                    out.splice(at..at, piece);
                }
                3 => drop(out.drain(at..(at + self.below(20)).min(out.len()))),
                4..=6 => out
                    .splice(at..at, SPICE[self.below(SPICE.len())].to_vec())
                    .for_each(drop),
                7 => {
                    let end = (at + 1 + self.below(8)).min(out.len());
                    let spice = SPICE[self.below(SPICE.len())].to_vec();
                    out.splice(at..end, spice).for_each(drop);
                }
                8..=11 => out = self.shuffle_lines(&out),
                _ => out[at] ^= 1 << self.below(8),
            }
        }
        out
    }

    /// A line taken out, doubled, moved, emptied behind its colon, or made very long.
    fn shuffle_lines(&mut self, text: &[u8]) -> Vec<u8> {
        let mut lines: Vec<Vec<u8>> = text
            .split_inclusive(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect();
        let (from, to) = (self.below(lines.len()), self.below(lines.len()));
        match self.below(6) {
            0 => drop(lines.remove(from)),
            1 => lines.insert(to, lines[from].clone()),
            2 => {
                let line = lines.remove(from);
                lines.insert(to.min(lines.len()), line);
            }
            3 => {
                let line = &mut lines[from];
                let colon = line.iter().position(|byte| *byte == b':');
                line.truncate(colon.map_or(0, |at| at + 1));
                line.extend_from_slice(b"\r\n");
            }
            4 => {
                let count = 1 << self.below(14);
                let byte = *self.pick(b"aA0,;<\"% ");
                let line = &mut lines[from];
                let at = line.len().saturating_sub(2);
                line.splice(at..at, std::iter::repeat_n(byte, count));
            }
            _ => {
                // The value of one line under the name of another.
                let other = lines[to].clone();
                let value = other.iter().position(|byte| *byte == b':');
                let line = &mut lines[from];
                let colon = line.iter().position(|byte| *byte == b':');
                if let (Some(colon), Some(value)) = (colon, value) {
                    line.truncate(colon);
                    line.extend_from_slice(&other[value..]);
                }
            }
        }
        lines.concat()
    }
}

/// How long to go on: `long` under `CORDBOARD_LONG=1`, else `short`.
pub(crate) fn time(short: Duration, long: Duration) -> Duration {
    let is_long = std::env::var_os("CORDBOARD_LONG").is_some_and(|value| value == "1");
    if is_long { long } else { short }
}

/// Bytes as one line of text, as they stand in a corpus.
pub(crate) fn escaped(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// The inputs of a corpus file: one a line, escaped; lines that begin with `#` say why the next one is there.
pub(crate) fn corpus(path: &Path) -> Vec<Vec<u8>> {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(unescaped).collect()
}

fn unescaped(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'n') => bytes.push(b'\n'),
            Some(b'r') => bytes.push(b'\r'),
            Some(b't') => bytes.push(b'\t'),
            Some(b'x') => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                bytes.push(u8::from_str_radix(&digits, 16).unwrap());
            }
            Some(other) => bytes.push(other),
            None => panic!("a corpus line ends in a backslash: {line}"),
        }
    }
    bytes
}
