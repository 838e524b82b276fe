//! The way from a folder to versions, and from text to calls, over a real store.

mod canary;
mod plans;
mod sets;

use super::*;
use crate::config::settings::LimitSettings;
use crate::config::{Ids, PasswordPolicy, RecordPolicy, parse_company};
use recordings::{DataFolder, startup};
use router::Timestamp;
use router::event::{Direction, PersonalData};
use router::id::{InteractionId, LegId, QueueId};
use router::outcome::{EndCause, Outcome};
use std::path::Path;

const COMPANY: &str = "[[queues]]\nname = \"support\"\n";

/// A flow that says `words` and ends.
fn flow(words: &str) -> String {
    format!(
        "flow: 1\nname: support\nblocks:\n  start:\n    - answer:\n    - tag: {{ said: {words} }}\n    - hangup:\n"
    )
}

fn texts(text: &str) -> FlowTexts {
    FlowTexts {
        text: text.to_owned(),
        tests: None,
    }
}

/// Tests that want this tag.
fn tests(words: &str) -> String {
    format!(
        "flow: support\ntests:\n  - name: it says so\n    do: []\n    expect:\n      - tag: {{ said: {words} }}\n"
    )
}

struct World {
    publisher: Publisher,
    store: Store,
    projector: recordings::Projector,
    journal: Journal,
    folder: tempfile::TempDir,
    _lock: recordings::folder::FolderLock,
}

fn sam() -> By {
    By {
        actor: "sam".to_owned(),
        role: "supervisor".to_owned(),
    }
}

impl World {
    async fn start(master: FlowMaster) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("flows")).unwrap();
        Self::again(folder, master).await
    }

    /// Over what lies in the folder.
    async fn again(folder: tempfile::TempDir, master: FlowMaster) -> Self {
        let data = DataFolder::new(folder.path().join("data"));
        let started = startup(&data, Timestamp::from_millis(0)).await.unwrap();
        let (publisher, store) = (
            publisher(folder.path(), master, &started.store, &started.journal),
            started.store,
        );
        Self {
            publisher,
            store,
            projector: started.projector,
            journal: started.journal,
            folder,
            _lock: started.lock,
        }
    }

    fn save(&self, file: &str, text: &str) {
        std::fs::write(self.folder.path().join("flows").join(file), text).unwrap();
    }

    async fn publish(&self, text: &str, base: Option<u32>) -> Result<FlowAlias, Refused> {
        self.publish_with(text, base, None).await
    }

    async fn publish_with(
        &self,
        text: &str,
        base: Option<u32>,
        canary: Option<u8>,
    ) -> Result<FlowAlias, Refused> {
        let publish = Publish {
            texts: Some(texts(text)),
            revision: None,
            base,
            comment: String::new(),
            accepted: None,
            canary,
        };
        self.publisher.publish("support", publish, &sam()).await
    }

    /// The text that the next call takes, by its hash.
    fn hash(&self) -> String {
        let call = InteractionId::from_number(1);
        let flow = self.publisher.flows().for_call("support", call);
        flow.unwrap().content_hash().to_owned()
    }
}

fn publisher(folder: &Path, master: FlowMaster, store: &Store, journal: &Journal) -> Publisher {
    let mut settings = Settings {
        flows: master,
        ..Settings::default()
    };
    settings.node.flows = folder.join("flows");
    settings.node.prompts = folder.join("prompts");
    let company = parse_company(COMPANY, "company.toml", PasswordPolicy::Required);
    let queue = ("support".to_owned(), QueueId::from_number(1));
    let ids = Ids {
        queues: [queue].into(),
        ..Ids::default()
    };
    let limits = LimitSettings::default().or(LimitSettings::default());
    let company = company.value.unwrap();
    let view = CompanyView::new(company, ids, limits, None, RecordPolicy::Always);
    let company = watch::channel(Arc::new(view)).1;
    let (store, journal) = (store.clone(), journal.clone());
    Publisher::new(&settings, store, company, journal, Clock::start())
}

fn hash(text: &str) -> String {
    let flow = ivr_flows::parse(text, "support.flow.yaml").unwrap();
    flow.content_hash().to_owned()
}

