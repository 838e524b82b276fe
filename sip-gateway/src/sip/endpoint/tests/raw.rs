//! What requests from nowhere known, from trunks and from devices are answered, one by one.

use super::kit::{CARRIER, Net, OFFICE, address, office_accounts, seconds};
use super::puppet::{Draft, STRANGER, TRUNK, header, send, status};
use crate::sip::port::SipCommand;

fn ask(
    net: &mut Net,
    from: &str,
    method: &'static str,
    change: impl FnOnce(&mut Draft),
) -> Vec<String> {
    let mut draft = Draft::new(method);
    change(&mut draft);
    draft.send(net, from)
}

#[test]
fn the_rule_of_identity_holds_for_every_method() {
    let known = |draft: &mut Draft| draft.from_user = "2001".to_owned();
    let with_tag = |draft: &mut Draft| draft.to = "<sip:9000@office.test>;tag=none".to_owned();
    let table: [(&str, u16, u16, u16, u16); 15] = [
        // method, from nowhere, from a trunk, as a device without credentials, inside no dialog
        ("INVITE", 401, 0, 401, 481),
        ("REGISTER", 401, 401, 401, 401),
        ("OPTIONS", 200, 200, 200, 481),
        ("BYE", 481, 481, 481, 481),
        ("CANCEL", 481, 481, 481, 481),
        ("INFO", 481, 481, 481, 481),
        ("UPDATE", 481, 481, 481, 481),
        ("PRACK", 481, 481, 481, 481),
        ("MESSAGE", 401, 405, 401, 481),
        ("SUBSCRIBE", 401, 405, 401, 481),
        ("NOTIFY", 401, 405, 401, 481),
        ("PUBLISH", 401, 405, 401, 481),
        ("REFER", 401, 405, 401, 481),
        ("DANCE", 501, 501, 501, 501),
        ("ACK", 0, 0, 0, 0),
    ];
    for (method, nowhere, trunk, device, tagged) in table {
        let label = |who| format!("{method} {who}");
        let fresh = || Net::new(1);
        assert_eq!(
            status(&ask(&mut fresh(), STRANGER, method, |_| ())),
            nowhere,
            "{}",
            label("nowhere")
        );
        assert_eq!(
            status(&ask(&mut fresh(), TRUNK, method, |_| ())),
            trunk,
            "{}",
            label("trunk")
        );
        assert_eq!(
            status(&ask(&mut fresh(), TRUNK, method, known)),
            device,
            "{}",
            label("device")
        );
        assert_eq!(
            status(&ask(&mut fresh(), TRUNK, method, with_tag)),
            tagged,
            "{}",
            label("tagged")
        );
    }
}

