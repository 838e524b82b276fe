//! Random worlds: any input at any moment, nonsense included, with the invariants after every one, each decision
//! recomputed from the log by `oracle.rs`, one outcome per waiting, and the same outputs for the same inputs.

use super::acts::{Act, SKILLS, act, calm_act, company_of, pause, wishes_of};
use super::closing::any_closing;
use super::oracle::Oracle;
use super::support::*;
use crate::agent::{AgentState, Reason, Wanted};
use crate::company::{RoutingCompany, Skills, Strategy as Choice};
use crate::distributor::{EntryRequest, Input, LeaveCause, Output};
use crate::id::{AgentId, InteractionId, OfferId, QueueEntryId, QueueId};
use crate::outcome::OfferOutcome;
use crate::overflow::Way;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The same cases at every run.
fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 200,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(20_261_121),
        ..ProptestConfig::default()
    }
}

/// A world under test, with what it needs to turn numbers into ids.
pub(super) struct World {
    pub(super) story: Story,
    oracle: Oracle,
    /// How many asked to wait.
    arrived: u64,
    offers: Vec<OfferId>,
    answered: BTreeMap<AgentId, InteractionId>,
    /// What each waiting asked for.
    asked: BTreeMap<QueueEntryId, EntryRequest>,
    /// How many were sent on to another queue.
    sent_on: u64,
    everything: Vec<Output>,
}

impl World {
    fn new(company: RoutingCompany) -> Self {
        let mut story = Story::new(company.clone());
        story.distributor.log_inputs(story.now);
        Self {
            oracle: Oracle::new(company),
            story,
            arrived: 0,
            offers: Vec::new(),
            answered: BTreeMap::new(),
            asked: BTreeMap::new(),
            sent_on: 0,
            everything: Vec::new(),
        }
    }

    /// As the call does: whom a queue sends on asks the next one.
    fn tell(&mut self, input: Input) {
        if let Input::Enqueue(request) = &input {
            self.asked.insert(request.entry, request.clone());
        }
        self.tell_one(input);
        let said = std::mem::take(&mut self.story.said);
        for output in said {
            if let Output::EntryLeft {
                entry,
                way: Way::Queue(to),
                ..
            } = output
            {
                let mut request = self.asked[&entry].clone();
                let before = std::mem::replace(&mut request.queue, to);
                request.wishes.been.push(before);
                assert!(request.wishes.been.len() < 4, "in a circle");
                request.entry = QueueEntryId::from_number(1_000_000 + self.sent_on);
                self.sent_on += 1;
                self.tell(Input::Enqueue(request));
            }
        }
    }

    fn tell_one(&mut self, input: Input) {
        let from = self.story.log.len();
        if let Input::Configure(company) = &input {
            // What was due before the edit is decided under the old company.
            self.story.tell(Input::Tick);
            self.oracle.read(&self.story, from, self.story.now);
            self.everything.append(&mut self.story.said.clone());
            let from = self.story.log.len();
            self.oracle.edit(company.clone(), self.story.now);
            self.story.tell(input);
            self.oracle.read(&self.story, from, self.story.now);
        } else {
            self.story.tell(input);
            self.oracle.read(&self.story, from, self.story.now);
        }
        for output in &self.story.said {
            match output {
                Output::Offer { offer, .. } => self.offers.push(*offer),
                Output::Accepted {
                    agent, interaction, ..
                } => {
                    self.answered.insert(*agent, *interaction);
                }
                _ => {}
            }
        }
        self.everything.append(&mut self.story.said.clone());
    }

    /// The state as the log tells it is the state as the views show it.
    fn compare(&self) {
        for view in self.story.distributor.agents() {
            assert_eq!(self.oracle.state_of(view.agent), view.state);
        }
        let queues = self.story.distributor.queues();
        let waiting = queues.iter().flat_map(|queue| &queue.waiting);
        let shown: BTreeMap<_, _> = waiting
            .map(|w| (w.entry, !w.offered_to.is_empty()))
            .collect();
        assert_eq!(shown, self.oracle.still_waiting());
        // entered = outcomes + still waiting
        assert_eq!(
            self.oracle.entered,
            self.oracle.outcomes.len() + shown.len()
        );
        if let Some(deadline) = self.story.distributor.next_deadline() {
            assert!(deadline > self.story.now, "nothing due is left over");
        }
    }

    fn recent_entry(&self, back: u64) -> QueueEntryId {
        QueueEntryId::from_number(self.arrived.saturating_sub(back))
    }

    fn recent_offer(&self, back: u64) -> OfferId {
        let index = (self.offers.len() as u64).checked_sub(back + 1);
        let offer = index.and_then(|index| self.offers.get(index as usize).copied());
        offer.unwrap_or(OfferId {
            epoch: 7,
            seq: 999_999,
        })
    }

