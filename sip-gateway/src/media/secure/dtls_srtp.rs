//! The adapter of the crates `rtc-dtls` and `rtc-srtp`: the only file that names them.
//!
//! **Owns**: [`Identity`] (our certificate, the source of cryptography), [`Association`] (one DTLS handshake and the
//! SRTP keys that come out of it). **Must not know**: ICE, SDP, sockets, legs. Sans-IO: datagrams and the time in,
//! datagrams out.
//!
//! - The party's certificate is compared with the fingerprint inside the handshake: another one never gets keys.
//! - An association that has its keys cannot be taken down by DTLS: the call ends by SIP.
//! - What a packet claims (a new SSRC) is remembered only after its tag was found right.

use crate::secure_media::{DtlsRole, Fingerprint};
use bytes::BytesMut;
use rtc_dtls::config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::crypto_provider::{self, HashAlgorithm, HmacAlgorithm, RTCCryptoProvider};
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_srtp::config::{Config, LABEL_EXTRACTOR_DTLS_SRTP};
use rtc_srtp::context::Context;
use rtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use rtc_srtp::protection_profile::ProtectionProfile;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The crates want addresses; which one the party has at the moment is ICE's matter.
const PLACE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9);
/// What we agree to, best first. Every browser has the second; GCM costs half.
const PROFILES: [SrtpProtectionProfile; 2] = [
    SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
    SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
];
/// A flight of the handshake is sent again after this long (RFC 6347 4.2.4.1), seven times. Browsers, who begin, repeat
/// theirs sooner and so get ours again.
const FLIGHT: Duration = Duration::from_secs(1);
/// Datagrams that a handshake may take, repeats and junk among them.
const HANDSHAKE_DATAGRAMS: u32 = 512;
/// DTLS datagrams that are looked at after the handshake: repeats of its end.
const LATE_DATAGRAMS: u32 = 64;
/// Packets that may come late (RFC 3711 3.3.2 wants 64).
const REPLAY_WINDOW: usize = 128;
/// SSRCs that a party may use in one association.
const MAX_SSRCS: usize = 16;
/// Packets of unknown SSRCs that may fail before what was remembered of them is dropped.
const MAX_PROBES: u32 = 64;

/// Something that the cryptography refused: without it there are no browser legs.
#[derive(Clone, Debug, thiserror::Error)]
#[error("DTLS: {0}")]
pub struct SecureError(String);

/// Who we are to all parties: one certificate per process.
pub struct Identity {
    provider: Arc<dyn RTCCryptoProvider>,
    certificate: Certificate,
    fingerprint: Fingerprint,
    /// Media time zero.
    epoch: Instant,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl Identity {
    /// Makes a certificate (ECDSA P-256). `epoch` is when media time began.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn new(epoch: Instant) -> Result<Self, SecureError> {
        let provider = crypto_provider::default_provider().map_err(fault)?;
        let names = vec!["cordboard".to_owned()];
        let certificate =
            Certificate::generate_self_signed(names, provider.crypto()).map_err(fault)?;
        let der = certificate.certificate.first();
        let hash = provider
            .crypto()
            .hash(HashAlgorithm::Sha256, der.map_or(&[], AsRef::as_ref))
            .map_err(fault)?;
        let hash = hash.try_into().map_err(|_| fault("hash of another size"))?;
        Ok(Self {
            provider,
            certificate,
            fingerprint: Fingerprint(hash),
            epoch,
        })
    }

    /// Of our certificate.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// HMAC-SHA1, for ICE.
    #[must_use]
    pub fn keyed_hash(&self, key: &[u8], pieces: &[&[u8]]) -> Option<[u8; 20]> {
        let mut hash = [0; 20];
        let mut mac = self
            .provider
            .crypto()
            .new_hmac(HmacAlgorithm::Sha1, key)
            .ok()?;
        mac.sign(pieces, &mut hash).ok()?;
        Some(hash)
    }

