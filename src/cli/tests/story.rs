//! The story of a call with one agent who did not answer and one who did.

use crate::cli::story::tell;
use recordings::Utc;
use recordings::store::record::{
    CandidateRecord, DecisionRecord, InteractionRecord, InteractionSummary, KeysRecord, LegRecord,
    MenuChoice, OfferRecord, Parties, QueueEntryRecord, RecordingRecord, Times,
};
use router::PhoneNumber;
use router::decision::{DecisionKind, TieBreak};
use router::event::{LegQuality, LegRole};
use router::id::{AgentId, InteractionId, LegId, QueueEntryId, QueueId, RecordingId};
use router::outcome::{EndCause, EntryOutcome, OfferOutcome, Outcome};

const ENTRY: QueueEntryId = QueueEntryId::from_number(3);
const QUEUE: QueueId = QueueId::from_number(4);

const fn at(seconds: i64) -> Utc {
    Utc::from_millis(1_700_000_000_000 + seconds * 1_000)
}

fn summary() -> InteractionSummary {
    InteractionSummary {
        id: InteractionId::from_number(1),
        direction: router::event::Direction::Inbound,
        channel: "voice".to_owned(),
        parties: Parties {
            customer_id: None,
            customer_confirmed_at: None,
            caller_number: Some(PhoneNumber::from_normalised("+34600111222")),
            caller_name: None,
            dialed_number: Some(PhoneNumber::from_normalised("+34910000000")),
            trunk: Some("carrier".to_owned()),
        },
        times: Times {
            started_at: at(0),
            answered_at: Some(at(1)),
            connected_at: Some(at(62)),
            ended_at: Some(at(90)),
        },
        flow: "support".to_owned(),
        flow_version: "0123456789abcdef".to_owned(),
        outcome: Some(Outcome::Answered),
        end_cause: Some(EndCause::Customer),
        queue: Some("support".to_owned()),
        queue_id: Some(QUEUE),
        agent: Some("ben".to_owned()),
        agent_id: Some(AgentId::from_number(2)),
        taken_over_by: None,
        notes: None,
    }
}

fn candidate(login: &str, number: u64, idle: i64) -> CandidateRecord {
    CandidateRecord {
        agent: Some(login.to_owned()),
        agent_id: AgentId::from_number(number),
        entry: ENTRY,
        keys: KeysRecord::Agent {
            tier: 1,
            strategy: None,
            idle_since: at(idle),
            ready_seq: 1,
        },
    }
}

fn decision(
    kind: DecisionKind,
    when: i64,
    chosen: CandidateRecord,
    next: Vec<CandidateRecord>,
) -> DecisionRecord {
    DecisionRecord {
        seq: 1,
        at: at(when),
        kind,
        interaction_id: InteractionId::from_number(1),
        entry: ENTRY,
        queue: Some("support".to_owned()),
        queue_id: QUEUE,
        offer: "1-1".to_owned(),
        requirement: [("billing".to_owned(), 3)].into(),
        step: 0,
        beside: 0,
        v: at(10),
        chosen,
        tie_break: if next.is_empty() {
            TieBreak::OnlyOne
        } else {
            TieBreak::LongestIdle
        },
        candidates: next,
        removed: [("skill:billing".to_owned(), 1), ("wrap_up".to_owned(), 2)].into(),
        keys: vec!["tier", "idle_since"],
    }
}

fn offer(login: &str, number: u64, end: i64, outcome: OfferOutcome) -> OfferRecord {
    OfferRecord {
        id: "1-1".to_owned(),
        entry: ENTRY,
        agent: Some(login.to_owned()),
        agent_id: AgentId::from_number(number),
        made_at: at(10),
        ended_at: Some(at(end)),
        outcome: Some(outcome),
    }
}

fn leg() -> LegRecord {
    LegRecord {
        id: LegId::from_number(1),
        role: LegRole::Agent,
        agent: Some("ben".to_owned()),
        agent_id: Some(AgentId::from_number(2)),
        user: None,
        sip_call_id: "x".to_owned(),
        started_at: at(30),
        connected_at: Some(at(62)),
        ended_at: Some(at(90)),
        cause: Some("bye".to_owned()),
        quality: Some(LegQuality {
            packets_received: 995,
            packets_sent: 1_000,
            packets_lost: 5,
            packets_ignored: 0,
            jitter_ms: 1.25,
            codec: "PCMU".to_owned(),
            burst_ratio: Some(1.0),
            round_trip_ms: Some(42.4),
            far_lost: Some(7),
            mos: Some(4.29),
        }),
    }
}

