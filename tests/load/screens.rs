//! Desks and wallboards watch while calls come in: how long a change takes to reach the screen.
//!
//! **Owns**: the sockets of all screens in one thread, and the join of what they saw with the event log. **Must not
//! know**: how calls are made.
//!
//! A change counts from its line in the log to the message, in the client's hand, that shows it or something later of
//! the same agent or call. Tabs that never read sit beside them.

use super::server::{Server, Shape, own_address, query};
use super::world::{Plan, World};
use cordboard::api::right::RoleName;
use cordboard::api::token;
use recordings::Store;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tungstenite::client::IntoClientRequest as _;
use tungstenite::{Error, Message, WebSocket};

const DESKS: usize = 100;
const BOARDS: usize = 20;
const STALLED: usize = 3;
/// The log's time is read after the state's: by this much at most on a busy machine.
const APART_MS: i64 = 1_000;

/// What a run is to do and to show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    pub(crate) cps: u64,
    pub(crate) seconds: u64,
    /// 99 of 100 changes are on the screen within this.
    pub(crate) p99: Duration,
}

/// One item that a screen was shown: its state or phase, `since`, and when it was in hand; milliseconds since 1970.
#[derive(Clone, Debug)]
struct Shown {
    state: String,
    since: i64,
    at: i64,
}

/// By what names the agent or call.
type Seen = BTreeMap<String, Vec<Shown>>;

struct Screen {
    socket: WebSocket<TcpStream>,
    seen: Seen,
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
}

impl Screen {
    fn open(http: SocketAddr, token: &str, topics: &[&str]) -> Result<Self, String> {
        let stream = TcpStream::connect(http).map_err(|e| e.to_string())?;
        let request = format!("ws://{http}/api/v1/live").into_client_request();
        let mut request = request.map_err(|e| e.to_string())?;
        let bearer = format!("Bearer {token}").parse();
        let bearer = bearer.map_err(|_| "a token is no header")?;
        request.headers_mut().insert("Authorization", bearer);
        let (mut socket, _) =
            tungstenite::client::client(request, stream).map_err(|e| e.to_string())?;
        let topics: Vec<_> = topics
            .iter()
            .map(|topic| serde_json::json!({ "topic": topic }))
            .collect();
        let said = serde_json::json!({ "subscribe": topics }).to_string();
        socket
            .send(Message::text(said))
            .map_err(|e| e.to_string())?;
        socket
            .get_ref()
            .set_nonblocking(true)
            .map_err(|e| e.to_string())?;
        Ok(Self {
            socket,
            seen: Seen::new(),
        })
    }

    /// Takes everything that is there.
    fn read(&mut self) -> Result<bool, String> {
        let mut any = false;
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    any = true;
                    self.message(&text, now_ms());
                }
                Ok(_) => any = true,
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => return Ok(any),
                Err(error) => return Err(format!("a screen was closed: {error}")),
            }
        }
    }

    fn message(&mut self, text: &str, at: i64) {
        let Ok(message) = serde_json::from_str::<Value>(text) else {
            return;
        };
        let own = &message["snapshot"];
        if let Some(login) = own["agent"]["login"].as_str() {
            self.show(login, &own["state"]["name"], &own["state"]["since"], at);
        }
        let items = own["items"].as_array();
        let changed = message["delta"]["upsert"].as_array();
        for item in items.into_iter().chain(changed).flatten() {
            if let Some(login) = item["login"].as_str() {
                self.show(login, &item["state"], &item["since"], at);
            } else if let Some(call) = item["interaction"].as_str() {
                self.show(call, &item["phase"], &item["since"], at);
            }
        }
    }

    fn show(&mut self, name: &str, state: &Value, since: &Value, at: i64) {
        if let (Some(state), Some(since)) = (state.as_str(), millis(since)) {
            let state = state.to_owned();
            let seen = self.seen.entry(name.to_owned()).or_default();
            seen.push(Shown { state, since, at });
        }
    }
}

fn millis(moment: &Value) -> Option<i64> {
    let moment: jiff::Timestamp = moment.as_str()?.parse().ok()?;
    Some(moment.as_millisecond())
}

