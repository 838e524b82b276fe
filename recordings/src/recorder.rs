//! The recorder: one plain thread that writes every running recording.
//!
//! **Owns**: the open [`WavWriter`]s, the bounded ring of blocks from the media threads, when files are synced.
//! **Must not know**: legs, SIP, the database, the journal. Who opens a recording hears how it ended and logs it.
//!
//! A sync may take as long as the disk likes, so it runs on a thread of its own, one at a time: blocks that wait in
//! memory meanwhile would be lost in a crash of the process.
//!
//! Blocks that the ring had no room for never arrive: the jump on the timeline becomes silence of the same length
//! and is counted in `gap_ms`. A disk that fails makes a gap in the same way: every later block is tried again.

use crate::folder::{private_folder, sync_folder};
use crate::silence::Silence;
use crate::wav::{Finished, WavError, WavWriter};
use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// Openings and closings that may wait for the thread. When full, whoever opens a recording waits.
pub const COMMANDS: usize = 256;
/// At most this much audio of one recording is lost in a power cut, as long as the disk keeps up.
pub const SYNC_AFTER_MS: u64 = 1_000;
/// How long a command waits when no block comes.
const IDLE: Duration = Duration::from_millis(50);

/// A piece of a recording. The gateway has its own form of it; [`Recorder::start`] takes the function between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Interleaved stereo samples (left = customer, right = agent).
    Samples {
        /// Which recording.
        stream: u64,
        /// Place of the first frame on the timeline.
        start_frame: u64,
        /// left, right, left, right …
        samples: Vec<i16>,
    },
    /// Nothing more follows.
    End {
        /// Which recording.
        stream: u64,
        /// Length of the whole timeline.
        frames: u64,
    },
}

/// Whoever records a message hears when the left side has been silent for long enough.
#[derive(Debug)]
pub struct SilenceWatch {
    /// So much silence, from the beginning or after the last sound.
    pub after: Duration,
    /// Told once.
    pub told: oneshot::Sender<()>,
}

/// How a recording ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Frames on the file and silence that was inserted.
    pub finished: Finished,
    /// What failed on the way, if anything did: tell a supervisor. The file is usable all the same.
    pub failure: Option<Failure>,
}

/// The first thing that failed while a recording was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// For the record.
    pub kind: Fault,
    /// For the log.
    pub text: String,
}

/// What a disk did to a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No room.
    DiskFull,
    /// Anything else.
    Failed,
}

impl Fault {
    /// What an error of the disk is.
    #[must_use]
    pub fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Failed,
        }
    }

    /// `disk_full` or `disk_failed`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DiskFull => "disk_full",
            Self::Failed => "disk_failed",
        }
    }
}

enum Command {
    Open {
        stream: u64,
        writer: WavWriter,
        silence: Option<Silence>,
        done: oneshot::Sender<Recorded>,
    },
    Close {
        stream: u64,
    },
}

/// Handle of the recorder's thread. The thread ends, closing every file, when all senders of blocks are gone.
#[derive(Debug)]
pub struct Recorder {
    commands: SyncSender<Command>,
    thread: Option<JoinHandle<()>>,
}

impl Recorder {
    /// Starts the thread. `capacity` blocks fit into the ring whose sending end is returned; a sender that finds it
    /// full drops its block, never waits. `read` turns the sender's blocks into ours.
    ///
    /// # Errors
    /// When the thread cannot be made.
    pub fn start<B: Send + 'static>(
        capacity: usize,
        read: fn(B) -> Block,
    ) -> io::Result<(Self, SyncSender<B>)> {
        let (blocks_in, blocks) = sync_channel(capacity);
        let (commands, orders) = sync_channel(COMMANDS);
        let thread = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || {
                Worker {
                    blocks,
                    read,
                    orders,
                    running: HashMap::new(),
                    closing: Vec::new(),
                    syncing: None,
                    strays: 0,
                }
                .run();
            })?;
        let recorder = Self {
            commands,
            thread: Some(thread),
        };
        Ok((recorder, blocks_in))
    }

    /// Creates the file (and its folder) and makes it durable. Once this returns, `RecordingStarted` may be logged
    /// and blocks of `stream` may be sent. The receiver tells how the recording ended.
    ///
    /// # Errors
    /// When the file cannot be made; the call goes on without a recording, and somebody must be told.
    pub async fn open(
        &self,
        stream: u64,
        path: PathBuf,
        sample_rate: u32,
        silence: Option<SilenceWatch>,
    ) -> Result<oneshot::Receiver<Recorded>, WavError> {
        let commands = self.commands.clone();
        tokio::task::spawn_blocking(move || {
            let folder = path.parent().ok_or_else(not_a_file)?;
            private_folder(folder)?;
            let writer = WavWriter::create(&path, sample_rate)?;
            sync_folder(folder)?;
            let (done, ended) = oneshot::channel();
            let command = Command::Open {
                stream,
                writer,
                silence: silence.map(|watch| Silence::new(watch, sample_rate)),
                done,
            };
            commands.send(command).map_err(|_| thread_gone())?;
            Ok(ended)
        })
        .await
        .map_err(|_| thread_gone())?
    }

    /// Ends a recording whose end mark will not come, with what is there.
    pub async fn close(&self, stream: u64) {
        let commands = self.commands.clone();
        let sent =
            tokio::task::spawn_blocking(move || commands.send(Command::Close { stream }).is_ok())
                .await;
        if !matches!(sent, Ok(true)) {
            tracing::debug!(
                stream,
                "a recording was closed after the recorder had ended"
            );
        }
    }

    /// Waits until every file is closed. Drop all senders of blocks first.
    pub fn join(mut self) {
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the recorder's thread panicked");
        }
    }
}

