//! Versions on trial over a real store: how many calls they get, and the way back.

use super::*;
use ivr_flows::{CallFacts, FlowInput, FlowOutput, Interpreter};
use std::time::Duration;

/// A call of this version that ended so.
async fn called(world: &World, n: u64, hash: &str, trouble: bool) {
    ended(
        world,
        InteractionId::from_number(1_000 + n),
        n,
        hash,
        trouble,
    )
    .await;
}

async fn ended(world: &World, interaction: InteractionId, n: u64, hash: &str, trouble: bool) {
    let at = Timestamp::from_millis(world.publisher.clock.now().millis() + 1_000);
    let arrived = Event::CallArrived {
        interaction,
        leg: LegId::from_number(1_000 + n),
        trunk: None,
        flow: "support".to_owned(),
        flow_version: hash.to_owned(),
        direction: Direction::Inbound,
        agent: None,
    };
    let told = Event::SupervisorTold {
        interaction: Some(interaction),
        agent: None,
        queue: None,
        what: "flow `support`: trouble".to_owned(),
    };
    let ended = Event::CallEnded {
        interaction,
        outcome: Outcome::SelfServed,
        end_cause: EndCause::Flow,
    };
    let personal = Some(PersonalData::default());
    world.journal.append(at, arrived, personal).await.unwrap();
    if trouble {
        world.journal.append(at, told, None).await.unwrap();
    }
    world.journal.append(at, ended, None).await.unwrap();
}

#[tokio::test]
async fn a_trial_that_does_worse_is_taken_back_and_said_so() {
    let mut world = World::start(FlowMaster::Database).await;
    world.publisher.begin().await.unwrap();
    world.publish(&flow("one"), None).await.unwrap();
    let first = world.publish_with(&flow("x"), None, Some(10)).await;
    assert!(matches!(first, Err(Refused::Stale(_))));
    world
        .publish_with(&flow("two"), Some(1), Some(10))
        .await
        .unwrap();
    let over = world.publish(&flow("three"), Some(1)).await;
    assert!(matches!(over, Err(Refused::CanaryRuns(_))));
    let share = (1..=2_000)
        .map(InteractionId::from_number)
        .filter(|id| {
            let taken = world.publisher.flows().for_call("support", *id).unwrap();
            taken.content_hash() == hash(&flow("two"))
        })
        .count();
    assert!((180..=220).contains(&share), "{share} of 2,000");
    for n in 0..60 {
        called(&world, n, &hash(&flow("one")), false).await;
    }
    for n in 60..90 {
        called(&world, n, &hash(&flow("two")), n % 2 == 0).await;
    }
    let seq = world.journal.sync().await.unwrap();
    world.projector.catch_up(seq).await.unwrap();
    let alias = world.store.flow_aliases().await.unwrap().remove(0);
    let compared = world.publisher.compared(&alias).await.unwrap().unwrap();
    assert_eq!((compared.other.calls, compared.other.errors), (60, 0));
    assert_eq!((compared.trial.calls, compared.trial.errors), (30, 15));
    world.publisher.look(&alias).await.unwrap();
    let alias = world.store.flow_aliases().await.unwrap().remove(0);
    assert_eq!((alias.version, alias.canary), (1, None));
    assert_eq!(alias.moved_by, "cordboard");
    let rows = world.store.audit(&Default::default()).await.unwrap().items;
    assert_eq!(rows[0].action, "flow returned");
    assert_eq!(rows[0].object, "support@live 1 with 10 % at 2 -> 1");
    let all = (1..=2_000).map(InteractionId::from_number);
    let hashes = all.map(|id| world.publisher.flows().for_call("support", id).unwrap());
    assert!(
        hashes
            .into_iter()
            .all(|flow| flow.content_hash() == hash(&self::flow("one")))
    );
}

#[tokio::test]
async fn a_trial_that_does_well_is_promoted() {
    let world = World::start(FlowMaster::Database).await;
    world.publisher.begin().await.unwrap();
    world.publish(&flow("one"), None).await.unwrap();
    assert!(matches!(
        world.publisher.promote("support", &sam()).await,
        Err(Refused::NoCanary)
    ));
    world
        .publish_with(&flow("two"), Some(1), Some(10))
        .await
        .unwrap();
    let alias = world.publisher.promote("support", &sam()).await.unwrap();
    assert_eq!((alias.version, alias.canary), (2, None));
    assert_eq!(world.hash(), hash(&flow("two")));
    // The version before a promoted one is the one that it was on trial beside.
    let back = world.publisher.roll_back("support", None, &sam()).await;
    assert_eq!(back.unwrap().version, 1);
}