#[test]
fn known_and_unknown_users_are_challenged_in_the_same_words() {
    let mut net = Net::new(1);
    for method in ["REGISTER", "INVITE", "SUBSCRIBE"] {
        let mut answer = |user: &str| {
            let address = format!("<sip:{user}@office.test>");
            let answers = ask(&mut net, STRANGER, method, |draft| {
                draft.from_user = user.to_owned();
                draft.to = address;
            });
            assert_eq!((answers.len(), status(&answers)), (1, 401));
            let challenge = header(&answers[0], "WWW-Authenticate").unwrap();
            let nonce = challenge
                .split("nonce=\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap();
            let tag = header(&answers[0], "To").unwrap();
            let tag = tag.split("tag=").nth(1).unwrap().to_owned();
            answers[0]
                .replace(nonce, "")
                .replace(&tag, "")
                .replace(user, "")
                // Half of these devices use SHA-256; `guessing.rs` looks at how it is spread.
                .replace("SHA-256", "MD5")
        };
        assert_eq!(answer("2001"), answer("2999"), "{method}");
    }
    assert!(net.events[OFFICE].is_empty());
    let left = net.endpoints[OFFICE].occupancy();
    assert_eq!((left.transactions, left.deadlines), (0, 0));
}

#[test]
fn a_repeated_request_gets_the_same_stateless_answer() {
    let mut net = Net::new(1);
    let tags: Vec<Option<String>> = (0..2)
        .map(|_| header(&ask(&mut net, STRANGER, "BYE", |_| ())[0], "To"))
        .collect();
    assert_eq!(tags[0], tags[1]);
}

#[test]
fn requests_that_no_call_can_come_from_are_refused_by_name() {
    type Row = (
        &'static str,
        fn(&mut Draft),
        u16,
        &'static str,
        &'static str,
    );
    let table: [Row; 7] = [
        (
            "INVITE",
            |draft| draft.more = "Require: 100rel, x\r\n".to_owned(),
            420,
            "Unsupported",
            "100rel, x",
        ),
        (
            "OPTIONS",
            |draft| draft.more = "Require: y\r\n".to_owned(),
            420,
            "Unsupported",
            "y",
        ),
        (
            "INVITE",
            |draft| draft.more = "Content-Type: text/x\r\n".to_owned(),
            415,
            "Accept",
            "application/sdp",
        ),
        (
            "INVITE",
            |draft| draft.more = "Accept: text/x\r\n".to_owned(),
            406,
            "Server",
            "test",
        ),
        (
            "INVITE",
            |draft| draft.uri = "news:x".to_owned(),
            416,
            "Server",
            "test",
        ),
        (
            "INVITE",
            |draft| draft.branch = "z9hG4bK".to_owned(),
            400,
            "Server",
            "test",
        ),
        (
            "MESSAGE",
            |_| (),
            405,
            "Allow",
            crate::sip::endpoint::core::ALLOW,
        ),
    ];
    for (method, change, expected, name, value) in table {
        let answers = ask(&mut Net::new(1), TRUNK, method, change);
        assert_eq!(status(&answers), expected, "{method} {name}");
        assert_eq!(
            header(&answers[0], name).as_deref(),
            Some(value),
            "{method}"
        );
    }
}

#[test]
fn another_sip_version_is_told_so() {
    let mut net = Net::new(1);
    let other_version = Draft::new("OPTIONS")
        .text(TRUNK)
        .replacen("SIP/2.0\r\n", "SIP/7.0\r\n", 1);
    assert_eq!(status(&send(&mut net, TRUNK, &other_version)), 505);
}

#[test]
fn one_invite_over_two_paths_is_one_call() {
    let mut net = Net::new(1);
    assert_eq!(status(&ask(&mut net, TRUNK, "INVITE", |_| ())), 0);
    let merged = ask(&mut net, TRUNK, "INVITE", |draft| {
        draft.branch = "z9hG4bKother".to_owned()
    });
    assert_eq!((status(&merged), net.count_incoming(OFFICE)), (482, 1));
    // A repeat is no second call either; it gets the last provisional.
    let repeat = ask(&mut net, TRUNK, "INVITE", |_| ());
    assert!(repeat[0].starts_with("SIP/2.0 100 "));
    let leg = net.incoming_leg(OFFICE);
    net.hang_up(OFFICE, leg);
    net.assert_clean("merged");
}

#[test]
fn a_cancel_from_elsewhere_ends_nothing() {
    let mut net = Net::new(1);
    ask(&mut net, TRUNK, "INVITE", |draft| {
        draft.branch = "z9hG4bKx".to_owned()
    });
    let leg = net.incoming_leg(OFFICE);
    // The very same words, from another host.
    let mut forged = Draft::new("CANCEL");
    forged.branch = "z9hG4bKx".to_owned();
    let text = forged.text(TRUNK);
    assert_eq!(status(&send(&mut net, STRANGER, &text)), 481);
    assert!(net.ends(OFFICE, leg).is_empty());
    assert_eq!(status(&send(&mut net, TRUNK, &text)), 487);
    assert_eq!(net.ends(OFFICE, leg).len(), 1);
    net.assert_clean("forged cancel");
}

#[test]
fn a_call_keeps_what_a_trunk_says_of_the_caller() {
    let table = [
        ("", Some("+34600111222"), None),
        (
            "P-Asserted-Identity: \"Bo\" <sip:+34911@c.test>\r\n",
            Some("+34911"),
            Some("Bo"),
        ),
        (
            "P-Asserted-Identity: <tel:+34911>\r\n",
            Some("+34911"),
            None,
        ),
        (
            "P-Asserted-Identity: <sip:+34911@c.test>\r\nPrivacy: id\r\n",
            None,
            None,
        ),
        (
            "P-Asserted-Identity: <sip:+34911@c.test>\r\nPrivacy: none\r\n",
            Some("+34911"),
            None,
        ),
        (
            "P-Asserted-Identity: <sip:anonymous@anonymous.invalid>\r\n",
            None,
            None,
        ),
        ("P-Asserted-Identity: <sip:%00x@c.test>\r\n", None, None),
    ];
    for (more, user, name) in table {
        let mut net = Net::new(1);
        ask(&mut net, TRUNK, "INVITE", |draft| {
            draft.more = more.to_owned()
        });
        let call = net.incoming(OFFICE).unwrap();
        assert_eq!(
            (call.caller_user.as_deref(), call.caller_name.as_deref()),
            (user, name),
            "{more}"
        );
    }
}

#[test]
fn answers_go_back_the_way_the_request_came() {
    let mut net = Net::new(1);
    // Without rport: to the port of the Via (RFC 3261 18.2.2), at the address it came from.
    let text = Draft::new("OPTIONS")
        .text("192.0.2.1:7000")
        .replace(";rport", "");
    send(&mut net, STRANGER, &text);
    assert_eq!(
        net.mail[0].to,
        "127.0.0.50:7000".parse::<std::net::SocketAddr>().unwrap()
    );
    assert!(
        header(&net.mail[0].text(), "Via")
            .unwrap()
            .ends_with(";received=127.0.0.50")
    );
    // With rport: to the very port (RFC 3581).
    let answers = send(
        &mut net,
        STRANGER,
        &Draft::new("OPTIONS").text("192.0.2.1:7000"),
    );
    let via = header(&answers[0], "Via").unwrap();
    assert!(
        via.contains(";received=127.0.0.50") && via.contains(";rport=6000"),
        "{via}"
    );
}

#[test]
fn keep_alives_and_junk_are_counted_and_never_answered() {
    let mut net = Net::new(1);
    for junk in [
        "\r\n\r\n",
        "",
        "\0\0\0\0",
        "hello",
        "SIP/2.0 200 OK\r\n\r\n",
        "\u{fffd}\u{fffd}",
    ] {
        assert!(send(&mut net, STRANGER, junk).is_empty(), "{junk:?}");
    }
    let counters = net.endpoints[OFFICE].counters();
    assert_eq!(
        (counters.received, counters.keep_alives, counters.sent),
        (6, 3, 0)
    );
    assert_eq!(counters.unreadable + counters.stray_responses, 3);
    net.assert_clean("junk");
}

#[test]
fn requests_with_any_header_missing_get_a_4xx_and_leave_nothing() {
    for method in [
        "INVITE", "REGISTER", "OPTIONS", "BYE", "CANCEL", "ACK", "MESSAGE",
    ] {
        let whole = Draft::new(method).text(STRANGER);
        let lines: Vec<&str> = whole.split("\r\n").collect();
        for removed in 1..lines.len() {
            let mut lines = lines.clone();
            let line = lines.remove(removed);
            let mut net = Net::new(1);
            let answers = send(&mut net, STRANGER, &lines.join("\r\n"));
            let answer = status(&answers);
            let fine = (400..500).contains(&answer)
                || (method == "OPTIONS" && answer == 200)
                || answer == 0;
            assert!(fine, "{method} without {line}: {answer}");
            assert!(
                answer != 0 || method == "ACK" || line.starts_with("Via"),
                "{method} without {line}"
            );
            assert_eq!(net.endpoints[OFFICE].occupancy().transactions, 0);
        }
    }
}

#[test]
fn nothing_is_ever_sent_to_a_group() {
    let mut net = Net::new(1);
    let answers = send(
        &mut net,
        "224.0.0.1:5060",
        &Draft::new("OPTIONS").text("224.0.0.1:5060"),
    );
    assert!(answers.is_empty());
    assert_eq!(net.endpoints[OFFICE].counters().unsendable, 1);
}

#[test]
fn accounts_are_replaced_whole() {
    let mut net = Net::new(1);
    let mut accounts = office_accounts();
    accounts.trunks.clear();
    net.command(OFFICE, SipCommand::SetAccounts(accounts));
    let leg = net.dial(CARRIER, OFFICE, None);
    net.run(seconds(1));
    assert_eq!(
        net.ends(CARRIER, leg),
        [crate::leg::LegEndCause::Rejected(401)]
    );
    assert_ne!(address(CARRIER), address(OFFICE));
}