/// Every screen in one thread, until told to stop; each with what it saw.
fn watch(mut screens: Vec<Screen>, stop: &AtomicBool) -> Result<Vec<Seen>, String> {
    while !stop.load(Ordering::Relaxed) {
        let mut any = false;
        for screen in &mut screens {
            any |= screen.read()?;
        }
        if !any {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    Ok(screens.into_iter().map(|screen| screen.seen).collect())
}

/// A change of the log.
#[derive(Clone)]
struct Change {
    name: String,
    /// The state or phase that began.
    to: String,
    at: i64,
}

impl Change {
    /// When it happened, if the screen shows it, or something later.
    fn shown_by(&self, shown: &Shown) -> Option<i64> {
        let it = shown.state == self.to && (shown.since - self.at).abs() <= APART_MS;
        if it {
            return Some(shown.since.min(self.at));
        }
        (shown.since > self.at).then_some(self.at)
    }
}

fn changes(server: &Server, sql: &str) -> Result<Vec<Change>, String> {
    let rows = query(&server.folder, sql)?;
    let change = |row: Vec<String>| {
        let [name, to, at] = <[String; 3]>::try_from(row).ok()?;
        Some(Change {
            name,
            to,
            at: at.parse().ok()?,
        })
    };
    Ok(rows.into_iter().filter_map(change).collect())
}

/// How late each change was on this screen, in ms; those that it never showed are told apart.
fn lateness(seen: &Seen, changes: &[Change]) -> (Vec<f64>, usize) {
    let (mut late, mut never) = (Vec::new(), 0);
    for change in changes {
        let shown = seen.get(&change.name).map_or(&[][..], Vec::as_slice);
        let first = shown
            .iter()
            .find_map(|shown| Some(shown.at - change.shown_by(shown)?));
        match first {
            Some(ms) => late.push(ms.max(0) as f64),
            None => never += 1,
        }
    }
    (late, never)
}

async fn tokens(server: &Server) -> Result<(Vec<String>, String), String> {
    let store = Store::open(&server.folder.join("data/cordboard.db")).await;
    let store = store.map_err(|e| e.to_string())?;
    let mut desks = Vec::new();
    for agent in 0..DESKS {
        let login = format!("a{agent}");
        let made = token::create(&store, RoleName::Agent, Some(&login)).await;
        desks.push(made.map_err(|e| e.to_string())?);
    }
    let board = token::create(&store, RoleName::ReadOnly, None).await;
    Ok((desks, board.map_err(|e| e.to_string())?))
}

const LISTS: [&str; 3] = ["queues", "agents", "calls"];

/// All of them, subscribed.
struct Screens {
    desks: Vec<Screen>,
    boards: Vec<Screen>,
    stalled: Vec<Screen>,
}

fn screens(server: &Server, http: SocketAddr) -> Result<Screens, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|e| e.to_string())?;
    let (desks, board) = runtime.block_on(tokens(server))?;
    let desks = desks.iter().map(|token| Screen::open(http, token, &["me"]));
    let desks = desks.collect::<Result<_, _>>()?;
    let lists = |count| {
        (0..count)
            .map(|_| Screen::open(http, &board, &LISTS))
            .collect::<Result<Vec<_>, _>>()
    };
    Ok(Screens {
        desks,
        boards: lists(BOARDS)?,
        stalled: lists(STALLED)?,
    })
}

