//! The doctor over a temporary folder, with planted faults.

use super::{Finding, Level, disk, examine, machine, text};
use crate::config::{self, Override};
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::time::{Duration, SystemTime};

const COMPANY: &str = "[[queues]]\nname = \"support\"\n\
    [[agents]]\nlogin = \"ana\"\nextension = \"2001\"\npassword = \"p\"\nqueues = { support = 1 }\n\
    [[trunks]]\nname = \"carrier\"\nfrom = [\"127.0.0.1\"]\n\
    [[numbers]]\nnumber = \"9000\"\nflow = \"hello\"\n";
const FLOW: &str = "flow: 1\nname: hello\nblocks:\n  start:\n    - answer:\n    - queue: support\n";

struct Place {
    folder: tempfile::TempDir,
    sip: u16,
    http: u16,
}

impl Place {
    fn clean() -> Self {
        let free_tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let free_udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
            sip: free_udp.local_addr().unwrap().port(),
            http: free_tcp.local_addr().unwrap().port(),
        };
        place.write("company.toml", COMPANY);
        place.write("flows/hello.flow.yaml", FLOW);
        std::fs::create_dir_all(place.folder.path().join("prompts")).unwrap();
        place.settings("");
        place
    }

    fn settings(&self, more: &str) {
        let Self { sip, http, .. } = self;
        // An address of this run's own: other servers on 127.0.0.1 use the same range of media ports.
        let [high, low] = (std::process::id() as u16).to_be_bytes();
        let text = format!(
            "[sip]\nlisten = [\"udp:127.0.0.1:{sip}\"]\n[http]\nlisten = \"127.0.0.1:{http}\"\n\
             [media]\nlisten = \"127.60.{high}.{low}\"\n[limits]\nmax_calls = 10\n{more}"
        );
        self.write("cordboard.toml", &text);
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn findings(&self, set: &[(&str, &str)]) -> Vec<Finding> {
        let overrides: Vec<Override> = set
            .iter()
            .map(|(key, value)| Override::flag("--set", key, *value))
            .collect();
        let path = self.folder.path().join("cordboard.toml");
        examine(&config::load(&path, &overrides).unwrap())
    }
}

/// What is not as it should be, but for the room of the disk that the tests run on.
#[track_caller]
fn wrong(findings: &[Finding]) -> Vec<(&'static str, Level)> {
    for finding in findings {
        let silent = finding.help.is_empty();
        assert_eq!(silent, finding.level == Level::Ok, "{finding:?}");
    }
    let wrong = findings.iter().filter(|f| f.level != Level::Ok);
    wrong
        .filter(|f| !(f.check == "disk" && f.message.contains("MiB free")))
        .map(|f| (f.check, f.level))
        .collect()
}

#[test]
fn a_machine_that_fits_has_nothing_to_do_and_nothing_stays_behind() {
    let place = Place::clean();
    let findings = place.findings(&[]);
    assert_eq!(wrong(&findings), [], "{}", text(&findings));
    for check in [
        "ports",
        "address",
        "trunks",
        "clock",
        "disk",
        "descriptors",
        "prompts",
    ] {
        assert!(findings.iter().any(|f| f.check == check), "{check}");
    }
    let mut left: Vec<_> = std::fs::read_dir(place.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["company.toml", "cordboard.toml", "flows", "prompts"]);
}

#[test]
fn a_port_of_another_program_is_an_error_and_one_of_ours_is_not() {
    let place = Place::clean();
    let _sip = UdpSocket::bind(("127.0.0.1", place.sip)).unwrap();
    let _http = TcpListener::bind(("127.0.0.1", place.http)).unwrap();
    let findings = place.findings(&[]);
    let taken = ("ports", Level::Error);
    assert_eq!(wrong(&findings), [taken, taken], "{}", text(&findings));
    // The same ports while a process holds the data folder.
    let data = recordings::DataFolder::new(place.folder.path().join("data"));
    data.create().unwrap();
    let _lock = data.lock().unwrap();
    assert_eq!(wrong(&place.findings(&[])), []);
}