fn record() -> InteractionRecord {
    let (ana, ben) = (candidate("ana", 1, -100), candidate("ben", 2, -50));
    InteractionRecord {
        summary: summary(),
        why: vec![],
        wrap_up_code: None,
        note_authors: vec![],
        menu_path: vec![MenuChoice {
            at: at(5),
            block: "main".to_owned(),
            key: "2".to_owned(),
            label: "Help".to_owned(),
        }],
        tags: [].into(),
        survey: vec![],
        recording_consent: None,
        queue_entries: vec![QueueEntryRecord {
            id: ENTRY,
            queue: Some("support".to_owned()),
            queue_id: QUEUE,
            entered_at: at(10),
            left_at: Some(at(62)),
            wait: Some(52.0),
            outcome: Some(EntryOutcome::Answered),
            agent: Some("ben".to_owned()),
            agent_id: Some(AgentId::from_number(2)),
            class: 1,
            v: at(10),
            requirement: [("billing".to_owned(), 3)].into(),
            refusal: None,
            closure: None,
        }],
        offers: vec![
            offer("ana", 1, 30, OfferOutcome::NoAnswer),
            offer("ben", 2, 62, OfferOutcome::Accepted),
        ],
        legs: vec![leg()],
        recordings: vec![RecordingRecord {
            id: RecordingId::from_number(1),
            interaction_id: InteractionId::from_number(1),
            index: 1,
            kind: router::event::RecordingKind::Talk,
            path: "2023-11/x/recording-1.wav".to_owned(),
            sample_rate: 8_000,
            channels: 2,
            started_at: at(62),
            finished_at: Some(at(90)),
            frames: Some(224_000),
            duration: Some(28.0),
            gap: Some(0.0),
            recovered: true,
            marks: Vec::new(),
        }],
        wrap_up: None,
        decisions: vec![
            decision(DecisionKind::Arrive, 10, ana, vec![ben.clone()]),
            decision(DecisionKind::Return, 30, ben, vec![]),
        ],
        events: vec![],
    }
}

#[test]
fn the_story_is_told_in_order_with_reasons() {
    let text = tell(&record());
    let wanted = [
        "+34600111222 called +34910000000 by trunk carrier at 2023-11-14T22:13:20.000Z; flow support (version 0123456789ab)",
        "Outcome: answered, ended by customer.",
        "Menu path: Help (2).",
        "+00:00.000  the call arrived",
        "+00:05.000  in menu main the caller pressed 2: Help",
        "+00:10.000  the caller began to wait in support, needing billing 3",
        "ana was chosen for the caller (tier 1, idle since 2023-11-14T22:11:40.000Z) before ben (tier 1, idle since \
         2023-11-14T22:12:30.000Z), because of the longer idle time; left out: 1 skill:billing, 2 wrap up",
        "+00:30.000  the caller came back and ben was chosen",
        "the only candidate",
        "+00:30.000  ana did not answer",
        "+01:02.000  ben answered",
        "the wait in support ended after 52.0 s: an agent answered",
        "the customer and ben heard each other",
        "agent ben, from 2023-11-14T22:13:50.000Z to 2023-11-14T22:14:50.000Z (bye); PCMU: 995 packets received, \
         1000 sent, 5 lost (0.5 %), 0 ignored, jitter 1.2 ms",
        "2023-11/x/recording-1.wav at 8000 samples per second, left the customer, right the agent; 28.0 s; repaired",
    ];
    for part in wanted {
        assert!(text.contains(part), "{part}\n\n{text}");
    }
    let arrived = text.find("the call arrived").unwrap();
    let ended = text.find("the customer's leg ended").unwrap();
    assert!(arrived < ended, "{text}");
}

/// Where several phones rang, each offer says what became of it, and one taken back before the answer is no lost race.
#[test]
fn who_answered_before_whom_is_told_where_several_phones_rang() {
    let mut record = record();
    record.offers = vec![
        offer("cleo", 3, 40, OfferOutcome::Revoked),
        offer("ben", 2, 62, OfferOutcome::Accepted),
        offer("ana", 1, 62, OfferOutcome::Revoked),
    ];
    record.decisions[1].beside = 2;
    let text = tell(&record);
    for part in [
        "+00:40.000  the offer to cleo was taken back",
        "+01:02.000  a colleague answered before ana",
        "the only candidate; left out: 1 skill:billing, 2 wrap up; 2 phones rang already",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn a_live_call_has_a_story_too() {
    let mut record = record();
    record.summary.outcome = None;
    record.summary.end_cause = None;
    record.summary.times.ended_at = None;
    record.legs.clear();
    record.recordings.clear();
    record.menu_path.clear();
    let text = tell(&record);
    for part in [
        "still live",
        "no choice made",
        "Legs\n  none",
        "Recordings\n  none",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}
