//! The task that keeps the live picture.
//!
//! **Owns**: following the log, asking the Distributor's task, the pace, and [`Floor`], the end that readers have.
//! **Must not**: be waited for by anybody. Nobody wakes it for an event: it looks every [`STEP`] while somebody follows
//! and every [`REST`] while nobody does, so that a call costs the signalling thread nothing here.

use super::items::{self, Moment};
use super::model::LiveCalls;
use super::topic::{Objects, Topic, TopicNow};
use crate::api::live::LiveState;
use crate::clock::Clock;
use crate::company_view::CompanyView;
use recordings::journal::Told;
use recordings::store::counters::QueueCounters;
use router::Timestamp;
use router::id::{AgentId, QueueId};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::TryRecvError;
use tokio::sync::{Notify, Semaphore, broadcast, watch};

/// How often the log is looked at while somebody follows.
const STEP: Duration = Duration::from_millis(40);
/// How often while nobody does.
const REST: Duration = Duration::from_secs(1);
/// What no line of the log tells, such as a phone that registered, is asked for this often.
const ASKED_EVERY: Duration = Duration::from_millis(240);
/// How long the first reader of a topic waits for a change, which there may be none of.
const FIRST_LOOK: Duration = Duration::from_millis(150);
/// Sockets at once.
pub const SOCKETS: usize = 1_024;

/// Today's counters of each queue.
pub type Today = BTreeMap<QueueId, QueueCounters>;

/// The readers' end. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Floor(Arc<Ends>);

#[derive(Debug)]
struct Ends {
    me: watch::Sender<Arc<Objects<AgentId>>>,
    queues: watch::Sender<Arc<TopicNow>>,
    agents: watch::Sender<Arc<TopicNow>>,
    calls: watch::Sender<Arc<TopicNow>>,
    today: watch::Sender<Today>,
    wanted: Notify,
    places: Arc<Semaphore>,
}

impl Floor {
    /// Both ends. `told` follows the journal.
    #[must_use]
    pub fn new(
        told: broadcast::Receiver<Arc<Told>>,
        live: LiveState,
        company: watch::Receiver<Arc<CompanyView>>,
        clock: Clock,
    ) -> (Self, FloorTask) {
        // Above every number that an earlier process gave out: none gives a thousand a second for long.
        let base = u64::try_from(clock.now().millis()).unwrap_or_default();
        let list = |name| Topic::new(name, base);
        let (queues, agents, calls) = (list("queues"), list("agents"), list("calls"));
        let me = Objects::new("me", base);
        let ends = Ends {
            me: watch::Sender::new(Arc::new(me.clone())),
            queues: watch::Sender::new(queues.now()),
            agents: watch::Sender::new(agents.now()),
            calls: watch::Sender::new(calls.now()),
            today: watch::Sender::new(Today::new()),
            wanted: Notify::new(),
            places: Arc::new(Semaphore::new(SOCKETS)),
        };
        let floor = Self(Arc::new(ends));
        let task = FloorTask {
            floor: floor.clone(),
            told,
            live,
            company,
            clock,
            known: LiveCalls::default(),
            me,
            queues,
            agents,
            calls,
            asked_at: None,
        };
        (floor, task)
    }

    /// Every agent's `me`, up to date.
    pub async fn me(&self) -> watch::Receiver<Arc<Objects<AgentId>>> {
        self.follow(&self.0.me).await
    }

    /// A list by its topic's name, up to date.
    pub async fn list(&self, topic: &str) -> Option<watch::Receiver<Arc<TopicNow>>> {
        let sender = match topic {
            "queues" => &self.0.queues,
            "agents" => &self.0.agents,
            "calls" => &self.0.calls,
            _ => return None,
        };
        Some(self.follow(sender).await)
    }

    /// What nobody followed is not kept up to date: the first reader waits for the task to look.
    async fn follow<T>(&self, sender: &watch::Sender<T>) -> watch::Receiver<T> {
        let fresh = sender.receiver_count() > 0;
        let mut receiver = sender.subscribe();
        if !fresh {
            self.0.wanted.notify_one();
            let _ = tokio::time::timeout(FIRST_LOOK, receiver.changed()).await;
        }
        receiver
    }

    /// Today's counters, for whoever reads the record.
    pub fn set_today(&self, today: Today) {
        self.0.today.send_replace(today);
    }

    /// Whether somebody looks at queues.
    #[must_use]
    pub fn queues_are_followed(&self) -> bool {
        self.0.queues.receiver_count() > 0
    }

