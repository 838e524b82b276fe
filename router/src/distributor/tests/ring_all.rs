//! A caller rings at several agents at once, and the first who answers wins.

use super::closing::any_closing;
use super::support::*;
use crate::agent::{AgentState, Reason};
use crate::company::{RING_ALL_MAX, RoutingCompany, Strategy};
use crate::decision::{DecisionKind, Keys, StrategyKey, TieBreak};
use crate::distributor::{Distributor, EntryRequest, Input, LeaveCause, Output};
use crate::event::{Event, LogLine};
use crate::id::{AgentId, OfferId, QueueEntryId};
use crate::metrics::audit::{Audit, Scope};
use crate::outcome::{EntryOutcome, OfferOutcome};
use crate::requirement::{LadderStep, Wishes};

/// Support rings at all.
fn all() -> RoutingCompany {
    let mut company = company();
    company.queues.get_mut(&SUPPORT).unwrap().strategy = Strategy::RingAll;
    company
}

/// The offers of the last step, in order.
fn offers(story: &Story) -> Vec<(OfferId, AgentId)> {
    let said = story.said.iter();
    said.filter_map(|output| match output {
        Output::Offer { offer, agent, .. } => Some((*offer, *agent)),
        _ => None,
    })
    .collect()
}

/// Whose phones were told of in the last step.
fn rung(story: &Story) -> Vec<AgentId> {
    offers(story).into_iter().map(|(_, agent)| agent).collect()
}

/// Offers that the last step took back, and how.
fn revoked(story: &Story) -> Vec<(AgentId, OfferOutcome)> {
    let said = story.said.iter();
    said.filter_map(|output| match output {
        Output::Revoke { agent, outcome, .. } => Some((*agent, *outcome)),
        _ => None,
    })
    .collect()
}

fn offer_to(story: &Story, agent: AgentId) -> OfferId {
    let mut made = story.log.iter().filter_map(|event| match event {
        Event::OfferMade {
            offer, agent: to, ..
        } if *to == agent => Some(*offer),
        _ => None,
    });
    made.next_back().unwrap()
}

fn shown(story: &Story) -> Vec<Vec<AgentId>> {
    let queue = story.distributor.queue(SUPPORT).unwrap();
    let waiting = queue.waiting.into_iter();
    waiting.map(|caller| caller.offered_to).collect()
}

#[test]
fn all_who_are_free_ring_at_once_and_each_offer_has_its_decision() {
    let mut story = Story::with(all(), &[BEN, CAI, ANA]);
    story.caller(1);
    assert_eq!(rung(&story), [BEN, CAI, ANA]);
    assert_eq!(shown(&story), [vec![BEN, CAI, ANA]]);
    let decisions = story.decisions();
    let told: Vec<_> = decisions
        .iter()
        .map(|d| (d.chosen.agent, d.kind, d.beside, d.tie_break))
        .collect();
    let arrive = DecisionKind::Arrive;
    assert_eq!(
        told,
        [
            (BEN, arrive, 0, TieBreak::LongestIdle),
            (CAI, arrive, 1, TieBreak::LongestIdle),
            (ANA, arrive, 2, TieBreak::OnlyOne),
        ]
    );
    for decision in &decisions {
        let Keys::Agent { strategy, .. } = decision.chosen.keys else {
            panic!("a caller chose");
        };
        let beside = u32::try_from(decision.beside).unwrap();
        assert_eq!(strategy, Some(StrategyKey::RingAll(beside)));
    }
    // Who rings already is told among those who were left out.
    assert_eq!(decisions[2].removed.get("offered"), Some(&2));
}

