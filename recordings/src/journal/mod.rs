//! The journal: the local truth of the moment, one checksummed line an event.
//!
//! **Owns**: the sequence numbers of the log, the segment files, one plain thread that writes and syncs them in
//! groups. **Must not know**: the database, what events mean.
//!
//! * [`Journal`] is the cheap handle that call actors clone. [`Journal::append`] costs a place in a bounded queue;
//!   [`Journal::append_synced`] waits until the line would survive a power cut.
//! * All lines that wait at one moment share one fdatasync, at most one in [`Settings::pace`]; lines that nobody waits for are synced within
//!   [`Settings::sync_within`].
//! * Waking the thread costs more than writing a line. [`Journal::append_gathered`] wakes nobody: such lines go to the
//!   file with the next line that matters at once, at the latest after [`Settings::gather`]. That much of them a
//!   `kill -9` can take, and nothing else.
//! * [`JournalReader`] reads synced lines only, so the database never knows what the journal could still lose.

mod disk;
mod feed;
mod line;
mod reader;
mod reserve;
mod segment;
mod writer;

pub use feed::Told;
pub use reader::JournalReader;
pub use segment::Damage;

use crate::error::JournalError;
use crate::folder::private_folder;
use crate::health::Health;
use line::Draft;
use router::Timestamp;
use router::event::{Event, PersonalData};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, oneshot, watch};

/// Sizes and times of a journal.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Lines that may wait for the thread. When full, whoever appends waits.
    pub queue: usize,
    /// A gathered line goes to the file after this long at the latest.
    pub gather: Duration,
    /// Between two syncs that somebody waits for; the first one after a pause is done at once. So long a caller may
    /// wait for the 200 when many call at once, and no disk is asked for more syncs in a second than this allows.
    pub pace: Duration,
    /// A line nobody waits for is synced after this long at the latest.
    pub sync_within: Duration,
    /// A segment that has grown to this many bytes is followed by the next.
    pub segment_bytes: u64,
    /// The same for one that was begun so long ago: what the database has is not kept here for long, since it names
    /// callers; and a database that is put back from a copy finds here what it lacks.
    pub segment_age: Duration,
    /// Lines kept in memory while the disk refuses to take them; more are lost, counted and complained of.
    pub backlog: usize,
    /// How long after a failure of the disk the backlog is tried again when nothing else happens.
    pub retry_after: Duration,
    /// Bytes kept back on the disk for live calls when it fills up, less on a small disk; 0: none.
    pub reserve: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            queue: 4_096,
            gather: Duration::from_millis(10),
            pace: Duration::from_millis(30),
            sync_within: Duration::from_millis(200),
            segment_bytes: 8 << 20,
            segment_age: Duration::from_secs(60 * 60),
            backlog: 65_536,
            retry_after: Duration::from_secs(1),
            reserve: 2 << 20,
        }
    }
}

/// A wish of a handle, with the place in the queue that it occupies.
struct Request {
    wish: Wish,
    /// May wait for others.
    gathered: bool,
    _place: OwnedSemaphorePermit,
}

type Reply = oneshot::Sender<Result<u64, JournalError>>;

enum Wish {
    Line {
        draft: Box<Draft>,
        reply: Option<Reply>,
    },
    Sync(Reply),
}

/// Handle for appending. The thread syncs and ends when the last clone is gone.
#[derive(Clone, Debug)]
pub struct Journal {
    requests: SyncSender<Request>,
    places: Arc<Semaphore>,
    durable: watch::Receiver<u64>,
    /// Gathers lines while it is parked; whatever must go to the file at once unparks it.
    writer: Thread,
    health: Health,
    feed: feed::Feed,
}

/// An opened journal.
#[derive(Debug)]
pub struct Opened {
    /// For whoever appends.
    pub journal: Journal,
    /// For the one consumer; begins behind the position that was handed to [`Journal::open`].
    pub reader: JournalReader,
    /// The sequence number of the next line.
    pub next_seq: u64,
    /// What a crash or a bad disk left.
    pub damage: Damage,
    /// How the journal's disk is; others tell theirs there too.
    pub health: Health,
    /// Ends after the last [`Journal`] is dropped; join it to know that everything is synced.
    pub thread: JoinHandle<()>,
}

impl Journal {
    /// Opens a folder of segments, mends what a crash left, and starts the thread. `consumed` is the position of
    /// the database: segments up to it are removed, and numbering goes on behind it even if the folder is empty.
    /// Blocks for as long as reading the remaining segments takes; opens no more than one journal a folder (the
    /// caller holds the data folder's lock).
    ///
    /// # Errors
    /// When the folder or a segment cannot be read or mended, or the thread cannot be made.
    pub fn open(folder: &Path, consumed: u64, settings: Settings) -> Result<Opened, JournalError> {
        Self::open_on(folder, consumed, settings, Box::new(disk::RealDisk))
    }