fn not_a_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "a recording needs a folder")
}

fn thread_gone() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the recorder has ended")
}

struct Running {
    writer: WavWriter,
    silence: Option<Silence>,
    done: oneshot::Sender<Recorded>,
    failure: Option<Failure>,
}

impl Running {
    fn note(&mut self, stream: u64, error: &WavError) {
        // Said once a recording, however many blocks fail.
        if self.failure.is_none() {
            tracing::error!(stream, %error, "a recording has a gap because a block could not be written");
            let kind = match error {
                WavError::Io(error) => Fault::of(error),
                _ => Fault::Failed,
            };
            self.failure = Some(Failure {
                kind,
                text: error.to_string(),
            });
        }
    }

    fn end(mut self, stream: u64, frames: u64) {
        let finished = self.writer.finish(frames).unwrap_or_else(|error| {
            self.note(stream, &error);
            self.writer.so_far()
        });
        // Nobody listening is fine: the start-up sweep closes what was not logged.
        let _ = self.done.send(Recorded {
            finished,
            failure: self.failure,
        });
    }
}

struct Worker<B> {
    blocks: Receiver<B>,
    read: fn(B) -> Block,
    orders: Receiver<Command>,
    running: HashMap<u64, Running>,
    closing: Vec<u64>,
    syncing: Option<Syncing>,
    strays: u64,
}

/// A sync on its way.
struct Syncing {
    stream: u64,
    frames: u64,
    thread: JoinHandle<io::Result<()>>,
}

