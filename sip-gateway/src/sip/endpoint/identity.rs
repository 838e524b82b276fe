//! Who sent a request: the rule of identity.
//!
//! 1. A request whose From user is a device's extension must authenticate as that device, wherever it comes from.
//! 2. Else the source address may belong to a trunk.
//! 3. Else it is challenged: in the same words whether the user exists or not, and with the same work.
//!
//! **Owns**: accounts and nonces. **Must not know**: what an identified sender may do.

use crate::leg::{Accounts, CallSource, Device, DigestAlgorithm, Network, Trunk};
use crate::sip::auth::{Expected, NonceStore, Verdict};
use crate::sip::message::{AuthHeader, Headers, Request};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// The sender must prove who it is: what to challenge it with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unproven {
    pub(crate) algorithm: DigestAlgorithm,
    pub(crate) stale: bool,
    /// There were credentials and they were wrong.
    pub(crate) failed: bool,
}

#[derive(Debug)]
pub(crate) struct Identity {
    realm: String,
    devices: HashMap<String, Device>,
    trunks: Vec<Trunk>,
    nonces: NonceStore,
}

impl Identity {
    pub(crate) fn new(realm: String, secret: [u8; 32], accounts: Accounts) -> Self {
        let mut identity = Self {
            realm,
            devices: HashMap::new(),
            trunks: Vec::new(),
            nonces: NonceStore::new(secret),
        };
        identity.set_accounts(accounts);
        identity
    }

    pub(crate) fn set_accounts(&mut self, accounts: Accounts) {
        let devices = accounts.devices.into_iter();
        self.devices = devices
            .map(|device| (device.extension.clone(), device))
            .collect();
        self.trunks = accounts.trunks;
    }

    pub(crate) fn is_device(&self, extension: &str) -> bool {
        self.devices.contains_key(extension)
    }

    /// Applies the rule to a request outside any dialog.
    pub(crate) fn identify(
        &mut self,
        request: &Request,
        source: SocketAddr,
        now: Instant,
    ) -> Result<CallSource, Unproven> {
        let from = request.headers.from().ok();
        let user = from
            .and_then(|from| from.uri.user_unescaped())
            .unwrap_or_default();
        if self.is_device(&user) {
            self.prove(request, &user, now)?;
            return Ok(CallSource::Device(user));
        }
        if let Some(trunk) = self.trunk_at(source.ip()) {
            return Ok(CallSource::Trunk(trunk.to_owned()));
        }
        // No such device: this fails, after the same work as for one that exists.
        self.prove(request, &user, now)
            .map(|()| CallSource::Device(user))
    }

    /// Checks that the request carries the credentials of this device.
    pub(crate) fn prove(
        &mut self,
        request: &Request,
        extension: &str,
        now: Instant,
    ) -> Result<(), Unproven> {
        let device = self.devices.get(extension);
        let algorithm = device.map_or(DigestAlgorithm::Md5, |device| device.algorithm);
        let unproven = |stale, failed| Unproven {
            algorithm,
            stale,
            failed,
        };
        let Some(credentials) = credentials(&request.headers, &self.realm) else {
            return Err(unproven(false, false));
        };
        let expected = Expected {
            realm: &self.realm,
            username: extension,
            password: device.map(|device| device.password.as_str()),
            algorithm,
        };
        match self
            .nonces
            .verify(&credentials, &request.method, &expected, now)
        {
            Verdict::Ok => Ok(()),
            Verdict::Stale => Err(unproven(true, false)),
            // The password was right: a new nonce helps, and the user need not be asked.
            Verdict::Replayed => Err(unproven(true, true)),
            Verdict::Bad => Err(unproven(false, true)),
        }
    }

    /// The challenge for a sender that proved nothing.
    pub(crate) fn challenge(
        &mut self,
        unproven: Unproven,
        now: Instant,
        randomness: u64,
    ) -> AuthHeader {
        let Unproven {
            algorithm, stale, ..
        } = unproven;
        self.nonces
            .challenge(now, &self.realm, algorithm, stale, randomness)
    }

    fn trunk_at(&self, source: IpAddr) -> Option<&str> {
        let contains = |trunk: &&Trunk| trunk.from.iter().any(|network| contains(network, source));
        self.trunks
            .iter()
            .find(contains)
            .map(|trunk| trunk.name.as_str())
    }
}

/// The credentials for our realm, else the first ones, so that wrong ones are told apart from none.
fn credentials(headers: &Headers, realm: &str) -> Option<AuthHeader> {
    let mut all = headers.authorization().ok()?;
    let ours = all.iter().position(|one| one.get("realm") == Some(realm));
    let index = ours.unwrap_or(0);
    (index < all.len()).then(|| all.swap_remove(index))
}

/// Whether the address lies in the network; IPv4 seen through IPv6 counts as IPv4.
fn contains(network: &Network, address: IpAddr) -> bool {
    let bits = u32::from(network.prefix);
    match (network.address.to_canonical(), address.to_canonical()) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            let differing = u32::from(network) ^ u32::from(address);
            differing.leading_zeros() >= bits.min(32)
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            let differing = u128::from(network) ^ u128::from(address);
            differing.leading_zeros() >= bits.min(128)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Network, contains};

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
                contains(&network, source.parse().unwrap()),
                expected,
                "{address}/{prefix} {source}"
            );
        }
    }
}