    /// Places for sockets.
    #[must_use]
    pub fn places(&self) -> Arc<Semaphore> {
        Arc::clone(&self.0.places)
    }

    fn is_followed(&self) -> bool {
        let Ends {
            me,
            queues,
            agents,
            calls,
            ..
        } = &*self.0;
        me.receiver_count() > 0
            || [queues, agents, calls]
                .iter()
                .any(|list| list.receiver_count() > 0)
    }
}

/// The writing end.
#[derive(Debug)]
pub struct FloorTask {
    floor: Floor,
    told: broadcast::Receiver<Arc<Told>>,
    live: LiveState,
    company: watch::Receiver<Arc<CompanyView>>,
    clock: Clock,
    known: LiveCalls,
    me: Objects<AgentId>,
    queues: Topic,
    agents: Topic,
    calls: Topic,
    asked_at: Option<Timestamp>,
}

impl FloorTask {
    /// Runs until the journal is closed.
    pub async fn run(mut self) {
        loop {
            let pace = if self.floor.is_followed() { STEP } else { REST };
            let wanted = tokio::select! {
                () = tokio::time::sleep(pace) => false,
                () = self.floor.0.wanted.notified() => true,
            };
            let Some(news) = self.hear().await else {
                return;
            };
            let now = self.clock.now();
            let due = self
                .asked_at
                .is_none_or(|last| now.since(last) >= ASKED_EVERY);
            if !self.floor.is_followed() {
                self.tidy(now).await;
            } else if news || due || wanted {
                self.show(now).await;
            }
        }
    }

    /// What the log has told since; none when it is closed.
    async fn hear(&mut self) -> Option<bool> {
        let mut news = false;
        loop {
            match self.told.try_recv() {
                Ok(told) => {
                    news |= self
                        .known
                        .told(told.at, &told.event, told.personal.as_ref());
                }
                Err(TryRecvError::Lagged(lines)) => {
                    tracing::warn!(lines, "the live picture missed lines of the log");
                    self.missed().await;
                    news = true;
                }
                Err(TryRecvError::Empty) => return Some(news),
                Err(TryRecvError::Closed) => return None,
            }
        }
    }

    /// Calls that nobody knows of are taken for over.
    async fn missed(&mut self) {
        let (Ok(view), Ok(queues)) = (self.live.floor().await, self.live.queues().await) else {
            return;
        };
        let mut there = items::busy_with(&view.agents);
        let waiting = queues.iter().flat_map(|queue| &queue.waiting);
        there.extend(waiting.map(|caller| caller.interaction));
        self.known.missed_lines(&there);
    }

    async fn tidy(&mut self, now: Timestamp) {
        if self.known.is_over_for_some(now)
            && let Ok(view) = self.live.floor().await
        {
            self.known.forget_over(&items::busy_with(&view.agents), now);
        }
    }

    /// Asks for the moment and tells what has changed. While the task is busy the picture stays as it was.
    async fn show(&mut self, now: Timestamp) {
        self.asked_at = Some(now);
        let Ok(view) = self.live.floor().await else {
            return;
        };
        self.known.forget_over(&items::busy_with(&view.agents), now);
        let company = Arc::clone(&self.company.borrow_and_update());
        let moment = Moment {
            company: &company,
            view: &view,
            calls: &self.known,
        };
        let ends = &self.floor.0;
        if ends.me.receiver_count() > 0 && self.me.update(&moment.me()) {
            ends.me.send_replace(Arc::new(self.me.clone()));
        }
        if ends.agents.receiver_count() > 0 && self.agents.is_due(now) {
            tell(&ends.agents, self.agents.update(moment.agents(), now));
        }
        if ends.calls.receiver_count() > 0 && self.calls.is_due(now) {
            tell(&ends.calls, self.calls.update(moment.calls(), now));
        }
        if ends.queues.receiver_count() > 0 && self.queues.is_due(now) {
            let Ok(lines) = self.live.queues().await else {
                return;
            };
            let Ok(waits) = self.live.waits().await else {
                return;
            };
            let today = ends.today.borrow().clone();
            let items = items::queues(&company, &view.agents, (&lines, &waits), &today);
            tell(&ends.queues, self.queues.update(items, now));
        }
    }
}

fn tell(list: &watch::Sender<Arc<TopicNow>>, news: Option<Arc<TopicNow>>) {
    if let Some(news) = news {
        list.send_replace(news);
    }
}
