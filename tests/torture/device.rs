//! A phone of an agent that proves who it is and then sends damaged requests: what lies behind the challenge is tried
//! too.
//!
//! **Owns**: credentials that stay right whatever else of the message is not. **Must not know**: what is answered.

use crate::alive::PATIENCE;
use crate::support::mutate::Dice;
use crate::support::phone::md5::md5_hex;
use crate::support::phone::message::digest_parts;
use crate::wire::Wire;

/// The account of the test company that it uses.
const EXTENSION: &str = "2003";
const PASSWORD: &str = "word-of-cleo";
/// Requests with one nonce before the next is fetched; the server counts them.
const USES: u32 = 200;

/// The phone.
pub(crate) struct Device {
    pub(crate) wire: Wire,
    server: String,
    realm: String,
    nonce: String,
    uses: u32,
    requests: u32,
}

impl Device {
    pub(crate) fn new(wire: Wire, server: String) -> Self {
        Self {
            wire,
            server,
            realm: String::new(),
            nonce: String::new(),
            uses: USES,
            requests: 0,
        }
    }

    /// The next request, damaged everywhere but in its credentials; none of them makes a call that rings for long, as
    /// the number is an agent's own.
    pub(crate) fn damaged(&mut self, dice: &mut Dice) -> Vec<u8> {
        if self.uses >= USES {
            self.fetch_nonce();
        }
        let method = *dice.pick(&[
            "REGISTER", "REGISTER", "REGISTER", "INVITE", "OPTIONS", "MESSAGE",
        ]);
        let (start, rest) = self.request(method, "damaged");
        let mut bytes = start.into_bytes();
        bytes.extend_from_slice(self.proof(method).as_bytes());
        bytes.extend(dice.mutate(rest.as_bytes()));
        bytes
    }

    /// Takes every contact back; the status of the answer.
    pub(crate) fn unregister(&mut self) -> Option<u16> {
        self.fetch_nonce();
        let (start, rest) = self.request("REGISTER", "whole");
        let lines = rest.lines().filter(|line| !line.starts_with("Contact"));
        let rest: String = lines.map(|line| format!("{line}\r\n")).collect();
        let all = format!(
            "{start}{}Contact: *\r\nExpires: 0\r\n{rest}\r\n",
            self.proof("REGISTER")
        );
        self.wire.send(all.as_bytes());
        let call_id = format!("whole-{}", self.requests);
        self.wire.answer(&call_id, 1, PATIENCE)?.status()
    }

    /// Start line, and all other lines but the credentials. `kind` keeps answers to damaged requests, whatever their
    /// numbers have become, apart from answers to whole ones.
    fn request(&mut self, method: &str, kind: &str) -> (String, String) {
        self.requests += 1;
        let (here, name, number) = (self.wire.local(), self.wire.name(), self.requests);
        let start = format!("{method} sip:{EXTENSION}@{} SIP/2.0\r\n", self.server);
        let rest = format!(
            "Via: SIP/2.0/{name} {here};branch=z9hG4bKdevice{number};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:{EXTENSION}@{0}>;tag=d{number}\r\nTo: <sip:{EXTENSION}@{0}>\r\nCall-ID: {kind}-{number}\r\n\
             CSeq: 1 {method}\r\n\
             Contact: \"Cleo\" <sip:{EXTENSION}@{here};ob>;expires=60;q=0.5;reg-id=1;+sip.instance=\"<urn:uuid:1>\"\r\n\
             Path: <sip:192.0.2.1;lr>\r\nSupported: path, outbound, gruu\r\nContent-Length: 0\r\n\r\n",
            self.server
        );
        (start, rest)
    }

    fn proof(&mut self, method: &str) -> String {
        self.uses += 1;
        let (realm, nonce) = (&self.realm, &self.nonce);
        let (uri, nc) = (
            format!("sip:{EXTENSION}@{}", self.server),
            format!("{:08x}", self.uses),
        );
        let secret = md5_hex(format!("{EXTENSION}:{realm}:{PASSWORD}").as_bytes());
        let what = md5_hex(format!("{method}:{uri}").as_bytes());
        let response = md5_hex(format!("{secret}:{nonce}:{nc}:c:auth:{what}").as_bytes());
        format!(
            "Authorization: Digest username=\"{EXTENSION}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{response}\", algorithm=MD5, cnonce=\"c\", qop=auth, nc={nc}\r\n"
        )
    }

    fn fetch_nonce(&mut self) {
        let (start, rest) = self.request("REGISTER", "whole");
        self.wire.send(format!("{start}{rest}").as_bytes());
        let call_id = format!("whole-{}", self.requests);
        let answer = self
            .wire
            .answer(&call_id, 1, PATIENCE)
            .expect("a challenge");
        let parts = digest_parts(answer.header("www-authenticate").expect("a challenge"));
        parts["realm"].clone_into(&mut self.realm);
        parts["nonce"].clone_into(&mut self.nonce);
        self.uses = 0;
    }
}
