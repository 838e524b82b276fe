//! What goes into the SIP [`Endpoint`](super) and what comes out.
//!
//! **Owns**: [`SipInput`], [`SipOutput`], [`SipCommand`], [`SipEvent`]. SDP passes through as bytes; `sip/sdp.rs`
//! reads and writes it, `net/` joins it with media.

use super::flow::Flow;
use crate::leg::{
    Accounts, Credentials, DeviceChange, Dial, IncomingCall, LegEndCause, LegId, Login, TrunkState,
};
use bytes::Bytes;
use std::net::SocketAddr;
use std::time::Duration;

/// Everything the endpoint can be told.
#[derive(Debug)]
pub enum SipInput {
    /// A datagram arrived.
    Datagram {
        /// From where.
        source: SocketAddr,
        /// The bytes, exactly.
        bytes: Bytes,
    },
    /// A message arrived on a stream, cut out by [`super::framing::Framer`]; line ends alone are a ping.
    Stream {
        /// By which connection.
        flow: Flow,
        /// One message, exactly.
        bytes: Bytes,
    },
    /// A stream has lost its frame: what can be answered is answered 400. The driver closes the connection after it has
    /// sent what came out, and then says [`SipInput::FlowClosed`].
    BrokenStream {
        /// Which connection.
        flow: Flow,
        /// The head that cannot be measured.
        head: Bytes,
        /// Why; fit for a reason phrase.
        problem: &'static str,
    },
    /// A connection is closed, or one that we sent on was closed already.
    FlowClosed {
        /// Which.
        flow: Flow,
    },
    /// The network refused a datagram we sent (ICMP port unreachable): the peer is gone.
    Refused {
        /// Which peer.
        peer: SocketAddr,
    },
    /// The product wants something.
    Command(SipCommand),
    /// A deadline passed.
    Tick,
}

/// Everything the product can want of SIP.
#[derive(Debug)]
pub enum SipCommand {
    /// Replace who may talk to us.
    SetAccounts(Accounts),
    /// A provisional answer to an incoming call: 180, or 183 with SDP.
    Provisional {
        /// The leg.
        leg: LegId,
        /// 101-199.
        status: u16,
        /// Early media.
        sdp: Option<Bytes>,
    },
    /// 200 OK to an incoming call.
    Answer {
        /// The leg.
        leg: LegId,
        /// Our answer, or our offer when the INVITE had none.
        sdp: Bytes,
    },
    /// Final refusal of an incoming call.
    Reject {
        /// The leg.
        leg: LegId,
        /// 400-699.
        status: u16,
        /// Retry-After.
        retry_after: Option<Duration>,
    },
    /// Place a call.
    Dial {
        /// Its leg.
        leg: LegId,
        /// The call. A [`crate::leg::DialTarget::Uri`] has been resolved into `destination`.
        dial: Dial,
        /// Where to send the INVITE for a URI target; devices are found in the registrar.
        destination: Option<SocketAddr>,
        /// Our offer.
        sdp: Offers,
    },
    /// End the leg in the way its state needs: BYE, CANCEL or a refusal (the 200/CANCEL race included: a 200 that
    /// crosses our CANCEL is acknowledged and ended by BYE).
    Hangup {
        /// The leg.
        leg: LegId,
    },
    /// The same because another leg has the call: a CANCEL carries the reason "Call completed elsewhere".
    TakenElsewhere {
        /// The leg.
        leg: LegId,
    },
    /// Answer to [`SipEvent::Reoffer`].
    Reanswer {
        /// The leg.
        leg: LegId,
        /// The new SDP, or the status that refuses the change (488, 491).
        result: Result<Bytes, u16>,
    },
    /// Change an answered session by our own offer: hold, resume, another address (RFC 3261 14.1). The answer is
    /// [`SipEvent::Reoffered`]; a leg that does not talk does not take it. While a change of ours is under way it
    /// waits; of several that wait the last one counts.
    Reinvite {
        /// The leg.
        leg: LegId,
        /// Our offer.
        sdp: Bytes,
    },
    /// Let a name and a password count over WebSocket for a while.
    AddLogin(Login),
    /// The name counts no longer, and what was registered by it is gone.
    RemoveLogin {
        /// The digest user name.
        username: String,
    },
    /// Forget a device's bindings; its next REGISTER counts as its first.
    ForgetDevice {
        /// Its extension.
        extension: String,
    },
    /// Register at a server and keep the registration fresh.
    Register {
        /// `sip:EXTENSION@HOST:PORT`.
        address_of_record: String,
        /// Where to send it.
        destination: SocketAddr,
        /// Digest credentials.
        credentials: Credentials,
        /// Wanted lifetime.
        expires: Duration,
    },
    /// Give up the registrations of all trunks, for good.
    LeaveTrunks,
    /// Give that registration up.
    Unregister {
        /// `sip:EXTENSION@HOST:PORT`.
        address_of_record: String,
    },
}

