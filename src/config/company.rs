//! The company file as plain values, and what the router and the gateway need of it.
//!
//! **Owns**: [`Company`] and its conversions. **Must not know**: TOML, files, the store's ids (they are handed in).

use super::desk_read::{NotReadyReason, WrapUpCode};
use super::section::At;
use super::settings::{LimitSettings, RecordPolicy};
use super::thresholds::Thresholds;
use crate::number;
use ivr_flows::calendar::Calendar;
use router::company::{RoutingCompany, RoutingSettings, Skills, Strategy, WhenNoAgents, WrapUp};
use router::id::{AgentId, QueueId};
use router::overflow::{Cause, Overflow, Way};
use router::{PhoneNumber, Private, Timestamp};
use sip_gateway::leg::{
    Accounts, Credentials, Device, DigestAlgorithm, Network, Trunk as GatewayTrunk, TrunkRegister,
};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Everything `company.toml` says, checked: every name refers to something, every default is filled in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Company {
    /// Names of the skills.
    pub skills: Vec<String>,
    /// Waiting lines.
    pub queues: Vec<Queue>,
    /// Agents.
    pub agents: Vec<Agent>,
    /// Carriers.
    pub trunks: Vec<Trunk>,
    /// Our numbers and the flows they start.
    pub numbers: Vec<Number>,
    /// `[routing]`.
    pub routing: RoutingSettings,
    /// `[limits]`.
    pub limits: LimitSettings,
    /// What interactions can have been about.
    pub wrap_up_codes: Vec<WrapUpCode>,
    /// Why agents may not be ready; empty: for any reason.
    pub not_ready_reasons: Vec<NotReadyReason>,
    /// Opening hours that flows ask, by name.
    pub calendars: Arc<BTreeMap<String, Calendar>>,
    /// Files of holidays that calendars name, as they stand there.
    pub holiday_files: BTreeSet<String>,
}

/// One `[[queues]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// Unique name.
    pub name: String,
    /// What the router needs of it.
    pub rules: router::company::Queue,
    /// Music while waiting, a prompt's name without ending.
    pub music: Option<String>,
    /// Whether talks are recorded; the settings decide when none.
    pub record: Option<RecordPolicy>,
    /// The agent must say what an interaction was about before ending wrap-up.
    pub needs_wrap_up_code: bool,
    /// From where on the floor says that somebody has to look, or act.
    pub thresholds: Thresholds,
    /// Queues, by name, whose agents each step of the ladder asks too; as long as the ladder of the rules.
    pub ladder_queues: Vec<Vec<String>>,
    /// Queues, by name, to which callers go whom this one does not take or keep.
    pub overflow_queues: BTreeMap<Cause, String>,
    /// What a caller hears before the tone when the queue sends them to its voicemail, a prompt's name without ending.
    pub voicemail_prompt: Option<String>,
}

impl Queue {
    /// As the router sees it. Queues without an id are left out.
    fn routing(&self, ids: &Ids) -> router::company::Queue {
        let mut rules = self.rules.clone();
        for (step, names) in rules.ladder.iter_mut().zip(&self.ladder_queues) {
            let known = names.iter().filter_map(|name| ids.queues.get(name));
            step.queues = known.copied().collect();
        }
        for (cause, name) in &self.overflow_queues {
            if let Some(id) = ids.queues.get(name) {
                rules.overflow = rules.overflow.with(*cause, Way::Queue(*id));
            }
        }
        rules
    }
}

/// One `[[agents]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// Unique log-in name.
    pub login: String,
    /// Name shown to people.
    pub name: Private<String>,
    /// SIP user and digest user name, unique.
    pub extension: String,
    /// SIP password; none only under [`super::PasswordPolicy::FilledByDemo`].
    pub password: Option<Private<String>>,
    /// What the agent can serve, and how well.
    pub skills: Skills,
    /// Queue name -> tier, 1 is asked first.
    pub queues: BTreeMap<String, u8>,
    /// Registered means available.
    pub ready_on_register: bool,
    /// Skills that may be used only before a moment.
    pub licences: BTreeMap<String, Timestamp>,
    /// Queues whose callers are taken first, best first.
    pub prefers: Vec<String>,
    /// Digest algorithm of this agent's phone.
    pub digest: DigestAlgorithm,
}

