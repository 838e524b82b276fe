//! Who sent a request: the rule of identity.
//!
//! 1. A request whose From user is a device's extension must authenticate as that device, wherever it comes from.
//! 2. Else the Request-URI may be the Contact that only one trunk's registrar was told, or the source address may
//!    belong to a trunk or its registrar.
//! 3. Else it is challenged: in the same words whether the user exists or not, and with the same work.
//!
//! Over WebSocket a name that was made for a while proves the device it was made for, or a caller.
//!
//! **Owns**: accounts, nonces, the pause after wrong credentials. **Must not know**: what an identified sender may do.

use super::config::Limits;
use super::logins::{Logins, Pass};
use crate::leg::{Accounts, CallSource, DigestAlgorithm, Trunk};
use crate::login::{Holder, Login};
use crate::sip::auth::{Expected, Lockout, NonceStore, Verdict, ha1, hmac_sha256};
use crate::sip::flow::Flow;
use crate::sip::message::{AuthHeader, Headers, Request};
use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;
use std::net::IpAddr;
use std::time::Instant;

/// A name that no device has. Should one have it, nothing breaks but the evenness of one search.
const NOBODY: &str = "?";

/// The sender must prove who it is: what to challenge it with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unproven {
    pub(crate) algorithm: DigestAlgorithm,
    pub(crate) stale: bool,
    /// There were credentials and they were wrong.
    pub(crate) failed: bool,
    /// There were credentials and nobody looked at them: too many wrong ones came before.
    pub(crate) locked: bool,
}

/// A device as digest needs it: the password itself is not kept.
#[derive(Debug)]
struct Account {
    ha1: String,
    algorithm: DigestAlgorithm,
}

#[derive(Debug)]
pub(crate) struct Identity {
    realm: String,
    devices: HashMap<String, Account>,
    decoys: Decoys,
    pub(crate) logins: Logins,
    trunks: Vec<Trunk>,
    nonces: NonceStore,
    lockout: Lockout,
}

impl Identity {
    pub(crate) fn new(
        realm: String,
        secret: [u8; 32],
        accounts: Accounts,
        limits: &Limits,
    ) -> Self {
        let mut identity = Self {
            realm,
            devices: HashMap::new(),
            decoys: Decoys::default(),
            logins: Logins::default(),
            trunks: Vec::new(),
            nonces: NonceStore::new(secret),
            lockout: Lockout::new(limits.free_guesses, limits.free_users),
        };
        identity.set_accounts(accounts);
        identity
    }

    pub(crate) fn set_accounts(&mut self, accounts: Accounts) {
        let realm = &self.realm;
        let devices = accounts.devices.into_iter().map(|device| {
            let (user, algorithm) = (device.extension, device.algorithm);
            let ha1 = ha1(algorithm, &user, realm, &device.password);
            (user, Account { ha1, algorithm })
        });
        self.devices = devices.collect();
        self.decoys = Decoys::among(&self.devices);
        self.trunks = accounts.trunks;
    }

    pub(crate) fn is_device(&self, extension: &str) -> bool {
        self.devices.contains_key(extension)
    }

    /// Whether somebody may be registered under this name now.
    pub(crate) fn may_register(&self, extension: &str, now: Instant) -> bool {
        self.is_device(extension) || self.logins.is_guest(extension, now)
    }

    /// Pauses that were begun after wrong credentials, and where the last of them began.
    pub(crate) const fn lockouts(&self) -> (u64, Option<IpAddr>) {
        (self.lockout.begun(), self.lockout.last())
    }

    /// Applies the rule to a request outside any dialog. `line` is the trunk whose registered Contact is called,
    /// `registrar` the one whose registrar has this address; `is_bound` says whether a user is registered over this flow.
    pub(crate) fn identify(
        &mut self,
        request: &Request,
        (source, now): (Flow, Instant),
        (line, registrar): (Option<&str>, Option<&str>),
        is_bound: impl Fn(&str) -> bool,
    ) -> Result<CallSource, Unproven> {
        let from = request.headers.from().ok();
        let user = from
            .and_then(|from| from.uri.user_unescaped())
            .unwrap_or_default();
        // Looked up for everybody, so that it takes everybody the same time.
        let by_address = self.trunk_at(source);
        let trunk = line.or(by_address).or(registrar).map(str::to_owned);
        match trunk {
            Some(trunk) if !self.is_device(&user) => Ok(CallSource::Trunk(trunk)),
            // For no such device this fails, after the same work as for one that exists.
            _ => self
                .prove(request, &user, (source, now), is_bound)
                .map(|pass| match pass.map(|pass| pass.holder) {
                    Some(Holder::Caller { number }) => CallSource::Caller {
                        login: user,
                        number,
                    },
                    Some(Holder::Device(_) | Holder::Guest) | None => CallSource::Device(user),
                }),
        }
    }

