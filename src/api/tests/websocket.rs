//! A small WebSocket client (RFC 6455) that can also be rude.

use super::world::World;
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What came.
#[derive(Debug, PartialEq)]
pub(super) enum Came {
    Text(String),
    Ping,
    /// Close with its code, or the end of the connection.
    Closed(Option<u16>),
}

pub(super) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    pub(super) status: u16,
    pub(super) refusal: String,
}

impl Client {
    /// Asks for the upgrade with these headers beside the needed ones.
    pub(super) async fn open(world: &World, headers: &[(&str, &str)]) -> Self {
        let mut stream = TcpStream::connect(world.server).await.unwrap();
        let mut text = "GET /api/v1/live HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            .to_owned();
        if !headers.iter().any(|(name, _)| *name == "Host") {
            text.push_str("Host: localhost\r\n");
        }
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut client = Self {
            stream,
            buffer: Vec::new(),
            status: 0,
            refusal: String::new(),
        };
        let end = loop {
            if let Some(end) = client.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break end;
            }
            assert!(client.read().await, "an answer");
        };
        let head = String::from_utf8_lossy(&client.buffer[..end]).into_owned();
        client.buffer.drain(..end + 4);
        client.status = head.split(' ').nth(1).unwrap().parse().unwrap();
        if client.status != 101 {
            let length = head.to_ascii_lowercase();
            let length = length.split("content-length: ").nth(1);
            let length = length.and_then(|rest| rest.lines().next()?.trim().parse().ok());
            while client.buffer.len() < length.unwrap_or(0) && client.read().await {}
            client.refusal = String::from_utf8_lossy(&client.buffer).into_owned();
        }
        client
    }

    pub(super) async fn token(world: &World, who: &str) -> Self {
        let bearer = world.bearer(who);
        Self::open(world, &[("Authorization", &bearer)]).await
    }

    async fn read(&mut self) -> bool {
        let mut bytes = [0; 4_096];
        let read = self.stream.read(&mut bytes);
        let read = tokio::time::timeout(Duration::from_secs(20), read).await;
        match read.expect("something in time") {
            Ok(0) | Err(_) => false,
            Ok(count) => {
                self.buffer.extend_from_slice(&bytes[..count]);
                true
            }
        }
    }

    /// A masked frame.
    pub(super) async fn frame(&mut self, opcode: u8, payload: &[u8]) -> bool {
        let mut frame = vec![0x80 | opcode];
        match payload.len() {
            short @ 0..126 => frame.push(0x80 | u8::try_from(short).unwrap()),
            long => {
                frame.push(0x80 | 126);
                frame.extend_from_slice(&u16::try_from(long).unwrap().to_be_bytes());
            }
        }
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(payload);
        self.raw(&frame).await
    }

    pub(super) async fn raw(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    pub(super) async fn say(&mut self, value: &Value) -> bool {
        self.frame(1, value.to_string().as_bytes()).await
    }

    pub(super) async fn subscribe(&mut self, topic: &str, since: Option<u64>) {
        let said = serde_json::json!({ "subscribe": [{ "topic": topic, "since": since }] });
        assert!(self.say(&said).await);
    }

    pub(super) async fn next(&mut self) -> Came {
        loop {
            if let Some(came) = self.whole_frame() {
                return came;
            }
            if !self.read().await {
                return Came::Closed(None);
            }
        }
    }

    /// The next text, as JSON; pings are passed over.
    pub(super) async fn message(&mut self) -> Value {
        loop {
            match self.next().await {
                Came::Text(text) => return serde_json::from_str(&text).unwrap(),
                Came::Ping => {}
                Came::Closed(code) => panic!("closed: {code:?}"),
            }
        }
    }

    /// How it was closed; what comes before is passed over.
    pub(super) async fn closed(&mut self) -> Option<u16> {
        loop {
            if let Came::Closed(code) = self.next().await {
                return code;
            }
        }
    }

    fn whole_frame(&mut self) -> Option<Came> {
        let (first, second) = (*self.buffer.first()?, *self.buffer.get(1)?);
        let (length, start) = match second & 0x7f {
            126 => {
                let bytes = self.buffer.get(2..4)?.try_into().unwrap();
                (usize::from(u16::from_be_bytes(bytes)), 4)
            }
            127 => {
                let bytes = self.buffer.get(2..10)?.try_into().unwrap();
                (usize::try_from(u64::from_be_bytes(bytes)).unwrap(), 10)
            }
            short => (usize::from(short), 2),
        };
        let payload = self.buffer.get(start..start + length)?.to_vec();
        self.buffer.drain(..start + length);
        Some(match first & 0x0f {
            8 => Came::Closed(
                payload
                    .get(..2)
                    .map(|code| u16::from_be_bytes(code.try_into().unwrap())),
            ),
            9 | 10 => Came::Ping,
            _ => Came::Text(String::from_utf8(payload).unwrap()),
        })
    }
}
