//! Tables of company files: what is read, what is refused, where and with what remedy.

use crate::config::company::Ids;
use crate::config::{
    Checked, Company, CompanyContext, PasswordPolicy, RecordPolicy, parse_company,
    parse_company_with,
};
use router::company::{WhenNoAgents, WrapUp};
use router::id::{AgentId, QueueId};
use sip_gateway::leg::DigestAlgorithm;
use std::time::Duration;

const SAMPLE: &str = r#"
[[skills]]
name = "billing"
[[skills]]
name = "spanish"

[[queues]]
name = "support"
skills = { billing = 3 }
ring_timeout = "20s"
wrap_up = "10s"
max_wait = "10m"
max_length = 200
service_level = "20s"
short_abandon = "5s"
music = "hold"
record = "never"
when_no_agents = "exit"

[[agents]]
login = "ana"
name = "Ana Ruiz"
extension = "2001"
password = "correct horse"
skills = { billing = 5, spanish = 8 }
queues = { support = 1 }
ready_on_register = true
digest = "sha-256"

[[trunks]]
name = "carrier"
from = ["127.0.0.2/32", "2001:db8::/32"]

[[numbers]]
number = "+34910000000"
flow = "support"
[[numbers]]
number = "9000"
flow = "support"

[routing]
miss_cooldown = "15s"
max_misses = 2

[limits]
max_calls = 50
"#;

fn parse(source: &str) -> Checked<Company> {
    parse_company(source, "company.toml", PasswordPolicy::Required)
}

#[test]
fn the_whole_sample_is_read() {
    let checked = parse(SAMPLE);
    assert_eq!(checked.findings, []);
    let company = checked.value.unwrap();
    let queue = company.queue("support").unwrap();
    assert_eq!(queue.rules.skills["billing"], 3);
    assert_eq!(queue.rules.wrap_up, WrapUp::Timed(Duration::from_secs(10)));
    assert_eq!(queue.rules.when_no_agents, WhenNoAgents::Exit);
    assert_eq!(queue.music.as_deref(), Some("hold"));
    assert_eq!(queue.record, Some(RecordPolicy::Never));
    let ana = company.agent_by_extension("2001").unwrap();
    assert_eq!((ana.login.as_str(), ana.ready_on_register), ("ana", true));
    assert_eq!(ana.digest, DigestAlgorithm::Sha256);
    assert_eq!(company.limits.max_calls, Some(50));
    assert_eq!(
        company.dialed("+34910000000", "x", None).unwrap().flow,
        "support"
    );
    assert_eq!(
        company
            .dialed("unknown", "9000", None)
            .unwrap()
            .number
            .reveal(),
        "9000"
    );
    assert!(company.dialed("9001", "9001", None).is_none());
}

#[test]
fn the_router_and_the_gateway_get_their_parts() {
    let company = parse(SAMPLE).value.unwrap();
    let mut ids = Ids::default();
    ids.agents.insert("ana".to_owned(), AgentId::from_number(1));
    ids.queues
        .insert("support".to_owned(), QueueId::from_number(2));
    let routing = company.routing(&ids);
    let agent = &routing.agents[&AgentId::from_number(1)];
    assert_eq!(agent.queues[&QueueId::from_number(2)], 1);
    assert_eq!(agent.skills["spanish"], 8);
    assert_eq!(routing.queues[&QueueId::from_number(2)].name, "support");
    assert_eq!(routing.settings.max_misses, 2);
    let accounts = company.accounts();
    assert_eq!(accounts.devices[0].extension, "2001");
    assert_eq!(accounts.devices[0].password, "correct horse");
    assert_eq!(accounts.trunks[0].from[0].prefix, 32);
}

#[test]
fn secrets_are_not_shown() {
    let company = parse(SAMPLE).value.unwrap();
    let shown = format!("{company:?} {:?}", company.accounts());
    assert!(!shown.contains("correct horse"));
    assert!(!shown.contains("Ana Ruiz"));
    assert!(!shown.contains("910000000"));
}

