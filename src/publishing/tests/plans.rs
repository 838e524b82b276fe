//! Publishing at a time: what was agreed happens then, or it is told why not.

use super::*;
use recordings::store::flow_plans::FlowPlan;

const HOUR: i64 = 3_600_000;

fn everybody(_: &str) -> bool {
    true
}

fn nobody(_: &str) -> bool {
    false
}

fn change(text: &str, base: Option<u32>) -> Publish {
    Publish {
        texts: Some(texts(text)),
        revision: None,
        base,
        comment: "winter hours".to_owned(),
        accepted: None,
        canary: None,
    }
}

impl World {
    fn at(&self, millis: i64) -> Timestamp {
        Timestamp::from_millis(self.publisher.clock.now().millis() + millis)
    }

    async fn planned(&self, text: &str, base: Option<u32>) -> FlowPlan {
        let at = self.at(HOUR);
        let (change, by) = (change(text, base), sam());
        self.publisher
            .plan("support", change, at, &by)
            .await
            .unwrap()
    }

    async fn plan(&self) -> Option<FlowPlan> {
        self.store.flow_plan("support").await.unwrap()
    }
}

#[tokio::test]
async fn what_was_agreed_is_published_when_its_time_has_come() {
    let world = World::start(FlowMaster::Database).await;
    world.publish(&flow("one"), None).await.unwrap();
    let before = world.hash();
    world.planned(&flow("two"), Some(1)).await;
    world
        .publisher
        .due(world.at(HOUR / 2), everybody)
        .await
        .unwrap();
    assert_eq!(world.hash(), before, "too early");
    world
        .publisher
        .due(world.at(2 * HOUR), everybody)
        .await
        .unwrap();
    assert_ne!(world.hash(), before);
    assert_eq!(world.plan().await, None);
    // Once.
    let after = world.hash();
    world
        .publisher
        .due(world.at(3 * HOUR), everybody)
        .await
        .unwrap();
    assert_eq!(world.hash(), after);
    let versions = world
        .store
        .flow_versions("support", None, 10)
        .await
        .unwrap();
    assert_eq!(versions.len(), 2);
}

#[tokio::test]
async fn a_plan_outlives_a_restart_and_what_fell_due_happens_at_the_start() {
    let world = World::start(FlowMaster::Database).await;
    world.publish(&flow("one"), None).await.unwrap();
    let before = world.hash();
    world.planned(&flow("two"), Some(1)).await;
    let world = World::again(stopped(world).await, FlowMaster::Database).await;
    world.publisher.begin().await.unwrap();
    assert_eq!(world.hash(), before);
    world
        .publisher
        .due(world.at(2 * HOUR), everybody)
        .await
        .unwrap();
    assert_ne!(world.hash(), before);
}

#[tokio::test]
async fn what_may_not_be_published_then_changes_nothing_and_says_why() {
    let world = World::start(FlowMaster::Database).await;
    world.publish(&flow("one"), None).await.unwrap();
    world.planned(&flow("two"), Some(1)).await;
    // Somebody was first.
    world.publish(&flow("three"), Some(1)).await.unwrap();
    let live = world.hash();
    world
        .publisher
        .due(world.at(2 * HOUR), everybody)
        .await
        .unwrap();
    assert_eq!(world.hash(), live);
    let refused = world.plan().await.unwrap().refused.unwrap();
    assert!(refused.contains("Somebody else was first"), "{refused}");
    // It is not tried again, and can be planned anew.
    world.planned(&flow("two"), Some(2)).await;
    assert_eq!(world.plan().await.unwrap().refused, None);
    world
        .publisher
        .due(world.at(2 * HOUR), nobody)
        .await
        .unwrap();
    assert_eq!(world.hash(), live);
    let refused = world.plan().await.unwrap().refused.unwrap();
    assert!(
        refused.contains("sam, who planned it, may not"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_plan_is_refused_like_a_publish_and_can_be_called_off() {
    let world = World::start(FlowMaster::Database).await;
    world.publish(&flow("one"), None).await.unwrap();
    let plan = async |text: &str, base, at| {
        let (change, by) = (change(text, base), sam());
        let plan = world.publisher.plan("support", change, at, &by);
        plan.await.unwrap_err()
    };
    let soon = world.at(HOUR);
    assert!(matches!(
        plan("flow: 1", Some(1), soon).await,
        Refused::Broken(_)
    ));
    assert!(matches!(
        plan(&flow("two"), None, soon).await,
        Refused::Stale(_)
    ));
    assert!(matches!(
        plan(&flow("two"), Some(1), world.at(-1)).await,
        Refused::NoTime
    ));
    assert!(matches!(
        plan(&flow("two"), Some(1), world.at(400 * 24 * HOUR)).await,
        Refused::NoTime
    ));
    assert_eq!(world.plan().await, None);
    world.planned(&flow("two"), Some(1)).await;
    world.publisher.unplan("support", &sam()).await.unwrap();
    assert!(matches!(
        world.publisher.unplan("support", &sam()).await,
        Err(Refused::NoPlan)
    ));
    let before = world.hash();
    world
        .publisher
        .due(world.at(2 * HOUR), everybody)
        .await
        .unwrap();
    assert_eq!(world.hash(), before);
}
