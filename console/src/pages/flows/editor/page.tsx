// The editor of one flow: outline, picture, form and text of one and the same text, which is saved as it is typed.
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import "../../../style/flows.css";
import "../../../style/flow_editor.css";
import { ask, part, session, words } from "../../../api/client";
import { follow, path } from "../../../router";
import { Confirm } from "../../../ui/confirm";
import { Refusal } from "../../../ui/refusal";
import { moment } from "../../../ui/time";
import type { Finding } from "../shapes";
import { FormPane } from "./form";
import { Editing } from "./model";
import { OutlineTree } from "./outline";
import { DownloadPatch } from "./patch";
import { PicturePane } from "./picture";
import { PromptsPane } from "./prompts";
import { PublishDialog } from "./publish";
import { readSchema, type Schema } from "./schema";
import { SourcePane } from "./source";
import { DraftCall } from "./draft_call";
import { TryPane } from "./try_it";

const nameInPath = (): string => decodeURIComponent(path.value.split("/")[2] ?? "");

export default function EditorPage(): JSX.Element {
  const name = nameInPath();
  const editing = useMemo(() => new Editing(name), [name]);
  const [schema, setSchema] = useState<Schema | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    editing.load().catch((error: unknown) => setProblem(words(error)));
    void readSchema().then(setSchema);
    const leaves = (): void => editing.leave();
    addEventListener("pagehide", leaves);
    return () => {
      removeEventListener("pagehide", leaves);
      editing.leave();
    };
  }, [editing]);
  if (problem !== null) return <Refusal words={problem} />;
  if (editing.flow.value === null) return <p class="empty">Loading…</p>;
  return <Editor editing={editing} schema={schema} />;
}

function Editor({ editing, schema }: { editing: Editing; schema: Schema | null }): JSX.Element {
  const form = useRef<HTMLElement>(null);
  const [pane, setPane] = useState<Pane>("form");
  const call = useMemo(() => new DraftCall(editing.name), [editing]);
  useEffect(() => () => call.stop(), [call]);
  const open = (): void => {
    setPane("form");
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("input:not(:disabled), select:not(:disabled), textarea:not(:disabled), button:not(:disabled)")?.focus());
  };
  const keys = (event: KeyboardEvent): void => {
    if (!(event.ctrlKey || event.metaKey) || (event.target as HTMLElement).closest("input, textarea, .flow-source") !== null) return;
    if (event.key === "z" && !event.shiftKey) editing.undo();
    else if (event.key === "y" || (event.key === "z" && event.shiftKey) || event.key === "Z") editing.redo();
    else return;
    event.preventDefault();
  };
  return (
    <div class="flow-editor" onKeyDown={keys}>
      <Bar editing={editing} />
      <Notices editing={editing} />
      <div class="flow-panes">
        <section class="card flow-outline" aria-label="Outline">
          <OutlineTree editing={editing} onOpen={open} />
        </section>
        <section class="card flow-drawing" aria-label="Picture">
          <PicturePane editing={editing} />
        </section>
        <section class="card flow-side" ref={form} aria-label="Form and text">
          <Tabs pane={pane} set={setPane} editing={editing} />
          <div hidden={pane !== "form"} class="flow-form">
            <FormPane editing={editing} schema={schema} />
          </div>
          <div hidden={pane !== "text"} class="flow-text">
            <SourcePane editing={editing} />
          </div>
          {pane === "prompts" && (
            <div class="flow-form">
              <PromptsPane editing={editing} />
            </div>
          )}
          {pane === "try" && (
            <div class="flow-form">
              <TryPane editing={editing} call={call} />
            </div>
          )}
          <div hidden={pane !== "tests"} class="flow-text">
            <textarea aria-label="Tests of the flow" spellcheck={false} value={editing.tests.value ?? ""} readOnly={!editing.writes} onInput={(event) => editing.typeTests(event.currentTarget.value)} />
          </div>
        </section>
      </div>
      <FindingList
        editing={editing}
        show={(finding) => {
          const tests = finding.file.endsWith(".test.yaml");
          setPane(tests ? "tests" : "text");
          if (!tests) requestAnimationFrame(() => (editing.line.value = finding.line));
        }}
      />
    </div>
  );
}

type Pane = "form" | "text" | "prompts" | "try" | "tests";

const PANES: [Pane, string][] = [
  ["form", "Form"],
  ["text", "Text"],
  ["prompts", "Prompts"],
  ["try", "Try it"],
  ["tests", "Tests"],
];

function Tabs({ pane, set, editing }: { pane: Pane; set: (pane: Pane) => void; editing: Editing }): JSX.Element {
  const errors = editing.report.value?.findings.filter(({ level }) => level === "error").length ?? 0;
  return (
    <div class="row" role="group" aria-label="Form, text, prompts, trial or tests">
      {PANES.map(([value, word]) => (
        <button key={value} type="button" class="small" aria-pressed={pane === value} onClick={() => set(value)}>
          {word}
          {value === "text" && errors > 0 && <span class="chip bad">{errors}</span>}
        </button>
      ))}
    </div>
  );
}

const SAVED: Record<string, string> = {
  saved: "Draft saved",
  typing: "Changes are saved in a moment…",
  saving: "Saving…",
  away: "Not saved: the server does not answer. Your text is kept in this browser.",
  conflict: "Not saved: somebody saved another draft",
  here: "Kept in this browser",
};

