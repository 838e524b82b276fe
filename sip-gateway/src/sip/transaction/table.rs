//! The transactions under way.
//!
//! **Owns**: each machine with its key, its peer and its user; their number is bounded by the endpoint before one is
//! made. **Must not know**: what a user is: it is a value `U` that is given back with each outcome.

use super::client_invite::{self, ClientInvite};
use super::client_other::{self, ClientOther};
use super::key::{ClientKey, ServerKey};
use super::server_invite::{self, ServerInvite};
use super::server_other::{self, ServerOther};
use super::{Actions, TransactionId};
use crate::sip::flow::Flow;
use crate::sip::message::Method;
use bytes::Bytes;
use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

#[derive(Debug)]
enum Machine {
    ClientInvite(ClientInvite),
    ClientOther(ClientOther),
    ServerInvite(ServerInvite),
    ServerOther(ServerOther),
}

#[derive(Clone, Debug)]
enum Key {
    Client(ClientKey),
    Server(ServerKey),
}

#[derive(Debug)]
struct Entry<U> {
    machine: Machine,
    key: Key,
    peer: Flow,
    user: U,
}

/// All transactions of an endpoint.
#[derive(Debug)]
pub struct Transactions<U> {
    last_id: u64,
    entries: HashMap<TransactionId, Entry<U>>,
    clients: HashMap<ClientKey, TransactionId>,
    servers: HashMap<ServerKey, TransactionId>,
    /// Clients by peer, for ICMP errors, and all that use a connection; ordered, so that a run can be repeated.
    peers: BTreeSet<(Flow, TransactionId)>,
}

impl<U> Default for Transactions<U> {
    fn default() -> Self {
        Self {
            last_id: 0,
            entries: HashMap::new(),
            clients: HashMap::new(),
            servers: HashMap::new(),
            peers: BTreeSet::new(),
        }
    }
}

