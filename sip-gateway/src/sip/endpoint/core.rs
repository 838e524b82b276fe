//! What every part of the endpoint needs: ids, transactions, deadlines, the way out, the time of this input.
//!
//! **Owns**: sending. Nothing reaches the network but through [`Core::transmit`]. **Must not know**: legs,
//! registrations: it keeps their ids as users of transactions only.

use super::arrivals::Arrivals;
use super::config::{Counters, EndpointConfig};
use super::ids::IdSource;
use super::schedule::{Owner, Schedule};
use crate::leg::LegId;
use crate::sip::dialog::DialogKey;
use crate::sip::flow::{ConnectionId, Flow, Wire};
use crate::sip::message::{HeaderName, Method, Request, Response, Rport, Uri, Via};
use crate::sip::port::{SipEvent, SipOutput};
use crate::sip::transaction::key::ClientKey;
use crate::sip::transaction::table::Transactions;
use crate::sip::transaction::{Action, Actions, TransactionId};
use bytes::Bytes;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// The methods we serve, as `Allow` says it.
pub(crate) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, UPDATE, INFO";
/// The extensions we know, as `Supported` says it; a `Require` for any other gets 420.
pub(crate) const SUPPORTED: [&str; 2] = ["timer", "outbound"];
/// The same as a header.
pub(crate) const SUPPORTED_HEADER: &str = "timer, outbound";
/// The content type we read and write.
pub(crate) const SDP: &str = "application/sdp";

/// Who hears the outcome of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// A session.
    Leg(LegId),
    /// A registration of our own.
    Registration(u64),
    /// Nobody: a BYE to a fork, a CANCEL.
    Nobody,
}

/// What all parts share.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) config: EndpointConfig,
    pub(crate) ids: IdSource,
    pub(crate) transactions: Transactions<User>,
    pub(crate) schedule: Schedule,
    pub(crate) dialogs: HashMap<DialogKey, LegId>,
    pub(crate) arrivals: Arrivals,
    pub(crate) counters: Counters,
    /// The time of the input that is being handled.
    pub(crate) now: Instant,
    outputs: VecDeque<SipOutput>,
    /// Connections of our own that were named, and those of them on which nothing was sent yet.
    opened: u64,
    unopened: BTreeSet<ConnectionId>,
}

impl Core {
    pub(crate) fn new(config: EndpointConfig, now: Instant) -> Self {
        Self {
            ids: IdSource::new(config.seed),
            config,
            transactions: Transactions::default(),
            schedule: Schedule::default(),
            dialogs: HashMap::new(),
            arrivals: Arrivals::default(),
            counters: Counters::default(),
            now,
            outputs: VecDeque::new(),
            opened: 0,
            unopened: BTreeSet::new(),
        }
    }

    pub(crate) fn poll_output(&mut self) -> Option<SipOutput> {
        self.outputs.pop_front()
    }

    pub(crate) fn emit(&mut self, event: SipEvent) {
        self.outputs.push_back(SipOutput::Event(event));
    }

    /// Sends, unless nothing may be sent there.
    pub(crate) fn transmit(&mut self, flow: Flow, bytes: Bytes) {
        let output = match flow {
            Flow::Udp(destination) if !is_sendable(destination) => {
                self.counters.unsendable += 1;
                return;
            }
            Flow::Udp(destination) => SipOutput::Transmit { destination, bytes },
            Flow::Stream(_, ConnectionId::NONE, _) => {
                self.counters.unsendable += 1;
                return;
            }
            Flow::Stream(_, connection, _) => SipOutput::TransmitStream {
                flow,
                open: self.unopened.remove(&connection),
                bytes,
            },
        };
        self.counters.sent += 1;
        self.outputs.push_back(output);
    }

    /// A connection of our own to this address. It is opened by the first message on it, which has to follow.
    pub(crate) fn open(&mut self, peer: SocketAddr) -> Option<Flow> {
        if !is_sendable(peer) {
            return None;
        }
        self.opened = self.opened.wrapping_add(1);
        let id = ConnectionId::opened(self.opened);
        self.unopened.insert(id);
        Some(Flow::Stream(Wire::Tcp, id, peer))
    }

    /// Whether one more transaction fits.
    pub(crate) fn has_room(&self) -> bool {
        self.transactions.len() < self.config.limits.transactions
    }

    /// The same for a request inside a dialog: live calls keep a reserve when new ones are refused.
    pub(crate) fn has_room_in_dialog(&self) -> bool {
        let limit = self.config.limits.transactions;
        self.transactions.len() < limit.saturating_add(limit / 4)
    }

    /// A Via of ours with a new branch; asks for symmetric responses (RFC 3581).
    pub(crate) fn new_via(&mut self, towards: Flow) -> Via {
        let branch = self.ids.branch();
        let address = self.config.reached_by(towards);
        let mut via = Via::new(
            towards.via_name(),
            address.ip(),
            Some(address.port()),
            &branch,
        );
        via.rport = Rport::Asked;
        via
    }

