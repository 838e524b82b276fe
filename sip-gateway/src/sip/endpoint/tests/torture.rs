//! RFC 4475 live: what each message is answered when it comes from a trunk, and that a call still goes through after
//! it.

use super::kit::{CARRIER, Net, OFFICE, Packet, address, seconds};
use super::puppet::{TRUNK, status};
use crate::sip::message::tests::torture;
use std::time::Duration;

/// The status of each message; 0 where nothing final may come: responses, and INVITEs that become a call.
const ANSWERS: [(&str, u16); 49] = [
    ("wsinv", 481),
    ("intmeth", 501),
    ("esc01", 0),
    ("escnull", 401),
    ("esc02", 501),
    ("lwsdisp", 200),
    ("longreq", 0),
    ("dblreq", 401),
    ("semiuri", 200),
    ("transports", 200),
    ("mpart01", 405),
    ("unreason", 0),
    ("noreason", 0),
    ("badinv01", 400),
    ("clerr", 400),
    ("ncl", 400),
    ("scalar02", 400),
    ("scalarlg", 0),
    ("quotbal", 400),
    ("ltgtruri", 400),
    ("lwsruri", 400),
    ("lwsstart", 400),
    ("trws", 400),
    ("escruri", 400),
    ("baddate", 0),
    ("regbadct", 400),
    ("badaspec", 400),
    ("baddn", 400),
    ("badvers", 505),
    ("mismatch01", 400),
    ("mismatch02", 501),
    ("bigcode", 0),
    ("badbranch", 400),
    ("insuf", 400),
    ("unkscm", 416),
    ("novelsc", 416),
    ("unksm2", 400),
    ("bext01", 420),
    ("invut", 415),
    ("regaut01", 401),
    ("multi01", 400),
    ("mcl01", 400),
    ("bcast", 0),
    ("zeromf", 200),
    ("cparam01", 401),
    ("cparam02", 401),
    ("regescrt", 401),
    ("sdp01", 406),
    ("inv2543", 400),
];

/// Those that become a call, with the number dialled.
const CALLS: [(&str, &str); 3] = [
    ("esc01", "sips:user@example.com"),
    ("longreq", "user"),
    ("baddate", "user"),
];

#[test]
fn every_message_is_answered_as_the_table_says_and_calls_go_on() {
    let expected = |name: &str| ANSWERS.iter().find(|(known, _)| *known == name).unwrap().1;
    for message in torture::all() {
        let mut net = Net::new(1);
        let from = TRUNK.parse().unwrap();
        net.post(Packet {
            from,
            to: address(OFFICE),
            bytes: message.bytes.into(),
        });
        net.run(Duration::from_millis(100));
        let name = message.name;
        // Where a Via has no rport the answer goes to another port, never to another host.
        assert!(
            net.mail.iter().all(|packet| packet.to.ip() == from.ip()),
            "{name}"
        );
        let answers: Vec<String> = net.mail.iter().map(Packet::text).collect();
        assert_eq!(status(&answers), expected(name), "{name}: {answers:?}");
        let call = CALLS.iter().find(|(known, _)| *known == name);
        assert_eq!(
            net.count_incoming(OFFICE),
            usize::from(call.is_some()),
            "{name}"
        );
        if let Some((_, dialled)) = call {
            assert_eq!(
                &net.incoming(OFFICE).unwrap().dialed_user,
                dialled,
                "{name}"
            );
            let leg = net.incoming_leg(OFFICE);
            net.hang_up(OFFICE, leg);
        }
        let alive = net.dial(CARRIER, OFFICE, None);
        net.run(seconds(1));
        let called = net.incoming_leg(OFFICE);
        net.answer(OFFICE, called);
        net.run(seconds(1));
        assert!(net.is_answered(CARRIER, alive), "{name}");
        net.hang_up(CARRIER, alive);
        net.assert_clean(name);
    }
}
