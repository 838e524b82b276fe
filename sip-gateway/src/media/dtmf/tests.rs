use super::*;
use proptest::prelude::*;

fn payload(event: u8, duration: u16, end: bool) -> EventPayload {
    EventPayload {
        event,
        end,
        volume: 10,
        duration,
    }
}

/// The packets of one press: three updates, three ends.
fn press(event: u8, timestamp: u32) -> Vec<(u32, EventPayload)> {
    let steps = [
        (160, false),
        (320, false),
        (480, false),
        (640, true),
        (640, true),
        (640, true),
    ];
    steps
        .iter()
        .map(|(duration, end)| (timestamp, payload(event, *duration, *end)))
        .collect()
}

fn keys(packets: impl IntoIterator<Item = (u32, EventPayload)>) -> String {
    let mut receiver = KeyReceiver::default();
    packets
        .into_iter()
        .filter_map(|(timestamp, payload)| receiver.receive(1, timestamp, payload))
        .filter_map(key_of)
        .collect()
}

#[test]
fn payload_reads_back() {
    let one = payload(11, 0x1234, true);
    assert_eq!(EventPayload::parse(&one.to_bytes()), Some(one));
    assert_eq!(EventPayload::parse(&[1, 2, 3]), None);
    for key in "0123456789*#ABCD".chars() {
        assert_eq!(key_of(event_of(key).unwrap()), Some(key));
    }
    assert_eq!((event_of('x'), key_of(16)), (None, None));
    assert_eq!(event_of('d'), Some(15));
}

#[test]
fn one_press_is_one_key() {
    assert_eq!(keys(press(1, 0)), "1");
    assert_eq!(
        keys(
            press(1, 0)
                .into_iter()
                .chain(press(1, 2000))
                .chain(press(10, 4000))
        ),
        "11*"
    );
}

#[test]
fn any_packets_of_a_press_may_be_lost() {
    for kept in 1..64u32 {
        let some = |timestamp| {
            let all = press(5, timestamp).into_iter().enumerate();
            all.filter(move |(n, _)| kept & (1 << n) != 0)
                .map(|(_, packet)| packet)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            keys(some(0).into_iter().chain(some(1600))),
            "55",
            "mask {kept:#b}"
        );
    }
}

#[test]
fn late_ends_of_the_key_before_are_not_new_keys() {
    let mut packets = press(1, 1000);
    packets.extend(press(2, 3000));
    packets.push((1000, payload(1, 640, true)));
    packets.extend(press(3, 5000));
    assert_eq!(keys(packets), "123");
}

#[test]
fn timestamps_wrap_and_begin_anew() {
    assert_eq!(
        keys(press(1, u32::MAX - 100).into_iter().chain(press(2, 1500))),
        "12"
    );
    assert_eq!(
        keys(press(1, 3_000_000).into_iter().chain(press(2, 1500))),
        "12"
    );
    let mut receiver = KeyReceiver::default();
    assert_eq!(receiver.receive(1, 50_000, payload(1, 160, true)), Some(1));
    assert_eq!(receiver.receive(2, 49_000, payload(1, 160, true)), Some(1));
}

#[test]
fn a_key_held_for_long_is_one_key() {
    let mut packets = Vec::new();
    for segment in 0..3u32 {
        let start = segment * 65_535;
        packets.extend((1..=409).map(|n| (start, payload(7, n * 160, false))));
        packets.push((start, payload(7, 65_535, false)));
    }
    packets.push((3 * 65_535, payload(7, 160, true)));
    assert_eq!(keys(packets), "7");
}

#[test]
fn two_keys_on_one_timestamp_are_told_apart_by_the_end() {
    assert_eq!(keys(press(1, 0).into_iter().chain(press(2, 0))), "12");
}

#[test]
fn other_events_are_no_keys() {
    assert_eq!(keys(press(16, 0).into_iter().chain(press(255, 3000))), "");
}

#[test]
fn sent_keys_are_received() {
    let mut sender = KeySender::default();
    assert!(sender.push('5') && sender.push('5') && sender.push('#'));
    assert!(!sender.push('x'));
    let (mut receiver, mut heard, mut timestamp, mut ends) =
        (KeyReceiver::default(), String::new(), 0, 0);
    for step in 0..100u32 {
        match sender.step() {
            KeyStep::Packet(packet) => {
                if packet.first {
                    timestamp = step * 160;
                }
                ends += u32::from(packet.payload.end);
                let event = receiver.receive(1, timestamp, packet.payload);
                heard.extend(event.and_then(key_of));
            }
            KeyStep::Pause => {}
            KeyStep::Idle => break,
        }
    }
    assert_eq!((heard.as_str(), ends, sender.is_busy()), ("55#", 9, false));
}

#[test]
fn waiting_keys_are_bounded() {
    let mut sender = KeySender::default();
    assert_eq!((0..100).filter(|_| sender.push('1')).count(), WAITING);
}

proptest! {
    #[test]
    fn any_payload_never_panics(packets in proptest::collection::vec((any::<u32>(), any::<u32>(), proptest::collection::vec(any::<u8>(), 0..8)), 0..60)) {
        let mut receiver = KeyReceiver::default();
        for (ssrc, timestamp, bytes) in packets {
            if let Some(payload) = EventPayload::parse(&bytes) {
                let _ = receiver.receive(ssrc, timestamp, payload);
            }
        }
    }

    #[test]
    fn presses_are_counted_whatever_is_lost(masks in proptest::collection::vec(1u32..64, 1..20)) {
        let packets = masks.iter().enumerate().flat_map(|(n, mask)| {
            press((n % 16) as u8, n as u32 * 2000).into_iter().enumerate()
                .filter(move |(at, _)| mask & (1 << at) != 0).map(|(_, packet)| packet)
        });
        prop_assert_eq!(keys(packets).len(), masks.len());
    }
}