    fn arrive(
        &mut self,
        (queue, wishes): (u64, u8),
        levels: [u8; 2],
        head_start: u64,
        class: Option<u8>,
    ) -> Input {
        self.arrived += 1;
        let number = self.arrived;
        let asked = SKILLS.iter().zip(levels).filter(|(_, level)| *level > 1);
        let skills: Skills = asked.map(|(s, l)| ((*s).to_owned(), l)).collect();
        let entry = QueueEntryId::from_number(number);
        Input::Enqueue(EntryRequest {
            entry,
            interaction: InteractionId::from_number(number),
            queue: QueueId::from_number(queue),
            skills,
            wishes: wishes_of(wishes),
            head_start: Duration::from_secs(head_start),
            class,
            returning: false,
        })
    }

    fn input(&mut self, act: &Act) -> Input {
        match *act {
            Act::Arrive {
                queue,
                levels,
                head_start,
                class,
                wishes,
            } => self.arrive((queue, wishes), levels, head_start, class),
            Act::Repeat { entry } => {
                // Another waiting of an interaction that may be waiting.
                let interaction = InteractionId::from_number(entry);
                match self.arrive((1, 0), [0, 0], 0, None) {
                    Input::Enqueue(request) => Input::Enqueue(EntryRequest {
                        interaction,
                        ..request
                    }),
                    other => other,
                }
            }
            Act::Leave { entry, cause } => Input::Leave {
                entry: self.recent_entry(entry),
                cause: [
                    LeaveCause::HungUp,
                    LeaveCause::HungUp,
                    LeaveCause::KeyExit,
                    LeaveCause::TimedOut,
                    LeaveCause::Failed,
                ][usize::from(cause)],
            },
            Act::Reprioritise {
                entry,
                class,
                ahead,
            } => Input::Reprioritise {
                entry: self.recent_entry(entry),
                class,
                ahead: ahead.map(secs),
            },
            Act::Answer { offer, epoch } => {
                let mut offer = self.recent_offer(offer);
                offer.epoch = 6 + epoch;
                Input::OfferAnswered { offer }
            }
            Act::Fail { offer, how } => Input::OfferFailed {
                offer: self.recent_offer(offer),
                outcome: [
                    OfferOutcome::Declined,
                    OfferOutcome::Declined,
                    OfferOutcome::NoAnswer,
                    OfferOutcome::NoAnswer,
                    OfferOutcome::Unreachable,
                    OfferOutcome::Accepted,
                    OfferOutcome::CallerLeft,
                    OfferOutcome::Revoked,
                ][usize::from(how)],
            },
            Act::Close {
                queue,
                seconds,
                end,
            } => any_closing(&self.story, queue, seconds, end),
            ref other => self.agent_input(other),
        }
    }

    /// What happens to one agent.
    fn agent_input(&self, act: &Act) -> Input {
        match *act {
            Act::EndTalk { agent } => Input::TalkEnded {
                agent,
                interaction: *self
                    .answered
                    .get(&agent)
                    .unwrap_or(&InteractionId::from_number(0)),
            },
            Act::EndForeignTalk { agent, interaction } => Input::TalkEnded {
                agent,
                interaction: InteractionId::from_number(interaction),
            },
            Act::OwnCall {
                agent,
                begins: true,
            } => Input::OwnCallStarted { agent },
            Act::OwnCall { agent, .. } => Input::OwnCallEnded { agent },
            Act::CallOut { agent, begins } => {
                let interaction = InteractionId::from_number(90);
                if begins {
                    Input::CallOutStarted { agent, interaction }
                } else {
                    Input::CallOutEnded { agent, interaction }
                }
            }
            Act::WrapUp {
                agent,
                extend: None,
            } => Input::EndWrapUp { agent },
            Act::WrapUp {
                agent,
                extend: Some(seconds),
            } => Input::ExtendWrapUp {
                agent,
                by: if seconds == 0 {
                    Duration::MAX
                } else {
                    secs(seconds)
                },
            },
            Act::Phone { agent, how } => match how {
                0 => Input::PhoneGone {
                    agent,
                    by_agent: false,
                },
                1 => Input::PhoneGone {
                    agent,
                    by_agent: true,
                },
                _ => Input::PhoneRegistered { agent },
            },
            Act::Want { agent, what } => Input::SetState {
                agent,
                wanted: match what {
                    0 => lunch(),
                    1 => Wanted::Offline,
                    2 => Wanted::NotReady {
                        reason: Reason::DeviceLost,
                    },
                    _ => Wanted::Available,
                },
            },
            Act::Restore {
                agent,
                state,
                registered,
            } => self.restore(agent, state, registered),
            Act::Edit { seed } => Input::Configure(company_of(seed)),
            _ => Input::Tick,
        }
    }

