// What an editor offers and marks in a flow file, with the schema that `cordboard flow schema` prints.
//
// Owns: a conversation with the real yaml-language-server over standard input and output.
// Must not know: how the schema is made.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const program = process.env.CORDBOARD ?? join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug", "cordboard");
const server = join(here, "node_modules", "yaml-language-server", "bin", "yaml-language-server");
const example = join(root, "ivr-flows", "examples", "fernhill");

// A slow machine is no failure.
const PATIENCE = 60_000;

/** One editor with the server. */
class Editor {
  #child;
  #waiting = new Map();
  #diagnostics = new Map();
  #rest = Buffer.alloc(0);
  #next = 1;
  #version = 1;

  constructor() {
    this.#child = spawn(process.execPath, [server, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
    this.#child.stdout.on("data", (bytes) => this.#read(bytes));
  }

  #read(bytes) {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const head = this.#rest.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = Number(/Content-Length: (\d+)/i.exec(this.#rest.toString("utf8", 0, head))[1]);
      if (this.#rest.length < head + 4 + length) return;
      const message = JSON.parse(this.#rest.toString("utf8", head + 4, head + 4 + length));
      this.#rest = this.#rest.subarray(head + 4 + length);
      this.#take(message);
    }
  }

  #take(message) {
    if (message.method === "textDocument/publishDiagnostics") {
      const told = this.#diagnostics.get(message.params.uri);
      told?.(message.params.diagnostics);
    } else if (message.method && message.id !== undefined) {
      const items = message.params?.items ?? [];
      const result = message.method === "workspace/configuration" ? items.map((item) => this.settings[item.section] ?? null) : null;
      this.#send({ id: message.id, result });
    } else if (message.id !== undefined) {
      this.#waiting.get(message.id)?.(message);
    }
  }

  #send(message) {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.#child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  tell(method, params) {
    this.#send({ method, params });
  }

  ask(method, params) {
    const id = this.#next++;
    this.#send({ id, method, params });
    return this.#within(`${method} was never answered`, (done) => {
      this.#waiting.set(id, (message) => {
        assert.equal(message.error, undefined);
        done(message.result);
      });
    });
  }

  #within(what, begin) {
    return new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new Error(what)), PATIENCE);
      begin((value) => {
        clearTimeout(timer);
        done(value);
      });
    });
  }

  async start(schema) {
    this.settings = {
      yaml: { schemas: { [schema]: "*.flow.yaml" }, completion: true, validate: true, hover: true, schemaStore: { enable: false } },
      "http": {},
      "[yaml]": { "editor.tabSize": 2 },
      editor: { detectIndentation: false },
      files: {},
    };
    await this.ask("initialize", {
      processId: process.pid,
      rootUri: null,
      capabilities: {
        workspace: { configuration: true },
        textDocument: { completion: { completionItem: { snippetSupport: true, documentationFormat: ["markdown"] } } },
      },
    });
    this.tell("initialized", {});
    this.tell("workspace/didChangeConfiguration", { settings: this.settings });
  }

  /** Opens a text and waits for what is marked in it. */
  async open(uri, text) {
    const marked = this.#within(`nothing was said about ${uri}`, (done) => this.#diagnostics.set(uri, done));
    this.tell("textDocument/didOpen", { textDocument: { uri, languageId: "yaml", version: this.#version++, text } });
    return marked;
  }

  /** What is offered where `|` stands. */
  async offered(name, text) {
    const uri = `file:///flows/${name}.flow.yaml`;
    const at = text.indexOf("|");
    const before = text.slice(0, at);
    const position = { line: before.split("\n").length - 1, character: at - (before.lastIndexOf("\n") + 1) };
    await this.open(uri, before + text.slice(at + 1));
    const found = await this.ask("textDocument/completion", { textDocument: { uri }, position });
    return (found.items ?? found).map((item) => item.label).sort();
  }

  async hover(name, text, word) {
    const uri = `file:///flows/${name}.flow.yaml`;
    const at = text.indexOf(word);
    const before = text.slice(0, at);
    await this.open(uri, text);
    const found = await this.ask("textDocument/hover", {
      textDocument: { uri },
      position: { line: before.split("\n").length - 1, character: at - (before.lastIndexOf("\n") + 1) + 1 },
    });
    return found.contents.value;
  }

  async marked(name, text) {
    const found = await this.open(`file:///flows/${name}.flow.yaml`, text);
    return found.map((one) => `${one.range.start.line + 1}:${one.range.start.character + 1} ${one.message}`);
  }

  end() {
    this.#child.kill();
  }
}

const HEAD = "flow: 1\nname: x\nblocks:\n  start:\n";
let folder;
let editor;
let schema;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "cordboard-editor-"));
  const file = join(folder, "flow.schema.json");
  const text = execFileSync(program, [
    "flow", "schema", "--company", join(example, "company.toml"), join(example, "flows", "support.flow.yaml"),
  ]);
  writeFileSync(file, text);
  schema = JSON.parse(text);
  editor = new Editor();
  await editor.start(pathToFileURL(file).href);
});

