//! Customers, lists, counters, tokens, registrations, on a real database.

use super::customers::{CustomerDetails, CustomerPatch, NewCustomer};
use super::interactions::InteractionFilter;
use super::page::Paging;
use super::registrations::StoredRegistration;
use super::tokens::StoredToken;
use super::*;
use crate::projector::apply_batch;
use crate::testing::{AGENT, Phase, QUEUE, at, call, ids, number, numbered};
use router::id::{AgentId, CustomerId, QueueId};
use router::outcome::{EndCause, EntryOutcome, Outcome};
use router::{Event, Private};
use std::collections::BTreeMap;
use std::time::Duration;
use tempfile::TempDir;

async fn store() -> (TempDir, Store) {
    let temp = tempfile::tempdir().unwrap();
    let store = Store::open(&temp.path().join("cordboard.db"))
        .await
        .unwrap();
    (temp, store)
}

fn customer(n: u64, name: &str, numbers: &[&str]) -> NewCustomer {
    NewCustomer {
        id: CustomerId::from_number(n),
        details: CustomerDetails {
            name: Some(Private::new(name.to_owned())),
            numbers: numbers.iter().map(|text| number(text)).collect(),
            ..CustomerDetails::default()
        },
    }
}

#[tokio::test]
async fn the_database_is_as_safe_as_the_module_says() {
    let (_temp, store) = store().await;
    let mut tx = store.write().await.unwrap();
    for (pragma, expected) in [
        ("SELECT journal_mode FROM pragma_journal_mode", "wal"),
        (
            "SELECT CAST(synchronous AS TEXT) FROM pragma_synchronous",
            "2",
        ),
        (
            "SELECT CAST(foreign_keys AS TEXT) FROM pragma_foreign_keys",
            "1",
        ),
    ] {
        let value: String = sqlx::query_scalar(pragma)
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        assert_eq!(value, expected, "{pragma}");
    }
    tx.rollback().await.unwrap();
    let refused = sqlx::query("DELETE FROM meta")
        .execute(&mut *store.read().await.unwrap())
        .await;
    assert!(refused.is_err(), "readers only read");
    let cache: i64 = sqlx::query_scalar("SELECT cache_size FROM pragma_cache_size")
        .fetch_one(&mut *store.read().await.unwrap())
        .await
        .unwrap();
    assert_eq!(cache, -512, "what they keep is small");
    store.ping().await.unwrap();
}

#[tokio::test]
async fn names_keep_the_id_they_got_first() {
    let (_temp, store) = store().await;
    let first = store
        .agent_id("ana", AgentId::from_number(10))
        .await
        .unwrap();
    let again = store
        .agent_id("ana", AgentId::from_number(11))
        .await
        .unwrap();
    assert_eq!((first, again), (AgentId::from_number(10), first));
    let queue = store
        .queue_id("support", QueueId::from_number(20))
        .await
        .unwrap();
    let other = store
        .queue_id("sales", QueueId::from_number(21))
        .await
        .unwrap();
    assert_eq!(
        store.queue_names().await.unwrap(),
        BTreeMap::from([(queue, "support".to_owned()), (other, "sales".to_owned())])
    );
    assert_eq!(
        store.agent_logins().await.unwrap(),
        BTreeMap::from([(first, "ana".to_owned())])
    );
}

