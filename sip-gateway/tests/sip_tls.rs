//! SIP over TLS at a live gateway: a handshake, an answer, a certificate that is renewed, and files that are none.

#![allow(clippy::unwrap_used)] // clippy does not see that helpers of tests are tests

use rcgen::CertifiedKey;
use sip_gateway::leg::Accounts;
use sip_gateway::net::tls::{Certificate, CertificateFiles, TlsListen};
use sip_gateway::net::{Gateway, GatewayConfig};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

const PATIENCE: Duration = Duration::from_secs(20);

/// Writes a new certificate for `localhost`; gives it as clients must know it.
fn renew(folder: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    cert.der().clone()
}

fn files(folder: &Path) -> CertificateFiles {
    CertificateFiles {
        cert: folder.join("cert.pem"),
        key: folder.join("key.pem"),
    }
}

async fn gateway(certificate: &Certificate) -> Gateway {
    let address = Ipv4Addr::LOCALHOST.into();
    let config = GatewayConfig {
        listen: SocketAddr::new(address, 0),
        listen_tcp: Vec::new(),
        tls: Some(TlsListen {
            addresses: vec![SocketAddr::new(address, 0)],
            acceptor: certificate.acceptor().unwrap(),
        }),
        advertise: None,
        domain: "office.test".to_owned(),
        media_listen: address,
        opus: sip_gateway::sip::sdp::OpusPlace::Off,
        media_ports: 10_000..=29_999,
        media_threads: 1,
        media_lost_after: Duration::from_secs(60),
        accounts: Accounts::default(),
        bindings: Vec::new(),
        user_agent: "test".to_owned(),
    };
    Gateway::start(config).await.unwrap().0
}

/// A client that trusts this certificate alone.
async fn connect(
    gateway: &Gateway,
    trusted: &CertificateDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(gateway.tls_addresses()[0]).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    timeout(PATIENCE, connector.connect(name, stream))
        .await
        .unwrap()
}

/// Asks by OPTIONS; the answer.
async fn ask(stream: &mut TlsStream<TcpStream>) -> String {
    let options = "OPTIONS sip:office.test SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:4000;branch=z9hG4bKa\r\n\
         Max-Forwards: 70\r\nFrom: <sip:a@office.test>;tag=a\r\nTo: <sip:office.test>\r\nCall-ID: a\r\n\
         CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    stream.write_all(options.as_bytes()).await.unwrap();
    let mut buffer = vec![0; 4_096];
    let read = timeout(PATIENCE, stream.read(&mut buffer)).await.unwrap();
    String::from_utf8(buffer[..read.unwrap()].to_vec()).unwrap()
}

#[tokio::test]
async fn sip_is_answered_through_tls_12_and_13() {
    let folder = tempfile::tempdir().unwrap();
    let trusted = renew(folder.path());
    let certificate = Certificate::read(files(folder.path())).unwrap();
    let gateway = gateway(&certificate).await;
    for version in [&TLS12, &TLS13] {
        let mut stream = connect(&gateway, &trusted, &[version]).await.unwrap();
        let answer = ask(&mut stream).await;
        assert!(answer.starts_with("SIP/2.0 200 OK\r\n"), "{answer}");
        assert!(
            answer.contains("\r\nVia: SIP/2.0/TLS 127.0.0.1:4000;"),
            "{answer}"
        );
    }
    // Whoever speaks no TLS there hears no SIP.
    let mut plain = TcpStream::connect(gateway.tls_addresses()[0])
        .await
        .unwrap();
    plain
        .write_all(b"OPTIONS sip:x SIP/2.0\r\n\r\n")
        .await
        .unwrap();
    let mut heard = Vec::new();
    let ended = timeout(PATIENCE, plain.read_to_end(&mut heard)).await;
    assert!(ended.is_ok() && !heard.starts_with(b"SIP/"));
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let first = renew(folder.path());
    let mut certificate = Certificate::read(files(folder.path())).unwrap();
    let gateway = gateway(&certificate).await;
    let both = [&TLS12, &TLS13];
    let mut old = connect(&gateway, &first, &both).await.unwrap();
    assert!(!certificate.refresh().unwrap());
    std::fs::write(folder.path().join("cert.pem"), "half of it").unwrap();
    assert!(certificate.refresh().is_err());
    assert!(!certificate.refresh().unwrap(), "told once");
    connect(&gateway, &first, &both).await.unwrap();
    let second = renew(folder.path());
    assert!(certificate.refresh().unwrap());
    connect(&gateway, &second, &both).await.unwrap();
    assert!(connect(&gateway, &first, &both).await.is_err());
    assert!(
        ask(&mut old).await.starts_with("SIP/2.0 200 "),
        "it goes on"
    );
}

#[test]
fn a_file_that_cannot_be_used_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    renew(folder.path());
    let (cert, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    let good = (std::fs::read(&cert).unwrap(), std::fs::read(&key).unwrap());
    let other = tempfile::tempdir().unwrap();
    renew(other.path());
    let foreign = std::fs::read(other.path().join("key.pem")).unwrap();
    let with_password =
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let der = [0x30, 0x82, 1, 2];
    let none = "no certificate in it";
    type Row<'a> = (&'a [u8], &'a [u8], &'a str, &'a str, &'a str);
    let table: [Row<'_>; 8] = [
        (b"", &good.1, "cert.pem", none, "as PEM"),
        (&good.1, &good.0, "cert.pem", none, "the wrong way round"),
        (&der, &good.1, "cert.pem", none, "openssl x509"),
        (&good.0, b"junk", "key.pem", "no private key", "PKCS#8"),
        (
            &good.0,
            &good.0,
            "key.pem",
            "no private key",
            "the wrong way round",
        ),
        (
            &good.0,
            with_password,
            "key.pem",
            "no private key",
            "a password",
        ),
        (&good.0, &der, "key.pem", "no private key", "openssl pkey"),
        (&good.0, &foreign, "key.pem", "does not fit", "made for"),
    ];
    for (cert_bytes, key_bytes, file, reason, instead) in table {
        std::fs::write(&cert, cert_bytes).unwrap();
        std::fs::write(&key, key_bytes).unwrap();
        let error = Certificate::read(files(folder.path())).unwrap_err();
        assert!(error.help().contains(instead), "{}", error.help());
        let error = error.to_string();
        assert!(error.contains(file) && error.contains(reason), "{error}");
    }
    std::fs::remove_file(&key).unwrap();
    let error = Certificate::read(files(folder.path()))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("cannot read") && error.contains("key.pem"),
        "{error}"
    );
}
