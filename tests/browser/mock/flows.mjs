// The stand-in's flows: one that was published three times and is on trial, one that was never published.
const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
const good = { ok: true, findings: [], tests: [] };

const version = (number, author, minutes, comment, more = {}) => ({
  flow: "support", number, hash: String(number).repeat(64), author, made_at: ago(minutes), comment,
  base: number > 1 ? number - 1 : null, accepted: null, report: good, ...more,
});

export const flows = () => ({
  master: "database",
  live: 2,
  canary: { version: 3, percent: 10 },
  versions: [
    version(3, "eva", 42, "Spanish callers choose their language first"),
    version(2, "sam", 4000, "Shorter greeting", { accepted: "The warning on the survey is meant: it comes next week." }),
    version(1, "import", 90_000, ""),
  ],
});

const EDITED = { database: "Edited here: save a draft and publish it.", files: "Edited in files: change them in the flows folder and save; the next call takes them." };

const calls = (version, calls, errors, dropped) => ({ version, calls, errors, dropped, error_share: errors / calls, drop_share: dropped / calls });

function one({ flows }) {
  const aliases = [{ alias: "live", version: flows.live, canary: flows.canary, moved_at: ago(42), moved_by: "eva" }];
  return {
    name: "support", title: "Fernhill Cycles", master: flows.master, edited: EDITED[flows.master], hash: "2".repeat(64), text: "", tests: null,
    aliases: flows.master === "files" ? [] : aliases,
    in_use: [{ version: 2, hash: "2".repeat(64), calls: 11 }, { version: 3, hash: "3".repeat(64), calls: 1 }],
    draft: flows.master === "files" ? null : { revision: 4, base: 3, author: "eva", saved_at: ago(3) },
    trial: flows.canary === null ? null : { verdict: "goes", other: calls(2, 388, 2, 14), trial: calls(3, 41, 0, 1) },
  };
}

const block = (name, calls, visits, ended, dropped, errors) => ({ block: name, calls, visits, ended, dropped, errors });
const way = (from, exit, to, times) => ({ from, exit, to, times });
/** A thousand calls. */
const TRAFFIC = {
  calls: 1000, more: false, contained: 310, answered: 520, dropped: 120, errors: 4,
  outcomes: { answered: 520, self_served: 430, abandoned: 46, failed: 4 },
  blocks: [block("main", 1000, 1180, 406, 96, 4), block("person", 570, 570, 570, 0, 0), block("start", 1000, 1000, 24, 24, 0)],
  ways: [way("start", "then", "main", 976), way("main", "9", "main", 200), way("main", "2", "person", 566), way("main", "error", "person", 4)],
};

/** Who may change flows, as the server has it. */
const publishes = (role) => ["admin", "supervisor", "publisher"].includes(role);

export const FLOW_ROUTES = [
  [/^GET \/flows$/, ({ world, ok }) => ok({
    items: [
      { name: "support", title: "Fernhill Cycles", hash: "2".repeat(64), live: world.flows.live, canary: world.flows.canary, draft: true, calls: 12 },
      { name: "returns", title: null, hash: null, live: null, canary: null, draft: true, calls: 0 },
    ],
    next: null, master: world.flows.master, edited: EDITED[world.flows.master],
  })],
  [/^GET \/flows\/support$/, ({ world, ok }) => ok(one(world))],
  [/^GET \/flows\/support\/versions$/, ({ world, query, ok }) => {
    const after = world.flows.versions.filter((version) => !query.has("cursor") || version.number < Number(query.get("cursor")));
    const items = after.slice(0, 2);
    return ok({ items, next: after.length > 2 ? String(items.at(-1).number) : null });
  }],
  [/^GET \/calendars$/, ({ world, ok }) => ok({ items: [{ name: "office", flow: null, now: world.flows.closure === undefined ? "open" : "emergency", closure: world.flows.closure ?? null }], next: null })],
  [/^PUT \/calendars\/office\/closure$/, ({ world, identity, body, ok, wrong }) => {
    if (!publishes(identity.role)) return wrong(403, "Your role does not allow this.");
    world.flows.closed = body;
    world.flows.closure = { since: ago(0), until: body.until, prompt: body.message?.prompt ?? null, words: body.message?.words ?? null, reason: body.reason, by: identity.login };
    return ok(world.flows.closure);
  }],
  [/^DELETE \/calendars\/office\/closure$/, ({ world, ok }) => {
    delete world.flows.closure;
    return ok(null);
  }],
  [/^GET \/flows\/support\/traffic$/, ({ world, query, ok }) => {
    world.flows.asked = Object.fromEntries(query);
    return ok(TRAFFIC);
  }],
  [/^POST \/flows\/support\/view$/, ({ ok }) => ok({ report: good, picture: null, outline: { title: "Fernhill Cycles", languages: ["en"], default_language: "en", prompts: [], blocks: ["start", "main", "person"].map((name) => ({ name, path: `/blocks/${name}`, line: 1, start: name === "start", steps: [] })) } })],
  [/^POST \/flows\/support\/(rollback|promote)$/, ({ world, identity, body, ok, wrong }, verb) => {
    if (!publishes(identity.role)) return wrong(403, "Your role does not allow this.");
    if (world.flows.refuses !== undefined) return wrong(409, world.flows.refuses);
    if (verb === "promote") world.flows.live = world.flows.canary.version;
    else if (body.to != null) world.flows.live = body.to;
    world.flows.canary = null;
    return ok(one(world).aliases[0]);
  }],
];
