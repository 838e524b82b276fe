//! Drivers: the only part of the crate with sockets, threads, tokio, the clock and randomness.
//!
//! **Owns**: the [`Gateway`] handle and the start of everything behind it: one UDP socket and one task for SIP
//! (`sip_driver.rs`), one task per SIP connection (`streams.rs`) but for those of browsers (`web.rs`), N media threads (`media_thread/`). **Must not**: decide; `sip/`, `media/` and
//! `legs/` do.

mod alarm;
mod backlog;
mod ladder;
pub mod media_pool;
mod media_thread;
pub mod packet_io;
mod sip_driver;
mod stats;
mod streams;
pub mod tls;
pub mod web;

pub use ladder::Rung;
pub use stats::GatewayStats;

use crate::leg::{Accounts, GatewayCommand, GatewayEvent, LegId, RegistrationRecord};
use crate::sip::sdp::OpusPlace;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tls::TlsListen;
use tokio::sync::{mpsc, oneshot, watch};

/// Commands that wait for the SIP task at most; senders wait when it is full.
const COMMANDS: usize = 4096;

/// Events on their way out at most. When it is full they wait inside the SIP task, which has long refused new calls by
/// then; when very many wait, it stops reading datagrams (the kernel's buffer, then the peers' retransmissions hold
/// them) but goes on taking commands.
const EVENTS: usize = 4096;

/// Questions for kept messages that wait for the SIP task at most.
const ASKS: usize = 16;

/// How the gateway starts.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// Where SIP listens (UDP).
    pub listen: SocketAddr,
    /// Where SIP listens (TCP); nowhere when empty.
    pub listen_tcp: Vec<SocketAddr>,
    /// Where SIP listens (TLS), and the certificate shown there.
    pub tls: Option<TlsListen>,
    /// Address written into Contact, Via and SDP; the listening one when none.
    pub advertise: Option<IpAddr>,
    /// SIP domain and digest realm.
    pub domain: String,
    /// Where RTP sockets are bound.
    pub media_listen: IpAddr,
    /// RTP and RTCP ports.
    pub media_ports: RangeInclusive<u16>,
    /// Where Opus stands among the codecs of browsers' legs.
    pub opus: OpusPlace,
    /// Media threads.
    pub media_threads: usize,
    /// A bridged leg without any packet for this long is told by [`crate::LegEvent::MediaLost`].
    pub media_lost_after: Duration,
    /// Who may talk to us.
    pub accounts: Accounts,
    /// Bindings of devices from before a restart, with the time they have left.
    pub bindings: Vec<RegistrationRecord>,
    /// Written into User-Agent and Server.
    pub user_agent: String,
}

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The SIP port cannot be had.
    #[error(
        "cannot listen for SIP on udp:{address}: {error}; stop what uses the port or change [sip] listen"
    )]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// A SIP port for connections cannot be had.
    #[error(
        "cannot listen for SIP connections on {address}: {error}; stop what uses the port or change [sip] listen"
    )]
    ListenTcp {
        /// Where.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// The media threads cannot start.
    #[error("cannot start media: {0}")]
    Media(std::io::Error),
}

/// The gateway's SIP task is gone.
#[derive(Debug, thiserror::Error)]
#[error("the gateway has stopped")]
pub struct Stopped;

/// Handle of the gateway: cheap to clone.
#[derive(Clone, Debug)]
pub struct Gateway {
    commands: mpsc::Sender<GatewayCommand>,
    legs: Arc<AtomicU64>,
    address: SocketAddr,
    tcp_addresses: Arc<[SocketAddr]>,
    tls_addresses: Arc<[SocketAddr]>,
    stats: watch::Receiver<GatewayStats>,
    web: mpsc::Sender<streams::Arrival>,
    asks: mpsc::Sender<ladder::Ask>,
}

impl Gateway {
    /// Binds, starts the media threads and the SIP task.
    ///
    /// # Errors
    /// [`StartError`] says which port and what to do.
    pub async fn start(
        config: GatewayConfig,
    ) -> Result<(Self, mpsc::Receiver<GatewayEvent>), StartError> {
        let (commands, wanted) = mpsc::channel(COMMANDS);
        let (told, events) = mpsc::channel(EVENTS);
        // Even numbers are ours; legs that arrive get odd ones from the endpoint.
        let legs = Arc::new(AtomicU64::new(2));
        let (asks, asked) = mpsc::channel(ASKS);
        let driver = sip_driver::SipDriver::bind(config, (wanted, asked), told).await?;
        let address = driver.address();
        let tcp_addresses = driver.tcp_addresses().into();
        let tls_addresses = driver.tls_addresses().into();
        let web = driver.web_door();
        let (published, stats) = watch::channel(GatewayStats::default());
        tokio::spawn(driver.run(published));
        Ok((
            Self {
                commands,
                legs,
                address,
                tcp_addresses,
                tls_addresses,
                stats,
                web,
                asks,
            },
            events,
        ))
    }

    /// Asks for something; waits while the SIP task is behind.
    ///
    /// # Errors
    /// [`Stopped`] when the SIP task is gone.
    pub async fn send(&self, command: GatewayCommand) -> Result<(), Stopped> {
        self.commands.send(command).await.map_err(|_| Stopped)
    }

    /// Hands over a connection that the HTTP server is about to upgrade to WebSocket (RFC 7118), `secure` when it runs
    /// through TLS. None when there are too many, in all or from there.
    pub async fn open_web(&self, peer: SocketAddr, secure: bool) -> Option<web::WebConnection> {
        web::open(&self.web, peer, secure).await
    }

    /// The SIP messages of these calls, by Call-ID, that are still kept; the oldest first.
    ///
    /// # Errors
    /// [`Stopped`] when the SIP task is gone.
    pub async fn ladder(&self, call_ids: Vec<String>) -> Result<Vec<Rung>, Stopped> {
        let (reply, answer) = oneshot::channel();
        let ask = ladder::Ask { call_ids, reply };
        self.asks.send(ask).await.map_err(|_| Stopped)?;
        answer.await.map(ladder::shown).map_err(|_| Stopped)
    }

    /// An id for a leg about to be dialled.
    #[must_use]
    pub fn new_leg_id(&self) -> LegId {
        LegId(self.legs.fetch_add(2, Ordering::Relaxed))
    }

    /// Counters and occupancy, published once a second.
    #[must_use]
    pub fn stats(&self) -> watch::Receiver<GatewayStats> {
        self.stats.clone()
    }

    /// Where SIP listens, with the port that was bound.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where SIP listens for TLS connections, with the ports that were bound.
    #[must_use]
    pub fn tls_addresses(&self) -> &[SocketAddr] {
        &self.tls_addresses
    }

    /// Where SIP listens for connections, with the ports that were bound.
    #[must_use]
    pub fn tcp_addresses(&self) -> &[SocketAddr] {
        &self.tcp_addresses
    }
}
