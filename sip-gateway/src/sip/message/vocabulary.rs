//! The one file that imports `rsip`: its names for methods and statuses, beside our own types.
//!
//! **Owns**: the conversions and the reason phrases. **Must not know**: any bytes from the network: `rsip`'s
//! tokenizers are never called here.

use super::Method;
use rsip::{Method as Name, StatusCode};

/// `rsip`'s name of a method; none for methods it has no name for.
#[must_use]
pub fn rsip_method(method: &Method) -> Option<Name> {
    Some(match method {
        Method::Invite => Name::Invite,
        Method::Ack => Name::Ack,
        Method::Bye => Name::Bye,
        Method::Cancel => Name::Cancel,
        Method::Options => Name::Options,
        Method::Register => Name::Register,
        Method::Info => Name::Info,
        Method::Update => Name::Update,
        Method::Prack => Name::PRack,
        Method::Refer => Name::Refer,
        Method::Notify => Name::Notify,
        Method::Subscribe => Name::Subscribe,
        Method::Message => Name::Message,
        Method::Publish => Name::Publish,
        Method::Other(_) => return None,
    })
}

impl From<Name> for Method {
    fn from(name: Name) -> Self {
        match name {
            Name::Invite => Self::Invite,
            Name::Ack => Self::Ack,
            Name::Bye => Self::Bye,
            Name::Cancel => Self::Cancel,
            Name::Options => Self::Options,
            Name::Register => Self::Register,
            Name::Info => Self::Info,
            Name::Update => Self::Update,
            Name::PRack => Self::Prack,
            Name::Refer => Self::Refer,
            Name::Notify => Self::Notify,
            Name::Subscribe => Self::Subscribe,
            Name::Message => Self::Message,
            Name::Publish => Self::Publish,
        }
    }
}

/// `rsip`'s name of a status.
#[must_use]
pub fn rsip_status(status: u16) -> StatusCode {
    StatusCode::from(status)
}

/// The reason phrase of a status as the RFCs write it; that of the class (`Bad Request` for 4xx …) for a status
/// without a name.
#[must_use]
pub fn reason_phrase(status: u16) -> String {
    // Where the phrase of the RFC is not the words of the name.
    let written = match status {
        201 => "Created",
        202 => "Accepted",
        414 => "Request-URI Too Long",
        416 => "Unsupported URI Scheme",
        481 => "Call/Transaction Does Not Exist",
        504 => "Server Time-out",
        606 => "Not Acceptable",
        _ => "",
    };
    if !written.is_empty() {
        return written.to_owned();
    }
    match rsip_status(status) {
        StatusCode::Other(..) => class_phrase(status).to_owned(),
        StatusCode::OK => "OK".to_owned(),
        named => spaced(&format!("{named:?}")),
    }
}

fn class_phrase(status: u16) -> &'static str {
    match status {
        100..200 => "Session Progress",
        200..300 => "OK",
        300..400 => "Multiple Choices",
        400..500 => "Bad Request",
        500..600 => "Server Internal Error",
        _ => "Busy Everywhere",
    }
}

/// `BusyHere` to `Busy Here`.
fn spaced(name: &str) -> String {
    let mut phrase = String::with_capacity(name.len().saturating_add(8));
    for c in name.chars() {
        if c.is_ascii_uppercase() && !phrase.is_empty() {
            phrase.push(' ');
        }
        phrase.push(c);
    }
    phrase
}
