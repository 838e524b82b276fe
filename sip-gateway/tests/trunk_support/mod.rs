//! Live gateways: one that a trunk on loopback may call, or with accounts of the test's own; and waiting for their events.

#![allow(clippy::unwrap_used)] // clippy does not see that helpers of tests are tests
#![allow(dead_code, reason = "no test needs all of it")]

use sip_gateway::leg::{Accounts, GatewayEvent, Network, Trunk};
use sip_gateway::net::{Gateway, GatewayConfig};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// One that a trunk on loopback may call.
pub(crate) async fn gateway() -> (Gateway, Receiver<GatewayEvent>) {
    let network = Network {
        address: Ipv4Addr::LOCALHOST.into(),
        prefix: 32,
    };
    let carrier = Trunk {
        name: "carrier".to_owned(),
        register: None,
        from: vec![network],
    };
    gateway_of(Accounts {
        devices: Vec::new(),
        trunks: vec![carrier],
    })
    .await
}

pub(crate) async fn gateway_of(accounts: Accounts) -> (Gateway, Receiver<GatewayEvent>) {
    let address = Ipv4Addr::LOCALHOST.into();
    let config = GatewayConfig {
        listen: SocketAddr::new(address, 0),
        listen_tcp: Vec::new(),
        tls: None,
        advertise: None,
        domain: "office.test".to_owned(),
        media_listen: address,
        media_ports: 30_000..=59_999,
        opus: sip_gateway::sip::sdp::OpusPlace::Off,
        media_threads: 1,
        media_lost_after: Duration::from_secs(600),
        accounts,
        bindings: Vec::new(),
        user_agent: "test".to_owned(),
    };
    Gateway::start(config).await.unwrap()
}

/// The next event that is wanted.
pub(crate) async fn next<T>(
    events: &mut Receiver<GatewayEvent>,
    wanted: impl Fn(&GatewayEvent) -> Option<T>,
) -> T {
    let find = async {
        loop {
            let event = events.recv().await.expect("the gateway lives");
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    };
    timeout(PATIENCE, find).await.expect("an event in time")
}
