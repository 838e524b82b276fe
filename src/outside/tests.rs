//! Servers that hang, flood, lie and lead elsewhere: each takes its failure in time.

use super::client::Client;
use super::{OutsideSettings, Policy, SecretSource, Secrets, answered};
use ivr_flows::Value;
use ivr_flows::port::{FetchAnswer, FetchBody, FetchRequest, FetchSecret, HttpMethod};
use sip_gateway::leg::Network;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What a server does with its nth connection, whose request has been read.
type Act = fn(usize, String, TcpStream) -> futures::Boxed;

mod futures {
    pub(super) type Boxed = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// A server on loopback, and how often it was asked.
async fn server(act: Act) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let number = count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let request = request(&mut stream).await;
                act(number, request, stream).await;
            });
        }
    });
    (address, asked)
}

/// Head and body of a request.
async fn request(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut some = [0_u8; 4096];
    loop {
        let read = stream.read(&mut some).await.unwrap_or(0);
        text.push_str(&String::from_utf8_lossy(some.get(..read).unwrap()));
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
            .unwrap_or(0);
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body.len());
        if read == 0 || body.is_some_and(|body| body >= length) {
            return text;
        }
    }
}

async fn say(stream: &mut TcpStream, text: &str) {
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn answer(kind: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}")
}

fn get(address: SocketAddr) -> FetchRequest {
    FetchRequest {
        block: "start".to_owned(),
        id: None,
        method: HttpMethod::Get,
        url: format!("http://{address}/orders/7?full=1"),
        headers: Vec::new(),
        body: None,
        secret: None,
        timeout: Duration::from_millis(700),
        retries: 0,
        wants_body: true,
    }
}

fn loopback() -> OutsideSettings {
    OutsideSettings {
        policy: Policy::new(vec![Network {
            address: "127.0.0.0".parse().unwrap(),
            prefix: 8,
        }]),
        secrets: Secrets::default(),
    }
}

async fn ask(request: &FetchRequest) -> FetchAnswer {
    answered(&Client::new(loopback()), request, || false).await
}

/// Refused, for a reason with these words, long before a call would have waited for nothing.
async fn refused(act: Act, says: &str) {
    let (address, _) = server(act).await;
    let request = FetchRequest {
        timeout: Duration::from_secs(15),
        ..get(address)
    };
    let before = Instant::now();
    match ask(&request).await {
        FetchAnswer::Refused(why) => assert!(why.contains(says), "{why}"),
        other => panic!("{says}: {other:?}"),
    }
    assert!(before.elapsed() < Duration::from_secs(10), "{says}");
}

#[tokio::test]
async fn json_and_texts_are_read() {
    let (address, _) = server(|_, request, mut stream| {
        Box::pin(async move {
            assert!(
                request.starts_with("GET /orders/7?full=1 HTTP/1.1\r\n"),
                "{request}"
            );
            assert!(request.contains("connection: close\r\n"), "{request}");
            say(
                &mut stream,
                &answer("application/json; charset=utf-8", "{\"a\": [1]}"),
            )
            .await;
        })
    })
    .await;
    let body = Some(Value::from_json("{\"a\": [1]}").unwrap());
    let status = 200;
    assert_eq!(
        ask(&get(address)).await,
        FetchAnswer::Answered { status, body }
    );
    let (address, _) = server(|_, request, mut stream| {
        Box::pin(async move {
            let text = "POST /orders/7?full=1 HTTP/1.1\r\n";
            assert!(request.starts_with(text), "{request}");
            assert!(
                request.contains("content-type: application/json\r\n"),
                "{request}"
            );
            assert!(request.contains("x-a: b\r\n"), "{request}");
            assert!(request.ends_with("\r\n\r\n{\"n\":1}"), "{request}");
            say(&mut stream, &answer("text/plain", "fine")).await;
        })
    })
    .await;
    let request = FetchRequest {
        method: HttpMethod::Post,
        headers: vec![("X-A".to_owned(), "b".to_owned())],
        body: Some(FetchBody {
            text: "{\"n\":1}".to_owned(),
            json: true,
        }),
        ..get(address)
    };
    let body = Some(Value::from_json("\"fine\"").unwrap());
    assert_eq!(ask(&request).await, FetchAnswer::Answered { status, body });
}

