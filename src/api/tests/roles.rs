//! Role by route: who gets what. A route that is missing here is missing in the table of rights.

use super::world::{ANA, CALLER, LOST, RECORDING, TALK, World};
use crate::api::right::{ACTIONS, Action, Resource, Role, RoleName, authorise};
use router::id::AgentId;

const NOT_READY: &str = r#"{"state":"not_ready","reason":"lunch"}"#;

/// Request, body, and the status for: nobody, a forged token, readonly, Ana (whose things they are), Ben, an agent
/// who left the company, supervisor, admin.
fn table() -> Vec<(String, &'static str, [u16; 8])> {
    let everyone = [401, 401, 200, 200, 200, 401, 200, 200];
    let anas = [401, 401, 200, 200, 403, 401, 200, 200];
    let no_agents = [401, 401, 200, 403, 403, 401, 200, 200];
    let missing = [401, 401, 404, 404, 404, 401, 404, 404];
    let writes = |done| [401, 401, 403, 403, 403, 401, done, done];
    vec![
        ("GET /agents".to_owned(), "", everyone),
        ("GET /agents/ana".to_owned(), "", anas),
        (format!("GET /agents/{ANA}"), "", anas),
        (
            "GET /agents/nobody".to_owned(),
            "",
            [401, 401, 404, 403, 403, 401, 404, 404],
        ),
        (
            "PUT /agents/ana/state".to_owned(),
            NOT_READY,
            [401, 401, 403, 200, 403, 401, 200, 200],
        ),
        (
            "PUT /agents/nobody/state".to_owned(),
            NOT_READY,
            [401, 401, 403, 403, 403, 401, 404, 404],
        ),
        ("GET /openapi.json".to_owned(), "", everyone),
        ("GET /queues".to_owned(), "", everyone),
        ("GET /queues/support".to_owned(), "", anas),
        ("GET /queues/support/history".to_owned(), "", anas),
        ("GET /interactions".to_owned(), "", everyone),
        ("GET /interactions?agent=ana".to_owned(), "", anas),
        (format!("GET /interactions/{TALK}"), "", anas),
        (format!("GET /interactions/{LOST}"), "", no_agents),
        (format!("GET /interactions/{TALK}/decisions"), "", no_agents),
        (format!("GET /interactions/{TALK}/timeline"), "", anas),
        (format!("GET /interactions/{LOST}/timeline"), "", no_agents),
        (format!("GET /interactions/{TALK}/ladder"), "", no_agents),
        ("GET /interactions/nothing".to_owned(), "", missing),
        ("GET /certificates".to_owned(), "", no_agents),
        ("GET /customers".to_owned(), "", no_agents),
        // A number is a hint alone; see `callers.rs` for what an agent's word changes.
        (format!("GET /customers/{CALLER}"), "", no_agents),
        (
            format!("GET /customers/{CALLER}/interactions"),
            "",
            no_agents,
        ),
        (
            "POST /customers".to_owned(),
            r#"{"name":"Eve"}"#,
            writes(201),
        ),
        (
            format!("PATCH /customers/{CALLER}"),
            r#"{"notes":"x"}"#,
            writes(200),
        ),
        (format!("GET /recordings/{RECORDING}"), "", anas),
        (format!("GET /recordings/{RECORDING}/audio"), "", anas),
        (format!("GET /recordings/{RECORDING}/peaks"), "", anas),
        ("GET /recordings/nothing".to_owned(), "", missing),
        (
            "GET /audit".to_owned(),
            "",
            [401, 401, 403, 403, 403, 401, 403, 200],
        ),
        (
            "POST /phone/credentials".to_owned(),
            "",
            // Tokens of no agent have no session that a phone could end with.
            [401, 401, 403, 200, 200, 401, 403, 403],
        ),
    ]
}

/// The same for closing queues.
fn of_closings() -> Vec<(String, &'static str, [u16; 8])> {
    let writes = |done| [401, 401, 403, 403, 403, 401, done, done];
    vec![
        (
            "PUT /queues/support/closure".to_owned(),
            r#"{"until":null,"message":{"prompt":"closed.wav"},"reason":"flood"}"#,
            writes(200),
        ),
        ("DELETE /queues/support/closure".to_owned(), "", writes(204)),
        ("GET /closure-messages".to_owned(), "", writes(200)),
        ("DELETE /queues/nothing/closure".to_owned(), "", writes(404)),
        (
            "PUT /calendars/nothing/closure".to_owned(),
            r#"{"until":"2026-01-01T00:00:00Z","reason":"flood"}"#,
            writes(404),
        ),
        (
            "DELETE /calendars/nothing/closure".to_owned(),
            "",
            writes(404),
        ),
        (
            "GET /calendars".to_owned(),
            "",
            [401, 401, 200, 403, 403, 401, 200, 200],
        ),
    ]
}