    /// Where the peer of this flow reaches us, for Contact.
    pub(crate) fn contact(&self, user: Option<&str>, flow: Flow) -> String {
        self.contact_with(user, flow, None)
    }

    /// The same with one more parameter of its URI.
    pub(crate) fn contact_with(
        &self,
        user: Option<&str>,
        flow: Flow,
        parameter: Option<(&str, &str)>,
    ) -> String {
        let address = self.config.reached_by(flow);
        let mut uri = Uri::sip(user, address.ip(), Some(address.port()));
        if let Some((name, value)) = parameter {
            uri.set_param(name, Some(value));
        }
        if let Some(transport) = flow.uri_name() {
            uri.set_param("transport", Some(transport));
        }
        format!("<{uri}>")
    }

    /// Starts the transaction of a request whose top Via is ours.
    pub(crate) fn start_request(
        &mut self,
        request: &Request,
        peer: Flow,
        user: User,
    ) -> TransactionId {
        let branch = request
            .headers
            .via_top()
            .ok()
            .and_then(|via| via.branch)
            .unwrap_or_default();
        let key = ClientKey::new(&branch, request.method.clone());
        let mut actions = Actions::new();
        let bytes = request.to_bytes();
        let id = self
            .transactions
            .start_client(key, bytes, (peer, user), self.now, &mut actions);
        self.send_all(id, &actions);
        self.reschedule(id);
        id
    }

    /// The ids of the methods that only need to be sent once: ACK of a 2xx.
    pub(crate) fn send_ack(&mut self, ack: &Request, peer: Flow) -> Bytes {
        debug_assert_eq!(ack.method, Method::Ack);
        let bytes = ack.to_bytes();
        self.transmit(peer, bytes.clone());
        bytes
    }

    /// A response of ours with `Server`; the To tag is set when there is none yet.
    pub(crate) fn response(&self, request: &Request, status: u16, tag: &str) -> Response {
        let mut response = Response::to_request(request, status);
        if status > 100 && !tag.is_empty() {
            response = response.with_to_tag(tag);
        }
        response
            .headers
            .push(HeaderName::Server, self.config.agent_name.as_str());
        response
    }

    /// Answers through the request's transaction.
    pub(crate) fn respond(&mut self, id: TransactionId, response: &Response) {
        self.respond_bytes(id, response.status, response.to_bytes());
    }

    /// The same, already printed.
    pub(crate) fn respond_bytes(&mut self, id: TransactionId, status: u16, bytes: Bytes) {
        let mut actions = Actions::new();
        self.transactions
            .respond(id, status, bytes, self.now, &mut actions);
        self.send_all(id, &actions);
        self.reschedule(id);
    }

    /// Sends what the actions ask for; the rest of them is the caller's.
    pub(crate) fn send_all(&mut self, id: TransactionId, actions: &[Action]) {
        let Some((peer, _)) = self.transactions.peer_and_user(id) else {
            return;
        };
        for action in actions {
            if let Action::Send(bytes) = action {
                self.transmit(peer, bytes.clone());
            }
        }
    }

    /// Moves the deadline of a transaction, or takes it out when it is over; gives its user then.
    pub(crate) fn settle(&mut self, id: TransactionId) -> Option<User> {
        let user = self.transactions.reap(id);
        if user.is_some() {
            self.arrivals.forget(id);
        }
        self.reschedule(id);
        user
    }

    /// Ends a transaction that nobody answers.
    pub(crate) fn drop_transaction(&mut self, id: TransactionId) {
        self.transactions.remove(id);
        self.reschedule(id);
    }

    fn reschedule(&mut self, id: TransactionId) {
        let due = self.transactions.next_deadline(id);
        self.schedule.set(Owner::Transaction(id), due);
    }
}

/// Nothing is ever sent to groups, to nowhere, or to port 0.
fn is_sendable(destination: SocketAddr) -> bool {
    let fits = match destination.ip().to_canonical() {
        IpAddr::V4(ip) => !ip.is_broadcast() && !ip.is_multicast() && !ip.is_unspecified(),
        IpAddr::V6(ip) => !ip.is_multicast() && !ip.is_unspecified(),
    };
    fits && destination.port() != 0
}

#[cfg(test)]
mod tests {
    use super::is_sendable;

    #[test]
    fn groups_and_nowhere_get_nothing() {
        for address in [
            "255.255.255.255:5060",
            "224.0.0.1:5060",
            "0.0.0.0:5060",
            "127.0.0.1:0",
            "[ff02::1]:5060",
            "[::]:5060",
            "[::ffff:224.0.0.1]:5060",
        ] {
            assert!(!is_sendable(address.parse().unwrap()), "{address}");
        }
        assert!(is_sendable("127.0.0.1:5060".parse().unwrap()));
        assert!(is_sendable("[::1]:5060".parse().unwrap()));
    }
}
