// What the stand-in server knows: a few agents, customers, one queue, the calls. It follows the rules of the real one
// only as far as pages can tell the difference.
import { EventEmitter } from "node:events";
import { randomUUID } from "node:crypto";
import { flows } from "./flows.mjs";

const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();
const id = (n) => `0190a000-0000-7000-8000-${String(n).padStart(12, "0")}`;

export const USERS = {
  ana: { name: "Ana Ruiz", role: "agent", extension: "2001" },
  ben: { name: "Ben Ode", role: "agent", extension: "2002" },
  sam: { name: "Sam Keller", role: "supervisor" },
  eva: { name: "Eva Lind", role: "author" },
  guest: { name: "Guest", role: "caller" },
};

/** What a caller may call themselves: shown as text, whatever it is. */
export const HOSTILE = `<img src=x onerror="document.title='owned'">`;

const helpSince = (agent) => (agent?.call?.help?.state === "asked" ? agent.call.help.since : null);

const thresholds = () => ({
  waiting: { warning: 3, critical: 10 },
  longest_wait: { warning: 60, critical: 120 },
  service_level: { warning: 0.8, critical: 0.7 },
});

export class World extends EventEmitter {
  agents = new Map();
  calls = new Map();
  handed = [];
  notes = new Map();
  tasks = [];
  confirmed = new Map();
  /** By the queue's name. */
  closures = new Map();
  flows = flows();
  /** There is a speech command. */
  speech = true;
  callers = new Map();
  customers = [
    person(id(1), "Marta Vidal", "Vidal Bakery", ["+34600000101"], "Prefers to be called in the morning."),
    person(id(2), "Jon Etxe", null, ["+34600000102"], null),
    person(id(3), "Jon Etxe (works)", "Etxe & Sons", ["+34600000102"], null),
  ];
  /** Every monitor that was asked for. */
  monitored = [];
  /** Why a supervisor may not join at the moment; null: they may. */
  refusesMonitor = null;
  wrapUpSeconds = 60;
  codesRequired = true;

  constructor() {
    super();
    for (const [login, user] of Object.entries(USERS)) {
      if (user.role !== "agent") continue;
      this.agents.set(login, {
        login,
        name: user.name,
        extension: user.extension,
        state: { name: "offline", since: ago(30), reason: null, next: null },
        phone: { registered: false },
        offer: null,
        call: null,
        wrap_up: null,
      });
    }
  }

  me(login) {
    const a = this.agents.get(login);
    if (a === undefined) return null;
    const { state, phone, offer, call, wrap_up } = a;
    return { agent: { login: a.login, name: a.name, extension: a.extension }, state, phone, offer, call, wrap_up };
  }

  state(login, name, reason = null) {
    const agent = this.agents.get(login);
    if ((agent.call !== null || agent.wrap_up !== null) && name === "not_ready") {
      agent.state = { ...agent.state, next: { name, reason } };
    } else {
      agent.state = { name, since: new Date().toISOString(), reason, next: null };
    }
    this.changed();
  }

  free() {
    return [...this.agents.values()].find((a) => a.state.name === "available" && a.phone.registered);
  }

  queueItems() {
    const waiting = [...this.calls.values()].filter((c) => c.phase === "waiting");
    const count = (name) => [...this.agents.values()].filter((a) => a.state.name === name).length;
    const agents = Object.fromEntries(
      ["available", "on_call", "wrap_up", "not_ready", "offered", "offline"].map((name) => [name, count(name)]),
    );
    const oldest = waiting.map((c) => c.since).sort()[0] ?? null;
    return [
      { name: "support", waiting: waiting.length, oldest_since: oldest, agents, service_level: 0.86, ...this.counters.support, average_answer: 14.2, expected_wait: { announced: 30, held: 0.83, callers: 120 }, thresholds: this.thresholds.support, closure: this.closures.get("support") ?? null },
      { name: "sales", waiting: 4, unmeetable: 1, oldest_since: this.began, agents: { ...agents, available: 0 }, service_level: 0.64, ...this.counters.sales, average_answer: 41, expected_wait: { announced: 120, held: null, callers: 0 }, thresholds: this.thresholds.sales, closure: this.closures.get("sales") ?? null },
    ];
  }
  began = ago(95);
  /** Those in use. */
  certificates = [];
  /** Today's. */
  counters = { support: { answered: 42, abandoned: 3 }, sales: { answered: 18, abandoned: 5 } };
  /** The company's. */
  thresholds = { support: thresholds(), sales: thresholds() };

