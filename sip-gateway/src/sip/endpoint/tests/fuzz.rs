//! Damaged messages in the middle of real traffic: nothing panics, nothing is left behind, calls end.

use super::kit::{CARRIER, Dice, Net, OFFICE, PHONE, Packet, credentials, seconds};
use super::puppet::TRUNK;
use crate::leg::LegId;
use crate::sip::message::tests::torture;
use crate::sip::port::{SipCommand, SipEvent};
use bytes::Bytes;
use std::time::Duration;

/// Changes, doubles, removes or swaps pieces.
fn damage(bytes: &[u8], dice: &mut Dice) -> Bytes {
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.below(3) {
        let length = bytes.len() as u64;
        if length < 2 {
            break;
        }
        let mut place = || usize::try_from(dice.below(length)).unwrap_or(0);
        let (a, b) = (place(), place());
        let (start, end) = (a.min(b), a.max(b));
        match dice.below(6) {
            0 => bytes[start] = u8::try_from(dice.below(256)).unwrap_or(0),
            1 => bytes[start] = b"\r\n\0 \";,<>@:=%/"[usize::try_from(dice.below(14)).unwrap_or(0)],
            2 => bytes.truncate(end),
            3 => bytes.swap(start, end),
            4 => {
                bytes.drain(start..end.min(start + 20));
            }
            _ => {
                let piece = bytes[start..end.min(start + 40)].to_vec();
                bytes.splice(start..start, piece);
            }
        }
    }
    bytes.into()
}

/// Every leg that came in and has not ended.
fn open_legs(net: &Net, index: usize) -> Vec<LegId> {
    let came = net.events[index].iter().filter_map(|event| match event {
        SipEvent::Incoming { call, .. } => Some(call.leg),
        _ => None,
    });
    came.filter(|leg| net.ends(index, *leg).is_empty())
        .collect()
}

/// Sends damaged copies of everything that was sent since `seen`, from where the originals came.
fn echo_damaged(net: &mut Net, seen: &mut usize, dice: &mut Dice) {
    let sent: Vec<Packet> = net.trace[*seen..]
        .iter()
        .map(|(_, packet)| packet.clone())
        .collect();
    for packet in sent {
        for _ in 0..3 {
            let bytes = damage(&packet.bytes, dice);
            net.post(Packet {
                bytes,
                ..packet.clone()
            });
        }
    }
    net.run(Duration::from_millis(20));
    *seen = net.trace.len();
}

#[test]
fn damaged_copies_of_live_traffic_do_no_harm() {
    for seed in 0..40 {
        let (mut net, mut dice, mut seen) = (Net::new(seed), Dice(seed), 0);
        net.register(PHONE, "2001", credentials("2001"));
        let caller = net.dial(CARRIER, OFFICE, None);
        for step in 0..12 {
            echo_damaged(&mut net, &mut seen, &mut dice);
            match step {
                2 => {
                    net.dial_device("2001");
                }
                4 | 6 => {
                    for index in [OFFICE, PHONE] {
                        for leg in open_legs(&net, index) {
                            net.answer(index, leg);
                        }
                    }
                }
                8 => {
                    let leg = open_legs(&net, OFFICE).first().copied().unwrap_or(caller);
                    let result = Ok(Bytes::from_static(b"v=0"));
                    net.command(OFFICE, SipCommand::Reanswer { leg, result });
                    net.hang_up(CARRIER, caller);
                }
                _ => {}
            }
        }
        // Damage may leave an INVITE that is repeated, so what arrives late is hung up too.
        net.command(
            PHONE,
            SipCommand::Unregister {
                address_of_record: "sip:2001@office.test".to_owned(),
            },
        );
        for _ in 0..4 {
            for index in [OFFICE, PHONE, CARRIER] {
                for leg in open_legs(&net, index) {
                    net.hang_up(index, leg);
                }
            }
            let dialled: Vec<LegId> = (1..10).map(|n| LegId(2 * n)).collect();
            for leg in dialled {
                net.hang_up(OFFICE, leg);
                net.hang_up(CARRIER, leg);
            }
            net.run(seconds(33));
        }
        net.assert_clean(&format!("seed {seed}"));
    }
}

#[test]
fn damaged_torture_messages_do_no_harm() {
    let (mut net, mut dice) = (Net::new(1), Dice(4475));
    let from = TRUNK.parse().unwrap();
    let to = super::kit::address(OFFICE);
    for message in torture::all() {
        for _ in 0..60 {
            let bytes = damage(&message.bytes, &mut dice);
            net.post(Packet { from, to, bytes });
            net.run(Duration::from_millis(10));
        }
    }
    for leg in open_legs(&net, OFFICE) {
        net.hang_up(OFFICE, leg);
    }
    assert!(net.endpoints[OFFICE].counters().received >= 49 * 60);
    net.run(seconds(33));
    net.assert_clean("damaged torture");
}
