//! Audio that a server outside makes of words.
//!
//! **Owns**: one question to it, by the same way out and the same rules as the questions of flows. **Must not know**:
//! calls, caches, what is done with the audio. The words are never logged.

use super::OutsideSettings;
use super::client::{Client, Failure};
use ivr_flows::port::{FetchBody, FetchRequest, FetchSecret, HttpMethod};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Why no audio came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudioFailure {
    /// The server is away, or the line to it broke.
    Unreachable,
    /// It took too long.
    Slow,
    /// It answered with this status.
    Status(u16),
    /// It was not asked, or what came is of no use: why, without any of it.
    Refused(&'static str),
}

/// A server that makes audio. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AudioServer {
    client: Arc<Client>,
    url: String,
    secret: Option<FetchSecret>,
}

impl AudioServer {
    /// The server at `url`, within the rules of `settings`. Nothing is asked yet.
    #[must_use]
    pub fn new(settings: OutsideSettings, url: String, secret: Option<FetchSecret>) -> Self {
        let client = Arc::new(Client::new(settings));
        Self {
            client,
            url,
            secret,
        }
    }

    /// Sends `json`, and takes `most` bytes at most within `limit`. Asked once: making audio twice does no harm, so
    /// the caller may ask again.
    ///
    /// # Errors
    /// [`AudioFailure`].
    pub async fn ask(
        &self,
        json: String,
        limit: Duration,
        most: usize,
    ) -> Result<Vec<u8>, AudioFailure> {
        let request = FetchRequest {
            block: String::new(),
            id: None,
            method: HttpMethod::Post,
            url: self.url.clone(),
            headers: Vec::new(),
            body: Some(FetchBody {
                text: json,
                json: true,
            }),
            secret: self.secret.clone(),
            timeout: limit,
            retries: 0,
            wants_body: true,
        };
        match timeout(limit, self.client.audio(&request, most)).await {
            Err(_) => Err(AudioFailure::Slow),
            Ok(Err(Failure::NotConnected | Failure::Broken)) => Err(AudioFailure::Unreachable),
            Ok(Err(Failure::Refused(why))) => Err(AudioFailure::Refused(why)),
            Ok(Ok((200..=299, body))) => Ok(body),
            Ok(Ok((status, _))) => Err(AudioFailure::Status(status)),
        }
    }
}