#[tokio::test]
async fn what_hangs_or_drips_runs_out_of_time() {
    let acts: [Act; 3] = [
        |_, _, stream| {
            Box::pin(async move {
                tokio::time::sleep(Duration::from_secs(60)).await;
                drop(stream);
            })
        },
        |_, _, mut stream| {
            Box::pin(async move {
                for sign in "HTTP/1.1 200 OK\r\nX: "
                    .chars()
                    .chain(std::iter::repeat('y'))
                {
                    let sent = stream.write_all(sign.to_string().as_bytes()).await;
                    if sent.is_err() {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            })
        },
        |_, _, mut stream| {
            Box::pin(async move {
                let head =
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nabc";
                let _ = stream.write_all(head.as_bytes()).await;
                tokio::time::sleep(Duration::from_secs(60)).await;
            })
        },
    ];
    for act in acts {
        let (address, _) = server(act).await;
        let before = Instant::now();
        assert_eq!(ask(&get(address)).await, FetchAnswer::TimedOut);
        assert!(before.elapsed() < Duration::from_secs(10));
    }
}

#[tokio::test]
async fn what_floods_is_refused() {
    refused(
        |_, _, mut stream| {
            Box::pin(async move {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
                let _ = stream.write_all(head.as_bytes()).await;
                let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x1_0000));
                // A gigabyte, if anybody took it.
                for _ in 0..16_384 {
                    if stream.write_all(chunk.as_bytes()).await.is_err() {
                        break;
                    }
                }
            })
        },
        "too large",
    )
    .await;
    refused(
        |_, _, mut stream| {
            Box::pin(async move {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1073741824\r\n\r\nx";
                let _ = stream.write_all(head.as_bytes()).await;
                tokio::time::sleep(Duration::from_secs(60)).await;
            })
        },
        "too large",
    )
    .await;
    refused(
        |_, _, mut stream| {
            Box::pin(async move {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
                let line = format!("X-Y: {}\r\n", "z".repeat(1_000));
                while stream.write_all(line.as_bytes()).await.is_ok() {}
            })
        },
        "head is too long",
    )
    .await;
}

#[tokio::test]
async fn what_lies_or_leads_elsewhere_is_refused() {
    refused(
        |_, _, mut stream| {
            Box::pin(async move {
                let text = "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/meta-data\r\nContent-Length: 0\r\n\r\n";
                say(&mut stream, text).await;
            })
        },
        "elsewhere",
    )
    .await;
    refused(
        |_, _, mut stream| Box::pin(async move { say(&mut stream, "SSH-2.0-x\r\n").await }),
        "no HTTP",
    )
    .await;
    refused(
        |_, _, mut stream| {
            Box::pin(async move { say(&mut stream, &answer("application/json", "{\"a\": ")).await })
        },
        "no JSON",
    )
    .await;
    refused(
        |_, _, mut stream| {
            Box::pin(async move {
                let deep = format!("{}{}", "[".repeat(50), "]".repeat(50));
                say(&mut stream, &answer("application/json", &deep)).await;
            })
        },
        "deeply",
    )
    .await;
    refused(
        |_, _, mut stream| {
            Box::pin(async move { say(&mut stream, &answer("image/png", "{}")).await })
        },
        "neither JSON nor text",
    )
    .await;
    refused(
        |_, _, mut stream| {
            Box::pin(async move {
                let text = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx";
                say(&mut stream, text).await;
            })
        },
        "compressed",
    )
    .await;
}

