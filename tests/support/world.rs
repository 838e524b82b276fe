//! A whole contact centre for a test: the real binary on free ports of loopback, its own folder, its API.
//!
//! **Owns**: the running server as a test sees it. Prompts are tones, so that ears can tell them apart: greeting 500 Hz, menu 600 Hz,
//! music 700 Hz, "still busy" 800 Hz, sorry 900 Hz, goodbye 1000 Hz.

mod files;
mod process;

use super::patience::{eventually, until};
pub(crate) use files::{
    BUSY, COMPANY, FLOW, GOODBYE, GREETING, MENU, MUSIC, Plan, SORRY, channels, tone, write_plan,
};
use files::{LOCAL, free_port, write_files};
pub(crate) use process::{cordboard, token, token_with};
use process::{enter, launch, token_by};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

/// A running contact centre. Killed when dropped; its folder goes with it, unless the test failed.
#[derive(Debug)]
pub(crate) struct World {
    folder: Option<tempfile::TempDir>,
    root: PathBuf,
    child: Child,
    /// How long the last start took until `ready`, without what the machine gave to others meanwhile.
    pub(crate) ready_after: Duration,
    pub(crate) sip: SocketAddr,
    pub(crate) http: SocketAddr,
    token: String,
    plan: Plan,
}

impl World {
    pub(crate) fn start() -> Self {
        Self::with(&Plan::default())
    }