#[test]
fn the_first_who_answers_wins_and_the_others_are_free_as_if_nothing_had_rung() {
    let mut story = Story::with(all(), &[ANA, BEN, CAI]);
    let idle = [ANA, CAI].map(|agent| story.idle(agent));
    story.caller(1);
    story.pass(4);
    let (ana, ben) = (offer_to(&story, ANA), offer_to(&story, BEN));
    story.answer(ben);
    assert!(story.is(BEN, AgentState::OnCall));
    let outcome = OfferOutcome::Revoked;
    assert_eq!(revoked(&story), [(ANA, outcome), (CAI, outcome)]);
    // The talk stands before anybody is told to stop ringing.
    let place = |wanted: &dyn Fn(&Output) -> bool| story.said.iter().position(wanted);
    let accepted = place(&|output| matches!(output, Output::Accepted { .. }));
    let first = place(&|output| matches!(output, Output::Revoke { .. }));
    assert!(accepted.is_some() && accepted < first);
    for (agent, before) in [ANA, CAI].into_iter().zip(idle) {
        assert!(story.is(agent, AgentState::Available));
        assert_eq!(story.idle(agent), before);
    }
    assert_eq!(story.outcomes(1), [EntryOutcome::Answered]);
    // An answer that crossed is void, and so is everything else about that ringing.
    story.answer(ana);
    assert_eq!(story.said, [Output::OfferVoid { offer: ana }]);
    story.fail(ana, OfferOutcome::Declined);
    assert!(story.said.is_empty());
    assert!(story.is(ANA, AgentState::Available));
}

/// One answered waiting, three offers: every identity of the numbers holds, and nobody's misses grow.
#[test]
fn the_numbers_count_each_offer_and_the_answer_once() {
    let mut story = Story::new(all());
    let start = story.now;
    for agent in [ANA, BEN, CAI] {
        story.tell(Input::PhoneRegistered { agent });
    }
    story.caller(1);
    let declined = offer_to(&story, CAI);
    story.fail(declined, OfferOutcome::Declined);
    let offer = offer_to(&story, BEN);
    story.answer(offer);
    let mut audit = Audit::new(Scope::default());
    for (event, seq) in story.log.iter().cloned().zip(1..) {
        audit.read(&LogLine {
            seq,
            at: start,
            event,
            personal: None,
        });
    }
    let report = audit.finish();
    // Lines of the call itself are not the router's.
    let mut own = report.faults.iter();
    let ours = ["entry", "offer", "identity", "rows", "agent"];
    assert_eq!(own.find(|fault| ours.contains(&fault.rule)), None);
    assert_eq!(report.offers, 3);
    let row = report.rows.queues.values().next().unwrap();
    assert_eq!((row.entered, row.offered), (1, 3));
    let once = [
        OfferOutcome::Accepted,
        OfferOutcome::Declined,
        OfferOutcome::Revoked,
    ];
    assert_eq!(row.offers, once.map(|outcome| (outcome, 1)).into());
    let answered = row.left[&EntryOutcome::Answered].clone();
    assert_eq!((answered.within(secs(1)), row.left.len()), (1, 1));
}

/// No miss is counted for whoever did not win.
#[test]
fn losing_is_no_miss() {
    let mut company = all();
    company.settings.max_misses = 1;
    let mut story = Story::with(company, &[ANA, BEN]);
    for number in 1..4 {
        story.caller(number);
        assert_eq!(rung(&story), [ANA, BEN]);
        let offer = offer_to(&story, BEN);
        story.answer(offer);
        assert!(story.is(ANA, AgentState::Available));
        story.end_talk(BEN, number);
        story.pass(10);
    }
}

#[test]
fn who_declines_or_misses_has_the_usual_consequence_and_the_others_ring_on() {
    let mut story = Story::with(all(), &[ANA, BEN, CAI]);
    story.caller(1);
    let v = story.decisions()[0].v;
    let (ana, ben, cai) = (
        offer_to(&story, ANA),
        offer_to(&story, BEN),
        offer_to(&story, CAI),
    );
    story.fail(ana, OfferOutcome::Declined);
    let cooldown = (AgentState::NotReady, Some(Reason::Cooldown));
    assert_eq!(story.state(ANA), cooldown);
    assert_eq!((rung(&story), revoked(&story)), (vec![], vec![]));
    assert_eq!(shown(&story), [vec![BEN, CAI]]);
    // The cooldown of 10 s is over: nobody asks again while it rings elsewhere.
    story.pass(11);
    assert!(story.is(ANA, AgentState::Available));
    story.fail(ben, OfferOutcome::Unreachable);
    assert_eq!(story.state(BEN).1, Some(Reason::DeviceLost));
    assert!(rung(&story).is_empty());
    // The last one: the caller is back in the place in the line, and the next is asked.
    story.fail(cai, OfferOutcome::NoAnswer);
    assert_eq!(rung(&story), [ANA]);
    let decision = story.decisions().pop().unwrap();
    assert_eq!(
        (decision.kind, decision.v, decision.beside),
        (DecisionKind::Return, v, 0)
    );
}

