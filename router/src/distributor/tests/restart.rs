//! Our own restart, by stored state.

use super::support::*;
use crate::agent::{AgentState, Reason};
use crate::company::WrapUp;
use crate::distributor::Input;
use crate::event::Event;
use crate::id::InteractionId;
use crate::time::Timestamp;

fn stored(story: &Story, state: AgentState, reason: Option<Reason>, registered: bool) -> Input {
    let busy = matches!(
        state,
        AgentState::Offered | AgentState::OnCall | AgentState::WrapUp
    );
    Input::RestoreAgent {
        agent: ANA,
        state,
        reason,
        idle_since: idle(story),
        interaction: busy.then(|| InteractionId::from_number(5)),
        queue: busy.then_some(SUPPORT),
        registered,
    }
}

fn idle(story: &Story) -> Timestamp {
    story.now - secs(100)
}

#[test]
fn by_stored_state() {
    use AgentState::{Available, NotReady, Offered, Offline, OnCall, WrapUp};
    let lunch = || Some(Reason::Company("lunch".into()));
    let lost = || Some(Reason::DeviceLost);
    let rows = [
        (Offline, None, true, Offline, None),
        (Available, None, true, Available, None),
        (Available, None, false, NotReady, lost()),
        (Offered, None, true, Available, None),
        (Offered, None, false, NotReady, lost()),
        (OnCall, None, true, WrapUp, None),
        (OnCall, None, false, WrapUp, None),
        (OnCall, Some(Reason::SignedOff), true, Offline, None),
        (OnCall, Some(Reason::SignedOff), false, Offline, None),
        (WrapUp, None, true, WrapUp, None),
        (NotReady, lunch(), true, NotReady, lunch()),
        (NotReady, lunch(), false, NotReady, lunch()),
        (NotReady, lost(), false, NotReady, lost()),
        (NotReady, lost(), true, Available, None),
        (
            NotReady,
            Some(Reason::Missed),
            true,
            NotReady,
            Some(Reason::Missed),
        ),
    ];
    for (state, reason, registered, to, to_reason) in rows {
        let mut story = Story::new(company());
        let input = stored(&story, state, reason.clone(), registered);
        story.tell(input);
        assert_eq!(
            story.state(ANA),
            (to, to_reason),
            "{state:?} {reason:?} {registered}"
        );
        let changes = story.log.iter().filter_map(|event| match event {
            Event::AgentStateChanged { from, to, .. } => Some((*from, *to)),
            _ => None,
        });
        let expected = if state == Offline {
            vec![]
        } else {
            vec![(state, to)]
        };
        assert_eq!(changes.collect::<Vec<_>>(), expected);
    }
}

#[test]
fn idle_clocks() {
    let mut story = Story::new(company());
    let input = stored(&story, AgentState::Offered, None, true);
    story.tell(input);
    assert_eq!(story.idle(ANA), idle(&story), "the former key");
    let mut story = Story::new(company());
    let input = stored(&story, AgentState::OnCall, None, true);
    story.tell(input);
    story.pass(10);
    assert!(story.is(ANA, AgentState::Available));
    assert_eq!(story.idle(ANA), story.now, "restarts after the wrap-up");
    let mut story = Story::new(company());
    let before = idle(&story);
    let input = stored(&story, AgentState::Available, None, false);
    story.tell(input);
    story.pass(20);
    story.tell(Input::PhoneRegistered { agent: ANA });
    assert_eq!(story.idle(ANA), before, "the phone was back soon");
}

#[test]
fn equal_idle_clocks_go_by_the_order_of_restoring() {
    let mut story = Story::new(company());
    for agent in [CAI, ANA] {
        let idle_since = idle(&story);
        story.tell(Input::RestoreAgent {
            agent,
            state: AgentState::Available,
            reason: None,
            idle_since,
            interaction: None,
            queue: None,
            registered: true,
        });
    }
    story.caller(1);
    assert_eq!(story.offered().unwrap().1, CAI);
}

