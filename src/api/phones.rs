//! `POST /phone/credentials`: a browser's phone gets a SIP name and password of its own, for as long as the session lasts.
//!
//! **Owns**: who may have them and as whom, their lifetime, and their end with the session. **Must not know**: how SIP
//! proves them (the gateway keeps nothing but their hash), registrations.

use super::ApiState;
use super::access::Access;
use super::access::identity::{Identity, SignedIn};
use super::access::origin;
use super::access::sessions::SessionKey;
use super::error::ApiError;
use super::right::{Action, Resource, Role, authorise};
use crate::clock::Clock;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use recordings::Store;
use router::id::AgentId;
use serde::Serialize;
use sip_gateway::leg::{GatewayCommand, Holder, Login};
use sip_gateway::net::{Gateway, Stopped};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::broadcast::error::RecvError;

/// How long a name counts; a page asks for the next one in time.
const LASTS: Duration = Duration::from_secs(60 * 60);
/// Names of one owner at once: one for each tab, and those of pages that were loaded again. The oldest goes.
const NAMES: usize = 16;
/// Owners at once, which are sessions; more get none.
const OWNERS: usize = 8_192;

/// The number that a customer in the demo's browser calls from: one of the made-up customers.
const CALLER_NUMBER: &str = "+34600000101";

/// Whose names these are: they end with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Owner {
    Session(SessionKey),
    /// An agent with a token, which has no end.
    Agent(AgentId),
}

#[derive(Debug)]
struct Given {
    username: String,
    ends: Instant,
}

/// The names that are out, and nothing secret. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct PhoneNames {
    gateway: Gateway,
    given: Arc<Mutex<HashMap<Owner, Vec<Given>>>>,
}

impl PhoneNames {
    /// None yet.
    #[must_use]
    pub fn new(gateway: Gateway) -> Self {
        Self {
            gateway,
            given: Arc::default(),
        }
    }

    /// The name that this session's phone got last: the one to call where the session has no agent and so no extension
    /// ([`sip_gateway::leg::DialTarget::Device`]).
    #[must_use]
    pub fn of_session(&self, session: SessionKey) -> Option<String> {
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let last = given.get(&Owner::Session(session))?.last()?;
        (last.ends > Instant::now()).then(|| last.username.clone())
    }

    /// Every name that counts for this session's phone, or did while it lasts.
    #[must_use]
    pub fn names_of(&self, session: SessionKey) -> Vec<String> {
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let names = given.get(&Owner::Session(session)).into_iter().flatten();
        names.map(|name| name.username.clone()).collect()
    }

