//! `[flows]`: what may be reached and where secrets come from, and that a secret in the wrong place is not shown.

use crate::config::{Checked, Settings, parse_settings};
use crate::outside::{Policy, SecretSource, Secrets};
use sip_gateway::leg::Network;
use std::path::Path;

fn parse(source: &str) -> Checked<Settings> {
    parse_settings(source, "cordboard.toml", &[], &|name| {
        let there = name.ends_with("shop");
        there
            .then(|| "word".to_owned())
            .ok_or_else(|| "not here".to_owned())
    })
}

#[test]
fn addresses_and_sources_are_read() {
    let source = "[flows]\nmay_reach = [\"10.20.0.0/16\", \"::1\"]\n[flows.secrets]\nSHOP = \"file:keys/shop\"\nCRM = \"env:PATH\"\n";
    let settings = parse(source)
        .value
        .unwrap()
        .below(Path::new("/etc/cordboard"));
    let network = |address: &str, prefix| Network {
        address: address.parse().unwrap(),
        prefix,
    };
    let listed = vec![network("10.20.0.0", 16), network("::1", 128)];
    assert_eq!(settings.outside.policy, Policy::new(listed));
    let sources = [
        (
            "SHOP".to_owned(),
            SecretSource::File("/etc/cordboard/keys/shop".into()),
        ),
        (
            "CRM".to_owned(),
            SecretSource::Environment("PATH".to_owned()),
        ),
    ];
    assert_eq!(settings.outside.secrets, Secrets::new(sources.into()));
    assert!(settings.secret_names().contains("SHOP"));
    let strict = parse("").value.unwrap();
    assert!(!strict.outside.policy.allows("127.0.0.1".parse().unwrap()));
}

#[test]
fn each_fault_is_told_and_no_secret_is_shown() {
    for (line, says) in [
        ("may_reach = [\"10.1.2.3/8\"]", "beyond its prefix"),
        ("may_reach = [\"intranet\"]", "not a range of addresses"),
        ("may_raech = []", "did you mean `may_reach`?"),
        ("secrets = { A = \"hunter2\" }", "env:VARIABLE"),
        (
            "secrets = { A = \"file:gone\" }",
            "cannot read the file of the secret `A`",
        ),
        ("secrets = { A = \"env:\" }", "env:VARIABLE"),
        ("secrets = { \"a b\" = \"env:PATH\" }", "cannot be the name"),
        (
            "secrets = { A = \"env:CORDBOARD_NOBODY_SETS_THIS\" }",
            "is not set",
        ),
    ] {
        let found = parse(&format!("[flows]\n{line}\n")).findings;
        assert_eq!(found.len(), 1, "{line}: {found:#?}");
        let told = format!("{} / {}", found[0].message, found[0].help);
        assert!(told.contains(says), "{line}: {told}");
        assert!(!told.contains("hunter2"), "{told}");
        assert_eq!(found[0].line, 2, "{line}");
    }
}
