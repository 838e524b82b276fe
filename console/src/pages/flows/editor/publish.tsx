// Publishing: what is wrong, what the tests say, what changes, who is in the flow now, and then the one button.
import { diffLines } from "diff";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { part, post, put, words } from "../../../api/client";
import { announceNow } from "../../../ui/announce";
import { Refusal } from "../../../ui/refusal";
import type { Finding, Report } from "../shapes";
import { Difference } from "./difference";
import type { Editing } from "./model";

/** Lines around a change that are shown with it. */
const AROUND = 2;

export function PublishDialog({ editing, onClose }: { editing: Editing; onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [report, setReport] = useState<Report | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [comment, setComment] = useState("");
  const [reason, setReason] = useState("");
  const [share, setShare] = useState("100");
  const [later, setLater] = useState(false);
  const [at, setAt] = useState("");
  const busy = useRef(false);
  const flow = editing.flow.value;
  const live = editing.liveVersion;
  useEffect(() => {
    dialog.current?.showModal();
    void editing.refresh().catch(() => undefined);
    post<Report>(`/flows/${part(editing.name)}/check`, { text: editing.text.value, tests: editing.tests.value }).then(setReport, (error: unknown) => setProblem(words(error)));
  }, []);
  const errors = report?.findings.filter(({ level }) => level === "error") ?? [];
  const warnings = report?.findings.filter(({ level }) => level === "warning") ?? [];
  const failed = report?.tests?.failed ?? [];
  const good = report !== null && errors.length === 0 && failed.length === 0;
  const publish = async (): Promise<void> => {
    if (busy.current) return;
    if (warnings.length > 0 && reason.trim() === "") return setProblem("Say why the warnings are meant.");
    busy.current = true;
    try {
      if (!(await editing.settled())) throw new Error("The draft is not saved yet.");
      const body = { ...editing.draft, comment: comment.trim(), accept_warnings: warnings.length > 0 ? reason.trim() : null, canary: share === "100" ? null : Number(share) };
      if (later) {
        const time = new Date(at);
        if (Number.isNaN(time.getTime())) throw new Error("Choose the day and the time.");
        await put(`/flows/${part(editing.name)}/plan`, { ...body, at: time.toISOString() });
        announceNow("Planned. Nothing changes for callers before.");
        await editing.refresh();
      } else {
        await post(`/flows/${part(editing.name)}/publish`, body);
        announceNow("Published. The next call takes it.");
        await editing.published();
      }
      dialog.current?.close();
    } catch (error) {
      setProblem(words(error));
      // Somebody may have been first: what callers get now is said beside the draft.
      void editing.refresh().catch(() => undefined);
    }
    busy.current = false;
  };
  const calls = flow?.in_use.reduce((sum, used) => sum + used.calls, 0) ?? 0;
  return (
    <dialog ref={dialog} class="flow-dialog wide" aria-labelledby="publish" onClose={onClose}>
      <form
        class="stack"
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          void publish();
        }}
      >
        <h2 id="publish">Publish {flow?.title ?? editing.name}</h2>
        {report === null && problem === null && <p class="soft">Checking, and running the tests…</p>}
        <Findings findings={[...errors, ...warnings]} />
        {report !== null && <Tests report={report} />}
        <Changes name="What changes" before={flow?.text ?? ""} after={editing.text.value} same="The text is what callers get already." />
        {flow?.text != null && flow.text !== editing.text.value && <Difference name={editing.name} before={flow.text} after={editing.text.value} />}
        <Changes name="What changes in the tests" before={flow?.tests ?? ""} after={editing.tests.value ?? ""} same="The tests are as they were." />
        <p class="soft">
          {calls === 1 ? "1 call is" : `${calls} calls are`} in this flow now and will finish on the version they began with. Only new calls take the new one.
        </p>
        <label>
          What is different, for your colleagues
          <input value={comment} maxLength={500} onInput={(event) => setComment(event.currentTarget.value)} />
        </label>
        {warnings.length > 0 && (
          <label>
            Why the warnings are meant
            <input value={reason} maxLength={500} onInput={(event) => setReason(event.currentTarget.value)} />
          </label>
        )}
        {live !== null && (
          <label>
            Who gets it
            <select value={share} onChange={(event) => setShare(event.currentTarget.value)}>
              <option value="100">every new call</option>
              {[5, 10, 25, 50].map((percent) => (
                <option key={percent} value={String(percent)}>
                  {percent} % of new calls, on trial: it is taken back by itself when it does worse
                </option>
              ))}
            </select>
          </label>
        )}
        <div class="row">
          <label>
            When
            <select value={later ? "later" : "now"} onChange={(event) => setLater(event.currentTarget.value === "later")}>
              <option value="now">now</option>
              <option value="later">at a time</option>
            </select>
          </label>
          {later && (
            <label>
              Day and time, by your clock
              <input type="datetime-local" value={at} onInput={(event) => setAt(event.currentTarget.value)} />
            </label>
          )}
        </div>
        {later && <p class="small soft">The text as it stands now is published then, by the same checks. What you change afterwards is not in it.</p>}
        <Refusal words={problem} />
        <div class="row">
          <button type="submit" class="primary" disabled={!good}>
            {later ? "Plan" : "Publish"}
          </button>
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            Not yet
          </button>
          {report !== null && !good && <span class="small soft">What is wrong has to be put right first.</span>}
        </div>
      </form>
    </dialog>
  );
}

