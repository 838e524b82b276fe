//! The flows as calls see them, whichever is their master: a folder of files, or the versions in the database.
//!
//! **Owns**: [`FlowLibrary`]: which version a call that begins now stays on, and which versions live calls are on.
//! **Must not**: interpret flows, know SQL; `publishing.rs` moves versions here once they are written down.

pub mod canary;
pub mod coverage;
mod drafts;
mod folder;
pub mod gate;
mod linked;
mod pins;
mod published;
pub mod traffic;

pub use drafts::HeldDraft;
pub use pins::InUse;
pub use published::Pointed;

use crate::call::machine::said;
use drafts::Drafts;
use folder::Folder;
use ivr_flows::calendar::ClosedByHand;
use ivr_flows::{Catalog, Finding, Flow};
use linked::LastSet;
use pins::Pins;
use published::Published;
use recordings::store::calendar_closures::CalendarClosure;
use router::id::InteractionId;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a flow file's name ends with.
pub const ENDING: &str = ".flow.yaml";
/// What a file of tests ends with.
pub const TESTS: &str = ".test.yaml";
/// The alias that a number means when it names a flow alone.
pub const LIVE: &str = recordings::store::flows::LIVE;

/// What a browser's phone dials for the draft that is held for it.
pub const DRAFT: &str = "draft";

/// The finding for a queue or a skill that the company does not have.
const LOST: &str = "F004";

/// All flows that calls may take.
#[derive(Debug)]
pub struct FlowLibrary {
    source: Source,
    pins: Pins,
    /// Of the flows that call others, by what numbers name.
    sets: Mutex<HashMap<String, LastSet>>,
    closed: Mutex<Arc<BTreeMap<String, ClosedByHand>>>,
    drafts: Drafts,
}

/// Which set a call gets of a flow.
type Choose =
    fn(&mut LastSet, &Arc<Flow>, &mut dyn FnMut(&str) -> Option<Arc<Flow>>) -> Option<Arc<Flow>>;

#[derive(Debug)]
enum Source {
    Folder(Folder),
    Published(Published),
}

/// A number's flow and alias: `support` is `support@live`.
#[must_use]
pub fn aliased(wanted: &str) -> (&str, &str) {
    wanted.split_once('@').unwrap_or((wanted, LIVE))
}