    fn config(&self, party: Fingerprint, role: DtlsRole) -> Result<HandshakeConfig, SecureError> {
        let provider = self.provider.clone();
        let verify = move |chain: &[Vec<u8>], _: &[_]| {
            let der = chain.first().map_or(&[][..], Vec::as_slice);
            let hash = provider.crypto().hash(HashAlgorithm::Sha256, der);
            match hash {
                Ok(hash) if hash == party.0 => Ok(()),
                _ => Err(std::io::Error::other("another certificate than signalled").into()),
            }
        };
        ConfigBuilder::default()
            .with_crypto_provider(self.provider.clone())
            .with_certificates(vec![self.certificate.clone()])
            .with_srtp_protection_profiles(PROFILES.to_vec())
            .with_client_auth(ClientAuthType::RequireAnyClientCert)
            // No authorities: the fingerprint decides.
            .with_insecure_skip_verify(true)
            .with_verify_peer_certificate(Some(Arc::new(verify)))
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            .with_flight_interval(FLIGHT)
            .build(role == DtlsRole::Client, None)
            .map_err(fault)
    }
}

fn fault(error: impl fmt::Display) -> SecureError {
    SecureError(error.to_string())
}

/// One DTLS association with a party, and its SRTP keys.
pub struct Association {
    identity: Arc<Identity>,
    endpoint: Endpoint,
    /// Until we have begun, where it is ours to begin.
    client: Option<Arc<HandshakeConfig>>,
    keys: Option<Box<Keys>>,
    datagrams: u32,
    failed: bool,
}

impl fmt::Debug for Association {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_keys = self.keys.is_some();
        f.debug_struct("Association")
            .field("keys", &has_keys)
            .finish_non_exhaustive()
    }
}

impl Association {
    /// Before the handshake with the party that has this certificate.
    ///
    /// # Errors
    /// When the cryptography refuses.
    pub fn new(
        identity: Arc<Identity>,
        party: Fingerprint,
        role: DtlsRole,
    ) -> Result<Self, SecureError> {
        let config = Arc::new(identity.config(party, role)?);
        let (client, server) = match role {
            DtlsRole::Client => (Some(config), None),
            DtlsRole::Server => (None, Some(config)),
        };
        let protocol = Default::default();
        Ok(Self {
            identity,
            endpoint: Endpoint::new(PLACE, protocol, server),
            client,
            keys: None,
            datagrams: 0,
            failed: false,
        })
    }

    /// The party can be reached: the handshake may begin, where it is ours to begin.
    pub fn begin(&mut self, now: Duration) {
        if let Some(config) = self.client.take() {
            let now = self.identity.epoch + now;
            self.failed |= self.endpoint.connect(now, PLACE, config, None).is_err();
        }
    }

