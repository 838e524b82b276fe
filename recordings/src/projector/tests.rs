//! Lines become rows exactly once, whatever is interrupted.

use super::*;
use crate::journal::{Journal, Opened, Settings};
use crate::store::interactions::InteractionFilter;
use crate::store::page::Paging;
use crate::testing::{AGENT, PHASES, Phase, QUEUE, Told, at, call, ids, number, numbered};
use router::event::{Direction, PersonalData};
use router::outcome::{EndCause, EntryOutcome, Outcome};
use router::{Event, Private};
use serde_json::{Value, json};
use tempfile::TempDir;

async fn store() -> (TempDir, Store) {
    let temp = tempfile::tempdir().unwrap();
    let store = Store::open(&temp.path().join("cordboard.db"))
        .await
        .unwrap();
    (temp, store)
}

/// Everything in the database that a line may change, as one value.
async fn contents(store: &Store) -> Value {
    let mut records = Vec::new();
    for n in 0..3 {
        let record = store.interaction(ids(n).interaction).await.unwrap();
        records.push(serde_json::to_value(record).unwrap());
    }
    let customers = store.customers(None, &Paging::default()).await.unwrap();
    json!({
        "records": records,
        "customers": serde_json::to_value(customers).unwrap(),
        "events": serde_json::to_value(store.events_after(0, 10_000).await.unwrap()).unwrap(),
        "agents": format!("{:?}", store.agent_states().await.unwrap()),
        "position": store.journal_seq().await.unwrap(),
    })
}

#[tokio::test]
async fn a_whole_call_becomes_a_whole_record() {
    let (_temp, store) = store().await;
    store.agent_id("ana", AGENT).await.unwrap();
    store.queue_id("support", QUEUE).await.unwrap();
    apply_batch(&store, &numbered(1, call(0, Phase::Over)))
        .await
        .unwrap();
    let record = store
        .interaction(ids(0).interaction)
        .await
        .unwrap()
        .unwrap();
    let json = serde_json::to_value(&record).unwrap();
    let expected = json!({
        "id": ids(0).interaction.to_string(),
        "channel": "voice",
        "customer_id": ids(0).customer.to_string(),
        "caller_number": "+34600111220",
        "caller_name": "Eva Pérez",
        "dialed_number": "9000",
        "trunk": "carrier",
        "direction": "inbound",
        "flow": "support",
        "flow_version": "abc123",
        "started_at": "2026-11-21T20:00:00.000Z",
        "answered_at": "2026-11-21T20:00:01.000Z",
        "connected_at": "2026-11-21T20:00:10.000Z",
        "ended_at": "2026-11-21T20:01:10.000Z",
        "outcome": "answered",
        "end_cause": "customer",
        "queue": "support",
        "queue_id": QUEUE.to_string(),
        "agent": "ana",
        "agent_id": AGENT.to_string(),
        "notes": null,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&json[name], value, "{name}");
    }
    assert_eq!(json["menu_path"][0]["label"], "Repairs");
    assert_eq!(json["tags"], json!({"topic": "repair"}));
    assert_eq!(json["why"], json!(["pressed 2: Repairs", "topic: repair"]));
    assert_eq!(json["queue_entries"][0]["wait"], 5.0);
    assert_eq!(json["queue_entries"][0]["outcome"], "answered");
    assert_eq!(json["offers"][0]["outcome"], "accepted");
    assert_eq!(json["legs"][0]["quality"]["codec"], "PCMU");
    assert_eq!(json["legs"][1]["agent"], "ana");
    assert_eq!(json["legs"][1]["connected_at"], json["connected_at"]);
    assert_eq!(json["recordings"][0]["duration"], 60.0);
    assert_eq!(json["wrap_up"]["duration"], 10.0);
    let decision = &json["decisions"][0];
    assert_eq!(decision["chosen"]["agent"], "ana");
    assert_eq!(
        decision["chosen"]["keys"]["idle_since"],
        "2026-11-21T20:00:00.000Z"
    );
    assert_eq!(decision["removed"], json!({"skill:billing": 1}));
    assert_eq!(decision["tie_break"], "only_one");
    let kinds: Vec<_> = record
        .events
        .iter()
        .map(|e| e.event["kind"].clone())
        .collect();
    assert_eq!(kinds.len(), 23, "{kinds:?}");
    assert_eq!(
        (&kinds[0], &kinds[22]),
        (&json!("call_arrived"), &json!("wrap_up_ended"))
    );
    assert_eq!(json["events"][6]["v"], "2026-11-21T20:00:05.000Z");
    // Whoever reads the lines again, as the call's page does, gets each of them.
    assert!(record.events.iter().all(|line| line.as_event().is_some()));
}