#[test]
fn a_password_may_lie_in_a_file() {
    let source = "[[agents]]\nlogin = \"ana\"\nextension = \"1\"\npassword_file = \"ana.secret\"";
    let context = CompanyContext {
        passwords: PasswordPolicy::Required,
        country: None,
        today: None,
        secrets: &|path| {
            assert_eq!(path, std::path::Path::new("ana.secret"));
            Ok("from the file\n".to_owned())
        },
    };
    let company = parse_company_with(source, "c", context).value.unwrap();
    assert_eq!(company.accounts().devices[0].password, "from the file");
    let list = parse(source).findings;
    assert_eq!(list.len(), 1);
    assert_eq!((list[0].code, list[0].line), ("C009", 4));
}

#[test]
fn the_demo_fills_missing_passwords() {
    let source = "[[agents]]\nlogin = \"ana\"\nextension = \"1\"\n";
    assert!(parse(source).value.is_none());
    let mut company = parse_company(source, "c", PasswordPolicy::FilledByDemo)
        .value
        .unwrap();
    assert!(company.accounts().devices.is_empty());
    company.fill_passwords(|login| format!("made for {login}"));
    assert_eq!(company.accounts().devices[0].password, "made for ana");
}

/// A source (`{agent}` stands for the keys every agent needs), the line of a finding, and part of what it says.
const WRONG: &[(&str, usize, &str)] = &[
    (
        "[thresholds]\nwaitin = { warning = 1, critical = 2 }",
        2,
        "did you mean `waiting`?",
    ),
    (
        "[[queues]]\nname = \"q\"\nthresholds = { waiting = { warning = 4 } }",
        3,
        "write both, as in `waiting = { warning = 3, critical = 10 }`",
    ),
    (
        "[[queues]]\nname = \"q\"\n[queues.thresholds]\nwaiting = { warning = 4, critical = 4 }",
        4,
        "`critical` in `waiting` of `thresholds` of [[queues]] \"q\" is not worse than `warning` / write more than 4",
    ),
    (
        "[thresholds.longest_wait]\nwarning = 60\ncritical = \"2m\"",
        2,
        "`warning = \"60s\"` for seconds",
    ),
    (
        "[thresholds.longest_wait]\nwarning = \"2m\"\ncritical = \"90s\"",
        3,
        "write more than \"2m\"",
    ),
    (
        "[thresholds]\nservice_level = { warning = 70, critical = 80 }",
        2,
        "write less than 70",
    ),
    (
        "[thresholds]\nservice_level = { warning = 101, critical = 80 }",
        2,
        "from 1 to 100",
    ),
    (
        "[thresholds]\nservice_level = \"80 %\"",
        2,
        "must be a table",
    ),
    ("[[wrap_up_codes]]\nname = \"x\"", 1, "has no `code`"),
    (
        "[[wrap_up_codes]]\ncode = \"a\"\ngroup = \"x / y / z\"",
        3,
        "`group = \"Orders / Money\"`",
    ),
    (
        "[[queues]]\nname = \"support\"\n[[wrap_up_codes]]\ncode = \"a\"\nqueues = [\"suport\"]",
        5,
        "did you mean \"support\"?",
    ),
    (
        "[[wrap_up_codes]]\ncode = \"a\"\n[[wrap_up_codes]]\ncode = \"a\"",
        4,
        "code \"a\" is there twice",
    ),
    (
        "[[queues]]\nname = \"q\"\nwrap_up_code = \"always\"",
        3,
        "write \"required\" or \"optional\"",
    ),
    (
        "[[queues]]\nname = \"q\"\nwrap_up_code = \"required\"",
        1,
        "queue \"q\" has `wrap_up_code = \"required\"` and no code",
    ),
    (
        "[[not_ready_reasons]]\nname = \"missed\"",
        2,
        "a reason of the router's own",
    ),
    (
        "[[not_ready_reasons]]\nname = \"lunch\"\npayed = true",
        3,
        "did you mean `paid`?",
    ),
    (
        "[[queues]]\nname = \"q\"\nring_timout = \"20s\"",
        3,
        "did you mean `ring_timeout`?",
    ),
    (
        "[[queues]]\nname = \"q\"\nring_timeout = 20",
        3,
        "`ring_timeout = \"20s\"` for seconds",
    ),
    (
        "[[queues]]\nname = \"q\"\nring_timeout = \"soon\"",
        3,
        "is not a duration",
    ),
    (
        "[[queues]]\nname = \"q\"\nring_timeout = \"0s\"",
        3,
        "at least \"1s\"",
    ),
    (
        "[[queues]]\nname = \"q\"\nwrap_up = \"later\"",
        3,
        "or \"open\"",
    ),
    (
        "[[queues]]\nname = \"q\"\nstrategy = \"ring-al\"",
        3,
        "did you mean \"ring_all\"?",
    ),
    (
        "[[queues]]\nname = \"q\"\nstrategy = \"longest\"",
        3,
        "did you mean \"longest_idle\"?",
    ),
    ("[[queues]]\nname = \"q\"\nclass = 2", 3, "from 0 to 1"),
    (
        "[[queues]]\nname = \"q\"\nskills = { x = 1 }",
        3,
        "there is no skill \"x\"",
    ),
    (
        "[[queues]]\nname = \"q\"\n[[queues]]\nname = \"q\"",
        4,
        "the first one stands in line 2",
    ),
    ("[[queues]]\nmusic = \"hold\"", 1, "has no `name`"),
    ("[[queues]]\nname = \"a/b\"", 2, "cannot be used as a name"),
    (
        "[[skills]]\nname = \"billing\"\n[[queues]]\nname = \"q\"\nskills = { biling = 1 }",
        5,
        "did you mean \"billing\"?",
    ),
    (
        "[[skills]]\nname = \"s\"\n[[queues]]\nname = \"q\"\nskills = { s = 11 }",
        5,
        "from 1 to 10",
    ),
    (
        "[[agents]]\n{agent}queues = { suport = 1 }\n[[queues]]\nname = \"support\"",
        5,
        "did you mean \"support\"?",
    ),
    (
        "[[agents]]\n{agent}[[agents]]\nlogin = \"b\"\nextension = \"1\"\npassword = \"p\"",
        7,
        "extension \"1\" is there twice",
    ),
    (
        "[[agents]]\n{agent}digest = \"sha1\"",
        5,
        "\"md5\" or \"sha-256\"",
    ),
    (
        "[[agents]]\n{agent}ready_on_register = \"yes\"",
        5,
        "must be true or false",
    ),
    (
        "[[agents]]\n{agent}password_file = \"x\"",
        5,
        "has both `password` and `password_file`",
    ),
    (
        "[[agents]]\n{agent}[[numbers]]\nnumber = \"1\"\nflow = \"f\"",
        6,
        "is also the extension of agent \"a\"",
    ),
    (
        "[[agents]]\nlogin = \"a\"\nextension = \"*60\"\npassword = \"p\"",
        3,
        "cannot be a SIP user",
    ),
    ("[[trunks]]\nname = \"t\"", 1, "has no `from`"),
    (
        "[[trunks]]\nname = \"t\"\nfrom = [\"10.0.0.1/8\"]",
        3,
        "write \"10.0.0.0/8\" for the range",
    ),
    (
        "[[trunks]]\nname = \"t\"\nfrom = [\"10.0.0.0/33\"]",
        3,
        "prefix length",
    ),
    (
        "[[trunks]]\nname = \"t\"\nfrom = [\"carrier.example\"]",
        3,
        "is not a range of addresses",
    ),
    (
        "[[trunks]]\nname = \"t\"\nfrom = [\"10.0.0.1\"]\noutbound = { address = \"10.0.0.1:5060\", caller_id = \"+34910000000\" }",
        4,
        "nobody could be called",
    ),
    (
        "[[trunks]]\nname = \"t\"\nfrom = [\"10.0.0.1\"]\noutbound = { prefixes = [\"+\"] }",
        4,
        "is no prefix of international numbers",
    ),
    (
        "[[trunks]]\nname = \"t\"\nfrom = [\"10.0.0.1\"]\noutbound = { address = \"carrier.example\" }",
        4,
        "is no address with a port",
    ),
    (
        "[[trunks]]\nname = \"t\"\nfrom = [\"10.0.0.1\"]\noutbound = { caller_id = \"911\" }",
        4,
        "no number in its international form",
    ),
    (
        "[[trunks]]\nname = \"t\"\nfrom = [\"10.0.0.1\"]\noutbound = { username = \"us\" }",
        4,
        "has one of `username` and `password`",
    ),
    (
        "[[trunks]]\nname = \"t\"\nfrom = [\"10.0.0.1\"]\noutbound = { prefix = \"+34\" }",
        4,
        "did you mean `prefixes`?",
    ),
    (
        "[[trunks]]\nname = \"t\"\nregister = { username = \"us\", password = \"p\" }",
        3,
        "has no `registrar`",
    ),
    (
        "[[trunks]]\nname = \"t\"\nregister = { registrar = \"carrier.example\", username = \"us\", password = \"p\" }",
        3,
        "is no address with a port",
    ),
    (
        "[[trunks]]\nname = \"t\"\n[trunks.register]\nregistrar = \"10.0.0.1:5060\"\nusername = \"us\"",
        3,
        "has no password",
    ),
    (
        "[[trunks]]\nname = \"t\"\n[trunks.register]\nregistrar = \"10.0.0.1:5060\"\nusername = \"us\"\npassword = \"p\"\nexpires = \"5s\"",
        7,
        "write a time from \"60s\" to \"24h\"",
    ),
    (
        "[[trunks]]\nname = \"t\"\n[trunks.register]\nregistrar = \"10.0.0.1:5060\"\nusername = \"us\"\npassword = \"p\"\nuri = \"sip:a@b>;x=1\"",
        7,
        "is no SIP address",
    ),
    (
        "[[trunks]]\nname = \"t\"\n[trunks.register]\nregistrar = \"10.0.0.1:5060\"\nusername = \"us er\"\npassword = \"p\"",
        5,
        "cannot stand in a SIP address",
    ),
    (
        "[[trunks]]\nname = \"t\"\n[trunks.register]\nregistrar = \"10.0.0.1:5060\"\nusername = \"us\"\npassword = \"p\"\nnumber = \"9000\"",
        7,
        "is none of the [[numbers]]",
    ),
    (
        "[[trunks]]\nname = \"t\"\n[trunks.register]\nregistrar = \"10.0.0.1:5060\"\nusernam = \"us\"\npassword = \"p\"",
        5,
        "did you mean `username`?",
    ),
    (
        "[routing]\noutbound_wrap_up = \"soon\"",
        2,
        "write \"0s\" for none",
    ),
    (
        "[[numbers]]\nnumber = \"hello\"\nflow = \"f\"",
        2,
        "neither a telephone number",
    ),
    ("[[numbers]]\nnumber = \"9000\"", 1, "has no `flow`"),
    ("[routing]\nmax_miss = 2", 2, "did you mean `max_misses`?"),
    ("[agents]\nlogin = \"a\"", 1, "write `[[agents]]`"),
];

