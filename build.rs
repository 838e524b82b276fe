//! Builds the console's pages with Node, for the feature `console`.
//!
//! **Owns**: when `npm ci` and the page build run, and the sentence without Node. **Must not know**: what the pages
//! do. The result lies in `OUT_DIR/console`, from where `src/api/console.rs` embeds it.

use std::error::Error;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

/// What the pages are made of. `node_modules` is not among them: cargo would look at every file of it each time.
const SOURCES: [&str; 7] = [
    "console/src",
    "console/index.html",
    "console/package.json",
    "console/package-lock.json",
    "console/.npmrc",
    "console/tsconfig.json",
    "console/vite.config.ts",
];

/// Oldest Node that the page build runs on.
const NODE: (u32, u32) = (20, 19);

fn main() {
    tell("rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_CONSOLE").is_none() {
        return;
    }
    for source in SOURCES {
        tell(&format!("rerun-if-changed={source}"));
    }
    if let Err(error) = build() {
        tell(&format!("error={error}"));
    }
}

fn tell(instruction: &str) {
    println!("cargo::{instruction}");
}

fn build() -> Result<(), Box<dyn Error>> {
    if !node_is_new_enough() {
        return Err(format!(
            "the console's pages need Node {}.{} or later with npm: install it (Debian: apt-get install nodejs npm), or build \
             without the pages: cargo build --no-default-features",
            NODE.0, NODE.1
        )
        .into());
    }
    let console = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("console");
    let out = Path::new(&std::env::var("OUT_DIR")?).join("console");
    // Several builds (debug, release, another target folder) share `node_modules`: one at a time.
    let lock = File::open(console.join("package-lock.json"))?;
    lock.lock()?;
    install(&console)?;
    let out = out.to_string_lossy().into_owned();
    run(npm(&console).args(["run", "--silent", "build", "--", "--outDir", &out]))
}

/// `npm ci`, unless what the lock file names is there already.
fn install(console: &Path) -> Result<(), Box<dyn Error>> {
    let wanted = fs::read(console.join("package-lock.json"))?;
    let stamp = console.join("node_modules/.installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    run(npm(console).args(["ci", "--no-fund", "--no-audit"]))?;
    Ok(fs::write(stamp, wanted)?)
}

fn npm(console: &Path) -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.current_dir(console).stdin(Stdio::null());
    command
}

/// Runs a command; when it fails, its words become the error, on one line as cargo wants it.
fn run(command: &mut Command) -> Result<(), Box<dyn Error>> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let mut words = String::from_utf8_lossy(&output.stdout).into_owned();
    words.push_str(&String::from_utf8_lossy(&output.stderr));
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    Err(format!("{command:?} failed: {line}").into())
}

fn node_is_new_enough() -> bool {
    let Ok(output) = Command::new("node").arg("--version").output() else {
        return false;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let mut parts = text.trim().trim_start_matches('v').split('.');
    let mut number = || {
        parts
            .next()
            .and_then(|part| part.parse::<u32>().ok())
            .unwrap_or(0)
    };
    let version = (number(), number());
    version >= NODE
}
