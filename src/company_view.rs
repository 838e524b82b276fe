//! The company as live calls see it: everything a new call or an offer needs, in one immutable value.
//!
//! **Owns**: lookups by number, extension and id. Replaced whole when the company file is saved, through a watch
//! channel, so that every task sees one consistent company.

use crate::call::port::KnownQueue;
use crate::config::settings::{Limits, RecordPolicy};
use crate::config::{Company, Ids, Outbound, Thresholds};
use crate::number;
use router::id::{AgentId, QueueId};
use router::{PhoneNumber, Private, RoutingCompany};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One consistent company.
#[derive(Clone, Debug)]
pub struct CompanyView {
    /// The company file's content.
    pub company: Company,
    /// As the Distributor sees it.
    pub routing: RoutingCompany,
    /// Queues by name.
    pub queues: Arc<BTreeMap<String, KnownQueue>>,
    /// How much we take at once.
    pub limits: Limits,
    ids: Ids,
    country: Option<String>,
    record: RecordPolicy,
}

impl CompanyView {
    /// Joins the company with the ids that the store keeps for its names.
    #[must_use]
    pub fn new(
        company: Company,
        ids: Ids,
        limits: Limits,
        country: Option<String>,
        record: RecordPolicy,
    ) -> Self {
        Self {
            routing: company.routing(&ids),
            queues: Arc::new(known_queues(&company, &ids)),
            company,
            limits,
            ids,
            country,
            record,
        }
    }

    /// The same view over a company file that was saved again.
    #[must_use]
    pub fn with_company(&self, company: Company, ids: Ids) -> Self {
        Self::new(company, ids, self.limits, self.country.clone(), self.record)
    }

    /// Our number that was dialled, and its flow.
    #[must_use]
    pub fn flow_for(&self, request_user: &str, to_user: &str) -> Option<(PhoneNumber, String)> {
        let number = self
            .company
            .dialed(request_user, to_user, self.country.as_deref())?;
        Some((number.number.clone(), number.flow.clone()))
    }

    /// The same for a call of this trunk to the account that we registered: its own number, when the call names none.
    #[must_use]
    pub fn flow_of_account(&self, trunk: &str, user: &str) -> Option<(PhoneNumber, String)> {
        let mut trunks = self.company.trunks.iter();
        let register = trunks
            .find(|known| known.name == trunk)?
            .register
            .as_ref()?;
        let wanted = &register.number.as_ref()?.value;
        let mut numbers = self.company.numbers.iter();
        let number = numbers.find(|known| known.number == *wanted && register.user() == user)?;
        Some((number.number.clone(), number.flow.clone()))
    }

    /// A number as people write it, in its one form; none when it is no number.
    #[must_use]
    pub fn normalise(&self, user: &str) -> Option<PhoneNumber> {
        number::normalise(user, self.country.as_deref())
    }

    /// The number in a user part that SIP handed on, in its one form; none when withheld.
    #[must_use]
    pub fn number_of_user(&self, user: &str) -> Option<PhoneNumber> {
        number::normalise_user(user, self.country.as_deref())
    }

    /// The agent whose phone this is.
    #[must_use]
    pub fn agent_at(&self, extension: &str) -> Option<AgentId> {
        let agent = self.company.agent_by_extension(extension)?;
        self.ids.agents.get(&agent.login).copied()
    }

    /// An agent's name, as people see it.
    #[must_use]
    pub fn agent_name(&self, extension: &str) -> Option<Private<String>> {
        let agent = self.company.agent_by_extension(extension)?;
        Some(agent.name.clone())
    }

    /// Whether what a phone dialled is a public number, which is none of ours: longer than any extension, or in its
    /// international form.
    #[must_use]
    pub fn is_outside(&self, dialled: &str) -> bool {
        self.number_of_user(dialled).is_some_and(|number| {
            let digits = number.reveal();
            digits.starts_with('+') || digits.len() > number::LONGEST_EXTENSION
        })
    }

    /// The trunks through which agents may call this number, with their rules, in the order to try them: the longest
    /// fitting prefix first, then as in the file. Short numbers and premium rates never go out.
    #[must_use]
    pub fn ways_out(&self, number: &PhoneNumber) -> Vec<(&str, &Outbound)> {
        if !number.reveal().starts_with('+') || number::is_premium(number) {
            return Vec::new();
        }
        let fitting = self.company.trunks.iter().filter_map(|trunk| {
            let outbound = trunk.outbound.as_ref()?;
            Some((outbound.fits(number)?, trunk.name.as_str(), outbound))
        });
        let mut ways: Vec<_> = fitting.collect();
        ways.sort_by_key(|(length, ..)| std::cmp::Reverse(*length));
        ways.into_iter()
            .map(|(_, name, outbound)| (name, outbound))
            .collect()
    }

    /// An agent's phone.
    #[must_use]
    pub fn extension_of(&self, agent: AgentId) -> Option<String> {
        let login = &self.routing.agents.get(&agent)?.login;
        self.company
            .agents
            .iter()
            .find(|known| &known.login == login)
            .map(|known| known.extension.clone())
    }

    /// A queue's present name.
    #[must_use]
    pub fn queue_name(&self, queue: QueueId) -> Option<String> {
        self.routing
            .queues
            .get(&queue)
            .map(|known| known.name.clone())
    }

    /// From where on the floor says that somebody has to look at a queue, or act.
    #[must_use]
    pub fn thresholds_of(&self, queue: QueueId) -> Thresholds {
        let name = self.queue_name(queue);
        let known = name.and_then(|name| self.company.queue(&name));
        known.map_or_else(Thresholds::default, |queue| queue.thresholds)
    }

    /// What a queue says about recording, if it says anything.
    #[must_use]
    pub fn record_in(&self, queue: QueueId) -> Option<RecordPolicy> {
        let name = self.queue_name(queue)?;
        self.company.queue(&name)?.record
    }

    /// The rule about recording calls by this trunk, when the queue says nothing.
    #[must_use]
    pub fn record_by(&self, trunk: Option<&str>) -> RecordPolicy {
        let by_trunk = trunk
            .and_then(|name| self.company.trunks.iter().find(|known| known.name == name))
            .and_then(|known| known.record);
        by_trunk.unwrap_or(self.record)
    }
}

/// What a call needs of each queue. `music = "hold"` means the file `hold.wav`.
fn known_queues(company: &Company, ids: &Ids) -> BTreeMap<String, KnownQueue> {
    let known = company.queues.iter().filter_map(|queue| {
        let file = |name: &String| {
            if name.ends_with(".wav") {
                name.clone()
            } else {
                format!("{name}.wav")
            }
        };
        let known = KnownQueue {
            id: *ids.queues.get(&queue.name)?,
            music: queue.music.as_ref().map(file),
            voicemail_prompt: queue.voicemail_prompt.as_ref().map(file),
        };
        Some((queue.name.clone(), known))
    });
    known.collect()
}