    /// Lets a name that was made for a while count from now on.
    pub(crate) fn add_login(&mut self, login: Login, now: Instant) {
        self.logins.add(login, &self.realm, now);
    }

    /// Checks that the request carries the credentials of this device, or of a login for this user, which is given then.
    /// While somebody guesses from the same source, only the flow the device is registered over is listened to; nobody
    /// guesses a login, whose name is as random as its password.
    pub(crate) fn prove(
        &mut self,
        request: &Request,
        extension: &str,
        (source, now): (Flow, Instant),
        is_bound: impl Fn(&str) -> bool,
    ) -> Result<Option<Pass>, Unproven> {
        let (decoy, beside) = self.decoys.of(extension);
        let (device, either) = self.decoys.find(&self.devices, extension, beside);
        // By index and not by branch: the instructions are the same whoever is asked for.
        let real = either.map_or(decoy, |account| account.algorithm);
        let algorithm = [decoy, real][usize::from(device.is_some())];
        // Browsers' phones speak nothing else, and the challenge comes before the name.
        let algorithm = [algorithm, DigestAlgorithm::Md5][usize::from(source.is_web())];
        let unproven = Unproven {
            algorithm,
            stale: false,
            failed: false,
            locked: false,
        };
        let Some(credentials) = credentials(&request.headers, &self.realm) else {
            return Err(unproven);
        };
        let address = source.ip();
        let username = credentials.get("username").unwrap_or_default();
        let login = self.logins.find(username, extension, now);
        let login = login.filter(|(pass, _)| {
            let of_device = matches!(pass.holder, Holder::Device(_));
            source.is_web() && of_device == self.devices.contains_key(extension)
        });
        // Another name than the device's own is no guess at its password.
        let guesses = !source.is_web() || (username == extension && login.is_none());
        let own = device.filter(|device| device.algorithm == algorithm);
        let ha1 = own.map(|device| device.ha1.as_str());
        if guesses && self.lockout.is_locked(address, extension, now) && !is_bound(extension) {
            let locked = true;
            return Err(Unproven { locked, ..unproven });
        }
        let expected = Expected {
            realm: &self.realm,
            username: [extension, username][usize::from(login.is_some())],
            ha1: login.map_or(ha1, |(_, ha1)| Some(ha1)),
            algorithm,
            source: address,
        };
        let verdict = self
            .nonces
            .verify(&credentials, &request.method, &expected, now);
        let (stale, failed) = match verdict {
            Verdict::Ok => {
                if guesses {
                    self.lockout.passed(address, extension);
                }
                return Ok(login.map(|(pass, _)| pass.clone()));
            }
            Verdict::Stale => (true, false),
            // The password was right: a new nonce helps, and the user need not be asked.
            Verdict::Replayed => (true, true),
            Verdict::Bad => {
                if guesses {
                    self.lockout.failed(address, extension, now);
                }
                (false, true)
            }
        };
        Err(Unproven {
            stale,
            failed,
            ..unproven
        })
    }

    /// The challenge for a sender that proved nothing.
    pub(crate) fn challenge(
        &mut self,
        unproven: Unproven,
        (source, now): (Flow, Instant),
        randomness: u64,
    ) -> AuthHeader {
        let Unproven {
            algorithm, stale, ..
        } = unproven;
        self.nonces.challenge(
            now,
            (&self.realm, source.ip()),
            algorithm,
            stale,
            randomness,
        )
    }

