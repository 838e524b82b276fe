//! Answers to challenges on our own requests.
//!
//! **Owns**: the choice of header and client nonce. **Must not know**: whether the challenge deserves an answer: the
//! caller answers only what came back on a transaction to the account's own server.

use super::core::Core;
use crate::leg::Credentials;
use crate::sip::auth;
use crate::sip::message::{AuthHeader, HeaderName, Request, Response};

/// Authorization for a 401, Proxy-Authorization for a 407; none when the challenge cannot be answered.
pub(crate) fn answer_challenge(
    core: &mut Core,
    response: &Response,
    request: &Request,
    credentials: &Credentials,
) -> Option<(HeaderName, AuthHeader)> {
    let (name, challenges) = match response.status {
        401 => (
            HeaderName::Authorization,
            response.headers.www_authenticate(),
        ),
        407 => (
            HeaderName::ProxyAuthorization,
            response.headers.proxy_authenticate(),
        ),
        _ => return None,
    };
    let challenges = challenges.ok()?;
    let challenge = auth::choose(&challenges)?;
    let cnonce = core.ids.tag();
    let uri = request.uri.to_string();
    let answer = auth::respond(challenge, credentials, &request.method, &uri, &cnonce, 1).ok()?;
    Some((name, answer))
}
