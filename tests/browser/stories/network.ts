// Two machines that exist in the kernel alone: namespaces of the network, joined by two cables, of which one can be pulled.
// Nothing is left behind when the processes that hold them have ended.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where the server listens; both cables lead there. */
export const SERVER = "10.77.9.1";

export interface Network {
  /** What to put before a command so that it runs on that machine. */
  server: string[];
  /** A browser that runs on the agent's machine. */
  browser: string;
  /** Pulls the cable that the agent's machine prefers. */
  pull: () => void;
  /** Puts it in again in another network, and pulls the other one. */
  change: () => void;
  stop: () => void;
}

export async function startNetwork(chromium: string): Promise<Network> {
  const isRoot = process.getuid?.() === 0;
  const own = isRoot ? ["unshare", "--net"] : ["unshare", "--user", "--map-root-user", "--net"];
  const holders: ChildProcess[] = [];
  const hold = async (command: string[]): Promise<number> => {
    const [program = "", ...words] = [...command, "sleep", "600"];
    const child = spawn(program, words, { stdio: "ignore" });
    holders.push(child);
    // Until it has its namespace: `unshare` and `nsenter` become the program.
    await until(() => execFileSync("cat", [`/proc/${String(child.pid)}/comm`]).toString().trim() === "sleep");
    return child.pid ?? 0;
  };
  const enter = (pid: number): string[] => {
    const user = isRoot ? [] : ["--user", "--preserve-credentials"];
    return ["nsenter", "--target", String(pid), ...user, "--net"];
  };
  const there = await hold(own);
  const here = await hold([...enter(there), "unshare", "--net"]);
  const [server, agent] = [enter(there), enter(here)];
  const run = (machine: string[], words: string): void => {
    const [program = "", ...more] = [...machine, ...words.split(" ")];
    execFileSync(program, more);
  };
  const ip = (machine: string[], words: string): void => run(machine, `ip ${words}`);
  // An IPv6 address that a cable gives itself seconds after it came up is a change of the network that nobody made.
  for (const machine of [server, agent]) run(machine, "sysctl -q -w net.ipv6.conf.default.disable_ipv6=1");
  ip(server, "link set lo up");
  ip(agent, "link set lo up");
  ip(server, `address add ${SERVER}/32 dev lo`);
  // A cable carries what belongs to its network and nothing else (RFC 3704), as a provider sees to it.
  run(server, "sysctl -q -w net.ipv4.conf.all.rp_filter=1");
  // So that the agent's machine asks for its neighbours by an address of theirs.
  run(agent, "sysctl -q -w net.ipv4.conf.all.arp_announce=2");
  for (const [n, cable] of ["a", "b"].entries()) {
    const net = `10.77.${String(n + 1)}`;
    ip(server, `link add ${cable}0 type veth peer name ${cable}1 netns ${String(here)}`);
    ip(server, `address add ${net}.1/24 dev ${cable}0`);
    ip(agent, `address add ${net}.2/24 dev ${cable}1`);
    ip(server, `link set ${cable}0 up`);
    ip(agent, `link set ${cable}1 up`);
    ip(agent, `route add default via ${net}.1 metric ${String(n + 1)}0`);
  }
  // Whoever asks the server for its own address gets the one that both cables lead to.
  ip(server, `route add default via 10.77.2.2 src ${SERVER}`);
  const folder = mkdtempSync(join(tmpdir(), "cordboard-network-"));
  const browser = join(folder, "browser");
  writeFileSync(browser, `#!/bin/sh\nexec ${agent.join(" ")} ${chromium} "$@"\n`);
  chmodSync(browser, 0o755);
  return {
    server,
    browser,
    pull: () => ip(agent, "link set a1 down"),
    change: () => {
      ip(agent, "address flush dev a1");
      ip(server, "address add 10.77.3.1/24 dev a0");
      ip(agent, "address add 10.77.3.2/24 dev a1");
      ip(agent, "link set a1 up");
      ip(agent, "route add default via 10.77.3.1 metric 10");
      ip(agent, "link set b1 down");
    },
    stop: () => {
      for (const holder of holders) holder.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function until(what: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (what()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("a namespace cannot be had");
}