    /// The trunk that has this address. What comes by WebSocket is a browser's, whatever its address.
    pub(crate) fn trunk_at(&self, source: Flow) -> Option<&str> {
        let address = source.ip();
        let contains = |trunk: &&Trunk| {
            !source.is_web() && trunk.from.iter().any(|network| network.contains(address))
        };
        self.trunks
            .iter()
            .find(contains)
            .map(|trunk| trunk.name.as_str())
    }
}

/// Which algorithm a user that does not exist is asked for: as many of them by SHA-256 as there are among the real
/// ones, and each always by the same, so that the algorithm tells nothing.
#[derive(Debug, Default)]
struct Decoys {
    /// All that do exist. Each that does not is searched for together with one of them, always the same one: what is
    /// looked at lies as near in the machine's memory for the one kind as for the other.
    somebodies: Vec<String>,
    /// Changes with the password of that account only.
    key: [u8; 32],
    /// Devices with SHA-256 among all, in 256ths.
    share: u16,
}

impl Decoys {
    fn among(devices: &HashMap<String, Account>) -> Self {
        let sorted: BTreeMap<&String, &Account> = devices.iter().collect();
        let mut key = [0; 32];
        let first = sorted.first_key_value();
        if let Some((_, first)) = first {
            let bytes = first.ha1.bytes();
            key.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        }
        let strong = devices
            .values()
            .filter(|account| account.algorithm == DigestAlgorithm::Sha256)
            .count();
        let share = strong.saturating_mul(256).checked_div(devices.len());
        Self {
            somebodies: sorted.into_keys().cloned().collect(),
            key,
            share: share
                .and_then(|share| u16::try_from(share).ok())
                .unwrap_or_default(),
        }
    }

    /// A device, and an account in any case; whether there is the one or not, one search finds something and one does
    /// not, so that both cost the same.
    fn find<'a>(
        &self,
        devices: &'a HashMap<String, Account>,
        user: &str,
        beside: usize,
    ) -> (Option<&'a Account>, Option<&'a Account>) {
        let found = devices.get(user);
        let somebody = self.somebodies.get(beside).map_or(NOBODY, String::as_str);
        let others = [somebody, NOBODY];
        let other = devices.get(black_box(others[usize::from(found.is_some())]));
        let either = [other, found][usize::from(found.is_some())];
        (found, black_box(either))
    }

    /// What a user is asked for that does not exist, and whom it is searched for together with.
    fn of(&self, user: &str) -> (DigestAlgorithm, usize) {
        let [first, second, third, ..] = hmac_sha256(&self.key, &[user.as_bytes()]);
        let algorithm = if u16::from(first) < self.share {
            DigestAlgorithm::Sha256
        } else {
            DigestAlgorithm::Md5
        };
        let place = usize::from(u16::from_be_bytes([second, third]));
        (algorithm, place % self.somebodies.len().max(1))
    }
}

/// The credentials for our realm, else the first ones, so that wrong ones are told apart from none.
fn credentials(headers: &Headers, realm: &str) -> Option<AuthHeader> {
    let mut all = headers.authorization().ok()?;
    let ours = all.iter().position(|one| one.get("realm") == Some(realm));
    let index = ours.unwrap_or(0);
    (index < all.len()).then(|| all.swap_remove(index))
}

#[cfg(test)]
mod tests {
    use crate::leg::Network;

    #[test]
    fn networks_contain_what_their_prefix_says() {
        let table = [
            ("127.0.0.2", 32, "127.0.0.2", true),
            ("127.0.0.2", 32, "127.0.0.3", false),
            ("10.0.0.0", 8, "10.255.1.2", true),
            ("10.0.0.0", 8, "11.0.0.0", false),
            ("10.1.2.3", 0, "192.0.2.1", true),
            ("10.0.0.0", 99, "10.0.0.1", false),
            ("127.0.0.2", 32, "::ffff:127.0.0.2", true),
            ("2001:db8::", 32, "2001:db8:1::1", true),
            ("2001:db8::", 32, "2001:db9::1", false),
            ("::", 0, "127.0.0.1", false),
        ];
        for (address, prefix, source, expected) in table {
            let network = Network {
                address: address.parse().unwrap(),
                prefix,
            };
            assert_eq!(
                network.contains(source.parse().unwrap()),
                expected,
                "{address}/{prefix} {source}"
            );
        }
    }
}
