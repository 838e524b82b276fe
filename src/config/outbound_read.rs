//! `outbound` of a trunk: whom agents may call through it.
//!
//! **Owns**: its keys. **Must not know**: how a call is placed.

use super::company::{Outbound, Register};
use super::finding::code;
use super::section::{At, Findings, Section};
use crate::number;
use router::PhoneNumber;
use sip_gateway::leg::Credentials;
use std::net::SocketAddr;

/// Calls at once through one trunk, and of one agent, when the file says nothing.
const CALLS: u32 = 10;
const CALLS_OF_AN_AGENT: u32 = 1;

/// None when the trunk has no such table, or one with faults: then nobody calls out through it.
/// Without a name and password of its own it has those of the registration, where both go to the same address.
pub(super) fn outbound(
    trunk: &mut Section,
    register: Option<&Register>,
    out: &mut Findings<'_>,
) -> Option<Outbound> {
    let mut s = trunk.section("outbound", format!("outbound of {}", trunk.title), out)?;
    let address = required(&mut s, "address", "192.0.2.10:5060", out)
        .and_then(|at| out.check(&at.place, address(&at.value)));
    let caller_id = required(&mut s, "caller_id", "+34910000000", out)
        .and_then(|at| out.check(&at.place, caller_id(&at.value)));
    let allowed = prefixes(&mut s, "prefixes", out);
    if allowed.as_ref().is_none_or(Vec::is_empty) {
        out.error(
            &s.place,
            code::MISSING,
            format!("{} has no `prefixes`, so nobody could be called", s.title),
            "name what may be called, such as `prefixes = [\"+34\"]`, or take `outbound` away",
        );
    }
    let denied = prefixes(&mut s, "denied", out).unwrap_or_default();
    let username = s.text("username", out);
    let password = s.secret("password", "password_file", out);
    if username.is_some() != password.is_some() {
        out.error(
            &s.place,
            code::MISSING,
            format!("{} has one of `username` and `password`", s.title),
            "write both, or neither when the carrier knows us by our address",
        );
    }
    let credentials = username
        .zip(password)
        .map(|(username, password)| Credentials {
            username: username.value,
            password: password.value,
        });
    let max_calls = s.integer("max_calls", 1..=10_000, out);
    let of_an_agent = s.integer("max_calls_per_agent", 1..=100, out);
    s.finish(out);
    let address = address?;
    let registered = register.filter(|register| register.serves(address));
    let credentials = credentials.or_else(|| registered.map(|known| known.credentials.clone()));
    Some(Outbound {
        address,
        caller_id: caller_id?,
        prefixes: allowed.filter(|prefixes| !prefixes.is_empty())?,
        denied,
        credentials,
        max_calls: max_calls.map_or(CALLS, |n| n.value),
        max_calls_per_agent: of_an_agent.map_or(CALLS_OF_AN_AGENT, |n| n.value),
    })
}

fn required(
    s: &mut Section,
    key: &'static str,
    example: &'static str,
    out: &mut Findings<'_>,
) -> Option<At<String>> {
    s.required_text(key, example, out)
}

/// An address and a port: a name could be made to point elsewhere, and our credentials with it.
pub(super) fn address(text: &str) -> Result<SocketAddr, (String, String)> {
    text.parse().map_err(|_| {
        (
            format!("`{text}` is no address with a port"),
            "write \"192.0.2.10:5060\", where the carrier takes calls on UDP".to_owned(),
        )
    })
}

fn caller_id(text: &str) -> Result<PhoneNumber, (String, String)> {
    let number = number::normalise(text, None).filter(|number| number.reveal().starts_with('+'));
    number.ok_or_else(|| {
        (
            "`caller_id` is no number in its international form".to_owned(),
            "write one of your numbers, such as \"+34910000000\"".to_owned(),
        )
    })
}

fn prefixes(s: &mut Section, key: &'static str, out: &mut Findings<'_>) -> Option<Vec<String>> {
    let (_, entries) = s.texts(key, out)?;
    let good = entries
        .iter()
        .filter_map(|entry| out.check(&entry.place, prefix(&entry.value)));
    Some(good.collect())
}

/// `+` and at least one digit: what everybody may call is never allowed by accident.
fn prefix(text: &str) -> Result<String, (String, String)> {
    let digits = text.strip_prefix('+').unwrap_or_default();
    if !digits.is_empty() && digits.len() <= 15 && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    Err((
        format!("`{text}` is no prefix of international numbers"),
        "write `+`, the country code and perhaps more digits: \"+34\", \"+34803\"".to_owned(),
    ))
}
