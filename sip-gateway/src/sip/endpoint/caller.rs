//! Who calls, in the words of the product.
//!
//! **Owns**: the reading of caller and dialled number. **Must not know**: whether the call is accepted.

use crate::leg::{CallSource, IncomingCall, LegId};
use crate::sip::message::{HeaderName, Request};

/// What the product is told of a call.
pub(super) fn describe(request: &Request, leg: LegId, source: CallSource) -> IncomingCall {
    let headers = &request.headers;
    let to = headers.to().ok();
    let (caller_user, caller_name) = match &source {
        CallSource::Device(extension) => {
            let name = headers.from().ok().and_then(|from| from.display);
            (Some(extension.clone()), name)
        }
        CallSource::Caller { number, .. } => (number.clone(), None),
        CallSource::Trunk(_) => caller(request),
    };
    IncomingCall {
        leg,
        source,
        dialed_user: request.uri.user_unescaped().unwrap_or_default(),
        to_user: to
            .and_then(|to| to.uri.user_unescaped())
            .unwrap_or_default(),
        caller_user,
        caller_name: caller_name
            .map(|name| printable(&name))
            .filter(|name| !name.is_empty()),
        sip_call_id: headers.call_id().unwrap_or_default().to_owned(),
    }
}

/// The caller as a trunk names it: P-Asserted-Identity, else From; nobody when it is withheld (RFC 3323, RFC 3325).
fn caller(request: &Request) -> (Option<String>, Option<String>) {
    let headers = &request.headers;
    let privacy = headers.get_str(&HeaderName::Privacy).unwrap_or_default();
    let withheld = privacy.split([';', ',']).map(str::trim);
    if withheld.into_iter().any(|one| {
        ["id", "user", "header"]
            .iter()
            .any(|word| one.eq_ignore_ascii_case(word))
    }) {
        return (None, None);
    }
    let asserted = headers.p_asserted_identity().unwrap_or_default();
    let identity = asserted.into_iter().next().or_else(|| headers.from().ok());
    let Some(identity) = identity else {
        return (None, None);
    };
    let nameless = [
        "anonymous",
        "unknown",
        "unavailable",
        "restricted",
        "private",
    ];
    let is_hidden = |user: &String| {
        user.is_empty()
            || user.chars().any(char::is_control)
            || nameless.iter().any(|word| user.eq_ignore_ascii_case(word))
    };
    match identity
        .uri
        .user_unescaped()
        .filter(|user| !is_hidden(user))
    {
        Some(user) => (Some(user), identity.display),
        None => (None, None),
    }
}

/// Without control characters, and not longer than anybody's name.
fn printable(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(128).collect()
}
