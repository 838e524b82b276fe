//! Recording a talk: the file beside the interaction, its two lines in the log, and the news that it is done.
//!
//! **Owns**: the joining of the gateway's blocks with the recorder's thread. **Must not**: block a media thread or a
//! call: a full ring costs a block, whose place on the timeline becomes silence and is counted as `gap_ms`.

use crate::clock::Clock;
use recordings::recorder::{Block, Fault, Recorded, Recorder, SilenceWatch};
use recordings::wav::WavError;
use recordings::{DataFolder, Health, Journal};
use router::event::RecordingKind;
use router::id::{InteractionId, RecordingId};
use router::{Event, Timestamp};
use sip_gateway::leg::StreamId;
use sip_gateway::media::port::RecordBlock;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use tokio::sync::{broadcast, oneshot};

/// Samples per second of each channel while both legs are narrow-band.
pub const SAMPLE_RATE: u32 = 8000;

/// Blocks on their way to the recorder's thread at most: at 0.4 s a block, 10 s of 160 calls.
const BLOCKS: usize = 4096;

/// News of finished recordings that a slow listener may lag behind; older news is lost to it, never the recording.
const NEWS: usize = 64;

/// A recording about to begin.
#[derive(Clone, Copy, Debug)]
pub struct NewRecording {
    /// Whose.
    pub interaction: InteractionId,
    /// When the interaction began: names the month's folder.
    pub started_at: Timestamp,
    /// Its id.
    pub recording: RecordingId,
    /// Counts from 1 within the interaction.
    pub index: u32,
}

/// A recording whose file exists.
#[derive(Debug)]
pub struct BegunRecording {
    /// Names its blocks.
    pub stream: StreamId,
    /// Where its blocks go.
    pub sink: SyncSender<RecordBlock>,
    /// For the log, before the first block.
    pub event: Event,
}

/// Handle: cheap to clone.
#[derive(Clone, Debug)]
pub struct TalkRecorder {
    recorder: Arc<Recorder>,
    blocks: SyncSender<RecordBlock>,
    streams: Arc<AtomicU64>,
    data: DataFolder,
    journal: Journal,
    clock: Clock,
    health: Health,
    news: broadcast::Sender<PathBuf>,
}

impl TalkRecorder {
    /// Starts the recorder's thread.
    ///
    /// # Errors
    /// When the thread cannot be made.
    pub fn start(
        data: DataFolder,
        journal: Journal,
        clock: Clock,
        health: Health,
    ) -> std::io::Result<Self> {
        let (recorder, blocks) = Recorder::start(BLOCKS, read_block)?;
        let (news, _) = broadcast::channel(NEWS);
        let recorder = Arc::new(recorder);
        Ok(Self {
            recorder,
            blocks,
            streams: Arc::new(AtomicU64::new(1)),
            data,
            journal,
            clock,
            health,
            news,
        })
    }

    /// Paths of recordings as they are finished.
    #[must_use]
    pub fn news(&self) -> broadcast::Receiver<PathBuf> {
        self.news.subscribe()
    }

    /// Creates the file; blocks for the returned stream may follow at once. Its end is logged by itself.
    ///
    /// # Errors
    /// When the file cannot be created; the call goes on, and somebody must be told.
    pub async fn begin(&self, new: NewRecording) -> Result<BegunRecording, WavError> {
        self.open(new, RecordingKind::Talk, None).await
    }

    /// The same for a message; `silence` tells when the customer has stopped speaking.
    ///
    /// # Errors
    /// As above.
    pub async fn begin_message(
        &self,
        new: NewRecording,
        silence: SilenceWatch,
    ) -> Result<BegunRecording, WavError> {
        self.open(new, RecordingKind::Voicemail, Some(silence))
            .await
    }

    async fn open(
        &self,
        new: NewRecording,
        recording_kind: RecordingKind,
        silence: Option<SilenceWatch>,
    ) -> Result<BegunRecording, WavError> {
        let stream = self.streams.fetch_add(1, Ordering::Relaxed);
        let below = DataFolder::recording_path(new.started_at, new.interaction, new.index);
        let path = self.data.interactions().join(&below);
        let opened = self
            .recorder
            .open(stream, path.clone(), SAMPLE_RATE, silence)
            .await;
        let ended = match opened {
            Ok(ended) => ended,
            Err(error) => {
                self.health.talk_not_recorded();
                self.tell_fault(new.interaction, "not_recorded", fault(&error))
                    .await;
                return Err(error);
            }
        };
        tokio::spawn(self.clone().finish(new, path, ended));
        let event = Event::RecordingStarted {
            interaction: new.interaction,
            recording: new.recording,
            index: new.index,
            path: below,
            sample_rate: SAMPLE_RATE,
            recording_kind,
        };
        Ok(BegunRecording {
            stream: StreamId(stream),
            sink: self.blocks.clone(),
            event,
        })
    }

    /// Waits for the file to be closed and synced, logs it, tells it.
    async fn finish(self, new: NewRecording, path: PathBuf, ended: oneshot::Receiver<Recorded>) {
        let Ok(recorded) = ended.await else { return };
        if let Some(failure) = recorded.failure {
            self.health.recording_failed();
            self.tell_fault(new.interaction, "recording_gap", failure.kind)
                .await;
        }
        let event = Event::RecordingFinished {
            interaction: new.interaction,
            recording: new.recording,
            frames: recorded.finished.frames,
            gap_ms: recorded.finished.gap_ms,
            recovered: false,
        };
        self.log(event).await;
        let _ = self.news.send(path);
    }

    /// To the supervisors, and as a tag on the interaction's own record.
    async fn tell_fault(&self, interaction: InteractionId, what: &str, fault: Fault) {
        let told = Event::SupervisorTold {
            interaction: None,
            agent: None,
            queue: None,
            what: what.to_owned(),
        };
        let tagged = Event::Tagged {
            interaction,
            key: "recording_fault".to_owned(),
            value: fault.as_str().to_owned(),
        };
        for line in [told, tagged] {
            self.log(line).await;
        }
    }

    async fn log(&self, line: Event) {
        let now = self.clock.now();
        if let Err(error) = self.journal.append_gathered(now, line, None).await {
            tracing::error!(%error, "a line of the log is lost");
        }
    }
}

/// What kept a file from being made.
fn fault(error: &WavError) -> Fault {
    match error {
        WavError::Io(error) => Fault::of(error),
        _ => Fault::Failed,
    }
}

/// The gateway's block in the recorder's words.
fn read_block(block: RecordBlock) -> Block {
    match block {
        RecordBlock::Samples {
            stream,
            start_frame,
            samples,
        } => Block::Samples {
            stream: stream.0,
            start_frame,
            samples,
        },
        RecordBlock::End { stream, frames } => Block::End {
            stream: stream.0,
            frames,
        },
    }
}