/// Nobody but the one who declined is left: the exclusion is lifted, as always.
#[test]
fn after_all_have_missed_all_ring_again() {
    let mut story = Story::with(all(), &[ANA, BEN]);
    story.caller(1);
    for agent in [ANA, BEN] {
        let offer = offer_to(&story, agent);
        story.fail(offer, OfferOutcome::NoAnswer);
    }
    assert_eq!(shown(&story), [Vec::<AgentId>::new()]);
    story.pass(10);
    assert_eq!(shown(&story), [vec![ANA, BEN]]);
}

#[test]
fn who_declined_joins_when_the_exclusion_ends_while_it_rings() {
    let mut company = all();
    company.queues.get_mut(&SUPPORT).unwrap().ring_timeout = secs(60);
    let mut story = Story::with(company, &[ANA, BEN]);
    story.caller(1);
    let offer = offer_to(&story, ANA);
    story.fail(offer, OfferOutcome::Declined);
    story.pass(29);
    assert!(story.is(ANA, AgentState::Available));
    assert_eq!(shown(&story), [vec![BEN]]);
    assert_eq!(story.distributor.next_deadline(), Some(story.now + secs(1)));
    story.pass(1);
    assert_eq!(rung(&story), [ANA]);
    assert_eq!(story.decisions().pop().unwrap().kind, DecisionKind::Relax);
}

#[test]
fn who_becomes_ready_joins_the_ringing() {
    let mut story = Story::with(all(), &[ANA]);
    story.caller(1);
    story.pass(5);
    story.tell(Input::PhoneRegistered { agent: BEN });
    assert_eq!(rung(&story), [BEN]);
    let decision = story.decisions().pop().unwrap();
    assert_eq!((decision.kind, decision.beside), (DecisionKind::Ready, 1));
    // Each phone rings for its own time.
    story.pass(18);
    assert_eq!(revoked(&story), [(ANA, OfferOutcome::NoAnswer)]);
    assert_eq!(shown(&story), [vec![BEN]]);
}

#[test]
fn an_earlier_caller_is_taken_before_a_later_ones_ringing_is_joined() {
    let mut company = all();
    // Ana serves support alone, Ben both.
    company.agents.get_mut(&ANA).unwrap().queues.remove(&SALES);
    let mut story = Story::with(company, &[ANA]);
    let sales = |number| EntryRequest {
        queue: SALES,
        ..request(number)
    };
    story.tell(Input::Enqueue(sales(1)));
    story.pass(1);
    story.caller(2);
    assert_eq!(rung(&story), [ANA]);
    story.pass(1);
    story.tell(Input::Enqueue(sales(3)));
    story.tell(Input::PhoneRegistered { agent: BEN });
    assert_eq!(
        story.decisions().pop().unwrap().entry,
        QueueEntryId::from_number(1)
    );
    // The next joins: the caller who rings came before the third.
    story.tell(Input::PhoneRegistered { agent: CAI });
    let decision = story.decisions().pop().unwrap();
    assert_eq!(decision.entry, QueueEntryId::from_number(2));
    assert_eq!((decision.beside, decision.candidates.len()), (1, 1));
}

#[test]
fn the_next_caller_waits_for_whoever_is_free_again() {
    let mut story = Story::with(all(), &[ANA, BEN, CAI]);
    story.caller(1);
    story.pass(1);
    story.caller(2);
    assert_eq!(shown(&story), [vec![ANA, BEN, CAI], vec![]]);
    let offer = offer_to(&story, CAI);
    story.answer(offer);
    assert_eq!(rung(&story), [ANA, BEN]);
    assert_eq!(shown(&story), [vec![ANA, BEN]]);
}