#[tokio::test]
async fn a_live_interaction_has_nulls_and_grows() {
    let (_temp, store) = store().await;
    let mut seen = 0;
    for phase in PHASES {
        apply_batch(&store, &numbered(1, call(0, phase)))
            .await
            .unwrap();
        let record = store
            .interaction(ids(0).interaction)
            .await
            .unwrap()
            .unwrap();
        assert!(record.events.len() > seen, "{phase:?}");
        seen = record.events.len();
        assert_eq!(
            record.summary.times.ended_at.is_some(),
            phase >= Phase::HungUp
        );
        assert_eq!(record.summary.outcome.is_some(), phase >= Phase::HungUp);
        let json = serde_json::to_value(&record.summary).unwrap();
        assert_eq!(json["outcome"].is_null(), phase < Phase::HungUp);
        assert_eq!(json.as_object().unwrap().len(), 23);
    }
    assert_eq!(store.live_interactions().await.unwrap(), 0);
}

/// Stops before or after the commit of any batch, starts again from the position, and compares with a quiet run.
#[tokio::test]
async fn every_line_counts_once_wherever_the_projector_is_killed() {
    let story: Vec<Told> = (0..3).flat_map(|n| call(n, Phase::Over)).collect();
    let lines = numbered(1, story);
    let (_quiet, expected) = store().await;
    apply_batch(&expected, &lines).await.unwrap();
    let expected = contents(&expected).await;

    for batch in [1, 7, 20] {
        let (temp, mut store) = store().await;
        let mut kills = 0;
        loop {
            let position = usize::try_from(store.journal_seq().await.unwrap()).unwrap();
            // The reader begins behind the position; once in a while it repeats lines, as after a restored backup.
            let from = position.saturating_sub(kills % 3);
            let to = (from + batch).min(lines.len());
            if position == lines.len() {
                break;
            }
            kills += 1;
            if kills % 2 == 0 {
                let mut tx = store.write().await.unwrap();
                apply::lines(&mut tx, &lines[from..to]).await.unwrap();
                drop(tx); // killed before the commit
            } else {
                apply_batch(&store, &lines[from..to]).await.unwrap(); // killed after it
            }
            if kills % 5 == 0 {
                store.close().await;
                store = Store::open(&temp.path().join("cordboard.db"))
                    .await
                    .unwrap();
            }
        }
        assert_eq!(contents(&store).await, expected, "batches of {batch}");
    }
}

/// Calls told into each other at random, and one of them a cancelled one: however the lines are cut into batches,
/// the rows are those of lines applied one by one.
#[tokio::test]
async fn lines_that_go_together_make_the_rows_of_lines_one_by_one() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |limit: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % limit as u64).unwrap()
    };
    for round in 0..6 {
        let mut stories: Vec<Vec<Told>> = (0..3).map(|n| call(n, Phase::Over)).collect();
        let mut cancelled = call(round % 3, Phase::Waiting);
        let (at_end, _, _) = *cancelled.last().unwrap();
        let given_up = Event::LegEnded {
            interaction: ids(round % 3).interaction,
            leg: ids(round % 3).legs[0],
            cause: "cancel".to_owned(),
            quality: None,
        };
        cancelled.push((at_end, given_up, None));
        stories[usize::try_from(round % 3).unwrap()] = cancelled;
        let mut told = Vec::new();
        while stories.iter().any(|story| !story.is_empty()) {
            let story = &mut stories[below(3)];
            if !story.is_empty() {
                told.push(story.remove(0));
            }
        }
        let lines = numbered(1, told);
        let (_alone, expected) = store().await;
        for line in &lines {
            apply_batch(&expected, std::slice::from_ref(line))
                .await
                .unwrap();
        }
        let (_together, found) = store().await;
        let mut rest = lines.as_slice();
        while !rest.is_empty() {
            let (batch, later) = rest.split_at((below(40) + 1).min(rest.len()));
            apply_batch(&found, batch).await.unwrap();
            rest = later;
        }
        assert_eq!(contents(&found).await, contents(&expected).await);
    }
}

