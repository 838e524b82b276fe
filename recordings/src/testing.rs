//! Calls as tests tell them: the events of each phase, with fixed ids and times.
//!
//! **Owns**: [`Phase`], [`call`]. Only for tests.

use crate::folder::DataFolder;
use router::decision::{Candidate, Decision, DecisionKind, Keys, TieBreak};
use router::event::{LegQuality, LegRole, PersonalData};
use router::id::{
    AgentId, CustomerId, InteractionId, LegId, OfferId, QueueEntryId, QueueId, RecordingId,
};
use router::outcome::{EndCause, EntryOutcome, OfferOutcome, Outcome};
use router::{AgentState, Event, LogLine, PhoneNumber, Private, Timestamp};
use std::collections::BTreeMap;

pub(crate) const AGENT: AgentId = AgentId::from_number(1);
pub(crate) const QUEUE: QueueId = QueueId::from_number(2);

/// 2026-11-21T20:00:00Z
pub(crate) const START: i64 = 1_795_291_200_000;

/// How far a call has come when its story stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Arrived,
    InFlow,
    Waiting,
    Ringing,
    Answered,
    Talking,
    HungUp,
    Recorded,
    WrapUp,
    Over,
}

pub(crate) const PHASES: [Phase; 10] = [
    Phase::Arrived,
    Phase::InFlow,
    Phase::Waiting,
    Phase::Ringing,
    Phase::Answered,
    Phase::Talking,
    Phase::HungUp,
    Phase::Recorded,
    Phase::WrapUp,
    Phase::Over,
];

/// The ids of the `n`-th call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ids {
    pub(crate) interaction: InteractionId,
    pub(crate) customer: CustomerId,
    pub(crate) entry: QueueEntryId,
    pub(crate) recording: RecordingId,
    pub(crate) offer: OfferId,
    pub(crate) legs: [LegId; 2],
}

pub(crate) fn ids(n: u64) -> Ids {
    Ids {
        interaction: InteractionId::from_number(1_000 + n),
        customer: CustomerId::from_number(2_000 + n),
        entry: QueueEntryId::from_number(3_000 + n),
        recording: RecordingId::from_number(4_000 + n),
        offer: OfferId { epoch: 1, seq: n },
        legs: [LegId::from_number(5_000 + n), LegId::from_number(6_000 + n)],
    }
}

pub(crate) fn number(text: &str) -> PhoneNumber {
    PhoneNumber::from_normalised(text)
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(START + seconds * 1_000)
}

/// An event at its second of the call, with what belongs to the rows only.
pub(crate) type Told = (Timestamp, Event, Option<PersonalData>);

/// The story of the `n`-th call up to and with a phase. It begins `n` minutes after [`START`], waits from second 5,
/// rings from 6, is answered at 9, talks from 10 and is hung up at 70.
pub(crate) fn call(n: u64, until: Phase) -> Vec<Told> {
    let begin = i64::try_from(n).unwrap() * 60;
    PHASES
        .into_iter()
        .filter(|phase| *phase <= until)
        .flat_map(|phase| events(n, phase))
        .map(|(second, event)| {
            let personal = matches!(event, Event::CallArrived { .. }).then(|| personal(n));
            (at(begin + second), event, personal)
        })
        .collect()
}

fn personal(n: u64) -> PersonalData {
    PersonalData {
        notes: None,
        caller_number: Some(number(&format!("+3460011122{}", n % 10))),
        caller_name: Some(Private::new("Eva Pérez".to_owned())),
        dialed_number: Some(number("9000")),
        new_customer: Some(ids(n).customer),
    }
}

fn events(n: u64, phase: Phase) -> Vec<(i64, Event)> {
    let interaction = ids(n).interaction;
    let state = |from, to, at_second| {
        let changed = Event::AgentStateChanged {
            agent: AGENT,
            from,
            to,
            reason: None,
            interaction: (to != AgentState::Available).then_some(interaction),
            idle_since: at(0),
            ready_seq: n,
            occupancy: 0,
            calls: 0,
        };
        (at_second, changed)
    };
    match phase {
        Phase::Arrived | Phase::InFlow => in_flow(n, phase),
        Phase::Waiting => waiting(n),
        Phase::Ringing => {
            let mut events = ringing(n);
            events.push(state(AgentState::Available, AgentState::Offered, 6));
            events
        }
        Phase::Answered | Phase::Talking => {
            let mut events = talking(n, phase);
            if phase == Phase::Answered {
                events.push(state(AgentState::Offered, AgentState::OnCall, 9));
            }
            events
        }
        Phase::HungUp => hung_up(n),
        Phase::Recorded => vec![(
            71,
            Event::RecordingFinished {
                interaction,
                recording: ids(n).recording,
                frames: 480_000,
                gap_ms: 0,
                recovered: false,
            },
        )],
        Phase::WrapUp => vec![
            state(AgentState::OnCall, AgentState::WrapUp, 71),
            (
                71,
                Event::WrapUpStarted {
                    interaction,
                    agent: AGENT,
                },
            ),
        ],
        Phase::Over => vec![
            (
                81,
                Event::WrapUpEnded {
                    interaction,
                    agent: AGENT,
                },
            ),
            state(AgentState::WrapUp, AgentState::Available, 81),
        ],
    }
}

