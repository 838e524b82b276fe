//! Callers and agents' phones: each an `Endpoint` of its own at its own address.
//!
//! **Owns**: a party's endpoint and its calls. **Must not know**: when it does what (`script.rs`).

use crate::company::DOMAIN;
use bytes::Bytes;
use sip_gateway::leg::{Accounts, Credentials, Dial, DialTarget, LegId, Network, Trunk};
use sip_gateway::sip::port::SipCommand;
use sip_gateway::sip::sdp::{self, Codec, LocalMedia};
use sip_gateway::sip::{Endpoint, EndpointConfig, Limits};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A call as its party sees it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PartyCall {
    pub(crate) answered: bool,
    pub(crate) over: bool,
}

#[derive(Debug)]
pub(crate) struct Party {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    pub(crate) endpoint: Endpoint,
    /// The phone's extension; a caller has none.
    pub(crate) extension: Option<&'static str>,
    pub(crate) online: bool,
    pub(crate) calls: BTreeMap<LegId, PartyCall>,
    office: SocketAddr,
    next_leg: u64,
    version: u64,
}

impl Party {
    pub(crate) fn new(
        name: String,
        (address, office): (SocketAddr, SocketAddr),
        extension: Option<&'static str>,
        now: Instant,
    ) -> Self {
        Self {
            endpoint: endpoint(address, office, 0, now),
            name,
            address,
            extension,
            online: true,
            calls: BTreeMap::new(),
            office,
            next_leg: 2,
            version: 0,
        }
    }

    /// Switched off and on again: it has forgotten everything.
    pub(crate) fn reboot(&mut self, now: Instant) {
        self.version += 1;
        self.endpoint = endpoint(self.address, self.office, self.version, now);
        self.calls.clear();
    }

    fn media(&self) -> LocalMedia {
        LocalMedia {
            address: self.address.ip(),
            port: 30_000,
            session_id: 1,
            version: 1,
            direction: sdp::Direction::SendRecv,
            secure: None,
            opus: sdp::OpusPlace::Off,
        }
    }

    pub(crate) fn offer(&self) -> Bytes {
        sdp::make_offer(&self.media(), &Codec::ALL)
    }

    pub(crate) fn answer_to(&self, offer: Option<&Bytes>) -> Bytes {
        match offer {
            Some(offer) => sdp::answer(offer, &self.media()).map_or_else(|_| self.offer(), |a| a.0),
            None => self.offer(),
        }
    }

    fn credentials(&self) -> Option<Credentials> {
        self.extension.map(|extension| Credentials {
            username: extension.to_owned(),
            password: format!("secret of {extension}"),
        })
    }

    pub(crate) fn dial(&mut self, dialled: &str) -> (LegId, SipCommand) {
        self.next_leg += 2;
        let leg = LegId(self.next_leg);
        self.calls.insert(leg, PartyCall::default());
        let from = self.extension.unwrap_or("+34600111222");
        let command = SipCommand::Dial {
            leg,
            dial: Dial {
                target: DialTarget::Uri(format!("sip:{dialled}@{DOMAIN}")),
                from_user: Some(from.to_owned()),
                from_name: None,
                headers: Vec::new(),
                credentials: self.credentials(),
            },
            destination: Some(self.office),
            sdp: self.offer().into(),
        };
        (leg, command)
    }

    pub(crate) fn register(&self) -> Option<SipCommand> {
        Some(SipCommand::Register {
            address_of_record: self.address_of_record()?,
            destination: self.office,
            credentials: self.credentials()?,
            expires: Duration::from_secs(90),
        })
    }

    pub(crate) fn unregister(&self) -> Option<SipCommand> {
        let address_of_record = self.address_of_record()?;
        Some(SipCommand::Unregister { address_of_record })
    }

    fn address_of_record(&self) -> Option<String> {
        Some(format!("sip:{}@{DOMAIN}", self.extension?))
    }

    pub(crate) fn live_calls(&self) -> Vec<LegId> {
        let live = self.calls.iter().filter(|(_, call)| !call.over);
        live.map(|(leg, _)| *leg).collect()
    }
}

fn endpoint(address: SocketAddr, office: SocketAddr, version: u64, now: Instant) -> Endpoint {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&version.to_be_bytes());
    seed[8..24].copy_from_slice(&match address.ip() {
        std::net::IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        std::net::IpAddr::V6(ip) => ip.octets(),
    });
    let config = EndpointConfig {
        domain: DOMAIN.to_owned(),
        advertised: address,
        stream_port: None,
        tls_port: None,
        agent_name: "party".to_owned(),
        seed,
        limits: Limits::default(),
    };
    let accounts = Accounts {
        devices: Vec::new(),
        trunks: vec![Trunk {
            name: "office".to_owned(),
            register: None,
            from: vec![Network {
                address: office.ip(),
                prefix: 32,
            }],
        }],
    };
    Endpoint::new(config, accounts, now)
}
