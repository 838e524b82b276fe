//! Whether the carriers that agents call out through, or that we register with, answer.
//!
//! **Owns**: one OPTIONS to each, and what its silence means. **Must not**: register, call, or send a credential.

use super::Finding;
use crate::config::Company;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// How often it is asked; UDP may lose one.
const TRIES: usize = 3;
/// How long each answer may take.
const PATIENCE: Duration = Duration::from_millis(700);

pub(super) fn carriers(company: &Company) -> Vec<Finding> {
    let places = company.trunks.iter().flat_map(|trunk| {
        let out = trunk.outbound.as_ref().map(|outbound| outbound.address);
        let registrar = trunk.register.as_ref().map(|known| known.registrar);
        let registrar = registrar.filter(|address| Some(*address) != out);
        let named = |address| (trunk.name.as_str(), address);
        out.into_iter().chain(registrar).map(named)
    });
    places
        .map(|(name, address)| match answers(address) {
            Ok(true) => Finding::ok("trunks", format!("trunk \"{name}\" answers at {address}")),
            Ok(false) => Finding::warning(
                "trunks",
                format!("trunk \"{name}\" does not answer OPTIONS at {address}"),
                "ask the carrier whether it should; check `address` under `outbound`, `registrar` under `register` and the firewall",
            ),
            Err(error) => Finding::error(
                "trunks",
                format!("trunk \"{name}\": nothing can be sent to {address}: {error}"),
                "check `address` under `outbound`, `registrar` under `register` and the routes of this machine",
            ),
        })
        .collect()
}

/// Any answer will do: who refuses is there.
fn answers(address: SocketAddr) -> std::io::Result<bool> {
    let from = match address {
        SocketAddr::V4(_) => "0.0.0.0:0",
        SocketAddr::V6(_) => "[::]:0",
    };
    let socket = UdpSocket::bind(from)?;
    socket.connect(address)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let own = socket.local_addr()?;
    let mut buffer = [0; 2048];
    for number in 0..TRIES {
        let id = rand::random::<u64>();
        let options = format!(
            "OPTIONS sip:{address} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{id:x};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:doctor@{own}>;tag={id:x}\r\nTo: <sip:{address}>\r\nCall-ID: doctor-{id:x}\r\n\
             CSeq: {number} OPTIONS\r\nContent-Length: 0\r\n\r\n"
        );
        if socket.send(options.as_bytes()).is_err() {
            // The refusal of the one before: nobody is there, or not yet.
            continue;
        }
        if let Ok(length) = socket.recv(&mut buffer)
            && buffer
                .get(..length)
                .is_some_and(|b| b.starts_with(b"SIP/2.0 "))
        {
            return Ok(true);
        }
    }
    Ok(false)
}