#[test]
fn a_restored_cooldown_ends_by_itself() {
    let mut story = Story::new(company());
    let input = stored(&story, AgentState::NotReady, Some(Reason::Cooldown), true);
    story.tell(input);
    story.pass(10);
    assert!(story.is(ANA, AgentState::Available));
}

#[test]
fn who_was_not_ready_before_an_own_call_comes_back_so() {
    let mut story = Story::new(company());
    story.tell(Input::PhoneRegistered { agent: ANA });
    let lunch = Reason::Company("lunch".into());
    story.tell(Input::SetState {
        agent: ANA,
        wanted: crate::agent::Wanted::NotReady {
            reason: lunch.clone(),
        },
    });
    story.tell(Input::OwnCallStarted { agent: ANA });
    let logged = story.log.iter().rev().find_map(|event| match event {
        Event::AgentStateChanged { to, reason, .. } => Some((*to, reason.clone())),
        _ => None,
    });
    assert_eq!(logged, Some((AgentState::OnCall, Some(lunch.clone()))));
    let mut story = Story::new(company());
    let idle_since = idle(&story);
    story.tell(Input::RestoreAgent {
        agent: ANA,
        state: AgentState::OnCall,
        reason: Some(lunch),
        idle_since,
        interaction: None,
        queue: None,
        registered: true,
    });
    assert!(story.is(ANA, AgentState::NotReady));
}

#[test]
fn an_own_call_that_ended_with_us_leaves_no_wrap_up() {
    let mut story = Story::new(company());
    let idle_since = idle(&story);
    story.tell(Input::RestoreAgent {
        agent: ANA,
        state: AgentState::OnCall,
        reason: None,
        idle_since,
        interaction: None,
        queue: None,
        registered: true,
    });
    assert!(story.is(ANA, AgentState::Available));
}

#[test]
fn counts_only_before_anything_else() {
    let mut story = Story::with(company(), &[ANA]);
    let input = stored(&story, AgentState::OnCall, None, true);
    story.tell(input);
    assert!(story.is(ANA, AgentState::Available));
}

#[test]
fn an_own_call_gives_back_the_state_before_it() {
    let lunch = || Some(Reason::Company("lunch".into()));
    let before = [
        (AgentState::Offline, None),
        (AgentState::Available, None),
        (AgentState::NotReady, lunch()),
    ];
    for (state, reason) in before {
        let mut story = Story::new(company());
        let restore = |story: &Story, state, reason| Input::RestoreAgent {
            agent: ANA,
            state,
            reason,
            idle_since: idle(story),
            interaction: None,
            queue: None,
            registered: true,
        };
        let input = restore(&story, state, reason.clone());
        story.tell(input);
        story.tell(Input::OwnCallStarted { agent: ANA });
        // Killed here: the log's last line is all that is left.
        let logged = story.log.iter().rev().find_map(|event| match event {
            Event::AgentStateChanged { to, reason, .. } => Some((*to, reason.clone())),
            _ => None,
        });
        let (on_call, kept) = logged.unwrap();
        assert_eq!(on_call, AgentState::OnCall);
        let mut after = Story::new(company());
        let input = restore(&after, on_call, kept);
        after.tell(input);
        assert_eq!(after.state(ANA), (state, reason));
    }
}

#[test]
fn a_call_out_that_ended_with_us_leaves_its_after_call_work() {
    let mut company = company();
    company.settings.outbound_wrap_up = Some(WrapUp::Timed(secs(7)));
    let mut story = Story::new(company);
    let (idle_since, interaction) = (idle(&story), InteractionId::from_number(70));
    story.tell(Input::RestoreAgent {
        agent: ANA,
        state: AgentState::OnCall,
        reason: None,
        idle_since,
        interaction: Some(interaction),
        queue: None,
        registered: true,
    });
    assert!(story.is(ANA, AgentState::WrapUp));
    let agent = ANA;
    let begun = Event::WrapUpStarted { interaction, agent };
    assert!(story.log.contains(&begun));
    story.pass(7);
    assert!(story.is(ANA, AgentState::Available));
}
