//! TLS 1.2 and 1.3 for SIP and HTTP: certificates from files, read again when these change.
//!
//! **Owns**: everything that names rustls: [`Certificate`], [`Acceptor`], [`Connector`]. **Must not know**: what is said over the
//! connections.

use sha2::{Digest as _, Sha256};
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
pub use tokio_rustls::client::TlsStream as ClientTlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore, ServerConfig};
pub use tokio_rustls::server::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// A handshake must be done after this time.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// A certificate chain and its private key, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate, those of its issuers behind it.
    pub cert: PathBuf,
    /// The private key: PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
}

/// Why a certificate cannot be used; the text names the file.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// It cannot be read.
    #[error("cannot read {}: {error}", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It does not hold what it should.
    #[error("{}: {reason}", file.display())]
    Content {
        /// Which file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
        /// What to do.
        help: &'static str,
    },
    /// The two do not belong together, or this key is of no kind we know.
    #[error("the key of {} does not fit the certificate of {}: {error}", files.key.display(), files.cert.display())]
    Mismatch {
        /// Which files.
        files: CertificateFiles,
        /// Why.
        error: rustls::Error,
    },
    /// TLS itself cannot be set up.
    #[error("TLS: {0}")]
    Setup(rustls::Error),
}

impl TlsError {
    /// What to write instead.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => {
                "write `tls = { cert = \"…\", key = \"…\" }` with two PEM files that this user may read"
            }
            Self::Content { help, .. } => help,
            Self::Mismatch { .. } => {
                "write the key that this certificate was made for, our own certificate first in its file"
            }
            Self::Setup(_) => "take `tls` out and put a proxy that speaks TLS in front",
        }
    }
}

/// What connections are shown now.
struct Current(watch::Receiver<Arc<CertifiedKey>>);

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Current(..)")
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.borrow()))
    }
}

/// When the files were written and how long they are.
type Stamp = [Option<(SystemTime, u64)>; 2];

