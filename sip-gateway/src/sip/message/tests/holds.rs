//! What must hold for any bytes on the SIP port: nothing panics, what was read is printed back the same, and a refusal
//! can be sent and read.
//!
//! One body for the parser's own tests, for the corpus and its damage (`tests/fuzz/`) and for a fuzzer (`fuzz/`): it is
//! included there by its path, so it names what it needs by `super`.

use super::{
    Bytes, Headers, MAX_MESSAGE, MAX_VALUE, Message, Request, Response, Uri, check_accept,
    check_content, find_body, parse_datagram, validate, validate_response,
};

/// Any bytes; whether they were a message.
pub(crate) fn any_datagram(data: &[u8]) -> bool {
    let bytes = Bytes::copy_from_slice(data);
    let message = match parse_datagram(&bytes) {
        Ok(message) => message,
        Err(error) => {
            assert_eq!(error.status.is_some(), error.partial.is_some());
            if let (Some(status), Some(partial)) = (error.status, error.partial) {
                assert!((400..500).contains(&status) || status == 505, "{status}");
                let answer = Response::to_request(&partial, status).with_to_tag("t");
                // A tag and a blank may make a line of the largest size too long for our own reader.
                let printed = answer.to_bytes();
                let longest = printed.split(|byte| *byte == b'\n').map(<[u8]>::len).max();
                if longest <= Some(MAX_VALUE) && printed.len() <= MAX_MESSAGE {
                    assert!(parse_datagram(&printed).is_ok());
                }
            }
            return false;
        }
    };
    any_message(&message);
    if let Message::Request(request) = &message {
        let uri = request.uri.to_string();
        assert_eq!(Uri::parse(&uri).as_ref(), Ok(&request.uri), "{uri}");
    }
    // Printing may add what it takes to be right, such as a Content-Length, and so reach the largest size.
    let printed = message.to_bytes();
    if printed.len() <= MAX_MESSAGE {
        assert_eq!(parse_datagram(&printed), Ok(message), "{printed:?}");
    }
    true
}

/// Reads every typed value of a message, whoever made it.
pub(crate) fn any_message(message: &Message) {
    any_headers(message.headers());
    match message {
        Message::Request(request) => any_request(request),
        Message::Response(response) => {
            let _ = validate_response(response);
            let _ = find_body(&response.headers, &response.body, "application/sdp");
        }
    }
}

fn any_request(request: &Request) {
    let _ = (
        request.uri.user_unescaped(),
        request.uri.equivalent(&request.uri),
    );
    let _ = find_body(&request.headers, &request.body, "application/sdp");
    let refusals = [
        validate(request),
        check_content(request, &["application/sdp"]),
        check_accept(request, "application/sdp"),
    ];
    for refusal in refusals.into_iter().filter_map(Result::err) {
        assert!(
            (400..500).contains(&refusal.status) || refusal.status == 501,
            "{refusal}"
        );
        let answer = refusal.to_response(request).with_to_tag("t");
        assert!(parse_datagram(&answer.to_bytes()).is_ok(), "{refusal}");
    }
}

fn any_headers(headers: &Headers) {
    let _ = (
        headers.via_top(),
        headers.vias(),
        headers.from(),
        headers.to(),
    );
    let _ = (headers.contacts(), headers.cseq(), headers.call_id());
    let _ = (
        headers.max_forwards(),
        headers.expires(),
        headers.content_length(),
    );
    let _ = (headers.content_type(), headers.accept(), headers.require());
    let _ = (
        headers.supported(),
        headers.routes(),
        headers.record_routes(),
    );
    let _ = (
        headers.p_asserted_identity(),
        headers.refer_to(),
        headers.rack(),
    );
    let _ = (headers.authorization(), headers.proxy_authorization());
    let _ = (headers.www_authenticate(), headers.proxy_authenticate());
}
