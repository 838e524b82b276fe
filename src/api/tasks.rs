//! `/tasks`: what somebody still has to do for a customer.
//!
//! **Owns**: what a task may say, and whose it may be. **Must not know**: SQL.

use super::error::ApiError;
use super::notes::author;
use super::openapi::shapes::{self, PageOf};
use super::page::Params;
use super::right::{Action, Resource, Role, authorise};
use super::token::Caller;
use super::{ApiState, names, recorded, time};
use crate::company_view::CompanyView;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use recordings::store::page::Page;
use recordings::store::tasks::{TaskDetails, TaskFilter, TaskRecord};
use router::id::{AgentId, CustomerId, InteractionId, QueueId, TaskId};
use router::{Event, Private, Timestamp};
use serde::{Deserialize, Deserializer};

/// Letters of a title and of a text at most.
const LONGEST_TITLE: usize = 200;
const LONGEST_TEXT: usize = 4_000;
const FILTERS: [&str; 9] = [
    "mine",
    "owner",
    "queue",
    "customer",
    "interaction",
    "done",
    "overdue",
    "limit",
    "cursor",
];

/// A task to be made, or what changes about one: absent stays, `null` is removed.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TaskBody {
    /// What is to be done, in one line; needed for a new one.
    #[schema(value_type = Option<String>)]
    title: Option<Private<String>>,
    /// More about it.
    #[schema(value_type = Option<String>)]
    #[serde(deserialize_with = "present")]
    text: Option<Option<Private<String>>>,
    /// An agent's login; an agent who names neither owner nor queue keeps it.
    #[schema(value_type = Option<String>)]
    #[serde(deserialize_with = "present")]
    owner: Option<Option<String>>,
    /// Or a queue, whose agents see it.
    #[schema(value_type = Option<String>)]
    #[serde(deserialize_with = "present")]
    queue: Option<Option<String>>,
    #[schema(value_type = Option<shapes::Id>)]
    #[serde(deserialize_with = "present")]
    interaction_id: Option<Option<InteractionId>>,
    #[schema(value_type = Option<shapes::Id>)]
    #[serde(deserialize_with = "present")]
    customer_id: Option<Option<CustomerId>>,
    #[schema(value_type = Option<shapes::Moment>)]
    #[serde(deserialize_with = "present")]
    due_at: Option<Option<String>>,
    done: Option<bool>,
}

/// Tells `null` from absent.
#[expect(
    clippy::option_option,
    reason = "a patch has three cases: absent, null, a value"
)]
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// `GET /tasks`: an agent sees its own and those of its queues.
#[utoipa::path(
    get,
    path = "/api/v1/tasks",
    operation_id = "listTasks",
    tag = "tasks",
    params(
        ("mine" = Option<bool>, Query, description = "`true`: those that the agent owns alone."),
        ("owner" = Option<String>, Query, description = "Log-in name or id."),
        ("queue" = Option<String>, Query, description = "Name or id."),
        ("customer" = Option<String>, Query, description = "Id."),
        ("interaction" = Option<String>, Query, description = "Id."),
        ("done" = Option<bool>, Query, description = "`false`: open ones; `true`: done ones."),
        ("overdue" = Option<bool>, Query, description = "`true`: open and due before now."),
        ("limit" = Option<u32>, Query, description = "Items of a page, 1 to 500."),
        ("cursor" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses((status = 200, description = "Newest first.", body = PageOf<shapes::Task>)),
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    Caller(role): Caller,
    params: Params,
) -> Result<Json<Page<TaskRecord>>, ApiError> {
    params.only(&FILTERS)?;
    if !authorise(role, Action::ReadTask, Resource::OwnPart) {
        return Err(ApiError::forbidden());
    }
    let company = state.company();
    let own = role
        .agent()
        .map(|agent| (agent, queues_of(&company, agent)));
    let mine = truth(&params, "mine")? == Some(true);
    let named = match params.get("owner") {
        Some(name) => Some(agent_named(&company, name)?),
        None => None,
    };
    let queue = match params.get("queue") {
        Some(name) => Some(queue_named(&company, name)?),
        None => None,
    };
    let overdue = truth(&params, "overdue")? == Some(true);
    let filter = TaskFilter {
        owner: named.or_else(|| role.agent().filter(|_| mine)),
        of: own,
        queue,
        interaction: params.read("interaction", "an interaction's id", |text| {
            text.parse().ok()
        })?,
        customer: params.read("customer", "a customer's id", |text| text.parse().ok())?,
        done: truth(&params, "done")?,
        overdue_at: overdue.then(|| state.clock.now()),
    };
    Ok(Json(state.store.tasks(&filter, &params.paging()?).await?))
}

/// `POST /tasks`.
#[utoipa::path(
    post,
    path = "/api/v1/tasks",
    operation_id = "createTask",
    tag = "tasks",
    request_body = TaskBody,
    responses((status = 201, description = "Made.", body = shapes::Task)),
)]
pub(super) async fn create(
    State(state): State<ApiState>,
    Caller(role): Caller,
    body: Result<Json<TaskBody>, JsonRejection>,
) -> Result<Response, ApiError> {
    if !authorise(role, Action::WriteTask, Resource::OwnPart) {
        return Err(ApiError::forbidden());
    }
    let Json(body) = body?;
    let company = state.company();
    let now = state.clock.now();
    let fresh = TaskDetails {
        title: Private::new(String::new()),
        text: None,
        owner: None,
        queue: None,
        interaction: None,
        customer: None,
        due_at: None,
        done_at: None,
    };
    let mut details = changed(&company, fresh, body, now)?;
    if details.owner.is_none() && details.queue.is_none() {
        details.owner = role.agent();
    }
    if details.owner.is_none() && details.queue.is_none() {
        return Err(ApiError::unprocessable("Give an `owner` or a `queue`."));
    }
    let id = TaskId::from_uuid(uuid::Uuid::now_v7());
    let author = author(role, &company);
    let made = state.store.create_task(id, &details, &author, now).await?;
    tell(&state, role, &made, details.done_at.is_some()).await;
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

/// `PATCH /tasks/{id}`: what is absent stays, `null` is removed; `done` sets or clears `done_at`.
#[utoipa::path(
    patch,
    path = "/api/v1/tasks/{id}",
    operation_id = "changeTask",
    tag = "tasks",
    params(("id" = String, Path, description = "Id.")),
    request_body = TaskBody,
    responses((status = 200, description = "As it is now.", body = shapes::Task)),
)]
pub(super) async fn change(
    State(state): State<ApiState>,
    Caller(role): Caller,
    Path(id): Path<String>,
    body: Result<Json<TaskBody>, JsonRejection>,
) -> Result<Json<TaskRecord>, ApiError> {
    let missing = || ApiError::not_found("task");
    let id: TaskId = id.parse().map_err(|_| missing())?;
    let company = state.company();
    let task = state.store.task(id).await?;
    let resource = task
        .as_ref()
        .map_or(Resource::Others, |task| owner(&company, role, task));
    if !authorise(role, Action::WriteTask, resource) {
        return Err(ApiError::forbidden());
    }
    let task = task.ok_or_else(missing)?;
    let Json(body) = body?;
    let now = state.clock.now();
    let was_done = task.done_at.is_some();
    let details = changed(&company, details_of(task), body, now)?;
    let done = details.done_at.is_some() && !was_done;
    let after = state.store.change_task(id, &details, now).await?;
    let after = after.ok_or_else(missing)?;
    tell(&state, role, &after, done).await;
    Ok(Json(after))
}

