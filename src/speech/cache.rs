//! Audio of texts that were said before.
//!
//! **Owns**: the files below `data/speech/`, named by hash, and the clips in memory; both bounded.
//! **Must not know**: where the audio comes from. Only what is the same for every caller is ever put here.

use sha2::{Digest as _, Sha256};
use sip_gateway::media::clip::Clip;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Most bytes on disk.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// Most clips in memory: some 10 s each at 16 kHz make 80 MiB.
const MOST_CLIPS: usize = 256;
/// A file that was not made anew for so long is removed: its text is gone, or its voice was updated meanwhile.
const OLDEST: Duration = Duration::from_secs(30 * 24 * 3_600);

/// Names a text in a language by a speaker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key(String);

impl Key {
    pub(super) fn new(command: &[String], language: &str, text: &str) -> Self {
        let mut hash = Sha256::new();
        for part in command.iter().map(String::as_str).chain([language, text]) {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

#[derive(Debug, Default)]
struct Memory {
    clips: HashMap<Key, Arc<Clip>>,
    /// In the order in which they came.
    order: VecDeque<Key>,
}

/// The cache. Its files are read and written on threads that may block.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
    most_bytes: u64,
    memory: Mutex<Memory>,
}

impl Cache {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            most_bytes: MOST_BYTES,
            memory: Mutex::default(),
        }
    }

    /// In memory.
    pub(super) fn held(&self, key: &Key) -> Option<Arc<Clip>> {
        self.memory().clips.get(key).cloned()
    }

    /// In memory, else on disk. A file that is no audio is removed.
    pub(super) fn find(&self, key: &Key) -> Option<Arc<Clip>> {
        if let Some(clip) = self.held(key) {
            return Some(clip);
        }
        let path = self.path(key);
        let bytes = std::fs::read(&path).ok()?;
        match Clip::from_wav(&bytes) {
            Ok(clip) => Some(self.hold(key, Arc::new(clip))),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a broken file of the speech cache is removed");
                let _ = std::fs::remove_file(&path);
                None
            }
        }
    }

    /// Keeps `clip`, whose file is `wav`. A disk that fails costs the file alone.
    pub(super) fn keep(&self, key: &Key, clip: &Arc<Clip>, wav: &[u8]) {
        self.hold(key, clip.clone());
        if let Err(error) = self.write(key, wav) {
            tracing::warn!(folder = %self.folder.display(), %error, "speech could not be kept");
        }
    }

    fn write(&self, key: &Key, wav: &[u8]) -> io::Result<()> {
        recordings::folder::private_folder(&self.folder)?;
        // Several may make the same text at once: each writes a file of its own, the last one counts.
        let unique = format!("{}.{:?}.tmp", key.0, std::thread::current().id());
        let temporary = self.folder.join(unique);
        std::fs::write(&temporary, wav)?;
        std::fs::rename(&temporary, self.path(key))?;
        self.prune(SystemTime::now())
    }

    /// Removes what is too old, then the oldest until the rest is small enough.
    pub(super) fn prune(&self, now: SystemTime) -> io::Result<()> {
        let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in std::fs::read_dir(&self.folder)?.flatten() {
            let Ok(meta) = entry.metadata() else { continue };
            if meta.is_file() {
                let made = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                files.push((made, meta.len(), entry.path()));
            }
        }
        files.sort();
        let mut bytes: u64 = files.iter().map(|(_, size, _)| size).sum();
        for (made, size, path) in files {
            let age = now.duration_since(made).unwrap_or_default();
            if bytes > self.most_bytes || age > OLDEST {
                std::fs::remove_file(&path)?;
                bytes = bytes.saturating_sub(size);
            }
        }
        Ok(())
    }

    fn hold(&self, key: &Key, clip: Arc<Clip>) -> Arc<Clip> {
        let mut memory = self.memory();
        if memory.clips.insert(key.clone(), clip.clone()).is_none() {
            memory.order.push_back(key.clone());
        }
        while memory.order.len() > MOST_CLIPS {
            if let Some(oldest) = memory.order.pop_front() {
                memory.clips.remove(&oldest);
            }
        }
        clip
    }

    fn path(&self, key: &Key) -> PathBuf {
        Path::new(&self.folder).join(format!("{}.wav", key.0))
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(frames: u32) -> Vec<u8> {
        let mut bytes = io::Cursor::new(Vec::new());
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        (0..frames).for_each(|n| writer.write_sample((n % 100) as i16).unwrap());
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    fn key(text: &str) -> Key {
        Key::new(&["say".to_owned()], "en", text)
    }

    fn keep(cache: &Cache, text: &str, frames: u32) {
        let bytes = wav(frames);
        let clip = Arc::new(Clip::from_wav(&bytes).unwrap());
        cache.keep(&key(text), &clip, &bytes);
    }

    #[test]
    fn what_was_kept_is_found_by_the_next_run_too() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("speech"));
        assert!(cache.find(&key("a")).is_none());
        keep(&cache, "a", 800);
        assert_eq!(cache.held(&key("a")).unwrap().pcm().len(), 800);
        let again = Cache::new(folder.path().join("speech"));
        assert!(again.held(&key("a")).is_none());
        assert_eq!(again.find(&key("a")).unwrap().pcm().len(), 800);
        let file = again.path(&key("a"));
        assert!(!file.to_string_lossy().contains("say"));
        std::fs::write(&file, "no audio").unwrap();
        assert!(
            Cache::new(folder.path().join("speech"))
                .find(&key("a"))
                .is_none()
        );
        assert!(!file.exists(), "a broken file is removed");
    }

    #[test]
    fn keys_tell_command_language_and_text_apart() {
        let key = |command: &[&str], language, text| {
            let command: Vec<String> = command.iter().map(ToString::to_string).collect();
            Key::new(&command, language, text)
        };
        let all = [
            key(&["a"], "en", "x"),
            key(&["b"], "en", "x"),
            key(&["a"], "es", "x"),
            key(&["a"], "en", "y"),
            key(&["a", "en"], "x", ""),
            key(&["a"], "enx", ""),
        ];
        for (n, one) in all.iter().enumerate() {
            assert!(all.iter().skip(n + 1).all(|other| other != one));
        }
    }

    #[test]
    fn disk_and_memory_are_bounded_and_the_oldest_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = Cache::new(folder.path().to_owned());
        cache.most_bytes = 4_000;
        for text in ["a", "b", "c"] {
            keep(&cache, text, 800);
            std::thread::sleep(Duration::from_millis(20));
        }
        let there = |text| cache.path(&key(text)).exists();
        assert_eq!([there("a"), there("b"), there("c")], [false, true, true]);
        let later = SystemTime::now() + OLDEST + Duration::from_secs(60);
        cache.prune(later).unwrap();
        assert!(!there("c"));
        for n in 0..=MOST_CLIPS {
            cache.hold(&key(&n.to_string()), Arc::new(Clip::from_samples(vec![0])));
        }
        let memory = cache.memory();
        assert_eq!(memory.clips.len(), MOST_CLIPS);
        assert_eq!(memory.order.len(), MOST_CLIPS);
    }
}