#[tokio::test]
async fn the_folder_comes_in_once_and_is_not_read_after_that() {
    let world = World::start(FlowMaster::Database).await;
    world.save("support.flow.yaml", &flow("one"));
    world.save("support.test.yaml", &tests("one"));
    world.save(
        "broken.flow.yaml",
        "flow: 1\nname: broken\nblocks: nothing\n",
    );
    world.publisher.begin().await.unwrap();
    assert_eq!(world.hash(), hash(&flow("one")));
    let (version, kept) = world
        .store
        .flow_version("support", 1)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(version.author, "cordboard");
    assert_eq!(kept.tests, Some(tests("one")));
    assert_eq!(version.report["tests"]["count"], 1);
    // What cannot run is a draft, with what is wrong beside it.
    let draft = world.store.flow_draft("broken").await.unwrap().unwrap();
    assert_eq!(draft.report["findings"][0]["level"], "error");
    assert!(world.publisher.flows().current("broken").is_none());
    let file = flow("from the folder");
    world.save("support.flow.yaml", &file);
    world.publisher.flows().refresh();
    assert_eq!(world.hash(), hash(&flow("one")));
    world.publish(&flow("two"), Some(1)).await.unwrap();
    let world = World::again(stopped(world).await, FlowMaster::Database).await;
    world.publisher.begin().await.unwrap();
    assert_eq!(
        world.hash(),
        hash(&flow("two")),
        "versions outlive a restart"
    );
    assert_eq!(
        world
            .store
            .flow_versions("support", None, 9)
            .await
            .unwrap()
            .len(),
        2
    );
    // And back to files, by the settings alone.
    let world = World::again(stopped(world).await, FlowMaster::Files).await;
    world.publisher.begin().await.unwrap();
    assert_eq!(world.hash(), hash(&file));
}

/// Everything given back but the folder.
async fn stopped(world: World) -> tempfile::TempDir {
    let World {
        publisher,
        store,
        projector,
        journal,
        folder,
        _lock,
    } = world;
    drop((publisher, projector, journal, _lock));
    store.close().await;
    folder
}

#[tokio::test]
async fn in_files_mode_nothing_is_published_and_it_says_what_to_do() {
    let world = World::start(FlowMaster::Files).await;
    world.save("support.flow.yaml", &flow("one"));
    world.publisher.begin().await.unwrap();
    let save = SaveDraft {
        texts: texts("x"),
        base: None,
        revision: None,
    };
    let by = sam();
    let draft = world.publisher.save_draft("support", save, &by).await;
    let told = [
        draft.unwrap_err(),
        world.publish(&flow("two"), None).await.unwrap_err(),
        world
            .publisher
            .roll_back("support", None, &by)
            .await
            .unwrap_err(),
        world.publisher.promote("support", &by).await.unwrap_err(),
        world
            .publisher
            .point(("support", "test"), PointTo::Version(1), &by)
            .await
            .unwrap_err(),
    ];
    for refused in told {
        assert!(matches!(refused, Refused::Files(_)), "{refused:?}");
        let text = refused.to_string();
        assert!(
            text.contains("edited in files") && text.contains("master"),
            "{text}"
        );
    }
    assert_eq!(world.hash(), hash(&flow("one")));
    assert!(world.publisher.flows().current("support@test").is_none());
}