impl<U: Copy> Transactions<U> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The client transaction that a response belongs to.
    #[must_use]
    pub fn find_client(&self, key: &ClientKey) -> Option<TransactionId> {
        self.clients.get(key).copied()
    }

    /// The server transaction that a request belongs to.
    #[must_use]
    pub fn find_server(&self, key: &ServerKey) -> Option<TransactionId> {
        self.servers.get(key).copied()
    }

    /// The other end and the user of a transaction.
    #[must_use]
    pub fn peer_and_user(&self, id: TransactionId) -> Option<(Flow, U)> {
        self.entries.get(&id).map(|entry| (entry.peer, entry.user))
    }

    /// Gives a transaction to another user.
    pub fn set_user(&mut self, id: TransactionId, user: U) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.user = user;
        }
    }

    /// The transactions that end with this peer: clients of an address, clients and servers of a connection.
    #[must_use]
    pub fn users_of(&self, peer: Flow) -> Vec<TransactionId> {
        let range = (peer, TransactionId(0))..=(peer, TransactionId(u64::MAX));
        self.peers.range(range).map(|&(_, id)| id).collect()
    }

    /// The peer has repeated its request over another connection of its own: answers go there from now on (RFC 3261
    /// 18.2.2 wants the newest that is known to work). True when that changes anything.
    pub fn moved(&mut self, id: TransactionId, peer: Flow) -> bool {
        let Some(entry) = self.entries.get_mut(&id) else {
            return false;
        };
        let old = entry.peer;
        let is_server = matches!(entry.key, Key::Server(_));
        let may_move = old.is_stream() && peer.is_stream() && old.ip() == peer.ip();
        if !is_server || !may_move || old == peer {
            return false;
        }
        entry.peer = peer;
        self.peers.remove(&(old, id));
        self.peers.insert((peer, id));
        true
    }

    /// Starts a client transaction: sends the request.
    pub fn start_client(
        &mut self,
        key: ClientKey,
        request: Bytes,
        (peer, user): (Flow, U),
        now: Instant,
        out: &mut Actions,
    ) -> TransactionId {
        let machine = if key.method() == &Method::Invite {
            Machine::ClientInvite(ClientInvite::start(request, peer.transport(), now, out))
        } else {
            Machine::ClientOther(ClientOther::start(request, peer.transport(), now, out))
        };
        let id = self.fresh_id();
        self.clients.insert(key.clone(), id);
        self.peers.insert((peer, id));
        let key = Key::Client(key);
        self.entries.insert(
            id,
            Entry {
                machine,
                key,
                peer,
                user,
            },
        );
        id
    }

    /// Starts a server transaction for a request that belongs to none.
    pub fn start_server(&mut self, key: ServerKey, peer: Flow, user: U) -> TransactionId {
        let machine = if key.method() == &Method::Invite {
            Machine::ServerInvite(ServerInvite::start(peer.transport()))
        } else {
            Machine::ServerOther(ServerOther::start(peer.transport()))
        };
        let id = self.fresh_id();
        self.servers.insert(key.clone(), id);
        if peer.is_stream() {
            self.peers.insert((peer, id));
        }
        let key = Key::Server(key);
        self.entries.insert(
            id,
            Entry {
                machine,
                key,
                peer,
                user,
            },
        );
        id
    }

    /// A response for a client transaction; `ack` is used when it refuses an INVITE.
    pub fn response(
        &mut self,
        id: TransactionId,
        status: u16,
        ack: Bytes,
        now: Instant,
        out: &mut Actions,
    ) {
        match self.machine(id) {
            Some(Machine::ClientInvite(machine)) => {
                machine.handle(client_invite::Event::Response { status, ack }, now, out);
            }
            Some(Machine::ClientOther(machine)) => {
                machine.handle(client_other::Event::Response(status), now, out);
            }
            _ => {}
        }
    }

    /// The request of a server transaction came again.
    pub fn repeat(&mut self, id: TransactionId, now: Instant, out: &mut Actions) {
        match self.machine(id) {
            Some(Machine::ServerInvite(machine)) => {
                machine.handle(server_invite::Event::Repeat, now, out)
            }
            Some(Machine::ServerOther(machine)) => {
                machine.handle(server_other::Event::Repeat, now, out)
            }
            _ => {}
        }
    }

    /// An ACK that carries the key of an INVITE server transaction.
    pub fn ack(&mut self, id: TransactionId, now: Instant, out: &mut Actions) {
        if let Some(Machine::ServerInvite(machine)) = self.machine(id) {
            machine.handle(server_invite::Event::Ack, now, out);
        }
    }

    /// The user answers.
    pub fn respond(
        &mut self,
        id: TransactionId,
        status: u16,
        bytes: Bytes,
        now: Instant,
        out: &mut Actions,
    ) {
        match self.machine(id) {
            Some(Machine::ServerInvite(machine)) => {
                machine.handle(server_invite::Event::Respond { status, bytes }, now, out);
            }
            Some(Machine::ServerOther(machine)) => {
                machine.handle(server_other::Event::Respond { status, bytes }, now, out);
            }
            _ => {}
        }
    }

    /// Fires one timer that is due; false when none is.
    pub fn fire(&mut self, id: TransactionId, now: Instant, out: &mut Actions) -> bool {
        let Some(machine) = self.machine(id) else {
            return false;
        };
        let fired = match machine {
            Machine::ClientInvite(machine) => machine
                .pop_due(now)
                .map(|timer| machine.handle(client_invite::Event::Timer(timer), now, out)),
            Machine::ClientOther(machine) => machine
                .pop_due(now)
                .map(|timer| machine.handle(client_other::Event::Timer(timer), now, out)),
            Machine::ServerInvite(machine) => machine
                .pop_due(now)
                .map(|timer| machine.handle(server_invite::Event::Timer(timer), now, out)),
            Machine::ServerOther(machine) => machine
                .pop_due(now)
                .map(|timer| machine.handle(server_other::Event::Timer(timer), now, out)),
        };
        fired.is_some()
    }

    /// The transport could not reach the peer.
    pub fn transport_error(&mut self, id: TransactionId, now: Instant, out: &mut Actions) {
        match self.machine(id) {
            Some(Machine::ClientInvite(machine)) => {
                machine.handle(client_invite::Event::TransportError, now, out);
            }
            Some(Machine::ClientOther(machine)) => {
                machine.handle(client_other::Event::TransportError, now, out);
            }
            Some(Machine::ServerInvite(machine)) => {
                machine.handle(server_invite::Event::TransportError, now, out);
            }
            Some(Machine::ServerOther(machine)) => {
                machine.handle(server_other::Event::TransportError, now, out);
            }
            None => {}
        }
    }

    /// When this transaction wants to be fired next.
    #[must_use]
    pub fn next_deadline(&self, id: TransactionId) -> Option<Instant> {
        let timers = match &self.entries.get(&id)?.machine {
            Machine::ClientInvite(machine) => machine.timers(),
            Machine::ClientOther(machine) => machine.timers(),
            Machine::ServerInvite(machine) => machine.timers(),
            Machine::ServerOther(machine) => machine.timers(),
        };
        timers.next().map(|(_, due)| due)
    }

    /// Takes a transaction out when it is over; gives its user.
    pub fn reap(&mut self, id: TransactionId) -> Option<U> {
        let over = match &self.entries.get(&id)?.machine {
            Machine::ClientInvite(machine) => machine.state() == client_invite::State::Terminated,
            Machine::ClientOther(machine) => machine.state() == client_other::State::Terminated,
            Machine::ServerInvite(machine) => machine.state() == server_invite::State::Terminated,
            Machine::ServerOther(machine) => machine.state() == server_other::State::Terminated,
        };
        if over { self.remove(id) } else { None }
    }

    /// Takes a transaction out whatever its state; gives its user.
    pub fn remove(&mut self, id: TransactionId) -> Option<U> {
        let entry = self.entries.remove(&id)?;
        self.peers.remove(&(entry.peer, id));
        match &entry.key {
            Key::Client(key) => {
                self.clients.remove(key);
            }
            Key::Server(key) => {
                self.servers.remove(key);
            }
        }
        Some(entry.user)
    }

    fn machine(&mut self, id: TransactionId) -> Option<&mut Machine> {
        self.entries.get_mut(&id).map(|entry| &mut entry.machine)
    }

    fn fresh_id(&mut self) -> TransactionId {
        self.last_id = self.last_id.wrapping_add(1);
        TransactionId(self.last_id)
    }
}