impl<B> Worker<B> {
    fn run(mut self) {
        loop {
            let next = match self.blocks.try_recv() {
                Err(TryRecvError::Empty) => {
                    self.close_due();
                    self.obey();
                    self.sync_one();
                    self.blocks.recv_timeout(IDLE)
                }
                Ok(block) => Ok(block),
                Err(TryRecvError::Disconnected) => Err(RecvTimeoutError::Disconnected),
            };
            match next {
                Ok(block) => self.take((self.read)(block)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.obey();
        if let Some(syncing) = self.syncing.take() {
            self.synced(syncing);
        }
        for (stream, running) in std::mem::take(&mut self.running) {
            let frames = running.writer.frames();
            running.end(stream, frames);
        }
    }

    fn obey(&mut self) {
        while let Ok(command) = self.orders.try_recv() {
            match command {
                Command::Open {
                    stream,
                    writer,
                    silence,
                    done,
                } => {
                    let running = Running {
                        writer,
                        silence,
                        done,
                        failure: None,
                    };
                    self.running.insert(stream, running);
                }
                Command::Close { stream } => self.closing.push(stream),
            }
        }
    }

    /// Blocks that were sent before a closing still belong to the file, so this comes after the ring was seen empty.
    fn close_due(&mut self) {
        for stream in std::mem::take(&mut self.closing) {
            self.end(stream, 0);
        }
    }

    fn take(&mut self, block: Block) {
        let stream = match &block {
            Block::Samples { stream, .. } | Block::End { stream, .. } => *stream,
        };
        if !self.running.contains_key(&stream) {
            // The opening was sent before the first block, so it is here by now.
            self.obey();
        }
        match block {
            Block::End { frames, .. } => self.end(stream, frames),
            Block::Samples {
                start_frame,
                samples,
                ..
            } => match self.running.get_mut(&stream) {
                Some(running) => {
                    if let Some(silence) = &mut running.silence {
                        silence.hear(start_frame, &samples);
                    }
                    if let Err(error) = running.writer.write_at(start_frame, &samples) {
                        running.note(stream, &error);
                    }
                }
                None => self.stray(stream),
            },
        }
    }

    fn end(&mut self, stream: u64, frames: u64) {
        match self.running.remove(&stream) {
            Some(running) => running.end(stream, frames),
            None => self.stray(stream),
        }
    }

    fn stray(&mut self, stream: u64) {
        self.strays += 1;
        if self.strays.is_power_of_two() {
            tracing::warn!(
                stream,
                count = self.strays,
                "blocks of a recording that is not open"
            );
        }
    }

    /// Syncs the recording that has most to lose, only while no block waits and no other sync is on its way.
    fn sync_one(&mut self) {
        match self.syncing.take() {
            Some(syncing) if !syncing.thread.is_finished() => {
                self.syncing = Some(syncing);
                return;
            }
            Some(syncing) => self.synced(syncing),
            None => {}
        }
        let due = self
            .running
            .iter_mut()
            .max_by_key(|(_, running)| running.writer.unsynced_ms())
            .filter(|(_, running)| running.writer.unsynced_ms() >= SYNC_AFTER_MS);
        let Some((stream, running)) = due else {
            return;
        };
        let stream = *stream;
        let begun = running.writer.begin_sync().and_then(|(file, frames)| {
            let thread = std::thread::Builder::new()
                .name("recording sync".to_owned())
                .spawn(move || file.sync_data())?;
            Ok(Syncing {
                stream,
                frames,
                thread,
            })
        });
        match begun {
            Ok(syncing) => self.syncing = Some(syncing),
            Err(error) => running.note(stream, &error),
        }
    }

    fn synced(&mut self, syncing: Syncing) {
        let Syncing {
            stream,
            frames,
            thread,
        } = syncing;
        let result = thread
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the sync's thread panicked")));
        // A recording that has ended meanwhile was synced by its end.
        let Some(running) = self.running.get_mut(&stream) else {
            return;
        };
        match result {
            Ok(()) => running.writer.synced_to(frames),
            Err(error) => running.note(stream, &error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(stream: u64, start_frame: u64, frames: u64) -> Block {
        let samples = (0..frames).flat_map(|_| [7, -7]).collect();
        Block::Samples {
            stream,
            start_frame,
            samples,
        }
    }

    #[tokio::test]
    async fn two_recordings_run_side_by_side_and_end_by_themselves() {
        let folder = tempfile::tempdir().unwrap();
        let (recorder, ring) = Recorder::start(64, |block: Block| block).unwrap();
        let path = |n: u32| folder.path().join(format!("a/recording-{n}.wav"));
        let first = recorder.open(1, path(1), 8_000, None).await.unwrap();
        let second = recorder.open(2, path(2), 16_000, None).await.unwrap();
        for n in 0..10 {
            ring.send(samples(1, n * 1_600, 1_600)).unwrap();
            if n != 4 {
                ring.send(samples(2, n * 3_200, 3_200)).unwrap();
            }
        }
        let end = |stream, frames| Block::End { stream, frames };
        ring.send(end(2, 33_600)).unwrap();
        ring.send(end(1, 16_000)).unwrap();
        let first = first.await.unwrap();
        assert_eq!((first.finished.frames, first.finished.gap_ms), (16_000, 0));
        let second = second.await.unwrap();
        assert_eq!(
            (second.finished.frames, second.finished.gap_ms),
            (33_600, 300)
        );
        assert_eq!((first.failure, second.failure), (None, None));
        let read = hound::WavReader::open(path(2)).unwrap();
        assert_eq!(read.duration(), 33_600);
    }

    #[tokio::test]
    async fn what_still_runs_when_all_senders_are_gone_is_closed_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recording-1.wav");
        let (recorder, ring) = Recorder::start(64, |block: Block| block).unwrap();
        let ended = recorder.open(1, path.clone(), 8_000, None).await.unwrap();
        ring.send(samples(1, 0, 100)).unwrap();
        ring.send(samples(99, 0, 100)).unwrap(); // nobody's
        drop(ring);
        assert_eq!(ended.await.unwrap().finished.frames, 100);
        recorder.join();
        assert_eq!(hound::WavReader::open(&path).unwrap().duration(), 100);
    }

    #[tokio::test]
    async fn a_recording_can_be_closed_without_its_end_mark_and_none_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recording-1.wav");
        let (recorder, ring) = Recorder::start(64, |block: Block| block).unwrap();
        let ended = recorder.open(1, path.clone(), 8_000, None).await.unwrap();
        ring.send(samples(1, 0, 100)).unwrap();
        recorder.close(1).await;
        let recorded = ended.await.unwrap();
        assert!(recorded.finished.frames == 100, "{recorded:?}");
        assert!(recorder.open(2, path, 8_000, None).await.is_err());
        drop(ring);
        recorder.join();
    }
}
