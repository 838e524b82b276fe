//! RFC 4475: which layer objects to each message, and what the readable ones say.

use super::torture::{self, Expect, named};
use super::*;

fn read(name: &str) -> Message {
    parse_datagram(&Bytes::from(named(name).bytes)).unwrap()
}

fn read_request(name: &str) -> Request {
    request(read(name))
}

fn user(name_addr: &NameAddr) -> String {
    name_addr.uri.user_unescaped().unwrap_or_default()
}

fn contacts(request: &Request) -> Vec<NameAddr> {
    match request.headers.contacts().unwrap() {
        Contacts::List(list) => list,
        Contacts::Star => panic!("a star"),
    }
}

#[test]
fn every_message_meets_the_layer_that_must_object() {
    let all = torture::all();
    assert_eq!(all.len(), 49);
    for message in all {
        let outcome = match parse_datagram(&Bytes::from(message.bytes)) {
            Err(error) => Expect::Parse(error.layer, error.status),
            Ok(Message::Request(request)) => match validate(&request) {
                Ok(()) => Expect::Valid,
                Err(refusal) => Expect::Refused(refusal.status),
            },
            Ok(Message::Response(response)) => match validate_response(&response) {
                Ok(()) => Expect::Response,
                Err(_) => Expect::UnusableResponse,
            },
        };
        assert_eq!(
            outcome, message.expect,
            "{} {}",
            message.section, message.name
        );
    }
}

/// A status to send means that there is enough to send it; the answer must be readable itself.
#[test]
fn whoever_is_refused_can_be_answered() {
    for message in torture::all() {
        let Err(error) = parse_datagram(&Bytes::from(message.bytes)) else {
            continue;
        };
        assert_eq!(error.status.is_some(), error.partial.is_some());
        let (Some(status), Some(partial)) = (error.status, error.partial) else {
            continue;
        };
        let answer = Response::to_request(&partial, status).with_to_tag("t");
        let Message::Response(read) = parse_datagram(&answer.to_bytes()).unwrap() else {
            panic!("{}", message.name);
        };
        assert_eq!(read, answer, "{}", message.name);
        read.headers.via_top().unwrap();
        read.headers.cseq().unwrap();
        // A To that cannot be read is sent back as it came.
        assert!(read.headers.to().is_ok_and(|to| to.tag().is_some()) || message.name == "baddn");
    }
}

#[test]
fn baddn_needs_quotes_once_its_missing_empty_line_is_there() {
    let bytes = [&named("baddn").bytes[..], b"\r\n"].concat();
    let request = request(parse_datagram(&Bytes::from(bytes)).unwrap());
    assert_eq!(validate(&request).unwrap_err().status, 400);
    assert_eq!(request.headers.from().unwrap_err().name, HeaderName::From);
}

#[test]
fn wsinv_with_all_its_white_space() {
    let invite = read_request("wsinv");
    let headers = &invite.headers;
    assert!(invite.uri.has_param("unknownparam"));
    assert_eq!(headers.to().unwrap().tag(), Some("1918181833n"));
    let from = headers.from().unwrap();
    assert_eq!(from.display.as_deref(), Some("J Rosenberg \\\""));
    assert_eq!(from.tag(), Some("98asjd8"));
    assert_eq!(headers.max_forwards(), Ok(Some(68)));
    assert_eq!(headers.cseq().unwrap(), CSeq::new(9, Method::Invite));
    let vias = headers.vias().unwrap();
    let brief: Vec<_> = vias
        .iter()
        .map(|v| (&*v.transport, v.host.to_string(), v.branch.as_deref()))
        .collect();
    assert_eq!(
        brief,
        [
            ("UDP", "192.0.2.2".to_owned(), Some("390skdjuw")),
            (
                "TCP",
                "spindle.example.com".to_owned(),
                Some("z9hG4bK9ikj8")
            ),
            ("UDP", "192.168.255.111".to_owned(), Some("z9hG4bK30239")),
        ]
    );
    assert!(!vias[0].has_cookie());
    let contact = &contacts(&invite)[0];
    assert_eq!(contact.display.as_deref(), Some("Quoted string \"\""));
    assert_eq!(contact.params.get("newparam"), Some("newvalue"));
    assert!(contact.params.has("secondparam"));
    assert_eq!(contact.params.get("q"), Some("0.33"));
    let unusual = HeaderName::parse("unknownheaderwithunusualvalue").unwrap();
    assert_eq!(headers.get(&unusual), Some(&b";;,,;;,;"[..]));
    let fangled = HeaderName::parse("NewFangledHeader").unwrap();
    assert_eq!(
        headers.get_str(&fangled),
        Some("newfangled value continued newfangled value")
    );
    assert!(headers.routes().unwrap()[0].uri.has_param("lr"));
    assert_eq!(headers.get_str(&HeaderName::Subject), Some(""));
    assert_eq!(invite.body.len(), 150);
}

#[test]
fn intmeth_with_its_odd_characters() {
    let odd = read_request("intmeth");
    assert_eq!(
        odd.method.as_str(),
        "!interesting-Method0123456789_*+`.%indeed'~"
    );
    let to = odd.headers.to().unwrap();
    assert_eq!(to.display.as_deref(), Some("BEL:\x07 NUL:\0 DEL:\x7f"));
    let uri = odd.uri.as_sip().unwrap();
    assert_eq!(
        uri.user.as_deref(),
        Some("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*")
    );
    assert_eq!(
        uri.password.as_deref(),
        Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)")
    );
    assert_eq!(
        odd.headers.from().unwrap().display.as_deref(),
        Some("token1~` token2'+_ token3*%!.-")
    );
}

