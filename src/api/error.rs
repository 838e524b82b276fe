//! Errors of the API as RFC 9457 problem documents.
//!
//! **Owns**: [`ApiError`]: what the client is told, and apart from it what our log says.
//! **Must not know**: routes.

use super::live::LiveUnavailable;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use recordings::StoreError;

/// An answer that is no success.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    detail: String,
    /// For our log only.
    cause: Option<String>,
    /// More fields of the document.
    more: serde_json::Map<String, serde_json::Value>,
    /// Which problem it is, for programs: the end of its `type`.
    kind: Option<&'static str>,
    /// Seconds.
    retry_after: Option<u64>,
}

impl ApiError {
    /// An answer with this status; `detail` says in one sentence what is wrong and what to do.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            cause: None,
            more: serde_json::Map::new(),
            kind: None,
            retry_after: None,
        }
    }

    /// The same with one more field in the document.
    #[must_use]
    pub fn with(mut self, name: &str, value: serde_json::Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    /// The same with a `type` that programs can tell: `urn:cordboard:KIND`.
    #[must_use]
    pub fn of_kind(mut self, kind: &'static str) -> Self {
        self.kind = Some(kind);
        self
    }

    /// The same with a `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// 404: there is no such thing.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("There is no such {what}."))
    }

    /// 400: the request cannot be read.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 422: the request can be read and makes no sense.
    pub fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// 409: what is asked for does not fit the present state.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// 401: no session and no token, or a token that we do not know.
    #[must_use]
    pub fn unauthorized() -> Self {
        let detail = "Sign in, or send `Authorization: Bearer TOKEN`; `cordboard token create` makes a token.";
        Self::new(StatusCode::UNAUTHORIZED, detail).of_kind("no-session")
    }

    /// 403: the role has not this right.
    #[must_use]
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "Your role does not allow that.")
    }

    /// 503: try again.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// 500: our fault. `cause` goes to our log and never to the client.
    pub fn internal(cause: impl Into<String>) -> Self {
        let detail = "This is our fault; the log says more.";
        Self {
            cause: Some(cause.into()),
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
        }
    }

    /// The status that the client gets.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<LiveUnavailable> for ApiError {
    fn from(error: LiveUnavailable) -> Self {
        Self {
            cause: Some(error.to_string()),
            ..Self::unavailable("Live state cannot be read at the moment; try again.")
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Taken(what) => {
                Self::conflict(format!("Not done: {what} is taken already."))
            }
            StoreError::BadCursor => {
                Self::bad_request("`cursor` is not one that this server gave out.")
            }
            transient if transient.is_transient() => Self {
                cause: Some(error.to_string()),
                ..Self::unavailable("The store cannot be reached at the moment; try again.")
            },
            _ => Self::internal(error.to_string()),
        }
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        // The text of the rejection quotes no more than key names and positions of the client's own body.
        match rejection.status() {
            StatusCode::UNPROCESSABLE_ENTITY => Self::unprocessable(rejection.body_text()),
            status => Self::new(status, rejection.body_text()),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Some(cause) = &self.cause {
            tracing::warn!(status = self.status.as_u16(), cause, "a request failed");
        }
        let mut problem = serde_json::json!({
            "type": self.kind.map_or_else(|| "about:blank".to_owned(), |kind| format!("urn:cordboard:{kind}")),
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        if let Some(fields) = problem.as_object_mut() {
            fields.extend(self.more);
        }
        let mut response = (self.status, problem.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let again = (self.status == StatusCode::SERVICE_UNAVAILABLE).then_some(1);
        if let Some(seconds) = self.retry_after.or(again) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