function Bar({ editing }: { editing: Editing }): JSX.Element {
  const [publishing, setPublishing] = useState(false);
  const flow = editing.flow.value;
  const role = session.value?.user.role ?? "readonly";
  const live = editing.liveVersion;
  const before = editing.inFiles ? editing.began.value : { text: flow?.text ?? "", tests: flow?.tests ?? null };
  const changed = editing.text.value !== before.text || editing.tests.value !== before.tests;
  return (
    <div class="row between">
      <div>
        <p class="small">
          <a href="/flows" onClick={follow}>
            All flows
          </a>{" "}
          · <a href={`/flows/${part(editing.name)}/versions`} onClick={follow}>Versions</a> · <a href={`/flows/${part(editing.name)}/traffic`} onClick={follow}>What callers do</a>
        </p>
        <h1>{editing.good.value?.outline?.title ?? flow?.title ?? editing.name}</h1>
        <p class="small soft" role="status">
          {editing.inFiles ? "Callers get what is in the files" : live === null ? "Never published" : `Callers get version ${live}`}
          {editing.writes && (changed ? ` · ${SAVED[editing.saving.value] ?? ""}` : " · no changes")}
        </p>
      </div>
      {editing.writes && (
        <div class="row">
          <button type="button" disabled={!editing.canUndo.value} onClick={() => editing.undo()}>
            Undo
          </button>
          <button type="button" disabled={!editing.canRedo.value} onClick={() => editing.redo()}>
            Redo
          </button>
          {(flow?.draft != null || (changed && ["saved", "here"].includes(editing.saving.value))) && (
            <Confirm label="Throw the draft away" ask="What callers get stands here again. Your changes are gone." act={() => editing.discard()} />
          )}
          {editing.inFiles && <DownloadPatch editing={editing} />}
          {role !== "author" && !editing.inFiles && (
            <button type="button" class="primary" disabled={!changed || editing.moved} onClick={() => setPublishing(true)}>
              Publish…
            </button>
          )}
        </div>
      )}
      {publishing && <PublishDialog editing={editing} onClose={() => setPublishing(false)} />}
    </div>
  );
}

function Notices({ editing }: { editing: Editing }): JSX.Element {
  const theirs = editing.theirs.value;
  return (
    <>
      <Plan editing={editing} />
      {editing.inFiles && (
        <p class="notice">
          {editing.flow.value?.edited}
          {editing.writes && " What you change here stays in this browser: try it, then download it as a patch for whoever keeps the files."}
        </p>
      )}
      {editing.writes && editing.filesMoved && (
        <p class="notice warn" role="alert">
          The files have changed since you began. Your change, and the patch, are made from what they were; throw the draft away to begin with what they are.
        </p>
      )}
      {editing.saving.value === "conflict" && (
        <div class="notice warn stack tight" role="alert">
          <p>{theirs === null ? "Somebody published or threw away the draft while you were changing it." : `${theirs.author} saved a newer draft, ${moment(theirs.saved_at)}. Yours stands here and is not saved.`}</p>
          <div class="row">
            <button type="button" onClick={() => void editing.takeTheirs()}>
              Take theirs (Undo brings mine back)
            </button>
            <button type="button" onClick={() => editing.keepMine()}>
              Save mine in its place
            </button>
          </div>
        </div>
      )}
      {editing.writes && editing.moved && editing.base.value !== null && (
        <div class="notice warn stack tight">
          <p>
            This draft was made from version {editing.base.value}; callers now get version {editing.liveVersion}. What came in between is not in it.
          </p>
          <div class="row">
            <button type="button" onClick={() => editing.goOnFromLive()}>
              I have looked: it takes the place of version {editing.liveVersion}
            </button>
          </div>
        </div>
      )}
      <Refusal words={editing.problem.value} />
    </>
  );
}

/** What is to be published at a time, or was refused then. */
function Plan({ editing }: { editing: Editing }): JSX.Element | null {
  const plan = editing.flow.value?.plan ?? null;
  if (plan === null || editing.inFiles) return null;
  const callOff = async (): Promise<void> => {
    await ask("DELETE", `/flows/${part(editing.name)}/plan`);
    await editing.refresh();
  };
  const share = plan.canary == null ? "" : ` for ${plan.canary} % of new calls`;
  const mayPublish = editing.writes && session.value?.user.role !== "author";
  return (
    <div class={`notice ${plan.refused == null ? "" : "warn"}`} role="status">
      <p>
        {plan.refused == null
          ? `${plan.by} has planned a publish${share}: ${moment(plan.at)}.`
          : `What ${plan.by} planned for ${moment(plan.at)} was not published, and callers get what they got before: ${plan.refused}`}
        {plan.comment !== "" && ` “${plan.comment}”`}
      </p>
      {mayPublish && <Confirm label={plan.refused == null ? "Call it off" : "Take this away"} ask="Nothing is published then. The draft stays as it is." act={callOff} />}
    </div>
  );
}

function FindingList({ editing, show }: { editing: Editing; show: (finding: Finding) => void }): JSX.Element {
  const findings = editing.report.value?.findings.filter(({ level }) => level !== "info") ?? [];
  const shown = findings.slice(0, 50);
  return (
    <section class="card stack tight" aria-label="Findings">
      {findings.length === 0 && <p class="small soft">Nothing is wrong.</p>}
      {shown.length > 0 && (
        <ul class="flow-findings">
          {shown.map((one) => (
            <li key={`${one.file}${one.line}:${one.column}${one.code}${one.message}`}>
              <span class={`chip ${one.level === "error" ? "bad" : "warn"}`}>{one.level === "error" ? "wrong" : "look"}</span>{" "}
              <button type="button" class="link" onClick={() => show(one)}>
                line {one.line}
              </button>
              : {one.message}. <span class="soft">{one.help}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
