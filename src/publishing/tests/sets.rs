//! Flows that call others, as versions: what comes in, what may be published, what a call takes.

use super::*;

/// Calls `names` and hangs up.
const CALLER: &str =
    "flow: 1\nname: support\nblocks:\n  start:\n    - answer:\n    - call: names\n    - hangup:\n";

/// What it calls; it needs `input` when that is not empty.
fn called(words: &str, input: &str) -> String {
    format!(
        "flow: 1\nname: names\n{input}blocks:\n  start:\n    - tag: {{ said: {words} }}\n    - return:\n"
    )
}

async fn publish(world: &World, name: &str, text: &str, base: Option<u32>) -> Result<(), Refused> {
    let publish = Publish {
        texts: Some(texts(text)),
        revision: None,
        base,
        comment: String::new(),
        accepted: Some("a test".to_owned()),
        canary: None,
    };
    let done = world.publisher.publish(name, publish, &sam()).await;
    done.map(drop)
}

fn set_of(world: &World) -> Vec<String> {
    let call = InteractionId::from_number(1);
    let flow = world.publisher.flows().for_call("support", call).unwrap();
    flow.set()
        .map(|one| one.content_hash().to_owned())
        .collect()
}

#[tokio::test]
async fn a_call_takes_the_live_versions_of_what_its_flow_calls() {
    let world = World::start(FlowMaster::Database).await;
    let alone = publish(&world, "support", CALLER, None).await;
    assert!(matches!(alone, Err(Refused::Broken(_))), "{alone:?}");
    let (one, two) = (called("one", ""), called("two", ""));
    publish(&world, "names", &one, None).await.unwrap();
    publish(&world, "support", CALLER, None).await.unwrap();
    let began = set_of(&world);
    let call = InteractionId::from_number(2);
    let held = world.publisher.flows().for_call("support", call).unwrap();
    publish(&world, "names", &two, Some(1)).await.unwrap();
    let now = set_of(&world);
    assert_ne!(began, now);
    assert_eq!(now, [hash(&two)]);
    let held: Vec<_> = held.set().map(|one| one.content_hash()).collect();
    assert_eq!(held, began, "a call keeps what it began with");
}

#[tokio::test]
async fn what_others_call_is_not_taken_from_under_them() {
    let world = World::start(FlowMaster::Database).await;
    let one = called("one", "");
    publish(&world, "names", &one, None).await.unwrap();
    publish(&world, "support", CALLER, None).await.unwrap();
    let needs = called("two", "inputs: { who: { type: string } }\n");
    match publish(&world, "names", &needs, Some(1)).await {
        Err(Refused::Broken(report)) => {
            let codes: Vec<_> = report.findings.iter().map(|one| one.code).collect();
            assert!(codes.contains(&"F103"), "{codes:?}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(set_of(&world), [hash(&one)]);
}

#[tokio::test]
async fn a_folder_comes_in_with_what_its_flows_call_first() {
    let world = World::start(FlowMaster::Database).await;
    let one = called("one", "").replace("name: names", "name: zebra");
    world.save("support.flow.yaml", &CALLER.replace("names", "zebra"));
    world.save("zebra.flow.yaml", &one);
    world.publisher.begin().await.unwrap();
    assert_eq!(set_of(&world), [hash(&one)]);
    assert!(world.store.flows_with_draft().await.unwrap().is_empty());
}
