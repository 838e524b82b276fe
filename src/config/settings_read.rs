//! `cordboard.toml` to [`Settings`].
//!
//! **Owns**: which keys exist, what they may hold, and the order default < file < environment < flag.
//! **Must not know**: files (a secret's text comes through a reader that is handed in), sockets.

use super::Checked;
use super::finding::code;
use super::flows_read;
use super::section::{At, Findings, SecretReader, Section, nearest};
use super::settings::{
    HttpSettings, LimitSettings, MediaSettings, NodeSettings, RecordPolicy, Settings, SipListen,
    SipSettings, SipTransport,
};
use super::speech_read::speech;
use super::tree::{Override, Place, lay_over, read};
use sip_gateway::net::tls::CertificateFiles;
use sip_gateway::sip::sdp::OpusPlace;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Reads settings from text. `file` names the text in findings. Pure but for `secrets`.
#[must_use]
pub fn parse_settings(
    source: &str,
    file: &str,
    overrides: &[Override],
    secrets: SecretReader<'_>,
) -> Checked<Settings> {
    let mut table = match read(source, file) {
        Ok(table) => table,
        Err(findings) => return Checked::refused(findings),
    };
    lay_over(&mut table, overrides);
    let place = Place {
        origin: file.into(),
        line: 1,
        column: 1,
    };
    let mut out = Findings {
        list: Vec::new(),
        secrets,
    };
    let mut root = Section::new("the settings".to_owned(), place, table);
    let (flows, outside) = flows_read::flows(&mut root, &mut out);
    let speech = speech(&mut root, &outside.secrets, &mut out);
    let settings = Settings {
        node: node(&mut root, &mut out),
        sip: sip(&mut root, &mut out),
        media: media(&mut root, &mut out),
        http: http(&mut root, &mut out),
        recording: recording(&mut root, &mut out),
        speech,
        limits: limits(&mut root, &mut out),
        flows,
        outside,
    };
    store(&mut root, &mut out);
    root.finish(&mut out);
    Checked::new(settings, out.list)
}

fn path(section: &mut Section, key: &'static str, out: &mut Findings<'_>) -> Option<PathBuf> {
    let text = section.text(key, out)?;
    let path = if text.value.trim().is_empty() {
        Err((
            format!("`{key}` is empty"),
            "name a path, or leave the key out".to_owned(),
        ))
    } else {
        Ok(PathBuf::from(text.value))
    };
    out.check(&text.place, path)
}

fn node(root: &mut Section, out: &mut Findings<'_>) -> NodeSettings {
    let default = NodeSettings::default();
    let Some(mut s) = root.section("node", "[node]".to_owned(), out) else {
        return default;
    };
    let time_zone = s.text("time_zone", out).and_then(|zone| {
        let known = jiff::tz::TimeZone::get(&zone.value).map(|_| zone.value.clone());
        out.check(&zone.place, known.map_err(|_| unknown_zone(&zone.value)))
    });
    let country = s.text("country", out).and_then(|country| {
        let code = country.value.to_ascii_uppercase();
        let known = crate::number::is_country(&code).then_some(code);
        let wrong = || {
            (
                format!("`country = \"{}\"` is not a country", country.value),
                "write two letters, such as \"ES\", \"GB\" or \"US\"".to_owned(),
            )
        };
        out.check(&country.place, known.ok_or_else(wrong))
    });
    let node = NodeSettings {
        data: path(&mut s, "data", out).unwrap_or(default.data),
        time_zone: time_zone.unwrap_or(default.time_zone),
        country,
        journal: path(&mut s, "journal", out),
        recordings: path(&mut s, "recordings", out),
        company: path(&mut s, "company", out).unwrap_or(default.company),
        flows: path(&mut s, "flows", out).unwrap_or(default.flows),
        prompts: path(&mut s, "prompts", out).unwrap_or(default.prompts),
    };
    s.finish(out);
    node
}

fn unknown_zone(name: &str) -> (String, String) {
    let known: Vec<String> = jiff::tz::db().available().map(|n| n.to_string()).collect();
    let help = match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None if known.is_empty() => {
            "this machine has no time zone data (package tzdata); write \"UTC\" or install it"
                .to_owned()
        }
        None => "write an IANA name such as \"Europe/Madrid\"".to_owned(),
    };
    (format!("`time_zone = \"{name}\"` is not known"), help)
}

