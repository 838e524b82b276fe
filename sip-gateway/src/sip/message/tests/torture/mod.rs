//! The torture messages of RFC 4475, built here from what the RFC describes, each with the layer that must object and
//! the status that must come of it. `tests/torture/` of the root includes this folder by path and sends the same
//! messages to a running server; [`Layer`] is the parser's, taken from whoever includes it.

mod invalid;
mod semantics;
mod valid;

use super::Layer;

/// What must become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    /// Parses and passes validation.
    Valid,
    /// Parses; validation refuses it with this status.
    Refused(u16),
    /// Parsing refuses it in this layer; the status to answer with, if any.
    Parse(Layer, Option<u16>),
    /// A response that can be used.
    Response,
    /// A response that parses and must be dropped.
    UnusableResponse,
}

/// One message of the RFC.
pub(crate) struct Torture {
    pub(crate) section: &'static str,
    pub(crate) name: &'static str,
    pub(crate) expect: Expect,
    pub(crate) bytes: Vec<u8>,
}

impl Torture {
    fn new(section: &'static str, name: &'static str, expect: Expect, bytes: Vec<u8>) -> Self {
        Self {
            section,
            name,
            expect,
            bytes,
        }
    }
}

/// All 49.
pub(crate) fn all() -> Vec<Torture> {
    let mut all = valid::all();
    all.extend([longreq(), mpart01()]);
    all.extend(invalid::all());
    all.extend(semantics::all());
    all
}

/// One of them.
pub(crate) fn named(name: &str) -> Torture {
    all().into_iter().find(|t| t.name == name).unwrap()
}

/// Lines, each with CRLF, and what follows.
fn message(lines: &[&str], rest: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in lines {
        bytes.extend_from_slice(line.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

/// The session description that most of the messages carry.
fn audio_and_video(origin: &str, connection: &str, start: &str) -> String {
    format!(
        "v=0\r\no=mhandley 29739 7272939 IN IP4 {origin}\r\ns=-\r\nc=IN IP4 {connection}\r\nt={start} 0\r\n\
         m=audio 49217 RTP/AVP 0 12\r\nm=video 3227 RTP/AVP 31\r\na=rtpmap:31 LPC\r\n"
    )
}

/// 3.1.1.7: very long values in every place.
fn longreq() -> Torture {
    let long = |n: usize| "long".repeat(n);
    let caller = "amazinglylongcallername".repeat(5);
    let names = [
        "Via:", "v:", "V:", "Via:", "ViA:", "VIa:", "VIA:", "via:", "viA:", "vIa:", "vIA:", "V :",
        "v :", "V  :", "v  :", "Via :", "Via  :",
    ];
    let mut head = vec![
        "INVITE sip:user@example.com SIP/2.0".to_owned(),
        format!(
            "To: \"I have a user name of {} proportion\"<sip:user@example.com:6000;unknownparam1=very{}value;\
             longparam{}=shortvalue;very{}ParameterNameWithNoValue>",
            "extreme".repeat(10),
            long(20),
            "name".repeat(25),
            long(25),
        ),
        format!(
            "F: sip:{caller}@example.net;tag=1{}2424;unknownheaderparam{}=unknowheaderparam{};unknownValueless{}",
            "298".repeat(50),
            "name".repeat(20),
            "value".repeat(15),
            "paramname".repeat(10),
        ),
        format!("Call-ID: longreq.one{}longcallid", "really".repeat(20)),
        "CSeq: 3882340 INVITE".to_owned(),
        format!(
            "Unknown-{}-Name: unknown-{1}-value; unknown-{1}-parameter-name = unknown-{1}-parameter-value",
            "Long".repeat(20),
            long(20),
        ),
    ];
    for (hop, number) in (1..=33).rev().enumerate() {
        let name = names.get(hop).unwrap_or(&"Via:");
        let space = if matches!(number, 21 | 22) { "  " } else { " " };
        head.push(format!("{name}{space}SIP/2.0/TCP sip{number}.example.com"));
    }
    head.push(format!(
        "Via: SIP/2.0/TCP host.example.com;received=192.0.2.5;branch=very{}branchvalue",
        long(50)
    ));
    head.push("Max-Forwards: 70".to_owned());
    head.push(format!("Contact: <sip:{caller}@host5.example.net>"));
    head.extend(["Content-Type: application/sdp", "l: 150", ""].map(str::to_owned));
    let lines: Vec<&str> = head.iter().map(String::as_str).collect();
    let body = audio_and_video("192.0.2.1", "192.0.2.1", "0");
    Torture::new("3.1.1.7", "longreq", Expect::Valid, message(&lines, &body))
}

/// 3.1.1.11: a multipart body with a binary part.
fn mpart01() -> Torture {
    let head = message(
        &[
            "MESSAGE sip:kumiko@example.org SIP/2.0",
            "Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-;rport",
            "Max-Forwards: 70",
            "Route: <sip:127.0.0.1:5080>",
            concat!(
                "Identity: r5mwreLuyDRYBi/0TiPwEsY3rEVsk/G2WxhgTV1PF7hHuLIK0YWVKZhKv9Mj8UeXqkMVbnVq37CD+813gvYj",
                "cBUaZngQmXc9WNZSDNGCzA+fWl9MEUHWIZo1CeJebdY/XlgKeTa0Olvq0rt70Q5jiSfbqMJmQFteeivUhkMWYUA=",
            ),
            "Contact: <sip:fluffy@127.0.0.1:5070>",
            "To: <sip:kumiko@example.org>",
            "From: <sip:fluffy@example.com>;tag=2fb0dcc9",
            "Call-ID: 3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..",
            "CSeq: 1 MESSAGE",
            "Content-Transfer-Encoding: binary",
            "Content-Type: multipart/mixed;boundary=7a9cbec02ceef655",
            "Date: Sat, 15 Oct 2005 04:44:56 GMT",
            "User-Agent: SIPimp.org/0.2.5 (curses)",
            "Content-Length: 553",
            "",
            "--7a9cbec02ceef655",
            "Content-Type: text/plain",
            "Content-Transfer-Encoding: binary",
            "",
            "Hello",
            "--7a9cbec02ceef655",
            "Content-Type: application/octet-stream",
            "Content-Transfer-Encoding: binary",
            "",
        ],
        "",
    );
    let bytes = [&head[..], &signature(), b"\r\n--7a9cbec02ceef655--\r\n"].concat();
    Torture::new("3.1.1.11", "mpart01", Expect::Valid, bytes)
}

/// The PKCS #7 signature in `mpart01`.
fn signature() -> Vec<u8> {
    const HEX: &str = concat!(
        "3082015206092a864886f70d010702a08201433082013f0201013109300706052b0e03021a300b06092a864886f70d010701",
        "318201203082011c020101307c3070310b3009060355040613025553311330110603550408130a43616c69666f726e696131",
        "11300f0603550407130853616e204a6f7365310e300c060355040a1305736970697431293027060355040b13205369706974",
        "205465737420436572746966696361746520417574686f7269747902080195007102330113300706052b0e03021a300d0609",
        "2a864886f70d01010105000481808ef466f948f0522dd2e5978e9d95aae9f2fe15a06659716292e8da2aa8d8350a68ceffae",
        "3cbd2bff1675ddd5648e593dd64728f26220f7e941749e330d9a15edabdb93d10c42102e7b7289d29cc0c9ae2efbc7c0cff9",
        "172f3b027e4fc027e1546de4b6aa3abb3e66cccb5dd6c64b8383149cb8e6ff182d944fe57b65bc99d005",
    );
    let digits: Vec<u8> = HEX
        .chars()
        .map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap())
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}
