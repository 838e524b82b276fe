//! `register` of a trunk: as whom we register with the carrier.
//!
//! **Owns**: its keys. **Must not know**: how a registration goes.

use super::company::Register;
use super::duration;
use super::finding::code;
use super::outbound_read::address;
use super::section::{At, Findings, Section, bad_duration};
use crate::number;
use router::{PhoneNumber, Private};
use sip_gateway::leg::Credentials;
use std::net::SocketAddr;
use std::time::Duration;

/// What is asked for when the file says nothing, and the bounds.
const EXPIRES: Duration = Duration::from_secs(3_600);
const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(86_400);

/// None when the trunk has no such table, or one with faults: then it is not registered.
pub(super) fn register(
    trunk: &mut Section,
    country: Option<&str>,
    out: &mut Findings<'_>,
) -> Option<Register> {
    let mut s = trunk.section("register", format!("register of {}", trunk.title), out)?;
    let registrar = s
        .required_text("registrar", "192.0.2.10:5060", out)
        .and_then(|at| out.check(&at.place, address(&at.value)));
    let username = s.required_text("username", "account77", out);
    let password = s.secret("password", "password_file", out);
    if password.as_ref().is_none_or(|at| at.value.is_empty()) {
        out.error(
            &s.place,
            code::MISSING,
            format!("{} has no password", s.title),
            "add `password = \"…\"` or `password_file = \"…\"` with what the carrier gave you",
        );
    }
    let uri = s.text("uri", out);
    let user = s.text("user", out);
    let expires = expires(&mut s, out);
    let number = s.text("number", out).and_then(|text| {
        let parsed = known_number(&text.value, country);
        out.check(&text.place, parsed).map(|value| At {
            place: text.place,
            value,
        })
    });
    if let (Some(uri), Some(_)) = (&uri, &user) {
        out.error(
            &uri.place,
            code::DUPLICATE,
            format!("{} has both `uri` and `user`", s.title),
            "keep one of the two",
        );
    }
    let title = s.title.clone();
    s.finish(out);
    let (registrar, username) = (registrar?, username?);
    let uri = match (uri, user) {
        (Some(uri), _) => out.check(&uri.place, address_of_record(&uri.value))?,
        (None, user) => {
            let user = user.unwrap_or_else(|| username.clone());
            let uri = format!("sip:{}@{registrar}", user.value);
            let checked = address_of_record(&uri).map_err(|_| {
                (
                    format!("the user of {title} cannot stand in a SIP address"),
                    "write letters, digits and `+ - _ .` only, or the whole `uri`".to_owned(),
                )
            });
            out.check(&user.place, checked)?
        }
    };
    Some(Register {
        uri: Private::new(uri),
        registrar,
        credentials: Credentials {
            username: username.value,
            password: password.filter(|at| !at.value.is_empty())?.value,
        },
        expires,
        number,
    })
}

fn expires(s: &mut Section, out: &mut Findings<'_>) -> Duration {
    let Some(text) = s.duration_text("expires", out) else {
        return EXPIRES;
    };
    let checked = match duration::parse(&text.value) {
        Some(time) if (SHORTEST..=LONGEST).contains(&time) => Ok(time),
        Some(_) => Err((
            format!("`expires = \"{}\"` is too short or too long", text.value),
            "write a time from \"60s\" to \"24h\", such as \"1h\"".to_owned(),
        )),
        None => Err(bad_duration("expires", &text.value)),
    };
    out.check(&text.place, checked).unwrap_or(EXPIRES)
}

fn known_number(text: &str, country: Option<&str>) -> Result<PhoneNumber, (String, String)> {
    number::normalise(text, country).ok_or_else(|| {
        (
            "`number` is neither a telephone number nor an extension".to_owned(),
            "write one of your [[numbers]], such as \"+34910000000\"".to_owned(),
        )
    })
}

/// `sip:USER@DOMAIN`, and nothing that could become something else in a header.
fn address_of_record(text: &str) -> Result<String, (String, String)> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "+-_.~!*'".contains(c);
    let host = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
    let parts = text.strip_prefix("sip:").and_then(|t| t.split_once('@'));
    let good = parts.is_some_and(|(user, domain)| {
        let is_user = !user.is_empty() && user.chars().all(plain);
        is_user && !domain.is_empty() && domain.chars().all(host)
    });
    if good {
        return Ok(text.to_owned());
    }
    Err((
        "`uri` is no SIP address".to_owned(),
        "write \"sip:USER@DOMAIN\", as the carrier calls your account".to_owned(),
    ))
}

impl Register {
    /// The account's user at the carrier: what a call to our Contact is addressed to.
    #[must_use]
    pub fn user(&self) -> &str {
        let rest = self.uri.reveal().strip_prefix("sip:").unwrap_or_default();
        rest.split_once('@').map_or(rest, |(user, _)| user)
    }

    /// Calls out go there too: the same account may be asked for.
    pub(super) fn serves(&self, address: SocketAddr) -> bool {
        self.registrar == address
    }
}