after(() => {
  editor?.end();
  rmSync(folder, { recursive: true, force: true });
});

/** The actions, as the reference lists them. */
function actions() {
  const step = schema.definitions.step;
  return Object.keys(step.properties).filter((key) => !step.properties[key].doNotSuggest).sort();
}

test("after a dash the actions are offered, all of them and nothing else", async () => {
  assert.ok(actions().length >= 15 && actions().includes("queue"));
  assert.deepEqual(await editor.offered("dash", `${HEAD}    - |\n`), actions());
});

test("beside an action stand when, id and note", async () => {
  const offered = await editor.offered("beside", `${HEAD}    - play: greeting\n      |\n`);
  for (const key of ["when", "id", "note"]) assert.ok(offered.includes(key), `${key} of ${offered}`);
});

test("under to: the company's queues are offered", async () => {
  const queues = await editor.offered("queues", `${HEAD}    - queue:\n        to: |\n`);
  assert.deepEqual(queues, schema.definitions.step.properties.queue.anyOf[0].enum.toSorted());
  assert.ok(queues.includes("support"));
});

test("prompts, waits and blocks of the flow are offered", async () => {
  assert.ok((await editor.offered("prompts", `${HEAD}    - play: |\n`)).includes("main-menu"));
  assert.ok((await editor.offered("waits", `${HEAD}    - queue:\n        use: |\n`)).includes("wait-for-agent"));
  const blocks = await editor.offered("blocks", `${HEAD}    - go: |\n`);
  assert.ok(blocks.includes("to-a-person") && blocks.includes("hangup"), String(blocks));
});

test("the exits of a step are offered, and no others", async () => {
  const exits = await editor.offered("exits", `${HEAD}    - hours:\n        check: workshop\n        exits:\n          |\n`);
  assert.deepEqual(exits, ["closed", "emergency", "error", "hangup", "holiday", "open"]);
});

test("a slip of the finger is marked with the right words", async () => {
  assert.deepEqual(await editor.marked("slip", `${HEAD}    - plya: greeting\n`), ["5:7 Property plya is not allowed."]);
});

test("a queue that the company does not have is marked, a new block is not", async () => {
  const marked = await editor.marked("unknown", `${HEAD}    - queue: { to: suport }\n    - go: just-written\n`);
  assert.equal(marked.length, 1, String(marked));
  assert.match(marked[0], /^5:20 .*support/);
});

test("the examples are marked nowhere", async () => {
  const { readFileSync } = await import("node:fs");
  for (const [folder, name] of [["fernhill", "support"], ["hello", "hello"]]) {
    const file = join(root, "ivr-flows", "examples", folder, "flows", `${name}.flow.yaml`);
    assert.deepEqual(await editor.marked(`whole-${name}`, readFileSync(file, "utf8")), []);
  }
});

test("an action tells what it does, with an example", async () => {
  const text = await editor.hover("hover", `${HEAD}    - queue: support\n`, "queue");
  assert.match(text, /Waits for an agent/);
  assert.match(text, /- queue: \{ to: support/);
});