#[tokio::test]
async fn no_name_and_no_form_of_it_leads_to_an_address_that_is_not_listed() {
    let (address, asked) = server(|_, _, stream| Box::pin(async move { drop(stream) })).await;
    let port = address.port();
    let client = Client::new(OutsideSettings::default());
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "127.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "10.0.0.1",
    ] {
        let request = FetchRequest {
            url: format!("http://{host}:{port}/"),
            ..get(address)
        };
        match answered(&client, &request, || false).await {
            FetchAnswer::Refused(why) => assert!(why.contains("may_reach"), "{host}: {why}"),
            // Not every system knows every form.
            FetchAnswer::Unreachable => assert!(!host.starts_with(['1', 'l', '[']), "{host}"),
            other => panic!("{host}: {other:?}"),
        }
    }
    for url in [
        "file:///etc/passwd",
        "gopher://a.b/",
        "//a.b",
        "http://a:b@a.b/",
        "",
    ] {
        let request = FetchRequest {
            url: url.to_owned(),
            ..get(address)
        };
        let answer = answered(&client, &request, || false).await;
        assert!(
            matches!(answer, FetchAnswer::Refused(_)),
            "{url}: {answer:?}"
        );
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_server_that_is_away_is_asked_again_where_that_does_no_harm() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    assert_eq!(ask(&get(address)).await, FetchAnswer::Unreachable);
    let flaky: Act = |number, _, mut stream| {
        Box::pin(async move {
            match number {
                0 => drop(stream),
                1 => {
                    say(
                        &mut stream,
                        "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
                    )
                    .await
                }
                _ => say(&mut stream, &answer("text/plain", "ok")).await,
            }
        })
    };
    let (address, asked) = server(flaky).await;
    let request = FetchRequest {
        retries: 2,
        timeout: Duration::from_secs(5),
        ..get(address)
    };
    let answer = ask(&request).await;
    assert!(
        matches!(answer, FetchAnswer::Answered { status: 200, .. }),
        "{answer:?}"
    );
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    // The first one may have been carried out.
    let (address, asked) = server(flaky).await;
    let request = FetchRequest {
        method: HttpMethod::Post,
        url: format!("http://{address}/"),
        ..request
    };
    assert_eq!(ask(&request).await, FetchAnswer::Unreachable);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    // Nobody waits any more.
    let (address, asked) = server(flaky).await;
    let request = FetchRequest {
        method: HttpMethod::Get,
        url: format!("http://{address}/"),
        ..request
    };
    let client = Client::new(loopback());
    assert_eq!(
        answered(&client, &request, || true).await,
        FetchAnswer::Unreachable
    );
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_secret_goes_into_its_header_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop");
    std::fs::write(&file, "word-of-the-shop\n").unwrap();
    let sources = [("SHOP".to_owned(), SecretSource::File(file.clone()))];
    let settings = OutsideSettings {
        secrets: Secrets::new(sources.into()),
        ..loopback()
    };
    let secret = settings.secrets.value("SHOP").await.unwrap();
    assert_eq!(format!("{secret:?}"), "***");
    let client = Client::new(settings);
    // The server says what it heard, and the second time the secret itself.
    let (address, _) = server(|number, request, mut stream| {
        Box::pin(async move {
            let line = |name: &str| request.lines().any(|line| line == name);
            let bearer = line("authorization: Bearer word-of-the-shop");
            let own = line("x-key: word-of-the-shop");
            let text = match number {
                0 => format!("{bearer} {own}"),
                1 => format!("{bearer} {own}"),
                _ => request,
            };
            say(&mut stream, &answer("text/plain", &text)).await;
        })
    })
    .await;
    for (header, expected) in [(None, "\"true false\""), (Some("X-Key"), "\"false true\"")] {
        let request = FetchRequest {
            secret: Some(FetchSecret {
                name: "SHOP".to_owned(),
                header: header.map(str::to_owned),
                signs: false,
            }),
            ..get(address)
        };
        assert!(!format!("{request:?}").contains("orders"), "{request:?}");
        let body = Some(Value::from_json(expected).unwrap());
        let status = 200;
        let answer = answered(&client, &request, || false).await;
        assert_eq!(answer, FetchAnswer::Answered { status, body }, "{header:?}");
    }
    let request = FetchRequest {
        secret: Some(FetchSecret {
            name: "SHOP".to_owned(),
            header: None,
            signs: false,
        }),
        ..get(address)
    };
    let told = answered(&client, &request, || false).await;
    assert!(
        matches!(told, FetchAnswer::Refused(why) if why.contains("shows the secret")),
        "{told:?}"
    );
    // Without its value nothing is asked.
    std::fs::remove_file(file).unwrap();
    let told = answered(&client, &request, || false).await;
    assert!(
        matches!(told, FetchAnswer::Refused(why) if why.contains("cannot be read")),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_secret_that_signs_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bot");
    std::fs::write(&file, "word-of-the-bot").unwrap();
    let settings = OutsideSettings {
        secrets: Secrets::new([("BOT".to_owned(), SecretSource::File(file))].into()),
        ..loopback()
    };
    let secret = settings.secrets.value("BOT").await.unwrap();
    let client = Client::new(settings);
    // The server says what it heard.
    let (address, _) = server(|_, request, mut stream| {
        Box::pin(async move { say(&mut stream, &answer("text/plain", &request)).await })
    })
    .await;
    let request = FetchRequest {
        method: HttpMethod::Post,
        body: Some(FetchBody {
            text: "{\"a\":1}".to_owned(),
            json: true,
        }),
        secret: Some(FetchSecret {
            name: "BOT".to_owned(),
            header: None,
            signs: true,
        }),
        ..get(address)
    };
    let FetchAnswer::Answered { body, .. } = answered(&client, &request, || false).await else {
        panic!("no answer");
    };
    let heard = body.unwrap().to_string();
    assert!(!heard.contains("word-of-the-bot"), "{heard}");
    let line = heard
        .lines()
        .find_map(|line| line.strip_prefix("cordboard-signature: "));
    let line = line.unwrap().trim();
    let time = line.split(['=', ',']).nth(1).unwrap().parse().unwrap();
    assert_eq!(line, secret.signature(time, b"{\"a\":1}").unwrap());
}
