//! Bodies with several parts.

use super::*;

fn parts(kind: &str, body: &str) -> Result<Option<Bytes>, u16> {
    let request = options(&[]).with_body(kind, Bytes::copy_from_slice(body.as_bytes()));
    find_body(&request.headers, &request.body, "application/sdp").map_err(|r| r.status)
}

#[test]
fn the_wanted_part_is_found() {
    let sdp = Some(Bytes::from_static(b"v=0\r\n"));
    assert_eq!(parts("application/sdp", "v=0\r\n"), Ok(sdp.clone()));
    assert_eq!(parts("application/sdp", ""), Ok(None));
    let cases = [
        "--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\r\n--b--\r\n",
        "preamble\r\n--b \r\nc: application/sdp\r\nContent-ID: <x>\r\n\r\nv=0\r\n\r\n--b--",
        "--b\r\n\r\nno headers\r\n--bx\r\n--b\r\nc: application/SDP;x=y\r\n\r\nv=0\r\n\r\n--b--\r\nepilogue",
    ];
    for body in cases {
        assert_eq!(
            parts("multipart/mixed;boundary=b", body),
            Ok(sdp.clone()),
            "{body:?}"
        );
        assert_eq!(
            parts("multipart/mixed;boundary=\"b\"", body),
            Ok(sdp.clone())
        );
    }
    let bare = "--b\nc: application/sdp\n\nv=0\n\n--b--\n";
    let found = parts("multipart/alternative;boundary=b", bare);
    assert_eq!(found, Ok(Some(Bytes::from_static(b"v=0\n"))));
}

#[test]
fn broken_parts_are_refused() {
    let one = "--b\r\nc: application/sdp\r\n\r\nv=0\r\n--b--\r\n";
    let cases = [
        ("text/plain", "hi", 415),
        ("multipart/mixed", one, 400),
        ("multipart/mixed;boundary=\"\"", one, 400),
        ("multipart/mixed;boundary=c", one, 400),
        (
            "multipart/mixed;boundary=b",
            "--b\r\nc: text/plain\r\n\r\nx\r\n--b--",
            415,
        ),
        ("multipart/mixed;boundary=b", "--b--", 415),
        (
            "multipart/mixed;boundary=b",
            "--b\r\nc: application/sdp\r\n\r\nv=0\r\n",
            400,
        ),
        ("multipart/mixed;boundary=b", "--b\r\n--b--\r\n", 400),
        (
            "multipart/mixed;boundary=b",
            "--b\r\nno colon\r\n\r\nx\r\n--b--",
            400,
        ),
        ("nothing", "x", 400),
    ];
    for (kind, body, status) in cases {
        assert_eq!(parts(kind, body), Err(status), "{kind} {body:?}");
    }
    let many = format!("{}--b--\r\n", "--b\r\n\r\nx\r\n".repeat(100));
    assert_eq!(parts("multipart/mixed;boundary=b", &many), Err(400));
}