#[test]
fn the_inner_tier_alone_rings_and_then_the_next() {
    let mut company = all();
    for (agent, tier) in [(ANA, 1), (BEN, 2), (CAI, 2)] {
        let agent = company.agents.get_mut(&agent).unwrap();
        agent.queues.insert(SUPPORT, tier);
    }
    let mut story = Story::with(company, &[BEN, ANA]);
    story.caller(1);
    assert_eq!(rung(&story), [ANA]);
    story.tell(Input::PhoneRegistered { agent: CAI });
    assert!(rung(&story).is_empty(), "of an outer tier");
    let offer = offer_to(&story, ANA);
    story.fail(offer, OfferOutcome::Declined);
    assert_eq!(rung(&story), [BEN, CAI]);
    // Back from the cooldown, excluded while the others ring; a colleague of the inner tier would join.
    story.pass(10);
    assert_eq!(shown(&story), [vec![BEN, CAI]]);
}

/// What rings in the inner tier ends: those of the outer one who are free join their colleague.
#[test]
fn when_the_inner_tier_is_gone_the_outer_one_rings_whole() {
    let mut company = all();
    for (agent, tier) in [(ANA, 1), (BEN, 2), (CAI, 2)] {
        let agent = company.agents.get_mut(&agent).unwrap();
        agent.queues.insert(SUPPORT, tier);
    }
    let mut story = Story::with(company, &[BEN]);
    story.caller(1);
    story.tell(Input::PhoneRegistered { agent: ANA });
    assert_eq!(rung(&story), [ANA], "from an inner tier than what rings");
    story.tell(Input::PhoneRegistered { agent: CAI });
    assert!(rung(&story).is_empty());
    story.lunch(ANA);
    assert_eq!(revoked(&story), [(ANA, OfferOutcome::Revoked)]);
    assert_eq!(rung(&story), [CAI]);
    assert_eq!(shown(&story), [vec![BEN, CAI]]);
}

/// Each way in which a caller leaves while it rings ends every offer, and everybody is free as before.
#[test]
fn whoever_leaves_while_it_rings_frees_them_all() {
    let entry = QueueEntryId::from_number(1);
    let leave = |cause| Input::Leave { entry, cause };
    let mut without = all();
    without.queues.remove(&SUPPORT);
    let closed = any_closing(&Story::new(all()), 1, Some(60), true);
    let ways = [
        leave(LeaveCause::HungUp),
        leave(LeaveCause::KeyExit),
        leave(LeaveCause::Moved),
        leave(LeaveCause::TimedOut),
        closed,
        Input::Configure(without),
    ];
    for way in ways {
        let mut story = Story::with(all(), &[ANA, BEN, CAI]);
        let idle = [ANA, BEN, CAI].map(|agent| story.idle(agent));
        story.caller(1);
        story.pass(6);
        story.tell(way.clone());
        let left = OfferOutcome::CallerLeft;
        let expected = [ANA, BEN, CAI].map(|agent| (agent, left));
        assert_eq!(revoked(&story), expected, "{way:?}");
        assert_eq!(story.outcomes(1).len(), 1);
        for (agent, before) in [ANA, BEN, CAI].into_iter().zip(idle) {
            assert!(story.is(agent, AgentState::Available));
            assert_eq!(story.idle(agent), before);
        }
    }
}

#[test]
fn who_waits_too_long_leaves_all_phones() {
    let mut company = all();
    company.queues.get_mut(&SUPPORT).unwrap().max_wait = secs(8);
    let mut story = Story::with(company, &[ANA, BEN]);
    story.caller(1);
    story.pass(8);
    let left = OfferOutcome::CallerLeft;
    assert_eq!(revoked(&story), [(ANA, left), (BEN, left)]);
    assert_eq!(story.outcomes(1), [EntryOutcome::TimedOut]);
}