#[tokio::test]
async fn nothing_that_is_wrong_is_published() {
    let world = World::start(FlowMaster::Database).await;
    world.publisher.begin().await.unwrap();
    world.publish(&flow("one"), None).await.unwrap();
    let wrong = [
        "".to_owned(),
        "\u{1}\u{2}: [".to_owned(),
        // No such queue.
        flow("x").replace("- hangup:", "- queue: sales"),
        // Another flow.
        flow("x").replace("name: support", "name: other"),
        // A file that is not there.
        flow("x").replace("- answer:", "- answer:\n    - play: { file: nothing.wav }"),
    ];
    for text in wrong {
        let refused = world.publish(&text, Some(1)).await.unwrap_err();
        assert!(matches!(refused, Refused::Broken(_)), "{text}: {refused:?}");
    }
    for tests in [
        tests("two"),
        tests("one").replace("support", "other"),
        "tests: 7".to_owned(),
    ] {
        let publish = Publish {
            texts: Some(FlowTexts {
                text: flow("one more"),
                tests: Some(tests.clone()),
            }),
            revision: None,
            base: Some(1),
            comment: String::new(),
            accepted: Some("whatever".to_owned()),
            canary: None,
        };
        let refused = world.publisher.publish("support", publish, &sam()).await;
        let refused = refused.unwrap_err();
        assert!(
            matches!(refused, Refused::Broken(_)),
            "{tests}: {refused:?}"
        );
    }
    assert_eq!(world.hash(), hash(&flow("one")));
    assert_eq!(
        world
            .store
            .flow_versions("support", None, 9)
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn of_two_editors_on_one_version_exactly_one_wins() {
    let world = World::start(FlowMaster::Database).await;
    world.publisher.begin().await.unwrap();
    world.publish(&flow("one"), None).await.unwrap();
    for round in 1..=10_u32 {
        let (a, b) = (flow(&format!("a{round}")), flow(&format!("b{round}")));
        let (first, second) = tokio::join!(
            world.publish(&a, Some(round)),
            world.publish(&b, Some(round))
        );
        let won = if first.is_ok() { &a } else { &b };
        let lost = match (&first, &second) {
            (Ok(_), Err(lost)) | (Err(lost), Ok(_)) => lost,
            both => panic!("{both:?}"),
        };
        assert!(matches!(lost, Refused::Stale(Some(live)) if live.version == round + 1));
        assert!(
            lost.to_string().contains("Somebody else was first"),
            "{lost}"
        );
        assert_eq!(world.hash(), hash(won));
    }
}

#[tokio::test]
async fn a_draft_on_an_older_version_is_not_published_over_a_newer_one() {
    let world = World::start(FlowMaster::Database).await;
    world.publisher.begin().await.unwrap();
    world.publish(&flow("one"), None).await.unwrap();
    let mut save = SaveDraft {
        texts: texts(&flow("mine")),
        base: Some(1),
        revision: None,
    };
    let by = sam();
    let draft = world.publisher.save_draft("support", save.clone(), &by);
    save.revision = Some(draft.await.unwrap().revision);
    world.publish(&flow("theirs"), Some(1)).await.unwrap();
    // Typing goes on, publishing does not, whichever base is named.
    let draft = world.publisher.save_draft("support", save.clone(), &by);
    save.revision = Some(draft.await.unwrap().revision);
    for base in [1, 2] {
        let publish = Publish {
            texts: None,
            revision: None,
            base: Some(base),
            comment: String::new(),
            accepted: None,
            canary: None,
        };
        let refused = world.publisher.publish("support", publish, &by).await;
        assert!(
            matches!(refused, Err(Refused::Stale(Some(_)))),
            "{refused:?}"
        );
    }
    assert_eq!(world.hash(), hash(&flow("theirs")));
    // Brought together, it goes.
    save.base = Some(2);
    let draft = world.publisher.save_draft("support", save, &by).await;
    let publish = Publish {
        texts: None,
        revision: Some(draft.unwrap().revision),
        base: Some(2),
        comment: String::new(),
        accepted: None,
        canary: None,
    };
    let alias = world.publisher.publish("support", publish, &by).await;
    assert_eq!(alias.unwrap().version, 3);
}

#[tokio::test]
async fn going_back_is_one_move_and_takes_only_what_still_fits() {
    let world = World::start(FlowMaster::Database).await;
    world.publisher.begin().await.unwrap();
    for (n, words) in ["one", "two", "three"].iter().enumerate() {
        let base = (n > 0).then(|| u32::try_from(n).unwrap());
        world.publish(&flow(words), base).await.unwrap();
    }
    let back = async |to| world.publisher.roll_back("support", to, &sam()).await;
    assert_eq!(back(None).await.unwrap().version, 2);
    assert_eq!(back(None).await.unwrap().version, 1);
    assert!(matches!(back(None).await, Err(Refused::NothingBefore)));
    assert!(matches!(back(Some(9)).await, Err(Refused::NoVersion)));
    assert_eq!(back(Some(3)).await.unwrap().version, 3);
    assert_eq!(world.hash(), hash(&flow("three")));
    // A version that names a queue which is gone since.
    let with_queue = flow("x").replace("- hangup:", "- queue: support");
    world.publish(&with_queue, Some(3)).await.unwrap();
    world.publish(&flow("five"), Some(4)).await.unwrap();
    let other = parse_company("", "company.toml", PasswordPolicy::Required);
    let limits = LimitSettings::default().or(LimitSettings::default());
    let view = CompanyView::new(
        other.value.unwrap(),
        Ids::default(),
        limits,
        None,
        RecordPolicy::Always,
    );
    let mut publisher = world.publisher.clone();
    publisher.company = watch::channel(Arc::new(view)).1;
    let refused = publisher.roll_back("support", Some(4), &sam()).await;
    assert!(matches!(refused, Err(Refused::Broken(_))));
    assert_eq!(world.hash(), hash(&flow("five")));
}

#[tokio::test]
async fn an_alias_of_its_own_tries_a_draft_and_leaves_live_alone() {
    let world = World::start(FlowMaster::Database).await;
    world.publisher.begin().await.unwrap();
    world.publish(&flow("one"), None).await.unwrap();
    let save = SaveDraft {
        texts: texts(&flow("two")),
        base: Some(1),
        revision: None,
    };
    let draft = world.publisher.save_draft("support", save, &sam()).await;
    let revision = draft.unwrap().revision;
    let at = ("support", "test");
    let alias = world
        .publisher
        .point(at, PointTo::Draft(revision), &sam())
        .await
        .unwrap();
    assert_eq!(alias.version, 2);
    let of = |wanted: &str| {
        let flow = world
            .publisher
            .flows()
            .for_call(wanted, InteractionId::from_number(1));
        flow.unwrap().content_hash().to_owned()
    };
    assert_eq!(of("support@test"), hash(&flow("two")));
    assert_eq!(
        (of("support"), of("support@live")),
        (hash(&flow("one")), hash(&flow("one")))
    );
    let by = sam();
    let live = world
        .publisher
        .point(("support", LIVE), PointTo::Version(2), &by);
    assert!(matches!(live.await, Err(Refused::LiveIsPublished)));
    // The draft is still one, and may be published.
    let publish = Publish {
        texts: None,
        revision: Some(revision),
        base: Some(1),
        comment: "tried".to_owned(),
        accepted: None,
        canary: None,
    };
    let published = world.publisher.publish("support", publish, &sam()).await;
    assert_eq!(published.unwrap().version, 3);
    assert_eq!(of("support"), hash(&flow("two")));
}
