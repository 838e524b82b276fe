//! A stretch of network between a phone's media and the server: it carries packets both ways and loses some.
//!
//! **Owns**: two sockets, the dice, the counts. **Must not know**: SIP, what is in the packets.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The relay; ends with its threads when it is dropped.
#[derive(Debug)]
pub(crate) struct Relay {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    /// Towards the phone, and towards the server.
    near: UdpSocket,
    far: UdpSocket,
    phone: SocketAddr,
    server: Mutex<Option<SocketAddr>>,
    percent: u8,
    up: Counts,
    down: Counts,
    stop: AtomicBool,
}

#[derive(Debug, Default)]
struct Counts {
    taken: AtomicU64,
    lost: AtomicU64,
}

impl Relay {
    /// A relay on `ip` for the phone's media, that loses so many of a hundred packets.
    pub(crate) fn start(ip: IpAddr, phone: SocketAddr, percent: u8) -> io::Result<Self> {
        let bind = || {
            let socket = UdpSocket::bind((ip, 0))?;
            socket.set_read_timeout(Some(Duration::from_millis(50)))?;
            Ok::<_, io::Error>(socket)
        };
        let shared = Arc::new(Shared {
            near: bind()?,
            far: bind()?,
            phone,
            server: Mutex::new(None),
            percent,
            up: Counts::default(),
            down: Counts::default(),
            stop: AtomicBool::new(false),
        });
        let (up, down) = (Arc::clone(&shared), Arc::clone(&shared));
        let threads = vec![
            thread::spawn(move || {
                up.carry(&up.near, &up.far, &up.up, |shared| {
                    *shared.server.lock().unwrap_or_else(PoisonError::into_inner)
                });
            }),
            thread::spawn(move || {
                down.carry(&down.far, &down.near, &down.down, |shared| {
                    Some(shared.phone)
                });
            }),
        ];
        Ok(Self { shared, threads })
    }

    /// Where the phone is to send.
    pub(crate) fn near(&self) -> io::Result<SocketAddr> {
        self.shared.near.local_addr()
    }

    /// Where the server is to send.
    pub(crate) fn far(&self) -> io::Result<SocketAddr> {
        self.shared.far.local_addr()
    }

    /// Where the server is.
    pub(crate) fn set_server(&self, server: SocketAddr) {
        *self
            .shared
            .server
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(server);
    }

    /// Packets that the phone sent, and how many of them were lost.
    pub(crate) fn up(&self) -> (u64, u64) {
        let Counts { taken, lost } = &self.shared.up;
        (taken.load(Ordering::Relaxed), lost.load(Ordering::Relaxed))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn carry(
        &self,
        from: &UdpSocket,
        to: &UdpSocket,
        counts: &Counts,
        target: impl Fn(&Self) -> Option<SocketAddr>,
    ) {
        let mut buffer = [0; 2048];
        let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
        while !self.stop.load(Ordering::Relaxed) {
            let Ok(length) = from.recv(&mut buffer) else {
                continue;
            };
            counts.taken.fetch_add(1, Ordering::Relaxed);
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            if (dice >> 33) % 100 < u64::from(self.percent) {
                counts.lost.fetch_add(1, Ordering::Relaxed);
            } else if let Some(target) = target(self) {
                let _ = to.send_to(&buffer[..length], target);
            }
        }
    }
}