#[test]
fn no_more_than_twenty_ring_and_the_next_takes_the_place_of_one_who_declines() {
    let mut company = all();
    let ids: Vec<AgentId> = (1..=22).map(AgentId::from_number).collect();
    for id in &ids {
        company.agents.insert(*id, agent("somebody"));
    }
    let mut story = Story::with(company, &ids);
    story.caller(1);
    assert_eq!(RING_ALL_MAX, 20);
    assert_eq!(rung(&story), ids[..20]);
    // Two are free, and the next caller is theirs.
    story.caller(2);
    assert_eq!(rung(&story), ids[20..]);
    story.hang_up(2);
    let offer = offer_to(&story, ids[3]);
    story.fail(offer, OfferOutcome::Declined);
    assert_eq!(rung(&story), [ids[20]]);
    assert_eq!(story.decisions().pop().unwrap().kind, DecisionKind::Return);
}

#[test]
fn a_step_of_the_ladder_lets_agents_of_another_queue_join() {
    let mut company = all();
    let support = company.queues.get_mut(&SUPPORT).unwrap();
    support.ladder = vec![LadderStep {
        after: secs(5),
        skills: skills(&[]),
        max_tier: None,
        queues: vec![SALES],
        head_start: secs(0),
    }];
    for (agent, queue) in [(ANA, SUPPORT), (BEN, SALES)] {
        let known = company.agents.get_mut(&agent).unwrap();
        known.queues = [(queue, 1)].into();
    }
    let mut story = Story::with(company, &[ANA, BEN]);
    story.caller(1);
    assert_eq!(rung(&story), [ANA]);
    story.pass(5);
    assert_eq!(rung(&story), [BEN]);
    let decision = story.decisions().pop().unwrap();
    assert_eq!((decision.kind, decision.step), (DecisionKind::Relax, 1));
    assert_eq!(decision.beside, 1);
}

#[test]
fn who_waits_for_the_last_agent_rings_there_alone_until_the_hold_ends() {
    let mut story = Story::with(all(), &[ANA, BEN, CAI]);
    story.tell(Input::Enqueue(EntryRequest {
        wishes: Wishes {
            last_agent: Some(CAI),
            hold: Some(secs(6)),
            ..Wishes::default()
        },
        ..request(1)
    }));
    assert_eq!(rung(&story), [CAI]);
    story.pass(6);
    assert_eq!(rung(&story), [ANA, BEN]);
}

#[test]
fn after_a_restart_all_who_rang_are_free_with_their_former_keys() {
    let mut story = Story::with(all(), &[BEN, ANA]);
    let idle = [BEN, ANA].map(|agent| story.idle(agent));
    story.caller(1);
    assert_eq!(rung(&story), [BEN, ANA]);
    let now = story.now;
    story.distributor = Distributor::new(all(), 8);
    story.now = now + secs(3);
    for (agent, idle_since) in [BEN, ANA].into_iter().zip(idle) {
        story.tell(Input::RestoreAgent {
            agent,
            state: AgentState::Offered,
            reason: None,
            idle_since,
            interaction: None,
            queue: None,
            registered: true,
        });
        assert!(story.is(agent, AgentState::Available));
        assert_eq!(story.idle(agent), idle_since);
    }
    story.caller(2);
    assert_eq!(rung(&story), [BEN, ANA]);
}

/// An edit takes nothing back that rings, and nobody joins where one alone is to ring now.
#[test]
fn an_edit_of_the_strategy_lets_what_rings_ring() {
    let mut story = Story::with(all(), &[ANA, BEN]);
    story.caller(1);
    story.tell(Input::Configure(company()));
    assert!(revoked(&story).is_empty());
    story.tell(Input::PhoneRegistered { agent: CAI });
    assert_eq!(shown(&story), [vec![ANA, BEN]]);
    story.tell(Input::Configure(all()));
    assert_eq!(shown(&story), [vec![ANA, BEN, CAI]]);
    story.tell(Input::Configure(company()));
    for agent in [ANA, BEN] {
        let offer = offer_to(&story, agent);
        story.fail(offer, OfferOutcome::Declined);
        assert!(rung(&story).is_empty());
    }
    let offer = offer_to(&story, CAI);
    story.answer(offer);
    assert_eq!(story.outcomes(1), [EntryOutcome::Answered]);
}
