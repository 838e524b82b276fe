//! Disks and processes that fail when a test says so: calls of the server under test are made to fail, wait or end
//! it (`faults.c`, loaded by `LD_PRELOAD`), and folders become small disks of their own.
//!
//! **Owns**: the rules' file, the library, the mounts. **Must not know**: what is tested.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

const RULES: usize = 8;
const RULE_BYTES: usize = 128;
const TEXT_BYTES: usize = 104;

pub(crate) const EIO: u32 = 5;
pub(crate) const ENOSPC: u32 = 28;
pub(crate) const EROFS: u32 = 30;

/// Which calls. Files are chosen by a part of their path, datagrams by parts of their bytes, joined by `&`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum On {
    Write = 1,
    Sync = 2,
    Send = 8,
    Receive = 16,
    /// The 44 bytes at the beginning of a WAV file.
    Header = 32,
    /// A file is made.
    Create = 4,
    WriteOrSync = 3,
    ReadOrSync = 66,
}

/// What becomes of them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Do {
    /// `errno`.
    Fail(u32),
    /// Milliseconds, then as usual.
    Wait(u32),
    /// SIGKILL before the call.
    KillBefore,
    /// SIGKILL after it.
    KillAfter,
}

/// The rules of one server, or of one folder that servers follow each other in.
#[derive(Debug)]
pub(crate) struct Faults {
    path: PathBuf,
    file: File,
}

impl Faults {
    /// No rule yet.
    pub(crate) fn below(folder: &Path) -> Self {
        let path = folder.join("faults");
        let file = File::options()
            .write(true)
            .read(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .unwrap();
        file.set_len((RULES * RULE_BYTES) as u64).unwrap();
        Self { path, file }
    }

    /// What the server must be started with.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let shown = |path: &Path| path.to_str().unwrap().to_owned();
        vec![
            ("LD_PRELOAD".to_owned(), shown(library())),
            ("CORDBOARD_FAULTS".to_owned(), shown(&self.path)),
        ]
    }

    /// Sets a rule from now on, after letting `skip` calls pass.
    pub(crate) fn set(&self, place: usize, on: On, text: &str, what: Do, skip: u32) {
        assert!(place < RULES && text.len() < TEXT_BYTES);
        let (action, value) = match what {
            Do::Fail(errno) => (1, errno),
            Do::Wait(ms) => (2, ms),
            Do::KillBefore => (3, 0),
            Do::KillAfter => (4, 0),
        };
        self.clear(place);
        let mut rule = [0_u8; RULE_BYTES];
        for (at, word) in [0, on as u32, action, value, skip, 0]
            .into_iter()
            .enumerate()
        {
            rule[at * 4..at * 4 + 4].copy_from_slice(&word.to_le_bytes());
        }
        rule[24..24 + text.len()].copy_from_slice(text.as_bytes());
        let begin = (place * RULE_BYTES) as u64;
        self.file.write_all_at(&rule, begin).unwrap();
        self.file.write_all_at(&1_u32.to_le_bytes(), begin).unwrap();
    }

    /// Takes a rule away.
    pub(crate) fn clear(&self, place: usize) {
        let begin = (place * RULE_BYTES) as u64;
        self.file.write_all_at(&0_u32.to_le_bytes(), begin).unwrap();
    }

    /// How many calls a rule has met.
    pub(crate) fn hits(&self, place: usize) -> u32 {
        let mut word = [0; 4];
        let at = (place * RULE_BYTES + 20) as u64;
        self.file.read_exact_at(&mut word, at).unwrap();
        u32::from_le_bytes(word)
    }
}

/// The library, built once a process by the C compiler that the product itself needs.
fn library() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    BUILT.get_or_init(|| {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("faults-{}-{number}.so", std::process::id());
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/faults/faults.c");
        let built = Command::new("cc")
            .args(["-O1", "-shared", "-fPIC", "-Wall", "-Werror", "-o"])
            .args([&library, &source])
            .arg("-ldl")
            .status()
            .unwrap();
        assert!(built.success(), "{} does not compile", source.display());
        library
    })
}

/// A command line that gives the program behind it small disks of its own: each folder is a tmpfs of `size`, which
/// nobody else sees and which ends with the process. Others reach it below [`inside`].
pub(crate) fn small_disks(folders: &[&Path], size: &str) -> Vec<String> {
    let mounts: String = folders
        .iter()
        .map(|folder| {
            format!(
                "mount -t tmpfs -o size={size} none '{}' && ",
                folder.display()
            )
        })
        .collect();
    let script = format!("{mounts}exec \"$0\" \"$@\"");
    let root = Path::new("/proc/self").exists() && is_root();
    let words: &[&str] = if root {
        &["unshare", "--mount"]
    } else {
        // Without root a user namespace gives the right to mount.
        &["unshare", "--user", "--map-root-user", "--mount"]
    };
    let may = Command::new(words[0])
        .args(&words[1..])
        .args(["sh", "-c", "mount -t tmpfs none /mnt"])
        .output()
        .unwrap();
    assert!(
        may.status.success(),
        "this test makes small disks and may not mount: {}run it as root, or allow user namespaces \
         (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0)",
        String::from_utf8_lossy(&may.stderr)
    );
    let mut line: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    line.extend(["sh".to_owned(), "-c".to_owned(), script]);
    line
}

fn is_root() -> bool {
    std::fs::read_to_string("/proc/self/status")
        .unwrap_or_default()
        .lines()
        .find_map(|line| line.strip_prefix("Uid:"))
        .and_then(|ids| ids.split_whitespace().nth(1).map(|id| id == "0"))
        .unwrap_or(false)
}

/// A path as the process with this id sees it.
pub(crate) fn inside(pid: u32, path: &Path) -> PathBuf {
    let below = path.strip_prefix("/").unwrap();
    Path::new("/proc")
        .join(pid.to_string())
        .join("root")
        .join(below)
}

/// Fills the disk that a folder lies on; dropped, the room is free again.
#[derive(Debug)]
pub(crate) struct Filled(PathBuf);

impl Filled {
    pub(crate) fn disk_of(folder: &Path) -> Self {
        let path = folder.join("filler");
        let mut at = 0_u64;
        let file = File::create(&path).unwrap();
        for block in [vec![7_u8; 65_536], vec![7; 4_096], vec![7; 1]] {
            while file.write_all_at(&block, at).is_ok() {
                at += block.len() as u64;
                assert!(at < 64 << 20, "this disk is not a small one");
            }
        }
        Self(path)
    }
}

impl Drop for Filled {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
