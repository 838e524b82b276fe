//! The 49 messages of RFC 4475 at a running server, as they are, byte for byte: over UDP, over TCP, byte by byte and
//! several in one write.

use crate::alive::{Alive, PATIENCE};
use crate::messages::{self, Torture};
use crate::support::phone::seconds;
use crate::wire::{Wire, place};
use std::time::Duration;

/// What the server makes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    /// This final status.
    Status(u16),
    /// Nothing: a response, which nobody asked for.
    Nothing,
    /// On a stream: nothing, as its end never comes.
    Waiting,
    /// On a stream: this status and the end of the connection, as nobody can say where the next message begins.
    Lost(u16),
    /// On a stream: this status, and this one to what follows and is another message.
    Two(u16, u16),
}

use Over::{Lost, Nothing, Status, Two, Waiting};

/// The answer over UDP, and over TCP where that is another. The numbers dialled are none of ours: an INVITE that is
/// taken comes back with 404. A REGISTER that is taken is challenged.
const ANSWERS: [(&str, Over, Option<Over>); 49] = [
    ("wsinv", Status(481), None),
    ("intmeth", Status(501), None),
    ("esc01", Status(404), None),
    ("escnull", Status(401), None),
    ("esc02", Status(501), None),
    ("lwsdisp", Status(200), None),
    ("longreq", Status(404), None),
    ("dblreq", Status(401), Some(Two(401, 400))),
    ("semiuri", Status(200), None),
    ("transports", Status(200), None),
    ("mpart01", Status(405), None),
    ("unreason", Nothing, None),
    ("noreason", Nothing, None),
    ("badinv01", Status(400), None),
    ("clerr", Status(400), Some(Waiting)),
    ("ncl", Status(400), Some(Lost(400))),
    ("scalar02", Status(400), None),
    ("scalarlg", Nothing, None),
    ("quotbal", Status(400), None),
    ("ltgtruri", Status(400), None),
    ("lwsruri", Status(400), None),
    ("lwsstart", Status(400), None),
    ("trws", Status(400), None),
    ("escruri", Status(400), None),
    ("baddate", Status(404), None),
    ("regbadct", Status(400), None),
    ("badaspec", Status(400), None),
    // The RFC prints it without its empty line: on a stream its end never comes.
    ("baddn", Status(400), Some(Waiting)),
    ("badvers", Status(505), None),
    ("mismatch01", Status(400), None),
    ("mismatch02", Status(501), None),
    ("bigcode", Nothing, None),
    ("badbranch", Status(400), None),
    ("insuf", Status(400), None),
    ("unkscm", Status(416), None),
    ("novelsc", Status(416), None),
    ("unksm2", Status(400), None),
    ("bext01", Status(420), None),
    ("invut", Status(415), None),
    ("regaut01", Status(401), None),
    ("multi01", Status(400), None),
    ("mcl01", Status(400), Some(Lost(400))),
    ("bcast", Nothing, None),
    ("zeromf", Status(200), None),
    ("cparam01", Status(401), None),
    ("cparam02", Status(401), None),
    ("regescrt", Status(401), None),
    ("sdp01", Status(406), None),
    ("inv2543", Status(400), Some(Lost(400))),
];

/// Ports that the messages' Vias name, to which answers without `rport` go (RFC 3261 18.2.2).
const PORTS: [u16; 2] = [5060, 5050];

fn over_udp(name: &str) -> Over {
    ANSWERS.iter().find(|row| row.0 == name).unwrap().1
}

fn over_tcp(name: &str) -> Over {
    let row = ANSWERS.iter().find(|row| row.0 == name).unwrap();
    row.2.unwrap_or(row.1)
}

/// The final status that comes; none after a time in which a healthy server has long answered.
fn status(wire: &mut Wire, expected: Over) -> Option<u16> {
    let limit = match expected {
        Nothing | Waiting => Duration::from_millis(150),
        _ => PATIENCE,
    };
    wire.next_final(limit)?.status()
}

