//! The documented ways out of steps.
//!
//! **Owns**: their names, which step has which, and which word wins. **Must not know**: when one is taken.

use std::collections::BTreeMap;

use super::Target;

pub(crate) type Exits = BTreeMap<ExitName, Target>;

/// The documented ways out of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ExitName {
    Answered,
    Timeout,
    Full,
    Closed,
    NoAgents,
    Open,
    Holiday,
    Interrupted,
    Exhausted,
    ExhaustedSilence,
    ExhaustedWrong,
    NotFound,
    ClientError,
    ServerError,
    Recorded,
    TooShort,
    Skipped,
    Granted,
    Denied,
    NoAnswer,
    Busy,
    Failed,
    Done,
    Accepted,
    Declined,
    InvalidNumber,
    Paid,
    Abandoned,
    Unavailable,
    Invalid,
    Error,
    Hangup,
}

impl ExitName {
    pub(crate) const PLAY: &[Self] = &[Self::Interrupted, Self::Error, Self::Hangup];
    pub(crate) const MENU: &[Self] = &[
        Self::Exhausted,
        Self::ExhaustedSilence,
        Self::ExhaustedWrong,
        Self::Error,
        Self::Hangup,
    ];
    pub(crate) const QUEUE: &[Self] = &[
        Self::Answered,
        Self::Timeout,
        Self::Full,
        Self::Closed,
        Self::NoAgents,
        Self::Error,
        Self::Hangup,
    ];
    pub(crate) const HOURS: &[Self] = &[
        Self::Open,
        Self::Closed,
        Self::Holiday,
        Self::Error,
        Self::Hangup,
    ];
    pub(crate) const CUSTOMER: &[Self] =
        &[Self::NotFound, Self::Timeout, Self::Error, Self::Hangup];
    pub(crate) const HTTP: &[Self] = &[
        Self::NotFound,
        Self::ClientError,
        Self::ServerError,
        Self::Timeout,
        Self::Error,
        Self::Hangup,
    ];
    pub(crate) const CALL: &[Self] = &[Self::Error, Self::Hangup];
    pub(crate) const REMOTE: &[Self] = &[Self::Timeout, Self::Invalid, Self::Error, Self::Hangup];
    pub(crate) const VOICEMAIL: &[Self] =
        &[Self::Recorded, Self::TooShort, Self::Error, Self::Hangup];
    pub(crate) const SURVEY: &[Self] = &[Self::Skipped, Self::Error, Self::Hangup];
    pub(crate) const CONSENT: &[Self] = &[Self::Granted, Self::Denied, Self::Error, Self::Hangup];
    pub(crate) const TRANSFER: &[Self] = &[
        Self::NoAnswer,
        Self::Busy,
        Self::Failed,
        Self::Done,
        Self::Error,
        Self::Hangup,
    ];
    pub(crate) const CALLBACK: &[Self] = &[
        Self::Accepted,
        Self::Declined,
        Self::InvalidNumber,
        Self::Unavailable,
        Self::Error,
        Self::Hangup,
    ];
    pub(crate) const PAY: &[Self] = &[
        Self::Paid,
        Self::Declined,
        Self::Abandoned,
        Self::Unavailable,
        Self::Error,
        Self::Hangup,
    ];
    pub(crate) const ALL: &[Self] = &[
        Self::Answered,
        Self::Timeout,
        Self::Full,
        Self::Closed,
        Self::NoAgents,
        Self::Open,
        Self::Holiday,
        Self::Interrupted,
        Self::Exhausted,
        Self::ExhaustedSilence,
        Self::ExhaustedWrong,
        Self::NotFound,
        Self::ClientError,
        Self::ServerError,
        Self::Recorded,
        Self::TooShort,
        Self::Skipped,
        Self::Granted,
        Self::Denied,
        Self::NoAnswer,
        Self::Busy,
        Self::Failed,
        Self::Done,
        Self::Error,
        Self::Hangup,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Timeout => "timeout",
            Self::Full => "full",
            Self::Closed => "closed",
            Self::NoAgents => "no_agents",
            Self::Open => "open",
            Self::Holiday => "holiday",
            Self::Interrupted => "interrupted",
            Self::Exhausted => "exhausted",
            Self::ExhaustedSilence => "exhausted_silence",
            Self::ExhaustedWrong => "exhausted_wrong",
            Self::NotFound => "not_found",
            Self::ClientError => "client_error",
            Self::ServerError => "server_error",
            Self::Recorded => "recorded",
            Self::TooShort => "too_short",
            Self::Skipped => "skipped",
            Self::Granted => "granted",
            Self::Denied => "denied",
            Self::NoAnswer => "no_answer",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::Done => "done",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::InvalidNumber => "invalid_number",
            Self::Paid => "paid",
            Self::Abandoned => "abandoned",
            Self::Unavailable => "unavailable",
            Self::Invalid => "invalid",
            Self::Error => "error",
            Self::Hangup => "hangup",
        }
    }
}

/// Finds an exit: the step's own, then its wait's, then the inherited one; an `exhausted_…` is also answered by
/// `exhausted` of the same place, and `holiday` by `closed`, because the nearer word wins.
pub(crate) fn find_exit<'f>(
    places: impl IntoIterator<Item = &'f Exits>,
    exit: ExitName,
) -> Option<&'f Target> {
    find_word(places, exit).map(|(_, _, target)| target)
}

/// The same, with which of the places has it, from 0, and the word that stands there.
pub(crate) fn find_word<'f>(
    places: impl IntoIterator<Item = &'f Exits>,
    exit: ExitName,
) -> Option<(usize, ExitName, &'f Target)> {
    let whole = match exit {
        ExitName::ExhaustedSilence | ExitName::ExhaustedWrong => Some(ExitName::Exhausted),
        ExitName::Holiday => Some(ExitName::Closed),
        _ => None,
    };
    places.into_iter().enumerate().find_map(|(place, exits)| {
        [Some(exit), whole]
            .into_iter()
            .flatten()
            .find_map(|word| Some((place, word, exits.get(&word)?)))
    })
}