/// The same for flows. The world's company has them in the database, and publishes nothing by itself.
fn of_flows() -> Vec<(String, &'static str, [u16; 8])> {
    let reads = |found| [401, 401, found, 403, 403, 401, found, found];
    let writes = |done| [401, 401, 403, 403, 403, 401, done, done];
    let flow = str::to_owned;
    vec![
        (flow("GET /flows"), "", reads(200)),
        (flow("GET /flows/support"), "", reads(404)),
        (flow("GET /flows/support/versions"), "", reads(404)),
        (flow("GET /flows/support/versions/1"), "", reads(404)),
        (flow("GET /flows/other/draft"), "", reads(404)),
        (
            flow("PUT /flows/support/draft"),
            r#"{"text":"x","base":7}"#,
            writes(409),
        ),
        (
            flow("DELETE /flows/support/draft?revision=1"),
            "",
            writes(404),
        ),
        (flow("GET /flows/support/traffic"), "", reads(200)),
        (flow("GET /flows/support/callers"), "", reads(200)),
        (flow("GET /flows/schema"), "", reads(200)),
        (flow("GET /prompts/en/nothing"), "", reads(404)),
        (flow("PUT /prompts/en/nothing"), "x", writes(422)),
        (flow("DELETE /prompts/en/nothing"), "", writes(404)),
        (flow("POST /flows/support/publish"), "{}", writes(409)),
        (
            flow("POST /flows/support/call"),
            r#"{"text":"x"}"#,
            writes(422),
        ),
        (
            flow("PUT /flows/support/plan"),
            r#"{"at":"2020-01-01T00:00:00Z"}"#,
            writes(422),
        ),
        (flow("DELETE /flows/support/plan"), "", writes(404)),
        (flow("POST /flows/support/promote"), "", writes(404)),
        (flow("POST /flows/support/rollback"), "{}", writes(404)),
        (
            flow("PUT /flows/support/aliases/test"),
            r#"{"version":1}"#,
            writes(404),
        ),
    ]
}

/// The same for what an editor of flows asks: nothing is kept of it.
fn of_editors() -> Vec<(String, &'static str, [u16; 8])> {
    let reads = |found| [401, 401, found, 403, 403, 401, found, found];
    let writes = |done| [401, 401, 403, 403, 403, 401, done, done];
    let flow = str::to_owned;
    vec![
        (
            flow("POST /flows/support/check"),
            r#"{"text":"x"}"#,
            writes(200),
        ),
        (
            flow("POST /flows/support/view"),
            r#"{"text":"x"}"#,
            reads(200),
        ),
        (
            flow("POST /flows/support/complete"),
            r#"{"text":"x","line":1,"column":2}"#,
            reads(200),
        ),
        (
            flow("POST /flows/support/difference"),
            r#"{"before":"a: [","after":"y"}"#,
            reads(422),
        ),
        (
            flow("POST /flows/support/prompts"),
            r#"{"text":"x"}"#,
            reads(422),
        ),
        (
            flow("POST /flows/support/worth"),
            r#"{"text":"x","expression":"1"}"#,
            reads(422),
        ),
        (
            flow("POST /flows/support/edit"),
            r#"{"text":"x","operations":[]}"#,
            writes(422),
        ),
        (
            flow("POST /flows/support/try"),
            r#"{"text":"x"}"#,
            reads(422),
        ),
        (
            flow("POST /flows/support/try/sound"),
            r#"{"text":"x","moment":0}"#,
            reads(422),
        ),
    ]
}

