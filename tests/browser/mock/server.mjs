// A stand-in for the server, for working on pages and for tests that need moments the real one seldom has. It serves
// the built pages with the real one's content policy, the API as far as pages use it, `/live` and `/sip`.
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { randomUUID } from "node:crypto";
import { extname, join } from "node:path";
import { WebSocketServer } from "ws";
import { FLOW_ROUTES } from "./flows.mjs";
import { SipRelay } from "./sip.mjs";
import { history, ladder, peaks, record, recording, timeline, USERS, World } from "./world.mjs";

/** As the real server has it. */
const policy = (host) =>
  `default-src 'self'; connect-src 'self' ws://${host}; img-src 'self' data:; media-src 'self' blob:; ` +
  "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const KINDS = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".wav": "audio/wav" };

/** Starts one; `pages` is the folder of built pages, or a function that serves them. */
export async function startMock({ pages, port = 0 }) {
  const world = new World();
  const sip = new SipRelay(world);
  const sessions = new Map();
  const mock = { world, sip, sessions, liveSockets: new Set(), requests: [], deaf: null };
  const server = createServer((request, response) => {
    mock.requests.push(`${request.method} ${request.url}`);
    handle(mock, pages, request, response).catch((error) => send(response, 500, { detail: String(error) }));
  });
  const live = new WebSocketServer({ noServer: true });
  const phones = new WebSocketServer({ noServer: true, handleProtocols: () => "sip" });
  server.on("upgrade", (request, socket, head) => {
    const identity = who(mock, request);
    if (identity === null) return socket.end("HTTP/1.1 401 Unauthorized\r\n\r\n");
    if (request.url === "/sip") phones.handleUpgrade(request, socket, head, (ws) => sip.connect(ws, identity));
    else live.handleUpgrade(request, socket, head, (ws) => follow(mock, ws, identity));
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  mock.url = `http://localhost:${server.address().port}`;
  mock.close = () => {
    for (const ws of [...live.clients, ...phones.clients]) ws.terminate();
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return mock;
}

const cookie = (request) => /(?:^|; )mock_session=([^;]+)/.exec(request.headers.cookie ?? "")?.[1];

function who(mock, request) {
  const login = mock.sessions.get(cookie(request));
  return login === undefined ? null : { login, ...USERS[login] };
}

function send(response, status, body, headers = {}) {
  const kind = status >= 400 ? "application/problem+json" : "application/json";
  response.writeHead(status, { "content-type": kind, "cache-control": "no-store", ...headers });
  response.end(body === undefined ? "" : JSON.stringify(body));
}

async function handle(mock, pages, request, response) {
  const url = new URL(request.url, "http://x");
  if (url.pathname === "/enter") {
    const login = url.searchParams.get("t");
    const token = randomUUID();
    mock.sessions.set(token, login);
    const to = { agent: "/desk", supervisor: "/floor", author: "/flows", caller: "/call" }[USERS[login]?.role] ?? "/signin";
    response.writeHead(303, { location: to, "set-cookie": `mock_session=${token}; HttpOnly; SameSite=Strict; Path=/` });
    return response.end();
  }
  if (!url.pathname.startsWith("/api/v1/")) {
    response.setHeader("content-security-policy", policy(request.headers.host));
    return typeof pages === "function" ? pages(request, response) : file(pages, url.pathname, response);
  }
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const path = url.pathname.slice("/api/v1".length);
  api(mock, { method: request.method, path, query: url.searchParams, body: text === "" ? {} : JSON.parse(text), request, response });
}

function file(folder, path, response) {
  const asked = path.startsWith("/assets/") ? path : "/index.html";
  const found = join(folder, asked);
  if (asked.includes("..") || !existsSync(found)) return send(response, 404, { detail: "There is no such file." });
  const packed = existsSync(`${found}.gz`);
  response.writeHead(200, { "content-type": KINDS[extname(asked)] ?? "application/octet-stream", ...(packed ? { "content-encoding": "gzip" } : {}) });
  createReadStream(packed ? `${found}.gz` : found).pipe(response);
}

const session = ({ login, name, role, extension }) => ({
  user: { login, name, role, agent: role === "agent" ? { login, name, extension } : null },
  csrf: "mock-csrf",
  expires_at: new Date(Date.now() + 3.6e6).toISOString(),
});

function api(mock, { method, path, query, body, request, response }) {
  const ok = (value, headers) => send(response, value === undefined ? 204 : 200, value, headers);
  const wrong = (status, detail) => send(response, status, { type: "about:blank", title: "No", status, detail });
  const identity = who(mock, request);
  if (method === "POST" && path === "/session") {
    if (USERS[body.login] === undefined || body.password !== "secret") return wrong(401, "Wrong.");
    const token = randomUUID();
    mock.sessions.set(token, body.login);
    return ok(session({ login: body.login, ...USERS[body.login] }), { "set-cookie": `mock_session=${token}; HttpOnly; SameSite=Strict; Path=/` });
  }
  if (identity === null) return wrong(401, "Sign in first.");
  if (path === "/session") {
    if (method === "DELETE") {
      mock.sessions.delete(cookie(request));
      return ok();
    }
    return ok(session(identity));
  }
  if (method !== "GET" && request.headers["x-csrf-token"] !== "mock-csrf") return wrong(403, "The CSRF value is missing.");
  const call = { mock, world: mock.world, identity, method, path, query, body, ok, wrong, request, response };
  for (const [pattern, handler] of ROUTES) {
    const match = pattern.exec(`${method} ${path}`);
    if (match !== null) return handler(call, ...match.slice(1).map(decodeURIComponent));
  }
  return wrong(404, "There is no such path.");
}

const page = (items) => ({ items, next: null });

const ROUTES = [
  ...FLOW_ROUTES,
  [/^POST \/phone\/credentials$/, ({ identity, ok, request }) =>
    ok({ uri: `sip:${identity.extension ?? `guest-${identity.login}`}@cordboard.localhost`, username: identity.login, password: "p", ws: `ws://${request.headers.host}/sip`, expires_in: 3600 })],
  [/^PUT \/agents\/([^/]+)\/state$/, ({ world, body, ok, wrong }, login) => {
    const agent = world.agents.get(login);
    if (agent === undefined) return wrong(404, "There is no such agent.");
    if (body.state === "available" && !agent.phone.registered) return wrong(409, "The phone is not registered.");
    world.state(login, body.state, body.reason ?? null);
    return ok({});
  }],
  [/^GET \/transfer-targets$/, ({ world, ok }) => ok({
    agents: [...world.agents.values()].map((a) => ({ login: a.login, name: a.name, extension: a.extension, state: a.state.name, since: a.state.since })),
    queues: world.queueItems().map((queue) => ({ name: queue.name, waiting: queue.waiting, closed: queue.closure !== null })),
  })],
  [/^GET \/agents$/, ({ world, ok }) => ok(page([...world.agents.values()].map((a) => ({ login: a.login, name: a.name, extension: a.extension, state: a.state.name, since: a.state.since }))))],
  [/^GET \/queues$/, ({ world, ok }) => ok(page(world.queueItems().map((queue) => ({ ...queue, waiting: Array(queue.waiting).fill({ enqueued_at: queue.oldest_since }) }))))],
  [/^GET \/closure-messages$/, ({ world, ok }) => ok({ prompts: ["closed.wav", "moh/calm.wav"], speech: world.speech })],
  [/^PUT \/queues\/([^/]+)\/closure$/, ({ world, body, identity, ok, wrong }, name) => {
    if (body.message.words === "slow") return wrong(503, "The speech command did not speak these words: try again, or choose a prompt.");
    const message = { prompt: body.message.prompt ?? null, words: body.message.words ?? null };
    world.closures.set(name, { id: randomUUID(), by: identity.login, since: new Date().toISOString(), until: body.until, waiting: body.waiting, reason: body.reason, message });
    if (body.waiting === "end") for (const [id, call] of world.calls) if (call.queue === name && call.phase === "waiting") world.calls.delete(id);
    world.changed();
    return ok(world.closures.get(name));
  }],
  [/^DELETE \/queues\/([^/]+)\/closure$/, ({ world, ok }, name) => {
    world.closures.delete(name);
    world.changed();
    return ok();
  }],
  [/^GET \/queues\/([^/]+)\/history$/, ({ world, ok }, queue) => ok(history(world, queue))],
  [/^GET \/certificates$/, ({ world, ok }) => ok(page(world.certificates))],
  [/^GET \/not-ready-reasons$/, ({ ok }) => ok(page([{ name: "lunch", label: "Lunch" }, { name: "training", label: "Training" }]))],
  [/^GET \/wrap-up-codes$/, ({ world, ok }) => ok({ items: [{ code: "solved", label: "Solved", group: null }, { code: "callback", label: "Wants a callback", group: "Open" }, { code: "complaint", label: "Complaint", group: "Open" }], required: world.codesRequired })],
  [/^GET \/interactions\/([^/]+)\/notes$/, ({ world, ok }, id) => ok(world.notes.get(id) ?? { text: "", version: 0 })],
  [/^PUT \/interactions\/([^/]+)\/notes$/, ({ world, body, ok, wrong }, id) => {
    const stored = world.notes.get(id) ?? { text: "", version: 0 };
    if (body.version !== stored.version) return wrong(409, "The notes were changed meanwhile.");
    const next = { text: body.text, version: stored.version + 1 };
    world.notes.set(id, next);
    return ok(next);
  }],
  [/^PUT \/interactions\/([^/]+)\/wrap-up$/, ({ world, body, ok }, id) => {
    world.codes = { ...world.codes, [id]: body.code };
    return ok({});
  }],
  [/^POST \/interactions\/[^/]+\/wrap-up\/extend$/, ({ world, identity, ok }) => {
    const agent = world.agents.get(identity.login);
    agent.wrap_up = { ...agent.wrap_up, ends_at: new Date(Date.parse(agent.wrap_up.ends_at) + 60_000).toISOString(), extendable: false };
    world.changed();
    return ok({});
  }],
  [/^POST \/interactions\/[^/]+\/wrap-up\/done$/, ({ world, identity, ok }) => {
    world.wrapUpDone(identity.login);
    return ok({});
  }],
  [/^GET \/interactions\/([^/]+)\/caller$/, ({ world, ok }, id) => ok(caller(world, id))],
  [/^PUT \/interactions\/([^/]+)\/customer$/, ({ world, body, ok }, id) => {
    world.confirmed.set(id, body.customer_id);
    return ok(caller(world, id));
  }],
  [/^POST \/interactions\/([^/]+)\/customer$/, ({ world, body, ok }, id) => {
    const numbers = [caller(world, id).number].filter((number) => number !== null);
    const made = { id: randomUUID(), name: body.name, company: null, email: null, notes: null, language: null, tier: null, numbers, created_at: "", updated_at: "" };
    world.customers.push(made);
    world.confirmed.set(id, made.id);
    return ok(caller(world, id));
  }],
  [/^GET \/customers$/, ({ world, query, ok }) => ok(page(world.customers.filter((c) => !query.has("number") || c.numbers.includes(query.get("number")))))],
  [/^GET \/customers\/([^/]+)$/, ({ world, ok, wrong }, id) => {
    const found = world.customers.find((c) => c.id === id);
    return found === undefined ? wrong(404, "There is no such customer.") : ok(found);
  }],
  [/^GET \/customers\/([^/]+)\/interactions$/, ({ world, ok }, id) => ok(page(world.records().filter((r) => r.customer_id === id)))],
  [/^GET \/tasks$/, ({ world, ok }) => ok(page(world.tasks))],
  [/^POST \/tasks$/, ({ world, body, ok }) => {
    const task = { id: randomUUID(), done_at: null, ...body };
    world.tasks.push(task);
    return ok(task);
  }],
  [/^PATCH \/tasks\/([^/]+)$/, ({ world, ok }, id) => {
    for (const task of world.tasks) if (task.id === id) task.done_at = new Date().toISOString();
    return ok({});
  }],
  [/^GET \/interactions$/, ({ world, query, ok }) =>
    ok(page(world.records().filter((r) => (!query.get("outcome") || r.outcome === query.get("outcome")) && (!query.get("agent") || r.agent === query.get("agent")) && (!query.get("queue") || r.queue === query.get("queue")) && (r.caller_number ?? "").includes(query.get("number") ?? "") && (r.notes ?? "").toLowerCase().includes((query.get("text") ?? "").toLowerCase()))))],
  [/^GET \/interactions\/([^/]+)$/, ({ world, ok }, id) => ok(record(world, id))],
  [/^GET \/interactions\/([^/]+)\/timeline$/, ({ world, ok }, id) => ok(timeline(world, id))],
  [/^GET \/interactions\/([^/]+)\/ladder$/, ({ world, ok }, id) => ok(ladder(world, id))],
  [/^GET \/recordings\/[^/]+\/peaks$/, ({ ok }) => ok(peaks())],
  [/^GET \/recordings\/[^/]+\/audio$/, ({ response }) => {
    const data = recording();
    response.writeHead(200, { "content-type": "audio/wav", "content-length": data.length, "accept-ranges": "none" });
    response.end(data);
  }],
  [/^POST \/calls\/([^/]+)\/monitor$/, ({ world, body, identity, ok, wrong }, id) => {
    if (world.refusesMonitor !== null) return wrong(409, world.refusesMonitor);
    world.monitored.push({ id, mode: body.mode, by: identity.login });
    world.help(id, "taken");
    return ok({});
  }],
  [/^POST \/calls\/([^/]+)\/help$/, ({ world, ok }, id) => ok(world.help(id, "asked") ?? {})],
  [/^DELETE \/calls\/([^/]+)\/help$/, ({ world, identity, ok }, id) => {
    world.help(id, world.agents.has(identity.login) ? null : "dismissed");
    return ok({});
  }],
  [/^POST \/calls\/([^/]+)\/transfer$/, ({ mock, world, body, identity, ok, wrong }, id) => {
    const call = world.calls.get(id);
    if (call?.phase !== "waiting") {
      control(mock, world.agents.get(identity.login), "transfer", body, id);
    } else if (body.to.queue === undefined) {
      const agent = world.agents.get(body.to.agent);
      if (agent.state.name !== "available") return wrong(409, "That agent is busy.");
      world.offer(call, agent);
    } else call.queue = body.to.queue;
    world.changed();
    return ok();
  }],
  [/^POST \/calls\/([^/]+)\/(\w+)$/, ({ mock, world, body, identity, ok }, id, verb) => {
    control(mock, world.agents.get(identity.login), verb, body, id);
    world.changed();
    return ok({});
  }],
];

function caller(world, id) {
  const { number, name } = world.callers.get(id) ?? { number: null, name: null };
  const customer = world.customers.find((one) => one.id === world.confirmed.get(id)) ?? null;
  const candidates = customer === null ? world.customers.filter((one) => one.numbers.includes(number)) : [];
  return { number, name, why: [], confirmed: customer !== null, customer, candidates: candidates.map(({ id, name, company }) => ({ id, name, company })) };
}

function control(mock, agent, verb, body, id) {
  if (verb === "hangup") return mock.sip.hangUp(id);
  if (agent?.call == null) return undefined;
  const call = { ...agent.call };
  if (body?.notes !== undefined) mock.world.handed.push({ verb, notes: body.notes });
  if (verb === "hold" || verb === "resume") call.held = verb === "hold";
  if (verb === "consult") call.consult = { agent: body.to.agent ?? null, queue: body.to.queue ?? null, number: body.to.extension ?? null, state: "talking" };
  if (verb === "cancel") call.consult = null;
  agent.call = call;
  if (verb === "complete" || verb === "transfer") mock.sip.hangUp(id);
  return undefined;
}

/** Topics of one page: a snapshot when it subscribes, changes afterwards. */
function follow(mock, socket, identity) {
  const { world } = mock;
  mock.liveSockets.add(socket);
  const topics = new Map();
  let seq = 100;
  const values = {
    me: () => world.me(identity.login),
    queues: () => world.queueItems(),
    agents: () => world.agentItems(),
    calls: () => world.callItems(),
  };
  const keys = { queues: "name", agents: "login", calls: "interaction" };
  const tell = (topic, body) => socket.send(JSON.stringify({ topic, seq: (seq += 1), ...body }));
  const changed = () => {
    if (mock.deaf === socket) return;
    for (const [topic, before] of topics) {
      const now = values[topic]();
      if (JSON.stringify(now) === JSON.stringify(before)) continue;
      topics.set(topic, structuredClone(now));
      if (topic === "me") tell(topic, { delta: now });
      else {
        const key = keys[topic];
        const upsert = now.filter((item) => !before.some((old) => JSON.stringify(old) === JSON.stringify(item)));
        const remove = before.map((item) => item[key]).filter((old) => !now.some((item) => item[key] === old));
        tell(topic, { delta: { upsert, remove } });
      }
    }
  };
  world.on("changed", changed);
  socket.on("close", () => {
    world.off("changed", changed);
    mock.liveSockets.delete(socket);
  });
  socket.on("message", (data) => {
    const message = JSON.parse(data.toString());
    if (message.ping && mock.deaf !== socket) socket.send(JSON.stringify({ topic: "pong" }));
    for (const topic of message.unsubscribe ?? []) topics.delete(topic);
    for (const { topic } of message.subscribe ?? []) {
      const value = values[topic]?.();
      const refused = value == null || (topic !== "me" && identity.role === "agent");
      if (refused) {
        socket.send(JSON.stringify({ topic, error: "forbidden" }));
        continue;
      }
      topics.set(topic, structuredClone(value));
      tell(topic, { snapshot: topic === "me" ? value : { items: value } });
    }
  });
}
