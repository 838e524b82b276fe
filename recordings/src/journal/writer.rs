//! The journal's thread: takes what waits, writes it in one go, syncs once for all who wait.
//!
//! **Owns**: the open segment, the next sequence number, the lines that the disk refused. **Must not know**: who
//! reads the lines.
//!
//! A sequence number belongs to a line from the moment its bytes are completely in the file; a write that fails is
//! cut off again and its numbers are used for the next lines, so numbers have no gaps. After a failed fdatasync
//! nothing is assumed about what reached the disk: the lines since the last good sync are written again, with the
//! same numbers, into a new segment.

use super::disk::{Disk, SegmentFile};
use super::line::{self, Draft};
use super::reserve::Reserve;
use super::segment::path_of;
use super::{Reply, Request, Settings, Wish};
use crate::error::JournalError;
use crate::health::Health;
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// At most this many requests share one write, so that a reply never waits for an endless stream.
const GROUP: usize = 1_024;

struct Open {
    file: Box<dyn SegmentFile>,
    path: PathBuf,
    begun: Instant,
    length: u64,
    synced_length: u64,
}

pub(super) struct Writer {
    folder: PathBuf,
    disk: Box<dyn Disk>,
    settings: Settings,
    open: Option<Open>,
    next_seq: u64,
    durable: watch::Sender<u64>,
    /// Bytes written since the last good sync, and when the first of them was.
    unsynced: Vec<u8>,
    unsynced_since: Option<Instant>,
    /// Who waits for the next sync, with what they are told, and when the last sync was.
    waiting: Vec<(Reply, u64)>,
    synced_at: Option<Instant>,
    /// Lines that the disk refused and that nobody waits for.
    backlog: VecDeque<Box<Draft>>,
    lost: u64,
    /// A group was just written: the next lines are not far.
    naps: bool,
    /// The last write failed.
    troubled: bool,
    reserve: Reserve,
    /// When the reserve is asked for again.
    refill_at: Instant,
    health: Health,
}

/// A line on its way to the disk, and who waits for it.
type Pending = (Box<Draft>, Option<Reply>);

/// Why nothing was written.
enum Refused {
    /// The disk's word.
    ByDisk(io::Error),
    /// Something that more room would not change.
    For(JournalError),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::ByDisk(error)
    }
}

impl From<Refused> for JournalError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::ByDisk(error) => error.into(),
            Refused::For(error) => error,
        }
    }
}

/// A group of requests on its way to the disk.
#[derive(Default)]
struct Group {
    lines: Vec<Pending>,
    syncs: Vec<Reply>,
}

impl Group {
    fn take(&mut self, request: Request) {
        match request.wish {
            Wish::Line { draft, reply } => self.lines.push((draft, reply)),
            Wish::Sync(reply) => self.syncs.push(reply),
        }
    }
}

impl Writer {
    pub(super) fn new(
        folder: &std::path::Path,
        disk: Box<dyn Disk>,
        settings: Settings,
        next_seq: u64,
        (durable, health): (watch::Sender<u64>, Health),
    ) -> Self {
        let reserve = Reserve::take(folder, settings.reserve);
        if !reserve.is_held() {
            health.set_journal_room(false);
            tracing::error!("the journal's disk is full: new calls are refused until it has room");
        }
        Self {
            folder: folder.to_owned(),
            disk,
            settings,
            open: None,
            next_seq,
            durable,
            unsynced: Vec::new(),
            unsynced_since: None,
            waiting: Vec::new(),
            synced_at: None,
            backlog: VecDeque::new(),
            lost: 0,
            naps: false,
            troubled: false,
            reserve,
            refill_at: Instant::now(),
            health,
        }
    }

