//! Digest answers (RFC 2617, 3261 22.4), MD5 only. **Owns**: the arithmetic of `response`.

use super::md5::md5_hex;
use super::message::digest_parts;
use std::collections::BTreeMap;

/// A digest user.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// Digest user name: the extension.
    pub(crate) username: String,
    /// Password in clear.
    pub(crate) password: String,
}

/// Whether credentials that came (with qop=auth) are this account's.
pub(crate) fn is_right(account: &Account, parts: &BTreeMap<String, String>, method: &str) -> bool {
    let part = |name: &str| parts.get(name).map_or("", String::as_str);
    let Account { username, password } = account;
    let ha1 = md5_hex(format!("{username}:{}:{password}", part("realm")).as_bytes());
    let ha2 = md5_hex(format!("{method}:{}", part("uri")).as_bytes());
    let (nonce, nc, cnonce) = (part("nonce"), part("nc"), part("cnonce"));
    let expected = md5_hex(format!("{ha1}:{nonce}:{nc}:{cnonce}:auth:{ha2}").as_bytes());
    part("username") == username && part("response") == expected
}

/// The value of `Authorization` that answers `challenge`; none when it asks for another algorithm than MD5.
pub(crate) fn answer(
    account: &Account,
    challenge: &str,
    method: &str,
    uri: &str,
) -> Option<String> {
    let parts = digest_parts(challenge);
    let algorithm = parts.get("algorithm").map_or("MD5", String::as_str);
    if !algorithm.eq_ignore_ascii_case("MD5") {
        return None;
    }
    let (realm, nonce) = (parts.get("realm")?, parts.get("nonce")?);
    let Account { username, password } = account;
    let ha1 = md5_hex(format!("{username}:{realm}:{password}").as_bytes());
    let ha2 = md5_hex(format!("{method}:{uri}").as_bytes());
    let mut value = format!(
        "Digest username=\"{username}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", algorithm=MD5"
    );
    let offers_auth = parts
        .get("qop")
        .is_some_and(|qop| qop.split(',').any(|word| word.trim() == "auth"));
    let response = if offers_auth {
        let cnonce = md5_hex(nonce.as_bytes());
        value.push_str(&format!(", qop=auth, nc=00000001, cnonce=\"{cnonce}\""));
        md5_hex(format!("{ha1}:{nonce}:00000001:{cnonce}:auth:{ha2}").as_bytes())
    } else {
        md5_hex(format!("{ha1}:{nonce}:{ha2}").as_bytes())
    };
    value.push_str(&format!(", response=\"{response}\""));
    if let Some(opaque) = parts.get("opaque") {
        value.push_str(&format!(", opaque=\"{opaque}\""));
    }
    Some(value)
}
