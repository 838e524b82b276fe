//! One topic: its items, and its numbered changes. PURE.
//!
//! **Owns**: sequence numbers, deltas, how far back a reader may resume. **Must not know**: what the items are, who
//! reads.

use router::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// A list changes no more often than this on screens: people read no faster, and 300 ms from a change to the screen
/// leave no more.
pub const PACE: Duration = Duration::from_millis(160);
/// Deltas kept for readers who come back: half a minute of a list that changes all the time.
const KEPT: usize = 160;

/// Text that many readers send.
pub type Text = Arc<str>;

/// What readers of a list see: the latest state, and the way to it.
#[derive(Debug, Default)]
pub struct TopicNow {
    name: &'static str,
    /// The number of the latest change.
    pub seq: u64,
    items: BTreeMap<String, Text>,
    deltas: VecDeque<(u64, Text)>,
    snapshot: OnceLock<Text>,
}

impl TopicNow {
    /// The messages that bring a reader who has `since` up to date; a snapshot when it has nothing, or too little.
    #[must_use]
    pub fn after(&self, since: Option<u64>) -> Vec<Text> {
        let Some(since) = since else {
            return vec![self.snapshot()];
        };
        if since == self.seq {
            return Vec::new();
        }
        // The number before the first delta that is kept is the oldest one to resume from.
        let resumable = self
            .deltas
            .front()
            .is_some_and(|(first, _)| since.saturating_add(1) >= *first);
        if !resumable || since > self.seq {
            return vec![self.snapshot()];
        }
        let missed = self.deltas.iter().filter(|(seq, _)| *seq > since);
        missed.map(|(_, text)| Arc::clone(text)).collect()
    }

    /// All items. Written when the first reader wants it.
    fn snapshot(&self) -> Text {
        let text = self.snapshot.get_or_init(|| {
            let (topic, seq) = (self.name, self.seq);
            let mut text =
                format!("{{\"topic\":\"{topic}\",\"seq\":{seq},\"snapshot\":{{\"items\":[");
            join(&mut text, self.items.values());
            text.push_str("]}}");
            text.into()
        });
        Arc::clone(text)
    }
}

/// The writing end of a list.
#[derive(Debug)]
pub struct Topic {
    now: Arc<TopicNow>,
    changed_at: Option<Timestamp>,
}

impl Topic {
    /// An empty list whose numbers begin behind `base`, which is higher with each start of the process: what an
    /// earlier one gave out is never taken for ours.
    #[must_use]
    pub fn new(name: &'static str, base: u64) -> Self {
        let now = TopicNow {
            name,
            seq: base,
            ..TopicNow::default()
        };
        Self {
            now: Arc::new(now),
            changed_at: None,
        }
    }

    /// What readers see.
    #[must_use]
    pub fn now(&self) -> Arc<TopicNow> {
        Arc::clone(&self.now)
    }

    /// Whether it may change again.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.changed_at.is_none_or(|last| now.since(last) >= PACE)
    }

    /// Takes all items as they are now; what readers see from here on, if it is something else.
    pub fn update(
        &mut self,
        items: BTreeMap<String, String>,
        now: Timestamp,
    ) -> Option<Arc<TopicNow>> {
        let old = &self.now.items;
        let removed: Vec<&String> = old.keys().filter(|id| !items.contains_key(*id)).collect();
        let mut next = BTreeMap::new();
        let mut changed = Vec::new();
        for (id, text) in &items {
            match old.get(id).filter(|old| ***old == **text) {
                Some(same) => next.insert(id.clone(), Arc::clone(same)),
                None => {
                    let text: Text = text.as_str().into();
                    changed.push(Arc::clone(&text));
                    next.insert(id.clone(), text)
                }
            };
        }
        if changed.is_empty() && removed.is_empty() {
            return None;
        }
        let seq = self.now.seq + 1;
        let text = delta(self.now.name, seq, &changed, &removed);
        let mut deltas = self.now.deltas.clone();
        if deltas.len() >= KEPT {
            deltas.pop_front();
        }
        deltas.push_back((seq, text));
        self.now = Arc::new(TopicNow {
            name: self.now.name,
            seq,
            items: next,
            deltas,
            snapshot: OnceLock::new(),
        });
        self.changed_at = Some(now);
        Some(self.now())
    }
}

fn delta(topic: &str, seq: u64, changed: &[Text], removed: &[&String]) -> Text {
    let mut text = format!("{{\"topic\":\"{topic}\",\"seq\":{seq},\"delta\":{{\"upsert\":[");
    join(&mut text, changed.iter());
    let removed = serde_json::to_string(removed).unwrap_or_else(|_| "[]".to_owned());
    let _ = write!(text, "],\"remove\":{removed}}}}}");
    text.into()
}

fn join<'a>(text: &mut String, items: impl Iterator<Item = &'a Text>) {
    for (n, item) in items.enumerate() {
        if n > 0 {
            text.push(',');
        }
        text.push_str(item);
    }
}

/// The topics of one object each, such as every agent's `me`: each has numbers of its own and is sent whole.
#[derive(Clone, Debug)]
pub struct Objects<K> {
    name: &'static str,
    base: u64,
    objects: BTreeMap<K, (u64, Text)>,
}

impl<K: Ord + Copy> Objects<K> {
    /// None yet.
    #[must_use]
    pub const fn new(name: &'static str, base: u64) -> Self {
        Self {
            name,
            base,
            objects: BTreeMap::new(),
        }
    }

    /// The object's number and its message.
    #[must_use]
    pub fn get(&self, key: K) -> Option<&(u64, Text)> {
        self.objects.get(&key)
    }

    /// Takes all objects as they are now; whether any has changed. A number never comes twice for one object.
    pub fn update(&mut self, fresh: &BTreeMap<K, String>) -> bool {
        let before = self.objects.len();
        self.objects.retain(|key, _| fresh.contains_key(key));
        let mut changed = before != self.objects.len();
        for (key, object) in fresh {
            let old = self.objects.get(key);
            let end = format!(",\"snapshot\":{object}}}");
            if old.is_some_and(|(_, text)| text.ends_with(&end)) {
                continue;
            }
            self.base += 1;
            let seq = self.base;
            let text = format!("{{\"topic\":\"{}\",\"seq\":{seq}{end}", self.name);
            self.objects.insert(*key, (seq, text.into()));
            changed = true;
        }
        changed
    }
}
