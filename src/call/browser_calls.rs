//! Which interaction a browser's customer began last, by the name that its phone was given.
//!
//! **Owns**: [`BrowserCalls`], bounded, in memory. **Must not know**: whose name it is; `api::phones` does.

use router::id::InteractionId;
use std::collections::{HashMap, VecDeque};

/// Names at most; the one that called longest ago goes.
const NAMES: usize = 1_024;

/// The registry's own.
#[derive(Debug, Default)]
pub struct BrowserCalls {
    last: HashMap<String, InteractionId>,
    order: VecDeque<String>,
}

impl BrowserCalls {
    /// The call of this name began.
    pub fn began(&mut self, name: &str, interaction: InteractionId) {
        self.order.retain(|other| other != name);
        self.order.push_back(name.to_owned());
        self.last.insert(name.to_owned(), interaction);
        if self.order.len() > NAMES
            && let Some(oldest) = self.order.pop_front()
        {
            self.last.remove(&oldest);
        }
    }

    /// The call that one of these names began last.
    #[must_use]
    pub fn last_of(&self, names: &[String]) -> Option<InteractionId> {
        let newest = self.order.iter().rev().find(|name| names.contains(name));
        self.last.get(newest?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_call_counts_and_old_names_are_forgotten() {
        let mut calls = BrowserCalls::default();
        let id = InteractionId::from_number;
        calls.began("a", id(1));
        calls.began("b", id(2));
        calls.began("a", id(3));
        let last = |calls: &BrowserCalls, names: &[&str]| {
            calls.last_of(
                &names
                    .iter()
                    .map(|&name| name.to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(last(&calls, &["a"]), Some(id(3)));
        assert_eq!(last(&calls, &["b"]), Some(id(2)));
        assert_eq!(last(&calls, &["b", "a", "nobody"]), Some(id(3)));
        assert_eq!(last(&calls, &[]), None);
        for n in 0..NAMES - 1 {
            calls.began(&format!("name-{n}"), id(9));
        }
        assert_eq!(last(&calls, &["a"]), Some(id(3)));
        assert_eq!(last(&calls, &["b"]), None);
    }
}