/// One `[[trunks]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Trunk {
    /// Unique name.
    pub name: String,
    /// Source addresses; its registrar's counts beside them.
    pub from: Vec<Network>,
    /// As whom we register with it.
    pub register: Option<Register>,
    /// Whether calls of this trunk are recorded; the queue or the settings decide when none.
    pub record: Option<RecordPolicy>,
    /// Whom agents may call through it; nobody when none.
    pub outbound: Option<Outbound>,
}

/// `register` of a trunk.
#[derive(Clone, Debug, PartialEq)]
pub struct Register {
    /// `sip:USER@DOMAIN`; the user is often one of our numbers.
    pub uri: Private<String>,
    /// Where REGISTER goes (UDP).
    pub registrar: SocketAddr,
    /// For the carrier's digest challenge.
    pub credentials: Credentials,
    /// Wanted lifetime.
    pub expires: Duration,
    /// The number that a call to our Contact is for, when it names none of ours itself; and where the file says so.
    pub number: Option<At<PhoneNumber>>,
}

/// `outbound` of a trunk.
#[derive(Clone, Debug, PartialEq)]
pub struct Outbound {
    /// Where the carrier takes calls (UDP).
    pub address: SocketAddr,
    /// What the called party is shown.
    pub caller_id: PhoneNumber,
    /// Numbers that begin so may be called: `+` and digits.
    pub prefixes: Vec<String>,
    /// Numbers that begin so may not, whatever the list above says.
    pub denied: Vec<String>,
    /// For the carrier's digest challenge.
    pub credentials: Option<Credentials>,
    /// Calls at once through this trunk.
    pub max_calls: u32,
    /// Calls at once of one agent.
    pub max_calls_per_agent: u32,
}

impl Outbound {
    /// How well this trunk fits a number in its international form: the length of the longest prefix that allows it,
    /// none when it may not be called.
    #[must_use]
    pub fn fits(&self, number: &PhoneNumber) -> Option<usize> {
        let number = number.reveal();
        if self.denied.iter().any(|prefix| number.starts_with(prefix)) {
            return None;
        }
        let allowing = self
            .prefixes
            .iter()
            .filter(|prefix| number.starts_with(*prefix));
        allowing.map(String::len).max()
    }
}

/// One `[[numbers]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    /// Normalised.
    pub number: PhoneNumber,
    /// Name of the flow it starts.
    pub flow: String,
    /// Line of the entry in the company file, for findings about the flow's name.
    pub line: usize,
}

/// The ids that the store keeps for names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids {
    /// Login -> agent.
    pub agents: BTreeMap<String, AgentId>,
    /// Name -> queue.
    pub queues: BTreeMap<String, QueueId>,
}

impl Company {
    /// The company as the router sees it. Agents and queues without an id are left out: make ids for all names
    /// first.
    #[must_use]
    pub fn routing(&self, ids: &Ids) -> RoutingCompany {
        let queues = self
            .queues
            .iter()
            .filter_map(|queue| Some((*ids.queues.get(&queue.name)?, queue.routing(ids))))
            .collect();
        let agents = self
            .agents
            .iter()
            .filter_map(|agent| {
                let tiers = agent
                    .queues
                    .iter()
                    .filter_map(|(name, tier)| Some((*ids.queues.get(name)?, *tier)))
                    .collect();
                let value = router::company::Agent {
                    login: agent.login.clone(),
                    skills: agent.skills.clone(),
                    queues: tiers,
                    ready_on_register: agent.ready_on_register,
                    licences: agent.licences.clone(),
                    prefers: agent
                        .prefers
                        .iter()
                        .filter_map(|name| ids.queues.get(name).copied())
                        .collect(),
                };
                Some((*ids.agents.get(&agent.login)?, value))
            })
            .collect();
        RoutingCompany {
            queues,
            agents,
            settings: self.routing.clone(),
        }
    }