#[test]
fn every_finding_says_where_and_what_to_write() {
    let agent = "login = \"a\"\nextension = \"1\"\npassword = \"p\"\n";
    for (source, line, text) in WRONG {
        let source = source.replace("{agent}", agent);
        let list = parse(&source).findings;
        let said: Vec<String> = list
            .iter()
            .map(|f| format!("{}:{} {} / {}", f.line, f.column, f.message, f.help))
            .collect();
        assert!(
            list.iter().any(|f| f.line == *line) && said.iter().any(|s| s.contains(text)),
            "{source}: {said:#?}"
        );
    }
}

#[test]
fn the_way_out_is_read_and_the_longest_prefix_counts() {
    let source = "[[trunks]]\nname = \"t\"\nfrom = [\"10.0.0.1\"]\n\
        outbound = { address = \"10.0.0.1:5060\", caller_id = \"+34910000000\", prefixes = [\"+34\", \"+3491\"], \
        denied = [\"+34803\"], username = \"us\", password = \"secret\", max_calls = 3 }";
    let read = parse(source);
    assert_eq!(read.findings, []);
    let company = read.value.unwrap();
    let outbound = company.trunks[0].outbound.as_ref().unwrap();
    assert_eq!((outbound.max_calls, outbound.max_calls_per_agent), (3, 1));
    let fits =
        |number: &str| outbound.fits(&router::PhoneNumber::from_normalised(number.to_owned()));
    assert_eq!(fits("+34911222333"), Some(5));
    assert_eq!(fits("+34600111222"), Some(3));
    assert_eq!(fits("+34803111222"), None);
    assert_eq!(fits("+33123456789"), None);
    assert_eq!(fits("112"), None);
    assert!(!format!("{outbound:?}").contains("secret"));
    assert!(!format!("{outbound:?}").contains("910000000"));
}

