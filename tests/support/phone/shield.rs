//! What a browser has between its sound and the network: ICE, DTLS and SRTP, for a test phone that offers and takes
//! `UDP/TLS/RTP/SAVPF`. ICE is written here on `rtc-stun`; handshake and encryption are the crates' own.
//!
//! **Owns**: a socket towards the phone's media, one towards the server, the keys. **Must not know**: SIP, sound.

use rtc_dtls::config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::crypto_provider::{self, HashAlgorithm, RTCCryptoProvider};
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_srtp::config::{Config, LABEL_EXTRACTOR_DTLS_SRTP};
use rtc_srtp::context::Context;
use rtc_srtp::protection_profile::ProtectionProfile;
use rtc_stun::attributes::{ATTR_ICE_CONTROLLING, ATTR_USE_CANDIDATE, ATTR_USERNAME};
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Message, Setter, TransactionId};
use rtc_stun::textattrs::TextAttribute;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How such a phone behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manners {
    /// It has another certificate than it says.
    pub(crate) impostor: bool,
    /// It lets the server begin the handshake.
    pub(crate) passive: bool,
    /// It knows no other encryption than AES-CM with SHA-1, as older browsers.
    pub(crate) without_gcm: bool,
}

/// Ends with its threads when it is dropped.
#[derive(Debug)]
pub(crate) struct Shield {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    manners: Manners,
    /// Towards the phone's own socket.
    near: UdpSocket,
    phone: SocketAddr,
    state: Mutex<State>,
    stop: AtomicBool,
    /// Packets that could not be decrypted.
    broken: AtomicU64,
}

struct State {
    far: Arc<UdpSocket>,
    user: String,
    password: String,
    provider: Arc<dyn RTCCryptoProvider>,
    certificate: Certificate,
    server: Option<Server>,
    /// The server answered a check over the present socket.
    proved: bool,
    handshake: Option<Endpoint>,
    keys: Option<(Context, Context)>,
}

/// What the server's description says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Server {
    address: SocketAddr,
    user: String,
    password: String,
    fingerprint: String,
    active: bool,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shield").finish_non_exhaustive()
    }
}

fn socket(ip: IpAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((ip, 0))?;
    socket.set_read_timeout(Some(Duration::from_millis(10)))?;
    Ok(socket)
}

impl Shield {
    /// On `ip`, for the phone whose media is at `phone`.
    pub(crate) fn start(ip: IpAddr, phone: SocketAddr, manners: Manners) -> io::Result<Self> {
        let provider = crypto_provider::default_provider().map_err(io::Error::other)?;
        let certificate =
            Certificate::generate_self_signed(vec!["phone".to_owned()], provider.crypto())
                .map_err(io::Error::other)?;
        let near = socket(ip)?;
        let unique = near.local_addr()?.port();
        let shared = Arc::new(Shared {
            manners,
            near,
            phone,
            state: Mutex::new(State {
                far: Arc::new(socket(ip)?),
                user: format!("user{unique}"),
                password: format!("password-of-twenty-two-{unique}"),
                provider,
                certificate,
                server: None,
                proved: false,
                handshake: None,
                keys: None,
            }),
            stop: AtomicBool::new(false),
            broken: AtomicU64::new(0),
        });
        let (outward, inward) = (Arc::clone(&shared), Arc::clone(&shared));
        let threads = vec![
            thread::spawn(move || outward.carry_out()),
            thread::spawn(move || inward.carry_in()),
        ];
        Ok(Self { shared, threads })
    }

    /// Where the phone is to send.
    pub(crate) fn near(&self) -> io::Result<SocketAddr> {
        self.shared.near.local_addr()
    }

    /// Moves to another port, as a computer that changes its network; `again` begins ICE with another login.
    pub(crate) fn change_path(&self, again: bool) -> io::Result<()> {
        let ip = self.near()?.ip();
        let mut state = self.shared.lock();
        state.far = Arc::new(socket(ip)?);
        state.proved = false;
        if again {
            state.user.push('x');
            state.password.push('x');
        }
        Ok(())
    }

    /// Whether sound can flow.
    pub(crate) fn is_connected(&self) -> bool {
        let state = self.shared.lock();
        state.proved && state.keys.is_some()
    }

    /// The login by which the server is asked.
    pub(crate) fn login(&self) -> Option<String> {
        Some(self.shared.lock().server.as_ref()?.user.clone())
    }

    /// Where the server wants packets.
    pub(crate) fn server(&self) -> Option<SocketAddr> {
        Some(self.shared.lock().server.as_ref()?.address)
    }

    /// Where the server gets ours from.
    pub(crate) fn far(&self) -> Option<SocketAddr> {
        self.shared.lock().far.local_addr().ok()
    }