    /// There are keys.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.keys.is_some()
    }

    /// The handshake has failed for good: another certificate, no common ground, too many datagrams.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failed && self.keys.is_none()
    }

    /// Takes a DTLS datagram; false when it was of no use.
    pub fn receive(&mut self, bytes: &[u8], now: Duration) -> bool {
        let most = if self.is_ready() {
            LATE_DATAGRAMS
        } else {
            HANDSHAKE_DATAGRAMS
        };
        if self.failed || self.datagrams >= most || self.client.is_some() {
            return false;
        }
        self.datagrams += 1;
        let now = self.identity.epoch + now;
        let events = match self.endpoint.read(now, PLACE, None, bytes.into()) {
            Ok(events) => events,
            Err(error) => {
                if !self.is_ready() {
                    tracing::debug!(%error, "a DTLS handshake was given up");
                    self.failed = true;
                }
                return false;
            }
        };
        for event in events {
            if matches!(event, EndpointEvent::HandshakeComplete) && self.keys.is_none() {
                match self.exported() {
                    Ok(keys) => {
                        self.keys = Some(Box::new(keys));
                        self.datagrams = 0;
                    }
                    Err(error) => {
                        tracing::debug!(%error, "a DTLS handshake without usable keys");
                        self.failed = true;
                    }
                }
            }
        }
        true
    }

    /// Sends the last flight again when it is due.
    pub fn tick(&mut self, now: Duration) {
        let now = self.identity.epoch + now;
        let due = self.endpoint.poll_timeout(&PLACE);
        if due.is_some_and(|due| due <= now) {
            self.failed |= self.endpoint.handle_timeout(PLACE, now).is_err();
        }
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<BytesMut> {
        self.endpoint.poll_transmit().map(|sent| sent.message)
    }

    fn exported(&self) -> Result<Keys, SecureError> {
        let state = self.endpoint.get_connection_state(PLACE);
        let state = state.ok_or_else(|| fault("no connection"))?;
        let profile = match state.srtp_protection_profile() {
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => ProtectionProfile::AeadAes128Gcm,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => {
                ProtectionProfile::Aes128CmHmacSha1_80
            }
            _ => return Err(fault("no SRTP profile")),
        };
        let mut config = Config {
            profile,
            ..Config::default()
        };
        let material = state
            .export_keying_material(LABEL_EXTRACTOR_DTLS_SRTP, &[], config.keying_material_len())
            .map_err(fault)?;
        config
            .set_session_keys_from_keying_material(&material.into_bytes(), state.is_client())
            .map_err(fault)?;
        Keys::new(self.identity.provider.clone(), config)
    }

    /// Encrypts an RTP packet; none before there are keys.
    pub fn protect(&mut self, packet: &[u8]) -> Option<BytesMut> {
        self.keys.as_mut()?.outbound.encrypt_rtp(packet).ok()
    }

    /// Encrypts an RTCP packet; none before there are keys.
    pub fn protect_report(&mut self, packet: &[u8]) -> Option<BytesMut> {
        self.keys.as_mut()?.outbound.encrypt_rtcp(packet).ok()
    }

    /// Decrypts an SRTP packet; none when its tag is wrong or it came before.
    pub fn unprotect(&mut self, packet: &[u8]) -> Option<BytesMut> {
        let ssrc = u32::from_be_bytes(packet.get(8..12)?.try_into().ok()?);
        let keys = self.keys.as_mut()?;
        if !keys.allows(ssrc, |probe| probe.decrypt_rtp(packet).is_ok()) {
            return None;
        }
        keys.inbound.decrypt_rtp(packet).ok()
    }

    /// Decrypts an SRTCP packet; none when its tag is wrong or it came before.
    pub fn unprotect_report(&mut self, packet: &[u8]) -> Option<BytesMut> {
        let ssrc = u32::from_be_bytes(packet.get(4..8)?.try_into().ok()?);
        let keys = self.keys.as_mut()?;
        if !keys.allows(ssrc, |probe| probe.decrypt_rtcp(packet).is_ok()) {
            return None;
        }
        keys.inbound.decrypt_rtcp(packet).ok()
    }
}

/// The SRTP contexts of an association.
struct Keys {
    provider: Arc<dyn RTCCryptoProvider>,
    config: Config,
    outbound: Context,
    inbound: Context,
    /// SSRCs of which a packet had a right tag. The context keeps a window for every SSRC that it is shown.
    known: Vec<u32>,
    /// Looks at packets of other SSRCs, and is made anew when it has seen too many wrong ones.
    probe: Context,
    probed: u32,
}

impl Keys {
    fn new(provider: Arc<dyn RTCCryptoProvider>, config: Config) -> Result<Self, SecureError> {
        let keys = &config.keys;
        let outbound = Context::new(
            &keys.local_master_key,
            &keys.local_master_salt,
            config.profile,
            None,
            None,
            provider.crypto(),
        );
        Ok(Self {
            outbound: outbound.map_err(fault)?,
            inbound: inbound(&config, provider.as_ref())?,
            probe: inbound(&config, provider.as_ref())?,
            known: Vec::new(),
            probed: 0,
            provider,
            config,
        })
    }

    /// Whether the SSRC is known, or `is_right` of the packet that shows it for the first time.
    fn allows(&mut self, ssrc: u32, is_right: impl FnOnce(&mut Context) -> bool) -> bool {
        if self.known.contains(&ssrc) {
            return true;
        }
        if self.known.len() >= MAX_SSRCS {
            return false;
        }
        if is_right(&mut self.probe) {
            self.known.push(ssrc);
            return true;
        }
        self.probed += 1;
        if self.probed >= MAX_PROBES
            && let Ok(probe) = inbound(&self.config, self.provider.as_ref())
        {
            (self.probe, self.probed) = (probe, 0);
        }
        false
    }
}

fn inbound(config: &Config, provider: &dyn RTCCryptoProvider) -> Result<Context, SecureError> {
    Context::new(
        &config.keys.remote_master_key,
        &config.keys.remote_master_salt,
        config.profile,
        Some(srtp_replay_protection(REPLAY_WINDOW)),
        Some(srtcp_replay_protection(REPLAY_WINDOW)),
        provider.crypto(),
    )
    .map_err(fault)
}
