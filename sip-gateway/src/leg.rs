//! The verbs and events of legs: what the rest of the product may ask of the gateway and what it hears back.
//!
//! **Owns**: [`LegId`], [`GatewayCommand`], [`GatewayEvent`], [`LegEvent`]. **Must not know**: how SIP or RTP do it.

pub use crate::login::{Holder, Login};
use crate::media::port::{PlayRequest, RecordRequest};
pub use crate::sip::registrar::{DeviceBindings, RegistrationRecord};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Our dialog with one party and its media. Unique in this process; the log has its own ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(pub u64);

impl std::fmt::Display for LegId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "leg-{}", self.0)
    }
}

/// One playing of audio towards a leg; unique per leg, chosen by the caller of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlayId(pub u64);

/// One recording stream; unique in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u64);

/// Which algorithm a device's digest uses. MD5 alone is the default because many phones abort on anything else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DigestAlgorithm {
    /// RFC 2617/3261.
    #[default]
    Md5,
    /// RFC 8760.
    Sha256,
}

/// A phone that may register and must authenticate. `Debug` never shows the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Device {
    /// SIP user, digest user name.
    pub extension: String,
    /// Digest password.
    pub password: String,
    /// Digest algorithm.
    pub algorithm: DigestAlgorithm,
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Device")
            .field("extension", &self.extension)
            .finish_non_exhaustive()
    }
}

/// A range of addresses: `127.0.0.2/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// First address.
    pub address: IpAddr,
    /// Length of the prefix in bits.
    pub prefix: u8,
}

impl Network {
    /// Whether the address lies in it; IPv4 seen through IPv6 counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let bits = u32::from(self.prefix);
        match (self.address.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differing = u32::from(network) ^ u32::from(address);
                differing.leading_zeros() >= bits.min(32)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let differing = u128::from(network) ^ u128::from(address);
                differing.leading_zeros() >= bits.min(128)
            }
            _ => false,
        }
    }
}

/// A carrier peer, known by the addresses it sends from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trunk {
    /// Its name in the company file.
    pub name: String,
    /// Source addresses.
    pub from: Vec<Network>,
    /// Where and as whom we register with it.
    pub register: Option<TrunkRegister>,
}

/// How we register with a carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkRegister {
    /// `sip:USER@DOMAIN`.
    pub address_of_record: String,
    /// Where REGISTER goes (UDP). The carrier's calls may come from there too.
    pub registrar: SocketAddr,
    /// For its challenge.
    pub credentials: Credentials,
    /// Wanted lifetime.
    pub expires: Duration,
}

/// Where the registration of a trunk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrunkState {
    /// The first REGISTER is under way.
    Asking,
    /// The carrier sends calls to us.
    Registered,
    /// It refused with this status, 0 for no answer; we ask again.
    Refused(u16),
    /// Given up.
    Gone,
}

/// Who may talk to us. Replaced whole on reload; registrations of devices that remain are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Phones.
    pub devices: Vec<Device>,
    /// Carriers.
    pub trunks: Vec<Trunk>,
}

/// Where a call came from, after the rule of identity was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallSource {
    /// A trunk's address.
    Trunk(String),
    /// An authenticated device, by extension.
    Device(String),
    /// Somebody with credentials that were made for calling alone ([`crate::login::Holder::Caller`]).
    Caller {
        /// Their name.
        login: String,
        /// The number they call from; withheld when none.
        number: Option<String>,
    },
}

/// A call that reached us and passed the rule of identity. It is at 100 Trying; ring, answer or reject it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncomingCall {
    /// Its leg.
    pub leg: LegId,
    /// Where it came from.
    pub source: CallSource,
    /// User part of the Request-URI, percent-decoded.
    pub dialed_user: String,
    /// User part of To, for trunks that put the number there.
    pub to_user: String,
    /// User part of P-Asserted-Identity from a trunk, else of From; none when withheld or anonymous.
    pub caller_user: Option<String>,
    /// Display name beside it.
    pub caller_name: Option<String>,
    /// The Call-ID header.
    pub sip_call_id: String,
}

/// Whom to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialTarget {
    /// A registered device, by extension, at its registered contacts.
    Device(String),
    /// A SIP URI with an IP address or a name the resolver of the system knows.
    Uri(String),
    /// A SIP URI with an IP address, by a trunk: with the routes that its registrar asked for.
    Trunk {
        /// The trunk, by name.
        trunk: String,
        /// The URI.
        uri: String,
    },
}