    /// The lines that make a description a browser's; `formats` and their maps are the caller's.
    pub(crate) fn describe(&self, formats: &str, maps: &str) -> io::Result<String> {
        let state = self.shared.lock();
        let far = state.far.local_addr()?;
        let (ip, port) = (far.ip(), far.port());
        let mut print = fingerprint(&state);
        if self.shared.manners.impostor {
            print = print.replace('A', "B").replace('1', "2");
        }
        let offered = state.server.is_none();
        let setup = match (self.shared.manners.passive, offered) {
            (true, _) => "passive",
            (false, true) => "actpass",
            (false, false) => "active",
        };
        let (user, password) = (&state.user, &state.password);
        Ok(format!(
            "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
             a=group:BUNDLE 0\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS a6a0\r\n\
             m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 {formats}\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n\
             a=candidate:1 1 udp 2122260223 1a2b.local {port} typ host generation 0\r\n\
             a=candidate:2 1 udp 2122260222 {ip} {port} typ host generation 0\r\n\
             a=ice-ufrag:{user}\r\na=ice-pwd:{password}\r\na=ice-options:trickle\r\n\
             a=fingerprint:sha-256 {print}\r\na=setup:{setup}\r\na=mid:0\r\n\
             a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=sendrecv\r\na=msid:a6a0 c1d2\r\n\
             a=rtcp-mux\r\na=rtcp-rsize\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n\
             a=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\na=rtpmap:9 G722/8000\r\n\
             {maps}a=ssrc:1 cname:x\r\n"
        ))
    }

    /// Reads the server's description; false when it is none that a browser would take.
    pub(crate) fn learn(&self, sdp: &str) -> bool {
        let Some(server) = Server::read(sdp) else {
            return false;
        };
        self.shared.lock().server = Some(server);
        true
    }
}

