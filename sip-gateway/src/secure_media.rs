//! What the two ends of a secured stream tell each other in their descriptions: who logs in to whom (ICE), whose
//! certificate it is (DTLS-SRTP), who begins the handshake.
//!
//! **Owns**: [`IceLogin`], [`Fingerprint`], [`DtlsRole`], [`LocalSecure`], [`SecureRemote`]. **Must not know**: SDP's
//! lines, packets, cryptography. Values only; `sip/sdp` writes and reads them, `media/secure` acts on them.

use std::fmt;

/// Characters of an ICE user fragment and password (RFC 8839 5.4).
const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const USER_LENGTH: usize = 8;
const PASSWORD_LENGTH: usize = 24;

/// Our ICE user fragment (48 bits) and password (144 bits). `Debug` never shows the password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IceLogin {
    user: [u8; USER_LENGTH],
    password: [u8; PASSWORD_LENGTH],
}

impl IceLogin {
    /// Made of random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; USER_LENGTH + PASSWORD_LENGTH]) -> Self {
        let mut login = Self {
            user: [0; USER_LENGTH],
            password: [0; PASSWORD_LENGTH],
        };
        let places = login.user.iter_mut().chain(login.password.iter_mut());
        for (place, byte) in places.zip(bytes) {
            *place = ICE_CHARS[usize::from(byte & 63)];
        }
        login
    }

    /// The user fragment.
    #[must_use]
    pub fn user(&self) -> &str {
        std::str::from_utf8(&self.user).unwrap_or_default()
    }

    /// The password.
    #[must_use]
    pub fn password(&self) -> &str {
        std::str::from_utf8(&self.password).unwrap_or_default()
    }
}

impl fmt::Debug for IceLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IceLogin(..)")
    }
}

/// SHA-256 of a certificate (RFC 8122 5). Prints as SDP wants it: `4A:AD:…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Reads 32 pairs of hexadecimal digits with colons between them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let mut pairs = text.trim().split(':');
        for byte in &mut bytes {
            let pair = pairs.next().filter(|pair| pair.len() == 2)?;
            if !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        pairs.next().is_none().then_some(Self(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, byte) in self.0.iter().enumerate() {
            let colon = if n == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

/// Which end of the DTLS handshake we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DtlsRole {
    /// We begin (`a=setup:active`).
    Client,
    /// The party begins (`a=setup:passive`).
    Server,
}

/// What our description says of ourselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalSecure {
    /// Whom the party's connectivity checks must name, and with which password.
    pub login: IceLogin,
    /// Our certificate's.
    pub fingerprint: Fingerprint,
}

/// What a leg's packets are to be judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecureRemote {
    /// Ours, as the party knows it.
    pub login: IceLogin,
    /// The party's certificate must have it.
    pub fingerprint: Fingerprint,
    /// Who begins the handshake.
    pub role: DtlsRole,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_it_is_printed_and_in_no_other_shape() {
        let fingerprint = Fingerprint(std::array::from_fn(|n| n as u8 * 7));
        let text = fingerprint.to_string();
        assert_eq!(text.len(), 95);
        assert_eq!(Fingerprint::parse(&text), Some(fingerprint));
        assert_eq!(Fingerprint::parse(&text.to_lowercase()), Some(fingerprint));
        for broken in [
            &text[3..],
            &format!("{text}:00"),
            &text.replace(':', ""),
            &text.replace("07", "+7"),
            &text.replace("07", "G7"),
            "",
        ] {
            assert_eq!(Fingerprint::parse(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_login_is_made_of_ice_characters_and_hides_its_password() {
        let login = IceLogin::from_random(std::array::from_fn(|n| 255 - n as u8 * 7));
        assert_eq!((login.user().len(), login.password().len()), (8, 24));
        let all = [login.user(), login.password()].concat();
        assert!(all.bytes().all(|b| ICE_CHARS.contains(&b)));
        assert!(!format!("{login:?}").contains(login.password()));
    }
}
