//! The contact centre of the soak: its files, on ports that are free now.

use crate::server::{Server, tone};
use std::net::SocketAddr;
use std::path::Path;

/// Agents on UDP and on TCP.
pub(crate) const UDP_AGENTS: usize = 26;
pub(crate) const TCP_AGENTS: usize = 14;

/// Where everything is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) sip: SocketAddr,
    pub(crate) http: SocketAddr,
    pub(crate) metrics: SocketAddr,
}

impl Ports {
    fn free() -> Result<Self, String> {
        let shown = |error: std::io::Error| error.to_string();
        let local = SocketAddr::from(([127, 0, 0, 1], 0));
        // All three are held until all are known, so that they differ.
        let held = [0; 3].map(|_| std::net::TcpListener::bind(local));
        let [sip, http, metrics] = held;
        let (sip, http, metrics) = (
            sip.map_err(shown)?,
            http.map_err(shown)?,
            metrics.map_err(shown)?,
        );
        Ok(Self {
            sip: sip.local_addr().map_err(shown)?,
            http: http.local_addr().map_err(shown)?,
            metrics: metrics.local_addr().map_err(shown)?,
        })
    }
}

/// Starts it in a fresh folder.
pub(crate) fn start() -> Result<(Server, Ports), String> {
    let ports = Ports::free()?;
    let folder = std::env::temp_dir().join(format!("cordboard-soak-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    write_files(&folder, ports).map_err(|error| format!("{}: {error}", folder.display()))?;
    let server = Server::start_in(folder, ports.sip, UDP_AGENTS + TCP_AGENTS)?;
    Ok((server, ports))
}

fn write_files(folder: &Path, ports: Ports) -> std::io::Result<()> {
    std::fs::create_dir_all(folder.join("flows"))?;
    std::fs::create_dir_all(folder.join("prompts"))?;
    let Ports { sip, http, metrics } = ports;
    std::fs::write(
        folder.join("cordboard.toml"),
        format!(
            "[node]\ndata = \"./data\"\ncountry = \"ES\"\n[sip]\nlisten = [\"udp:{sip}\", \"tcp:{sip}\"]\n\
             [http]\nlisten = \"{http}\"\nmetrics = \"{metrics}\"\n"
        ),
    )?;
    std::fs::write(folder.join("company.toml"), company())?;
    std::fs::write(folder.join("flows/soak.flow.yaml"), FLOW)?;
    for (name, samples) in [
        ("greeting", 8_000),
        ("menu", 8_000),
        ("music", 80_000),
        ("bye", 8_000),
    ] {
        tone(&folder.join(format!("prompts/{name}.wav")), samples)?;
    }
    Ok(())
}

fn company() -> String {
    let mut text = String::from(
        "[[queues]]\nname = \"support\"\nwrap_up = \"2s\"\nring_timeout = \"4s\"\nmax_length = 500\n\
         [[queues]]\nname = \"nobody\"\nmax_length = 500\n\
         [[queues]]\nname = \"brief\"\nmax_wait = \"8s\"\nmax_length = 500\n\
         [routing]\nmiss_cooldown = \"3s\"\n\
         [[trunks]]\nname = \"carrier\"\nfrom = [\"127.0.0.1/32\"]\n[[numbers]]\nnumber = \"9000\"\nflow = \"soak\"\n\
         [[agents]]\nlogin = \"absent\"\nname = \"Absent\"\nextension = \"9999\"\npassword = \"absent\"\n\
         queues = { nobody = 1, brief = 1 }\n",
    );
    for agent in 0..UDP_AGENTS + TCP_AGENTS {
        let extension = crate::sip::extension(agent);
        text.push_str(&format!(
            "[[agents]]\nlogin = \"a{agent}\"\nname = \"Agent {agent}\"\nextension = \"{extension}\"\n\
             password = \"load-{agent}\"\nqueues = {{ support = 1 }}\nready_on_register = true\n"
        ));
    }
    text
}

const FLOW: &str = r"
flow: 1
name: soak
prompts:
  greeting: { file: greeting.wav }
  menu: { file: menu.wav }
  music: { file: music.wav }
  bye: { file: bye.wav }
defaults:
  input: { timeout: 3s, tries: 2 }
  exits: { exhausted: bye, error: bye }
blocks:
  start:
    - answer:
    - play: greeting
    - menu:
        prompt: menu
        keys:
          1: { go: bye, label: Nothing }
          2: { go: person, label: Help }
          3: { go: nobody, label: Nobody }
          4: { go: brief, label: Nobody for long }
  person:
    - queue: { to: support, use: wait, exits: { answered: bye, timeout: bye, full: bye, closed: bye, no_agents: bye } }
  nobody:
    - queue: { to: nobody, use: wait, exits: { answered: bye, timeout: bye, full: bye, closed: bye, no_agents: bye } }
  brief:
    - queue: { to: brief, use: wait, exits: { answered: bye, timeout: bye, full: bye, closed: bye, no_agents: bye } }
  bye:
    - play: bye
    - hangup:
waits:
  wait:
    loop:
      - play: { prompt: music, for: 5s }
      - play: menu
";
