//! Whether carriers have our registrations, as the Cordboard that runs here says.
//!
//! **Owns**: one look at its metrics. **Must not**: register, or send anything to a carrier.

use super::Finding;
use crate::config::Company;
use crate::config::settings::Settings;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long the look may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// Metrics are not longer than this.
const MOST: u64 = 4 << 20;

/// Nothing when no trunk registers, or nobody runs.
pub(super) fn registrations(settings: &Settings, company: &Company, running: bool) -> Vec<Finding> {
    let registering = company.trunks.iter().filter(|t| t.register.is_some());
    let names: Vec<&str> = registering.map(|trunk| trunk.name.as_str()).collect();
    if names.is_empty() || !running {
        return Vec::new();
    }
    let Some(address) = settings.http.metrics else {
        return vec![Finding::ok(
            "trunks",
            "registrations are not looked at: that needs `metrics` under [http]",
        )];
    };
    let metrics = match look(address) {
        Ok(metrics) => metrics,
        Err(error) => {
            return vec![Finding::warning(
                "trunks",
                format!("registrations are not known: no metrics at {address}: {error}"),
                "see whether the Cordboard that runs has the same settings",
            )];
        }
    };
    names
        .into_iter()
        .map(|name| judge(name, &metrics))
        .collect()
}

fn judge(name: &str, metrics: &str) -> Finding {
    let value = |family: &str| {
        let line = format!("{family}{{trunk=\"{name}\"}} ");
        metrics.lines().find_map(|found| found.strip_prefix(&line))
    };
    match (
        value("cordboard_trunk_registered"),
        value("cordboard_trunk_refusal_status"),
    ) {
        (Some("1"), _) => Finding::ok("trunks", format!("trunk \"{name}\" is registered")),
        (_, Some("0")) => Finding::error(
            "trunks",
            format!("trunk \"{name}\" is not registered: its registrar does not answer"),
            "check `registrar` under `register`, the firewall, and `advertise` under [sip]",
        ),
        (_, Some(status @ ("401" | "403" | "407"))) => Finding::error(
            "trunks",
            format!(
                "trunk \"{name}\" is not registered: {status}, the carrier refuses our name or password"
            ),
            "compare `username`, `password` and `uri` under `register` with what the carrier gave you",
        ),
        (_, Some(status)) => Finding::error(
            "trunks",
            format!("trunk \"{name}\" is not registered: the carrier answered {status}"),
            "ask the carrier; `uri` under `register` must be the account's own address",
        ),
        _ => Finding::warning(
            "trunks",
            format!("trunk \"{name}\" is not registered yet"),
            "look again in a minute; a company file saved since the start counts within seconds",
        ),
    }
}

fn look(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let ask = format!("GET /metrics HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes())?;
    let mut text = Vec::new();
    stream.take(MOST).read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::cli::doctor::Level;

    #[test]
    fn what_the_metrics_say_is_judged() {
        for (metrics, level, says) in [
            (
                "cordboard_trunk_registered{trunk=\"t\"} 1",
                Level::Ok,
                "is registered",
            ),
            (
                "cordboard_trunk_refusal_status{trunk=\"t\"} 0",
                Level::Error,
                "does not answer",
            ),
            (
                "cordboard_trunk_refusal_status{trunk=\"t\"} 403",
                Level::Error,
                "name or password",
            ),
            (
                "cordboard_trunk_refusal_status{trunk=\"t\"} 503",
                Level::Error,
                "answered 503",
            ),
            (
                "cordboard_trunk_registered{trunk=\"t\"} 0",
                Level::Warning,
                "not registered yet",
            ),
            (
                "cordboard_trunk_registered{trunk=\"tt\"} 1",
                Level::Warning,
                "not registered yet",
            ),
        ] {
            let finding = judge("t", metrics);
            assert_eq!(finding.level, level, "{metrics}");
            assert!(finding.message.contains(says), "{}", finding.message);
        }
    }
}