    fn restore(&self, agent: AgentId, state: u8, registered: bool) -> Input {
        let states = [
            AgentState::Offline,
            AgentState::Available,
            AgentState::Offered,
            AgentState::OnCall,
            AgentState::WrapUp,
            AgentState::NotReady,
        ];
        let state = states[usize::from(state)];
        Input::RestoreAgent {
            agent,
            state,
            reason: Some(Reason::Cooldown),
            idle_since: self.story.now - secs(50),
            interaction: Some(InteractionId::from_number(3)),
            queue: Some(QueueId::from_number(2)),
            registered,
        }
    }
}

pub(super) fn run(seed: u64, acts: &[(u64, Act)]) -> World {
    run_in(company_of(seed), acts)
}

pub(super) fn run_in(company: RoutingCompany, acts: &[(u64, Act)]) -> World {
    let mut world = World::new(company);
    for (pause, act) in acts {
        world.story.now = world.story.now + Duration::from_millis(*pause);
        let input = world.input(act);
        world.tell(input);
        world.compare();
    }
    world
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn anything_may_happen_at_any_moment(
        seed in any::<u64>(),
        acts in prop::collection::vec((pause(), act()), 1..250),
    ) {
        let world = run(seed, &acts);
        // I11: the same inputs give the same outputs, one by one.
        let again = run(seed, &acts);
        prop_assert_eq!(world.everything, again.everything);
    }
}

/// The random worlds are worth something only if they decide much, in every way.
#[test]
fn a_long_day_decides_in_every_way() {
    use crate::decision::DecisionKind;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let days = prop::collection::vec((pause(), act()), 1500..1501);
    let (mut kinds, mut decisions) = (BTreeMap::new(), 0);
    let (mut offers, mut outcomes) = (BTreeMap::new(), BTreeMap::new());
    let (mut causes, mut ties) = (BTreeSet::new(), BTreeSet::new());
    for seed in 0..6 {
        let acts = days.new_tree(&mut runner).unwrap().current();
        let world = run(seed, &acts);
        for decision in world.story.decisions() {
            causes.extend(decision.removed.keys().cloned());
            ties.insert(format!("{:?}", decision.tie_break));
            *kinds.entry(format!("{:?}", decision.kind)).or_insert(0) += 1;
        }
        for event in &world.story.log {
            if let crate::event::Event::OfferEnded { outcome, .. } = event {
                *offers.entry(*outcome).or_insert(0) += 1;
            }
        }
        for outcome in world.oracle.outcomes.values() {
            *outcomes.entry(*outcome).or_insert(0) += 1;
        }
        decisions += world.oracle.decisions;
    }
    assert!(decisions > 150, "{decisions}");
    for kind in [
        DecisionKind::Arrive,
        DecisionKind::Ready,
        DecisionKind::Relax,
        DecisionKind::Return,
    ] {
        assert!(kinds.contains_key(&format!("{kind:?}")), "{kinds:?}");
    }
    for cause in ["tier", "licence", "held", "excluded", "skill:spanish"] {
        assert!(causes.contains(cause), "{cause}: {causes:?}");
    }
    for tie in ["Preference", "V"] {
        assert!(ties.contains(tie), "{tie}: {ties:?}");
    }
    assert_eq!(offers.len(), 6, "every outcome of an offer: {offers:?}");
    assert!(outcomes.len() >= 7, "{outcomes:?}");
}

/// Calm companies, in which several agents are free for a caller, so that strategies decide.
#[test]
fn every_strategy_decides_as_the_oracle_does() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let acts = prop::collection::vec((0..8_000u64, calm_act()), 1500..1501);
    for strategy in Choice::ALL {
        let mut company = company();
        for queue in company.queues.values_mut() {
            queue.strategy = strategy;
            queue.skills = skills(&[("billing", 1)]);
        }
        for (agent, level) in [(ANA, 2), (BEN, 9), (CAI, 5)] {
            let known = company.agents.get_mut(&agent).unwrap();
            known.skills = skills(&[("billing", level)]);
        }
        let acts = acts.new_tree(&mut runner).unwrap().current();
        let world = run_in(company, &acts);
        let said = format!("{strategy:?}");
        let decisions = world.story.decisions();
        // Where all ring nothing decides between them: several do.
        let by_it = decisions.iter().filter(|d| match strategy {
            Choice::RingAll => d.beside > 0,
            _ => format!("{:?}", d.tie_break) == said,
        });
        assert!(by_it.count() > 5, "{said} of {}", decisions.len());
    }
}
