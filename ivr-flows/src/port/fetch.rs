//! What an `http` step asks, and what came of it. Values only; `Debug` shows none that may be a caller's.

use std::fmt;
use std::time::Duration;

use crate::flow::Value;

/// How it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpMethod {
    /// Reads.
    Get,
    /// Makes or does something.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

impl HttpMethod {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// As a request has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// As a flow has it.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Put => "put",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }

    /// Whether asking twice does no more than asking once (RFC 9110 9.2.2).
    #[must_use]
    pub const fn is_idempotent(self) -> bool {
        matches!(self, Self::Get | Self::Put | Self::Delete)
    }
}

/// One question to a server outside.
#[derive(Clone, PartialEq, Eq)]
pub struct FetchRequest {
    /// The step's block.
    pub block: String,
    /// The step's `id:`.
    pub id: Option<String>,
    /// How.
    pub method: HttpMethod,
    /// Where; never to be logged.
    pub url: String,
    /// Headers of the flow.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: Option<FetchBody>,
    /// What authorises us.
    pub secret: Option<FetchSecret>,
    /// How long one try may take.
    pub timeout: Duration,
    /// Tries after the first.
    pub retries: u32,
    /// The answer's body is of use.
    pub wants_body: bool,
}

/// What is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct FetchBody {
    /// The text itself.
    pub text: String,
    /// It is JSON, else plain text.
    pub json: bool,
}

/// A secret by name: whoever asks knows its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchSecret {
    /// Its name in the settings.
    pub name: String,
    /// The header it stands in; none: `Authorization: Bearer …`.
    pub header: Option<String>,
    /// It signs the question and is not sent itself.
    pub signs: bool,
}

impl fmt::Debug for FetchRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { block, method, .. } = self;
        write!(f, "FetchRequest({block}: {} ***)", method.as_str())
    }
}

/// What came of a question.
#[derive(Clone, PartialEq, Eq)]
pub enum FetchAnswer {
    /// The server answered.
    Answered {
        /// HTTP status.
        status: u16,
        /// JSON as values, a text as text; none: there is none, or it is of no use.
        body: Option<Value>,
    },
    /// No try brought an answer in time.
    TimedOut,
    /// No connection could be made, or it broke.
    Unreachable,
    /// It was not asked, or the answer cannot be used: why, without any of it.
    Refused(&'static str),
}

impl fmt::Debug for FetchAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered { status, .. } => write!(f, "Answered({status}, ***)"),
            Self::TimedOut => f.write_str("TimedOut"),
            Self::Unreachable => f.write_str("Unreachable"),
            Self::Refused(why) => write!(f, "Refused({why})"),
        }
    }
}