  agentItems() {
    return [...this.agents.values()].map((a) => ({
      login: a.login,
      name: a.name,
      state: a.state.name,
      since: a.state.since,
      reason: a.state.reason,
      registered: a.phone.registered,
      queue: a.call?.queue ?? null,
      interaction: a.call?.interaction ?? null,
      help_since: helpSince(a),
    }));
  }

  callItems() {
    return [...this.calls.values()].map(({ interaction, queue, agent, caller, started_at, phase, since, taken_over = false }) => ({
      interaction, queue, agent, taken_over, caller, started_at, phase, since, help_since: helpSince(this.agents.get(agent)),
    }));
  }

  /** What becomes of an agent's request for a supervisor; `null` when it is taken back. */
  help(interaction, state) {
    const agent = [...this.agents.values()].find((one) => one.call?.interaction === interaction);
    if (agent === undefined || (state === "taken" && agent.call.help == null)) return;
    agent.call = { ...agent.call, help: state === null ? null : { state, since: new Date().toISOString() } };
    this.changed();
  }

  arrive(caller) {
    const now = new Date().toISOString();
    const interaction = randomUUID();
    const call = { interaction, queue: "support", agent: null, caller, started_at: now, phase: "waiting", since: now };
    this.calls.set(interaction, call);
    this.callers.set(interaction, caller);
    this.changed();
    return call;
  }

  offer(call, agent) {
    const owners = this.customers.filter((c) => c.numbers.includes(call.caller.number));
    const now = new Date().toISOString();
    call.phase = "offered";
    call.agent = agent.login;
    agent.state = { name: "offered", since: now, reason: null, next: null };
    agent.offer = {
      interaction: call.interaction,
      queue: call.queue,
      offered_at: now,
      ring_timeout: 20,
      waited: (Date.now() - Date.parse(call.started_at)) / 1000 + 42,
      caller: call.caller,
      customer: null,
      matches: owners.length,
      why: ["Orders", "typed order 123456", "speaks Spanish"],
    };
    this.changed();
  }

  talk(call) {
    const agent = this.agents.get(call.agent);
    const now = new Date().toISOString();
    const { caller, customer, why, queue, interaction, matches } = agent.offer;
    agent.state = { name: "on_call", since: now, reason: null, next: null };
    agent.call = {
      interaction, queue, since: now, held: false, muted_by_us: false, recording: true,
      caller, customer, matches, why, consult: null,
    };
    agent.offer = null;
    Object.assign(call, { phase: "talking", since: now });
    this.changed();
  }

  /** The call is over; `how` is what becomes of the agent. */
  over(call, how) {
    this.calls.delete(call.interaction);
    const agent = this.agents.get(call.agent);
    if (agent !== undefined) {
      const now = new Date().toISOString();
      const { interaction, queue } = call;
      agent.offer = null;
      const talked = agent.call !== null;
      agent.call = null;
      if (talked) {
        const ends_at = new Date(Date.now() + this.wrapUpSeconds * 1000).toISOString();
        agent.wrap_up = { interaction, queue, ends_at, extendable: true };
        agent.state = { name: "wrap_up", since: now, reason: null, next: agent.state.next };
      } else {
        agent.state = how === "declined" ? { name: "not_ready", since: now, reason: "declined", next: null } : { name: "available", since: now, reason: null, next: null };
      }
    }
    this.changed();
  }

  wrapUpDone(login) {
    const agent = this.agents.get(login);
    agent.wrap_up = null;
    const next = agent.state.next ?? { name: "available", reason: null };
    agent.state = { name: next.name, since: new Date().toISOString(), reason: next.reason, next: null };
    this.changed();
  }

  changed() {
    this.emit("changed");
  }

  records() {
    return Array.from({ length: 24 }, (_, n) => summary(n, this.customers[n % 3]));
  }
}

function person(id, name, company, numbers, notes) {
  return { id, name, company, email: null, notes, language: "es", tier: null, numbers, created_at: ago(9e5), updated_at: ago(9e4) };
}

const OUTCOMES = ["answered", "answered", "answered", "abandoned", "voicemail", "self_served"];

function summary(n, customer) {
  const outcome = OUTCOMES[n % OUTCOMES.length];
  const answered = outcome === "answered";
  const start = 3600 * (n + 1);
  return {
    id: id(1000 + n),
    channel: "voice",
    direction: "inbound",
    customer_id: customer.id,
    caller_number: n === 3 ? null : customer.numbers[0],
    caller_name: n === 5 ? HOSTILE : customer.name,
    dialed_number: "+34910000000",
    trunk: "carrier",
    started_at: ago(start),
    answered_at: ago(start - 1),
    connected_at: answered ? ago(start - 32) : null,
    ended_at: ago(start - 190),
    flow: "support",
    flow_version: "a1b2c3d4",
    outcome,
    end_cause: n % 4 === 0 ? "agent" : "customer",
    queue: outcome === "self_served" ? null : "support",
    queue_id: id(7),
    agent: answered ? (n % 2 ? "ben" : "ana") : null,
    agent_id: answered ? id(8) : null,
    notes: n === 0 ? "Wheel is bent; sends photos tomorrow." : null,
  };
}