impl Drop for Shield {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Server {
    fn read(sdp: &str) -> Option<Self> {
        let value = |start: &str| sdp.lines().find_map(|line| line.trim().strip_prefix(start));
        let media = value("m=audio ")?;
        let candidate = value("a=candidate:")?;
        let words: Vec<&str> = candidate.split(' ').collect();
        let whole = media.contains("UDP/TLS/RTP/SAVPF")
            && value("a=rtcp-mux").is_some()
            && value("a=ice-lite").is_some()
            && value("a=mid:0").is_some()
            && value("a=group:BUNDLE 0").is_some();
        whole.then_some(())?;
        Some(Self {
            address: format!("{}:{}", words.get(4)?, words.get(5)?)
                .parse()
                .ok()?,
            user: value("a=ice-ufrag:")?.to_owned(),
            password: value("a=ice-pwd:")?.to_owned(),
            fingerprint: value("a=fingerprint:sha-256 ")?.to_owned(),
            active: value("a=setup:")? == "active",
        })
    }
}

fn fingerprint(state: &State) -> String {
    let der = state.certificate.certificate[0].as_ref();
    print_of(&state.provider, der)
}

fn print_of(provider: &Arc<dyn RTCCryptoProvider>, der: &[u8]) -> String {
    let hash = provider.crypto().hash(HashAlgorithm::Sha256, der).unwrap();
    let pairs: Vec<String> = hash.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

/// The crates name a peer by an address; there is one.
const PLACE: &str = "127.0.0.1:9";
/// How often the server is asked.
const CHECKS: Duration = Duration::from_millis(100);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// What the phone says, encrypted.
    fn carry_out(&self) {
        let mut buffer = [0; 2048];
        while !self.stopped() {
            let Ok(length) = self.near.recv(&mut buffer) else {
                continue;
            };
            let mut state = self.lock();
            let packet = state
                .keys
                .as_mut()
                .and_then(|(_, out)| out.encrypt_rtp(&buffer[..length]).ok());
            if let (Some(packet), Some(server)) = (packet, &state.server) {
                let _ = state.far.send_to(&packet, server.address);
            }
        }
    }

    /// Checks, the handshake, and what the server says, decrypted.
    fn carry_in(&self) {
        let mut buffer = [0; 2048];
        let mut next_check = Instant::now();
        while !self.stopped() {
            let far = Arc::clone(&self.lock().far);
            let received = far.recv_from(&mut buffer);
            let mut state = self.lock();
            let now = Instant::now();
            if now >= next_check {
                next_check = now + CHECKS;
                check(&state);
            }
            if let Ok((length, from)) = received
                && state.server.as_ref().is_some_and(|s| s.address == from)
            {
                self.take(&mut state, &buffer[..length], now);
            }
            self.shake(&mut state, now);
        }
    }

    fn take(&self, state: &mut State, bytes: &[u8], now: Instant) {
        match bytes[0] {
            0..=3 => state.proved |= is_answer(state, bytes),
            20..=63 => {
                let place = PLACE.parse().unwrap();
                let Some(endpoint) = &mut state.handshake else {
                    return;
                };
                let events = endpoint.read(now, place, None, bytes.into());
                let done = events.is_ok_and(|events| {
                    events
                        .iter()
                        .any(|event| matches!(event, EndpointEvent::HandshakeComplete))
                });
                if done {
                    state.keys = keys(state);
                }
            }
            _ => {
                let is_report = (192..=223).contains(&bytes[1]);
                let plain = state.keys.as_mut().and_then(|(inward, _)| {
                    if is_report {
                        inward.decrypt_rtcp(bytes).ok()
                    } else {
                        inward.decrypt_rtp(bytes).ok()
                    }
                });
                match plain {
                    Some(_) if is_report => {}
                    Some(packet) => drop(self.near.send_to(&packet, self.phone)),
                    None => drop(self.broken.fetch_add(1, Ordering::Relaxed)),
                }
            }
        }
    }

    /// Begins the handshake when the way is proved, and sends what it has to send.
    fn shake(&self, state: &mut State, now: Instant) {
        let Some(server) = state.server.clone().filter(|_| state.proved) else {
            return;
        };
        let place: SocketAddr = PLACE.parse().unwrap();
        if state.handshake.is_none() {
            let client = !server.active && !self.manners.passive;
            let config = Arc::new(config(state, &server, self.manners, client));
            let mut endpoint =
                Endpoint::new(place, Default::default(), (!client).then(|| config.clone()));
            if client {
                endpoint.connect(now, place, config, None).unwrap();
            }
            state.handshake = Some(endpoint);
        }
        let far = Arc::clone(&state.far);
        if let Some(endpoint) = &mut state.handshake {
            if endpoint.poll_timeout(&place).is_some_and(|due| due <= now) {
                let _ = endpoint.handle_timeout(place, now);
            }
            while let Some(sent) = endpoint.poll_transmit() {
                let _ = far.send_to(&sent.message, server.address);
            }
        }
    }
}

fn check(state: &State) {
    let Some(server) = &state.server else {
        return;
    };
    let name = format!("{}:{}", server.user, state.user);
    let mut message = Message::new();
    message
        .build(&[
            Box::new(TransactionId::new()),
            Box::new(BINDING_REQUEST),
            Box::new(TextAttribute::new(ATTR_USERNAME, name)),
        ])
        .unwrap();
    message.add(ATTR_ICE_CONTROLLING, &[7; 8]);
    message.add(ATTR_USE_CANDIDATE, &[]);
    let crypto = state.provider.crypto();
    let password = server.password.clone();
    let integrity = MessageIntegrity::new_short_term_integrity_with_provider(password, crypto);
    integrity.add_to(&mut message).unwrap();
    FINGERPRINT.add_to(&mut message).unwrap();
    let _ = state.far.send_to(&message.raw, server.address);
}

/// A success response, hashed with the server's password.
fn is_answer(state: &State, bytes: &[u8]) -> bool {
    let mut message = Message::new();
    let read = message.unmarshal_binary(bytes);
    let Some(server) = &state.server else {
        return false;
    };
    let crypto = state.provider.crypto();
    let password = server.password.clone();
    read.is_ok()
        && message.typ == BINDING_SUCCESS
        && FINGERPRINT.check(&message).is_ok()
        && MessageIntegrity::check(&mut message, password.as_bytes(), crypto).is_ok()
}

fn config(
    state: &State,
    server: &Server,
    manners: Manners,
    client: bool,
) -> rtc_dtls::config::HandshakeConfig {
    let gcm = SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm;
    let all = [gcm, SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80];
    let profiles = all.into_iter().skip(usize::from(manners.without_gcm));
    let (provider, wanted) = (Arc::clone(&state.provider), server.fingerprint.clone());
    let verify = move |chain: &[Vec<u8>], _: &[_]| match chain.first() {
        Some(der) if print_of(&provider, der) == wanted => Ok(()),
        _ => Err(io::Error::other("another certificate").into()),
    };
    ConfigBuilder::default()
        .with_crypto_provider(Arc::clone(&state.provider))
        .with_certificates(vec![state.certificate.clone()])
        .with_srtp_protection_profiles(profiles.collect())
        .with_client_auth(ClientAuthType::RequireAnyClientCert)
        .with_insecure_skip_verify(true)
        .with_verify_peer_certificate(Some(Arc::new(verify)))
        .with_extended_master_secret(ExtendedMasterSecretType::Require)
        .build(client, None)
        .unwrap()
}

/// Inward, outward.
fn keys(state: &State) -> Option<(Context, Context)> {
    let connection = state.handshake.as_ref()?;
    let connection = connection.get_connection_state(PLACE.parse().ok()?)?;
    let profile = match connection.srtp_protection_profile() {
        SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => ProtectionProfile::AeadAes128Gcm,
        _ => ProtectionProfile::Aes128CmHmacSha1_80,
    };
    let mut config = Config {
        profile,
        ..Config::default()
    };
    let material = connection
        .export_keying_material(LABEL_EXTRACTOR_DTLS_SRTP, &[], config.keying_material_len())
        .ok()?;
    config
        .set_session_keys_from_keying_material(&material.into_bytes(), connection.is_client())
        .ok()?;
    let keys = &config.keys;
    let crypto = state.provider.crypto();
    let make = |key: &[u8], salt: &[u8]| Context::new(key, salt, profile, None, None, crypto).ok();
    let inward = make(&keys.remote_master_key, &keys.remote_master_salt)?;
    let outward = make(&keys.local_master_key, &keys.local_master_salt)?;
    Some((inward, outward))
}
