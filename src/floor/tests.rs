use super::items::{self, FloorView, Moment};
use super::model::{LiveCalls, Phase};
use super::topic::{Objects, Topic};
use crate::company_view::CompanyView;
use crate::config::settings::LimitSettings;
use crate::config::{Ids, PasswordPolicy, RecordPolicy, parse_company};
use crate::distributor_task::desk::WaitView;
use router::distributor::port::{AgentView, QueueView, WaitingView};
use router::event::{Direction, Event, PersonalData};
use router::id::{AgentId, InteractionId, LegId, QueueEntryId, QueueId, RecordingId};
use router::outcome::{EndCause, EntryOutcome, Outcome};
use router::{AgentState, PhoneNumber, Private, Timestamp};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const CALL: InteractionId = InteractionId::from_number(1);
const ANA: AgentId = AgentId::from_number(2);
const SUPPORT: QueueId = QueueId::from_number(3);
const ENTRY: QueueEntryId = QueueEntryId::from_number(4);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1_000)
}

fn company() -> CompanyView {
    let text = "[[queues]]\nname = \"support\"\n[[agents]]\nlogin = \"ana\"\nname = \"Ana <b>\"\n\
                extension = \"2001\"\npassword = \"p\"\nqueues = { support = 1 }\n";
    let company = parse_company(text, "company.toml", PasswordPolicy::Required);
    let ids = Ids {
        agents: [("ana".to_owned(), ANA)].into(),
        queues: [("support".to_owned(), SUPPORT)].into(),
    };
    let limits = LimitSettings::default().or(LimitSettings::default());
    CompanyView::new(
        company.value.unwrap(),
        ids,
        limits,
        None,
        RecordPolicy::Always,
    )
}

fn arrived() -> (Event, PersonalData) {
    let event = Event::CallArrived {
        interaction: CALL,
        leg: LegId::from_number(9),
        trunk: None,
        flow: "support".to_owned(),
        flow_version: "1".to_owned(),
        direction: Direction::Inbound,
        agent: None,
    };
    let personal = PersonalData {
        caller_number: Some(PhoneNumber::from_normalised("+34600111222")),
        caller_name: Some(Private::new("<script>alert(1)</script>".to_owned())),
        ..PersonalData::default()
    };
    (event, personal)
}

/// A call that waits since second 10, having arrived at 1.
fn waiting() -> LiveCalls {
    let mut calls = LiveCalls::default();
    let (event, personal) = arrived();
    assert!(calls.told(at(1), &event, Some(&personal)));
    let chosen = Event::MenuChosen {
        interaction: CALL,
        block: "main".to_owned(),
        key: "2".to_owned(),
        label: "repairs".to_owned(),
    };
    calls.told(at(5), &chosen, None);
    let entered = Event::QueueEntered {
        interaction: CALL,
        entry: ENTRY,
        queue: SUPPORT,
        v: at(10),
        entry_seq: 1,
        class: 1,
        requirement: BTreeMap::new(),
        asked: BTreeMap::new(),
        wishes: Box::default(),
    };
    calls.told(at(10), &entered, None);
    calls
}

fn view(state: AgentState, since: i64, interaction: Option<InteractionId>) -> FloorView {
    let agent = AgentView {
        agent: ANA,
        state,
        reason: None,
        since: at(since),
        registered: true,
        idle_since: at(0),
        interaction,
        next: None,
    };
    FloorView {
        agents: vec![agent],
        ..FloorView::default()
    }
}

fn me(calls: &LiveCalls, view: &FloorView) -> Value {
    let company = company();
    let moment = Moment {
        company: &company,
        view,
        calls,
    };
    serde_json::from_str(&moment.me()[&ANA]).unwrap()
}

