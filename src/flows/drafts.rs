//! Drafts that somebody calls with a browser's phone: a text that is nobody else's, for one name of a phone.
//!
//! **Owns**: [`HeldDraft`], bounded, in memory. **Must not know**: whose phone it is, who may; `api::flows` does.

use super::lock;
use ivr_flows::Flow;
use router::PhoneNumber;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// Held at once at most; the oldest goes.
const MOST: usize = 64;

/// A draft to be called.
#[derive(Clone, Debug)]
pub struct HeldDraft {
    /// What the caller hears as the dialled number.
    pub number: PhoneNumber,
    /// The text, with the flows that it calls.
    pub flow: Arc<Flow>,
}

/// By the names of the phones that may call them.
#[derive(Debug, Default)]
pub(super) struct Drafts(Mutex<VecDeque<(String, HeldDraft)>>);

impl Drafts {
    pub(super) fn hold(&self, login: String, draft: HeldDraft) {
        let mut held = lock(&self.0);
        held.retain(|(other, _)| *other != login);
        held.push_back((login, draft));
        if held.len() > MOST {
            held.pop_front();
        }
    }

    pub(super) fn of(&self, login: &str) -> Option<HeldDraft> {
        let held = lock(&self.0);
        let found = held.iter().find(|(other, _)| other == login);
        found.map(|(_, draft)| draft.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(text: &str) -> HeldDraft {
        let text = format!(
            "flow: 1\nname: {text}\ndefaults: {{ exits: {{ error: start }} }}\n\
             blocks:\n  start:\n    - answer:\n    - hangup:\n"
        );
        let checked = ivr_flows::check_source(&text, "a.flow.yaml", None);
        HeldDraft {
            number: PhoneNumber::from_normalised("9000"),
            flow: Arc::new(checked.flow.unwrap()),
        }
    }

    #[test]
    fn the_newest_are_kept_each_for_its_own_phone() {
        let drafts = Drafts::default();
        drafts.hold("a".to_owned(), draft("one"));
        drafts.hold("a".to_owned(), draft("two"));
        let name = |login: &str| drafts.of(login).map(|draft| draft.flow.name().to_owned());
        assert_eq!(name("a").as_deref(), Some("two"));
        assert_eq!(name("b"), None);
        for n in 0..MOST {
            drafts.hold(format!("other-{n}"), draft("three"));
        }
        assert_eq!(name("a"), None);
        assert_eq!(name("other-0").as_deref(), Some("three"));
    }
}