    pub(super) fn run(mut self, inbox: &Receiver<Request>) {
        loop {
            match self.next(inbox) {
                Ok(first) => {
                    let group = self.gather(first, inbox);
                    self.write(group);
                    self.sync_if_due();
                    self.naps = true;
                }
                Err(RecvTimeoutError::Timeout) => self.wake(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.refill_if_due();
        }
        self.wake();
        self.lost += self.backlog.len() as u64;
        if self.lost > 0 {
            tracing::error!(
                lines = self.lost,
                "lines of the log were lost because the journal's disk refused them"
            );
        }
    }

    /// The group behind its first request. Whoever brings a line that cannot wait unparks this thread; that word may
    /// have been spent on waking it up for the first one, so what waits already is looked at before it parks.
    fn gather(&self, first: Request, inbox: &Receiver<Request>) -> Group {
        let mut can_wait = first.gathered;
        let mut group = Group::default();
        group.take(first);
        for request in inbox.try_iter().take(GROUP) {
            can_wait &= request.gathered;
            group.take(request);
        }
        if can_wait {
            std::thread::park_timeout(self.until_sync_or(self.settings.gather));
            for request in inbox.try_iter().take(GROUP) {
                group.take(request);
            }
        }
        group
    }

    /// The next request, waited for until something else is due. Behind a group the thread naps first, since lines
    /// come in clusters: a sender who finds it waiting has to wake it, and a nap ends by itself.
    fn next(&mut self, inbox: &Receiver<Request>) -> Result<Request, RecvTimeoutError> {
        if std::mem::take(&mut self.naps) {
            let waiting = inbox.try_recv().or_else(|_| {
                std::thread::park_timeout(self.until_sync_or(self.settings.gather));
                inbox.try_recv()
            });
            if let Ok(request) = waiting {
                return Ok(Request {
                    gathered: false,
                    ..request
                });
            }
        }
        match self.patience() {
            None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(patience) => inbox.recv_timeout(patience),
        }
    }

    /// How long until a sync is due; none while nothing is owed one. Whoever waits is served at once after a pause,
    /// and together with others when syncs come one upon the other: each costs the same however many it serves.
    fn until_sync(&self) -> Option<Duration> {
        let unheeded = self
            .unsynced_since
            .map(|since| self.settings.sync_within.saturating_sub(since.elapsed()));
        if self.waiting.is_empty() {
            return unheeded;
        }
        let rest = self.synced_at.map_or(Duration::ZERO, |last| {
            self.settings.pace.saturating_sub(last.elapsed())
        });
        Some(unheeded.map_or(rest, |unheeded| unheeded.min(rest)))
    }

    fn until_sync_or(&self, longest: Duration) -> Duration {
        self.until_sync().map_or(longest, |sync| sync.min(longest))
    }

    /// How long nothing needs to be done.
    fn patience(&self) -> Option<Duration> {
        let sync = self.until_sync();
        let troubled = !self.backlog.is_empty() || self.must_rewrite();
        if troubled {
            // A sync that just failed is not tried again at once.
            return Some(self.settings.retry_after);
        }
        if self.reserve.is_held() {
            return sync;
        }
        let refill = self.refill_at.saturating_duration_since(Instant::now());
        Some(sync.map_or(refill, |sync| sync.min(refill)))
    }

    /// Takes new calls again once the disk has room for the reserve, twice over.
    fn refill_if_due(&mut self) {
        if self.reserve.is_held() || Instant::now() < self.refill_at || !self.backlog.is_empty() {
            return;
        }
        self.refill_at = Instant::now() + self.settings.retry_after;
        if self.reserve.refill() && self.health.set_journal_room(true) {
            tracing::warn!("the journal's disk has room again: new calls are taken");
        }
    }

    /// The disk refused something: alarm, and room for another try when there is some kept back.
    fn make_room(&mut self, error: &io::Error) -> bool {
        self.health.journal_failed();
        if JournalError::from(error) != JournalError::DiskFull {
            return false;
        }
        let freed = self.reserve.give_up();
        self.refill_at = Instant::now() + self.settings.retry_after;
        if self.health.set_journal_room(false) {
            tracing::error!("the journal's disk is full: new calls are refused, live ones go on");
        }
        freed
    }

    fn wake(&mut self) {
        if !self.backlog.is_empty() {
            self.write(Group::default());
        }
        if (!self.unsynced.is_empty() || !self.waiting.is_empty())
            && let Err(error) = self.settle()
        {
            tracing::error!(%error, "the journal cannot be synced");
        }
    }

    fn sync_if_due(&mut self) {
        if self.until_sync() == Some(Duration::ZERO)
            && (!self.waiting.is_empty() || !self.must_rewrite())
        {
            self.wake();
        }
    }

    /// Syncs, and replies to all who waited for it.
    fn settle(&mut self) -> Result<(), JournalError> {
        let synced = self.sync();
        self.synced_at = Some(Instant::now());
        for (reply, seq) in self.waiting.drain(..) {
            // Whoever waited may have gone: a call that ended meanwhile.
            let _ = reply.send(synced.clone().map(|()| seq));
        }
        synced
    }

    /// Writes the backlog and the group behind it. Who waits for a sync stands in line for the next one.
    fn write(&mut self, group: Group) {
        let Group { lines, mut syncs } = group;
        let mut drafts: Vec<Pending> = self.backlog.drain(..).map(|draft| (draft, None)).collect();
        drafts.extend(lines);
        let (bytes, drafts) = self.encode(drafts);
        if let Err(error) = self.append(&bytes) {
            self.refuse(drafts, &error);
            for reply in syncs {
                let _ = reply.send(Err(error.clone()));
            }
            return;
        }
        if std::mem::take(&mut self.troubled) {
            tracing::warn!(lines = drafts.len(), "the journal is written again");
        }
        let first_seq = self.next_seq;
        self.next_seq += drafts.len() as u64;
        for ((_, reply), seq) in drafts.into_iter().zip(first_seq..) {
            self.waiting.extend(reply.map(|reply| (reply, seq)));
        }
        let last = self.next_seq - 1;
        self.waiting
            .extend(syncs.drain(..).map(|reply| (reply, last)));
    }

    /// Numbers the lines from the next sequence number on. A line that is no JSON is told to whoever waits.
    fn encode(&mut self, drafts: Vec<Pending>) -> (Vec<u8>, Vec<Pending>) {
        let mut bytes = Vec::new();
        let mut numbered = Vec::with_capacity(drafts.len());
        for (draft, reply) in drafts {
            let seq = self.next_seq + numbered.len() as u64;
            match line::encode(seq, &draft, &mut bytes) {
                Ok(()) => numbered.push((draft, reply)),
                Err(text) => {
                    tracing::error!(error = %text, "a line of the log cannot be written as JSON");
                    self.lost += 1;
                    if let Some(reply) = reply {
                        let _ = reply.send(Err(JournalError::Unwritable(text)));
                    }
                }
            }
        }
        (bytes, numbered)
    }

    /// After a write that failed: whoever waits is told, the other lines are kept for later.
    fn refuse(&mut self, drafts: Vec<Pending>, error: &JournalError) {
        // Said once a fault; the count of what is lost comes at the end.
        if !self.troubled {
            tracing::error!(%error, lines = drafts.len(), "the journal cannot be written");
        }
        self.troubled = true;
        for (draft, reply) in drafts {
            if let Some(reply) = reply {
                let _ = reply.send(Err(error.clone()));
            } else if self.backlog.len() < self.settings.backlog {
                self.backlog.push_back(draft);
            } else {
                self.lost += 1;
            }
        }
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        match self.try_append(bytes) {
            Err(Refused::ByDisk(error)) if self.make_room(&error) => Ok(self.try_append(bytes)?),
            other => Ok(other?),
        }
    }

    fn try_append(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        if self.must_rewrite() {
            self.rewrite()?;
        }
        if bytes.is_empty() {
            return Ok(());
        }
        let full = self.open.as_ref().is_some_and(|open| {
            open.length >= self.settings.segment_bytes
                || open.length > 0 && open.begun.elapsed() >= self.settings.segment_age
        });
        if full {
            self.try_sync()?;
            self.open = None;
        }
        if self.open.is_none() {
            self.open = Some(self.create(self.next_seq)?);
        }
        let Some(open) = self.open.as_mut() else {
            return Err(Refused::For(JournalError::Closed));
        };
        if let Err(error) = open.file.append(bytes) {
            if let Err(cut) = open.file.cut(open.length) {
                // The torn line stays at the end of this segment; the next start moves it aside.
                tracing::error!(error = %cut, "a torn line of the journal could not be cut off");
                self.abandon();
            }
            return Err(error.into());
        }
        open.length += bytes.len() as u64;
        self.unsynced.extend_from_slice(bytes);
        self.unsynced_since.get_or_insert_with(Instant::now);
        Ok(())
    }

    fn create(&mut self, first_seq: u64) -> io::Result<Open> {
        let path = path_of(&self.folder, first_seq);
        Ok(Open {
            file: self.disk.create(&path)?,
            path,
            begun: Instant::now(),
            length: 0,
            synced_length: 0,
        })
    }

    fn sync(&mut self) -> Result<(), JournalError> {
        match self.try_sync() {
            Err(Refused::ByDisk(error)) if self.make_room(&error) => Ok(self.try_sync()?),
            other => Ok(other?),
        }
    }

    fn try_sync(&mut self) -> Result<(), Refused> {
        if self.must_rewrite() {
            return self.rewrite();
        }
        let Some(open) = self.open.as_mut().filter(|_| !self.unsynced.is_empty()) else {
            return Ok(());
        };
        match open.file.sync() {
            Ok(()) => {
                open.synced_length = open.length;
                self.unsynced.clear();
                self.unsynced_since = None;
                self.durable.send_replace(self.next_seq - 1);
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "fdatasync of the journal failed; its lines go into a new segment");
                self.abandon();
                Err(error.into())
            }
        }
    }

    /// Gives up the open segment behind its last good sync.
    fn abandon(&mut self) {
        let Some(mut open) = self.open.take() else {
            return;
        };
        // Lines left there would be read once all the same: their numbers are those of the new segment's lines.
        let cut = if open.synced_length == 0 {
            std::fs::remove_file(&open.path)
        } else {
            open.file.cut(open.synced_length)
        };
        if let Err(error) = cut {
            tracing::error!(%error, "a failed segment of the journal could not be cut");
        }
    }

    /// Lines with numbers that are in no open segment.
    fn must_rewrite(&self) -> bool {
        self.open.is_none() && !self.unsynced.is_empty()
    }

    fn rewrite(&mut self) -> Result<(), Refused> {
        let first_unsynced = *self.durable.borrow() + 1;
        let mut open = self.create(first_unsynced)?;
        let written = open
            .file
            .append(&self.unsynced)
            .and_then(|()| open.file.sync());
        open.length = self.unsynced.len() as u64;
        if let Err(error) = written {
            self.open = Some(open);
            self.abandon();
            return Err(error.into());
        }
        open.synced_length = open.length;
        self.open = Some(open);
        self.unsynced.clear();
        self.unsynced_since = None;
        self.durable.send_replace(self.next_seq - 1);
        Ok(())
    }
}
