//! One question over one connection: name, address, TLS, request, answer, all of it bounded.
//!
//! **Owns**: everything that names the HTTP and TLS libraries on the way out. **Must not know**: flows, tries.
//!
//! The address that the policy looked at is the one that is connected to, so a name that changes its mind in between
//! gains nothing. Redirects are not followed, no proxy is used, and no connection outlives its question.

use super::OutsideSettings;
use super::secrets::Secret;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH,
    CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use hyper::{Method, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use ivr_flows::Value;
use ivr_flows::port::{FetchRequest, FetchSecret, HttpMethod};
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Where a signed question says who asks.
const SIGNATURE: HeaderName = HeaderName::from_static("cordboard-signature");
/// An answer's body, in bytes.
const LARGEST_BODY: usize = 256 * 1024;
/// An answer's head, in bytes and lines.
const LARGEST_HEAD: usize = 32 * 1024;
const MOST_HEADERS: usize = 64;
/// Until a connection is there, TLS included.
const CONNECT: Duration = Duration::from_secs(3);
/// Names that are looked up at once: the system's own lookup cannot be stopped, so what hangs keeps its place.
const LOOKUPS: usize = 32;
/// Addresses of a name that are tried.
const ADDRESSES: usize = 3;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nothing was sent.
    NotConnected,
    /// The connection broke when something may have been sent.
    Broken,
    /// It was not asked, or what came cannot be used: why, without any of it.
    Refused(&'static str),
}

/// Status and body.
pub(super) type Answer = (u16, Option<Value>);

/// What is taken of an answer.
#[derive(Clone, Copy)]
struct Wanted {
    /// What we say we take.
    accept: &'static str,
    /// Of a body, in bytes; none: no body.
    most: Option<usize>,
}

/// An answer as it came.
struct Raw {
    status: u16,
    /// The media type of the body, in small letters.
    kind: String,
    /// Empty where it was not wanted or the status is no success.
    body: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Client {
    settings: OutsideSettings,
    lookups: Arc<Semaphore>,
    tls: OnceLock<Arc<ClientConfig>>,
}

/// The connection ends with whoever waits for its answer.
struct Driven(JoinHandle<()>);

impl Drop for Driven {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Where a URL leads.
struct Target {
    secure: bool,
    host: String,
    port: u16,
}

impl Client {
    pub(super) fn new(settings: OutsideSettings) -> Self {
        Self {
            settings,
            lookups: Arc::new(Semaphore::new(LOOKUPS)),
            tls: OnceLock::new(),
        }
    }

    /// Asks once. Takes as long as the other side likes: the caller bounds it.
    pub(super) async fn ask(&self, request: &FetchRequest) -> Result<Answer, Failure> {
        let wanted = Wanted {
            accept: "application/json, text/plain;q=0.5",
            most: request.wants_body.then_some(LARGEST_BODY),
        };
        let secret = self.secret(request).await?;
        let raw = self.raw(request, secret.as_ref(), wanted).await?;
        let status = raw.status;
        Ok((
            status,
            value(raw, secret.as_ref().map(|(secret, _)| secret))?,
        ))
    }

    /// Asks once for audio of `most` bytes at most: status and body. Bounded by the caller as above.
    pub(super) async fn audio(
        &self,
        request: &FetchRequest,
        most: usize,
    ) -> Result<(u16, Vec<u8>), Failure> {
        let wanted = Wanted {
            accept: "audio/*, application/ogg, application/octet-stream;q=0.5",
            most: Some(most),
        };
        let secret = self.secret(request).await?;
        let raw = self.raw(request, secret.as_ref(), wanted).await?;
        Ok((raw.status, raw.body))
    }

    async fn secret<'a>(
        &self,
        request: &'a FetchRequest,
    ) -> Result<Option<(Secret, &'a FetchSecret)>, Failure> {
        let Some(used) = &request.secret else {
            return Ok(None);
        };
        let value = self.settings.secrets.value(&used.name).await;
        Ok(Some((value.map_err(Failure::Refused)?, used)))
    }

    async fn raw(
        &self,
        request: &FetchRequest,
        secret: Option<&(Secret, &FetchSecret)>,
        wanted: Wanted,
    ) -> Result<Raw, Failure> {
        let uri: Uri = request
            .url
            .parse()
            .map_err(|_| Failure::Refused("this is no URL"))?;
        let target = target(&uri)?;
        let sent = prepared(request, &uri, &target, secret, wanted)?;
        let connected = async {
            let stream = self.connect(&target).await?;
            if !target.secure {
                return Ok(Box::new(stream) as Box<dyn Stream>);
            }
            let name = ServerName::try_from(target.host.clone())
                .map_err(|_| Failure::Refused("this host cannot have a certificate"))?;
            let connector = TlsConnector::from(self.tls().await?);
            let secured = connector.connect(name, stream).await;
            let secured = secured.map_err(|_| Failure::NotConnected)?;
            Ok(Box::new(secured) as Box<dyn Stream>)
        };
        let stream = match timeout(CONNECT, connected).await {
            Ok(stream) => stream?,
            Err(_) => return Err(Failure::NotConnected),
        };
        exchange(stream, sent, wanted.most).await
    }

    /// Connects to the first address that may be reached and answers.
    async fn connect(&self, target: &Target) -> Result<TcpStream, Failure> {
        let place = Arc::clone(&self.lookups)
            .try_acquire_owned()
            .map_err(|_| Failure::NotConnected)?;
        let name = (target.host.clone(), target.port);
        let found = tokio::task::spawn_blocking(move || {
            let found = name.to_socket_addrs().map(Vec::from_iter);
            drop(place);
            found
        });
        let found: Vec<SocketAddr> = match found.await {
            Ok(Ok(found)) if !found.is_empty() => found,
            _ => return Err(Failure::NotConnected),
        };
        let policy = &self.settings.policy;
        let reachable: Vec<SocketAddr> = found
            .into_iter()
            .filter(|address| policy.allows(address.ip()))
            .take(ADDRESSES)
            .collect();
        if reachable.is_empty() {
            return Err(Failure::Refused(
                "flows may not reach this address: list it under `may_reach` in [flows]",
            ));
        }
        for address in reachable {
            if let Ok(stream) = TcpStream::connect(address).await {
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
        }
        Err(Failure::NotConnected)
    }

    /// The certificates that the system trusts, read once.
    async fn tls(&self) -> Result<Arc<ClientConfig>, Failure> {
        if let Some(config) = self.tls.get() {
            return Ok(Arc::clone(config));
        }
        let made = tokio::task::spawn_blocking(trusting).await;
        let config = made.ok().flatten().ok_or(Failure::Refused(
            "this machine trusts no certificate: install ca-certificates",
        ))?;
        Ok(Arc::clone(self.tls.get_or_init(|| config)))
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

fn trusting() -> Option<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    let (added, _) =
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if added == 0 {
        return None;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().ok()?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Some(Arc::new(config))
}

fn target(uri: &Uri) -> Result<Target, Failure> {
    let (secure, usual) = match uri.scheme_str() {
        Some("https") => (true, 443),
        Some("http") => (false, 80),
        _ => return Err(Failure::Refused("only `http` and `https` are asked")),
    };
    let authority = uri.authority().ok_or(Failure::Refused("this is no URL"))?;
    if authority.as_str().contains('@') {
        return Err(Failure::Refused("a URL holds no password"));
    }
    let host = authority.host();
    let host = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned();
    let port = authority.port_u16().unwrap_or(usual);
    Ok(Target { secure, host, port })
}

/// The header that holds a secret, or a signature by it.
fn authorised(
    secret: &Secret,
    used: &FetchSecret,
    body: &[u8],
) -> Option<(HeaderName, HeaderValue)> {
    if used.signs {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let signature = secret.signature(since.ok()?.as_secs(), body)?;
        return Some((SIGNATURE, signature.parse().ok()?));
    }
    let (name, before) = match &used.header {
        Some(header) => (header.parse().ok()?, ""),
        None => (AUTHORIZATION, "Bearer "),
    };
    let mut value = HeaderValue::from_bytes(&secret.header(before)).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

/// The request as it is sent.
fn prepared(
    request: &FetchRequest,
    uri: &Uri,
    target: &Target,
    secret: Option<&(Secret, &FetchSecret)>,
    wanted: Wanted,
) -> Result<Request<Full<Bytes>>, Failure> {
    const ODD: Failure = Failure::Refused("a header cannot be sent");
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static(wanted.accept));
    let agent = concat!("Cordboard/", env!("CARGO_PKG_VERSION"));
    headers.insert(USER_AGENT, HeaderValue::from_static(agent));
    let mut body = Bytes::new();
    if let Some(sent) = &request.body {
        let kind = if sent.json {
            "application/json"
        } else {
            "text/plain; charset=utf-8"
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        body = Bytes::from(sent.text.clone());
    }
    for (name, value) in &request.headers {
        let name: HeaderName = name.parse().map_err(|_| ODD)?;
        headers.insert(name, value.parse().map_err(|_| ODD)?);
    }
    if let Some((secret, used)) = secret {
        let (name, value) = authorised(secret, used, &body).ok_or(ODD)?;
        headers.insert(name, value);
    }
    let authority = uri
        .authority()
        .map_or(target.host.as_str(), |all| all.as_str());
    headers.insert(HOST, authority.parse().map_err(|_| ODD)?);
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut sent = Request::new(Full::new(body));
    *sent.method_mut() = match request.method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Delete => Method::DELETE,
    };
    *sent.uri_mut() = path
        .parse()
        .map_err(|_| Failure::Refused("this is no URL"))?;
    *sent.headers_mut() = headers;
    Ok(sent)
}

async fn exchange(
    stream: Box<dyn Stream>,
    sent: Request<Full<Bytes>>,
    most: Option<usize>,
) -> Result<Raw, Failure> {
    let made = http1::Builder::new()
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS)
        .handshake(TokioIo::new(stream))
        .await;
    let (mut sender, connection) = made.map_err(|_| Failure::NotConnected)?;
    let driven = Driven(tokio::spawn(async move {
        let _ = connection.await;
    }));
    let response = sender.send_request(sent).await.map_err(|error| {
        // A head that is too long or no HTTP at all is a lie; anything else is a line that broke.
        if error.is_parse() {
            Failure::Refused("the answer is no HTTP, or its head is too long")
        } else {
            Failure::Broken
        }
    })?;
    let status = response.status().as_u16();
    if (300..400).contains(&status) {
        return Err(Failure::Refused(
            "the server sends us elsewhere, which is not followed",
        ));
    }
    let raw = match most {
        Some(most) if (200..300).contains(&status) => read(response, most).await?,
        // Of a failure the status says enough, and an answer that nobody wants is not waited for.
        _ => Raw {
            status,
            kind: String::new(),
            body: Vec::new(),
        },
    };
    drop(driven);
    Ok(raw)
}

/// The body, `most` bytes of it at most.
async fn read(response: Response<Incoming>, most: usize) -> Result<Raw, Failure> {
    const TOO_LARGE: Failure = Failure::Refused("the answer is too large");
    let status = response.status().as_u16();
    let headers = response.headers();
    let text_of = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    if text_of(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(Failure::Refused(
            "the answer is compressed, which nobody asked for",
        ));
    }
    let length = text_of(CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if length.is_some_and(|length| length > most) {
        return Err(TOO_LARGE);
    }
    let kind = text_of(CONTENT_TYPE).unwrap_or_default();
    let kind = kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let mut bytes = Vec::new();
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Failure::Broken)?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        if bytes.len().saturating_add(data.len()) > most {
            return Err(TOO_LARGE);
        }
        bytes.extend_from_slice(data);
    }
    Ok(Raw {
        status,
        kind,
        body: bytes,
    })
}

/// A body as values.
fn value(raw: Raw, secret: Option<&Secret>) -> Result<Option<Value>, Failure> {
    let kind = raw.kind;
    if raw.body.is_empty() {
        return Ok(None);
    }
    let text =
        String::from_utf8(raw.body).map_err(|_| Failure::Refused("the answer is no UTF-8"))?;
    if secret.is_some_and(|secret| secret.is_in(&text)) {
        return Err(Failure::Refused(
            "the answer shows the secret that was sent",
        ));
    }
    if kind == "application/json" || kind.ends_with("+json") {
        return Value::from_json(&text).map(Some).map_err(Failure::Refused);
    }
    if kind.starts_with("text/") {
        return Ok(Some(Value::Text(text)));
    }
    Err(Failure::Refused("the answer is neither JSON nor text"))
}

/// The host of a web address: `https` or `http`, with a host and without a password.
///
/// # Errors
/// What is wrong with it, in words.
pub fn web_address(url: &str) -> Result<String, &'static str> {
    let uri: Uri = url.parse().map_err(|_| "it is no web address")?;
    if !matches!(uri.scheme_str(), Some("https" | "http")) {
        return Err("it begins with neither https:// nor http://");
    }
    match uri.authority() {
        None => Err("it names no host"),
        Some(authority) if authority.as_str().contains('@') => Err("it holds a password"),
        Some(authority) => Ok(authority.host().to_owned()),
    }
}
