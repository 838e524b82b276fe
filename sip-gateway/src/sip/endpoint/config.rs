//! What an endpoint is told once, and what it counts.
//!
//! **Owns**: [`EndpointConfig`], [`Limits`], [`Counters`]. **Must not know**: where the values come from.

use crate::sip::flow::{Flow, Wire};
use std::net::SocketAddr;
use std::time::Duration;

/// Settings of one endpoint. `Debug` never shows the seed.
#[derive(Clone)]
pub struct EndpointConfig {
    /// The SIP domain of our devices; also the digest realm.
    pub domain: String,
    /// The address in our Via and Contact: where peers reach the socket that the driver reads.
    pub advertised: SocketAddr,
    /// The port where peers reach us by TCP, when it is not that of `advertised`.
    pub stream_port: Option<u16>,
    /// The port where peers reach us by TLS.
    pub tls_port: Option<u16>,
    /// Text of `User-Agent` and `Server`.
    pub agent_name: String,
    /// Secret randomness of this process; branches, tags, Call-IDs and nonces are derived from it.
    pub seed: [u8; 32],
    /// Bounds.
    pub limits: Limits,
}

impl EndpointConfig {
    /// Where the peer of a flow reaches us.
    pub(crate) const fn reached_by(&self, flow: Flow) -> SocketAddr {
        let port = match flow {
            Flow::Stream(Wire::Tcp, ..) => self.stream_port,
            Flow::Stream(Wire::Tls, ..) => self.tls_port,
            _ => None,
        };
        match port {
            Some(port) => SocketAddr::new(self.advertised.ip(), port),
            None => self.advertised,
        }
    }
}

impl std::fmt::Debug for EndpointConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EndpointConfig")
            .field("domain", &self.domain)
            .field("advertised", &self.advertised)
            .field("stream_port", &self.stream_port)
            .field("tls_port", &self.tls_port)
            .field("agent_name", &self.agent_name)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// How much of everything there may be. What does not fit is answered 503 with Retry-After, without keeping state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Server and client transactions together.
    pub transactions: usize,
    /// Legs, those included that only wait for their last answers.
    pub legs: usize,
    /// Calls from one source address that are not answered yet.
    pub ringing_per_source: usize,
    /// Registrations of our own.
    pub registrations: usize,
    /// Contacts of one device; the oldest makes room.
    pub contacts_per_device: usize,
    /// How long a call may wait for its final answer, both ways, when the INVITE has no Expires.
    pub ringing: Duration,
    /// Shortest lifetime of a binding; less is answered 423.
    pub min_expires: Duration,
    /// Longest lifetime of a binding, also the default.
    pub max_expires: Duration,
    /// Messages a second that one source may send, three times as many at once; more are not read. Trunks are not
    /// counted. `u32::MAX`: as many as it likes.
    pub messages_per_source: u32,
    /// The same for a source where a device has proven itself.
    pub messages_per_known_source: u32,
    /// Wrong passwords of one user from one source before the first pause; `u32::MAX`: no pause ever.
    pub free_guesses: u32,
    /// Users that may fail from one source before the first pause for all of them; `u32::MAX`: no pause ever.
    pub free_users: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            transactions: 100_000,
            legs: 20_000,
            ringing_per_source: 1_000,
            registrations: 1_000,
            contacts_per_device: 10,
            ringing: Duration::from_secs(600),
            min_expires: Duration::from_secs(60),
            max_expires: Duration::from_secs(3_600),
            messages_per_source: 1_000,
            messages_per_known_source: 5_000,
            free_guesses: 3,
            free_users: 16,
        }
    }
}

/// What happened since the start; they only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Datagrams received, keep-alives included.
    pub received: u64,
    /// Datagrams sent.
    pub sent: u64,
    /// Empty and CRLF-only datagrams (RFC 5626 keep-alive).
    pub keep_alives: u64,
    /// Datagrams that are no SIP message.
    pub unreadable: u64,
    /// Requests answered 400, 416, 420 or 505.
    pub bad_requests: u64,
    /// Responses that match nothing of ours.
    pub stray_responses: u64,
    /// ACKs that match nothing of ours.
    pub stray_acks: u64,
    /// Requests that a transaction had seen before.
    pub repeats_received: u64,
    /// Challenges sent (401).
    pub challenges: u64,
    /// Requests whose credentials were wrong.
    pub failed_auth: u64,
    /// Requests whose credentials nobody looked at: too many wrong ones had come before.
    pub locked_out: u64,
    /// Pauses begun after wrong credentials.
    pub lockouts: u64,
    /// Messages that were not read: their source sends too many.
    pub over_rate: u64,
    /// Requests answered 503 because a bound was reached or we are behind; of many at once some get no answer.
    pub overload: u64,
    /// Messages that were to go to an address nothing may be sent to (multicast, broadcast, port 0).
    pub unsendable: u64,
    /// Commands for legs in a state that does not take them, or unknown.
    pub bad_commands: u64,
}

/// How much there is at this moment; all zero when nothing is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Occupancy {
    /// Transactions.
    pub transactions: usize,
    /// Legs.
    pub legs: usize,
    /// Entries of the dialog index.
    pub dialogs: usize,
    /// Bindings of devices.
    pub bindings: usize,
    /// Registrations of our own.
    pub registrations: usize,
    /// Deadlines.
    pub deadlines: usize,
}
