//! URIs: parts, printing, equality.

use super::*;

fn uri(text: &str) -> Uri {
    Uri::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[test]
fn printing_gives_back_what_was_read() {
    for text in [
        "sip:example.com",
        "sips:alice:secret@example.com:5061;transport=tcp?subject=x&priority=urgent",
        "sip:+12125551212;phone-context=x@example.com;user=phone",
        "sip:alice@[2001:db8::1]:5060;lr",
        "sip:a%20b@h;x=%22",
        "tel:+1-201-555-0123;ext=12",
        "urn:service:sos",
        "http://www.example.com/a?b=c",
    ] {
        assert_eq!(uri(text).to_string(), text);
    }
}

#[test]
fn what_is_no_uri() {
    for text in [
        "",
        "sip",
        "sip:",
        ":x",
        "1a:b",
        "sip:@host",
        "sip::pw@host",
        "sip:host:",
        "sip:host:65536",
        "sip:host:-1",
        "sip:host:+1",
        "sip:ho st",
        "sip:host;",
        "sip:host;;lr",
        "sip:host;a=",
        "sip:host;lr;LR",
        "sip:a@b@c",
        "sip:host?x",
        "sip:host?",
        "sip:h\u{e9}",
        "sip:a@host\r\n",
        "<sip:a@b>",
        "tel:",
    ] {
        assert!(Uri::parse(text).is_err(), "{text:?}");
    }
}

/// RFC 3261 19.1.4, its own examples among them.
#[test]
fn equivalence() {
    let same = [
        (
            "sip:%61lice@atlanta.com;transport=TCP",
            "sip:alice@AtlanTa.CoM;Transport=tcp",
        ),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        (
            "sip:carol@chicago.com;newparam=5",
            "sip:carol@chicago.com;security=on",
        ),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("sip:a@[2001:db8::1]", "sip:a@[2001:0db8:0:0::0001]"),
        ("TEL:+1", "tel:+1"),
    ];
    for (a, b) in same {
        assert!(
            uri(a).equivalent(&uri(b)) && uri(b).equivalent(&uri(a)),
            "{a} {b}"
        );
    }
    let different = [
        (
            "SIP:ALICE@AtLanTa.CoM;Transport=udp",
            "sip:alice@AtLanTa.CoM;Transport=UDP",
        ),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        (
            "sip:bob@biloxi.com",
            "sip:bob@biloxi.com:6000;transport=tcp",
        ),
        (
            "sip:carol@chicago.com",
            "sip:carol@chicago.com?Subject=next%20meeting",
        ),
        (
            "sip:carol@chicago.com;security=on",
            "sip:carol@chicago.com;security=off",
        ),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:a@b", "sips:a@b"),
        ("sip:a@b", "sip:b"),
        ("sip:a:x@b", "sip:a@b"),
        ("tel:+1", "tel:+2"),
    ];
    for (a, b) in different {
        assert!(
            !uri(a).equivalent(&uri(b)) && !uri(b).equivalent(&uri(a)),
            "{a} {b}"
        );
    }
}

#[test]
fn made_by_us() {
    let made = Uri::sip(Some("sales & co;x@y"), "example.com", Some(5070));
    assert_eq!(
        made.to_string(),
        "sip:sales%20&%20co;x%40y@example.com:5070"
    );
    assert_eq!(uri(&made.to_string()), made);
    assert_eq!(made.user_unescaped().as_deref(), Some("sales & co;x@y"));
    let plus = Uri::sip(Some("+34910000000"), "::1", None);
    assert_eq!(plus.to_string(), "sip:+34910000000@[::1]");
    assert_eq!(
        Uri::sip(None, "not a host", None).to_string(),
        "sip:host.invalid"
    );
    let mut with = Uri::sip(None, "h", None);
    with.set_param("lr", None);
    with.set_param("ob", Some("a;b"));
    with.set_param("lr", None);
    assert_eq!(with.to_string(), "sip:h;lr;ob=a%3Bb");
    assert_eq!(
        uri("tel:+34600111222;phone-context=x")
            .user_unescaped()
            .as_deref(),
        Some("+34600111222")
    );
}
