//! As much of Ogg (RFC 3533) and of Opus in it (RFC 7845) as it takes to hand packets to ffmpeg and to get them back.

/// A file with these packets of 20 ms.
pub(crate) fn file(packets: &[Vec<u8>]) -> Vec<u8> {
    let head = [
        &b"OpusHead\x01\x01"[..],
        &[0, 0],
        &8_000u32.to_le_bytes(),
        &[0, 0, 0],
    ]
    .concat();
    let tags = [&b"OpusTags"[..], &4u32.to_le_bytes(), b"test", &[0; 4]].concat();
    let mut file = page(2, 0, 0, &head);
    file.extend(page(0, 0, 1, &tags));
    for (at, packet) in packets.iter().enumerate() {
        let last = if at + 1 == packets.len() { 4 } else { 0 };
        file.extend(page(last, (at as u64 + 1) * 960, at as u32 + 2, packet));
    }
    file
}

fn page(kind: u8, position: u64, number: u32, packet: &[u8]) -> Vec<u8> {
    let mut lengths = vec![255; packet.len() / 255];
    lengths.push((packet.len() % 255) as u8);
    let mut page = [
        &b"OggS\0"[..],
        &[kind],
        &position.to_le_bytes(),
        &1u32.to_le_bytes(),
        &number.to_le_bytes(),
        &[0; 4],
        &[lengths.len() as u8],
        &lengths,
        packet,
    ]
    .concat();
    let sum = checksum(&page).to_le_bytes();
    page[22..26].copy_from_slice(&sum);
    page
}

fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum: u32, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << 24, |sum, _| {
            let carry = if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 };
            sum << 1 ^ carry
        })
    })
}

/// The packets of a file, without its two of head and tags.
pub(crate) fn packets(file: &[u8]) -> Vec<Vec<u8>> {
    let (mut packets, mut packet, mut rest) = (Vec::new(), Vec::new(), file);
    while rest.len() > 27 {
        assert_eq!(&rest[..4], b"OggS");
        let count = usize::from(rest[26]);
        let (lengths, mut body) = rest[27..].split_at(count);
        for length in lengths {
            let (piece, after) = body.split_at(usize::from(*length));
            packet.extend_from_slice(piece);
            body = after;
            if *length < 255 {
                packets.push(std::mem::take(&mut packet));
            }
        }
        rest = body;
    }
    packets.split_off(2)
}
