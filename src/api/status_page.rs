//! `GET /`: one plain page for a look in passing.
//!
//! **Owns**: its HTML. Counts and states only: it needs no token, so it shows no name, number or login of a person.
//! No script, no style: the policy of every answer allows neither in a page.

use super::error::ApiError;
use super::queues::counters;
use super::{ApiState, time};
use axum::extract::State;
use axum::response::Html;
use recordings::store::counters::QueueCounters;
use router::AgentState;
use std::fmt::Write as _;

/// Shows the page.
pub(super) async fn show(State(state): State<ApiState>) -> Result<Html<String>, ApiError> {
    page(&state).await.map(Html)
}

async fn page(state: &ApiState) -> Result<String, ApiError> {
    let ready = if state.live.is_ready() {
        "taking calls"
    } else {
        "not taking calls"
    };
    // Of the record, because a call in its wrap-up is no live call any more but a live interaction.
    let live = state.store.live_interactions().await.map_or_else(
        |_| "unknown, the database does not answer".to_owned(),
        |live| live.to_string(),
    );
    Ok(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Cordboard</title>\
         <meta http-equiv=\"refresh\" content=\"5\"></head><body>\
         <h1>Cordboard</h1><p>{ready}; live interactions: {live}</p>{agents}{queues}\
         <p>The API lies under /api/v1 and needs a token: <code>cordboard token create</code>.</p>\
         </body></html>",
        agents = agents(state).await?,
        queues = queues(state).await?,
    ))
}

async fn agents(state: &ApiState) -> Result<String, ApiError> {
    let views = state.live.agents().await?;
    let states = [
        AgentState::Available,
        AgentState::Offered,
        AgentState::OnCall,
        AgentState::WrapUp,
        AgentState::NotReady,
        AgentState::Offline,
    ];
    let mut html =
        String::from("<h2>Agents</h2><table><tr><th>state</th><th class=\"n\">agents</th></tr>");
    for wanted in states {
        let count = views.iter().filter(|view| view.state == wanted).count();
        let name = wanted.as_str().replace('_', " ");
        let _ = write!(html, "<tr><td>{name}</td><td class=\"n\">{count}</td></tr>");
    }
    html.push_str("</table>");
    Ok(html)
}

async fn queues(state: &ApiState) -> Result<String, ApiError> {
    let views = state.live.queues().await?;
    let since = time::day_begin(state.clock.now(), &state.time_zone);
    let mut html = String::from(
        "<h2>Queues</h2><table><tr><th>queue</th><th class=\"n\">waiting</th><th class=\"n\">today</th>\
         <th class=\"n\">answered</th><th class=\"n\">abandoned</th></tr>",
    );
    for (id, rules) in &state.company().routing.queues {
        let waiting: usize = views
            .iter()
            .filter(|view| view.queue == *id)
            .map(|view| view.waiting.len())
            .sum();
        let today = counters(state, *id, since, rules.service_level).await?;
        let shown = |count: fn(&QueueCounters) -> u64| {
            today
                .as_ref()
                .map_or_else(|| "-".to_owned(), |today| count(today).to_string())
        };
        let _ = write!(
            html,
            "<tr><td>{}</td><td class=\"n\">{waiting}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td></tr>",
            escape(&rules.name),
            shown(|today| today.entered),
            shown(|today| today.outcomes.answered),
            shown(|today| today.outcomes.abandoned + today.outcomes.short_abandoned),
        );
    }
    html.push_str("</table>");
    Ok(html)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