    /// Who may talk to us. Agents without a password, or with an empty one, are left out: nobody is them.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        let devices = self
            .agents
            .iter()
            .filter_map(|agent| {
                let password = agent.password.as_ref()?.reveal();
                (!password.is_empty()).then(|| Device {
                    extension: agent.extension.clone(),
                    password: password.clone(),
                    algorithm: agent.digest,
                })
            })
            .collect();
        let trunks = self
            .trunks
            .iter()
            .map(|trunk| GatewayTrunk {
                register: trunk.register.as_ref().map(|register| TrunkRegister {
                    address_of_record: register.uri.reveal().clone(),
                    registrar: register.registrar,
                    credentials: register.credentials.clone(),
                    expires: register.expires,
                }),
                name: trunk.name.clone(),
                from: trunk.from.clone(),
            })
            .collect();
        Accounts { devices, trunks }
    }

    /// Gives every agent who has none a password.
    pub fn fill_passwords(&mut self, mut make: impl FnMut(&str) -> String) {
        for agent in &mut self.agents {
            if agent.password.is_none() {
                agent.password = Some(Private::new(make(&agent.login)));
            }
        }
    }

    /// Our number that was dialled: the Request-URI's user, else the To header's.
    #[must_use]
    pub fn dialed(
        &self,
        request_user: &str,
        to_user: &str,
        country: Option<&str>,
    ) -> Option<&Number> {
        [request_user, to_user].iter().find_map(|user| {
            self.numbers
                .iter()
                .find(|entry| number::matches(&entry.number, user, country))
        })
    }

    /// The agent with this extension.
    #[must_use]
    pub fn agent_by_extension(&self, extension: &str) -> Option<&Agent> {
        self.agents.iter().find(|a| a.extension == extension)
    }

    /// Whether calls are recorded only of those who agreed: by a trunk, in a queue, or by the settings' own rule.
    #[must_use]
    pub fn needs_consent(&self, rule: RecordPolicy) -> bool {
        let trunks = self.trunks.iter().filter_map(|trunk| trunk.record);
        let queues = self.queues.iter().filter_map(|queue| queue.record);
        let mut all = trunks.chain(queues).chain([rule]);
        all.any(|rule| rule == RecordPolicy::Consent)
    }

    /// Who is configured to serve whom, as the check of flows looks at it.
    #[must_use]
    pub fn staff(&self) -> ivr_flows::Staff {
        let agents = self.agents.iter().map(|agent| ivr_flows::Member {
            queues: agent.queues.keys().cloned().collect(),
            skills: agent.skills.clone(),
        });
        let queues = self.queues.iter();
        ivr_flows::Staff {
            agents: agents.collect(),
            queues: queues
                .map(|queue| (queue.name.clone(), queue.rules.skills.clone()))
                .collect(),
        }
    }

    /// Whom flows may call outside queues.
    #[must_use]
    pub fn callable(&self) -> ivr_flows::Callable {
        let out = self
            .trunks
            .iter()
            .filter_map(|trunk| trunk.outbound.as_ref());
        let agents = self.agents.iter();
        ivr_flows::Callable {
            extensions: agents.map(|agent| agent.extension.clone()).collect(),
            trunks: out
                .map(|out| (out.prefixes.clone(), out.denied.clone()))
                .collect(),
        }
    }

    /// The queue of this name.
    #[must_use]
    pub fn queue(&self, name: &str) -> Option<&Queue> {
        self.queues.iter().find(|q| q.name == name)
    }
}

/// A queue's rules with every default.
pub(super) fn default_rules(name: String) -> router::company::Queue {
    router::company::Queue {
        name,
        skills: Skills::new(),
        any_of: Vec::new(),
        max_tier: None,
        ladder: Vec::new(),
        last_agent: None,
        strategy: Strategy::LongestIdle,
        head_start: Duration::ZERO,
        class: 1,
        promote_after: router::company::promote_after(),
        ring_timeout: Duration::from_secs(20),
        wrap_up: WrapUp::Timed(Duration::from_secs(10)),
        wrap_up_cap: Duration::from_secs(600),
        wrap_up_extend: router::company::extend_by(),
        wrap_up_extensions: router::company::extensions(),
        max_wait: Duration::from_secs(600),
        max_length: 200,
        when_no_agents: WhenNoAgents::Wait,
        overflow: Overflow::default(),
        short_abandon: Duration::from_secs(5),
        service_level: Duration::from_secs(20),
    }
}