/// Digest credentials for a call or registration of our own. `Debug` never shows the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Digest user name.
    pub username: String,
    /// Digest password.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(..)")
    }
}

/// A call we place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dial {
    /// Whom.
    pub target: DialTarget,
    /// User part of From and P-Asserted-Identity; `anonymous` when none.
    pub from_user: Option<String>,
    /// Display name of From and P-Asserted-Identity.
    pub from_name: Option<String>,
    /// Extra headers, such as `X-Cordboard-Queue`; values are refused when they hold CR, LF or NUL.
    pub headers: Vec<(String, String)>,
    /// Answer to a digest challenge of the called side.
    pub credentials: Option<Credentials>,
}

/// Everything that can be asked of the gateway.
#[derive(Debug)]
pub enum GatewayCommand {
    /// Replace who may talk to us.
    SetAccounts(Accounts),
    /// 180 Ringing.
    Ring(LegId),
    /// 183 with our SDP answer, so that the caller hears something before the answer; a caller who offered nothing
    /// gets 180 instead. Media flows from here on.
    EarlyMedia(LegId),
    /// 200 OK with our SDP answer; media flows from here on.
    Answer(LegId),
    /// A final refusal.
    Reject {
        /// The leg.
        leg: LegId,
        /// 400-699.
        status: u16,
        /// Retry-After, for 503 and 486.
        retry_after: Option<Duration>,
    },
    /// Place a call; its leg's id is the caller's choice from [`crate::net::Gateway::new_leg_id`].
    Dial {
        /// The new leg.
        leg: LegId,
        /// The call.
        dial: Dial,
    },
    /// End the leg in the way its state needs: BYE, CANCEL, or a refusal.
    Hangup(LegId),
    /// The same because another leg has the call: a phone that rings is told so, and counts no missed call.
    TakenElsewhere(LegId),
    /// Play audio towards the leg; replaces what plays there.
    Play {
        /// The leg.
        leg: LegId,
        /// What and how.
        request: PlayRequest,
    },
    /// Stop what plays; its [`LegEvent::PlayEnded`] still comes.
    StopPlay {
        /// The leg.
        leg: LegId,
    },
    /// Let two answered legs hear each other; whatever plays on them stops at once.
    Bridge {
        /// One.
        a: LegId,
        /// The other.
        b: LegId,
    },
    /// Let some legs hear some others, mixed each 20 ms: each leg with those whom it hears. Whatever plays on them stops.
    /// Said again with other lists, it changes who hears whom; legs that are not named any more are parted. At most eight.
    Mix(Vec<(LegId, Vec<LegId>)>),
    /// Part them again, or take one out of a mix.
    Unbridge {
        /// One of the two.
        leg: LegId,
    },
    /// Put an answered party on hold: it is offered to be sent to only (RFC 3264 8.4), and what it says is heard by
    /// nobody from now on, whatever it answers. What it hears is up to the caller of the gateway: part it from its peer
    /// and play music. Held twice is held.
    Hold(LegId),
    /// Take the party back: it may send again, as far as it does not hold us itself.
    Resume(LegId),
    /// Send a key to the far end (RFC 4733).
    SendKey {
        /// The leg.
        leg: LegId,
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        key: char,
    },
    /// Begin a recording.
    StartRecording(RecordRequest),
    /// Leave out what is said from now on, or take it again; the recording's time goes on in silence meanwhile.
    PauseRecording {
        /// The stream.
        stream: StreamId,
        /// Leave it out.
        paused: bool,
    },
    /// Others are heard by the recording from now on; on one side they are added up.
    RecordOthers {
        /// The stream.
        stream: StreamId,
        /// The left side.
        left: LegId,
        /// The right side.
        right: Vec<LegId>,
    },
    /// End it; the last blocks and the end mark go to its sink.
    StopRecording(StreamId),
    /// Forget a device's registrations: it does not answer where it registered from. Its next REGISTER counts as
    /// its first.
    ForgetDevice {
        /// Its extension.
        extension: String,
    },
    /// Let a name and a password count over WebSocket for a while.
    AddLogin(Login),
    /// The name counts no longer, and what was registered by it is gone. Its calls go on.
    RemoveLogin {
        /// The digest user name.
        username: String,
    },
    /// Give up the registrations of all trunks, for good: no new calls are taken from here on.
    LeaveTrunks,
    /// Tell the bindings now ([`GatewayEvent::Bindings`]), without gathering changes first: the process is about to end.
    TellBindings,
    /// Register at a server, as a phone does, and keep the registration fresh.
    Register {
        /// `sip:EXTENSION@HOST:PORT`.
        address_of_record: String,
        /// Digest credentials.
        credentials: Credentials,
        /// Wanted lifetime.
        expires: Duration,
    },
    /// Give up a registration made by [`GatewayCommand::Register`].
    Unregister {
        /// `sip:EXTENSION@HOST:PORT`.
        address_of_record: String,
    },
}

