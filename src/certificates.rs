//! Certificates of `[http]` and `[sip]`: read at the start, and again when their files change.
//!
//! **Owns**: whose files they are, when to look, and what is said about it. **Must not know**: TLS.

pub(crate) mod expiry;

use crate::clock::Clock;
use crate::config::Settings;
use expiry::{Nearness, Reminder};
use router::Timestamp;
use sip_gateway::net::tls::{Acceptor, Certificate, CertificateFiles, TlsError, TlsListen};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Where a certificate is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    /// SIP's TLS addresses.
    Sip,
    /// Pages, the API, browsers' phones.
    Http,
}

impl For {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Sip => "sip",
            Self::Http => "http",
        }
    }
}

/// When the certificates in use end, for the metrics. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Ends(Arc<[AtomicI64; 2]>);

impl Ends {
    pub(crate) fn set(&self, place: For, end: Timestamp) {
        self.0[place as usize].store(end.millis(), Ordering::Relaxed);
    }

    /// Where it is shown, and its end in seconds since 1970; only those that are in use.
    pub fn known(&self) -> impl Iterator<Item = (&'static str, i64)> + '_ {
        let ends = [For::Sip, For::Http].into_iter();
        let ends = ends.map(|place| (place, self.0[place as usize].load(Ordering::Relaxed)));
        ends.filter(|(_, end)| *end != 0)
            .map(|(place, end)| (place.as_str(), end / 1_000))
    }
}

/// What SIP shows at its TLS addresses; none without such an address.
///
/// # Errors
/// What is wrong with which file, and what to do.
pub(crate) fn of_sip(settings: &Settings) -> anyhow::Result<Option<(TlsListen, Certificate)>> {
    let addresses: Vec<_> = settings.sip.tls_addresses().collect();
    let files = settings.sip.tls.clone().filter(|_| !addresses.is_empty());
    let read = files.map(|files| {
        let (acceptor, certificate) = read(files).map_err(|error| told(&error, "sip"))?;
        let listen = TlsListen {
            addresses,
            acceptor,
        };
        Ok((listen, certificate))
    });
    read.transpose()
}

/// What HTTP shows; none when it speaks no TLS.
///
/// # Errors
/// As [`of_sip`].
pub(crate) fn of_http(settings: &Settings) -> anyhow::Result<Option<(Acceptor, Certificate)>> {
    let files = settings.http.tls.clone();
    let read = files.map(|files| read(files).map_err(|error| told(&error, "http")));
    read.transpose()
}

/// A certificate of the settings: when it ends, where that can be read, or what is wrong with it.
pub(crate) type Judged = (
    &'static str,
    CertificateFiles,
    Result<Option<Timestamp>, TlsError>,
);

/// Every certificate of the settings, by its section.
pub(crate) fn judged(settings: &Settings) -> Vec<Judged> {
    let sections = [("sip", &settings.sip.tls), ("http", &settings.http.tls)];
    let named = sections
        .into_iter()
        .filter_map(|(section, files)| Some((section, files.clone()?)));
    named
        .map(|(section, files)| {
            (
                section,
                files.clone(),
                read(files).map(|(_, it)| end_of(&it)),
            )
        })
        .collect()
}

fn read(files: CertificateFiles) -> Result<(Acceptor, Certificate), TlsError> {
    let certificate = Certificate::read(files)?;
    Ok((certificate.acceptor()?, certificate))
}

fn told(error: &TlsError, section: &str) -> anyhow::Error {
    anyhow::anyhow!("[{section}] tls: {error}; {}", error.help())
}

/// None for one whose dates cannot be read: the library that shows it takes it all the same.
fn end_of(certificate: &Certificate) -> Option<Timestamp> {
    let seconds = certificate.ends_at()?;
    Some(Timestamp::from_millis(seconds.saturating_mul(1_000)))
}

/// Takes what is saved; a broken file never replaces a working one. Says once a day that the end is near. Runs for ever.
pub(crate) async fn keep(mut certificate: Certificate, place: For, ends: Ends, clock: Clock) {
    let mut reminder = Reminder::default();
    loop {
        if let Some(end) = end_of(&certificate) {
            ends.set(place, end);
            remind(&mut reminder, place, end, clock.now());
        }
        tokio::time::sleep(LOOK).await;
        match certificate.refresh() {
            Ok(false) => {}
            Ok(true) => tracing::info!("the certificate was read again; new connections get it"),
            Err(error) => {
                let help = error.help();
                tracing::error!(%error, help, "the certificate is refused, the last good one stays");
            }
        }
    }
}

fn remind(reminder: &mut Reminder, place: For, end: Timestamp, now: Timestamp) {
    if !reminder.is_due(end, now) {
        return;
    }
    let (shown, nearness) = (place.as_str(), Nearness::of(end, now));
    let (says, help) = (expiry::words(end, now), nearness.help());
    if nearness >= Nearness::Close {
        tracing::error!(shown, help, "the certificate {says}");
    } else {
        tracing::warn!(shown, help, "the certificate {says}");
    }
}
