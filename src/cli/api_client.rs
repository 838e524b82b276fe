//! The API of a running server, as a command asks it.
//!
//! **Owns**: everything that names hyper: one request a connection, with a token, in clear or through TLS.
//! **Must not know**: what is asked.

use super::ServerArgs;
use super::output::Problem;
use crate::config::Settings;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use hyper::{Request, Uri, header};
use hyper_util::rt::TokioIo;
use router::Private;
use serde_json::Value;
use sip_gateway::net::tls::Connector;
use std::time::Duration;
use tokio::net::TcpStream;

/// Bytes of an answer at most.
const MOST: usize = 64 * 1024 * 1024;
/// How long an answer may take: tests of a flow run before it is published.
const PATIENCE: Duration = Duration::from_secs(60);
/// The environment's variable with the token.
const TOKEN: &str = "CORDBOARD_TOKEN";

/// A server that can be asked.
#[derive(Debug)]
pub(super) struct ApiClient {
    /// Scheme, host and port.
    server: Uri,
    token: Private<String>,
    tls: Option<Connector>,
}

impl ApiClient {
    /// The server of the arguments, else of the settings.
    pub(super) fn new(args: &ServerArgs) -> Result<Self, Problem> {
        let settings = || {
            args.config.read().map_err(|findings| {
                let why = super::check::text(&findings);
                let help =
                    "name the settings with `--config FILE`, or the server with `--server URL`";
                Problem::new("cannot find the server", why, help)
            })
        };
        let (url, ca) = match &args.server {
            Some(url) => (url.trim_end_matches('/').to_owned(), args.ca.clone()),
            None => {
                let settings = settings()?;
                let own = settings.http.tls.as_ref().map(|files| files.cert.clone());
                (address(&settings), args.ca.clone().or(own))
            }
        };
        let server: Uri = url.parse().map_err(|error| {
            Problem::new(
                format!("cannot ask {url}"),
                format!("{error}"),
                "write it as http://HOST:PORT or https://HOST",
            )
        })?;
        let tls = match (server.scheme_str(), ca) {
            (Some("http"), _) => None,
            (Some("https"), Some(file)) => {
                let connector = Connector::trusting(&file);
                Some(connector.map_err(|error| {
                    let help = error.help();
                    Problem::new(format!("cannot ask {url}"), error.to_string(), help)
                })?)
            }
            (Some("https"), None) => {
                let help =
                    "name the certificates to trust with `--ca FILE`, such as those of the system";
                return Err(Problem::new(
                    format!("cannot ask {url}"),
                    "nothing says whom to trust",
                    help,
                ));
            }
            _ => {
                let help = "write it as http://HOST:PORT or https://HOST";
                return Err(Problem::new(
                    format!("cannot ask {url}"),
                    "it is no HTTP address",
                    help,
                ));
            }
        };
        let token = token(args)?;
        Ok(Self { server, token, tls })
    }

    /// A request below `/api/v1`: the status and the JSON of the answer.
    pub(super) async fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), Problem> {
        let done = tokio::time::timeout(PATIENCE, self.exchange(method, path, body)).await;
        let answer = done.unwrap_or_else(|_| Err(anyhow::anyhow!("no answer in {PATIENCE:?}")));
        answer.map_err(|error| {
            Problem::new(
                format!("cannot ask {}", self.server),
                format!("{error:#}"),
                "see that `cordboard serve` runs there, or name another server with `--server URL`",
            )
        })
    }

    async fn exchange(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<(u16, Value)> {
        let host = self.server.host().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let default = if self.tls.is_some() { 443 } else { 80 };
        let port = self.server.port_u16().unwrap_or(default);
        let stream = TcpStream::connect((bare, port)).await?;
        let text = body.map(ToString::to_string).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header(
                header::HOST,
                self.server.authority().map_or(host, |a| a.as_str()),
            )
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", self.token.reveal()),
            )
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(text)))?;
        match &self.tls {
            None => send(TokioIo::new(stream), request).await,
            Some(connector) => {
                let stream = connector.connect(stream, bare).await?;
                send(TokioIo::new(stream), request).await
            }
        }
    }
}

async fn send<S>(stream: S, request: Request<Full<Bytes>>) -> anyhow::Result<(u16, Value)>
where
    S: Read + Write + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(stream).await?;
    // It ends with the answer: one request a connection.
    tokio::spawn(connection);
    let response = sender.send_request(request).await?;
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), MOST).collect().await;
    let body = body.map_err(|error| anyhow::anyhow!(error))?.to_bytes();
    let value = serde_json::from_slice(&body);
    Ok((status, value.unwrap_or(Value::Null)))
}

/// Where the settings let the server listen; one that listens everywhere is asked on this machine.
fn address(settings: &Settings) -> String {
    let mut listen = settings.http.listen;
    if listen.ip().is_unspecified() {
        listen.set_ip(match listen.ip() {
            std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    let scheme = settings.http.tls.as_ref().map_or("http", |_| "https");
    format!("{scheme}://{listen}")
}

fn token(args: &ServerArgs) -> Result<Private<String>, Problem> {
    let help = "`cordboard token create --role supervisor` makes one; hand it over in CORDBOARD_TOKEN or with \
                `--token-file FILE`";
    let text = match &args.token_file {
        Some(file) => std::fs::read_to_string(file).map_err(|error| {
            Problem::new(
                format!("cannot read {}", file.display()),
                error.to_string(),
                help,
            )
        })?,
        None => std::env::var(TOKEN)
            .map_err(|_| Problem::new("cannot ask the server", "there is no token", help))?,
    };
    Ok(Private::new(text.trim().to_owned()))
}