/// Everything the gateway says.
#[derive(Clone, Debug, PartialEq)]
pub enum GatewayEvent {
    /// A call arrived.
    Incoming(IncomingCall),
    /// Something happened on a leg.
    Leg {
        /// The leg.
        leg: LegId,
        /// What.
        event: LegEvent,
    },
    /// A device's registrations changed between none and some.
    Device {
        /// Its extension.
        extension: String,
        /// How.
        change: DeviceChange,
    },
    /// The bindings of those devices of which one changed, what a restart needs to ring them again: at most 10 ms after
    /// one came, went or moved, 300 ms after a refresh.
    Bindings(Vec<DeviceBindings>),
    /// The registration of a trunk changed.
    Trunk {
        /// Its name.
        trunk: String,
        /// How it stands.
        state: TrunkState,
    },
    /// One of our own registrations changed.
    Registration {
        /// `sip:EXTENSION@HOST:PORT`.
        address_of_record: String,
        /// Registered now, or the status (0 for no answer) that refused it.
        result: Result<(), u16>,
    },
}

/// How a device's presence changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceChange {
    /// Its first registration arrived.
    Registered,
    /// Its last registration ended.
    Gone {
        /// De-registered by itself, rather than expired.
        by_device: bool,
    },
}

/// What can happen on a leg.
#[derive(Clone, Debug, PartialEq)]
pub enum LegEvent {
    /// A call of ours has been sent, with this Call-ID.
    Dialled {
        /// The Call-ID header, for captures.
        sip_call_id: String,
    },
    /// A call of ours is being tried (100), rings (180) or makes progress (181-183).
    Progress {
        /// The provisional status.
        status: u16,
    },
    /// The called party rings or makes progress, and says where its media is: it can be heard from here on. Once per
    /// call, in the place of a [`LegEvent::Progress`].
    EarlyMedia,
    /// A call of ours was answered; our ACK has been sent.
    Answered,
    /// Our answer was acknowledged (ACK).
    Confirmed,
    /// The party pressed a key (RFC 4733); once per press.
    Key(char),
    /// A playing ended.
    PlayEnded {
        /// Which.
        play: PlayId,
        /// Ran to its end, rather than being stopped.
        finished: bool,
    },
    /// The first packet from the party was accepted.
    MediaStarted,
    /// A bridged leg has sent nothing for 30 s; or the connection to a browser has closed, and it has sent nothing for a
    /// second since.
    MediaLost,
    /// The party holds us (`sendonly` or `inactive`, RFC 3264 8.4), or no more: at each change.
    Holds(bool),
    /// The leg is over; nothing follows for it.
    Ended {
        /// Why.
        cause: LegEndCause,
        /// Its media, if it had any.
        quality: Option<crate::media::port::MediaQuality>,
    },
}

/// Why a leg is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegEndCause {
    /// The party sent BYE.
    Bye,
    /// The party sent CANCEL before our answer.
    Cancelled,
    /// The party refused our call with this status.
    Rejected(u16),
    /// No answer came in time: no provisional answer either when `silent`.
    Timeout {
        /// Nothing at all came back.
        silent: bool,
    },
    /// The party could not be reached: no registration, ICMP, transport error.
    Unreachable,
    /// We ended it.
    Local,
    /// The party's offer or answer could not be used.
    BadMedia,
}

impl LegEndCause {
    /// Short text for the record: a status number or a word.
    #[must_use]
    pub fn as_text(self) -> String {
        match self {
            Self::Bye => "bye".to_owned(),
            Self::Cancelled => "cancel".to_owned(),
            Self::Rejected(status) => status.to_string(),
            Self::Timeout { .. } => "timeout".to_owned(),
            Self::Unreachable => "unreachable".to_owned(),
            Self::Local => "local".to_owned(),
            Self::BadMedia => "bad_media".to_owned(),
        }
    }
}
