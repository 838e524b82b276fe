//! `?t=SECRET` on `/enter` and on the pages: a link that signs in once.
//!
//! **Owns**: spending the secret and leading on to a page without it. **Must not know**: what the pages are.
//!
//! The page never sees the secret, so it is in no history of the page and in no `Referer`.

use super::identity::{self, Seen};
use super::routes;
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::right::RoleName;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// Pages that links lead to.
const PAGES: [&str; 4] = ["/enter", "/call", "/desk", "/floor"];

/// Before the routes.
pub(in crate::api) async fn spend(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let here = PAGES.into_iter().find(|page| *page == path);
    let secret = secret(request.uri().query().unwrap_or_default());
    let Some(here) = here.filter(|here| secret.is_some() || *here == "/enter") else {
        return next.run(request).await;
    };
    // A page that a browser loads ahead of its visitor would spend the link for nobody.
    let ahead = request.headers().contains_key("sec-purpose");
    if request.method() != Method::GET || ahead {
        return ApiError::unavailable("Open this link to use it.").into_response();
    }
    let secret = secret.unwrap_or_default().to_owned();
    enter(&state, request, here, &secret)
        .await
        .unwrap_or_else(ApiError::into_response)
}

async fn enter(
    state: &ApiState,
    request: Request,
    here: &str,
    secret: &str,
) -> Result<Response, ApiError> {
    let headers = request.headers();
    let Some(new) = state.access.links.spend(secret, state.clock.now()) else {
        // Used before, perhaps by this very visitor, who is signed in then.
        let signed_in = match identity::cookie(headers) {
            Some(old) => identity::session(old, state).await.ok(),
            None => None,
        };
        let role = signed_in.and_then(|(_, session)| RoleName::from_name(&session.role));
        return Ok(lead_to(match role {
            Some(role) if here == "/enter" => home(role),
            Some(_) => here,
            None => "/signin?link=used",
        }));
    };
    let page = home(new.role);
    let seen = request.extensions().get::<Seen>().cloned();
    let seen = seen.unwrap_or_default();
    seen.say("sign-in link");
    let (cookie, _) = routes::begin(state, headers, new, &seen).await?;
    let mut response = lead_to(page);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// The page that a role works on.
const fn home(role: RoleName) -> &'static str {
    match role {
        RoleName::Caller => "/call",
        RoleName::Agent => "/desk",
        RoleName::Admin | RoleName::Supervisor | RoleName::ReadOnly => "/floor",
        RoleName::Author | RoleName::Publisher => "/flows",
    }
}

fn lead_to(page: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(place) = HeaderValue::from_str(page) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

fn secret(query: &str) -> Option<&str> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == "t").map(|(_, value)| value)
}