#[test]
fn a_registration_is_read_and_serves_calls_out_to_the_same_address() {
    let source = "[[numbers]]\nnumber = \"9000\"\nflow = \"f\"\n[[trunks]]\nname = \"t\"\n\
        outbound = { address = \"10.0.0.1:5060\", caller_id = \"+34910000000\", prefixes = [\"+34\"] }\n\
        [trunks.register]\nregistrar = \"10.0.0.1:5060\"\nusername = \"account77\"\npassword = \"secret\"\n\
        number = \"9000\"\n";
    let read = parse(source);
    assert_eq!(read.findings, []);
    let company = read.value.unwrap();
    let trunk = &company.trunks[0];
    let register = trunk.register.as_ref().unwrap();
    assert_eq!(register.uri.reveal(), "sip:account77@10.0.0.1:5060");
    assert_eq!(register.user(), "account77");
    assert_eq!(register.expires.as_secs(), 3_600);
    let outbound = trunk.outbound.as_ref().unwrap();
    assert_eq!(outbound.credentials, Some(register.credentials.clone()));
    assert!(!format!("{trunk:?}").contains("secret"));
    assert!(!format!("{trunk:?}").contains("account77"));
    let accounts = company.accounts();
    let wanted = accounts.trunks[0].register.as_ref().unwrap();
    assert_eq!(
        wanted.registrar,
        "10.0.0.1:5060".parse::<std::net::SocketAddr>().unwrap()
    );
    // Elsewhere our password does not go.
    let elsewhere = source.replacen("10.0.0.1:5060", "10.0.0.2:5060", 1);
    let company = parse(&elsewhere).value.unwrap();
    let outbound = company.trunks[0].outbound.as_ref().unwrap();
    assert_eq!(outbound.credentials, None);
}