#[tokio::test]
async fn a_customer_is_made_changed_and_found() {
    let (_temp, store) = store().await;
    let made = store
        .create_customer(
            &customer(1, "Eva Pérez", &["+34600000001", "+34910000001"]),
            at(0),
        )
        .await
        .unwrap();
    assert_eq!(
        made.numbers,
        [number("+34600000001"), number("+34910000001")]
    );
    let id = made.id;
    let by_number = store
        .customer_by_number(&number("+34910000001"))
        .await
        .unwrap();
    assert_eq!(by_number, Some(made));

    let taken = store
        .create_customer(&customer(2, "Other", &["+34910000001"]), at(1))
        .await;
    assert!(matches!(taken, Err(StoreError::Taken(_))));
    assert_eq!(
        store.customer(CustomerId::from_number(2)).await.unwrap(),
        None
    );
    let twice = store
        .create_customer(&customer(1, "Twin", &[]), at(1))
        .await;
    assert!(matches!(twice, Err(StoreError::Taken(_))));

    let patch = r#"{"company": "Fernhill", "name": null, "numbers": ["+34600000009"]}"#;
    let patch: CustomerPatch = serde_json::from_str(patch).unwrap();
    let changed = store
        .update_customer(id, &patch, at(5))
        .await
        .unwrap()
        .unwrap();
    let json = serde_json::to_value(&changed).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "id": id.to_string(), "name": null, "company": "Fernhill", "email": null,
            "notes": null, "language": null, "tier": null, "numbers": ["+34600000009"],
            "created_at": "2026-11-21T20:00:00.000Z", "updated_at": "2026-11-21T20:00:05.000Z",
        })
    );
    let tier = |text: &str| serde_json::from_str::<CustomerPatch>(text).unwrap();
    for (patch, tier) in [
        (tier(r#"{"tier": "gold"}"#), Some("gold")),
        (tier("{}"), Some("gold")),
        (tier(r#"{"tier": null}"#), None),
    ] {
        let ranked = store.update_customer(id, &patch, at(5)).await.unwrap();
        assert_eq!(ranked.unwrap().tier.as_deref(), tier);
    }
    let empty = CustomerPatch::default();
    let same = store.update_customer(id, &empty, at(5)).await.unwrap();
    assert_eq!(same, Some(changed));
    let nobody = CustomerId::from_number(99);
    assert_eq!(
        store.update_customer(nobody, &empty, at(5)).await.unwrap(),
        None
    );
    assert!(serde_json::from_str::<CustomerPatch>(r#"{"nmae": "x"}"#).is_err());
}

#[tokio::test]
async fn customers_are_searched_as_text_and_seeded_once() {
    let (_temp, store) = store().await;
    let seed = [
        customer(1, "Eva Pérez", &["+34600000001"]),
        customer(2, "Bob_100%", &["+34600000002"]),
        customer(3, "bobby", &["+34600000001"]), // the number is Eva's
    ];
    assert_eq!(store.seed_customers(&seed, at(0)).await.unwrap(), 2);
    assert_eq!(store.seed_customers(&seed, at(9)).await.unwrap(), 0);
    let table = [
        ("eva", 1),
        ("PÉREZ", 1), // folded before it reaches the database, which folds ASCII letters only
        ("bob", 1),
        ("_", 1),
        ("%", 1),
        ("600000002", 1),
        ("\\", 0),
        ("'; DROP TABLE customers; --", 0),
    ];
    for (text, expected) in table {
        let page = store
            .customers(Some(text), &Paging::default())
            .await
            .unwrap();
        assert_eq!(page.items.len(), expected, "{text}");
    }
}

#[tokio::test]
async fn names_are_found_by_many_numbers_at_once() {
    let (_temp, store) = store().await;
    let mut nameless = customer(3, "", &["+34600000003"]);
    nameless.details.name = None;
    let seed = [
        customer(1, "Eva Pérez", &["+34600000001", "+34910000001"]),
        customer(2, "Bob", &["+34600000002"]),
        nameless,
    ];
    store.seed_customers(&seed, at(0)).await.unwrap();
    let asked: Vec<_> = (0..70)
        .map(|n| number(&format!("+346000000{n:02}")))
        .chain([number("+34910000001"), number("+34600000001")])
        .collect();
    let names = store.customer_names_by_number(&asked).await.unwrap();
    let mut found: Vec<_> = names
        .iter()
        .map(|(number, name)| (number.reveal(), name.reveal().as_str()))
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("+34600000001", "Eva Pérez"),
            ("+34600000002", "Bob"),
            ("+34910000001", "Eva Pérez"),
        ]
    );
    assert!(
        store
            .customer_names_by_number(&[])
            .await
            .unwrap()
            .is_empty()
    );
}

async fn some_calls(store: &Store, count: u64) {
    for n in 0..count {
        let position = store.journal_seq().await.unwrap();
        let until = if n % 3 == 0 {
            Phase::InFlow
        } else {
            Phase::Over
        };
        apply_batch(store, &numbered(position + 1, call(n, until)))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn pages_show_every_interaction_once_while_new_ones_arrive() {
    let (_temp, store) = store().await;
    some_calls(&store, 10).await;
    let mut paging = Paging {
        limit: Some(3),
        cursor: None,
    };
    let mut seen = Vec::new();
    loop {
        let page = store
            .interactions(&InteractionFilter::default(), &paging)
            .await
            .unwrap();
        assert!(page.items.len() <= 3);
        seen.extend(page.items.into_iter().map(|item| item.id));
        if seen.len() == 3 {
            // A call that arrives meanwhile belongs before the first page.
            let position = store.journal_seq().await.unwrap();
            apply_batch(&store, &numbered(position + 1, call(50, Phase::Arrived)))
                .await
                .unwrap();
        }
        match page.next {
            Some(next) => paging.cursor = Some(next),
            None => break,
        }
    }
    let expected: Vec<_> = (0..10).rev().map(|n| ids(n).interaction).collect();
    assert_eq!(seen, expected);
    let bad = Paging {
        limit: None,
        cursor: Some("nonsense".to_owned()),
    };
    let refused = store
        .interactions(&InteractionFilter::default(), &bad)
        .await;
    assert!(matches!(refused, Err(StoreError::BadCursor)));
}

/// `queue=support from=60`: seconds for the moments.
fn filter(text: &str) -> InteractionFilter {
    let mut filter = InteractionFilter::default();
    for (name, value) in text
        .split_whitespace()
        .filter_map(|part| part.split_once('='))
    {
        match name {
            "from" => filter.from = Some(at(value.parse().unwrap())),
            "to" => filter.to = Some(at(value.parse().unwrap())),
            "queue" => filter.queue = Some(value.to_owned()),
            "agent" => filter.agent = Some(value.to_owned()),
            "customer" => filter.customer = Some(value.parse().unwrap()),
            "outcome" => filter.outcome = Some(Outcome::from_name(value).unwrap()),
            _ => panic!("{name}"),
        }
    }
    filter
}

#[tokio::test]
async fn filters_must_all_hold_and_take_names_or_ids() {
    let (_temp, store) = store().await;
    store.agent_id("ana", AGENT).await.unwrap();
    store.queue_id("support", QUEUE).await.unwrap();
    some_calls(&store, 9).await;
    let by_queue_id = format!("queue={QUEUE}");
    let by_agent_id = format!("agent={AGENT}");
    let by_customer = format!("customer={}", ids(1).customer);
    let table = [
        ("", 9),
        ("queue=support", 6),
        (&by_queue_id, 6),
        ("queue=nowhere", 0),
        ("agent=ana", 6),
        (&by_agent_id, 6),
        ("agent=o'neil", 0),
        ("outcome=answered", 6),
        ("outcome=failed", 0),
        (&by_customer, 1),
        ("from=60 to=240", 3),
        ("from=60 to=240 agent=ana", 2),
    ];
    for (text, expected) in table {
        let page = store
            .interactions(&filter(text), &Paging::default())
            .await
            .unwrap();
        assert_eq!(page.items.len(), expected, "{text}");
        assert_eq!(page.next, None);
    }
}

/// Waits of one queue: (entered at second, left at second, outcome).
async fn waits(store: &Store, waits: &[(i64, Option<(i64, EntryOutcome)>)]) {
    for (n, (entered, left)) in (0..).zip(waits) {
        let mut story = call(n, Phase::InFlow);
        let interaction = ids(n).interaction;
        let entry = ids(n).entry;
        let event = Event::QueueEntered {
            interaction,
            entry,
            queue: QUEUE,
            v: at(*entered),
            entry_seq: n,
            class: 1,
            requirement: BTreeMap::new(),
            asked: BTreeMap::new(),
            wishes: Box::default(),
        };
        story.push((at(*entered), event, None));
        if let Some((left, outcome)) = left {
            let event = Event::QueueLeft {
                interaction,
                entry,
                queue: QUEUE,
                outcome: *outcome,
                agent: None,
                refusal: None,
                closure: None,
            };
            story.push((at(*left), event, None));
        }
        let position = store.journal_seq().await.unwrap();
        apply_batch(store, &numbered(position + 1, story))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn counters_add_up_and_the_service_level_follows_its_formula() {
    let (_temp, store) = store().await;
    let target = Duration::from_secs(20);
    let empty = store.queue_counters(QUEUE, at(0), target).await.unwrap();
    assert_eq!((empty.entered, empty.service_level), (0, None));
    use EntryOutcome::{Abandoned, Answered, Failed, ShortAbandoned, TimedOut};
    waits(
        &store,
        &[
            (-10, Some((5, Answered))), // yesterday's
            (0, Some((20, Answered))),  // exactly in time
            (1, Some((22, Answered))),  // one second late
            (2, Some((30, Abandoned))),
            (3, Some((4, ShortAbandoned))),
            (4, Some((600, TimedOut))),
            (5, Some((6, Failed))),
            (6, None),
        ],
    )
    .await;
    let counters = store.queue_counters(QUEUE, at(0), target).await.unwrap();
    let outcomes = &counters.outcomes;
    assert_eq!(
        (outcomes.answered, outcomes.abandoned, outcomes.failed),
        (2, 1, 1)
    );
    assert_eq!((outcomes.short_abandoned, outcomes.timed_out), (1, 1));
    assert_eq!((counters.entered, counters.waiting), (7, 1));
    assert_eq!(counters.answered_in_time, 1);
    assert_eq!(counters.service_level, Some(1.0 / 3.0));
    assert_eq!(counters.average_wait, Some(20.5));
    assert_eq!(counters.longest_wait, Some(21.0));
    let json = serde_json::to_value(&counters).unwrap();
    assert_eq!(json["service_level_formula"], "sl_v1");
    let sum: u64 = [
        "answered",
        "abandoned",
        "short_abandoned",
        "overflowed",
        "key_exit",
        "callback",
        "voicemail",
        "timed_out",
        "refused",
        "failed",
        "waiting",
    ]
    .iter()
    .map(|name| json[*name].as_u64().unwrap())
    .sum();
    assert_eq!(json["entered"], sum);
}

#[tokio::test]
async fn the_last_hour_is_the_records_and_survives_a_restart() {
    let (temp, store) = store().await;
    use EntryOutcome::{Abandoned, Answered, ShortAbandoned};
    waits(
        &store,
        &[
            (-7_200, Some((-7_000, Answered))), // before the hour
            (-4_000, Some((-3_000, Answered))), // came before it, left in it
            (-100, Some((-40, Answered))),
            (-90, Some((-30, Abandoned))),
            (-80, Some((-78, ShortAbandoned))),
            (-20, None),
        ],
    )
    .await;
    let hour = store.queue_history(QUEUE, 60, at(0)).await.unwrap();
    let sum = |of: fn(&history::Count) -> u64| hour.counts.iter().map(of).sum::<u64>();
    assert_eq!(
        (sum(|count| count.answered), sum(|count| count.abandoned)),
        (2, 1)
    );
    assert_eq!(hour.points.len(), 60);
    let most = hour.points.iter().map(|point| point.waiting).max();
    assert_eq!(most, Some(3));
    let last = hour.points.last().unwrap();
    assert_eq!((last.waiting, last.longest_wait), (1, 20.0));
    assert_eq!(
        store
            .queue_history(QueueId::from_number(77), 60, at(0))
            .await
            .unwrap()
            .points[59]
            .waiting,
        0
    );
    store.close().await;
    let again = Store::open(&temp.path().join("cordboard.db"))
        .await
        .unwrap();
    let after = again.queue_history(QUEUE, 60, at(0)).await.unwrap();
    assert_eq!(after, hour);
}

#[tokio::test]
async fn tokens_are_known_by_their_hash_until_revoked() {
    let (_temp, store) = store().await;
    let token = StoredToken {
        hash: [0xab; 32],
        role: "agent".to_owned(),
        agent_login: Some("ana".to_owned()),
        created_at: at(0),
    };
    store.create_token(&token).await.unwrap();
    store.create_token(&token).await.unwrap();
    assert_eq!(store.token(&token.hash).await.unwrap(), Some(token.clone()));
    assert_eq!(store.token(&[0; 32]).await.unwrap(), None);
    assert!(store.delete_token(&token.hash).await.unwrap());
    assert!(!store.delete_token(&token.hash).await.unwrap());
    assert_eq!(store.token(&token.hash).await.unwrap(), None);
}

#[tokio::test]
async fn registrations_survive_until_they_end() {
    let (temp, store) = store().await;
    let row = |contact: &str, expires: i64| StoredRegistration {
        extension: "2001".to_owned(),
        contact: contact.to_owned(),
        instance: None,
        source: "udp:127.0.0.1:5070".to_owned(),
        call_id: "abc".to_owned(),
        cseq: u32::MAX,
        expires_at: at(expires),
    };
    let phone = |name: &str, rows: &[StoredRegistration]| (name.to_owned(), rows.to_vec());
    let save = async |store: &Store, rows: &[StoredRegistration]| {
        let phones = [phone("2001", rows)];
        store.save_registrations(&phones, false).await.unwrap();
    };
    save(&store, &[row("sip:a", 10), row("sip:b", 60)]).await;
    save(&store, &[row("sip:a", 10), row("sip:b", 90)]).await;
    store.close().await;
    let store = Store::open(&temp.path().join("cordboard.db"))
        .await
        .unwrap();
    assert_eq!(
        store.registrations(at(10)).await.unwrap(),
        [row("sip:b", 90)]
    );
    // Two flows of one phone have the same contact; another phone is another matter.
    let second = StoredRegistration {
        source: "tcp:127.0.0.1:5071".to_owned(),
        ..row("sip:b", 90)
    };
    let other = StoredRegistration {
        extension: "2002".to_owned(),
        ..row("sip:c", 50)
    };
    let flows = [second, row("sip:b", 90)];
    save(&store, &flows).await;
    let phones = [phone("2002", std::slice::from_ref(&other))];
    store.save_registrations(&phones, false).await.unwrap();
    let [a, b] = flows;
    assert_eq!(
        store.registrations(at(10)).await.unwrap(),
        [a, b, other.clone()]
    );
    save(&store, &[]).await;
    let left = store.registrations(at(10)).await.unwrap();
    assert_eq!(left, std::slice::from_ref(&other));
    let phones = [phone("2001", &[row("sip:d", 50)])];
    store.save_registrations(&phones, true).await.unwrap();
    assert_eq!(
        store.registrations(at(10)).await.unwrap(),
        [row("sip:d", 50)]
    );
}

#[tokio::test]
async fn recordings_and_decisions_are_found_by_id() {
    let (_temp, store) = store().await;
    apply_batch(&store, &numbered(1, call(0, Phase::Over)))
        .await
        .unwrap();
    let recording = store.recording(ids(0).recording).await.unwrap().unwrap();
    assert_eq!(recording.interaction_id, ids(0).interaction);
    assert_eq!((recording.index, recording.channels), (1, 2));
    assert_eq!(recording.gap, Some(0.0));
    assert_eq!(store.recording(ids(1).recording).await.unwrap(), None);
    assert_eq!(store.decisions(ids(0).interaction).await.unwrap().len(), 1);
    assert_eq!(store.decisions(ids(1).interaction).await.unwrap(), []);
    let ended = store
        .interaction(ids(0).interaction)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(ended.summary.end_cause, Some(EndCause::Customer));
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_an_error_with_the_columns_name() {
    let (_temp, store) = store().await;
    apply_batch(&store, &numbered(1, call(0, Phase::Over)))
        .await
        .unwrap();
    let mut tx = store.write().await.unwrap();
    sqlx::query("UPDATE interactions SET outcome = 'splendid'")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let error = store.interaction(ids(0).interaction).await.unwrap_err();
    assert_eq!(error.to_string(), "column outcome of a row cannot be read");
    assert!(!error.is_transient());
    assert_eq!(store.last_event_at().await.unwrap(), Some(at(81)));
}
