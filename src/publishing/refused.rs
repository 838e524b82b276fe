//! Why nothing was published.
//!
//! **Owns**: [`Refused`] and its words: what is wrong and what to do. **Must not know**: HTTP.

use crate::flows::gate::Report;
use recordings::StoreError;
use recordings::store::flow_drafts::FlowDraft;
use recordings::store::flows::{FlowAlias, FlowCanary};
use std::path::PathBuf;

/// Why not. Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The folder is the master.
    #[error(
        "Flows are edited in files here: change them in {} and save; the next call takes them. `master = \"database\"` \
         under [flows] of the settings makes the API the place to change them", .0.display()
    )]
    Files(PathBuf),
    /// No flow of this name.
    #[error("There is no such flow")]
    NoFlow,
    /// No version of this number.
    #[error("The flow has no such version; `GET /flows/NAME/versions` lists those it has")]
    NoVersion,
    /// Nothing was saved.
    #[error("The flow has no draft: save one with `PUT /flows/NAME/draft`, or send the text along")]
    NoDraft,
    /// Somebody else was first.
    #[error("{}", stale(.0.as_ref()))]
    Stale(Option<FlowAlias>),
    /// Somebody else saved the draft.
    #[error("{}", other_draft(.0.as_deref()))]
    OtherDraft(Option<Box<FlowDraft>>),
    /// The text or its tests are wrong.
    #[error("This cannot be published: {}. `report` says where and what to write instead", .0.summary())]
    Broken(Box<Report>),
    /// It has warnings.
    #[error("{}: mend them, or say in `accept_warnings` why they are meant", .0.summary())]
    Warnings(Box<Report>),
    /// A version is on trial.
    #[error(
        "Version {} is on trial with {} % of the calls: promote it or roll it back first", .0.version, .0.percent
    )]
    CanaryRuns(FlowCanary),
    /// None is.
    #[error("No version is on trial, so there is nothing to promote")]
    NoCanary,
    /// A trial needs a version beside it.
    #[error(
        "The first version of a flow cannot be a canary: there is nothing for the other calls. Leave `canary` out"
    )]
    NothingBeside,
    /// The present version was the first.
    #[error(
        "The present version is the first one: there is nothing to go back to. Name a version with `to`"
    )]
    NothingBefore,
    /// The time of a plan.
    #[error("`at` lies in the past, or more than a year ahead: choose a time to come")]
    NoTime,
    /// No plan.
    #[error("Nothing is planned for this flow")]
    NoPlan,
    /// The plan was taken away while it was carried out.
    #[error("The plan was taken away, or made anew")]
    OtherPlan,
    /// Whoever planned may not publish any more.
    #[error("{0}, who planned it, may not publish flows any more")]
    NoRight(String),
    /// `live` has its own way.
    #[error("`live` is moved by publish, promote and rollback alone")]
    LiveIsPublished,
    /// A name that cannot stand in a file name or a path.
    #[error("Names of flows and aliases are 1 to 64 small letters, digits, `-` or `_`")]
    Name,
    /// The database.
    #[error("the database failed: {0}")]
    Store(#[from] StoreError),
    /// Our fault.
    #[error("publishing died: {0}")]
    Died(String),
}

fn stale(live: Option<&FlowAlias>) -> String {
    match live {
        Some(live) => format!(
            "Somebody else was first: version {} is live, moved by {}. Look at `GET /flows/{}/versions/{}`, bring your \
             change in there, and send `base`: {}",
            live.version, live.moved_by, live.flow, live.version, live.version
        ),
        None => {
            "No version of this flow is live: leave `base` out to publish its first one".to_owned()
        }
    }
}

fn other_draft(draft: Option<&FlowDraft>) -> String {
    match draft {
        Some(draft) => format!(
            "Somebody else saved this draft: it is at revision {} by {}. Look at `GET /flows/{}/draft`, bring your change \
             in there, and send `revision`: {}",
            draft.revision, draft.author, draft.flow, draft.revision
        ),
        None => "This draft was published or never saved: leave `revision` out to begin a new one"
            .to_owned(),
    }
}
