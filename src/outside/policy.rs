//! Which addresses flows may reach.
//!
//! **Owns**: the rule. **Must not know**: names and how they are resolved.

use sip_gateway::leg::Network;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses of the public internet, and what the settings list besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    listed: Vec<Network>,
}

impl Policy {
    /// Public addresses and these.
    #[must_use]
    pub const fn new(listed: Vec<Network>) -> Self {
        Self { listed }
    }

    /// Whether a connection to this address may be made.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let public = match address {
            IpAddr::V4(address) => public_v4(address),
            IpAddr::V6(address) => public_v6(address),
        };
        public || self.listed.iter().any(|network| network.contains(address))
    }
}

/// By the registry of special purposes (RFC 6890 and its successors): what is not for everybody is nobody's.
const fn public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

/// Global unicast alone, without what is for documents and without tunnels, in which an IPv4 address hides.
const fn public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    matches!(a, 0x2000..=0x3fff)
        && !matches!(
            (a, b),
            (0x2001, 0..=0x01ff | 0x0db8) | (0x2002, _) | (0x3fff, 0..=0x0fff)
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_and_listed_addresses_are_reached() {
        let policy = Policy::new(vec![Network {
            address: "10.1.0.0".parse().unwrap(),
            prefix: 16,
        }]);
        for (address, expected) in [
            ("93.184.216.34", true),
            ("8.8.8.8", true),
            ("172.32.0.1", true),
            ("2606:4700::1111", true),
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("10.2.2.3", false),
            ("127.0.0.1", false),
            ("0.0.0.0", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("192.168.1.1", false),
            ("100.64.0.1", false),
            ("192.0.2.1", false),
            ("198.18.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("::1", false),
            ("::", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:169.254.169.254", false),
            ("::127.0.0.1", false),
            ("64:ff9b::7f00:1", false),
            ("fe80::1", false),
            ("fc00::1", false),
            ("fd00:ec2::254", false),
            ("ff02::1", false),
            ("2002:7f00:1::", false),
            ("2001:0:1::1", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(
                policy.allows(address.parse().unwrap()),
                expected,
                "{address}"
            );
        }
        assert!(!Policy::default().allows("10.1.2.3".parse().unwrap()));
    }
}
