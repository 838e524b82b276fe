//! Where phones registered from, kept over a restart of ours.
//!
//! **Owns**: the task that writes the bindings down, and their way back at the next start. **Must not know**: what a
//! contact means; the gateway does.

use crate::clock::Clock;
use recordings::Store;
use recordings::store::registrations::StoredRegistration;
use router::Timestamp;
use sip_gateway::leg::RegistrationRecord;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// How long after the database refused the bindings they are tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Looks for the last write at a stop, this far apart.
const LOOK: Duration = Duration::from_millis(10);

/// Keeps the latest bindings; older ones that were not written yet are replaced.
#[derive(Clone, Debug)]
pub(crate) struct BindingsKeeper {
    /// Counted, so that a stop can wait for the last.
    latest: watch::Sender<(u64, Vec<RegistrationRecord>)>,
    written: Arc<AtomicU64>,
}

impl BindingsKeeper {
    /// A handle and the task to spawn.
    pub(crate) fn new(store: Store, clock: Clock) -> (Self, impl Future<Output = ()> + Send) {
        let (latest, mut changed) = watch::channel((0, Vec::new()));
        let written = Arc::new(AtomicU64::new(0));
        let keeper = Self {
            latest,
            written: written.clone(),
        };
        let task = async move {
            while changed.changed().await.is_ok() {
                let mut told = false;
                loop {
                    let (version, records) = changed.borrow_and_update().clone();
                    let rows: Vec<_> = records
                        .iter()
                        .map(|record| row(record, clock.now()))
                        .collect();
                    let Err(error) = store.replace_registrations(&rows).await else {
                        written.store(version, Ordering::Release);
                        break;
                    };
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!(%error, "where phones registered from cannot be written down yet");
                    }
                    tokio::time::sleep(AGAIN).await;
                }
            }
        };
        (keeper, task)
    }

    /// How many writings were asked for.
    pub(crate) fn wanted(&self) -> u64 {
        self.latest.borrow().0
    }

    /// Waits until a writing beyond that many is done.
    pub(crate) async fn written_beyond(&self, before: u64) {
        while self.written.load(Ordering::Acquire) <= before {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Writes these down instead of the last ones.
    pub(crate) fn keep(&self, records: Vec<RegistrationRecord>) {
        self.latest.send_modify(|(version, latest)| {
            *version += 1;
            *latest = records;
        });
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
        source: record.source.to_string(),
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
    Some(RegistrationRecord {
        extension: row.extension.clone(),
        contact: row.contact.clone(),
        source: row.source.parse().ok()?,
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
