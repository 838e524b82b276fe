//! A live gateway that a trunk on loopback may call.

#![allow(clippy::unwrap_used)] // clippy does not see that helpers of tests are tests

use sip_gateway::leg::{Accounts, GatewayEvent, Network, Trunk};
use sip_gateway::net::{Gateway, GatewayConfig};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::sync::mpsc::Receiver;

pub(crate) async fn gateway() -> (Gateway, Receiver<GatewayEvent>) {
    let address = Ipv4Addr::LOCALHOST.into();
    let network = Network {
        address,
        prefix: 32,
    };
    let config = GatewayConfig {
        listen: SocketAddr::new(address, 0),
        listen_tcp: Vec::new(),
        advertise: None,
        domain: "office.test".to_owned(),
        media_listen: address,
        media_ports: 30_000..=59_999,
        media_threads: 1,
        media_lost_after: Duration::from_secs(600),
        accounts: Accounts {
            devices: Vec::new(),
            trunks: vec![Trunk {
                name: "carrier".to_owned(),
                register: None,
                from: vec![network],
            }],
        },
        bindings: Vec::new(),
        user_agent: "test".to_owned(),
    };
    Gateway::start(config).await.unwrap()
}
