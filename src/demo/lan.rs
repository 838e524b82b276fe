//! `demo --lan`: the address that others reach this machine by, and a certificate of its own for it.
//!
//! **Owns**: `lan-cert.pem` and `lan-key.pem` of the demo's folder, readable by their owner alone and used again as long
//! as they fit. **Must not know**: TLS, what is served.

use super::passwords::write_private;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd,
};
use sip_gateway::net::tls::{Certificate, CertificateFiles};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::Path;
use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a certificate counts: some browsers take none that counts for longer than 398 days.
const LIFE: Duration = Duration::from_secs(397 * DAY.as_secs());
/// One that ends sooner is made anew.
const LEFT: Duration = Duration::from_secs(30 * DAY.as_secs());
/// Places nobody has (RFC 5737, RFC 3849): asked which way packets to them would leave, not one is sent.
const ELSEWHERE: [(&str, &str); 2] = [
    ("0.0.0.0:0", "198.51.100.9:9"),
    ("[::]:0", "[2001:db8::9]:9"),
];

/// What `--lan` comes to.
#[derive(Clone, Debug)]
pub(super) struct Lan {
    /// Where to listen.
    pub(super) address: IpAddr,
    /// What to show there.
    pub(super) files: CertificateFiles,
    /// SHA-256 of the certificate, as browsers show it.
    pub(super) fingerprint: String,
}

/// Finds the address unless one is named, and makes the certificate unless there is one that fits.
///
/// # Errors
/// When this machine has no such address, or the folder cannot be written.
pub(super) fn prepare(data: &Path, wanted: Option<IpAddr>) -> anyhow::Result<Lan> {
    let address = match wanted {
        Some(address) => address,
        None => own_address().ok_or_else(|| {
            anyhow::anyhow!(
                "this machine has no address that others could reach it by; `ip address` shows those it has, \
                 `--lan=ADDRESS` names one"
            )
        })?,
    };
    anyhow::ensure!(
        !address.is_unspecified() && UdpSocket::bind(SocketAddr::new(address, 0)).is_ok(),
        "{address} is no address of this machine; `ip address` shows those it has"
    );
    let files = CertificateFiles {
        cert: data.join("lan-cert.pem"),
        key: data.join("lan-key.pem"),
    };
    let names = names(address);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let known = Certificate::read(files.clone()).ok();
    let known = known.filter(|_| fits(&files, &names, now));
    let certificate = match known {
        Some(certificate) => certificate,
        None => {
            make(&files, &names, now)?;
            Certificate::read(files.clone())?
        }
    };
    Ok(Lan {
        address,
        files,
        fingerprint: certificate.fingerprint(),
    })
}

/// The address that packets to elsewhere leave by.
fn own_address() -> Option<IpAddr> {
    ELSEWHERE.iter().find_map(|(any, there)| {
        let socket = UdpSocket::bind(any).ok()?;
        socket.connect(there).ok()?;
        let ip = socket.local_addr().ok()?.ip();
        (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
    })
}

/// The address, and this machine's name where that can stand in a certificate.
fn names(address: IpAddr) -> Vec<String> {
    let mut names = vec![address.to_string()];
    let system = rustix::system::uname();
    let host = system.nodename().to_string_lossy().to_ascii_lowercase();
    let may_stand = |name: &str| {
        !name.is_empty()
            && name.len() <= 63
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
    };
    if may_stand(&host) && host != "localhost" {
        if !host.contains('.') {
            names.push(format!("{host}.local"));
        }
        names.push(host);
    }
    names
}

/// What stands above the certificate in its file, to know it again by.
fn heading(until: Duration, names: &[String]) -> String {
    format!(
        "made by cordboard demo --lan, until {}, for {}",
        until.as_secs(),
        names.join(" ")
    )
}

/// Whether what was made earlier is for these names and counts long enough.
fn fits(files: &CertificateFiles, names: &[String], now: Duration) -> bool {
    let text = std::fs::read_to_string(&files.cert).unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let until = line
        .split_once("until ")
        .and_then(|(_, rest)| rest.split_once(','))
        .and_then(|(seconds, _)| seconds.parse().ok())
        .map(Duration::from_secs);
    until.is_some_and(|until| now + LEFT < until && line == heading(until, names))
}

fn make(files: &CertificateFiles, names: &[String], now: Duration) -> anyhow::Result<()> {
    let until = now + LIFE;
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "Cordboard demo");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let epoch = date_time_ymd(1970, 1, 1);
    // Clocks of other machines may be behind.
    params.not_before = epoch + now.saturating_sub(DAY);
    params.not_after = epoch + until;
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    write_private(&files.key, &key.serialize_pem())?;
    let text = format!("{}\n{}", heading(until, names), certificate.pem());
    write_private(&files.cert, &text)
}

#[cfg(test)]
mod tests {
    use super::{DAY, LIFE, fits, heading, make, prepare};
    use sip_gateway::net::tls::{Certificate, CertificateFiles};
    use std::net::{IpAddr, Ipv4Addr};
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 7));

    #[test]
    fn one_certificate_is_made_and_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let first = prepare(folder.path(), Some(HERE)).unwrap();
        assert_eq!((first.address, first.fingerprint.len()), (HERE, 95));
        for file in [&first.files.cert, &first.files.key] {
            let mode = std::fs::metadata(file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", file.display());
        }
        let again = prepare(folder.path(), Some(HERE)).unwrap();
        assert_eq!(again.fingerprint, first.fingerprint);
        let moved = prepare(folder.path(), Some(Ipv4Addr::new(127, 0, 0, 8).into())).unwrap();
        assert_ne!(moved.fingerprint, first.fingerprint);
        std::fs::write(&moved.files.key, "junk").unwrap();
        let mended = prepare(folder.path(), Some(moved.address)).unwrap();
        assert_ne!(mended.fingerprint, moved.fingerprint);
    }

    #[test]
    fn what_ends_soon_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let files = CertificateFiles {
            cert: folder.path().join("cert.pem"),
            key: folder.path().join("key.pem"),
        };
        let (names, now) = (
            vec!["a.example".to_owned()],
            Duration::from_secs(1_790_000_000),
        );
        make(&files, &names, now).unwrap();
        assert!(Certificate::read(files.clone()).is_ok());
        assert!(fits(&files, &names, now) && fits(&files, &names, now + 300 * DAY));
        assert!(!fits(&files, &names, now + LIFE - 29 * DAY));
        assert!(!fits(&files, &["b.example".to_owned()], now));
        assert!(
            heading(now, &names)
                .starts_with("made by cordboard demo --lan, until 1790000000, for a.example")
        );
    }

    #[test]
    fn an_address_of_another_machine_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for foreign in ["203.0.113.9", "0.0.0.0"] {
            let error = prepare(folder.path(), Some(foreign.parse().unwrap())).unwrap_err();
            assert!(error.to_string().contains("no address of this machine"));
        }
    }
}
