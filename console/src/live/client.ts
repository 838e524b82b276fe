// The one live connection of a tab: subscribes, keeps each topic's value in a signal, comes back by itself and resumes
// where it was. Owns: the socket. What messages mean is in `topics.ts`.
import { signal, type Signal } from "@preact/signals";
import { pathLost, sessionIsOver } from "../api/client";
import type { AgentLive, CallLive, Me, QueueLive } from "../api/types";
import { apply, readMessage, type IdOf, type TopicState } from "./topics";

export type Connection = "connecting" | "open" | "lost";

/** Shown in the header, and beside numbers that may be old. */
export const connection = signal<Connection>("connecting");

/** When anything last came from the server, by this machine's clock, in milliseconds. */
export const lastHeard = signal(0);

export const me = signal<Me | null>(null);
export const queues = signal<QueueLive[] | null>(null);
export const agents = signal<AgentLive[] | null>(null);
export const calls = signal<CallLive[] | null>(null);

export type TopicName = "me" | "queues" | "agents" | "calls";

interface Topic {
  out: Signal<unknown>;
  idOf: IdOf | null;
}

const TOPICS: Record<TopicName, Topic> = {
  me: { out: me as Signal<unknown>, idOf: null },
  queues: { out: queues as Signal<unknown>, idOf: (item) => String(item.name) },
  agents: { out: agents as Signal<unknown>, idOf: (item) => String(item.login) },
  calls: { out: calls as Signal<unknown>, idOf: (item) => String(item.interaction) },
};

/** How the server closes a connection whose session is over. */
const SIGNED_OUT = 4401;

/** A connection must stand after this time, in milliseconds: one that hangs keeps others to this server from beginning. */
const CONNECT = 5000;

/** Nothing came for so long, in milliseconds: the server is asked. A path that is gone looks like one on which nothing happens. */
const QUIET = 5000;
/** How long it may take to answer. */
const ANSWER = 3000;
/** Between looks at the time. */
const LOOK = 1000;

/** Waits between attempts, in milliseconds; the last one repeats. */
const WAITS = [250, 500, 1000, 2000, 4000, 8000];

const states = new Map<TopicName, TopicState>();
const wanted = new Map<TopicName, number>();
let socket: WebSocket | null = null;
let failures = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let looking: ReturnType<typeof setInterval> | undefined;
/** When the server was asked for a sign of life; `null` while nobody waits for one. */
let askedAt: number | null = null;
let running = false;

/** Opens the connection and keeps it until `stop`. */
export function start(): void {
  if (running) return;
  running = true;
  open();
  looking = setInterval(look, LOOK);
  addEventListener("online", retryNow);
  document.addEventListener("visibilitychange", retryNow);
}

export function stop(): void {
  running = false;
  clearTimeout(timer);
  clearInterval(looking);
  removeEventListener("online", retryNow);
  document.removeEventListener("visibilitychange", retryNow);
  socket?.close();
  socket = null;
  states.clear();
  for (const topic of Object.values(TOPICS)) topic.out.value = null;
}

/** Wants a topic until the returned function is called; a topic that two parts want is subscribed once. */
export function want(name: TopicName): () => void {
  wanted.set(name, (wanted.get(name) ?? 0) + 1);
  if (wanted.get(name) === 1) subscribe([name]);
  return () => {
    const left = (wanted.get(name) ?? 1) - 1;
    wanted.set(name, left);
    if (left > 0) return;
    wanted.delete(name);
    states.delete(name);
    send({ unsubscribe: [name] });
  };
}

function subscribe(names: TopicName[]): void {
  if (names.length === 0) return;
  const topics = names.map((topic) => {
    const since = states.get(topic)?.seq ?? null;
    return since === null ? { topic } : { topic, since };
  });
  send({ subscribe: topics });
}

function send(message: unknown): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

/** The way to the server was lost: nobody waits for the old connection to find out. */
export function reopen(): void {
  if (!running || socket === null) return;
  clearTimeout(timer);
  socket.onclose = socket.onmessage = null;
  socket.close();
  connection.value = "lost";
  pathLost();
  open();
}

function look(): void {
  if (connection.value !== "open") return;
  const now = Date.now();
  if (askedAt !== null) {
    if (now - askedAt >= ANSWER) reopen();
  } else if (now - lastHeard.value >= QUIET) {
    askedAt = now;
    send({ ping: true });
  }
}

function retryNow(): void {
  if (!running || document.visibilityState === "hidden" || connection.value !== "lost") return;
  clearTimeout(timer);
  open();
}

function open(): void {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const mine = new WebSocket(`${scheme}://${location.host}/api/v1/live`);
  socket = mine;
  askedAt = null;
  const patience = setTimeout(() => mine.close(), CONNECT);
  mine.onopen = () => {
    clearTimeout(patience);
    failures = 0;
    connection.value = "open";
    lastHeard.value = Date.now();
    subscribe([...wanted.keys()]);
  };
  mine.onmessage = (event: MessageEvent<unknown>) => {
    if (typeof event.data === "string") heard(event.data);
  };
  mine.onclose = (event) => {
    clearTimeout(patience);
    if (socket !== mine || !running) return;
    if (event.code === SIGNED_OUT) {
      sessionIsOver();
      return;
    }
    connection.value = "lost";
    const wait = WAITS[Math.min(failures, WAITS.length - 1)] ?? 8000;
    failures += 1;
    // Spread, so that a server that comes back is not asked by every desk in the same moment.
    timer = setTimeout(open, wait * (0.75 + Math.random() / 2));
  };
}

function heard(text: string): void {
  lastHeard.value = Date.now();
  askedAt = null;
  const message = readMessage(text);
  if (message === null || !(message.topic in TOPICS)) return;
  const name = message.topic as TopicName;
  const topic = TOPICS[name];
  if (!wanted.has(name)) return;
  const next = apply(states.get(name) ?? { seq: null, value: null }, message, topic.idOf);
  if (next === null) {
    states.delete(name);
    send({ unsubscribe: [name] });
    subscribe([name]);
    return;
  }
  states.set(name, next);
  topic.out.value = next.value;
}