function Findings({ findings }: { findings: Finding[] }): JSX.Element | null {
  if (findings.length === 0) return null;
  return (
    <ul class="flow-findings">
      {findings.map((one) => (
        <li key={`${one.file}${one.line}${one.column}${one.code}`}>
          <span class={`chip ${one.level === "error" ? "bad" : "warn"}`}>{one.level === "error" ? "wrong" : "look"}</span> line {one.line}: {one.message}. <span class="soft">{one.help}</span>
        </li>
      ))}
    </ul>
  );
}

function Tests({ report }: { report: Report }): JSX.Element {
  const tests = report.tests;
  if (tests == null) return <p class="soft">No tests were run{report.findings.some(({ level }) => level === "error") ? ": the text is not right yet" : ""}.</p>;
  if (tests.failed.length === 0) return <p>{tests.count === 1 ? "1 test" : `All ${tests.count} tests`} passed.</p>;
  return (
    <div class="notice bad">
      <p>
        {tests.failed.length} of {tests.count} tests failed:
      </p>
      <ul>
        {tests.failed.map((test) => (
          <li key={test.name}>
            {test.name}
            <details>
              <summary>What the caller heard and did</summary>
              <pre>{JSON.stringify(test, null, 2)}</pre>
            </details>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What is new with +, what is gone with −: signs, not colours alone. */
function Changes({ name, before, after, same }: { name: string; before: string; after: string; same: string }): JSX.Element {
  const parts = diffLines(before, after);
  const lines: { sign: string; text: string }[] = [];
  parts.forEach((one, place) => {
    const own = one.value.replace(/\n$/, "").split("\n");
    if (one.added || one.removed) {
      for (const text of own) lines.push({ sign: one.added ? "+" : "−", text });
      return;
    }
    const head = place === 0 ? [] : own.slice(0, AROUND);
    const tail = place === parts.length - 1 ? [] : own.slice(Math.max(head.length, own.length - AROUND));
    for (const text of head) lines.push({ sign: " ", text });
    if (head.length + tail.length < own.length) lines.push({ sign: "⋯", text: "" });
    for (const text of tail) lines.push({ sign: " ", text });
  });
  if (!parts.some((one) => one.added || one.removed)) return <p class="soft">{same}</p>;
  return (
    <div class="flow-diff" tabIndex={0} role="region" aria-label={name}>
      {lines.map(({ sign, text }, place) => (
        <div key={place} class={sign === "+" ? "added" : sign === "−" ? "gone" : ""}>
          <span>{sign}</span>
          <code>{text}</code>
        </div>
      ))}
    </div>
  );
}
