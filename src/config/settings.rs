//! The settings of one node as plain values.
//!
//! **Owns**: [`Settings`] with its defaults, and the folders that follow from them.
//! **Must not know**: TOML, files, the environment.

use crate::outside::OutsideSettings;
use crate::speech::SpeechSettings;
use sip_gateway::net::tls::CertificateFiles;
use sip_gateway::sip::sdp::OpusPlace;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Everything `cordboard.toml` says, checked, with every default filled in. Paths are relative to the folder of
/// the settings file until [`Settings::below`] has made them whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// `[node]`.
    pub node: NodeSettings,
    /// `[sip]`.
    pub sip: SipSettings,
    /// `[media]`.
    pub media: MediaSettings,
    /// `[http]`.
    pub http: HttpSettings,
    /// `[recording]`.
    pub recording: RecordPolicy,
    /// `[speech]`: who turns text into audio.
    pub speech: Option<SpeechSettings>,
    /// `[flows]`: what flows may reach outside.
    pub outside: OutsideSettings,
    /// `[limits]` of this node; what is not given here comes from the company file.
    pub limits: LimitSettings,
    /// `[flows]`: where flows are changed.
    pub flows: FlowMaster,
}

/// Where flows are changed: one place at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlowMaster {
    /// In the folder `flows` of `[node]`: a saved file is taken by the next call. The API shows them.
    #[default]
    Files,
    /// By the API: versions in the database. The folder is read once, at the first start.
    Database,
}

impl FlowMaster {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Database => "database",
        }
    }
}

/// `[node]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSettings {
    /// Database, journal and interactions.
    pub data: PathBuf,
    /// IANA name; where "today" begins.
    pub time_zone: String,
    /// ISO 3166 code for numbers without a country code.
    pub country: Option<String>,
    /// Journal on another disk.
    pub journal: Option<PathBuf>,
    /// Recordings on another disk.
    pub recordings: Option<PathBuf>,
    /// Company file.
    pub company: PathBuf,
    /// Folder of `NAME.flow.yaml`.
    pub flows: PathBuf,
    /// Folder of prompts.
    pub prompts: PathBuf,
}

impl Default for NodeSettings {
    fn default() -> Self {
        Self {
            data: "data".into(),
            time_zone: "UTC".to_owned(),
            country: None,
            journal: None,
            recordings: None,
            company: "company.toml".into(),
            flows: "flows".into(),
            prompts: "prompts".into(),
        }
    }
}

/// What carries SIP messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SipTransport {
    /// RFC 3261 18, datagrams.
    Udp,
    /// RFC 3261 18, streams.
    Tcp,
    /// The same through TLS (RFC 3261 26.2).
    Tls,
}

/// One entry of `sip.listen`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SipListen {
    /// The transport.
    pub transport: SipTransport,
    /// Address and port.
    pub address: SocketAddr,
}

/// `[sip]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SipSettings {
    /// Where we listen; at least one is UDP.
    pub listen: Vec<SipListen>,
    /// Our domain and digest realm.
    pub domain: String,
    /// Address put in Contact, Via and SDP.
    pub advertise: Option<IpAddr>,
    /// The certificate of the TLS addresses.
    pub tls: Option<CertificateFiles>,
}

impl SipSettings {
    /// The UDP addresses.
    pub fn udp(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.listen
            .iter()
            .filter(|l| l.transport == SipTransport::Udp)
            .map(|l| l.address)
    }

    /// The TCP addresses.
    pub fn tcp(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.listen
            .iter()
            .filter(|l| l.transport == SipTransport::Tcp)
            .map(|l| l.address)
    }

    /// The TLS addresses.
    pub fn tls_addresses(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.listen
            .iter()
            .filter(|l| l.transport == SipTransport::Tls)
            .map(|l| l.address)
    }

    /// The address others are told: `advertise`, else the first UDP address.
    #[must_use]
    pub fn public_address(&self) -> IpAddr {
        self.advertise
            .or_else(|| self.udp().next().map(|a| a.ip()))
            .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }
}