/// Reads the caller's number as a whole number: where none is shown that cannot be done, and the step takes its `error` exit.
const BROKEN: &str = "flow: 1\nname: support\nvars: { n: { type: int } }\nblocks:\n  start:\n    - answer:\n    \
    - set: { n: \"{{ int(call.from) }}\" }\n    - tag: { said: broken }\n    - hangup:\n  sorry:\n    - tag: { said: sorry }\n    - hangup:\ndefaults: { exits: { error: sorry } }\n";

/// As the process makes them: by time, with chance behind it.
fn id_of(n: u64) -> InteractionId {
    let at = 1_795_000_000_000_u128 + u128::from(n) * 731;
    let chance = u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) >> 70;
    InteractionId::from_uuid(uuid::Uuid::from_u128(
        (at << 80) | (0x7 << 76) | (0x8 << 60) | chance,
    ))
}

/// Whether the flow met trouble with this caller.
fn rehearsed(flow: &Arc<Flow>, from: String) -> bool {
    let facts = CallFacts {
        from,
        ..CallFacts::default()
    };
    let mut call = Interpreter::with_facts(Arc::clone(flow), facts);
    let mut trouble = false;
    call.handle(FlowInput::Start, Duration::ZERO);
    while let Some(output) = call.poll_output() {
        trouble |= matches!(output, FlowOutput::Incident { .. });
    }
    assert!(call.is_over());
    trouble
}

/// Two thousand callers, a fifth of whom withhold their number; how many took `hash`, and how many had trouble. Trials are
/// looked at after every fiftieth, as the process does every few seconds.
async fn day(world: &mut World, hash: &str) -> (usize, usize) {
    let (mut took, mut troubled) = (0, 0);
    for n in 0..2_000_u64 {
        let flow = world
            .publisher
            .flows()
            .for_call("support", id_of(n))
            .unwrap();
        let from = if n % 5 == 0 {
            String::new()
        } else {
            format!("34{n:09}")
        };
        let trouble = rehearsed(&flow, from);
        took += usize::from(flow.content_hash() == hash);
        troubled += usize::from(trouble);
        ended(world, id_of(n), 10_000 + n, flow.content_hash(), trouble).await;
        if n % 50 == 49 {
            let seq = world.journal.sync().await.unwrap();
            world.projector.catch_up(seq).await.unwrap();
            let alias = world.store.flow_aliases().await.unwrap().remove(0);
            world.publisher.look(&alias).await.unwrap();
        }
    }
    (took, troubled)
}

#[tokio::test]
async fn a_tenth_of_two_thousand_callers_is_a_tenth_and_a_trial_that_works_stays() {
    let mut world = World::start(FlowMaster::Database).await;
    world.publisher.begin().await.unwrap();
    world.publish(&flow("one"), None).await.unwrap();
    let trial = world.publish_with(&flow("two"), Some(1), Some(10)).await;
    trial.unwrap();
    let (took, troubled) = day(&mut world, &hash(&flow("two"))).await;
    let share = took as f64 * 100.0 / 2_000.0;
    assert!((share - 10.0).abs() <= 1.0, "{share} %");
    assert_eq!(troubled, 0);
    let alias = world.store.flow_aliases().await.unwrap().remove(0);
    assert_eq!(alias.canary.map(|canary| canary.percent), Some(10));
}

#[tokio::test]
async fn a_trial_whose_flow_fails_some_callers_is_over_before_many_have_met_it() {
    let mut world = World::start(FlowMaster::Database).await;
    world.publisher.begin().await.unwrap();
    world.publish(&flow("one"), None).await.unwrap();
    let trial = world.publish_with(BROKEN, Some(1), Some(10)).await;
    trial.unwrap();
    let (took, troubled) = day(&mut world, &hash(BROKEN)).await;
    // Every fifth caller is failed: seen with the first few dozen of them.
    assert!((1..=60).contains(&took), "{took} callers took it");
    assert!(troubled >= 1 && troubled < took, "{troubled} of {took}");
    let alias = world.store.flow_aliases().await.unwrap().remove(0);
    assert_eq!((alias.version, alias.canary), (1, None));
    assert_eq!(alias.moved_by, "cordboard");
    let rows = world.store.audit(&Default::default()).await.unwrap().items;
    assert_eq!(rows[0].action, "flow returned");
}
