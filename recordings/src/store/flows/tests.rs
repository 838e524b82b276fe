use super::*;
use crate::store::flow_drafts::{DraftSaved, FlowDraftEdit};
use serde_json::json;

async fn store() -> (tempfile::TempDir, Store) {
    let temp = tempfile::tempdir().unwrap();
    let store = Store::open(&temp.path().join("a.db")).await.unwrap();
    (temp, store)
}

fn row(at: i64) -> AuditDraft {
    AuditDraft {
        at: Timestamp::from_millis(at),
        actor: "sam".to_owned(),
        role: "supervisor".to_owned(),
        action: "publish".to_owned(),
        object: "support@live".to_owned(),
        status: 200,
    }
}

fn new(text: &str) -> FlowTarget {
    FlowTarget::New(Box::new(NewFlowVersion {
        hash: format!("hash of {text}"),
        texts: FlowTexts {
            text: text.to_owned(),
            tests: None,
        },
        comment: String::new(),
        accepted: None,
        report: json!({}),
    }))
}

fn moving(to: FlowTarget, expects: FlowExpects) -> FlowMove {
    FlowMove {
        flow: "support".to_owned(),
        alias: LIVE.to_owned(),
        to,
        percent: None,
        expects,
        draft: None,
        plan: None,
        audit: row(1),
    }
}

/// The alias after a move that counts.
async fn moved(store: &Store, wanted: &FlowMove) -> FlowAlias {
    match store.move_flow_alias(wanted).await.unwrap() {
        FlowMoved::Yes(_, alias) => alias,
        other => panic!("{other:?}"),
    }
}

async fn audited(store: &Store) -> Vec<String> {
    let rows = store.audit(&Default::default()).await.unwrap().items;
    rows.into_iter().map(|row| row.object).collect()
}

#[tokio::test]
async fn of_two_who_publish_on_the_same_version_one_wins() {
    let (_temp, store) = store().await;
    moved(&store, &moving(new("a"), FlowExpects::Base(None))).await;
    let (b, c) = (
        moving(new("b"), FlowExpects::Base(Some(1))),
        moving(new("c"), FlowExpects::Base(Some(1))),
    );
    let (b, c) = tokio::join!(store.move_flow_alias(&b), store.move_flow_alias(&c));
    let (b, c) = (b.unwrap(), c.unwrap());
    let won = [&b, &c].map(|moved| matches!(moved, FlowMoved::Yes(..)));
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{b:?} {c:?}");
    let stale = if won[0] { c } else { b };
    let FlowMoved::Stale(Some(found)) = stale else {
        panic!("{stale:?}");
    };
    assert_eq!(found.version, 2);
    // The loser left nothing: no version, no row.
    assert_eq!(
        store.flow_versions("support", None, 9).await.unwrap().len(),
        2
    );
    assert_eq!(
        audited(&store).await,
        ["support@live 1 -> 2", "support@live none -> 1"]
    );
    assert_eq!(store.check_audit(None).await.unwrap().broken, None);
}

#[tokio::test]
async fn a_version_keeps_its_text_and_knows_what_was_live() {
    let (_temp, store) = store().await;
    for (text, base) in [("a", None), ("b", Some(1)), ("c", Some(2))] {
        moved(&store, &moving(new(text), FlowExpects::Base(base))).await;
    }
    let back = moving(FlowTarget::Version(2), FlowExpects::Anything);
    assert_eq!(moved(&store, &back).await.version, 2);
    let versions = store.flow_versions("support", None, 9).await.unwrap();
    let told: Vec<_> = versions.iter().map(|v| (v.number, v.base)).collect();
    assert_eq!(told, [(3, Some(2)), (2, Some(1)), (1, None)]);
    let (version, texts) = store.flow_version("support", 3).await.unwrap().unwrap();
    assert_eq!(
        (version.hash.as_str(), texts.text.as_str()),
        ("hash of c", "c")
    );
    let nowhere = moving(FlowTarget::Version(9), FlowExpects::Anything);
    let answer = store.move_flow_alias(&nowhere).await.unwrap();
    assert_eq!(answer, FlowMoved::NoVersion);
}

#[tokio::test]
async fn a_canary_stands_beside_the_version_until_it_is_promoted_or_taken_back() {
    let (_temp, store) = store().await;
    moved(&store, &moving(new("a"), FlowExpects::Base(None))).await;
    let trial = FlowMove {
        percent: Some(10),
        ..moving(new("b"), FlowExpects::Base(Some(1)))
    };
    let alias = moved(&store, &trial).await;
    let canary = Some(FlowCanary {
        version: 2,
        percent: 10,
    });
    assert_eq!((alias.version, alias.canary), (1, canary));
    // Nobody publishes over a canary, and nobody ends one that is over already.
    let over = moving(new("c"), FlowExpects::Base(Some(1)));
    assert!(matches!(
        store.move_flow_alias(&over).await.unwrap(),
        FlowMoved::Stale(Some(_))
    ));
    let promoted = moved(
        &store,
        &moving(FlowTarget::Version(2), FlowExpects::Canary(2)),
    )
    .await;
    assert_eq!((promoted.version, promoted.canary), (2, None));
    let late = moving(FlowTarget::Version(1), FlowExpects::Canary(2));
    assert!(matches!(
        store.move_flow_alias(&late).await.unwrap(),
        FlowMoved::Stale(Some(_))
    ));
    assert_eq!(
        audited(&store).await[..2],
        [
            "support@live 1 with 10 % at 2 -> 2",
            "support@live 1 -> 1 with 10 % at 2"
        ]
    );
}

fn edit(revision: Option<u32>, text: &str) -> FlowDraftEdit {
    FlowDraftEdit {
        flow: "support".to_owned(),
        revision,
        texts: FlowTexts {
            text: text.to_owned(),
            tests: None,
        },
        base: None,
        author: "sam".to_owned(),
        at: Timestamp::from_millis(1),
        report: json!({}),
    }
}

#[tokio::test]
async fn a_draft_is_saved_on_what_was_seen_and_used_up_once() {
    let (_temp, store) = store().await;
    let save = async |revision, text| store.save_flow_draft(&edit(revision, text)).await.unwrap();
    let DraftSaved::Yes(first) = save(None, "a").await else {
        panic!("the first draft is not saved");
    };
    assert!(matches!(save(None, "b").await, DraftSaved::Stale(Some(_))));
    let DraftSaved::Yes(second) = save(Some(first.revision), "b").await else {
        panic!("a change of the draft is not saved");
    };
    assert!(matches!(
        save(Some(first.revision), "c").await,
        DraftSaved::Stale(Some(_))
    ));
    // What was judged is not what lies there any more.
    let judged = FlowMove {
        draft: Some(first.revision),
        ..moving(new("a"), FlowExpects::Base(None))
    };
    assert_eq!(
        store.move_flow_alias(&judged).await.unwrap(),
        FlowMoved::OtherDraft
    );
    assert_eq!(store.flow_aliases().await.unwrap(), []);
    assert_eq!(audited(&store).await, [""; 0]);
    let judged = FlowMove {
        draft: Some(second.revision),
        ..moving(new("b"), FlowExpects::Base(None))
    };
    moved(&store, &judged).await;
    assert_eq!(store.flow_draft("support").await.unwrap(), None);
    assert_eq!(store.flows_with_draft().await.unwrap(), [""; 0]);
    // A revision never means another draft.
    let DraftSaved::Yes(third) = save(None, "d").await else {
        panic!("a draft after a published one is not saved");
    };
    assert!(third.revision > second.revision, "{third:?}");
}
