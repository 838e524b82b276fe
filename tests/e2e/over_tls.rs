//! HTTP through TLS: pages, the phone's WebSocket, a renewed certificate, and a start without a usable one.

use crate::support::phone::wire::connect_from;
use crate::support::world::{Plan, World, cordboard, write_plan};
use rcgen::CertifiedKey;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tungstenite::Message;

const TLS: &str = "tls = { cert = \"cert.pem\", key = \"key.pem\" }\n";

fn renew(folder: &Path) -> CertificateDer<'static> {
    let names = ["localhost".to_owned()];
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names).unwrap();
    std::fs::write(folder.join("cert.pem"), cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    cert.der().clone()
}

/// A certificate that ended years ago.
fn let_expire(folder: &Path) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2019, 1, 1);
    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let cert = params.self_signed(&key).unwrap();
    std::fs::write(folder.join("cert.pem"), cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
}

/// A client that trusts this certificate alone.
fn client(trusted: &CertificateDer<'static>) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    ClientConnection::new(Arc::new(config), name).unwrap()
}

/// Its connection, the handshake done.
fn connect(
    world: &World,
    trusted: &CertificateDer<'static>,
) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let stream = TcpStream::connect(world.http)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut stream = StreamOwned::new(client(trusted), stream);
    stream.flush()?;
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}

fn head(world: &World, trusted: &CertificateDer<'static>, path: &str) -> String {
    let mut stream = connect(world, trusted).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // Some ends come without the last word of TLS.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn pages_and_phones_speak_tls_and_a_renewed_certificate_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let first = renew(folder.path());
    let plan = Plan {
        settings: TLS.to_owned(),
        ..Plan::default()
    };
    let world = World::in_folder(folder, &plan);
    let healthy = head(&world, &first, "/healthz");
    assert!(healthy.starts_with("HTTP/1.1 200 "), "{healthy}");
    assert!(
        healthy.contains("strict-transport-security: max-age="),
        "{healthy}"
    );
    let mut plain = TcpStream::connect(world.http).unwrap();
    plain
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let mut heard = Vec::new();
    let _ = plain.read_to_end(&mut heard);
    assert!(
        !heard.starts_with(b"HTTP/"),
        "without TLS nothing is served"
    );

    let request = tungstenite::http::Request::get("wss://localhost/sip")
        .header("Host", "localhost")
        .header("Origin", "https://localhost")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("Sec-WebSocket-Protocol", "sip")
        .body(())
        .unwrap();
    let stream = connect(&world, &first).unwrap();
    let (mut socket, _) = tungstenite::client(request, stream)
        .map_err(|e| e.to_string())
        .unwrap();
    let options = "OPTIONS sip:x@y SIP/2.0\r\nVia: SIP/2.0/WSS a.invalid;branch=z9hG4bKa\r\nMax-Forwards: 7\r\n\
                   From: <sip:a@b>;tag=a\r\nTo: <sip:a@b>\r\nCall-ID: a\r\nCSeq: 1 OPTIONS\r\n\r\n";
    socket.send(Message::text(options)).unwrap();
    let answer = socket.read().unwrap().into_text().unwrap();
    assert!(
        answer.starts_with("SIP/2.0 200 OK\r\nVia: SIP/2.0/WSS a.invalid;"),
        "{answer}"
    );

    let second = renew(world.root());
    world.wait_log("the certificate was read again", Duration::from_secs(10));
    assert!(head(&world, &second, "/readyz").starts_with("HTTP/1.1 200 "));
    assert!(connect(&world, &first).is_err());
    socket.send(Message::text("\r\n\r\n")).unwrap();
    assert_eq!(socket.read().unwrap().into_text().unwrap(), "\r\n");

    assert!(!world.log().contains("the certificate expire"));
    let_expire(world.root());
    let says = "the certificate expired on 2020-01-01";
    world.wait_log(says, Duration::from_secs(30));
}

/// From this address, saying nothing.
fn silent(world: &World, ip: &str) -> TcpStream {
    let stream = connect_from(ip.parse().unwrap(), world.http).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(15)))
        .unwrap();
    stream
}

