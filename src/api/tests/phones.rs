//! Names for browsers' phones: whose they are, and that they end with the session.

use super::world::World;
use crate::api::access::sessions::NewSession;
use crate::api::right::RoleName;
use router::{Private, Timestamp};
use serde_json::{Value, json};

/// A session as a page has it: headers of a request that changes something.
async fn page(world: &World, role: RoleName, agent: Option<&str>) -> Vec<(&'static str, String)> {
    let new = NewSession {
        login: "somebody".to_owned(),
        name: Private::new("Somebody".to_owned()),
        role,
        agent_login: agent.map(str::to_owned),
    };
    let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
    let begun = world.access.sessions.begin(&world.store, new, now).await;
    let cookie = format!("cordboard_session={}", begun.unwrap().0);
    let shown = world
        .plain("GET /api/v1/session", &[("Cookie", &cookie)], "")
        .await;
    let csrf = shown.json()["csrf"].as_str().unwrap().to_owned();
    vec![
        ("Cookie", cookie),
        ("Origin", "http://localhost".to_owned()),
        ("X-CSRF-Token", csrf),
    ]
}

async fn ask(world: &World, page: &[(&str, String)]) -> Value {
    let headers: Vec<(&str, &str)> = page.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let answer = world
        .plain("POST /api/v1/phone/credentials", &headers, "")
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn each_role_is_a_phone_of_its_kind() {
    let world = World::start().await;
    let text = |body: &Value, name: &str| body[name].as_str().unwrap().to_owned();
    let agent = ask(&world, &page(&world, RoleName::Agent, Some("ana")).await).await;
    assert_eq!(text(&agent, "uri"), "sip:2001@cordboard.localhost");
    assert_eq!(text(&agent, "ws"), "ws://localhost/sip");
    assert_eq!(agent["expires_in"], 3_600);
    for secret in ["username", "password"] {
        let secret = text(&agent, secret);
        assert!(secret.len() == 32 && secret.bytes().all(|b| b.is_ascii_hexdigit()));
    }
    let both = ask(
        &world,
        &page(&world, RoleName::Supervisor, Some("ben")).await,
    )
    .await;
    assert_eq!(text(&both, "uri"), "sip:2002@cordboard.localhost");
    for role in [RoleName::Supervisor, RoleName::Admin, RoleName::Caller] {
        let own = ask(&world, &page(&world, role, None).await).await;
        let wanted = format!("sip:{}@cordboard.localhost", text(&own, "username"));
        assert_eq!(text(&own, "uri"), wanted, "{role:?}");
    }
    let again = ask(&world, &page(&world, RoleName::Agent, Some("ana")).await).await;
    assert_ne!(agent["username"], again["username"]);
    assert_ne!(agent["password"], again["password"]);
}

#[tokio::test]
async fn a_page_of_another_site_and_whoever_only_reads_get_none() {
    let world = World::start().await;
    let good = page(&world, RoleName::Agent, Some("ana")).await;
    let cookie = ("Cookie", good[0].1.as_str());
    let origin = ("Origin", "http://localhost");
    let csrf = ("X-CSRF-Token", good[2].1.as_str());
    for more in [
        &[cookie][..],
        &[cookie, origin],
        &[cookie, csrf, ("Origin", "http://evil.example")],
        &[cookie, csrf],
    ] {
        let answer = world
            .plain("POST /api/v1/phone/credentials", more, "")
            .await;
        assert_eq!(answer.status, 403, "{more:?}");
    }
    let reader = page(&world, RoleName::ReadOnly, None).await;
    let headers: Vec<(&str, &str)> = reader.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let answer = world
        .plain("POST /api/v1/phone/credentials", &headers, "")
        .await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn whoever_may_publish_gets_a_phone_that_calls_the_text_as_it_stands() {
    let world = World::start().await;
    let text = "flow: 1\nname: small\ndefaults: { exits: { error: start } }\nblocks:\n  start:\n    - answer:\n    - hangup:\n";
    let ask = async |page: &[(&str, String)], text: &str, from: &str| {
        let headers: Vec<(&str, &str)> = page.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let body = json!({ "text": text, "from": from }).to_string();
        let request = "POST /api/v1/flows/small/call";
        let answer = world.plain(request, &headers, &body).await;
        (answer.status, answer.json())
    };
    let publisher = page(&world, RoleName::Publisher, None).await;
    let (status, given) = ask(&publisher, text, "+34600000101").await;
    assert_eq!(status, 200, "{given}");
    assert_eq!(given["dial"], "draft");
    assert_eq!(given["flow"], "small@draft");
    let login = given["phone"]["username"].as_str().unwrap();
    let held = world.flows.draft_of(login).unwrap();
    assert_eq!(held.flow.name(), "small@draft");
    assert_eq!(held.number.reveal(), "+34910000000");
    assert!(world.flows.current("small").is_none());
    // What cannot run, and what is no number.
    let broken = text.replace("hangup", "queue: nothing");
    for (text, from, said) in [
        (broken.as_str(), "", "report"),
        (text, "somebody", "`from` is no number"),
    ] {
        let (status, problem) = ask(&publisher, text, from).await;
        assert_eq!(status, 422);
        assert!(
            problem["detail"].as_str().unwrap().contains(said),
            "{problem}"
        );
    }
    // A call is real: it takes the right to publish, and a session that the phone ends with.
    let author = page(&world, RoleName::Author, None).await;
    assert_eq!(ask(&author, text, "").await.0, 403);
    let body = json!({ "text": text }).to_string();
    let answer = world
        .ask("supervisor", "POST /flows/small/call", &body)
        .await;
    assert_eq!(answer.status, 403);
}
