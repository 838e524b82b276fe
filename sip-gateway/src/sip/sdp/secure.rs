//! Secured streams: DTLS-SRTP keyed by a certificate's fingerprint (RFC 5763, RFC 8842), reached by ICE (RFC 8839), RTP
//! and RTCP on one port (RFC 5761, RFC 8843).
//!
//! **Owns**: the attributes of such a stream, both ways. **Must not know**: codecs, ICE's and DTLS's rules.
//!
//! We are ICE-lite with one candidate, so the party's candidates are not read: its checks tell where it is.

use super::{LocalMedia, SdpError};
use crate::secure_media::{DtlsRole, Fingerprint, LocalSecure};
use sdp_types::{Attribute, Media, Session};

/// What our offers are called, as browsers call theirs (RFC 8829 5.1.2).
const PROFILE: &str = "UDP/TLS/RTP/SAVPF";
/// Profiles that we take. `RTP/SAVPF` is what some older stacks write for the same.
const PROFILES: [&str; 3] = [PROFILE, "UDP/TLS/RTP/SAVP", "RTP/SAVPF"];
/// The name of our stream in our own offers.
const OUR_MID: &str = "0";
/// RFC 8839 5.4.
const USER_LENGTHS: std::ops::RangeInclusive<usize> = 4..=256;
const PASSWORD_LENGTHS: std::ops::RangeInclusive<usize> = 22..=256;
/// RFC 8445 5.1.2.1 for the only component of a host candidate: 126 << 24 | 65535 << 8 | 255.
const HOST_PRIORITY: u32 = 2_130_706_431;

/// Who the party of a secured stream is. `Debug` never shows its ICE login.
#[derive(Clone, PartialEq, Eq)]
pub struct AgreedSecure {
    /// Its certificate's.
    pub fingerprint: Fingerprint,
    /// Our end of the handshake.
    pub role: DtlsRole,
    /// Its ICE user fragment and password; others than before are a restart (RFC 8839 4.4.3).
    login: (String, String),
}

impl AgreedSecure {
    /// It begins ICE again.
    #[must_use]
    pub fn restarts(&self, before: &Self) -> bool {
        self.login != before.login
    }
}

impl std::fmt::Debug for AgreedSecure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgreedSecure")
            .field("fingerprint", &self.fingerprint)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

pub(super) fn is_secured(profile: &str) -> bool {
    PROFILES
        .iter()
        .any(|known| known.eq_ignore_ascii_case(profile))
}

pub(super) fn is_wanted(session: &Session) -> bool {
    let secured = |media: &Media| is_secured(&media.proto) && media.port != 0;
    session
        .medias
        .iter()
        .any(|media| media.media.eq_ignore_ascii_case("audio") && secured(media))
}

/// Reads who wrote a secured stream; what a stream does not say itself, the session says for all.
pub(super) fn read(session: &Session, media: &Media) -> Result<AgreedSecure, SdpError> {
    if !media.has_attribute("rtcp-mux") {
        return Err(SdpError::unacceptable("secured stream without rtcp-mux"));
    }
    let fingerprint = values(session, media, "fingerprint")
        .find_map(|value| {
            let (hash, digits) = value.trim().split_once(' ')?;
            hash.eq_ignore_ascii_case("sha-256")
                .then(|| Fingerprint::parse(digits))?
        })
        .ok_or_else(|| SdpError::unacceptable("no SHA-256 fingerprint of a certificate"))?;
    let role = match values(session, media, "setup").next().map(str::trim) {
        Some(setup) if setup.eq_ignore_ascii_case("passive") => DtlsRole::Client,
        Some(setup) if setup.eq_ignore_ascii_case("holdconn") => {
            return Err(SdpError::unacceptable("nobody begins the handshake"));
        }
        _ => DtlsRole::Server,
    };
    let user = values(session, media, "ice-ufrag").next().map(str::trim);
    let password = values(session, media, "ice-pwd").next().map(str::trim);
    let login = user
        .zip(password)
        .filter(|(user, _)| USER_LENGTHS.contains(&user.len()))
        .filter(|(_, password)| PASSWORD_LENGTHS.contains(&password.len()))
        .ok_or_else(|| SdpError::unacceptable("secured stream without an ICE login"))?;
    Ok(AgreedSecure {
        fingerprint,
        role,
        login: (login.0.to_owned(), login.1.to_owned()),
    })
}

fn values<'a>(
    session: &'a Session,
    media: &'a Media,
    name: &'a str,
) -> impl Iterator<Item = &'a str> {
    let of_media = media.get_attribute_values(name).flatten();
    of_media.chain(session.get_attribute_values(name).flatten())
}

/// Makes a stream of ours an offer of a secured one.
pub(super) fn offer(
    session: &mut Session,
    stream: &mut Media,
    own: &LocalSecure,
    local: &LocalMedia,
) {
    PROFILE.clone_into(&mut stream.proto);
    describe_session(session, Some(OUR_MID));
    let named = Attribute::with_value("mid", OUR_MID);
    stream.attributes.push(named);
    describe(stream, own, local, "actpass");
}

/// Makes a stream of ours the answer to theirs.
pub(super) fn answer(
    session: &mut Session,
    stream: &mut Media,
    (theirs, party): (&Media, &AgreedSecure),
    (own, local): (&LocalSecure, &LocalMedia),
) {
    let named = mid(theirs);
    let name = named.as_ref().and_then(|mid| mid.value.as_deref());
    describe_session(session, name);
    stream.attributes.extend(named.clone());
    let setup = match party.role {
        DtlsRole::Client => "active",
        DtlsRole::Server => "passive",
    };
    describe(stream, own, local, setup);
}

/// The name that a stream has in an offer: the answer repeats it (RFC 5888 8.1).
pub(super) fn mid(theirs: &Media) -> Option<Attribute> {
    let name = theirs.get_first_attribute_value("mid")??;
    Some(Attribute::with_value("mid", name))
}

fn describe_session(session: &mut Session, mid: Option<&str>) {
    session.attributes.push(Attribute::new("ice-lite"));
    if let Some(mid) = mid {
        let group = Attribute::with_value("group", format!("BUNDLE {mid}"));
        session.attributes.push(group);
    }
}

fn describe(stream: &mut Media, own: &LocalSecure, local: &LocalMedia, setup: &str) {
    let (address, port) = (local.address, local.port);
    let candidate = format!("1 1 UDP {HOST_PRIORITY} {address} {port} typ host");
    let fingerprint = format!("sha-256 {}", own.fingerprint);
    stream.attributes.extend([
        Attribute::new("rtcp-mux"),
        // A page finds the sound in a stream with this name.
        Attribute::with_value("msid", "cordboard audio"),
        Attribute::with_value("ice-ufrag", own.login.user()),
        Attribute::with_value("ice-pwd", own.login.password()),
        Attribute::with_value("fingerprint", fingerprint),
        Attribute::with_value("setup", setup),
        Attribute::with_value("candidate", candidate),
        Attribute::new("end-of-candidates"),
    ]);
}
