//! The agent table, organised by source state: each test takes one state and goes through what may happen to it.

use super::support::*;
use crate::agent::{AgentState, Reason, Wanted};
use crate::company::RoutingCompany;
use crate::distributor::Input;
use crate::id::OfferId;
use crate::outcome::OfferOutcome;

/// One thing that happens to Ana, and the state it must lead to.
type Row = (&'static str, Input, AgentState, Option<Reason>);

/// Runs each row on a fresh story that `prepare` brought into the source state.
fn table(prepare: impl Fn() -> Story, rows: Vec<Row>) {
    for (name, input, state, reason) in rows {
        let mut story = prepare();
        story.tell(input);
        assert_eq!(story.state(ANA), (state, reason), "{name}");
    }
}

fn set(wanted: Wanted) -> Input {
    Input::SetState { agent: ANA, wanted }
}

fn registered() -> Input {
    Input::PhoneRegistered { agent: ANA }
}

fn gone(by_agent: bool) -> Input {
    Input::PhoneGone {
        agent: ANA,
        by_agent,
    }
}

fn own_call() -> Input {
    Input::OwnCallStarted { agent: ANA }
}

fn lunchtime() -> Option<Reason> {
    Some(Reason::Company("lunch".into()))
}

fn with_desk() -> RoutingCompany {
    let mut company = company();
    company.agents.get_mut(&ANA).unwrap().ready_on_register = false;
    company
}

/// Inputs that mean nothing to an agent who neither rings, talks nor wraps up.
fn nothing_to_end() -> [Input; 4] {
    [
        Input::EndWrapUp { agent: ANA },
        Input::ExtendWrapUp {
            agent: ANA,
            by: secs(5),
        },
        Input::OwnCallEnded { agent: ANA },
        Input::TalkEnded {
            agent: ANA,
            interaction: crate::id::InteractionId::from_number(1),
        },
    ]
}

#[test]
fn from_offline() {
    let prepare = || Story::new(company());
    table(
        prepare,
        vec![
            (
                "first registration",
                registered(),
                AgentState::Available,
                None,
            ),
            (
                "ready without a phone",
                set(Wanted::Available),
                AgentState::NotReady,
                Some(Reason::DeviceLost),
            ),
            ("not ready", set(lunch()), AgentState::NotReady, lunchtime()),
            ("off again", set(Wanted::Offline), AgentState::Offline, None),
            ("phone gone", gone(false), AgentState::Offline, None),
            ("own call", own_call(), AgentState::OnCall, None),
        ],
    );
    for input in nothing_to_end() {
        table(
            prepare,
            vec![("nonsense", input, AgentState::Offline, None)],
        );
    }
}

#[test]
fn from_offline_with_a_desk_registering_is_not_logging_in() {
    let mut story = Story::new(with_desk());
    story.tell(registered());
    assert!(story.is(ANA, AgentState::Offline));
    story.want(ANA, Wanted::Available);
    assert!(story.is(ANA, AgentState::Available));
}

#[test]
fn from_available() {
    let prepare = || Story::with(company(), &[ANA]);
    table(
        prepare,
        vec![
            ("registers again", registered(), AgentState::Available, None),
            (
                "ready twice",
                set(Wanted::Available),
                AgentState::Available,
                None,
            ),
            ("not ready", set(lunch()), AgentState::NotReady, lunchtime()),
            ("logs out", set(Wanted::Offline), AgentState::Offline, None),
            (
                "phone lost",
                gone(false),
                AgentState::NotReady,
                Some(Reason::DeviceLost),
            ),
            ("phone signs off", gone(true), AgentState::Offline, None),
            ("own call", own_call(), AgentState::OnCall, None),
            (
                "a caller",
                Input::Enqueue(request(1)),
                AgentState::Offered,
                None,
            ),
        ],
    );
    for input in nothing_to_end() {
        table(
            prepare,
            vec![("nonsense", input, AgentState::Available, None)],
        );
    }
}

const FIRST: OfferId = OfferId { epoch: 7, seq: 1 };

fn failed(outcome: OfferOutcome) -> Input {
    Input::OfferFailed {
        offer: FIRST,
        outcome,
    }
}

#[test]
fn from_offered_of_a_screenless_phone() {
    let prepare = || {
        let mut story = Story::with(company(), &[ANA]);
        story.caller(1);
        assert_eq!(story.offered(), Some((FIRST, ANA)));
        story
    };
    let paused = |reason| (AgentState::NotReady, Some(reason));
    let rows = [
        (
            "answers",
            Input::OfferAnswered { offer: FIRST },
            (AgentState::OnCall, None),
        ),
        (
            "declines",
            failed(OfferOutcome::Declined),
            paused(Reason::Cooldown),
        ),
        (
            "does not answer",
            failed(OfferOutcome::NoAnswer),
            paused(Reason::Cooldown),
        ),
        (
            "unreachable",
            failed(OfferOutcome::Unreachable),
            paused(Reason::DeviceLost),
        ),
        (
            "nonsense outcome",
            failed(OfferOutcome::Accepted),
            (AgentState::Offered, None),
        ),
        ("phone lost", gone(false), paused(Reason::DeviceLost)),
        ("phone signs off", gone(true), (AgentState::Offline, None)),
        ("ready", set(Wanted::Available), (AgentState::Offered, None)),
        (
            "not ready",
            set(lunch()),
            (AgentState::NotReady, lunchtime()),
        ),
        (
            "logs out",
            set(Wanted::Offline),
            (AgentState::Offline, None),
        ),
        ("own call", own_call(), (AgentState::OnCall, None)),
        ("registers again", registered(), (AgentState::Offered, None)),
    ];
    let rows = rows.map(|(name, input, (state, reason))| (name, input, state, reason));
    table(prepare, rows.into());
    // The caller hung up: back at once, with the former idle clock.
    let mut story = prepare();
    let idle = story.idle(ANA);
    story.now = story.now + secs(3);
    story.hang_up(1);
    assert!(story.is(ANA, AgentState::Available));
    assert_eq!(story.idle(ANA), idle);
}

#[test]
fn from_offered_with_a_desk_a_miss_lasts_until_the_agent_returns() {
    for outcome in [OfferOutcome::Declined, OfferOutcome::NoAnswer] {
        let mut story = Story::with(with_desk(), &[ANA]);
        story.caller(1);
        story.fail(FIRST, outcome);
        story.hang_up(1);
        story.pass(300);
        assert_eq!(
            story.state(ANA),
            (AgentState::NotReady, Some(Reason::Missed))
        );
        story.want(ANA, Wanted::Available);
        assert!(story.is(ANA, AgentState::Available));
        assert_eq!(story.idle(ANA), story.now);
    }
}

#[test]
fn from_on_call_everything_waits_for_its_end() {
    let prepare = || {
        let mut story = Story::with(company(), &[ANA]);
        story.talk(ANA, 1);
        story
    };
    let inputs = [
        set(Wanted::Available),
        set(lunch()),
        set(Wanted::Offline),
        registered(),
        gone(false),
        gone(true),
        own_call(),
        Input::OwnCallEnded { agent: ANA },
        Input::EndWrapUp { agent: ANA },
        Input::OfferAnswered { offer: FIRST },
        failed(OfferOutcome::Declined),
    ];
    for input in inputs {
        table(prepare, vec![("waits", input, AgentState::OnCall, None)]);
    }
    // What comes when call and after-call work are done.
    let later = [
        (set(lunch()), AgentState::NotReady, lunchtime()),
        (set(Wanted::Offline), AgentState::Offline, None),
        (set(Wanted::Available), AgentState::Available, None),
        (gone(false), AgentState::NotReady, Some(Reason::DeviceLost)),
        (gone(true), AgentState::Offline, None),
    ];
    for (input, state, reason) in later {
        let mut story = prepare();
        story.tell(input);
        story.end_talk(ANA, 99);
        assert!(
            story.is(ANA, AgentState::OnCall),
            "another interaction's end"
        );
        story.end_talk(ANA, 1);
        assert!(story.is(ANA, AgentState::WrapUp));
        story.pass(10);
        assert_eq!(story.state(ANA), (state, reason));
    }
}

#[test]
fn from_wrap_up() {
    let prepare = || {
        let mut story = Story::with(company(), &[ANA]);
        story.talk(ANA, 1);
        story.end_talk(ANA, 1);
        story
    };
    table(
        prepare,
        vec![
            (
                "done",
                Input::EndWrapUp { agent: ANA },
                AgentState::Available,
                None,
            ),
            ("ready", set(Wanted::Available), AgentState::Available, None),
            ("not ready", set(lunch()), AgentState::NotReady, lunchtime()),
            ("logs out", set(Wanted::Offline), AgentState::Offline, None),
            ("phone lost", gone(false), AgentState::WrapUp, None),
            ("phone signs off", gone(true), AgentState::WrapUp, None),
            ("registers again", registered(), AgentState::WrapUp, None),
            (
                "a caller",
                Input::Enqueue(request(2)),
                AgentState::WrapUp,
                None,
            ),
            ("own call", own_call(), AgentState::OnCall, None),
        ],
    );
}

#[test]
fn from_not_ready() {
    let prepare = || {
        let mut story = Story::with(company(), &[ANA]);
        story.lunch(ANA);
        story
    };
    table(
        prepare,
        vec![
            (
                "returns",
                set(Wanted::Available),
                AgentState::Available,
                None,
            ),
            ("logs out", set(Wanted::Offline), AgentState::Offline, None),
            (
                "registers again",
                registered(),
                AgentState::NotReady,
                lunchtime(),
            ),
            ("phone lost", gone(false), AgentState::NotReady, lunchtime()),
            ("phone signs off", gone(true), AgentState::Offline, None),
            ("own call", own_call(), AgentState::OnCall, None),
            (
                "a caller",
                Input::Enqueue(request(1)),
                AgentState::NotReady,
                lunchtime(),
            ),
        ],
    );
    // An own call goes back to where it came from.
    let mut story = prepare();
    story.tell(own_call());
    story.tell(Input::OwnCallEnded { agent: ANA });
    assert_eq!(story.state(ANA), (AgentState::NotReady, lunchtime()));
    // Another reason is a change of its own.
    story.pass(5);
    story.want(
        ANA,
        Wanted::NotReady {
            reason: Reason::Supervisor,
        },
    );
    let view = story.distributor.agent(ANA).unwrap();
    assert_eq!(
        (view.reason, view.since),
        (Some(Reason::Supervisor), story.now)
    );
    // Return restarts the idle clock.
    story.pass(5);
    story.want(ANA, Wanted::Available);
    assert_eq!(story.idle(ANA), story.now);
}

#[test]
fn a_lost_phone_back_within_thirty_seconds_keeps_the_idle_clock() {
    for (away, keeps) in [(30, true), (31, false)] {
        let mut story = Story::with(company(), &[ANA]);
        let idle = story.idle(ANA);
        story.tell(gone(false));
        story.pass(away);
        story.tell(registered());
        assert!(story.is(ANA, AgentState::Available));
        assert_eq!(story.idle(ANA) == idle, keeps, "{away} s");
    }
}

#[test]
fn an_unreachable_phone_comes_back_with_its_next_registration() {
    let mut story = Story::with(company(), &[ANA]);
    let idle = story.idle(ANA);
    story.caller(1);
    story.fail(FIRST, OfferOutcome::Unreachable);
    story.pass(20);
    story.tell(registered());
    assert!(story.is(ANA, AgentState::Offered), "the caller still waits");
    assert_eq!(story.idle(ANA), idle);
    // It is no miss.
    assert_eq!(story.told("max_misses"), 0);
}

#[test]
fn a_cooldown_ends_by_itself_and_restarts_the_idle_clock() {
    let mut story = Story::with(company(), &[ANA]);
    story.caller(1);
    story.fail(FIRST, OfferOutcome::Declined);
    story.hang_up(1);
    assert_eq!(
        story.distributor.next_deadline(),
        Some(story.now + secs(10))
    );
    story.pass(9);
    assert!(story.is(ANA, AgentState::NotReady));
    story.pass(1);
    assert!(story.is(ANA, AgentState::Available));
    assert_eq!(story.idle(ANA), story.now);
}

#[test]
fn three_misses_in_a_row_end_in_missed_and_the_supervisor_is_told() {
    let mut story = Story::with(company(), &[ANA]);
    for number in 1..=3 {
        story.caller(number);
        let (offer, _) = story.offered().unwrap();
        story.fail(offer, OfferOutcome::NoAnswer);
        story.hang_up(number);
        let reason = if number < 3 {
            Reason::Cooldown
        } else {
            Reason::Missed
        };
        assert_eq!(story.state(ANA), (AgentState::NotReady, Some(reason)));
        story.pass(10);
    }
    assert_eq!(story.told("max_misses"), 1);
    assert!(story.is(ANA, AgentState::NotReady), "no return by itself");
    // An answer in between begins the count anew.
    story.want(ANA, Wanted::Available);
    for number in 4..=12 {
        story.caller(number);
        let (offer, _) = story.offered().unwrap();
        if number % 3 == 0 {
            story.answer(offer);
            story.end_talk(ANA, number);
        } else {
            story.fail(offer, OfferOutcome::Declined);
            story.hang_up(number);
        }
        story.pass(10);
    }
    assert_eq!(story.told("max_misses"), 1);
}

#[test]
fn own_calls_restart_the_idle_clock_unless_switched() {
    for keeps in [false, true] {
        let mut company = company();
        company.settings.outbound_keeps_idle = keeps;
        let mut story = Story::with(company, &[ANA]);
        let idle = story.idle(ANA);
        story.tell(own_call());
        assert!(story.is(ANA, AgentState::OnCall));
        story.pass(60);
        story.tell(Input::OwnCallEnded { agent: ANA });
        assert!(story.is(ANA, AgentState::Available));
        assert_eq!(story.idle(ANA) == idle, keeps);
    }
}

#[test]
fn a_state_asked_for_during_an_own_call_comes_after_it() {
    let mut story = Story::with(company(), &[ANA]);
    story.tell(own_call());
    story.lunch(ANA);
    assert_eq!(story.distributor.agent(ANA).unwrap().next, Some(lunch()));
    story.tell(Input::OwnCallEnded { agent: ANA });
    assert_eq!(story.state(ANA), (AgentState::NotReady, lunchtime()));
}

#[test]
fn from_an_own_call_by_where_it_began_and_what_became_of_the_phone() {
    let lost = || Some(Reason::DeviceLost);
    let rows = [
        (None, None, AgentState::Available, None),
        (None, Some(gone(false)), AgentState::NotReady, lost()),
        (None, Some(gone(true)), AgentState::Offline, None),
        (
            Some(lunch()),
            Some(gone(false)),
            AgentState::NotReady,
            lunchtime(),
        ),
        (Some(lunch()), Some(gone(true)), AgentState::Offline, None),
        (Some(Wanted::Offline), None, AgentState::Offline, None),
        (
            Some(Wanted::Offline),
            Some(set(Wanted::Available)),
            AgentState::Available,
            None,
        ),
    ];
    for (before, during, state, reason) in rows {
        let name = format!("{before:?} {during:?}");
        let mut story = Story::with(company(), &[ANA]);
        if let Some(wanted) = before {
            story.want(ANA, wanted);
        }
        story.tell(own_call());
        if let Some(input) = during {
            story.tell(input);
        }
        assert!(story.is(ANA, AgentState::OnCall), "{name}");
        story.tell(Input::OwnCallEnded { agent: ANA });
        assert_eq!(story.state(ANA), (state, reason), "{name}");
    }
}

#[test]
fn nobody_is_offline_since_before_the_start() {
    let mut story = Story::new(company());
    story.tell(Input::Tick);
    assert_eq!(story.distributor.agent(ANA).unwrap().since, story.now);
    // A simulation's time may begin at zero, and stay there for a while.
    let mut story = Story::new(company());
    story.now = crate::time::Timestamp::default();
    story.log_in(ANA);
    story.caller(1);
    assert_eq!(story.offered().unwrap().1, ANA);
    assert_eq!(story.distributor.agents().len(), 3);
}