/// Our offer of a call, by the kind of phone that it reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offers {
    /// RTP in clear.
    pub plain: Bytes,
    /// DTLS-SRTP, for browsers; without it they are offered the other one.
    pub secured: Option<Bytes>,
}

impl<T: Into<Bytes>> From<T> for Offers {
    /// The same for everybody.
    fn from(plain: T) -> Self {
        Self {
            plain: plain.into(),
            secured: None,
        }
    }
}

/// Everything the endpoint says.
#[derive(Debug, PartialEq)]
pub enum SipOutput {
    /// Send this datagram.
    Transmit {
        /// Where to.
        destination: SocketAddr,
        /// The bytes.
        bytes: Bytes,
    },
    /// Send this message on a connection; when it is gone, say [`SipInput::FlowClosed`].
    TransmitStream {
        /// Which.
        flow: Flow,
        /// It is a new one: open it to its address first.
        open: bool,
        /// The bytes.
        bytes: Bytes,
    },
    /// Something happened.
    Event(SipEvent),
}

/// What can happen.
#[derive(Debug, PartialEq)]
pub enum SipEvent {
    /// A call arrived and passed the rule of identity.
    Incoming {
        /// Who, where to.
        call: IncomingCall,
        /// Its offer; none when the INVITE had no SDP.
        offer: Option<Bytes>,
    },
    /// A call of ours has been sent.
    Dialled {
        /// The leg.
        leg: LegId,
        /// Its Call-ID header.
        sip_call_id: String,
    },
    /// A call of ours makes progress.
    Progress {
        /// The leg.
        leg: LegId,
        /// 100-199; 100 says no more than that the party is there.
        status: u16,
        /// What this party was offered.
        offer: Bytes,
        /// Early media.
        sdp: Option<Bytes>,
    },
    /// A call of ours was answered; the ACK has been sent.
    Answered {
        /// The leg.
        leg: LegId,
        /// What this party was offered.
        offer: Bytes,
        /// The answer.
        sdp: Bytes,
    },
    /// The ACK of our 200 arrived.
    Confirmed {
        /// The leg.
        leg: LegId,
        /// The answer, when our 200 carried the offer.
        sdp: Option<Bytes>,
    },
    /// The party wants to change the session (re-INVITE, UPDATE).
    Reoffer {
        /// The leg.
        leg: LegId,
        /// Its offer; none asks us for one.
        sdp: Option<Bytes>,
    },
    /// The outcome of a change or refresh of ours.
    Reoffered {
        /// The leg.
        leg: LegId,
        /// Our offer and its answer, or the status that refuses the change: the session is as it was then.
        result: Result<(Bytes, Bytes), u16>,
    },
    /// The party pressed a key and its phone said so by INFO.
    Key {
        /// The leg.
        leg: LegId,
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        key: char,
    },
    /// The connection to a browser is gone in the middle of its call: the page may be gone with it.
    FlowLost {
        /// The leg.
        leg: LegId,
    },
    /// The leg is over.
    Ended {
        /// The leg.
        leg: LegId,
        /// Why.
        cause: LegEndCause,
    },
    /// A device's registrations changed between none and some.
    Device {
        /// Its extension.
        extension: String,
        /// How.
        change: DeviceChange,
    },
    /// The registration of a trunk changed.
    Trunk {
        /// Its name.
        trunk: String,
        /// How it stands.
        state: TrunkState,
    },
    /// One of our own registrations changed: registered, or refused with a status (0: no answer).
    Registration {
        /// `sip:EXTENSION@HOST:PORT`.
        address_of_record: String,
        /// How.
        result: Result<(), u16>,
    },
}
