//! Where phones registered from, kept over a restart of ours.
//!
//! **Owns**: the task that writes the bindings down, and their way back at the next start. **Must not know**: what a
//! contact means; the gateway does.

use crate::clock::Clock;
use recordings::Store;
use recordings::store::registrations::StoredRegistration;
use router::Timestamp;
use sip_gateway::leg::{DeviceBindings, RegistrationRecord};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

/// Tellings that wait for the task, which always takes them at once.
const TOLD: usize = 64;

/// How long after the database refused the bindings they are tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Looks for the last write at a stop, this far apart.
const LOOK: Duration = Duration::from_millis(10);

/// Before a connection's address in the store.
const STREAM: &str = "tcp:";

/// Takes bindings that changed, to be written down.
#[derive(Clone, Debug)]
pub(crate) struct BindingsKeeper {
    changes: mpsc::Sender<Vec<DeviceBindings>>,
    /// Tellings so far, and how many of them are written down.
    told: Arc<AtomicU64>,
    written: Arc<AtomicU64>,
}

impl BindingsKeeper {
    /// A handle and the task to spawn.
    pub(crate) fn new(store: Store, clock: Clock) -> (Self, impl Future<Output = ()> + Send) {
        let (changes, changed) = mpsc::channel(TOLD);
        let keeper = Self {
            changes,
            told: Arc::default(),
            written: Arc::default(),
        };
        let task = keep_all(store, changed, Known::new(clock), keeper.written.clone());
        (keeper, task)
    }

    /// How many writings were asked for.
    pub(crate) fn wanted(&self) -> u64 {
        self.told.load(Ordering::Acquire)
    }

    /// Waits until a writing beyond that many is done.
    pub(crate) async fn written_beyond(&self, before: u64) {
        while self.written.load(Ordering::Acquire) <= before {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Writes these down instead of what these phones had.
    pub(crate) async fn keep(&self, changed: Vec<DeviceBindings>) {
        self.told.fetch_add(1, Ordering::AcqRel);
        // The task ends with the process only.
        let _ = self.changes.send(changed).await;
    }
}

/// All bindings there are, and which phones' are not written down as they are.
#[derive(Debug)]
struct Known {
    clock: Clock,
    rows: BTreeMap<String, Vec<StoredRegistration>>,
    changed: BTreeSet<String>,
    told: u64,
}

impl Known {
    const fn new(clock: Clock) -> Self {
        Self {
            clock,
            rows: BTreeMap::new(),
            changed: BTreeSet::new(),
            told: 0,
        }
    }

    fn take(&mut self, changed: Vec<DeviceBindings>) {
        self.told += 1;
        let now = self.clock.now();
        for DeviceBindings {
            extension,
            bindings,
        } in changed
        {
            self.changed.insert(extension.clone());
            if bindings.is_empty() {
                self.rows.remove(&extension);
            } else {
                let rows = bindings.iter().map(|record| row(record, now)).collect();
                self.rows.insert(extension, rows);
            }
        }
    }

    /// What is to be written: what has changed, or everything.
    fn due(&mut self, whole: bool) -> Vec<(String, Vec<StoredRegistration>)> {
        let changed = std::mem::take(&mut self.changed);
        let names: Vec<&String> = match whole {
            true => self.rows.keys().collect(),
            false => changed.iter().collect(),
        };
        let rows = |name: &String| self.rows.get(name).cloned().unwrap_or_default();
        names
            .into_iter()
            .map(|name| (name.clone(), rows(name)))
            .collect()
    }
}

/// Writes what has changed, and goes on taking changes while the database is slow or away.
async fn keep_all(
    store: Store,
    mut changed: mpsc::Receiver<Vec<DeviceBindings>>,
    mut known: Known,
    written: Arc<AtomicU64>,
) {
    // The first telling has all that came back from the last run, and what it left out is over.
    let (mut place, mut failed, mut said) = (store.replacements(), true, false);
    while let Some(news) = changed.recv().await {
        known.take(news);
        loop {
            while let Ok(news) = changed.try_recv() {
                known.take(news);
            }
            // After a failure it is not sure what the database holds; in another file there is anything.
            let (now, told) = (store.replacements(), known.told);
            let whole = failed || now != place;
            let rows = known.due(whole);
            let mut writing = pin!(store.save_registrations(&rows, whole));
            let outcome = loop {
                tokio::select! {
                    outcome = &mut writing => break outcome,
                    Some(news) = changed.recv() => known.take(news),
                }
            };
            match outcome {
                Ok(()) => {
                    (place, failed, said) = (now, false, false);
                    written.store(told, Ordering::Release);
                    if known.changed.is_empty() {
                        break;
                    }
                }
                Err(error) => {
                    failed = true;
                    if !std::mem::replace(&mut said, true) {
                        tracing::warn!(%error, "where phones registered from cannot be written down yet");
                    }
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }
}

/// What the last run wrote down and has not expired.
pub(crate) async fn kept(store: &Store, now: Timestamp) -> anyhow::Result<Vec<RegistrationRecord>> {
    let rows = store.registrations(now).await?;
    Ok(rows.iter().filter_map(|row| record(row, now)).collect())
}

fn row(record: &RegistrationRecord, now: Timestamp) -> StoredRegistration {
    let flow = |id: u32| format!("{id} {}", record.instance.as_deref().unwrap_or_default());
    StoredRegistration {
        extension: record.extension.clone(),
        contact: record.contact.clone(),
        instance: match record.reg_id {
            Some(id) => Some(flow(id)),
            None => record
                .instance
                .as_ref()
                .map(|instance| format!("- {instance}")),
        },
        source: match record.stream {
            true => format!("{STREAM}{}", record.source),
            false => record.source.to_string(),
        },
        call_id: record.call_id.clone(),
        cseq: record.cseq,
        expires_at: now + Duration::from_secs(record.expires_in),
    }
}

fn record(row: &StoredRegistration, now: Timestamp) -> Option<RegistrationRecord> {
    let (reg_id, instance) = match row
        .instance
        .as_deref()
        .and_then(|text| text.split_once(' '))
    {
        Some((id, instance)) => (id.parse().ok(), Some(instance.to_owned())),
        None => (None, None),
    };
    let stream = row.source.strip_prefix(STREAM);
    Some(RegistrationRecord {
        extension: row.extension.clone(),
        contact: row.contact.clone(),
        source: stream.unwrap_or(&row.source).parse().ok()?,
        stream: stream.is_some(),
        call_id: row.call_id.clone(),
        cseq: row.cseq,
        instance: instance.filter(|instance| !instance.is_empty()),
        reg_id,
        expires_in: row.expires_at.since(now).as_secs(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binding_comes_back_as_it_was() {
        let now = Timestamp::from_millis(1_000_000);
        for (instance, reg_id) in [
            (None, None),
            (Some("<urn:uuid:1>"), Some(2)),
            (Some("<urn:uuid:1>"), None),
        ] {
            let before = RegistrationRecord {
                extension: "2001".to_owned(),
                contact: "sip:2001@127.0.0.1:5070".to_owned(),
                source: "127.0.0.1:5070".parse().unwrap(),
                stream: reg_id.is_some(),
                call_id: "a".to_owned(),
                cseq: 7,
                instance: instance.map(str::to_owned),
                reg_id,
                expires_in: 300,
            };
            assert_eq!(record(&row(&before, now), now), Some(before));
        }
    }
}
