//! What the server holds and how its memory goes, from outside and by its own word.

use super::site::Ports;
use crate::server::rss_kb;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

#[path = "../../support/http.rs"]
#[allow(
    clippy::unwrap_used,
    reason = "an API that does not answer ends the watcher, which is told"
)]
mod http;

/// Everything that must be as before: names and numbers.
pub(crate) type Held = BTreeMap<String, u64>;

/// Gauges of `/metrics` that are judged.
const JUDGED: [&str; 8] = [
    "cordboard_calls_live",
    "cordboard_sip_held",
    "cordboard_sip_connections",
    "cordboard_media_legs",
    "cordboard_media_port_pairs",
    "cordboard_tokio_tasks",
    "cordboard_process_open_fds",
    "cordboard_process_threads",
];

/// What a process holds now: `/proc` as anybody sees it, and `/metrics`.
pub(crate) fn held(pid: u32, ports: Ports) -> Result<Held, String> {
    let proc = PathBuf::from(format!("/proc/{pid}"));
    let mut held = outside(&proc)?;
    for (name, value) in metrics(ports) {
        let family = name.split('{').next().unwrap_or_default();
        if JUDGED.contains(&family) {
            held.insert(name, value as u64);
        }
    }
    Ok(held)
}

fn metrics(ports: Ports) -> Vec<(String, f64)> {
    let (_, _, body) = http::exchange(ports.metrics, None, ("GET", "/metrics"), None, &[]);
    let text = String::from_utf8_lossy(&body).into_owned();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.rsplit_once(' '))
        .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
        .collect()
}

fn outside(proc: &Path) -> Result<Held, String> {
    let shown = |error: std::io::Error| format!("{}: {error}", proc.display());
    let links: Vec<String> = std::fs::read_dir(proc.join("fd"))
        .map_err(shown)?
        .flatten()
        .filter_map(|entry| std::fs::read_link(entry.path()).ok())
        .map(|link| link.to_string_lossy().into_owned())
        .collect();
    let threads = std::fs::read_dir(proc.join("task")).map_err(shown)?.count();
    let own: HashSet<&str> = links
        .iter()
        .filter_map(|link| link.strip_prefix("socket:[")?.strip_suffix(']'))
        .collect();
    let udp: usize = ["net/udp", "net/udp6"]
        .iter()
        .map(|table| std::fs::read_to_string(proc.join(table)).unwrap_or_default())
        .map(|table| {
            let inodes = table
                .lines()
                .filter_map(|line| line.split_whitespace().nth(9));
            inodes.filter(|inode| own.contains(inode)).count()
        })
        .sum();
    Ok(BTreeMap::from([
        ("descriptors".to_owned(), links.len() as u64),
        ("threads".to_owned(), threads as u64),
        ("UDP sockets".to_owned(), udp as u64),
    ]))
}

/// What differs, in words.
pub(crate) fn differences(idle: &Held, now: &Held) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = idle.keys().chain(now.keys()).collect();
    names
        .into_iter()
        .filter(|name| idle.get(*name) != now.get(*name))
        .map(|name| {
            format!(
                "{name}: {:?} at idle, {:?} now",
                idle.get(name),
                now.get(name)
            )
        })
        .collect()
}

/// Looks at the memory each second, and moves agents by the API, until it is stopped.
#[derive(Debug)]
pub(crate) struct Watcher {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Samples>,
}

/// Seconds since the start and resident MiB, and how often agents were moved.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    pub(crate) memory: Vec<(f64, f64)>,
    pub(crate) moved: u64,
    pub(crate) most: Held,
}

impl Watcher {
    pub(crate) fn start(pid: u32, ports: Ports, token: String, agents: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || watch(pid, ports, &token, agents, &told));
        Self { stop, thread }
    }

    pub(crate) fn stop(self) -> Result<Samples, String> {
        self.stop.store(true, Ordering::Release);
        self.thread
            .join()
            .map_err(|_| "the watcher died: the API did not answer".to_owned())
    }
}

fn watch(pid: u32, ports: Ports, token: &str, agents: usize, stop: &AtomicBool) -> Samples {
    let status = PathBuf::from(format!("/proc/{pid}/status"));
    let (begun, mut samples) = (Instant::now(), Samples::default());
    for second in 1_u64.. {
        let at = begun + Duration::from_secs(second);
        std::thread::sleep(at.saturating_duration_since(Instant::now()));
        if stop.load(Ordering::Acquire) {
            break;
        }
        let seconds = begun.elapsed().as_secs_f64();
        samples.memory.push((seconds, rss_kb(&status) / 1024.0));
        if second % 10 == 0
            && let Ok(held) = held(pid, ports)
        {
            for (name, value) in held {
                let most = samples.most.entry(name).or_default();
                *most = (*most).max(value);
            }
        }
        // An agent leaves at seconds 0, 5, 10 … and is back three seconds later.
        let (agent, step) = ((second / 5) as usize * 7 % agents, second % 5);
        let body = match step {
            0 => r#"{"state":"not_ready","reason":"lunch"}"#,
            3 => r#"{"state":"available"}"#,
            _ => continue,
        };
        let path = format!("/api/v1/agents/a{agent}/state");
        let (answer, ..) = http::exchange(ports.http, Some(token), ("PUT", &path), Some(body), &[]);
        samples.moved += u64::from(answer == 200);
    }
    samples
}

/// Slope of a line through the points by least squares, per hour.
pub(crate) fn slope_per_hour(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let (sum_x, sum_y) = points
        .iter()
        .fold((0.0, 0.0), |(x, y), p| (x + p.0, y + p.1));
    let (mean_x, mean_y) = (sum_x / count, sum_y / count);
    let across: f64 = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
    let along: f64 = points.iter().map(|p| (p.0 - mean_x).powi(2)).sum();
    across / along * 3_600.0
}
