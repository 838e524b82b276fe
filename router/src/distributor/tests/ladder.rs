//! What a waiting caller asks for grows less with time; alternatives; promotion.

use super::support::*;
use crate::company::{Queue, RoutingCompany, Skills};
use crate::decision::DecisionKind;
use crate::distributor::Input;
use crate::event::Event;
use crate::id::QueueEntryId;
use crate::outcome::OfferOutcome;
use crate::requirement::{LadderStep, Wishes};

/// The company with one ladder in `SUPPORT`; Ana speaks billing 3, Ben 1, Cai nothing.
fn with(edit: impl FnOnce(&mut Queue)) -> RoutingCompany {
    let mut company = company();
    for (agent, level) in [(ANA, 3), (BEN, 1)] {
        company.agents.get_mut(&agent).unwrap().skills = skills(&[("billing", level)]);
    }
    edit(company.queues.get_mut(&SUPPORT).unwrap());
    company
}

fn step(after: u64, levels: &[(&str, u8)]) -> LadderStep {
    LadderStep {
        after: secs(after),
        skills: skills(levels),
        ..LadderStep::default()
    }
}

#[test]
fn a_step_lowers_a_level_and_a_later_one_drops_the_skill() {
    let company = with(|queue| {
        queue.skills = skills(&[("billing", 5)]);
        queue.ladder = vec![step(10, &[("billing", 1)]), step(20, &[("billing", 0)])];
    });
    let mut story = Story::with(company, &[CAI, BEN]);
    story.caller(1);
    story.pass(9);
    assert_eq!(story.offered(), None);
    story.pass(1);
    let (offer, to) = story.offered().unwrap();
    assert_eq!(to, BEN);
    let decision = story.decisions().pop().unwrap();
    assert_eq!((decision.kind, decision.step), (DecisionKind::Relax, 1));
    assert_eq!(decision.requirement, skills(&[("billing", 1)]));
    story.fail(offer, OfferOutcome::Declined);
    assert_eq!(story.offered(), None);
    story.pass(10);
    assert_eq!(story.offered().unwrap().1, CAI);
    assert_eq!(story.decisions().pop().unwrap().requirement, Skills::new());
}

#[test]
fn a_step_never_raises_a_level() {
    let company = with(|queue| {
        queue.skills = skills(&[("billing", 1)]);
        queue.ladder = vec![step(10, &[("billing", 9), ("spanish", 3)])];
    });
    let mut story = Story::new(company);
    story.caller(1);
    story.pass(10);
    story.log_in(BEN);
    assert_eq!(story.decisions()[0].chosen.agent, BEN);
}

#[test]
fn a_step_widens_the_tier() {
    let mut company = with(|queue| {
        queue.max_tier = Some(1);
        queue.ladder = vec![LadderStep {
            max_tier: Some(2),
            ..step(30, &[])
        }];
    });
    company
        .agents
        .get_mut(&BEN)
        .unwrap()
        .queues
        .insert(SUPPORT, 2);
    company
        .agents
        .get_mut(&CAI)
        .unwrap()
        .queues
        .insert(SUPPORT, 3);
    let mut story = Story::with(company, &[CAI, BEN]);
    story.caller(1);
    assert_eq!(story.offered(), None);
    story.pass(30);
    assert_eq!(story.offered().unwrap().1, BEN);
    let decision = story.decisions().pop().unwrap();
    assert_eq!(decision.removed["tier"], 1, "Cai is still too far out");
    assert_eq!(decision.asks[0].max_tier, 2);
}

#[test]
fn a_step_adds_a_queue() {
    let mut company = with(|queue| {
        queue.ladder = vec![LadderStep {
            queues: vec![SALES],
            ..step(30, &[])
        }];
    });
    company
        .agents
        .get_mut(&ANA)
        .unwrap()
        .queues
        .remove(&SUPPORT);
    let mut story = Story::with(company, &[ANA]);
    story.caller(1);
    assert_eq!(story.offered(), None);
    story.pass(30);
    let (offer, to) = story.offered().unwrap();
    assert_eq!(to, ANA);
    let decision = story.decisions().pop().unwrap();
    assert_eq!(decision.queue, SUPPORT, "it stays a caller of its queue");
    assert_eq!(decision.asks.len(), 2);
    story.answer(offer);
}

#[test]
fn a_step_adds_head_start() {
    let mut company = with(|queue| {
        queue.ladder = vec![LadderStep {
            head_start: secs(60),
            ..step(30, &[])
        }];
    });
    company.queues.insert(SALES, queue());
    let mut story = Story::new(company);
    let mut sales = request(1);
    sales.queue = SALES;
    story.tell(Input::Enqueue(sales));
    story.pass(10);
    story.caller(2);
    let arrived = story.now;
    story.pass(29);
    let v = |story: &Story| story.distributor.queue(SUPPORT).unwrap().waiting[0].v;
    assert_eq!(v(&story), arrived);
    story.pass(1);
    assert_eq!(v(&story), arrived - secs(60));
    let told = story.log.iter().any(
        |event| matches!(event, Event::QueueRelaxed { step: 1, v, .. } if *v == arrived - secs(60)),
    );
    assert!(told);
    story.log_in(ANA);
    let first = story.decisions().pop().unwrap().entry;
    assert_eq!(
        first,
        QueueEntryId::from_number(2),
        "before one who came earlier"
    );
}

#[test]
fn callers_of_one_moment_relax_together_and_choose_in_their_order() {
    let company = with(|queue| {
        queue.skills = skills(&[("billing", 5)]);
        queue.ladder = vec![step(10, &[("billing", 1)])];
    });
    let mut story = Story::with(company, &[BEN]);
    // The second has the smaller entry id.
    let mut late = request(2);
    late.head_start = secs(5);
    story.caller(1);
    story.tell(Input::Enqueue(late));
    story.pass(10);
    let decision = story.decisions().pop().unwrap();
    assert_eq!(
        decision.entry,
        QueueEntryId::from_number(2),
        "the smaller V"
    );
}