#[test]
fn an_offer_says_who_how_long_and_why_and_no_more() {
    let calls = waiting();
    let me = me(&calls, &view(AgentState::Offered, 25, Some(CALL)));
    let offer = &me["offer"];
    assert_eq!(offer["queue"], "support");
    assert_eq!(offer["waited"], 15.0);
    assert_eq!(offer["why"], serde_json::json!(["pressed 2: repairs"]));
    assert_eq!(offer["caller"]["number"], "+34600111222");
    // A number proves nobody: no record before the agent says who it is.
    assert_eq!(offer["customer"], Value::Null);
    assert_eq!((&me["call"], &me["wrap_up"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_talk_and_its_wrap_up_are_seen() {
    let mut calls = waiting();
    let left = Event::QueueLeft {
        interaction: CALL,
        entry: ENTRY,
        queue: SUPPORT,
        outcome: EntryOutcome::Answered,
        agent: Some(ANA),
        refusal: None,
        closure: None,
    };
    let connected = Event::Connected {
        interaction: CALL,
        agent: ANA,
        leg: LegId::from_number(8),
    };
    let recording = Event::RecordingStarted {
        interaction: CALL,
        recording: RecordingId::from_number(1),
        index: 1,
        path: "x".to_owned(),
        sample_rate: 8_000,
        recording_kind: router::event::RecordingKind::Talk,
    };
    for (second, event) in [(30, left), (30, connected), (31, recording)] {
        assert!(calls.told(at(second), &event, None));
    }
    let call = calls.get(CALL).unwrap();
    assert_eq!(
        (call.phase, call.since, call.agent),
        (Phase::Talking, at(30), Some(ANA))
    );
    let talking = me(&calls, &view(AgentState::OnCall, 30, Some(CALL)));
    assert_eq!(talking["call"]["recording"], true);
    assert_eq!(talking["call"]["queue"], "support");
    let ended = Event::CallEnded {
        interaction: CALL,
        outcome: Outcome::Answered,
        end_cause: EndCause::Customer,
    };
    calls.told(at(60), &ended, None);
    assert_eq!(calls.live().count(), 0);
    let busy = BTreeSet::from([CALL]);
    calls.forget_over(&busy, at(100));
    let wrapping = me(&calls, &view(AgentState::WrapUp, 60, Some(CALL)));
    assert_eq!(wrapping["wrap_up"]["queue"], "support");
    calls.forget_over(&BTreeSet::new(), at(100));
    assert!(calls.get(CALL).is_none(), "nothing is left behind");
}

#[test]
fn one_who_leaves_a_queue_without_an_agent_is_in_the_flow_again() {
    let mut calls = waiting();
    let left = Event::QueueLeft {
        interaction: CALL,
        entry: ENTRY,
        queue: SUPPORT,
        outcome: EntryOutcome::TimedOut,
        agent: None,
        refusal: None,
        closure: None,
    };
    calls.told(at(20), &left, None);
    assert_eq!(calls.get(CALL).unwrap().phase, Phase::InFlow);
    // Lines were missed: it neither waits nor talks, so it is taken for over.
    calls.missed_lines(&BTreeSet::new());
    assert_eq!(calls.live().count(), 0);
}

#[test]
fn queues_count_their_agents() {
    let company = company();
    let agents = view(AgentState::OnCall, 0, Some(CALL)).agents;
    let items = items::queues(&company, &agents, (&[], &BTreeMap::new()), &BTreeMap::new());
    let item: Value = serde_json::from_str(&items["support"]).unwrap();
    assert_eq!(item["agents"]["on_call"], 1);
    assert_eq!(item["agents"]["available"], 0);
    assert_eq!(item["thresholds"]["longest_wait"]["critical"], 120.0);
    assert_eq!(
        (&item["waiting"], &item["oldest_since"]),
        (&0.into(), &Value::Null)
    );
    let one = |unmeetable| WaitingView {
        entry: ENTRY,
        interaction: CALL,
        position: 1,
        enqueued_at: at(0),
        v: at(0),
        class: 1,
        offered_to: Vec::new(),
        unmeetable,
    };
    let queue = QueueView {
        queue: SUPPORT,
        waiting: vec![one(true), one(false), one(true)],
        closure: None,
    };
    let waits = BTreeMap::new();
    let items = items::queues(&company, &agents, (&[queue], &waits), &BTreeMap::new());
    let item: Value = serde_json::from_str(&items["support"]).unwrap();
    assert_eq!(
        (&item["waiting"], &item["unmeetable"]),
        (&3.into(), &2.into())
    );
}

#[test]
fn a_closed_queue_says_until_when_by_whom_and_why() {
    use router::closure::{ClosedBy, Closure, ClosureMessage, WhileClosed};
    let company = company();
    let closure = Closure {
        id: router::id::ClosureId::from_number(1),
        queue: SUPPORT,
        since: at(0),
        until: Some(at(60)),
        message: ClosureMessage::Words("We are closed".to_owned()),
        waiting: WhileClosed::End,
        reason: "flood".to_owned(),
        by: ClosedBy {
            user: None,
            name: Private::new("sam".to_owned()),
        },
    };
    let line = QueueView {
        queue: SUPPORT,
        waiting: Vec::new(),
        closure: Some(closure),
    };
    let items = items::queues(&company, &[], (&[line], &BTreeMap::new()), &BTreeMap::new());
    let item: Value = serde_json::from_str(&items["support"]).unwrap();
    let closure = &item["closure"];
    assert_eq!(
        (&closure["by"], &closure["reason"]),
        (&"sam".into(), &"flood".into())
    );
    assert_eq!(closure["waiting"], "end");
    assert_eq!(closure["message"]["words"], "We are closed");
    assert_eq!(closure["message"]["prompt"], Value::Null);
    assert_eq!(closure["until"], recordings::Utc(at(60)).to_string());
}

#[test]
fn a_queue_says_what_a_newcomer_is_told_and_how_often_that_was_true() {
    use router::wait::{Forecast, Model, WaitError};
    let company = company();
    let seconds = std::time::Duration::from_secs;
    let wait = WaitView {
        newcomer: Some(Forecast {
            model: Model::Pace,
            expected: seconds(14),
            quantile: seconds(22),
            announced: seconds(30),
        }),
        error: WaitError {
            lately: 120,
            coverage_announced: Some(0.83),
            ..WaitError::default()
        },
    };
    let told = |waits| {
        let items = items::queues(&company, &[], (&[], &waits), &BTreeMap::new());
        let mut item: Value = serde_json::from_str(&items["support"]).unwrap();
        item["expected_wait"].take()
    };
    assert_eq!(
        told(BTreeMap::from([(SUPPORT, wait)])),
        serde_json::json!({"announced": 30.0, "held": 0.83, "callers": 120})
    );
    assert_eq!(
        told(BTreeMap::new()),
        serde_json::json!({"announced": null, "held": null, "callers": 0})
    );
}

fn list(items: &[(&str, u32)]) -> BTreeMap<String, String> {
    let item = |(id, n): &(&str, u32)| ((*id).to_owned(), format!("{{\"n\":{n}}}"));
    items.iter().map(item).collect()
}

fn read(texts: &[super::topic::Text]) -> Vec<Value> {
    let texts = texts.iter();
    texts
        .map(|text| serde_json::from_str(text).unwrap())
        .collect()
}

#[test]
fn a_list_tells_its_changes_and_a_reader_may_resume() {
    let mut topic = Topic::new("agents", 100);
    let first = topic.update(list(&[("a", 1), ("b", 1)]), at(1)).unwrap();
    assert_eq!(first.seq, 101);
    assert!(topic.update(list(&[("a", 1), ("b", 1)]), at(2)).is_none());
    assert!(!topic.is_due(at(1)) && topic.is_due(at(2)));
    let now = topic.update(list(&[("a", 2)]), at(3)).unwrap();
    assert_eq!(now.seq, 102);
    let news = read(&now.after(Some(101)));
    assert_eq!(news.len(), 1);
    assert_eq!(news[0]["seq"], 102);
    assert_eq!(news[0]["delta"]["upsert"], serde_json::json!([{ "n": 2 }]));
    assert_eq!(news[0]["delta"]["remove"], serde_json::json!(["b"]));
    assert!(now.after(Some(102)).is_empty());
    // Nothing yet, a number of another process, one from the future: everything.
    for since in [None, Some(7), Some(99), Some(103), Some(u64::MAX)] {
        let all = read(&now.after(since));
        assert_eq!(all.len(), 1, "{since:?}");
        let items = &all[0]["snapshot"]["items"];
        assert_eq!(items, &serde_json::json!([{ "n": 2 }]), "{since:?}");
    }
}

#[test]
fn whoever_was_away_for_long_gets_everything() {
    let mut topic = Topic::new("agents", 0);
    for n in 1..=300 {
        topic.update(list(&[("a", n)]), at(i64::from(n))).unwrap();
    }
    let now = topic.now();
    assert!(read(&now.after(Some(1)))[0].get("snapshot").is_some());
    let missed = read(&now.after(Some(290)));
    let seqs: Vec<u64> = missed.iter().map(|m| m["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (291..=300).collect::<Vec<_>>());
}

#[test]
fn own_objects_are_sent_whole_with_rising_numbers() {
    let mut objects = Objects::new("me", 10);
    let state = |n: u32| BTreeMap::from([(ANA, format!("{{\"n\":{n}}}"))]);
    assert!(objects.update(&state(1)));
    assert!(!objects.update(&state(1)));
    assert!(objects.update(&state(2)));
    let (seq, text) = objects.get(ANA).unwrap();
    assert_eq!(*seq, 12);
    let read: Value = serde_json::from_str(text).unwrap();
    assert_eq!(read["snapshot"]["n"], 2);
    assert!(objects.update(&BTreeMap::new()));
    assert!(objects.get(ANA).is_none());
}
