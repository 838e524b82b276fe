//! Phones of our own: the test phone behind `cordboard call`, and the demo's simulated agents. Both speak real SIP and
//! RTP through a gateway of their own, as any phone on the network would.
//!
//! **Owns**: what these phones do. **Must not**: reach into the contact centre's own state.

pub mod call;
pub mod ears;
pub mod sim_agents;

use sip_gateway::leg::Accounts;
use sip_gateway::net::GatewayConfig;
use sip_gateway::sip::sdp::OpusPlace;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

/// RTP ports of our own phones: apart from the contact centre's default range.
const PORTS: RangeInclusive<u16> = 30_000..=31_999;

/// A gateway that behaves as a phone: any free SIP port, nobody registers at it.
#[must_use]
pub fn phone_config(address: IpAddr, accounts: Accounts) -> GatewayConfig {
    GatewayConfig {
        listen: SocketAddr::new(address, 0),
        listen_tcp: Vec::new(),
        tls: None,
        advertise: None,
        domain: address.to_string(),
        media_listen: address,
        media_ports: PORTS,
        opus: OpusPlace::Off,
        media_threads: 1,
        media_lost_after: Duration::from_secs(3600),
        accounts,
        bindings: Vec::new(),
        user_agent: concat!("Cordboard-phone/", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}