#[test]
fn a_step_while_a_phone_rings_counts_from_the_next_offer_on() {
    let company = with(|queue| {
        queue.skills = skills(&[("billing", 3)]);
        queue.ladder = vec![step(10, &[("billing", 0)])];
    });
    let mut story = Story::with(company, &[CAI, BEN, ANA]);
    story.caller(1);
    let (offer, to) = story.offered().unwrap();
    assert_eq!(to, ANA);
    story.pass(10);
    assert_eq!((story.offered(), story.revoked()), (None, None));
    story.fail(offer, OfferOutcome::NoAnswer);
    assert_eq!(story.offered().unwrap().1, CAI);
}

#[test]
fn the_flows_ladder_stands_in_place_of_the_queues() {
    let company = with(|queue| {
        queue.skills = skills(&[("billing", 3)]);
        queue.ladder = vec![step(10, &[("billing", 1)])];
    });
    let mut story = Story::with(company, &[BEN]);
    let mut wish = request(1);
    wish.wishes.ladder = Some(vec![step(20, &[("billing", 1)])]);
    story.tell(Input::Enqueue(wish));
    story.pass(19);
    assert_eq!(story.decisions(), []);
    story.pass(1);
    assert_eq!(story.offered().unwrap().1, BEN);
}

#[test]
fn an_edited_ladder_holds_for_who_waits_and_moves_nobody_in_the_line() {
    let mut story = Story::with(
        with(|queue| queue.skills = skills(&[("billing", 3)])),
        &[BEN],
    );
    story.caller(1);
    story.pass(15);
    let before = story.distributor.queue(SUPPORT).unwrap().waiting[0].v;
    story.tell(Input::Configure(with(|queue| {
        queue.skills = skills(&[("billing", 3)]);
        queue.ladder = vec![
            LadderStep {
                head_start: secs(60),
                ..step(10, &[])
            },
            step(20, &[("billing", 1)]),
        ];
    })));
    assert_eq!(
        story.distributor.queue(SUPPORT).unwrap().waiting[0].v,
        before
    );
    assert_eq!(story.offered(), None);
    story.pass(5);
    assert_eq!(story.offered().unwrap().1, BEN);
}

#[test]
fn one_of_several_requirements_is_enough() {
    let company = with(|queue| {
        queue.any_of = vec![skills(&[("spanish", 4)]), skills(&[("billing", 3)])];
    });
    let mut story = Story::with(company, &[CAI, BEN, ANA]);
    story.caller(1);
    assert_eq!(story.offered().unwrap().1, ANA, "and Ben has too little");
    let decision = story.decisions().pop().unwrap();
    assert_eq!(decision.asks.len(), 2);
    assert_eq!(
        decision.removed["skill:spanish"], 2,
        "the first alternative is named"
    );
}

#[test]
fn alternatives_of_queue_and_flow_and_levels_must_all_be_met() {
    let mut company = with(|queue| {
        queue.any_of = vec![skills(&[("billing", 3)]), skills(&[("spanish", 1)])];
    });
    company.agents.get_mut(&CAI).unwrap().skills = skills(&[("spanish", 5), ("chess", 2)]);
    let mut story = Story::with(company, &[ANA, CAI]);
    let mut wish = request(1);
    wish.skills = skills(&[("chess", 1)]);
    wish.wishes.any_of = vec![skills(&[("vip", 1)]), skills(&[("chess", 2)])];
    story.tell(Input::Enqueue(wish));
    assert_eq!(story.offered().unwrap().1, CAI);
}

#[test]
fn nobody_is_told_of_what_a_later_step_can_meet() {
    let company = with(|queue| {
        queue.skills = skills(&[("billing", 9)]);
        queue.ladder = vec![step(10, &[("billing", 1)])];
    });
    let mut story = Story::with(company, &[BEN]);
    story.caller(1);
    assert_eq!(story.told("unmeetable_requirement"), 0);
    story.want(BEN, crate::agent::Wanted::Offline);
    assert_eq!(story.told("unmeetable_requirement"), 1);
}

#[test]
fn each_queue_promotes_after_its_own_time() {
    let mut story = Story::new(with(|queue| queue.promote_after = secs(60)));
    story.caller(1);
    story.pass(1);
    let mut emergency = request(2);
    emergency.class = Some(0);
    story.tell(Input::Enqueue(emergency));
    let first = |story: &Story| story.distributor.queue(SUPPORT).unwrap().waiting[0].entry;
    story.pass(58);
    assert_eq!(first(&story), QueueEntryId::from_number(2));
    story.pass(1);
    assert_eq!(first(&story), QueueEntryId::from_number(1));
}

#[test]
fn what_a_flow_asks_for_survives_the_way_into_the_log() {
    let mut story = Story::new(company());
    let mut wish = request(1);
    wish.wishes = Wishes {
        any_of: vec![skills(&[("billing", 1)])],
        ladder: Some(vec![step(5, &[("billing", 0)])]),
        last_agent: Some(ANA),
        hold: Some(secs(1)),
        ..Wishes::default()
    };
    story.tell(Input::Enqueue(wish));
    let text = serde_json::to_string(&story.log).unwrap();
    assert_eq!(
        serde_json::from_str::<Vec<Event>>(&text).unwrap(),
        story.log
    );
    // A line of an older log, which says nothing of it.
    let plain = text.replace(r#","wishes":{"#, r#","later":{"#);
    assert!(serde_json::from_str::<Vec<Event>>(&plain).is_ok());
}
