//! Ports, the advertised address, trunks.
//!
//! **Owns**: what of the network can be judged without sending a packet. **Must not**: reach out.

use super::Finding;
use crate::config::Company;
use crate::config::settings::{Settings, SipTransport};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};

/// Pairs of RTP ports that are tried.
const TRIED_PAIRS: u16 = 100;

/// Every port of the settings: free, or held by the Cordboard that runs on this data folder.
pub(super) fn ports(settings: &Settings, max_calls: u32, running: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for listen in &settings.sip.listen {
        let (name, bound) = match listen.transport {
            SipTransport::Udp => ("udp", UdpSocket::bind(listen.address).map(drop)),
            SipTransport::Tls => ("tls", TcpListener::bind(listen.address).map(drop)),
            SipTransport::Tcp => ("tcp", TcpListener::bind(listen.address).map(drop)),
        };
        let name = format!("[sip] listen {name}:{}", listen.address);
        findings.push(port(&name, bound, running));
    }
    let metrics = settings.http.metrics.map(|at| ("metrics", at));
    for (key, address) in [("listen", settings.http.listen)]
        .into_iter()
        .chain(metrics)
    {
        let bound = TcpListener::bind(address).map(drop);
        findings.push(port(&format!("[http] {key} {address}"), bound, running));
    }
    findings.push(media_ports(settings, max_calls, running));
    findings
}

fn port(name: &str, bound: io::Result<()>, running: bool) -> Finding {
    match bound {
        Ok(()) => Finding::ok("ports", format!("{name} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse && running => Finding::ok(
            "ports",
            format!("{name} is in use, and Cordboard runs on this data folder"),
        ),
        Err(error) => {
            let help = match error.kind() {
                ErrorKind::AddrInUse => {
                    "another program has it: `ss -lptun` shows which; stop it or change the port"
                }
                ErrorKind::AddrNotAvailable => {
                    "this machine does not have that address: `ip address` shows those it has"
                }
                ErrorKind::PermissionDenied => {
                    "ports below 1024 need CAP_NET_BIND_SERVICE; take a higher port"
                }
                _ => "change the address",
            };
            Finding::error("ports", format!("{name}: {error}"), help)
        }
    }
}

/// Two legs a call, an even port and the odd one behind it for each.
fn media_ports(settings: &Settings, max_calls: u32, running: bool) -> Finding {
    let media = &settings.media;
    let range = format!("[media] ports {}-{}", media.first_port, media.last_port);
    let first = media.first_port + media.first_port % 2;
    let pairs = (u32::from(media.last_port) + 1).saturating_sub(u32::from(first)) / 2;
    let wanted = max_calls.saturating_mul(2);
    if pairs < wanted {
        return Finding::warning(
            "ports",
            format!("{range} hold {pairs} legs, and {max_calls} calls need {wanted}"),
            "widen the range, or lower [limits] max_calls: calls beyond it are refused",
        );
    }
    let pair_is_free = |place: &u16| {
        let port = first.saturating_add(place.saturating_mul(2));
        let free = |port| UdpSocket::bind(SocketAddr::new(media.listen, port));
        free(port).and_then(|_held| free(port.saturating_add(1)).map(drop))
    };
    let failed = (0..TRIED_PAIRS.min(u16::try_from(pairs).unwrap_or(u16::MAX)))
        .find_map(|place| pair_is_free(&place).err());
    match failed {
        Some(error) if !(running && error.kind() == ErrorKind::AddrInUse) => Finding::warning(
            "ports",
            format!("{range}: at least one cannot be had: {error}"),
            "choose a range that no other program uses, on an address of this machine",
        ),
        _ => Finding::ok("ports", format!("{range} hold {pairs} legs")),
    }
}

/// Whether phones and trunks can reach what we tell them.
pub(super) fn address(settings: &Settings) -> Vec<Finding> {
    let told = settings.sip.public_address();
    let mut findings = Vec::new();
    let sip_outside = settings.sip.udp().any(|at| !at.ip().is_loopback());
    if told.is_unspecified() || told.is_multicast() {
        findings.push(Finding::error(
            "address",
            format!("[sip] advertise is {told}, which is nobody's address"),
            "write the address that phones and trunks can reach",
        ));
    } else if sip_outside && told.is_loopback() {
        findings.push(Finding::error(
            "address",
            format!("SIP listens to the outside, and phones are told {told}"),
            "write `advertise` under [sip] with the address that phones and trunks can reach",
        ));
    } else if !is_ours(told) {
        findings.push(Finding::warning(
            "address",
            format!("{told} is told to phones and is no address of this machine"),
            "right behind a NAT that forwards the SIP and RTP ports to here; else change `advertise` under [sip]",
        ));
    } else {
        let message = match sip_outside {
            true => format!("phones and trunks are told {told}"),
            false => "SIP is on loopback: only this machine can call".to_owned(),
        };
        findings.push(Finding::ok("address", message));
    }
    if sip_outside && settings.media.listen.is_loopback() {
        findings.push(Finding::error(
            "address",
            "SIP listens to the outside, and RTP on loopback: calls would be silent",
            "write `listen` under [media] with the address of the machine, or \"0.0.0.0\"",
        ));
    }
    findings
}

/// Whether this machine has the address: only then can a socket be bound to it.
fn is_ours(address: IpAddr) -> bool {
    UdpSocket::bind(SocketAddr::new(address, 0)).is_ok()
}

/// Not routed in the Internet.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || v4.is_loopback(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_loopback(),
    }
}

/// Trunks by what their addresses say.
pub(super) fn trunks(settings: &Settings, company: &Company) -> Vec<Finding> {
    let told = settings.sip.public_address();
    let mut findings = Vec::new();
    for trunk in &company.trunks {
        let name = &trunk.name;
        for network in &trunk.from {
            let shown = format!("{}/{}", network.address, network.prefix);
            let wide = match network.address {
                IpAddr::V4(_) => network.prefix < 16,
                IpAddr::V6(_) => network.prefix < 32,
            };
            if wide {
                findings.push(Finding::warning(
                    "trunks",
                    format!("trunk \"{name}\" trusts {shown}: everybody there may call without a password"),
                    "write the carrier's own addresses under `from`",
                ));
            } else if is_private(told) && !is_private(network.address) {
                findings.push(Finding::warning(
                    "trunks",
                    format!("trunk \"{name}\" calls from {shown} in the Internet, and is told {told}"),
                    "write our public address as `advertise` under [sip], and forward SIP and RTP ports to here",
                ));
            } else if network.address.is_unspecified() || network.address.is_multicast() {
                findings.push(Finding::error(
                    "trunks",
                    format!("trunk \"{name}\": nobody sends from {shown}"),
                    "write the carrier's addresses under `from`",
                ));
            }
        }
    }
    if findings.is_empty() {
        let count = company.trunks.len();
        findings.push(Finding::ok(
            "trunks",
            format!("{count} trunk(s) look right"),
        ));
    }
    findings
}