#[test]
fn addresses_that_nobody_can_reach_are_told() {
    let place = Place::clean();
    let listen = format!("[\"udp:0.0.0.0:{}\"]", place.sip);
    let set = [("sip.listen", listen.as_str())];
    let with = |advertise| [set[0], ("sip.advertise", advertise)];
    let found = wrong(&place.findings(&with("127.0.0.1")));
    // The phones' address, and RTP on loopback.
    assert_eq!(found, [("address", Level::Error); 2]);
    let found = wrong(&place.findings(&with("192.0.2.77")));
    assert_eq!(
        found,
        [("address", Level::Warning), ("address", Level::Error)]
    );
    let elsewhere = format!("[\"udp:192.0.2.77:{}\"]", place.sip);
    let found = place.findings(&[("sip.listen", &elsewhere)]);
    assert!(wrong(&found).contains(&("ports", Level::Error)));
}

#[test]
fn trunks_that_trust_too_much_or_are_told_a_private_address() {
    let place = Place::clean();
    for (from, expected) in [
        ("127.0.0.1", None),
        ("10.0.0.0/8", Some(Level::Warning)),
        ("198.51.100.7", Some(Level::Warning)),
        ("192.168.4.0/24", None),
    ] {
        place.write("company.toml", &COMPANY.replace("127.0.0.1", from));
        let found = wrong(&place.findings(&[]));
        let wanted: Vec<_> = expected
            .map(|level| ("trunks", level))
            .into_iter()
            .collect();
        assert_eq!(found, wanted, "{from}");
    }
}

#[test]
fn a_carrier_that_is_silent_and_one_that_is_there() {
    let place = Place::clean();
    let carrier = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = carrier.local_addr().unwrap();
    let outbound = format!(
        "name = \"carrier\"\noutbound = {{ address = \"{address}\", caller_id = \"+34910000000\", prefixes = [\"+34\"] }}"
    );
    place.write(
        "company.toml",
        &COMPANY.replace("name = \"carrier\"", &outbound),
    );
    let found = wrong(&place.findings(&[]));
    assert_eq!(found, [("trunks", Level::Warning)]);
    std::thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((_, from)) = carrier.recv_from(&mut buffer) {
            let _ = carrier.send_to(b"SIP/2.0 403 Forbidden\r\n\r\n", from);
        }
    });
    assert_eq!(wrong(&place.findings(&[])), []);
}

#[test]
fn too_few_ports_and_a_flow_without_its_prompt() {
    let place = Place::clean();
    let found = wrong(&place.findings(&[("limits.max_calls", "50000")]));
    assert!(found.contains(&("ports", Level::Warning)), "{found:?}");
    let flow = FLOW.replace("    - queue", "    - play: gone.wav\n    - queue");
    place.write("flows/hello.flow.yaml", &flow);
    let found = wrong(&place.findings(&[]));
    assert!(found.contains(&("prompts", Level::Error)), "{found:?}");
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error() {
    let place = Place::clean();
    place.write("blocked", "a file where a folder should be");
    let found = place.findings(&[("node.data", "/proc/cordboard")]);
    let disk: Vec<_> = found.iter().filter(|f| f.level == Level::Error).collect();
    assert_eq!(disk.len(), 3, "{}", text(&found));
    assert!(disk.iter().all(|f| f.check == "disk"));
}

#[test]
fn clocks() {
    let at = |secs| SystemTime::UNIX_EPOCH + Duration::from_secs(secs);
    let even = (Duration::from_millis(50), Duration::from_millis(50));
    let jumped = (Duration::from_secs(3), Duration::from_millis(50));
    let now = 1_800_000_000;
    for (moment, written, went, level) in [
        (now, None, even, Level::Ok),
        (now, Some(now - 5), even, Level::Ok),
        (now, Some(now + 3_600), even, Level::Warning),
        (now, None, jumped, Level::Warning),
        (5, None, even, Level::Error),
        (9_000_000_000, None, even, Level::Error),
    ] {
        let found = machine::judge_clock(at(moment), written.map(at), went);
        assert_eq!(found.level, level, "{moment} {written:?} {went:?}");
    }
}

#[test]
fn room_pace_and_descriptors() {
    let (quick, slow) = (Duration::from_millis(2), Duration::from_millis(400));
    for (room, sync, level) in [
        (1 << 40, quick, Level::Ok),
        (1 << 40, slow, Level::Warning),
        (1 << 30, quick, Level::Warning),
        (1 << 20, quick, Level::Error),
    ] {
        let found = disk::judge("data", Path::new("data"), sync, room);
        assert_eq!(found.level, level, "{room}");
    }
    assert_eq!(machine::judge_descriptors(10, Some(1024)).level, Level::Ok);
    assert_eq!(
        machine::judge_descriptors(2_000, Some(1024)).level,
        Level::Warning
    );
    assert_eq!(machine::judge_descriptors(10, None).level, Level::Warning);
}
