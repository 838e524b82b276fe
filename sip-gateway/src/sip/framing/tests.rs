use super::{Frame, Framer, FramingError};
use proptest::prelude::*;

fn message(length: &str, body: &str) -> String {
    format!("OPTIONS sip:a@b SIP/2.0\r\nCall-ID: x\r\n{length}\r\n{body}")
}

/// Everything a stream gives when it comes in pieces of these sizes, in turn.
fn frames(bytes: &[u8], pieces: &[usize]) -> (Vec<Frame>, Option<FramingError>) {
    let (mut framer, mut all) = (Framer::default(), Vec::new());
    let (mut rest, mut turn) = (bytes, 0);
    while !rest.is_empty() {
        let size = pieces[turn % pieces.len()].clamp(1, rest.len());
        turn += 1;
        framer.push(&rest[..size]);
        rest = &rest[size..];
        loop {
            match framer.poll() {
                Ok(Some(frame)) => all.push(frame),
                Ok(None) => break,
                Err(error) => return (all, Some(error)),
            }
        }
    }
    (all, None)
}

fn whole(text: &str) -> Frame {
    Frame::Message(text.to_owned().into())
}

#[test]
fn every_way_to_write_the_length_is_read() {
    for length in [
        "Content-Length: 4\r\n",
        "Content-Length   : 4\r\n",
        "CONTENT-LENGTH:4\r\n",
        "l: 4\r\n",
        "L\t:\t4\r\n",
        "Content-Length:\r\n  4\r\n",
        "Content-Length: 4 \r\n\t\r\n",
        "Content-Length: 0004\r\n",
        "Content-Length: 4\r\nl: 4\r\n",
        "Subject: Content-Length: 9\r\nl: 4\r\n",
        "Subject: a\r\n l: 9\r\nl: 4\r\n",
    ] {
        let one = message(length, "body");
        let glued = format!("{one}{one}");
        let (got, error) = frames(glued.as_bytes(), &[glued.len()]);
        assert_eq!(
            (got, error),
            (vec![whole(&one), whole(&one)], None),
            "{length:?}"
        );
    }
}

#[test]
fn a_length_that_cannot_be_believed_ends_the_stream_with_its_head() {
    for (length, problem) in [
        (
            "Content-Length: 4\r\nContent-Length: 5\r\n",
            "two Content-Lengths",
        ),
        ("Content-Length: 4\r\nl: 0\r\n", "two Content-Lengths"),
        ("Content-Length: -1\r\n", "Content-Length is no number"),
        ("Content-Length: +4\r\n", "Content-Length is no number"),
        ("Content-Length: 4, 4\r\n", "Content-Length is no number"),
        ("Content-Length: 4\r\n 5\r\n", "Content-Length is no number"),
        ("Content-Length:\r\n", "Content-Length is no number"),
        ("Content-Length: 65536\r\n", "Content-Length too large"),
        (
            "Content-Length: 18446744073709551615\r\n",
            "Content-Length too large",
        ),
        (
            "Content-Length: 99999999999999999999999\r\n",
            "Content-Length too large",
        ),
        ("", "no Content-Length"),
    ] {
        let text = message(length, "");
        let (got, error) = frames(text.as_bytes(), &[7]);
        assert_eq!(got, []);
        let error = error.unwrap();
        assert_eq!(error.problem, problem, "{length:?}");
        assert_eq!(error.head.unwrap(), text.as_bytes());
    }
}

#[test]
fn after_an_error_nothing_is_a_message_any_more() {
    let mut framer = Framer::default();
    framer.push(message("l: x\r\n", "").as_bytes());
    assert!(framer.poll().is_err());
    framer.push(message("l: 0\r\n", "").as_bytes());
    assert!(framer.poll().is_err() && !framer.is_inside_message());
}

#[test]
fn line_ends_between_messages_are_pings_by_two() {
    let one = message("l: 0\r\n", "");
    let text = format!("\r\n\r\n{one}\r\n{one}\r\n\r\n\r\n\r\n\r\n{one}");
    let (got, error) = frames(text.as_bytes(), &[text.len()]);
    let wanted = [
        Frame::Ping,
        whole(&one),
        whole(&one),
        Frame::Ping,
        Frame::Ping,
        whole(&one),
    ];
    assert_eq!((got.as_slice(), error), (&wanted[..], None));
}

#[test]
fn a_head_without_end_is_cut_off_at_the_limit() {
    let endless = vec![b'a'; 70_000];
    let lines = b"a: b\r\n".repeat(12_000);
    for bytes in [endless, lines] {
        let (got, error) = frames(&bytes, &[1_000]);
        assert_eq!(
            (got.len(), error.unwrap().problem),
            (0, "message too large")
        );
    }
}

#[test]
fn a_message_begins_with_its_first_byte_and_ends_with_its_last() {
    let mut framer = Framer::default();
    assert!(!framer.is_inside_message());
    let text = message("l: 2\r\n", "ab");
    for byte in text.as_bytes() {
        framer.push(&[*byte]);
        let frame = framer.poll().unwrap();
        assert_eq!(frame.is_none(), framer.is_inside_message());
    }
    assert!(!framer.is_inside_message());
}

/// Bits of streams: messages, keep-alives, garbage.
fn bit() -> impl Strategy<Value = Vec<u8>> {
    let body = proptest::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        4 => body.prop_map(|body| {
            let mut text = message(&format!("l: {}\r\n", body.len()), "").into_bytes();
            text.extend(body);
            text
        }),
        1 => Just(b"\r\n".to_vec()),
        1 => Just(b"\r\n\r\n".to_vec()),
        1 => Just(b"\n".to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..20),
        1 => Just(message("l: 1\r\nl: 2\r\n", "").into_bytes()),
        1 => Just(b"\r".to_vec()),
    ]
}

proptest! {
    #[test]
    fn the_cut_of_the_stream_changes_nothing(
        bits in proptest::collection::vec(bit(), 0..8),
        pieces in proptest::collection::vec(1_usize..50, 1..6),
    ) {
        let stream = bits.concat();
        let glued = frames(&stream, &[stream.len().max(1)]);
        prop_assert_eq!(&frames(&stream, &[1]), &glued);
        prop_assert_eq!(&frames(&stream, &pieces), &glued);
    }

    #[test]
    fn any_bytes_are_framed_or_refused_and_none_are_lost(stream in proptest::collection::vec(any::<u8>(), 0..400)) {
        let (all, _) = frames(&stream, &[13]);
        let taken: usize = all.iter().map(|frame| match frame {
            Frame::Message(bytes) => bytes.len(),
            Frame::Ping => 2,
        }).sum();
        prop_assert!(taken <= stream.len());
    }
}
