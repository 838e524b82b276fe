//! Making users and their passwords, for the command line and the demo.
//!
//! **Owns**: what a login and a password must be like. **Must not know**: where passwords are read from.

use super::password::{self, LONGEST, PasswordError, SHORTEST};
use crate::api::right::RoleName;
use recordings::store::users::StoredUser;
use recordings::{Store, StoreError};
use router::id::UserId;
use router::{Private, Timestamp};
use sha2::{Digest as _, Sha256};

/// Letters of a login at most.
const LONGEST_LOGIN: usize = 64;

/// Why a user was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// A login of another form.
    #[error("a login has 1 to 64 of a-z, 0-9, `.`, `_`, `-`")]
    Login,
    /// Too short or too long.
    #[error("a password has 8 to 256 bytes")]
    Password,
    /// Nobody has this login.
    #[error("there is no user of this login")]
    Unknown,
    /// The hash could not be made.
    #[error(transparent)]
    Hash(#[from] PasswordError),
    /// The database failed, or the login is taken.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A user to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Log-in name.
    pub login: String,
    /// As people see it.
    pub name: Private<String>,
    /// What the user may do.
    pub role: RoleName,
    /// The agent that the user is; must be there for the role agent.
    pub agent: Option<String>,
    /// In clear; only its hash is kept.
    pub password: Private<String>,
}

/// What the log calls somebody of this login who is no agent. A custom UUID (RFC 9562 5.8) from a hash of the login: it
/// needs no row, and tells nobody the login who does not guess it.
#[must_use]
pub fn id_of(login: &str) -> UserId {
    let hash: [u8; 32] = Sha256::digest(format!("user:{login}").as_bytes()).into();
    let bytes = hash.first_chunk::<16>().copied().unwrap_or_default();
    UserId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// Makes a user. Takes some tens of milliseconds of the calling thread.
///
/// # Errors
/// [`UserError`]; [`StoreError::Taken`] inside it when the login is.
pub async fn create(store: &Store, new: NewUser, at: Timestamp) -> Result<(), UserError> {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    if new.login.is_empty() || new.login.len() > LONGEST_LOGIN || !new.login.bytes().all(letter) {
        return Err(UserError::Login);
    }
    let user = StoredUser {
        password_hash: checked_hash(&new.password)?,
        login: new.login,
        name: new.name,
        role: new.role.as_str().to_owned(),
        agent_login: new.agent,
        changed_at: at,
    };
    Ok(store.create_user(&user).await?)
}

/// Gives a user another password; their sessions end.
///
/// # Errors
/// [`UserError`].
pub async fn set_password(
    store: &Store,
    login: &str,
    password: &Private<String>,
    at: Timestamp,
) -> Result<(), UserError> {
    let hash = checked_hash(password)?;
    if store.set_password(login, &hash, at).await? {
        Ok(())
    } else {
        Err(UserError::Unknown)
    }
}

fn checked_hash(password: &Private<String>) -> Result<Private<String>, UserError> {
    if !(SHORTEST..=LONGEST).contains(&password.reveal().len()) {
        return Err(UserError::Password);
    }
    Ok(password::hash(password)?)
}