/// The same for what agents write, and for reports.
fn desk_table() -> Vec<(String, &'static str, [u16; 8])> {
    let everyone = [401, 401, 200, 200, 200, 401, 200, 200];
    let anas = [401, 401, 200, 200, 403, 401, 200, 200];
    vec![
        ("GET /queues/support/intervals".to_owned(), "", anas),
        ("GET /agents/ana/intervals".to_owned(), "", anas),
        (format!("GET /interactions/{TALK}/notes"), "", anas),
        (
            format!("PUT /interactions/{TALK}/notes"),
            r#"{"text":"x","version":9}"#,
            [401, 401, 403, 409, 403, 401, 409, 409],
        ),
        (format!("GET /interactions/{TALK}/caller"), "", anas),
        (
            format!("PUT /interactions/{TALK}/customer"),
            r#"{"customer_id":null}"#,
            [401, 401, 403, 200, 403, 401, 200, 200],
        ),
        (
            format!("POST /interactions/{TALK}/customer"),
            r#"{"name":"Eve"}"#,
            [401, 401, 403, 201, 403, 401, 201, 201],
        ),
        ("GET /wrap-up-codes".to_owned(), "", everyone),
        ("GET /not-ready-reasons".to_owned(), "", everyone),
        ("GET /transfer-targets".to_owned(), "", everyone),
        ("GET /tasks".to_owned(), "", everyone),
        (
            "POST /tasks".to_owned(),
            r#"{"title":"Call back","queue":"support"}"#,
            [401, 401, 403, 201, 201, 401, 201, 201],
        ),
        (
            "PATCH /tasks/nothing".to_owned(),
            "{}",
            [401, 401, 404, 404, 404, 401, 404, 404],
        ),
        (
            format!("PUT /interactions/{TALK}/wrap-up"),
            r#"{"code":"refund"}"#,
            [401, 401, 403, 200, 403, 401, 200, 200],
        ),
        (
            format!("POST /interactions/{TALK}/wrap-up/extend"),
            "",
            [401, 401, 403, 409, 409, 401, 409, 409],
        ),
        (
            format!("POST /interactions/{TALK}/wrap-up/done"),
            "",
            [401, 401, 403, 409, 409, 401, 409, 409],
        ),
    ]
}

/// There is no live call here: whoever may ask hears that.
fn of_calls() -> Vec<(String, &'static str, [u16; 8])> {
    let controls = [401, 401, 403, 404, 404, 401, 404, 404];
    vec![
        (format!("POST /calls/{TALK}/hold"), "", controls),
        (format!("POST /calls/{TALK}/resume"), "", controls),
        (format!("POST /calls/{TALK}/hangup"), "", controls),
        (format!("POST /calls/{TALK}/cancel"), "", controls),
        (format!("POST /calls/{TALK}/complete"), "", controls),
        (format!("POST /calls/{TALK}/merge"), "", controls),
        (format!("POST /calls/{TALK}/help"), "", controls),
        (format!("DELETE /calls/{TALK}/help"), "", controls),
        (
            format!("POST /calls/{TALK}/transfer"),
            r#"{"to":{"queue":"support"}}"#,
            controls,
        ),
        (
            format!("POST /calls/{TALK}/consult"),
            r#"{"to":{"agent":"ben"}}"#,
            controls,
        ),
        (
            format!("POST /calls/{TALK}/monitor"),
            r#"{"mode":"listen","extension":"2002"}"#,
            [401, 401, 403, 403, 403, 401, 404, 404],
        ),
        (
            format!("POST /calls/{TALK}/priority"),
            r#"{"class":"emergency","head_start":60}"#,
            [401, 401, 403, 403, 403, 401, 404, 404],
        ),
    ]
}

/// Every row of the matrix.
fn rows() -> impl Iterator<Item = (String, &'static str, [u16; 8])> {
    let all = table().into_iter().chain(of_closings()).chain(of_flows());
    all.chain(of_editors())
        .chain(desk_table())
        .chain(of_calls())
}