fn sip(root: &mut Section, out: &mut Findings<'_>) -> SipSettings {
    let mut sip = SipSettings::default();
    let Some(mut s) = root.section("sip", "[sip]".to_owned(), out) else {
        return sip;
    };
    if let Some((place, entries)) = s.texts("listen", out) {
        sip.listen = entries.iter().filter_map(|e| listen(e, out)).collect();
        let served = sip.listen.iter().any(|l| l.transport == SipTransport::Udp);
        if !served && sip.listen.len() == entries.len() {
            out.error(
                &place,
                code::BAD_VALUE,
                "`listen` has no `udp:` entry, so nothing would be served",
                "add \"udp:127.0.0.1:5060\"",
            );
        }
    }
    if let Some(domain) = s.text("domain", out) {
        sip.domain = host_name(&domain, out).unwrap_or(sip.domain);
    }
    sip.advertise = s
        .text("advertise", out)
        .and_then(|text| out.check(&text.place, ip("advertise", &text.value)));
    sip.tls = tls(&mut s, out);
    if sip.tls_addresses().next().is_some() && sip.tls.is_none() {
        out.error(
            &s.place,
            code::MISSING,
            "`listen` has a `tls:` entry and there is no certificate",
            "add `tls = { cert = \"…\", key = \"…\" }` to [sip]",
        );
    }
    let everywhere = sip.udp().any(|a| a.ip().is_unspecified());
    let told = sip.advertise.is_some_and(|a| !a.is_unspecified());
    if everywhere && !told {
        out.error(
            &s.place,
            code::MISSING,
            "`listen` names every address, and phones must be told one of them",
            "add `advertise = \"…\"` with the address that phones and trunks can reach",
        );
    }
    s.finish(out);
    sip
}

fn listen(entry: &At<String>, out: &mut Findings<'_>) -> Option<SipListen> {
    let text = entry.value.trim();
    let help = "write \"udp:IP:PORT\", such as \"udp:127.0.0.1:5060\"";
    let Some((transport, address)) = text.split_once(':') else {
        out.error(
            &entry.place,
            code::BAD_VALUE,
            format!("`{text}` has no transport"),
            help,
        );
        return None;
    };
    let transport = match transport {
        "udp" => SipTransport::Udp,
        "tcp" => SipTransport::Tcp,
        "tls" => SipTransport::Tls,
        other => {
            let help = nearest(other, ["udp", "tcp", "tls"]).map_or_else(
                || help.to_owned(),
                |near| format!("did you mean \"{near}:{address}\"?"),
            );
            let message = format!("`{other}` is not a transport");
            out.error(&entry.place, code::BAD_VALUE, message, help);
            return None;
        }
    };
    let address = socket_address(address, text, help);
    let address = out.check(&entry.place, address)?;
    Some(SipListen { transport, address })
}

fn socket_address(address: &str, whole: &str, help: &str) -> Result<SocketAddr, (String, String)> {
    address.parse().map_err(|_| {
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
        let why = if host == "localhost" {
            format!("`{whole}`: a name cannot be listened on, only an IP address")
        } else {
            format!("`{whole}` is not an IP address and a port")
        };
        (why, help.to_owned())
    })
}

fn ip(key: &str, text: &str) -> Result<IpAddr, (String, String)> {
    text.trim().parse().map_err(|_| {
        (
            format!("`{key} = \"{text}\"` is not an IP address"),
            format!("write `{key} = \"127.0.0.1\"`"),
        )
    })
}

fn host_name(text: &At<String>, out: &mut Findings<'_>) -> Option<String> {
    let name = text.value.trim().to_ascii_lowercase();
    let good = !name.is_empty()
        && name.len() <= 253
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    let checked = good.then_some(name).ok_or_else(|| {
        (
            format!("`domain = \"{}\"` is not a host name", text.value),
            "write letters, digits, dots and hyphens, such as \"pbx.example.com\"".to_owned(),
        )
    });
    out.check(&text.place, checked)
}

/// `tls = { cert, key }` of `[sip]` and `[http]`.
fn tls(section: &mut Section, out: &mut Findings<'_>) -> Option<CertificateFiles> {
    let title = format!("tls of {}", section.title);
    let mut s = section.section("tls", title, out)?;
    let file = |text: At<String>| PathBuf::from(text.value);
    let (cert, key) = (s.text("cert", out).map(file), s.text("key", out).map(file));
    let files = cert
        .zip(key)
        .map(|(cert, key)| CertificateFiles { cert, key });
    if files.is_none() {
        out.error(
            &s.place,
            code::MISSING,
            format!("`tls` in {} needs a certificate and its key", section.title),
            "write `tls = { cert = \"cert.pem\", key = \"key.pem\" }`",
        );
    }
    s.finish(out);
    files
}

fn media(root: &mut Section, out: &mut Findings<'_>) -> MediaSettings {
    let mut media = MediaSettings::default();
    let Some(mut s) = root.section("media", "[media]".to_owned(), out) else {
        return media;
    };
    if let Some(text) = s.text("listen", out) {
        let address = out.check(&text.place, ip("listen", &text.value));
        media.listen = address.unwrap_or(media.listen);
    }
    if let Some(text) = s.text("ports", out)
        && let Some((first, last)) = out.check(&text.place, ports(&text.value))
    {
        media.first_port = first;
        media.last_port = last;
    }
    if let Some(text) = s.text("opus", out) {
        let place = out.check(&text.place, opus_place(&text.value));
        media.opus = place.unwrap_or(media.opus);
    }
    s.finish(out);
    media
}

