//! The contact centre of the mix: queues with every rule, each with its number, and where their callers go when nobody takes
//! them. Times are short so that a day of calls takes minutes; the rules are those of any company.

use crate::dice::Dice;
use crate::server::{Server, own_address, tone};
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Agents with phones; one more serves where nobody ever comes.
pub(crate) const AGENTS: usize = 26;
/// Log-in of whoever never comes.
const ABSENT: &str = "absent";

/// A number and where it leads.
#[derive(Clone, Copy)]
pub(crate) struct Number {
    pub(crate) dialled: &'static str,
    queue: &'static str,
    /// What the flow's step says besides.
    more: &'static str,
    /// The exit that is left to the queue's own way.
    own: &'static str,
    /// The queue that the other exits lead to.
    next: &'static str,
}

const fn number(
    dialled: &'static str,
    [queue, own, next]: [&'static str; 3],
    more: &'static str,
) -> Number {
    Number {
        dialled,
        queue,
        more,
        own,
        next,
    }
}

/// Those from the fourth to the sixth, and the last two, have no agent for long.
pub(crate) const NUMBERS: [Number; 9] = [
    number("9001", ["sales", "", "support"], ""),
    number(
        "9002",
        ["support", "", "sales"],
        "any_of: [{ spanish: 3 }, { english: 5 }], ",
    ),
    number("9003", ["vip", "", "sales"], "head_start: 2s, "),
    number("9004", ["brief", "timeout", "sales"], ""),
    number("9005", ["narrow", "full", "crowd"], ""),
    number("9006", ["nobody", "", "brief"], ""),
    number("9007", ["crowd", "", "nobody"], ""),
    number("9008", ["shut", "no_agents", "support"], ""),
    number("9009", ["box", "no_agents", "sales"], ""),
];

/// A queue's own rules, in both forms of the company.
const QUEUES: &str = r#"
[[skills]]
name = "tech"
[[skills]]
name = "spanish"
[[skills]]
name = "english"
[[skills]]
name = "insurance"

[[queues]]
name = "sales"
max_tier = 1
wrap_up = "300ms"
ladder = [{ after = "1s", max_tier = 2 }, { after = "2s", queues = ["crowd"], head_start = "1s" }]
[[queues]]
name = "support"
skills = { tech = 4 }
strategy = "most_skilled"
last_agent = "1s"
wrap_up = "500ms"
ladder = [{ after = "1s", skills = { tech = 2 } }, { after = "2500ms", skills = { tech = 0 } }]
[[queues]]
name = "vip"
skills = { insurance = 1 }
class = 0
strategy = "least_occupied"
promote_after = "3s"
wrap_up = "200ms"
[[queues]]
name = "brief"
max_wait = "1s"
after_max_wait = { queue = "sales" }
[[queues]]
name = "narrow"
max_length = 2
when_full = { queue = "crowd" }
max_wait = "6s"
wrap_up = "1s"
[[queues]]
name = "nobody"
max_wait = "3s"
[[queues]]
name = "crowd"
strategy = "fewest_calls"
wrap_up = "0s"
[[queues]]
name = "shut"
when_no_agents = { queue = "support" }
[[queues]]
name = "box"
when_no_agents = "voicemail"
voicemail_prompt = "closed"
"#;

/// After-call work in sales.
const WRAP_UP: &str = "wrap_up = \"300ms\"";

/// Starts it in a fresh folder.
pub(crate) fn start() -> Result<Server, String> {
    let folder = std::env::temp_dir().join(format!("cordboard-mix-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let ip = own_address(9);
    write_files(&folder, ip).map_err(|error| format!("{}: {error}", folder.display()))?;
    Server::start_in(folder, (ip, 15_060).into(), AGENTS)
}

fn write_files(folder: &Path, ip: std::net::Ipv4Addr) -> std::io::Result<()> {
    std::fs::create_dir_all(folder.join("flows"))?;
    std::fs::create_dir_all(folder.join("prompts"))?;
    std::fs::write(
        folder.join("cordboard.toml"),
        format!(
            "[node]\ndata = \"./data\"\ncountry = \"ES\"\n[sip]\nlisten = [\"udp:{ip}:15060\"]\n[media]\nlisten = \"{ip}\"\n\
             ports = \"20000-27999\"\n[http]\nlisten = \"{ip}:18080\"\n"
        ),
    )?;
    for number in NUMBERS {
        let path = folder.join(format!("flows/{}.flow.yaml", number.queue));
        std::fs::write(path, flow(number))?;
    }
    tone(&folder.join("prompts/closed.wav"), 4_000)?;
    // A licence that ends in the middle of the run.
    let soon = SystemTime::now() + Duration::from_secs(25);
    std::fs::write(folder.join("licence"), moment(soon))?;
    save(folder, &company(folder, 0))?;
    // One rule changed: agents of sales are ready again a tenth of a second later.
    let other = company(folder, 0).replacen(WRAP_UP, "wrap_up = \"400ms\"", 1);
    std::fs::write(folder.join("other.toml"), other)?;
    std::fs::write(folder.join("same.toml"), company(folder, 0))
}

/// The company with a supervisor's edits: skills, tiers and preferences of some agents change with the form.
pub(crate) fn edit(folder: &Path, form: u64) -> std::io::Result<()> {
    save(folder, &company(folder, form))
}

fn save(folder: &Path, text: &str) -> std::io::Result<()> {
    let draft = folder.join("company.draft");
    std::fs::write(&draft, text)?;
    std::fs::rename(draft, folder.join("company.toml"))
}

fn company(folder: &Path, form: u64) -> String {
    let mut text = String::from(
        "[routing]\nmiss_cooldown = \"1s\"\nexclude_for = \"5s\"\n\
         [[trunks]]\nname = \"carrier\"\nfrom = [\"127.0.0.1/32\"]\n",
    );
    text.push_str(QUEUES);
    let ringing = "short_abandon = \"500ms\"\nring_timeout = \"1s\"\nrecord = \"never\"\n";
    text = text.replace("[[queues]]\n", &format!("[[queues]]\n{ringing}"));
    for Number { dialled, queue, .. } in NUMBERS {
        let _ = write!(
            text,
            "[[numbers]]\nnumber = \"{dialled}\"\nflow = \"{queue}\"\n"
        );
    }
    let _ = write!(
        text,
        "[[agents]]\nlogin = \"{ABSENT}\"\nname = \"Absent\"\nextension = \"9999\"\npassword = \"absent\"\n\
         queues = {{ brief = 1, nobody = 1, shut = 1, box = 1 }}\n"
    );
    let soon = std::fs::read_to_string(folder.join("licence")).unwrap_or_default();
    let mut dice = Dice(7);
    for agent in 0..AGENTS {
        let changed = u64::from(agent % 6 == 0) * form;
        agent_text(&mut text, agent, &mut dice, changed, &soon);
    }
    text
}

fn agent_text(text: &mut String, agent: usize, dice: &mut Dice, changed: u64, soon: &str) {
    let (queues, prefers) = match agent {
        0..8 => ("sales = 1", ""),
        8..10 => ("sales = 2, support = 1", "prefers = [\"support\"]\n"),
        10..16 => ("support = 1", ""),
        16..18 => (
            "vip = 1, sales = 2, support = 1",
            "prefers = [\"sales\", \"vip\"]\n",
        ),
        18..20 => ("vip = 1", ""),
        20..25 => ("crowd = 1", ""),
        _ => ("narrow = 1", ""),
    };
    let level = |dice: &mut Dice| (dice.roll(10) + changed) % 10 + 1;
    let licence = match agent {
        17 | 19 => format!("licences = {{ insurance = \"{soon}\" }}\n"),
        _ => String::new(),
    };
    let _ = write!(
        text,
        "[[agents]]\nlogin = \"a{agent}\"\nname = \"Agent {agent}\"\nextension = \"{}\"\npassword = \"load-{agent}\"\n\
         queues = {{ {queues} }}\n{prefers}skills = {{ tech = {}, spanish = {}, english = {}, insurance = 5 }}\n{licence}\
         ready_on_register = true\n",
        crate::sip::extension(agent),
        level(dice),
        level(dice),
        level(dice)
    );
}

fn flow(number: Number) -> String {
    let exits = |to: &str, own: &str| {
        let all = ["timeout", "full", "closed", "no_agents"];
        let named = all.iter().filter(|exit| **exit != own);
        let named: String = named.map(|exit| format!(", {exit}: {to}")).collect();
        format!("exits: {{ answered: bye{named} }}")
    };
    let Number {
        queue,
        more,
        own,
        next,
        ..
    } = number;
    format!(
        "flow: 1\nname: {queue}\nblocks:\n  start:\n    - answer:\n    - queue: {{ to: {queue}, {more}{} }}\n    \
         - go: bye\n  over:\n    - tag: {{ over: \"yes\" }}\n    - queue: {{ to: {next}, {} }}\n  bye:\n    - hangup:\n",
        exits("over", own),
        exits("bye", "")
    )
}

/// As RFC 3339 has it, in UTC.
pub(crate) fn moment(at: SystemTime) -> String {
    jiff::Timestamp::try_from(at).map_or_else(|_| String::new(), |at| format!("{at:.0}"))
}