/// The customer of a call out is who was called, and its agent who called, answered or not.
#[tokio::test]
async fn a_call_out_belongs_to_the_called_number_and_to_its_agent() {
    let (_temp, store) = store().await;
    for n in 0..2 {
        let (at, event, _) = call(n, Phase::Arrived).remove(0);
        let Event::CallArrived {
            interaction,
            leg,
            flow_version,
            ..
        } = event
        else {
            panic!("{event:?}")
        };
        let event = Event::CallArrived {
            interaction,
            leg,
            trunk: None,
            flow: "outbound".to_owned(),
            flow_version,
            direction: Direction::Outbound,
            agent: Some(AGENT),
        };
        let personal = PersonalData {
            notes: None,
            caller_number: Some(number("+34910000000")),
            caller_name: None,
            dialed_number: Some(number("+34600000001")),
            new_customer: Some(ids(n).customer),
        };
        let lines = numbered(n + 1, vec![(at, event, Some(personal))]);
        apply_batch(&store, &lines).await.unwrap();
        let found = store.interaction(interaction).await.unwrap().unwrap();
        let found = found.summary;
        assert_eq!(found.direction, Direction::Outbound);
        assert_eq!(found.parties.customer_id, Some(ids(0).customer));
        assert_eq!(found.agent_id, Some(AGENT));
    }
    let all = store.customers(None, &Paging::default()).await.unwrap();
    assert_eq!(all.items.len(), 1);
    for (direction, count) in [
        (Direction::Outbound, 2),
        (Direction::Inbound, 0),
        (Direction::Internal, 0),
    ] {
        let filter = InteractionFilter {
            direction: Some(direction),
            ..InteractionFilter::default()
        };
        let found = store.interactions(&filter, &Paging::default()).await;
        assert_eq!(found.unwrap().items.len(), count, "{direction:?}");
    }
}