impl Default for SipSettings {
    fn default() -> Self {
        Self {
            listen: vec![SipListen {
                transport: SipTransport::Udp,
                address: SocketAddr::from((Ipv4Addr::LOCALHOST, 5060)),
            }],
            domain: "cordboard.localhost".to_owned(),
            advertise: None,
            tls: None,
        }
    }
}

/// `[media]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaSettings {
    /// Address of the RTP sockets.
    pub listen: IpAddr,
    /// First RTP port.
    pub first_port: u16,
    /// Last RTP port.
    pub last_port: u16,
    /// Where Opus stands among the codecs of browsers' legs.
    pub opus: OpusPlace,
}

impl Default for MediaSettings {
    fn default() -> Self {
        Self {
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            first_port: 20_000,
            last_port: 29_999,
            opus: OpusPlace::Off,
        }
    }
}

/// `[http]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSettings {
    /// Where API and pages are served.
    pub listen: SocketAddr,
    /// A listener of its own for `/metrics`, without TLS.
    pub metrics: Option<SocketAddr>,
    /// The certificate: with it `listen` speaks TLS alone.
    pub tls: Option<CertificateFiles>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            metrics: None,
            tls: None,
        }
    }
}

/// Whether talks are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordPolicy {
    /// From the moment the agent answers.
    #[default]
    Always,
    /// Not at all.
    Never,
    /// When the flow says that the caller agreed.
    Consent,
}

/// `[limits]` as far as a file gives them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LimitSettings {
    /// Live calls at once.
    pub max_calls: Option<u32>,
    /// New calls in one second.
    pub max_calls_per_second: Option<u32>,
}

/// Limits with every default filled in; beyond them a call gets 503 with Retry-After.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Live calls at once.
    pub max_calls: u32,
    /// New calls in one second.
    pub max_calls_per_second: u32,
}

impl LimitSettings {
    /// These limits, else those of `other`, else 2000 calls and 200 calls per second.
    #[must_use]
    pub fn or(self, other: Self) -> Limits {
        Limits {
            max_calls: self.max_calls.or(other.max_calls).unwrap_or(2_000),
            max_calls_per_second: self
                .max_calls_per_second
                .or(other.max_calls_per_second)
                .unwrap_or(200),
        }
    }
}

impl Settings {
    /// The same settings with every relative path taken from `folder`.
    #[must_use]
    pub fn below(mut self, folder: &Path) -> Self {
        let node = &mut self.node;
        for path in [
            &mut node.data,
            &mut node.company,
            &mut node.flows,
            &mut node.prompts,
        ] {
            *path = folder.join(&*path);
        }
        for path in [&mut node.journal, &mut node.recordings]
            .into_iter()
            .flatten()
        {
            *path = folder.join(&*path);
        }
        for files in [&mut self.sip.tls, &mut self.http.tls]
            .into_iter()
            .flatten()
        {
            files.cert = folder.join(&files.cert);
            files.key = folder.join(&files.key);
        }
        self.outside.secrets.below(folder);
        self
    }

    /// Names of the secrets that flows may use.
    #[must_use]
    pub fn secret_names(&self) -> BTreeSet<String> {
        self.outside.secrets.names().map(str::to_owned).collect()
    }

    /// Whether somebody speaks whose voices can be told apart by name.
    #[must_use]
    pub fn takes_voices(&self) -> bool {
        let speech = self.speech.as_ref();
        speech.is_some_and(SpeechSettings::takes_voices)
    }

    /// The SQLite file.
    #[must_use]
    pub fn database_file(&self) -> PathBuf {
        self.node.data.join("cordboard.db")
    }

    /// Folder of the journal.
    #[must_use]
    pub fn journal_folder(&self) -> PathBuf {
        self.node
            .journal
            .clone()
            .unwrap_or_else(|| self.node.data.join("journal"))
    }

    /// Folder of the interactions: `<yyyy-mm>/<interaction-id>/` lies below it.
    #[must_use]
    pub fn interactions_folder(&self) -> PathBuf {
        self.node
            .recordings
            .clone()
            .unwrap_or_else(|| self.node.data.join("interactions"))
    }
}