fn in_flow(n: u64, phase: Phase) -> Vec<(i64, Event)> {
    let Ids {
        interaction, legs, ..
    } = ids(n);
    if phase == Phase::Arrived {
        return vec![
            (
                0,
                Event::CallArrived {
                    interaction,
                    leg: legs[0],
                    trunk: Some("carrier".to_owned()),
                    flow: "support".to_owned(),
                    flow_version: "abc123".to_owned(),
                    direction: router::event::Direction::Inbound,
                    agent: None,
                },
            ),
            (
                0,
                Event::LegStarted {
                    interaction,
                    leg: legs[0],
                    role: LegRole::Customer,
                    agent: None,
                    sip_call_id: format!("call-{n}@example.org"),
                },
            ),
        ];
    }
    vec![
        (1, Event::CallAnswered { interaction }),
        (
            1,
            Event::StepEntered {
                interaction,
                block: "start".to_owned(),
                step: 0,
                action: "menu".to_owned(),
                exit: None,
            },
        ),
        (
            4,
            Event::MenuChosen {
                interaction,
                block: "start".to_owned(),
                key: "2".to_owned(),
                label: "Repairs".to_owned(),
            },
        ),
        (
            4,
            Event::Tagged {
                interaction,
                key: "topic".to_owned(),
                value: "repair".to_owned(),
            },
        ),
    ]
}

fn waiting(n: u64) -> Vec<(i64, Event)> {
    let Ids {
        interaction, entry, ..
    } = ids(n);
    let begin = i64::try_from(n).unwrap() * 60;
    vec![(
        5,
        Event::QueueEntered {
            interaction,
            entry,
            queue: QUEUE,
            v: at(begin + 5),
            entry_seq: n,
            class: 1,
            requirement: BTreeMap::from([("billing".to_owned(), 3)]),
            asked: BTreeMap::new(),
            wishes: Box::default(),
        },
    )]
}

fn ringing(n: u64) -> Vec<(i64, Event)> {
    let Ids {
        interaction,
        entry,
        offer,
        legs,
        ..
    } = ids(n);
    let begin = i64::try_from(n).unwrap() * 60;
    let chosen = Candidate {
        agent: AGENT,
        entry,
        keys: Keys::Agent {
            tier: 1,
            strategy: None,
            idle_since: at(0),
            ready_seq: 7,
        },
    };
    let decision = Decision {
        offer,
        kind: DecisionKind::Arrive,
        at: at(begin + 6),
        interaction,
        entry,
        queue: QUEUE,
        requirement: BTreeMap::from([("billing".to_owned(), 3)]),
        step: 0,
        asks: Vec::new(),
        beside: 0,
        v: at(begin + 5),
        chosen,
        candidates: Vec::new(),
        removed: BTreeMap::from([("skill:billing".to_owned(), 1)]),
        tie_break: TieBreak::OnlyOne,
    };
    vec![
        (
            6,
            Event::Decided {
                decision: Box::new(decision),
            },
        ),
        (
            6,
            Event::OfferMade {
                interaction,
                entry,
                offer,
                agent: AGENT,
                queue: QUEUE,
            },
        ),
        (
            6,
            Event::LegStarted {
                interaction,
                leg: legs[1],
                role: LegRole::Agent,
                agent: Some(AGENT),
                sip_call_id: format!("agent-{n}@example.org"),
            },
        ),
    ]
}

fn talking(n: u64, phase: Phase) -> Vec<(i64, Event)> {
    let Ids {
        interaction,
        entry,
        offer,
        legs,
        recording,
        ..
    } = ids(n);
    let begin = i64::try_from(n).unwrap() * 60;
    if phase == Phase::Answered {
        return vec![(
            9,
            Event::OfferEnded {
                interaction,
                offer,
                agent: AGENT,
                outcome: OfferOutcome::Accepted,
            },
        )];
    }
    vec![
        (
            10,
            Event::Connected {
                interaction,
                agent: AGENT,
                leg: legs[1],
            },
        ),
        (
            10,
            Event::QueueLeft {
                interaction,
                entry,
                queue: QUEUE,
                outcome: EntryOutcome::Answered,
                agent: Some(AGENT),
                refusal: None,
                closure: None,
            },
        ),
        (
            10,
            Event::RecordingStarted {
                interaction,
                recording,
                index: 1,
                path: DataFolder::recording_path(at(begin), interaction, 1),
                sample_rate: 8_000,
                recording_kind: router::event::RecordingKind::Talk,
            },
        ),
    ]
}

fn hung_up(n: u64) -> Vec<(i64, Event)> {
    let Ids {
        interaction, legs, ..
    } = ids(n);
    let quality = LegQuality {
        packets_received: 3_000,
        jitter_ms: 1.5,
        codec: "PCMU".to_owned(),
        ..LegQuality::default()
    };
    let ended = |leg, quality| Event::LegEnded {
        interaction,
        leg,
        cause: "bye".to_owned(),
        quality,
    };
    vec![
        (70, ended(legs[0], Some(quality))),
        (70, ended(legs[1], None)),
        (
            70,
            Event::CallEnded {
                interaction,
                outcome: Outcome::Answered,
                end_cause: EndCause::Customer,
            },
        ),
    ]
}

/// Numbers a story as the journal would.
pub(crate) fn numbered(first_seq: u64, told: Vec<Told>) -> Vec<LogLine> {
    told.into_iter()
        .zip(first_seq..)
        .map(|((at, event, personal), seq)| LogLine {
            seq,
            at,
            event,
            personal,
        })
        .collect()
}