#[test]
fn escapes_are_undone_once_and_only_where_they_are_escapes() {
    let invite = read_request("esc01");
    assert_eq!(
        invite.uri.user_unescaped().as_deref(),
        Some("sips:user@example.com")
    );
    assert_eq!(user(&invite.headers.to().unwrap()), "user");
    assert_eq!(user(&invite.headers.from().unwrap()), "I have spaces");
    let contact = &contacts(&invite)[0].uri;
    assert_eq!(contact.param("n%61me"), Some("v%61lue%25%34%31"));

    let null = read_request("escnull");
    assert_eq!(user(&null.headers.to().unwrap()), "null-\0-null");
    let users: Vec<String> = contacts(&null).iter().map(user).collect();
    assert_eq!(users, ["\0", "\0\0"]);

    let unknown = read_request("esc02");
    assert_eq!(unknown.method, Method::Other("RE%47IST%45R".into()));
    assert_eq!(contacts(&unknown).len(), 2);
    assert_eq!(
        unknown.headers.to().unwrap().display.as_deref(),
        Some("%Z%45")
    );

    let semi = read_request("semiuri");
    assert_eq!(
        semi.uri.user_unescaped().as_deref(),
        Some("user;par=u@example.net")
    );
    assert!(!semi.uri.has_param("par"));
}

#[test]
fn bodies_end_where_they_must() {
    let double = read_request("dblreq");
    assert_eq!(double.method, Method::Register);
    assert!(double.body.is_empty());
    let parts = read_request("mpart01");
    assert_eq!(parts.body.len(), 553);
    let kind = parts.headers.content_type().unwrap().unwrap();
    assert!(kind.is("multipart/mixed"));
    assert_eq!(kind.params.get("boundary"), Some("7a9cbec02ceef655"));
    let split = split_parts(&kind, &parts.body).unwrap();
    assert_eq!(split.len(), 2);
    assert_eq!(split[0].body.as_ref(), b"Hello");
    assert_eq!((split[1].headers.len(), split[1].body.len()), (2, 342));
    let Message::Request(again) = parse_datagram(&parts.to_bytes()).unwrap() else {
        panic!("a request");
    };
    assert_eq!(again, parts, "binary parts survive");
}

#[test]
fn long_and_many_vias() {
    let long = read_request("longreq");
    assert_eq!(long.headers.vias().unwrap().len(), 34);
    assert_eq!(long.headers.call_id().unwrap().len(), 141);
    let transports: Vec<_> = read_request("transports")
        .headers
        .vias()
        .unwrap()
        .into_iter()
        .map(|v| v.transport)
        .collect();
    let expected = ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"];
    assert!(transports.iter().map(|t| &**t).eq(expected));
}

#[test]
fn refusals_say_what_the_rfc_wants() {
    let extension = read_request("bext01");
    let refusal = validate(&extension).unwrap_err();
    assert_eq!(
        refusal
            .to_response(&extension)
            .headers
            .get_str(&HeaderName::Unsupported),
        Some("nothingSupportsThis, nothingSupportsThisEither")
    );
    let supported = ["nothingSupportsThis", "nothingSupportsThisEither"];
    assert_eq!(validate_with(&extension, &supported), Ok(()));

    let unknown = read_request("invut");
    let refusal = check_content(&unknown, &["application/sdp"]).unwrap_err();
    assert_eq!(refusal.status, 415);
    let nothing_usable = read_request("sdp01");
    let refusal = check_accept(&nothing_usable, "application/sdp").unwrap_err();
    assert_eq!(refusal.status, 406);

    let scheme = &read_request("regaut01").headers.authorization().unwrap()[0];
    assert!(!scheme.is_digest());
    assert_eq!(scheme.get("opaque-data"), Some("here"));
}

#[test]
fn parameters_belong_to_the_header_or_to_the_uri() {
    let outside = &contacts(&read_request("cparam01"))[0];
    assert!(outside.params.has("unknownparam") && !outside.uri.has_param("unknownparam"));
    let inside = &contacts(&read_request("cparam02"))[0];
    assert!(!inside.params.has("unknownparam") && inside.uri.has_param("unknownparam"));
    let kept = &contacts(&read_request("regescrt"))[0];
    let headers = &kept.uri.as_sip().unwrap().headers;
    assert_eq!(&*headers[0].0, "Route");
    assert_eq!(read_request("regescrt").headers.routes(), Ok(Vec::new()));
}

#[test]
fn reasons_of_responses_are_kept() {
    let Message::Response(response) = read("unreason") else {
        panic!("a response");
    };
    assert!(response.reason.ends_with("простое"));
    let Message::Response(response) = read("noreason") else {
        panic!("a response");
    };
    assert_eq!((response.status, response.reason.as_str()), (100, ""));
    assert!(read("scalarlg").headers().cseq().is_err());
    let huge = read_request("scalar02");
    assert!(huge.headers.cseq().is_err() && huge.headers.expires().is_err());
}