fn opus_place(text: &str) -> Result<OpusPlace, (String, String)> {
    match text {
        "off" => Ok(OpusPlace::Off),
        "last" => Ok(OpusPlace::Last),
        "first" => Ok(OpusPlace::First),
        _ => Err((
            format!("`opus = \"{text}\"` is not a choice"),
            "write \"off\", \"last\" or \"first\"".to_owned(),
        )),
    }
}

fn ports(text: &str) -> Result<(u16, u16), (String, String)> {
    let bounds = text.split_once('-').and_then(|(first, last)| {
        let first = first.trim().parse::<u16>().ok()?;
        let last = last.trim().parse::<u16>().ok()?;
        Some((first, last))
    });
    let help = "write `ports = \"20000-29999\"`: from 1024 to 65535, at least 4 ports".to_owned();
    match bounds {
        None => Err((
            format!("`ports = \"{text}\"` is not a range of ports"),
            help,
        )),
        Some((first, last)) if first > last => {
            Err((format!("`ports = \"{text}\"` ends before it begins"), help))
        }
        Some((first, last)) if first < 1024 || last - first < 3 => Err((
            format!("`ports = \"{text}\"` is too low or too small for a call"),
            help,
        )),
        Some(bounds) => Ok(bounds),
    }
}

fn http(root: &mut Section, out: &mut Findings<'_>) -> HttpSettings {
    let mut http = HttpSettings::default();
    let Some(mut s) = root.section("http", "[http]".to_owned(), out) else {
        return http;
    };
    let help = "write \"IP:PORT\", such as \"127.0.0.1:8080\"";
    if let Some(text) = s.text("listen", out) {
        let address = out.check(&text.place, socket_address(&text.value, &text.value, help));
        http.listen = address.unwrap_or(http.listen);
    }
    if let Some(text) = s.text("metrics", out) {
        http.metrics = out.check(&text.place, socket_address(&text.value, &text.value, help));
        if http.metrics.is_some_and(|at| !at.ip().is_loopback()) {
            http.metrics = None;
            out.error(
                &text.place,
                code::BAD_VALUE,
                "`metrics` is served without a token, so it must be on loopback",
                "write \"127.0.0.1:9090\", or take the key out: then `/metrics` is on `listen`, with a token",
            );
        }
    }
    http.tls = tls(&mut s, out);
    s.finish(out);
    http
}

/// `always`, `never` or `consent`.
pub(super) fn record_policy(key: &str, text: &str) -> Result<RecordPolicy, (String, String)> {
    match text {
        "always" => Ok(RecordPolicy::Always),
        "never" => Ok(RecordPolicy::Never),
        "consent" => Ok(RecordPolicy::Consent),
        _ => Err((
            format!("`{key} = \"{text}\"` is not a choice"),
            "write \"always\", \"never\" or \"consent\"".to_owned(),
        )),
    }
}

fn recording(root: &mut Section, out: &mut Findings<'_>) -> RecordPolicy {
    let Some(mut s) = root.section("recording", "[recording]".to_owned(), out) else {
        return RecordPolicy::default();
    };
    let policy = s
        .text("default", out)
        .and_then(|text| out.check(&text.place, record_policy("default", &text.value)));
    s.finish(out);
    policy.unwrap_or_default()
}

fn store(root: &mut Section, out: &mut Findings<'_>) {
    let Some(mut s) = root.section("store", "[store]".to_owned(), out) else {
        return;
    };
    if let Some(url) = s.secret("url", "url_file", out) {
        let postgres = ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| url.value.starts_with(scheme));
        if postgres {
            out.error(
                &url.place,
                code::NOT_YET,
                "PostgreSQL as the store comes with a later version",
                "write `url = \"sqlite\"`",
            );
        } else if url.value != "sqlite" {
            out.error(
                &url.place,
                code::BAD_VALUE,
                "`url` names no store that is known",
                "write `url = \"sqlite\"`; its file is cordboard.db in the data folder",
            );
        }
    }
    s.finish(out);
}

/// `[limits]`, in the settings and in the company file.
pub(super) fn limits(root: &mut Section, out: &mut Findings<'_>) -> LimitSettings {
    let Some(mut s) = root.section("limits", "[limits]".to_owned(), out) else {
        return LimitSettings::default();
    };
    let limits = LimitSettings {
        max_calls: s.integer("max_calls", 1..=100_000, out).map(|n| n.value),
        max_calls_per_second: s
            .integer("max_calls_per_second", 1..=100_000, out)
            .map(|n| n.value),
    };
    s.finish(out);
    limits
}
