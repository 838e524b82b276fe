//! Calls that came in and are not answered yet, by their source, and the INVITEs whose transactions live.
//!
//! **Owns**: the count behind the per-source limit; the recognition of one INVITE that reaches us twice over
//! different paths (RFC 3261 8.2.2.2). **Must not know**: legs.

use crate::sip::message::Request;
use crate::sip::transaction::TransactionId;
use std::collections::HashMap;
use std::net::IpAddr;

/// Call-ID, From tag, CSeq: what a forked INVITE keeps on all its paths.
type Origin = (String, String, u32);

#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    by_source: HashMap<IpAddr, usize>,
    by_origin: HashMap<Origin, TransactionId>,
    origins: HashMap<TransactionId, Origin>,
}

impl Arrivals {
    /// How many calls from here wait for an answer.
    pub(crate) fn waiting_from(&self, source: IpAddr) -> usize {
        self.by_source.get(&source).copied().unwrap_or(0)
    }

    /// Whether another transaction already carries this INVITE.
    pub(crate) fn is_merged(&self, invite: &Request) -> bool {
        origin(invite).is_some_and(|origin| self.by_origin.contains_key(&origin))
    }

    /// A call arrived.
    pub(crate) fn add(&mut self, source: IpAddr, invite: &Request, transaction: TransactionId) {
        *self.by_source.entry(source).or_default() += 1;
        if let Some(origin) = origin(invite) {
            self.origins.insert(transaction, origin.clone());
            self.by_origin.insert(origin, transaction);
        }
    }

    /// It waits no longer.
    pub(crate) fn answered(&mut self, source: IpAddr) {
        if let Some(count) = self.by_source.get_mut(&source) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.by_source.remove(&source);
            }
        }
    }

    /// Its transaction is over.
    pub(crate) fn forget(&mut self, transaction: TransactionId) {
        if let Some(origin) = self.origins.remove(&transaction) {
            self.by_origin.remove(&origin);
        }
    }

    /// Whether nothing is kept.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.by_source.is_empty() && self.by_origin.is_empty() && self.origins.is_empty()
    }
}

fn origin(invite: &Request) -> Option<Origin> {
    let headers = &invite.headers;
    let from = headers.from().ok()?;
    let call_id = headers.call_id().ok()?.to_owned();
    Some((call_id, from.tag()?.to_owned(), headers.cseq().ok()?.number))
}