#[tokio::test]
async fn the_customer_is_the_one_with_the_number_else_a_new_one() {
    let (_temp, store) = store().await;
    let arrival = |n: u64, personal: Option<PersonalData>| {
        let (at, event, _) = call(n, Phase::Arrived).remove(0);
        numbered(n + 1, vec![(at, event, personal)])
    };
    let caller = |n: u64, caller: Option<&str>, new: bool| {
        Some(PersonalData {
            notes: None,
            caller_number: caller.map(number),
            caller_name: Some(Private::new("Eva".to_owned())),
            dialed_number: None,
            new_customer: new.then_some(ids(n).customer),
        })
    };
    let table = [
        (
            0,
            caller(0, Some("+34600000001"), true),
            Some(ids(0).customer),
        ),
        (
            1,
            caller(1, Some("+34600000001"), true),
            Some(ids(0).customer),
        ),
        (
            2,
            caller(2, Some("+34600000002"), true),
            Some(ids(2).customer),
        ),
        (3, caller(3, None, true), None),
        (4, caller(4, Some("2001"), false), None),
        (5, None, None),
    ];
    for (n, personal, expected) in table {
        apply_batch(&store, &arrival(n, personal)).await.unwrap();
        let record = store
            .interaction(ids(n).interaction)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(record.summary.parties.customer_id, expected, "call {n}");
    }
    let all = store.customers(None, &Paging::default()).await.unwrap();
    assert_eq!(all.items.len(), 2);
    let eva = store
        .customer_by_number(&number("+34600000001"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        eva.name.as_ref().map(Private::reveal).map(String::as_str),
        Some("Eva")
    );
}

#[tokio::test]
async fn the_log_holds_no_personal_data() {
    let (_temp, store) = store().await;
    apply_batch(&store, &numbered(1, call(0, Phase::Over)))
        .await
        .unwrap();
    let events = serde_json::to_string(&store.events_after(0, 1_000).await.unwrap()).unwrap();
    assert!(!events.contains("34600111220") && !events.contains("Eva"));
    let replayed = store.log_after(0, 1_000).await.unwrap();
    let told: Vec<_> = call(0, Phase::Over)
        .into_iter()
        .map(|(_, event, _)| event)
        .collect();
    assert_eq!(
        replayed.into_iter().map(|l| l.event).collect::<Vec<_>>(),
        told
    );
}

#[tokio::test]
async fn a_line_that_does_not_fit_is_kept_in_the_log_and_holds_nothing_up() {
    let (_temp, store) = store().await;
    let mut story = call(0, Phase::Over);
    // A leg of an interaction whose beginning was lost.
    let stranger = call(1, Phase::Arrived).remove(1);
    story.insert(3, stranger);
    let lines = numbered(1, story);
    apply_batch(&store, &lines).await.unwrap();
    assert_eq!(store.journal_seq().await.unwrap(), lines.len() as u64);
    let record = store
        .interaction(ids(0).interaction)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(record.summary.outcome, Some(Outcome::Answered));
    assert_eq!(
        store.events_after(0, 1_000).await.unwrap().len(),
        lines.len()
    );
    assert_eq!(store.interaction(ids(1).interaction).await.unwrap(), None);
}

#[tokio::test]
async fn the_first_end_counts() {
    let (_temp, store) = store().await;
    let mut story = call(0, Phase::Over);
    let interaction = ids(0).interaction;
    let late = Event::CallEnded {
        interaction,
        outcome: Outcome::Failed,
        end_cause: EndCause::Error,
    };
    story.push((at(500), late, None));
    let left = Event::QueueLeft {
        interaction,
        entry: ids(0).entry,
        queue: QUEUE,
        outcome: EntryOutcome::Failed,
        agent: None,
        refusal: None,
        closure: None,
    };
    story.push((at(500), left, None));
    apply_batch(&store, &numbered(1, story)).await.unwrap();
    let record = store.interaction(interaction).await.unwrap().unwrap();
    assert_eq!(record.summary.outcome, Some(Outcome::Answered));
    assert_eq!(
        record.queue_entries[0].outcome,
        Some(EntryOutcome::Answered)
    );
}

async fn running(temp: &TempDir) -> (Journal, Store, Position, tokio::task::JoinHandle<()>) {
    let folder = DataFolder::new(temp.path());
    let store = Store::open(&folder.database()).await.unwrap();
    let position = store.journal_seq().await.unwrap();
    let Opened {
        journal, reader, ..
    } = Journal::open(folder.journal(), position, Settings::default()).unwrap();
    let projector = Projector::new(reader, store.clone(), folder).await.unwrap();
    let position = projector.position();
    (journal, store, position, tokio::spawn(projector.run()))
}

#[tokio::test]
async fn a_running_projector_writes_the_document_and_ends_with_the_journal() {
    let temp = tempfile::tempdir().unwrap();
    let (journal, store, mut position, task) = running(&temp).await;
    let path = DataFolder::new(temp.path())
        .interaction(at(0), ids(0).interaction)
        .join("interaction.json");
    let mut done = 0;
    for phase in [Phase::Talking, Phase::HungUp, Phase::Over] {
        for (at, event, personal) in call(0, phase).into_iter().skip(done) {
            journal.append(at, event, personal).await.unwrap();
            done += 1;
        }
        let seq = journal.sync().await.unwrap();
        assert!(position.reached(seq).await);
        assert_eq!(path.exists(), phase >= Phase::HungUp, "{phase:?}");
    }
    let document: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let record = store.interaction(ids(0).interaction).await.unwrap();
    assert_eq!(document, serde_json::to_value(record).unwrap());
    assert_eq!(document["wrap_up"]["duration"], 10.0);
    drop(journal);
    task.await.unwrap();
    assert!(!position.reached(u64::MAX).await);
}

#[tokio::test]
async fn a_locked_database_delays_the_records_and_loses_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let (journal, store, mut position, _task) = running(&temp).await;
    let held = store.write().await.unwrap();
    for (at, event, personal) in call(0, Phase::Over) {
        journal.append(at, event, personal).await.unwrap();
    }
    let seq = journal.sync().await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(position.now(), 0);
    drop(held);
    assert!(position.reached(seq).await);
    assert!(
        store
            .interaction(ids(0).interaction)
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn answers_of_surveys_stand_in_the_record_in_their_order() {
    let (_temp, store) = store().await;
    let interaction = ids(0).interaction;
    let answered = |question: &str, answer| {
        let question = question.to_owned();
        let event = Event::SurveyAnswered {
            interaction,
            question,
            answer,
        };
        (at(80), event, None)
    };
    let mut story = call(0, Phase::Over);
    story.extend([
        answered("csat", Some(4)),
        answered("solved", None),
        answered("csat", Some(5)),
    ]);
    let lines = numbered(1, story);
    apply_batch(&store, &lines).await.unwrap();
    // A line that comes twice counts once.
    apply_batch(&store, &lines).await.unwrap();
    let record = store.interaction(interaction).await.unwrap().unwrap();
    let record = serde_json::to_value(&record).unwrap();
    let at = "2026-11-21T20:01:20.000Z";
    assert_eq!(
        record["survey"],
        json!([
            { "at": at, "question": "csat", "answer": 4 },
            { "at": at, "question": "solved", "answer": null },
            { "at": at, "question": "csat", "answer": 5 },
        ])
    );
}

#[tokio::test]
async fn the_last_word_about_the_recording_counts() {
    let (_temp, store) = store().await;
    let interaction = ids(0).interaction;
    let said = |second, granted, by_key| {
        let event = Event::RecordingConsent {
            interaction,
            granted,
            by_key,
        };
        (at(second), event, None)
    };
    let mut story = call(0, Phase::InFlow);
    story.extend([said(2, true, false), said(3, false, true)]);
    apply_batch(&store, &numbered(1, story)).await.unwrap();
    let record = store.interaction(interaction).await.unwrap().unwrap();
    let record = serde_json::to_value(&record).unwrap();
    let at = "2026-11-21T20:00:03.000Z";
    assert_eq!(
        record["recording_consent"],
        json!({ "at": at, "granted": false, "by_key": true })
    );
    let lines = numbered(100, call(1, Phase::Over));
    apply_batch(&store, &lines).await.unwrap();
    let other = store
        .interaction(ids(1).interaction)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(other.recording_consent, None);
}