/// What comes back on `wire` is what `message` must be answered.
fn judge(wire: &mut Wire, message: &Torture, expected: Over) {
    let name = message.name;
    let first = status(wire, expected);
    match expected {
        Nothing | Waiting => assert_eq!(first, None, "{name}"),
        Status(one) => assert_eq!(first, Some(one), "{name}"),
        Lost(one) => {
            assert_eq!(first, Some(one), "{name}");
            assert!(wire.is_closed_within(PATIENCE), "{name}");
        }
        Two(one, two) => {
            assert_eq!(first, Some(one), "{name}");
            assert_eq!(status(wire, expected), Some(two), "{name}");
        }
    }
}

#[test]
fn every_message_over_udp() {
    let mut alive = Alive::start();
    alive.check("the start");
    for (n, message) in (1..).zip(messages::all()) {
        // An address of its own each, so that answers that are repeated disturb nobody.
        let mut wire = Wire::udp(alive.world.sip, place(n), &PORTS);
        wire.send(&message.bytes);
        judge(&mut wire, &message, over_udp(message.name));
        alive.check(message.name);
    }
    // `dblreq` holds an INVITE behind its REGISTER: no call came of it, nor of anything else.
    assert_calls(&alive);
}

/// Only the calls that prove life have left a record of a talk with us.
fn assert_calls(alive: &Alive) {
    alive
        .world
        .wait_for("/interactions?limit=500", seconds(10), |list| {
            let items = list["items"].as_array().unwrap();
            let answered = items.iter().filter(|item| !item["answered_at"].is_null());
            answered.count() == alive.calls() as usize
                && items.iter().all(|item| !item["ended_at"].is_null())
        });
}

#[test]
fn every_message_over_tcp_whole_and_byte_by_byte() {
    let mut alive = Alive::start();
    let mut waiting = Vec::new();
    for (n, message) in (1..).zip(messages::all()) {
        for size in [usize::MAX, 1] {
            let mut wire = Wire::tcp(alive.world.sip, place(n));
            wire.send_cut(&message.bytes, size);
            let expected = over_tcp(message.name);
            judge(&mut wire, &message, expected);
            if expected == Waiting {
                waiting.push(wire);
            }
        }
        alive.check(message.name);
    }
    assert_calls(&alive);
    // A message that never becomes whole keeps its connection for 30 s, not for ever.
    for mut wire in waiting {
        assert!(wire.is_closed_within(seconds(40)));
    }
    alive.assert_clean();
}

/// All messages that leave the stream whole, in one. Calls are refused by another task than the rest, so the order of
/// the answers is not judged.
#[test]
fn several_messages_in_one_write() {
    let all = messages::all();
    let fit: Vec<&Torture> = all
        .iter()
        .filter(|message| matches!(over_tcp(message.name), Status(_) | Nothing))
        .collect();
    assert!(fit.len() >= 43);
    let expected: Vec<u16> = fit
        .iter()
        .filter_map(|message| match over_tcp(message.name) {
            Status(status) => Some(status),
            _ => None,
        })
        .collect();
    let glued: Vec<u8> = fit.iter().flat_map(|m| m.bytes.clone()).collect();
    // All at once, in pieces that cut messages anywhere, byte by byte. A server of its own each: the refused INVITEs,
    // whose ACK never comes, would be taken for repeats.
    for size in [usize::MAX, 4_096, 1_399, 97, 1] {
        let mut alive = Alive::start();
        let mut wire = Wire::tcp(alive.world.sip, place(1));
        wire.send_cut(&glued, size);
        let mut came: Vec<u16> = std::iter::from_fn(|| wire.next_final(PATIENCE)?.status())
            .take(expected.len())
            .collect();
        let mut wanted = expected.clone();
        wanted.sort_unstable();
        came.sort_unstable();
        assert_eq!(came, wanted, "in pieces of {size}");
        alive.check("glued messages");
    }
}