impl FlowLibrary {
    /// Files mode: a library over `folder`; nothing is read yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self::over(Source::Folder(Folder::new(folder)))
    }

    /// Database mode: nothing is there before [`FlowLibrary::point`].
    #[must_use]
    pub fn of_versions() -> Self {
        Self::over(Source::Published(Published::default()))
    }

    fn over(source: Source) -> Self {
        Self {
            source,
            pins: Pins::default(),
            sets: Mutex::default(),
            closed: Mutex::default(),
            drafts: Drafts::default(),
        }
    }

    /// Calendars that are closed by hand, for a call that begins now. Those whose time has passed may be among them.
    #[must_use]
    pub fn closed(&self) -> Arc<BTreeMap<String, ClosedByHand>> {
        Arc::clone(&lock(&self.closed))
    }

    /// From the next call on this closing counts.
    pub fn take_closure(&self, closure: &CalendarClosure) {
        let closed = ClosedByHand {
            until: closure.until.0.millis(),
            message: closure.message.clone().map(said),
        };
        self.close(&closure.calendar, Some(closed));
    }

    /// From the next call on this calendar is closed by hand, or, with none, as its hours say.
    pub fn close(&self, calendar: &str, closed: Option<ClosedByHand>) {
        let mut all = lock(&self.closed);
        let mut next = BTreeMap::clone(&all);
        match closed {
            Some(closed) => next.insert(calendar.to_owned(), closed),
            None => next.remove(calendar),
        };
        *all = Arc::new(next);
    }

    /// Database mode: the alias of a flow points so from now on. Without effect in files mode.
    pub fn point(&self, flow: &str, alias: &str, at: Pointed) {
        if let Source::Published(published) = &self.source {
            published.point(flow, alias, at);
        }
    }

    /// Database mode: where an alias points.
    #[must_use]
    pub fn pointed(&self, flow: &str, alias: &str) -> Option<Pointed> {
        match &self.source {
            Source::Folder(_) => None,
            Source::Published(published) => published.pointed(flow, alias),
        }
    }

    /// From now on flows are judged against these names: in files mode, a file that names anything else is refused when
    /// it is saved, and files that were refused before are looked at again.
    pub fn set_names(&self, names: Catalog) {
        match &self.source {
            Source::Folder(folder) => folder.set_names(names),
            Source::Published(published) => published.set_names(names),
        }
    }

    /// What the versions that calls take would lose with these names: each place that names something which is gone. A
    /// flow whose file already fits the new names loses nothing.
    #[must_use]
    pub fn would_lose(&self, names: &Catalog) -> Vec<Finding> {
        match &self.source {
            Source::Folder(folder) => folder.would_lose(names),
            Source::Published(published) => published.would_lose(names),
        }
    }

    /// The versions that calls may take, in order of name.
    #[must_use]
    pub fn live(&self) -> Vec<Arc<Flow>> {
        match &self.source {
            Source::Folder(folder) => folder.live(),
            Source::Published(published) => published.live(),
        }
    }

    /// The version that calls take by this name or `NAME@ALIAS`, a canary apart, with the flows that it calls; none
    /// when there is none. In files mode one `stat` a flow, and a read only when the file was saved since.
    pub fn current(&self, wanted: &str) -> Option<Arc<Flow>> {
        let flow = self.alone(wanted)?;
        self.with_called(wanted, &flow, LastSet::of)
    }

    /// The version that a call beginning now stays on, with the flows that it calls.
    pub fn for_call(&self, wanted: &str, interaction: InteractionId) -> Option<Arc<Flow>> {
        if let Source::Published(published) = &self.source {
            let (name, alias) = aliased(wanted);
            let at = published.pointed(name, alias)?;
            let flow = at.of_call(interaction);
            // What is on trial has a set of its own.
            if !Arc::ptr_eq(&flow, &at.main)
                && let Some(set) =
                    self.with_called(&format!("{wanted} on trial"), &flow, LastSet::of_trial)
            {
                return Some(set);
            }
        }
        self.current(wanted)
    }

    /// One flow without those that it calls.
    fn alone(&self, wanted: &str) -> Option<Arc<Flow>> {
        let (name, alias) = aliased(wanted);
        match &self.source {
            Source::Folder(folder) => (alias == LIVE).then(|| folder.current(name)).flatten(),
            Source::Published(published) => published.pointed(name, alias).map(|at| at.main),
        }
    }

    /// What calls take now of each flow without those that it calls, a canary and aliases beside `live` apart.
    #[must_use]
    pub fn each_alone(&self) -> Vec<Arc<Flow>> {
        let names = self.names().into_iter();
        names
            .filter(|name| !name.contains('@'))
            .filter_map(|name| self.alone(&name))
            .collect()
    }

    /// The flow with those that it calls: of each the version that is live, a canary apart.
    fn with_called(&self, key: &str, flow: &Arc<Flow>, of: Choose) -> Option<Arc<Flow>> {
        if flow.called().is_empty() {
            return Some(Arc::clone(flow));
        }
        let mut sets = lock(&self.sets);
        let last = sets.entry(key.to_owned()).or_default();
        of(last, flow, &mut |name| self.alone(name))
    }

    /// Looks at every flow file, so that a broken one is told when it is saved rather than at the next call.
    pub fn refresh(&self) {
        if let Source::Folder(folder) = &self.source {
            folder.refresh();
        }
    }

    /// What numbers may name, sorted: flows, and `NAME@ALIAS` for aliases beside `live`.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        match &self.source {
            Source::Folder(folder) => folder.names(),
            Source::Published(published) => published.names(),
        }
    }

    /// Files mode: the text of a flow's file and of its tests as they lie there now.
    #[must_use]
    pub fn texts(&self, name: &str) -> Option<(String, Option<String>)> {
        match &self.source {
            Source::Folder(folder) => folder.texts(name),
            Source::Published(_) => None,
        }
    }

    /// Whoever calls by this name of a browser's phone may call the draft, instead of the one that it had.
    pub fn hold_draft(&self, login: String, draft: HeldDraft) {
        self.drafts.hold(login, draft);
    }

    /// The draft that this name of a browser's phone may call.
    #[must_use]
    pub fn draft_of(&self, login: &str) -> Option<HeldDraft> {
        self.drafts.of(login)
    }

    /// A call began on this version, and stays on it.
    pub fn pin(&self, interaction: InteractionId, flow: &Flow) {
        self.pins.pin(interaction, flow);
    }

    /// A call is over.
    pub fn unpin(&self, interaction: InteractionId) {
        self.pins.unpin(interaction);
    }

    /// Which versions of a flow live calls are on.
    #[must_use]
    pub fn in_use(&self, flow: &str) -> Vec<InUse> {
        self.pins.of(flow)
    }
}

/// What a flow loses when names change; what is missing already is no loss.
fn lost(flow: &Flow, now: Option<&Catalog>, names: &Catalog) -> Vec<Finding> {
    let missing = |names: &Catalog| -> Vec<Finding> {
        let findings = ivr_flows::check(flow, Some(names)).into_iter();
        findings.filter(|finding| finding.code == LOST).collect()
    };
    let before = now.map(missing).unwrap_or_default();
    let mut after = missing(names);
    after.retain(|finding| !before.contains(finding));
    after
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
