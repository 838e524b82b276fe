//! The step `http`: what is asked of a server outside, and where each answer leads.
//!
//! **Owns**: [`Http`], which of its exits holds.
//! **Must not know**: how a server is reached; what a secret is.

use std::time::Duration;

use super::{Call, ExitName, Exits, Given, Name, Saying, Target};
use crate::expression::{Expression, Template};
use crate::port::HttpMethod;

#[derive(Clone, Debug)]
pub(crate) struct Http {
    pub(crate) method: HttpMethod,
    /// Scheme, host and port are fixed; values stand behind them.
    pub(crate) url: Template,
    pub(crate) headers: Vec<(String, Template)>,
    pub(crate) body: Option<Given>,
    pub(crate) secret: Option<SecretUse>,
    /// Of one try.
    pub(crate) timeout: Duration,
    /// Tries after the first.
    pub(crate) retries: u32,
    /// The variable that gets the answer.
    pub(crate) into: Option<Name>,
    /// Heard while it takes long.
    pub(crate) filler: Vec<Saying>,
    pub(crate) exits: Exits,
    /// The answer is steps, which are gone through as another flow is (`remote`); none: it is a value (`http`).
    pub(crate) remote: Option<Box<Call>>,
}

/// A secret that is sent: named only.
#[derive(Clone, Debug)]
pub(crate) struct SecretUse {
    pub(crate) name: Name,
    /// None: `Authorization: Bearer …`.
    pub(crate) header: Option<String>,
}

impl Http {
    /// Everything that goes wrong with it.
    pub(crate) fn failures(&self) -> &'static [ExitName] {
        if self.remote.is_some() {
            &[ExitName::Timeout, ExitName::Invalid]
        } else {
            &Self::FAILURES
        }
    }

    const FAILURES: [ExitName; 5] = [
        ExitName::NotFound,
        ExitName::ClientError,
        ExitName::ServerError,
        ExitName::Timeout,
        ExitName::Error,
    ];

    /// Where a failure leads: each exit falls back to `error` of the same place, and a `timeout` that is inherited is
    /// meant for queues.
    pub(crate) fn exit<'f>(&'f self, inherited: &'f Exits, exit: ExitName) -> Option<&'f Target> {
        self.way(inherited, exit).map(|(_, _, target)| target)
    }

    /// The same, with which of the places has it, its own (0) or the inherited (1), and the word that stands there.
    pub(crate) fn way<'f>(
        &'f self,
        inherited: &'f Exits,
        exit: ExitName,
    ) -> Option<(usize, ExitName, &'f Target)> {
        let error = ExitName::Error;
        let meant = if exit == ExitName::Timeout {
            error
        } else {
            exit
        };
        [
            (0, exit, self.exits.get(&exit)),
            (0, error, self.exits.get(&error)),
            (1, meant, inherited.get(&meant)),
            (1, error, inherited.get(&error)),
        ]
        .into_iter()
        .find_map(|(place, word, target)| Some((place, word, target?)))
    }

    /// Whether the flow says what this very failure means.
    pub(crate) fn has_word(&self, inherited: &Exits, exit: ExitName) -> bool {
        let nearer = self.exits.contains_key(&ExitName::Error) || exit == ExitName::Timeout;
        let from_above = !nearer && inherited.contains_key(&exit);
        exit != ExitName::Error && (self.exits.contains_key(&exit) || from_above)
    }

    /// Every expression of the step.
    pub(crate) fn expressions(&self) -> Vec<&Expression> {
        let headers = self
            .headers
            .iter()
            .flat_map(|(_, value)| value.expressions());
        let body = self.body.iter().flat_map(Given::expressions);
        self.url.expressions().chain(headers).chain(body).collect()
    }
}