/// A certificate in use.
#[derive(Debug)]
pub struct Certificate {
    files: CertificateFiles,
    current: watch::Sender<Arc<CertifiedKey>>,
    seen: Stamp,
}

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsError`] names the file and what is wrong with it.
    pub fn read(files: CertificateFiles) -> Result<Self, TlsError> {
        let seen = stamp(&files);
        let (current, _) = watch::channel(Arc::new(load(&files)?));
        Ok(Self {
            files,
            current,
            seen,
        })
    }

    /// Takes connections with whatever is in the files at that moment.
    ///
    /// # Errors
    /// [`TlsError::Setup`].
    pub fn acceptor(&self) -> Result<Acceptor, TlsError> {
        let resolver = Arc::new(Current(self.current.subscribe()));
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions();
        let builder = builder.map_err(TlsError::Setup)?.with_no_client_auth();
        let config = builder.with_cert_resolver(resolver);
        Ok(Acceptor(TlsAcceptor::from(Arc::new(config))))
    }

    /// SHA-256 of the certificate, in the form that browsers show.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let current = self.current.borrow();
        let hash = Sha256::digest(current.cert.first().map_or(&[][..], |first| first.as_ref()));
        let pairs: Vec<String> = hash.iter().map(|byte| format!("{byte:02X}")).collect();
        pairs.join(":")
    }

    /// The last second in which it is valid, since 1970; none when that cannot be read.
    #[must_use]
    pub fn ends_at(&self) -> Option<i64> {
        let current = self.current.borrow();
        let (_, read) = x509_parser::parse_x509_certificate(current.cert.first()?).ok()?;
        Some(read.validity().not_after.timestamp())
    }

    /// Reads the files again when they have changed since the last look; whether they had. The connections there are
    /// go on.
    ///
    /// # Errors
    /// [`TlsError`]; the last good certificate stays. Told once for each change.
    pub fn refresh(&mut self) -> Result<bool, TlsError> {
        let now = stamp(&self.files);
        if now == self.seen {
            return Ok(false);
        }
        self.seen = now;
        let loaded = Arc::new(load(&self.files)?);
        self.current.send_replace(loaded);
        Ok(true)
    }
}

fn stamp(files: &CertificateFiles) -> Stamp {
    [&files.cert, &files.key].map(|file| {
        let about = std::fs::metadata(file).ok()?;
        Some((about.modified().ok()?, about.len()))
    })
}

fn load(files: &CertificateFiles) -> Result<CertifiedKey, TlsError> {
    let read = |file: &PathBuf| {
        let file = file.clone();
        std::fs::read(&file).map_err(|error| TlsError::Unreadable { file, error })
    };
    let (cert, key) = (read(&files.cert)?, read(&files.key)?);
    let chain = certificates(&files.cert, &cert)?;
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| TlsError::Content {
        file: files.key.clone(),
        reason: "no private key in it that can be read (`-----BEGIN PRIVATE KEY-----`)".to_owned(),
        help: instead_of_a_key(&key),
    })?;
    CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| {
        TlsError::Mismatch {
            files: files.clone(),
            error,
        }
    })
}

/// Every certificate of a PEM file.
fn certificates(file: &Path, bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain = CertificateDer::pem_slice_iter(bytes)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| TlsError::Content {
            file: file.to_owned(),
            reason: format!("not PEM: {error}"),
            help: "write the file anew from where the certificate came",
        })?;
    if chain.is_empty() {
        return Err(TlsError::Content {
            file: file.to_owned(),
            reason: "no certificate in it (`-----BEGIN CERTIFICATE-----`)".to_owned(),
            help: instead_of_a_certificate(bytes),
        });
    }
    Ok(chain)
}

/// Opens connections to servers whose certificate it can trust.
#[derive(Clone)]
pub struct Connector(TlsConnector);

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

impl Connector {
    /// Trusts the certificates of a PEM file and what they signed; those of them that cannot be read are left out.
    ///
    /// # Errors
    /// [`TlsError`] names the file and what is wrong with it.
    pub fn trusting(file: &Path) -> Result<Self, TlsError> {
        let bytes = std::fs::read(file).map_err(|error| TlsError::Unreadable {
            file: file.to_owned(),
            error,
        })?;
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates(file, &bytes)?);
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions();
        let builder = builder.map_err(TlsError::Setup)?;
        let config = builder.with_root_certificates(roots).with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Does the handshake with the server of this name or address.
    ///
    /// # Errors
    /// When the handshake fails, takes longer than 5 s, or the certificate is not trusted for this name.
    pub async fn connect(
        &self,
        stream: TcpStream,
        host: &str,
    ) -> std::io::Result<ClientTlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(std::io::Error::other)?;
        timeout(HANDSHAKE, self.0.connect(name, stream)).await?
    }
}

/// What to do with a file in which there is no certificate.
fn instead_of_a_certificate(bytes: &[u8]) -> &'static str {
    if has(bytes, "PRIVATE KEY-----") {
        "a private key is in it: `cert` and `key` may be the wrong way round"
    } else if is_der(bytes) {
        "it looks like DER: `openssl x509 -inform der -in FILE -out cert.pem` makes PEM of it"
    } else {
        "write the certificate as PEM, those of its issuers behind it"
    }
}

/// What to do with a file in which there is no key.
fn instead_of_a_key(bytes: &[u8]) -> &'static str {
    if has(bytes, "ENCRYPTED") {
        "it has a password, which nobody could type at a start: `openssl pkey -in FILE -out key.pem` takes it off"
    } else if has(bytes, "BEGIN CERTIFICATE-----") {
        "a certificate is in it: `cert` and `key` may be the wrong way round"
    } else if is_der(bytes) {
        "it looks like DER: `openssl pkey -inform der -in FILE -out key.pem` makes PEM of it"
    } else {
        "write the key as PEM: PKCS#8, PKCS#1 or SEC1"
    }
}

fn has(bytes: &[u8], word: &str) -> bool {
    bytes
        .windows(word.len())
        .any(|window| window == word.as_bytes())
}

/// A SEQUENCE with a length of two bytes, as certificates and keys begin.
fn is_der(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x30, 0x82])
}

/// Where SIP listens by TLS, and what it shows there.
#[derive(Clone, Debug)]
pub struct TlsListen {
    /// Addresses and ports.
    pub addresses: Vec<SocketAddr>,
    /// From a [`Certificate`].
    pub acceptor: Acceptor,
}

/// Turns connections into TLS ones. Cheap to clone.
#[derive(Clone)]
pub struct Acceptor(TlsAcceptor);

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acceptor(..)")
    }
}

impl Acceptor {
    /// The handshake; none when it fails or takes longer than 5 s.
    pub async fn accept(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        match timeout(HANDSHAKE, self.0.accept(stream)).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                tracing::debug!(%error, "no TLS came about");
                None
            }
            Err(_) => None,
        }
    }
}
