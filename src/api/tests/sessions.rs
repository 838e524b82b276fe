//! Signing in, staying signed in, and what a page of another site cannot do.

use super::http::Answer;
use super::world::World;
use crate::api::access::sessions::{IDLE, LONGEST, NewSession};
use crate::api::access::users::{self, NewUser, UserError};
use crate::api::right::RoleName;
use recordings::StoreError;
use router::{Private, Timestamp};
use std::time::{Duration, Instant};

const PASSWORD: &str = "correct horse battery";
const LUNCH: &str = r#"{"state":"not_ready","reason":"lunch"}"#;

fn secret(text: &str) -> Private<String> {
    Private::new(text.to_owned())
}

async fn world() -> World {
    let world = World::start().await;
    for (login, role, agent) in [
        ("ana", RoleName::Agent, Some("ana")),
        ("carl", RoleName::Agent, Some("carl")),
        ("sam", RoleName::Supervisor, None),
    ] {
        let new = NewUser {
            login: login.to_owned(),
            name: secret(login),
            role,
            agent: agent.map(str::to_owned),
            password: secret(PASSWORD),
        };
        let at = Timestamp::from_millis(0);
        users::create(&world.store, new, at).await.unwrap();
    }
    world
}

async fn sign_in(world: &World, login: &str, password: &str, more: &[(&str, &str)]) -> Answer {
    let body = serde_json::json!({ "login": login, "password": password }).to_string();
    world.plain("POST /api/v1/session", more, &body).await
}