#[tokio::test]
async fn every_role_on_every_route() {
    let world = World::start().await;
    let who = [
        "",
        "forged",
        "readonly",
        "ana",
        "ben",
        "gone",
        "supervisor",
        "admin",
    ];
    let mut wrong = Vec::new();
    for (request, body, expected) in rows() {
        for (who, expected) in who.iter().zip(expected) {
            let answer = world.ask(who, &request, body).await;
            if answer.status != expected {
                wrong.push(format!(
                    "{who} {request}: {} instead of {expected}",
                    answer.status
                ));
            }
            if answer.status >= 400 {
                assert_eq!(
                    answer.header("content-type"),
                    Some("application/problem+json"),
                    "{request}"
                );
                assert_eq!(answer.json()["status"], answer.status);
            }
            if answer.status == 401 {
                assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Operations whose matrix stands elsewhere: open to everybody, or no plain answer.
const ELSEWHERE: [&str; 18] = [
    "isAlive",
    "isReady",
    "phone",
    "signIn",
    "getSession",
    "signOut",
    "readMetrics",
    "followEvents",
    "followLive",
    // `callers.rs` and `desk.rs`, beside this file: whose call it is decides.
    "getCaller",
    "confirmCustomer",
    "createCustomerOfCaller",
    "getNotes",
    "saveNotes",
    "listWrapUpCodes",
    "chooseWrapUpCode",
    "extendWrapUp",
    "endWrapUp",
];

/// Whether a request of the table is one of this operation.
fn is_of(request: &str, method: &str, template: &str) -> bool {
    let Some((asked, path)) = request.split_once(' ') else {
        return false;
    };
    let path = path.split('?').next().unwrap();
    let (path, template) = (path.split('/'), template.split('/'));
    asked.eq_ignore_ascii_case(method)
        && path.clone().count() == template.clone().count()
        && path
            .zip(template)
            .all(|(part, wanted)| wanted.starts_with('{') || part == wanted)
}

#[test]
fn every_operation_stands_in_the_matrix() {
    let document = crate::api::openapi::document();
    let mut missing = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            let template = path.strip_prefix("/api/v1").unwrap_or(path);
            let mut rows = rows();
            let there = rows.any(|(request, ..)| is_of(&request, method, template));
            if !there && !ELSEWHERE.contains(&name) {
                missing.push(format!("{name}: {method} {path}"));
            }
        }
    }
    assert!(missing.is_empty(), "no row in the table: {missing:#?}");
}

/// What authors of flows may ask for beside reading, and what publishers may besides.
const AUTHORS: [&str; 11] = [
    "PUT /flows/support/draft",
    "DELETE /flows/support/draft?revision=1",
    "POST /flows/support/check",
    "POST /flows/support/view",
    "POST /flows/support/complete",
    "POST /flows/support/difference",
    "POST /flows/support/prompts",
    "POST /flows/support/worth",
    "POST /flows/support/edit",
    "POST /flows/support/try",
    "POST /flows/support/try/sound",
];

#[tokio::test]
async fn authors_and_publishers_work_on_flows_and_see_nothing_else() {
    let world = World::start().await;
    let mut wrong = Vec::new();
    for (request, body, expected) in rows() {
        let (method, path) = request.split_once(' ').unwrap();
        let of_flows = ["/flows", "/calendars", "/prompts"]
            .iter()
            .any(|start| path.starts_with(start));
        let reads = of_flows && method == "GET" || path == "/openapi.json";
        let edits = reads || AUTHORS.contains(&request.as_str());
        // What callers of a closed calendar may hear is for whoever may close one.
        let closes = request == "GET /closure-messages";
        let publishes = edits || of_flows || closes;
        for (who, may) in [("author", edits), ("publisher", publishes)] {
            let status = world.ask(who, &request, body).await.status;
            // That a thing is not there may be said to whoever asks for it.
            let hidden = [403, 404].contains(&status) && (status == 403 || expected[7] == 404);
            if if may { status != expected[6] } else { !hidden } {
                wrong.push(format!("{who} {request}: {status}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The same matrix with the cookie of a session, whose rights are the same, and for the demo's customer, who has none.
#[tokio::test]
async fn every_role_on_every_route_by_session() {
    let world = World::start().await;
    let mut wrong = Vec::new();
    for (column, role, agent) in [
        (2, RoleName::ReadOnly, None),
        (3, RoleName::Agent, Some("ana")),
        (4, RoleName::Agent, Some("ben")),
        (5, RoleName::Agent, Some("carl")),
        (6, RoleName::Supervisor, None),
        (7, RoleName::Admin, None),
        (0, RoleName::Caller, None),
    ] {
        let (cookie, csrf) = super::sessions::begin(&world, role, agent).await;
        let page = [
            ("Cookie", cookie.as_str()),
            ("Origin", "http://localhost"),
            ("X-CSRF-Token", csrf.as_str()),
        ];
        for (request, body, expected) in rows() {
            let (method, path) = request.split_once(' ').unwrap();
            let answer = world
                .plain(&format!("{method} /api/v1{path}"), &page, body)
                .await;
            let expected = match role {
                // A session is what a phone ends with.
                RoleName::Supervisor | RoleName::Admin | RoleName::Caller
                    if path == "/phone/credentials" =>
                {
                    200
                }
                // Its list is there, and empty without a call.
                RoleName::Caller if request == "GET /interactions" => 200,
                RoleName::Caller if expected[7] == 404 && answer.status == 404 => 404,
                RoleName::Caller => 403,
                _ => expected[column],
            };
            if answer.status != expected {
                wrong.push(format!("{role:?} {request}: {}", answer.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn an_agent_sees_its_own_part_of_lists() {
    let world = World::start().await;
    let count = async |who: &str, request: &str| {
        let answer = world.ask(who, request, "").await;
        answer.json()["items"].as_array().unwrap().len()
    };
    assert_eq!(count("admin", "GET /agents").await, 2);
    assert_eq!(count("ana", "GET /agents").await, 1);
    assert_eq!(count("admin", "GET /queues").await, 2);
    assert_eq!(count("ana", "GET /queues").await, 1);
    assert_eq!(count("admin", "GET /interactions").await, 2);
    assert_eq!(count("ana", "GET /interactions").await, 1);
    assert_eq!(count("ben", "GET /interactions").await, 0);
}

#[tokio::test]
async fn an_agent_does_not_see_other_candidates() {
    let world = World::start().await;
    let decided = async |who: &str| {
        let record = world
            .ask(who, &format!("GET /interactions/{TALK}"), "")
            .await
            .json();
        let events = record["events"].as_array().unwrap().clone();
        let kinds = events.iter().filter(|e| e["kind"] == "decided").count();
        (kinds, record["decisions"].as_array().unwrap().len())
    };
    assert_eq!(decided("supervisor").await, (1, 1));
    assert_eq!(decided("ana").await, (0, 0));
}

/// Who may do what, in words of its own: supervisor, readonly, agent (own things), author,
/// publisher, caller.
fn rights(action: Action) -> &'static str {
    match action {
        Action::ReadAgent
        | Action::ReadQueue
        | Action::ReadCustomer
        | Action::FindCustomer
        | Action::ReadDeskLists
        | Action::ReadTask => "supervisor readonly agent",
        Action::ReadDescription => "supervisor readonly agent author publisher",
        Action::ReadInteraction | Action::ReadRecording | Action::HearRecording => {
            "supervisor readonly agent caller"
        }
        Action::ReadDecisions
        | Action::ReadSignalling
        | Action::ReadEvents
        | Action::ReadMetrics
        | Action::FollowFloor => "supervisor readonly",
        Action::ReadFlow => "supervisor readonly author publisher",
        Action::EditFlow => "supervisor author publisher",
        Action::PublishFlow | Action::CloseCalendar => "supervisor publisher",
        Action::SetAgentState
        | Action::FollowOwn
        | Action::WriteRecord
        | Action::WriteTask
        | Action::ControlCall => "supervisor agent",
        Action::WriteCustomer | Action::PlaceCaller | Action::MonitorCall | Action::CloseQueue => {
            "supervisor"
        }
        Action::UsePhone => "supervisor agent caller",
        Action::ReadAudit => "",
    }
}

#[test]
fn the_one_function_says_it_for_every_action() {
    let (own, other) = (AgentId::from_number(1), AgentId::from_number(2));
    for action in ACTIONS {
        let may = |who: &str| rights(action).split(' ').any(|word| word == who);
        for resource in [
            Resource::Of(own),
            Resource::Of(other),
            Resource::Others,
            Resource::OwnPart,
            Resource::OwnCall,
        ] {
            let its_own = matches!(resource, Resource::OwnPart) || resource == Resource::Of(own);
            for (role, expected) in [
                (Role::Admin, true),
                (Role::Supervisor, may("supervisor")),
                (Role::ReadOnly, may("readonly")),
                (Role::Author, may("author")),
                (Role::Publisher, may("publisher")),
                (Role::Agent(own), its_own && may("agent")),
                (
                    Role::Caller,
                    may("caller") && matches!(resource, Resource::OwnPart | Resource::OwnCall),
                ),
            ] {
                let found = authorise(role, action, resource);
                assert_eq!(found, expected, "{role:?} {action:?} {resource:?}");
            }
        }
    }
}