#[test]
fn what_the_desk_offers_is_read() {
    let source = "[[queues]]\nname = \"q\"\nwrap_up_code = \"required\"\nwrap_up_extend = \"45s\"\n\
        wrap_up_extensions = 3\n[[wrap_up_codes]]\ncode = \"refund\"\nname = \"Money back\"\n\
        group = \"Orders/ Money\"\nqueues = [\"q\"]\n[[wrap_up_codes]]\ncode = \"other\"\n\
        [[not_ready_reasons]]\nname = \"lunch\"\nlabel = \"Lunch break\"\npaid = false";
    let read = parse(source);
    assert_eq!(read.findings, []);
    let company = read.value.unwrap();
    let queue = &company.queues[0];
    assert!(queue.needs_wrap_up_code);
    assert_eq!(queue.rules.wrap_up_extend, Duration::from_secs(45));
    assert_eq!(queue.rules.wrap_up_extensions, 3);
    let [refund, other] = company.wrap_up_codes.as_slice() else {
        panic!("{:?}", company.wrap_up_codes)
    };
    assert_eq!(refund.group, ["Orders", "Money"]);
    assert!(refund.fits("q") && !refund.fits("x") && other.fits("x"));
    assert_eq!((other.name.as_str(), other.group.len()), ("other", 0));
    let lunch = &company.not_ready_reasons[0];
    assert_eq!((lunch.label.as_str(), lunch.paid), ("Lunch break", false));
}

#[test]
fn a_queue_has_its_own_thresholds_the_companys_or_those_delivered() {
    let source = "[thresholds]\nwaiting = { warning = 5, critical = 20 }\n\
        longest_wait = { warning = \"30s\", critical = \"90s\" }\n\
        [[queues]]\nname = \"own\"\nthresholds.waiting = { warning = 1, critical = 2 }\n\
        [[queues]]\nname = \"as the company\"";
    let read = parse(source);
    assert_eq!(read.findings, []);
    let company = read.value.unwrap();
    let [own, rest] = [0, 1].map(|n| company.queues[n].thresholds);
    assert_eq!((own.waiting.warning, own.waiting.critical), (1, 2));
    assert_eq!((rest.waiting.warning, rest.waiting.critical), (5, 20));
    for queue in [own, rest] {
        assert_eq!(queue.longest_wait.critical, Duration::from_secs(90));
        let service = queue.service_level;
        assert_eq!((service.warning, service.critical), (80, 70));
    }
}