/// `name=value` of the cookie that an answer sets.
fn cookie_of(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// Cookie and csrf of a new session.
async fn signed_in(world: &World, login: &str) -> (String, String) {
    let answer = sign_in(world, login, PASSWORD, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let csrf = answer.json()["csrf"].as_str().unwrap().to_owned();
    (cookie_of(&answer), csrf)
}

/// A session of this role without a sign-in: cookie and csrf.
pub(super) async fn begin(world: &World, role: RoleName, agent: Option<&str>) -> (String, String) {
    let new = NewSession {
        login: "somebody".to_owned(),
        name: secret("Somebody"),
        role,
        agent_login: agent.map(str::to_owned),
    };
    let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
    let begun = world.access.sessions.begin(&world.store, new, now).await;
    let (id, _) = begun.unwrap();
    let csrf = crate::api::access::identity::csrf(&id);
    (format!("cordboard_session={id}"), csrf)
}

async fn seen(world: &World, cookie: &str) -> Answer {
    let headers = [("Cookie", cookie)];
    world.plain("GET /api/v1/session", &headers, "").await
}

#[tokio::test]
async fn sign_in_see_oneself_and_sign_out() {
    let world = world().await;
    let answer = sign_in(&world, "ana", PASSWORD, &[]).await;
    assert_eq!(answer.status, 200);
    let set = answer.header("set-cookie").unwrap();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!set.contains("Secure"), "without TLS: {set}");
    let user = &answer.json()["user"];
    assert_eq!(user["role"], "agent");
    assert_eq!(user["agent"]["extension"], "2001");
    let (cookie, csrf) = (cookie_of(&answer), answer.json()["csrf"].clone());
    let again = seen(&world, &cookie).await;
    assert_eq!((again.status, &again.json()["csrf"]), (200, &csrf));

    let proof = [
        ("Cookie", cookie.as_str()),
        ("Origin", "http://localhost"),
        ("X-CSRF-Token", csrf.as_str().unwrap()),
    ];
    let mut ended = world.access.ended();
    let out = world.plain("DELETE /api/v1/session", &proof, "").await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    ended.try_recv().unwrap();
    let over = seen(&world, &cookie).await;
    assert_eq!(over.status, 401);
    assert_eq!(over.json()["type"], "urn:cordboard:session-expired");
    let nobody = world.plain("GET /api/v1/session", &[], "").await;
    assert_eq!(nobody.json()["type"], "urn:cordboard:no-session");
}

#[tokio::test]
async fn a_sign_in_makes_earlier_ids_worthless() {
    let world = world().await;
    let (old, _) = signed_in(&world, "ana").await;
    let answer = sign_in(&world, "ana", PASSWORD, &[("Cookie", &old)]).await;
    assert_ne!(cookie_of(&answer), old);
    assert_eq!(seen(&world, &old).await.status, 401);
    // An id that somebody planted is not taken over.
    let planted = "cordboard_session=0123456789abcdef0123456789abcdef";
    let answer = sign_in(&world, "ana", PASSWORD, &[("Cookie", planted)]).await;
    assert_ne!(cookie_of(&answer), planted);
    assert_eq!(seen(&world, planted).await.status, 401);
}

#[tokio::test]
async fn wrong_and_unknown_get_the_same_answer() {
    let world = world().await;
    let mut bodies = Vec::new();
    for _ in 0..4 {
        for login in ["ana", "nobody"] {
            let begun = Instant::now();
            let answer = sign_in(&world, login, "wrong password", &[]).await;
            assert!(
                begun.elapsed() > Duration::from_millis(2),
                "no work was done"
            );
            assert_eq!(answer.status, 401);
            bodies.push(answer.text());
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn guesses_are_slowed_down_for_known_and_unknown() {
    let world = world().await;
    for login in ["ana", "nobody"] {
        for _ in 0..5 {
            let answer = sign_in(&world, login, "wrong password", &[]).await;
            assert_eq!(answer.status, 401);
        }
        let paused = sign_in(&world, login, PASSWORD, &[]).await;
        assert_eq!(paused.status, 429, "the right one is not looked at");
        assert_eq!(paused.json()["type"], "urn:cordboard:too-many-tries");
        assert!(paused.header("retry-after").is_some());
    }
    assert_eq!(sign_in(&world, "sam", PASSWORD, &[]).await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_a_sign_in_is_refused() {
    let world = world().await;
    let long = "x".repeat(10_000);
    for (login, password) in [
        ("ana", ""),
        ("", PASSWORD),
        ("ana", &long),
        (&long, PASSWORD),
    ] {
        assert_eq!(sign_in(&world, login, password, &[]).await.status, 401);
    }
    let none = world.plain("POST /api/v1/session", &[], "{}").await;
    assert_eq!(none.status, 422);
    // Carl's agent is not in the company.
    assert_eq!(sign_in(&world, "carl", PASSWORD, &[]).await.status, 401);
}

#[tokio::test]
async fn only_our_pages_change_things_with_the_cookie() {
    let world = world().await;
    let (cookie, csrf) = signed_in(&world, "ana").await;
    let cookie = ("Cookie", cookie.as_str());
    let ours = ("Origin", "http://localhost");
    let foreign = ("Origin", "http://evil.example");
    let token = ("X-CSRF-Token", csrf.as_str());
    let wrong = ("X-CSRF-Token", "0000");
    let set = async |headers: &[(&str, &str)]| {
        let request = "PUT /api/v1/agents/ana/state";
        world.plain(request, headers, LUNCH).await
    };
    assert_eq!(set(&[cookie, ours, token]).await.status, 200);
    for (headers, kind) in [
        (vec![cookie, ours], "csrf"),
        (vec![cookie, ours, wrong], "csrf"),
        (vec![cookie, token], "foreign-origin"),
        (vec![cookie, foreign, token], "foreign-origin"),
        (vec![cookie, ("Origin", "null"), token], "foreign-origin"),
    ] {
        let answer = set(&headers).await;
        assert_eq!(answer.status, 403, "{headers:?}");
        assert_eq!(answer.json()["type"], format!("urn:cordboard:{kind}"));
    }
    // Another user's csrf is no proof.
    let (_, others) = signed_in(&world, "sam").await;
    let answer = set(&[cookie, ours, ("X-CSRF-Token", &others)]).await;
    assert_eq!(answer.status, 403);
    // Neither signs a page of another site somebody in, nor does a token help it.
    let answer = sign_in(&world, "ana", PASSWORD, &[foreign]).await;
    assert_eq!(answer.status, 403);
    let bearer = world.bearer("ana");
    let answer = set(&[("Authorization", &bearer), foreign]).await;
    assert_eq!(answer.status, 403);
    assert_eq!(set(&[("Authorization", &bearer)]).await.status, 200);
}

#[tokio::test]
async fn sessions_end_when_idle_when_old_and_with_the_password() {
    let world = world().await;
    let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
    let ago = |length: Duration| {
        Timestamp::from_millis(now.millis() - i64::try_from(length.as_millis()).unwrap())
    };
    let begin = async |at: Timestamp| {
        let new = NewSession {
            login: "sam".to_owned(),
            name: secret("sam"),
            role: RoleName::Supervisor,
            agent_login: None,
        };
        let begun = world.access.sessions.begin(&world.store, new, at).await;
        let (id, session) = begun.unwrap();
        (format!("cordboard_session={id}"), session.hash)
    };
    let minute = Duration::from_secs(60);
    let (fresh, _) = begin(ago(IDLE - minute)).await;
    assert_eq!(seen(&world, &fresh).await.status, 200);
    let (idle, _) = begin(ago(IDLE + minute)).await;
    let gone = seen(&world, &idle).await;
    assert_eq!(gone.status, 401);
    assert_eq!(gone.json()["type"], "urn:cordboard:session-expired");
    // Used a moment ago, and yet over.
    let (old, hash) = begin(ago(LONGEST + minute)).await;
    world.store.use_session(&hash, ago(minute)).await.unwrap();
    assert_eq!(seen(&world, &old).await.status, 401);

    // Another process changes the password: what follows the session hears of it without a request.
    let mut ended = world.access.ended();
    let password = secret("another password");
    users::set_password(&world.store, "sam", &password, now)
        .await
        .unwrap();
    world.access.sessions.sweep(&world.store, now).await;
    ended.try_recv().unwrap();
    assert_eq!(seen(&world, &fresh).await.status, 401);
    assert_eq!(sign_in(&world, "sam", PASSWORD, &[]).await.status, 401);
    assert_eq!(
        sign_in(&world, "sam", "another password", &[]).await.status,
        200
    );
}

#[tokio::test]
async fn a_session_outlives_the_database_for_who_was_there_before() {
    let world = world().await;
    let (cookie, _) = signed_in(&world, "sam").await;
    let (unseen, _) = signed_in(&world, "ana").await;

    world.store.close().await;
    assert_eq!(seen(&world, &cookie).await.status, 200);
    assert_eq!(seen(&world, &unseen).await.status, 200);
    let other = "cordboard_session=0123456789abcdef0123456789abcdef";
    assert_eq!(seen(&world, other).await.status, 503);
}

#[tokio::test]
async fn a_link_signs_in_once_and_its_secret_stays_out_of_the_page() {
    let world = world().await;
    let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
    let links = &world.access.links;
    let life = Duration::from_secs(60);
    let link = links.create(NewSession::caller(), life, now).unwrap();
    let open = async |path: &str, headers: &[(&str, &str)]| {
        world
            .plain(&format!("GET {path}?t={link}"), headers, "")
            .await
    };
    let ahead = open("/call", &[("Sec-Purpose", "prefetch")]).await;
    assert_eq!(ahead.status, 503, "loaded ahead: not spent");
    let opened = open("/enter", &[]).await;
    assert_eq!(opened.status, 303);
    assert_eq!(opened.header("location"), Some("/call"));
    let cookie = cookie_of(&opened);
    let user = seen(&world, &cookie).await.json();
    assert_eq!(user["user"]["role"], "caller");
    assert_eq!(user["user"]["agent"], serde_json::Value::Null);
    // Used: nothing for a stranger, the page for the one who used it.
    let stranger = open("/call", &[]).await;
    assert_eq!(stranger.header("location"), Some("/signin?link=used"));
    assert_eq!(stranger.header("set-cookie"), None);
    let again = open("/call", &[("Cookie", &cookie)]).await;
    assert_eq!(again.header("location"), Some("/call"));
    let made_up = world.plain("GET /desk?t=0", &[], "").await;
    assert_eq!(made_up.header("location"), Some("/signin?link=used"));
    // The caller may be a phone and read the own call, of which there is none; nothing else.
    let request = "GET /api/v1/interactions";
    let none = world.plain(request, &[("Cookie", &cookie)], "").await;
    assert_eq!(none.json()["items"], serde_json::json!([]));
    for path in ["agents", "queues", "customers", "openapi.json"] {
        let request = format!("GET /api/v1/{path}");
        let answer = world.plain(&request, &[("Cookie", &cookie)], "").await;
        assert_eq!(answer.status, 403, "{path}");
    }
}

#[tokio::test]
async fn every_answer_protects_the_page() {
    let world = world().await;
    for request in [
        "GET /",
        "GET /healthz",
        "GET /nothing",
        "GET /api/v1/agents",
        "DELETE /healthz",
        "GET /enter",
    ] {
        let answer = world
            .plain(request, &[("Host", "localhost:8080")], "")
            .await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'self'"), "{request}");
        assert!(policy.contains("connect-src 'self' ws://localhost:8080;"));
        assert!(policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe"), "{request}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(
            answer.header("cache-control"),
            Some("no-store"),
            "{request}"
        );
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    }
    let page = world.plain("GET /", &[], "").await.text();
    for inline in ["<style", "<script", "style=", "onclick"] {
        assert!(!page.contains(inline), "{inline} is against the policy");
    }
}

#[tokio::test]
async fn users_are_made_once_and_with_a_password() {
    let world = world().await;
    let make = async |login: &str, password: &str| {
        let new = NewUser {
            login: login.to_owned(),
            name: secret("x"),
            role: RoleName::Admin,
            agent: None,
            password: secret(password),
        };
        users::create(&world.store, new, Timestamp::from_millis(0)).await
    };
    assert!(make("eve", PASSWORD).await.is_ok());
    let taken = make("eve", PASSWORD).await.unwrap_err();
    assert!(matches!(taken, UserError::Store(StoreError::Taken(_))));
    for login in ["", "Eve", "e v", "é", &"x".repeat(65)] {
        let refused = make(login, PASSWORD).await.unwrap_err();
        assert!(matches!(refused, UserError::Login), "{login}");
    }
    let long = "x".repeat(257);
    for password in ["", "seven77", &long] {
        let refused = make("fred", password).await.unwrap_err();
        assert!(matches!(refused, UserError::Password), "{password}");
    }
    let listed = world.store.users().await.unwrap();
    assert!(
        !format!("{listed:?}").contains("argon2"),
        "hashes are not printed"
    );
}
