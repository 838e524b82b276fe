//! The order service of the tests: the last digit of the number says how it answers.
//!
//! **Owns**: the answers. **Must not know**: what callers hear of them.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(super) const ON_ITS_WAY: &str = "482211";
pub(super) const READY: &str = "482212";
pub(super) const BEING_BUILT: &str = "482213";
/// Ready, after longer than a caller is left in silence.
pub(super) const SLOW: &str = "482214";
/// 503.
pub(super) const FAILING: &str = "482215";
/// 404.
pub(super) const UNKNOWN: &str = "482216";
/// No answer in any time that a caller would wait.
pub(super) const HANGING: &str = "482217";
/// An order in a state that the flow does not know.
pub(super) const ODD: &str = "482218";
/// 200, and nothing of an order in it.
pub(super) const EMPTY: &str = "482210";
/// Of an order on its way.
pub(super) const DAYS: u32 = 2;

/// The service, and which orders it was asked for.
#[derive(Debug)]
pub(super) struct Shop {
    pub(super) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Shop {
    pub(super) fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let told = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let told = Arc::clone(&told);
                std::thread::spawn(move || serve(stream, &told));
            }
        });
        Self { address, asked }
    }

    /// How often it was asked for this order.
    pub(super) fn asked_for(&self, order: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        let path = format!("/orders/{order}");
        asked.iter().filter(|one| **one == path).count()
    }
}

/// Where nobody listens.
pub(super) fn nowhere() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

fn serve(mut stream: TcpStream, asked: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut one = [0];
        if stream.read(&mut one).unwrap_or(0) == 0 {
            return;
        }
        head.extend(one);
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    asked.lock().unwrap().push(path.clone());
    let ready = "{\"status\": \"ready\"}";
    let (status, body) = match path.trim_start_matches("/orders/") {
        ON_ITS_WAY => (
            200,
            format!("{{\"status\": \"on_its_way\", \"days\": {DAYS}}}"),
        ),
        READY => (200, ready.to_owned()),
        BEING_BUILT => (200, "{\"status\": \"being_built\"}".to_owned()),
        SLOW => {
            std::thread::sleep(Duration::from_millis(2_200));
            (200, ready.to_owned())
        }
        FAILING => (503, String::new()),
        HANGING => return std::thread::sleep(Duration::from_secs(120)),
        ODD => (200, "{\"status\": \"lost\"}".to_owned()),
        EMPTY => (200, "{}".to_owned()),
        _ => (404, String::new()),
    };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} Told\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let _ = stream.write_all(answer.as_bytes());
}