    /// Takes back what was given to sessions as they end. Runs for ever.
    pub async fn keep(self, access: Access, store: Store, clock: Clock) {
        let mut ended = access.ended();
        loop {
            match ended.recv().await {
                Ok(session) => self.take_back(Owner::Session(session)).await,
                Err(RecvError::Lagged(_)) => {
                    // While the database is away nothing is known to be over.
                    for session in self.sessions() {
                        let alive = access.sessions.is_alive(&store, session, clock.now());
                        if matches!(alive.await, Ok(false)) {
                            self.take_back(Owner::Session(session)).await;
                        }
                    }
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    fn sessions(&self) -> Vec<SessionKey> {
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let owners = given.keys().filter_map(|owner| match owner {
            Owner::Session(session) => Some(*session),
            Owner::Agent(_) => None,
        });
        owners.collect()
    }

    async fn take_back(&self, owner: Owner) {
        let names = {
            let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
            given.remove(&owner).unwrap_or_default()
        };
        for Given { username, .. } in names {
            // A gateway that has stopped knows nobody.
            let _ = self
                .gateway
                .send(GatewayCommand::RemoveLogin { username })
                .await;
        }
    }

    /// Makes one more; none when too many owners have some.
    async fn give(&self, owner: Owner, holder: Holder) -> Result<Option<Login>, Stopped> {
        let login = Login {
            username: draw(),
            password: draw(),
            holder,
            lasts: LASTS,
        };
        let Some(old) = self.remember(owner, &login.username, Instant::now()) else {
            return Ok(None);
        };
        self.gateway
            .send(GatewayCommand::AddLogin(login.clone()))
            .await?;
        if let Some(username) = old {
            self.gateway
                .send(GatewayCommand::RemoveLogin { username })
                .await?;
        }
        Ok(Some(login))
    }

    /// Writes a name down; gives the one that has to go for it. None when there is no room.
    fn remember(&self, owner: Owner, username: &str, now: Instant) -> Option<Option<String>> {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        for names in given.values_mut() {
            names.retain(|name| name.ends > now);
        }
        given.retain(|_, names| !names.is_empty());
        if given.len() >= OWNERS && !given.contains_key(&owner) {
            return None;
        }
        let names = given.entry(owner).or_default();
        let old = (names.len() >= NAMES).then(|| names.remove(0).username);
        names.push(Given {
            username: username.to_owned(),
            ends: now + LASTS,
        });
        Some(old)
    }
}

/// 128 random bits in hexadecimal digits.
fn draw() -> String {
    let random: [u8; 16] = rand::random();
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a browser's phone registers or calls with.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct CredentialsBody {
    /// Its SIP address: `sip:EXTENSION@DOMAIN` for an agent, else `sip:USERNAME@DOMAIN`.
    uri: String,
    /// Digest user name.
    pub(super) username: String,
    /// Digest password.
    password: String,
    /// Where to connect: `ws://…/sip` or `wss://…/sip`.
    ws: String,
    /// Seconds until they end; ask again well before.
    expires_in: u64,
}

/// `POST /phone/credentials`.
#[utoipa::path(
    post,
    path = "/api/v1/phone/credentials",
    operation_id = "getPhoneCredentials",
    tag = "phone",
    responses((status = 200, description = "Made for this session and ending with it. An agent's phone registers as the agent; a supervisor who is no agent registers under the name and can be called there; a demo's customer may call the numbers of the company and do nothing else.", body = CredentialsBody)),
)]
pub(super) async fn credentials(
    State(state): State<ApiState>,
    SignedIn(identity): SignedIn,
    headers: HeaderMap,
) -> Result<Json<CredentialsBody>, ApiError> {
    if !authorise(identity.role, Action::UsePhone, Resource::OwnPart) {
        return Err(ApiError::forbidden());
    }
    let agent = identity.agent;
    let extension = agent.and_then(|agent| state.company().extension_of(agent));
    let holder = match (identity.role, extension.clone()) {
        (Role::Caller, _) => Holder::Caller {
            number: Some(CALLER_NUMBER.to_owned()),
        },
        (_, Some(extension)) => Holder::Device(extension),
        (_, None) => Holder::Guest,
    };
    give(&state, &identity, &headers, holder).await.map(Json)
}

/// Credentials for whoever asks, for as long as the session lasts. An agent's token has them too.
///
/// # Errors
/// Who has no phone; no room.
pub(super) async fn give(
    state: &ApiState,
    identity: &Identity,
    headers: &HeaderMap,
    holder: Holder,
) -> Result<CredentialsBody, ApiError> {
    let owner = match (identity.session, identity.agent) {
        (Some(session), _) => Owner::Session(session),
        (None, Some(agent)) => Owner::Agent(agent),
        (None, None) => {
            let detail = "This token is no agent's, so it has no phone; sign in, or use the token of an agent.";
            return Err(ApiError::new(axum::http::StatusCode::FORBIDDEN, detail));
        }
    };
    let user = match &holder {
        Holder::Device(extension) => Some(extension.clone()),
        Holder::Guest | Holder::Caller { .. } => None,
    };
    let login = state.phones.give(owner, holder).await;
    let login = login.map_err(|_| ApiError::unavailable("No calls are taken any more."))?;
    let login = login.ok_or_else(|| ApiError::unavailable("Too many phones are signed in."))?;
    let user = user.as_ref().unwrap_or(&login.username);
    Ok(CredentialsBody {
        uri: format!("sip:{user}@{}", state.domain),
        ws: socket_url(headers, state),
        username: login.username,
        password: login.password,
        expires_in: LASTS.as_secs(),
    })
}

/// Our `/sip` as the asking page reaches it: by its own host, and through TLS when the page came through TLS.
fn socket_url(headers: &HeaderMap, state: &ApiState) -> String {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let page = text(header::ORIGIN).filter(|_| origin::is_ours(headers));
    let secure = match page {
        Some(page) => page.starts_with("https://"),
        None => state.access.is_secure(),
    };
    let scheme = if secure { "wss" } else { "ws" };
    let host = text(header::HOST).map_or_else(|| state.listen.to_string(), str::to_owned);
    format!("{scheme}://{host}/sip")
}