/// Runs it, prints the figures, and says what is too late.
pub(crate) fn run(wish: Wish) -> Result<(), String> {
    let ip = own_address(9);
    let folder = std::env::temp_dir().join(format!("cordboard-screens-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let server = Server::start_at(folder, ip, (Shape::Queue, DESKS), Vec::new())?;
    let plan = Plan::talk(wish.cps, wish.cps * wish.seconds, Duration::from_secs(2));
    let mut world = World::new(&server, plan)?;
    world.register_agents()?;
    std::thread::sleep(Duration::from_millis(500));
    let Screens {
        desks,
        boards,
        stalled,
    } = screens(&server, SocketAddr::new(ip.into(), 18_080))?;
    // The first snapshots are not the workload.
    std::thread::sleep(Duration::from_millis(1_000));
    let (begun, before) = (now_ms(), server.usage()?);
    let stop = Arc::new(AtomicBool::new(false));
    let watching = {
        let stop = Arc::clone(&stop);
        let all = desks.into_iter().chain(boards).collect();
        std::thread::spawn(move || watch(all, &stop))
    };
    world.run()?;
    // What comes after this is not judged: the screens are closed before the log is read.
    let ended = now_ms();
    std::thread::sleep(Duration::from_secs(3));
    let after = server.usage()?;
    stop.store(true, Ordering::Relaxed);
    let mut seen = watching
        .join()
        .map_err(|_| "the screens' thread panicked")??;
    let boards = seen.split_off(DESKS);
    drop(stalled);
    let judged = judge(&server, (&seen, &boards), (begun, ended), wish);
    println!(
        "  {} calls, {} failed; CPU {:.2} ms a call",
        world.figures.done + world.figures.failed,
        world.figures.failed,
        (after.cpu_ms - before.cpu_ms) / world.figures.done.max(1) as f64,
    );
    let kept = server.stop();
    judged?;
    if world.figures.failed > 0 {
        let failed = world.figures.failed;
        return Err(format!("{failed} calls failed; {}", kept.display()));
    }
    let _ = std::fs::remove_dir_all(kept);
    Ok(())
}

fn judge(
    server: &Server,
    (desks, boards): (&[Seen], &[Seen]),
    (begun, ended): (i64, i64),
    wish: Wish,
) -> Result<(), String> {
    let of_agents = changes(
        server,
        &format!(
            "SELECT a.login, json_extract(e.payload, '$.to'), e.at FROM events e JOIN agents a ON a.id = json_extract(e.payload, '$.agent') \
             WHERE e.kind = 'agent_state_changed' AND e.at BETWEEN {begun} AND {ended} ORDER BY e.seq"
        ),
    )?;
    let of_calls = changes(
        server,
        &format!(
            "SELECT interaction_id, CASE kind WHEN 'call_arrived' THEN 'in_flow' \
             WHEN 'queue_entered' THEN 'waiting' ELSE 'talking' END, at FROM events \
             WHERE kind IN ('call_arrived', 'queue_entered', 'connected') AND at BETWEEN {begun} AND {ended} ORDER BY seq"
        ),
    )?;
    println!(
        "screens: {DESKS} desks, {BOARDS} wallboards, {STALLED} tabs that never read; {} changes of agents, {} of calls",
        of_agents.len(),
        of_calls.len()
    );
    if of_agents.is_empty() || of_calls.is_empty() {
        return Err("nothing happened".to_owned());
    }
    let own = desks.iter().enumerate().map(|(n, seen)| {
        let login = format!("a{n}");
        let own = of_agents.iter().filter(|change| change.name == login);
        let own: Vec<_> = own.cloned().collect();
        lateness(seen, &own)
    });
    let mut wrong = told("state to desk (me)", own, wish);
    wrong.extend(told(
        "state to wallboard (agents)",
        boards.iter().map(|seen| lateness(seen, &of_agents)),
        wish,
    ));
    wrong.extend(told(
        "call to wallboard (calls)",
        boards.iter().map(|seen| lateness(seen, &of_calls)),
        wish,
    ));
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("; "))
    }
}

/// A line of figures, and what is wrong with it.
fn told(what: &str, screens: impl Iterator<Item = (Vec<f64>, usize)>, wish: Wish) -> Vec<String> {
    let (mut late, mut never) = (Vec::new(), 0);
    for (some, missing) in screens {
        late.extend(some);
        never += missing;
    }
    late.sort_by(f64::total_cmp);
    let share = |share: f64| {
        late.get(((late.len().max(1) - 1) as f64 * share) as usize)
            .copied()
    };
    let [p50, p99, most] = [0.5, 0.99, 1.0].map(|at| share(at).unwrap_or(f64::NAN));
    println!(
        "  {what:<30} p50 {p50:>6.0}   p99 {p99:>6.0}   max {most:>6.0} ms   (n={}, never shown {never})",
        late.len()
    );
    let limit = wish.p99.as_secs_f64() * 1e3;
    let mut wrong = Vec::new();
    if p99.is_nan() || p99 > limit {
        wrong.push(format!("{what}: p99 {p99} ms, not {limit} ms"));
    }
    if never > 0 {
        wrong.push(format!("{what}: {never} changes were never shown"));
    }
    wrong
}
