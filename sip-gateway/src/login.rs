//! Credentials that are made for a while: what a browser's phone is given in the place of somebody's own password.
//!
//! **Owns**: the words for them. **Must not know**: sessions, HTTP; how SIP proves them is `sip/endpoint/logins.rs`.

use std::time::Duration;

/// Whom credentials stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The device with this extension: they register as it and call as it.
    Device(String),
    /// Whoever has no device: they register under the login's own name, and are called by it
    /// ([`crate::leg::DialTarget::Device`]).
    Guest,
    /// Somebody who may call and do nothing else, one call at a time; what is dialled is the product's to judge.
    Caller {
        /// The number they call from; withheld when none. `Debug` of [`Login`] never shows it.
        number: Option<String>,
    },
}

/// A name and a password that count over WebSocket alone, for a while. Both must be random: wrong ones are followed by no
/// pause. `Debug` never shows them.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// Digest user name, and for a caller the user of From.
    pub username: String,
    /// Digest password (MD5, which is what browsers' phones speak).
    pub password: String,
    /// For whom.
    pub holder: Holder,
    /// How long they count from now on. A registration by them ends with them at the latest.
    pub lasts: Duration,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login")
            .field("lasts", &self.lasts)
            .finish_non_exhaustive()
    }
}