export function record(world, wanted) {
  const all = world.records();
  const found = all.find((one) => one.id === wanted) ?? { ...all[0], id: wanted };
  const t = (seconds) => new Date(Date.parse(found.started_at) + seconds * 1000).toISOString();
  const leg = (role, from, lost) => ({
    id: randomUUID(), role, agent: role === "agent" ? found.agent : null, agent_id: null, sip_call_id: "a84b4c76e66710",
    started_at: t(from), connected_at: t(from + 1), ended_at: t(190), cause: "bye",
    quality: { mos: 4.31, packets_received: 8100, packets_sent: 8100, packets_lost: lost, packets_ignored: 0, jitter_ms: 3.2, codec: "PCMU" },
  });
  return {
    ...found,
    why: ["Orders", "typed order 123456"],
    menu_path: [{ at: t(6), block: "main", key: "1", label: "Orders" }],
    tags: { language: "es" },
    queue_entries: [{ id: id(20), queue: "support", queue_id: id(7), entered_at: t(10), left_at: t(32), wait: 22, outcome: found.outcome, agent: found.agent, agent_id: null, class: 0, v: t(10), requirement: { billing: 3 } }],
    offers: [
      { id: "1-4", entry: id(20), agent: "ben", agent_id: id(9), made_at: t(10), ended_at: t(28), outcome: "timed_out" },
      { id: "1-5", entry: id(20), agent: "ana", agent_id: id(8), made_at: t(28), ended_at: t(32), outcome: "accepted" },
    ],
    legs: [leg("customer", 0, 2), leg("agent", 28, 0)],
    recordings: found.outcome === "answered" ? [{ id: id(500), interaction_id: found.id, index: 1, kind: "talk", path: "recording-1.wav", sample_rate: 8000, channels: 2, started_at: t(32), finished_at: t(44), frames: 96000, duration: 12, gap: 0, recovered: false, marks: [{ kind: "hold", from: 6, to: 9 }, { kind: "reconnect", from: 10, to: 11 }] }] : [],
    wrap_up: { agent: found.agent, agent_id: id(8), started_at: t(190), ended_at: t(201), duration: 11 },
    decisions: [{
      seq: 77, at: t(28), kind: "agent_chosen", interaction_id: found.id, entry: id(20), queue: "support", queue_id: id(7), offer: "1-5",
      requirement: { billing: 3 }, v: t(10),
      chosen: { agent: "ana", agent_id: id(8), entry: id(20), keys: { tier: 1, idle_since: t(-300) } },
      candidates: [{ agent: "ana", agent_id: id(8), entry: id(20), keys: { tier: 1, idle_since: t(-300) } }],
      removed: { not_available: 3, lacks_skill: 1 }, keys: ["tier", "idle_since"], tie_break: "idle_since",
    }],
    events: [
      { seq: 70, at: t(0), kind: "arrived", flow: "support" },
      { seq: 72, at: t(10), kind: "enqueued", queue: "support" },
      { seq: 74, at: t(10), kind: "offered", agent: "ben" },
      { seq: 76, at: t(28), kind: "offer_ended", outcome: "timed_out" },
      { seq: 77, at: t(28), kind: "offered", agent: "ana" },
      { seq: 79, at: t(32), kind: "bridged" },
      { seq: 81, at: t(38), kind: "held" },
      { seq: 82, at: t(41), kind: "resumed" },
      { seq: 88, at: t(190), kind: "ended", cause: "customer" },
    ],
  };
}

/** An hour with a wave of callers in its middle. */
export function history(world, queue) {
  const now = Date.now();
  const minute = Math.floor(now / 60_000) * 60_000;
  const five = Math.floor(now / 300_000) * 300_000;
  const t = (millis) => new Date(millis).toISOString();
  const wave = (n) => Math.max(0, Math.round(6 * Math.sin((n / 59) * Math.PI) - 1));
  return {
    queue,
    to: t(now),
    step: 60,
    interval: 300,
    points: Array.from({ length: 60 }, (_, n) => ({ at: t(minute - (59 - n) * 60_000), waiting: wave(n), longest_wait: wave(n) * 24 })),
    counts: Array.from({ length: 13 }, (_, n) => ({ at: t(five - (12 - n) * 300_000), answered: 3 + (n % 4), abandoned: n % 3 })),
    today: { ...world.counters[queue] },
    definitions: { waiting: "The most callers who waited at once in the minute.", longest_wait: "The longest that one had waited.", answered: "Answered in these five minutes.", abandoned: "Hung up in these five minutes." },
  };
}

