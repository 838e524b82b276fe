//! Certificates and their keys.
//!
//! **Owns**: whether they can be used, and whether others can read the key. **Must not**: open connections.

use super::Finding;
use crate::certificates;
use crate::certificates::expiry::{self, Nearness};
use crate::config::Settings;
use router::Timestamp;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// One finding for each `tls` of the settings, and one more for a key that others can read.
pub(super) fn certificates(settings: &Settings, now: Timestamp) -> Vec<Finding> {
    let judged = certificates::judged(settings).into_iter();
    judged
        .flat_map(|(section, files, read)| match read {
            Err(error) => vec![Finding::error(
                "tls",
                format!("[{section}] tls: {error}"),
                error.help(),
            )],
            Ok(end) => {
                let open = is_open(&files.key).then(|| {
                    Finding::warning(
                        "tls",
                        format!("[{section}] tls: others can read {}", files.key.display()),
                        "`chmod 600` it; it must belong to the user that Cordboard runs as",
                    )
                });
                let usable = validity(section, &files.cert, end, now);
                open.into_iter().chain([usable]).collect()
            }
        })
        .collect()
}

fn validity(section: &str, cert: &Path, end: Option<Timestamp>, now: Timestamp) -> Finding {
    let file = cert.display();
    let Some(end) = end else {
        return Finding::ok("tls", format!("[{section}] {file} can be used"));
    };
    let (nearness, says) = (Nearness::of(end, now), expiry::words(end, now));
    let message = format!("[{section}] {file} {says}");
    match nearness {
        Nearness::Far => Finding::ok("tls", format!("[{section}] {file} can be used, {says}")),
        Nearness::Near | Nearness::Close => Finding::warning("tls", message, nearness.help()),
        Nearness::Expired => Finding::error("tls", message, nearness.help()),
    }
}

/// Whether everybody on this machine may read it; a group for certificates is common.
fn is_open(key: &Path) -> bool {
    std::fs::metadata(key).is_ok_and(|about| about.permissions().mode() & 0o007 != 0)
}