    pub(crate) fn with(plan: &Plan) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), plan)
    }

    /// In a folder that the test has put something into already.
    pub(crate) fn in_folder(folder: tempfile::TempDir, plan: &Plan) -> Self {
        let root = folder.path().to_owned();
        let sip = free_port(plan.ip);
        let http = free_port(LOCAL);
        write_files(&root, plan, sip, http);
        let (child, ready_after) = launch(&root, plan);
        let mut create = enter(plan, child.id(), env!("CARGO_BIN_EXE_cordboard"));
        let token = token_by(create.current_dir(&root), &root, &["--role", "admin"]);
        Self {
            folder: Some(folder),
            root,
            child,
            ready_after,
            sip,
            http,
            token,
            plan: plan.clone(),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn write_flow(&self, text: &str) {
        std::fs::write(self.root.join("flows/support.flow.yaml"), text).unwrap();
    }

    /// Everything the process has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.root.join("server.log")).unwrap_or_default()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A crash.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts again with another environment.
    pub(crate) fn set_environment(&mut self, environment: Vec<(String, String)>) {
        self.plan.environment = environment;
    }

    pub(crate) fn start_again(&mut self) {
        let (child, ready_after) = launch(&self.root, &self.plan);
        self.child = child;
        self.ready_after = ready_after;
    }

    /// SIGTERM, and the exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        self.terminate();
        self.child.wait().unwrap().code()
    }

    /// SIGTERM, and nothing more.
    pub(crate) fn terminate(&self) {
        Command::new("kill")
            .arg("-TERM")
            .arg(self.child.id().to_string())
            .status()
            .unwrap();
    }

    /// SIGTERM, which is heard: no new calls are taken, and another signal is a second one.
    pub(crate) fn begin_to_stop(&self) {
        self.terminate();
        let is_ready = || self.http("GET", "/readyz", None, &[]).0 == 200;
        let told = || format!("it still says that it is ready\n{}", self.log());
        until(Duration::ZERO, || !is_ready(), told);
    }

    /// Whether the process still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until the process has ended by itself: its exit code.
    pub(crate) fn wait_exit(&mut self, limit: Duration) -> Option<i32> {
        let root = self.root.clone();
        let told = || std::fs::read_to_string(root.join("server.log")).unwrap_or_default();
        until(limit, || !self.is_running(), told);
        self.child.wait().unwrap().code()
    }

    /// Waits until the log holds `text`.
    pub(crate) fn wait_log(&self, text: &str, limit: Duration) {
        let told = || format!("{text:?} is not in the log:\n{}", self.log());
        until(limit, || self.log().contains(text), told);
    }

    /// The admin's token.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// `GET /api/v1{path}` with the admin's token; anything but 200 fails the test. A busy server says 503 and "try again",
    /// and is asked again.
    pub(crate) fn get(&self, path: &str) -> Value {
        let ask = || self.http("GET", &format!("/api/v1{path}"), None, &[]);
        let not_busy = || Some(ask()).filter(|(status, ..)| *status != 503);
        let told = || format!("GET {path}: 503\n{}", self.log());
        let (status, _, body) = eventually(Duration::ZERO, not_busy, told);
        assert_eq!(
            status,
            200,
            "GET {path}: {}",
            String::from_utf8_lossy(&body)
        );
        serde_json::from_slice(&body).unwrap()
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> u16 {
        self.http("PUT", &format!("/api/v1{path}"), Some(body), &[])
            .0
    }

    /// A whole HTTP exchange: status, head, body.
    pub(crate) fn http(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        extra: &[&str],
    ) -> (u16, String, Vec<u8>) {
        super::http::exchange(
            self.http,
            Some(&self.token),
            (method, path),
            body.map(Value::to_string).as_deref(),
            extra,
        )
    }

    /// Asks until `wanted` says yes; shows the last answer when it never does.
    pub(crate) fn wait_for(
        &self,
        path: &str,
        limit: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let told = || {
            let last = self.get(path);
            let log = self.log();
            format!("GET {path} never became what was wanted: {last:#}\n{log}")
        };
        eventually(limit, || Some(self.get(path)).filter(|it| wanted(it)), told)
    }

    /// `GET /metrics`.
    pub(crate) fn metrics(&self) -> String {
        let (status, _, body) = self.http("GET", "/metrics", None, &[]);
        let text = String::from_utf8(body).unwrap();
        assert_eq!(status, 200, "{text}");
        text
    }

    /// Waits until the metrics hold each of these lines; some counters are told once a second.
    pub(crate) fn wait_metrics(&self, wanted: &[&str], limit: Duration) {
        let has = |text: &str, line: &str| text.lines().any(|found| found == line);
        let all = || {
            let text = self.metrics();
            wanted.iter().all(|line| has(&text, line))
        };
        until(limit, all, || format!("{wanted:?} in\n{}", self.metrics()));
    }

    /// Waits until the database has what the journal holds now: lines become rows half a second later, and in that time
    /// the last call is another one. Every call's first line is in the journal before its phone hears a 200.
    pub(crate) fn wait_written(&self, limit: Duration) {
        let line_of = |text: &str, name: &str| -> u64 {
            let found = text.lines().find_map(|line| line.strip_prefix(name));
            found.unwrap().trim().parse().unwrap()
        };
        let durable = || line_of(&self.metrics(), "cordboard_journal_durable_seq ");
        // What was said a moment ago is gathered first.
        let mut held = durable();
        let rests = || {
            std::thread::sleep(Duration::from_millis(50));
            std::mem::replace(&mut held, durable()) == held
        };
        until(limit, rests, || "the journal never rests".to_owned());
        let written = || line_of(&self.metrics(), "cordboard_projector_seq ") >= held;
        until(limit, written, || {
            format!("line {held} never became a row\n{}", self.log())
        });
    }

    pub(crate) fn agent_state(&self, login: &str) -> String {
        self.get(&format!("/agents/{login}"))["state"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) fn wait_agent(&self, login: &str, state: &str, limit: Duration) {
        self.wait_for(&format!("/agents/{login}"), limit, |agent| {
            agent["state"] == state
        });
    }

    /// Waits until the agent is in another state than this; for what comes after it and does not last.
    pub(crate) fn wait_agent_not(&self, login: &str, state: &str, limit: Duration) {
        self.wait_for(&format!("/agents/{login}"), limit, |agent| {
            agent["state"] != state
        });
    }

    /// The newest interaction, once it has ended (and so have its recordings).
    pub(crate) fn wait_last_interaction(&self, limit: Duration) -> Value {
        self.wait_written(limit);
        let list = self.wait_for("/interactions?limit=1", limit, |list| {
            !list["items"][0]["ended_at"].is_null()
        });
        let id = list["items"][0]["id"].as_str().unwrap().to_owned();
        self.wait_for(&format!("/interactions/{id}"), limit, |whole| {
            !whole["ended_at"].is_null()
                && whole["recordings"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|r| !r["frames"].is_null() || !r["duration"].is_null())
        })
    }

    /// Rows of the database as text, read by another process.
    pub(crate) fn query(&self, sql: &str) -> Vec<Vec<String>> {
        let out = enter(&self.plan, self.pid(), "sqlite3")
            .args(["-readonly", "-separator", "\u{1f}", "-cmd", ".timeout 5000"])
            .args([
                self.root.join("data/cordboard.db").as_os_str(),
                sql.as_ref(),
            ])
            .output()
            .unwrap();
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        String::from_utf8_lossy(&out.stdout)
            .lines()
            .map(|line| line.split('\u{1f}').map(str::to_owned).collect())
            .collect()
    }

    /// Waits until the first field of the first row is this.
    pub(crate) fn wait_query(&self, sql: &str, wanted: &str, limit: Duration) {
        let is_it = || self.query(sql).first().is_some_and(|row| row[0] == wanted);
        let told = || format!("{sql}: {:?}\n{}", self.query(sql), self.log());
        until(limit, is_it, told);
    }

    /// Runs a command on a folder as the server sees it.
    pub(crate) fn command_inside(&self, command: &[&str], folder: &str) {
        let (program, arguments) = command.split_first().unwrap();
        let status = enter(&self.plan, self.pid(), program)
            .args(arguments)
            .arg(self.root.join(folder))
            .status()
            .unwrap();
        assert!(status.success(), "{command:?}");
    }

    /// Path of an interaction's recording on the disk.
    pub(crate) fn recording_file(&self, interaction: &str, index: u32) -> PathBuf {
        let months = std::fs::read_dir(self.root.join("data/interactions")).unwrap();
        months
            .flatten()
            .map(|month| {
                month
                    .path()
                    .join(interaction)
                    .join(format!("recording-{index}.wav"))
            })
            .find(|path| path.exists())
            .unwrap_or_else(|| panic!("no recording {index} of {interaction}"))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking()
            && let Some(folder) = self.folder.take()
        {
            let kept = folder.keep();
            let log = self.log();
            let from = log.len().saturating_sub(4_000);
            eprintln!(
                "kept: {}\n{}",
                kept.display(),
                log.get(from..).unwrap_or_default()
            );
        }
    }
}