export function timeline(world, wanted) {
  const found = record(world, wanted);
  const t = (seconds) => new Date(Date.parse(found.started_at) + seconds * 1000).toISOString();
  const item = (kind, from, to, words, agent = null) => ({ kind, from: t(from), to: to === null ? null : t(to), lasts: to !== null, words, agent, queue: "support" });
  const items = [
    item("menu", 0, 10, "In the menus of support"),
    item("choice", 6, null, "Chose Orders (key 1)"),
    item("waiting", 10, 32, "Waited in support: an agent answered", "ana"),
    item("ringing", 10, 28, "Rang at ben: no answer", "ben"),
    item("decision", 28, null, "ana was chosen for the caller (tier 1, idle since 2026-01-31T11:55:00.000Z), the only candidate; left out: 3 not available, 1 skill", "ana"),
    item("ringing", 28, 32, "Rang at ana: answered", "ana"),
    item("talk", 32, 190, "Talked with ana", "ana"),
    item("recording", 32, 44, "Recording 1"),
    item("pause", 38, 41, "The customer is on hold"),
    item("pause", 42, 43, "The customer waits: the agent's phone is gone and may come back"),
    item("record", 180, null, "It was about: Late delivery"),
    item("end", 190, null, "The call ended: the customer hung up"),
    item("wrap_up", 190, 201, "Wrap-up", "ana"),
  ];
  return { from: found.started_at, to: t(201), items };
}

export function ladder(world, wanted) {
  const found = record(world, wanted);
  const legs = found.legs.map((leg) => ({ id: leg.id, party: leg.agent ?? "customer", sip_call_id: leg.sip_call_id, kept: true }));
  const t = (millis) => new Date(Date.parse(found.started_at) + millis).toISOString();
  const message = (leg, at, sent, title, again = false) => ({ leg: legs[leg].id, at: t(at), sent, transport: "UDP", title, again, text: `${title} as it was on the wire\nVia: SIP/2.0/UDP 127.0.0.1\nX: ${HOSTILE}\n` });
  return { legs, items: [
    message(0, 0, false, "INVITE"), message(0, 1, true, "100 Trying"), message(0, 3, true, "200 OK"), message(0, 503, true, "200 OK", true), message(0, 510, false, "ACK"),
    message(1, 28000, true, "INVITE"), message(1, 28040, false, "180 Ringing"), message(1, 32000, false, "200 OK"), message(1, 32001, true, "ACK"),
    message(0, 190000, false, "BYE"), message(0, 190001, true, "200 OK"), message(1, 190002, true, "BYE"), message(1, 190009, false, "200 OK"),
  ] };
}

export function peaks() {
  const lane = (turn) => Array.from({ length: 800 }, (_, n) => {
    const at = (n / 800) * 12;
    return at > 6 && at < 9 ? 0 : Math.floor(at / 1.7) % 2 === turn ? 30 + Math.round(40 * Math.abs(Math.sin(at * 7))) : 0;
  });
  return { duration: 12, left: lane(0), right: lane(1) };
}

/** A stereo recording of 12 s: two voices by turns, made of a few moving tones. */
export function recording() {
  const rate = 8000;
  const frames = rate * 12;
  const data = Buffer.alloc(44 + frames * 4);
  data.write("RIFF", 0);
  data.writeUInt32LE(36 + frames * 4, 4);
  data.write("WAVEfmt ", 8);
  data.writeUInt32LE(16, 16);
  data.writeUInt16LE(1, 20);
  data.writeUInt16LE(2, 22);
  data.writeUInt32LE(rate, 24);
  data.writeUInt32LE(rate * 4, 28);
  data.writeUInt16LE(4, 32);
  data.writeUInt16LE(16, 34);
  data.write("data", 36);
  data.writeUInt32LE(frames * 4, 40);
  for (let n = 0; n < frames; n += 1) {
    const t = n / rate;
    const turn = Math.floor(t / 1.7) % 2;
    const held = t > 6 && t < 9;
    const wave = (base) => Math.sin(2 * Math.PI * base * t) * Math.abs(Math.sin(t * 7)) * (0.6 + 0.4 * Math.sin(t * 1.3)) * 9000;
    data.writeInt16LE(!held && turn === 0 ? Math.round(wave(180)) : 0, 44 + n * 4);
    data.writeInt16LE(!held && turn === 1 ? Math.round(wave(240)) : 0, 46 + n * 4);
  }
  return data;
}