#[test]
fn who_begins_no_handshake_is_cut_off_and_keeps_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let trusted = renew(folder.path());
    let plan = Plan {
        settings: TLS.to_owned(),
        ..Plan::default()
    };
    let world = World::in_folder(folder, &plan);
    let held: Vec<TcpStream> = (0..64).map(|_| silent(&world, "127.0.0.3")).collect();
    // One too many of that address.
    let began = Instant::now();
    let mut more = silent(&world, "127.0.0.3");
    assert!(matches!(more.read(&mut [0; 8]), Ok(0) | Err(_)));
    assert!(began.elapsed() < Duration::from_secs(4));
    // Others come through at once.
    assert!(head(&world, &trusted, "/healthz").starts_with("HTTP/1.1 200 "));
    assert!(began.elapsed() < Duration::from_secs(4));
    for mut stream in held {
        assert!(matches!(stream.read(&mut [0; 8]), Ok(0) | Err(_)));
    }
    assert!(
        began.elapsed() < Duration::from_secs(12),
        "a handshake has 5 s"
    );
    drop(silent(&world, "127.0.0.3"));
}

#[test]
fn without_a_usable_certificate_nothing_starts_and_the_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan {
        settings: TLS.to_owned(),
        ..Plan::default()
    };
    write_plan(folder.path(), &plan);
    let serve = || {
        let mut command = cordboard(folder.path());
        let out = command
            .args(["serve", "--config", "cordboard.toml"])
            .output()
            .unwrap();
        assert!(!out.status.success());
        String::from_utf8_lossy(&out.stderr).into_owned()
    };
    let missing = serve();
    assert!(
        missing.contains("cannot read") && missing.contains("cert.pem"),
        "{missing}"
    );
    let ask = |command: &str| {
        let mut asked = cordboard(folder.path());
        let out = asked
            .args([command, "--config", "cordboard.toml"])
            .output()
            .unwrap();
        assert_eq!(out.status.code(), Some(1), "{out:?}");
        String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned()
    };
    for command in ["check", "doctor"] {
        let said = ask(command);
        assert!(
            said.contains("cert.pem") && said.contains("two PEM files"),
            "{command}: {said}"
        );
    }
    renew(folder.path());
    std::fs::write(folder.path().join("key.pem"), "no key").unwrap();
    let broken = serve();
    assert!(
        broken.contains("key.pem")
            && broken.contains("[http] tls")
            && broken.contains("write the key as PEM"),
        "{broken}"
    );
    let_expire(folder.path());
    let said = ask("doctor");
    assert!(
        said.contains("cert.pem expired on 2020-01-01") && said.contains("save a new one"),
        "{said}"
    );
}

#[test]
fn commands_ask_through_tls_and_trust_only_what_they_are_told() {
    let folder = tempfile::tempdir().unwrap();
    renew(folder.path());
    let plan = Plan {
        settings: TLS.to_owned(),
        ..Plan::default()
    };
    let world = World::in_folder(folder, &plan);
    std::fs::copy(world.root().join("cert.pem"), world.root().join("ours.pem")).unwrap();
    let server = format!("https://localhost:{}", world.http.port());
    let asked = |ca: &str| {
        let out = cordboard(world.root())
            .args(["flow", "versions", "support", "--server", &server])
            .args(["--ca", ca])
            .env("CORDBOARD_TOKEN", world.token())
            .output()
            .unwrap();
        let text = [out.stdout, out.stderr].concat();
        (out.status.code(), String::from_utf8(text).unwrap())
    };
    let (code, said) = asked("ours.pem");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Edited in files"), "{said}");
    // Another server's certificate, and no certificate at all.
    let other = tempfile::tempdir().unwrap();
    renew(other.path());
    let other = other.path().join("cert.pem");
    for ca in [other.to_str().unwrap(), "key.pem", "nothing.pem"] {
        let (code, said) = asked(ca);
        assert_eq!(code, Some(2), "{ca}: {said}");
    }
}
