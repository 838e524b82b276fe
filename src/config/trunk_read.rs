//! `[[trunks]]` of the company file.
//!
//! **Owns**: their keys and CIDR ranges. **Must not know**: files, agents, numbers.

use super::company::Trunk;
use super::company_read::{Unique, plain_name};
use super::finding::code;
use super::section::{At, Findings, Section};
use super::settings_read::record_policy;
use super::{outbound_read, register_read};
use sip_gateway::leg::Network;
use std::net::IpAddr;

pub(super) fn trunks(
    root: &mut Section,
    country: Option<&str>,
    out: &mut Findings<'_>,
) -> Vec<Trunk> {
    let mut names = Unique::default();
    let mut ranges = Unique::default();
    let mut trunks = Vec::new();
    for mut s in root.sections("trunks", out) {
        let name = s.required_text("name", "carrier", out);
        if let Some(name) = &name {
            s.title = format!("[[trunks]] \"{}\"", name.value);
            plain_name("trunk", name, out);
            names.note("trunk", name, out);
        }
        let registers = s.has("register");
        let from = from(&mut s, registers, &mut ranges, out);
        let record = s
            .text("record", out)
            .and_then(|text| out.check(&text.place, record_policy("record", &text.value)));
        let register = register_read::register(&mut s, country, out);
        let outbound = outbound_read::outbound(&mut s, register.as_ref(), out);
        s.finish(out);
        trunks.push(Trunk {
            name: name.map(|n| n.value).unwrap_or_default(),
            from,
            register,
            record,
            outbound,
        });
    }
    trunks
}

/// May be left out by a trunk that we register with: then calls come to our Contact, or from its registrar.
fn from(
    s: &mut Section,
    registers: bool,
    ranges: &mut Unique,
    out: &mut Findings<'_>,
) -> Vec<Network> {
    let entries = s.texts("from", out);
    if entries.is_none() && registers {
        return Vec::new();
    }
    let Some((place, entries)) = entries else {
        out.error(
            &s.place,
            code::MISSING,
            format!("{} has no `from`", s.title),
            "add the addresses it sends from: `from = [\"192.0.2.10/32\"]`",
        );
        return Vec::new();
    };
    if entries.is_empty() {
        out.error(
            &place,
            code::BAD_VALUE,
            format!(
                "`from` of {} is empty, so no call could come from it",
                s.title
            ),
            "write `from = [\"192.0.2.10/32\"]`",
        );
    }
    let mut networks = Vec::new();
    for entry in &entries {
        if let Some(network) = out.check(&entry.place, network(&entry.value)) {
            let name = At {
                place: entry.place.clone(),
                value: format!("{}/{}", network.address, network.prefix),
            };
            ranges.note("address range", &name, out);
            networks.push(network);
        }
    }
    networks
}

/// `192.0.2.0/24`, or one address.
pub(super) fn network(text: &str) -> Result<Network, (String, String)> {
    let wrong = |why: &str| {
        (
            format!("`{text}` {why}"),
            "write \"192.0.2.0/24\" or one address".to_owned(),
        )
    };
    let (address, prefix) = match text.trim().split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text.trim(), None),
    };
    let address: IpAddr = address
        .parse()
        .map_err(|_| wrong("is not a range of addresses"))?;
    let longest: u8 = if address.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        None => longest,
        Some(text) => text
            .parse::<u8>()
            .ok()
            .filter(|p| *p <= longest)
            .ok_or_else(|| wrong("has no such prefix length"))?,
    };
    let first = first_address(address, prefix);
    if first != address {
        return Err((
            format!("`{text}` has bits beyond its prefix"),
            format!("write \"{first}/{prefix}\" for the range, or \"{address}\" for one address"),
        ));
    }
    Ok(Network { address, prefix })
}

fn first_address(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}