    fn open_on(
        folder: &Path,
        consumed: u64,
        settings: Settings,
        disk: Box<dyn disk::Disk>,
    ) -> Result<Opened, JournalError> {
        private_folder(folder)?;
        segment::remove_consumed(folder, consumed)?;
        let mut last_seq = consumed;
        let mut damage = Damage::default();
        for old in segment::list(folder)? {
            let checked = segment::mend(&old)?;
            damage.broken_lines += checked.damage.broken_lines;
            damage.torn_bytes += checked.damage.torn_bytes;
            match checked.last_seq {
                Some(seq) => last_seq = last_seq.max(seq),
                // Its name may be needed for the next segment.
                None => std::fs::remove_file(&old.path)?,
            }
        }
        let next_seq = last_seq + 1;
        let (durable_out, durable) = watch::channel(last_seq);
        let (requests, inbox) = sync_channel(settings.queue);
        let health = Health::default();
        let writer = writer::Writer::new(
            folder,
            disk,
            settings,
            next_seq,
            (durable_out, health.clone()),
        );
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.run(&inbox))?;
        Ok(Opened {
            journal: Self {
                requests,
                places: Arc::new(Semaphore::new(settings.queue)),
                durable: durable.clone(),
                writer: thread.thread().clone(),
                health: health.clone(),
                feed: feed::Feed::default(),
            },
            health,
            reader: JournalReader::new(folder, consumed + 1, durable),
            next_seq,
            damage,
            thread,
        })
    }

    /// Appends a line and returns as soon as it has a place in the queue; lines of one caller keep their order.
    /// Waits only while the queue is full. The line is on its way to the file at once.
    ///
    /// # Errors
    /// [`JournalError::Closed`]. A disk that fails is not told here: the line is kept and tried again.
    pub async fn append(
        &self,
        at: Timestamp,
        event: Event,
        personal: Option<PersonalData>,
    ) -> Result<(), JournalError> {
        self.feed.tell(at, &event, personal.as_ref());
        self.send(line_of(at, event, personal, None), false).await
    }

    /// [`Journal::append`] for a line that may go to the file with the next ones: a crash of the process in the
    /// [`Settings::gather`] behind it may take it.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub async fn append_gathered(
        &self,
        at: Timestamp,
        event: Event,
        personal: Option<PersonalData>,
    ) -> Result<(), JournalError> {
        self.feed.tell(at, &event, personal.as_ref());
        self.send(line_of(at, event, personal, None), true).await
    }

    /// Appends a line and returns its sequence number once it survives a power cut, and every line before it too.
    ///
    /// # Errors
    /// Whatever kept it from being safe; the line is not tried again. Do not answer the call.
    pub async fn append_synced(
        &self,
        at: Timestamp,
        event: Event,
        personal: Option<PersonalData>,
    ) -> Result<u64, JournalError> {
        let (reply, answer) = oneshot::channel();
        self.feed.tell(at, &event, personal.as_ref());
        self.send(line_of(at, event, personal, Some(reply)), false)
            .await?;
        answer.await.map_err(|_| JournalError::Closed)?
    }

    /// Waits until everything appended so far survives a power cut; returns the last sequence number.
    ///
    /// # Errors
    /// Whatever keeps lines from being safe.
    pub async fn sync(&self) -> Result<u64, JournalError> {
        let (reply, answer) = oneshot::channel();
        self.send(Wish::Sync(reply), false).await?;
        answer.await.map_err(|_| JournalError::Closed)?
    }

    /// What is appended from here on, as it is, before it is safe: for screens. A reader that lags loses the oldest.
    #[must_use]
    pub fn follow(&self) -> broadcast::Receiver<Arc<Told>> {
        self.feed.follow()
    }

    /// Whether the disk has room for new calls. Without it only calls that are live already may still write, into
    /// what was kept back for them.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.health.journal_has_room()
    }

    /// The last sequence number that survives a power cut.
    #[must_use]
    pub fn durable(&self) -> u64 {
        *self.durable.borrow()
    }

    /// The same for those who only look; it does not keep the journal open.
    #[must_use]
    pub fn durable_seq(&self) -> watch::Receiver<u64> {
        self.durable.clone()
    }

    async fn send(&self, wish: Wish, gathered: bool) -> Result<(), JournalError> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let request = Request {
            wish,
            gathered,
            _place: place.map_err(|_| JournalError::Closed)?,
        };
        // There are as many permits as places, so the queue is never full here and this never blocks.
        self.requests
            .try_send(request)
            .map_err(|_| JournalError::Closed)?;
        if !gathered {
            self.writer.unpark();
        }
        Ok(())
    }
}

fn line_of(
    at: Timestamp,
    event: Event,
    personal: Option<PersonalData>,
    reply: Option<Reply>,
) -> Wish {
    let draft = Box::new(Draft {
        at,
        event,
        personal,
    });
    Wish::Line { draft, reply }
}

#[cfg(test)]
mod tests;