async fn tell(state: &ApiState, role: Role, task: &TaskRecord, done: bool) {
    let event = Event::TaskChanged {
        task: task.id,
        interaction: task.interaction_id,
        done,
        by: role.agent(),
    };
    recorded::note(state, event).await;
}

/// A task belongs to its agent, and to every agent of its queue.
fn owner(company: &CompanyView, role: Role, task: &TaskRecord) -> Resource {
    let has = |own: &AgentId| {
        task.owner_id == Some(*own)
            || task
                .queue_id
                .is_some_and(|queue| queues_of(company, *own).contains(&queue))
    };
    role.agent()
        .filter(has)
        .map_or(Resource::Others, Resource::Of)
}

fn queues_of(company: &CompanyView, agent: AgentId) -> Vec<QueueId> {
    let agent = company.routing.agents.get(&agent);
    agent.map_or_else(Vec::new, |agent| agent.queues.keys().copied().collect())
}

fn details_of(task: TaskRecord) -> TaskDetails {
    TaskDetails {
        title: task.title,
        text: task.text,
        owner: task.owner_id,
        queue: task.queue_id,
        interaction: task.interaction_id,
        customer: task.customer_id,
        due_at: task.due_at.map(|at| at.0),
        done_at: task.done_at.map(|at| at.0),
    }
}

/// What a task is after `body`, checked.
fn changed(
    company: &CompanyView,
    mut task: TaskDetails,
    body: TaskBody,
    now: Timestamp,
) -> Result<TaskDetails, ApiError> {
    task.title = body.title.unwrap_or(task.title);
    task.text = body.text.unwrap_or(task.text);
    task.interaction = body.interaction_id.unwrap_or(task.interaction);
    task.customer = body.customer_id.unwrap_or(task.customer);
    if let Some(owner) = body.owner {
        let owner = owner.map(|name| agent_named(company, &name)).transpose()?;
        task.owner = owner;
    }
    if let Some(queue) = body.queue {
        let queue = queue.map(|name| queue_named(company, &name)).transpose()?;
        task.queue = queue;
    }
    if let Some(due) = body.due_at {
        let parse = |text: String| {
            time::parse(&text).ok_or_else(|| {
                ApiError::unprocessable("`due_at` must be a time such as 2026-01-31T12:00:00Z.")
            })
        };
        task.due_at = due.map(parse).transpose()?;
    }
    match body.done {
        Some(true) => task.done_at = task.done_at.or(Some(now)),
        Some(false) => task.done_at = None,
        None => {}
    }
    check("title", task.title.reveal(), LONGEST_TITLE)?;
    if task.title.reveal().trim().is_empty() {
        return Err(ApiError::unprocessable("`title` says what is to be done."));
    }
    if let Some(text) = &task.text {
        check("text", text.reveal(), LONGEST_TEXT)?;
    }
    Ok(task)
}

fn check(name: &str, text: &str, longest: usize) -> Result<(), ApiError> {
    let odd = |c: char| c.is_control() && (name == "title" || !matches!(c, '\n' | '\t' | '\r'));
    if text.chars().count() > longest || text.chars().any(odd) {
        let detail = format!("`{name}` may have {longest} letters, and no control characters.");
        return Err(ApiError::unprocessable(detail));
    }
    Ok(())
}

fn agent_named(company: &CompanyView, name: &str) -> Result<AgentId, ApiError> {
    names::agent_id(company, name)
        .ok_or_else(|| ApiError::unprocessable("`owner` must be an agent's log-in name or id."))
}

fn queue_named(company: &CompanyView, name: &str) -> Result<QueueId, ApiError> {
    names::queue_id(company, name)
        .ok_or_else(|| ApiError::unprocessable("`queue` must be a queue's name or id."))
}

fn truth(params: &Params, name: &str) -> Result<Option<bool>, ApiError> {
    params.read(name, "`true` or `false`", |text| text.parse().ok())
}
