// The versions of one flow: who published what, when and why, which one callers get, how a trial does, and the way back.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import "../../style/flows.css";
import { get, part, post, session, words } from "../../api/client";
import type { Page } from "../../api/types";
import { follow, path } from "../../router";
import { announce } from "../../ui/announce";
import { Confirm } from "../../ui/confirm";
import { Refusal } from "../../ui/refusal";
import { moment } from "../../ui/time";
import type { Flow, FlowVersion, Trial } from "./shapes";

/** How often it is read again, in milliseconds. */
const AGAIN = 10_000;

interface Shown {
  flow: Flow;
  versions: FlowVersion[];
  next: string | null;
}

const nameInPath = (): string => decodeURIComponent(path.value.split("/")[2] ?? "");

export default function Versions(): JSX.Element {
  const name = nameInPath();
  const [shown, setShown] = useState<Shown | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const load = (): void => {
    const below = `/flows/${part(name)}`;
    Promise.all([get<Flow>(below), get<Page<FlowVersion>>(`${below}/versions`)]).then(
      ([flow, page]) => {
        setShown((before) => merged(before, flow, page));
        setProblem(null);
      },
      (error: unknown) => setProblem(words(error)),
    );
  };
  useEffect(() => {
    setShown(null);
    load();
    const timer = setInterval(load, AGAIN);
    return () => clearInterval(timer);
  }, [name]);
  const act = async (verb: string, body: object, done: string): Promise<void> => {
    await post(`/flows/${part(name)}/${verb}`, body);
    announce(done);
    load();
  };
  return (
    <div class="stack">
      <p class="small">
        <a href="/flows" onClick={follow}>
          All flows
        </a>
      </p>
      <h1>{shown?.flow.title ?? name}</h1>
      <Refusal words={problem} />
      {shown === null && problem === null && <p class="empty">Loading…</p>}
      {shown !== null && <Now flow={shown.flow} act={act} />}
      {shown !== null && <History shown={shown} act={act} more={() => void more(name, shown, setShown, setProblem)} />}
    </div>
  );
}

/** What was read again replaces the newest versions; older ones that were asked for stay. */
function merged(before: Shown | null, flow: Flow, page: Page<FlowVersion>): Shown {
  const last = page.items.at(-1)?.number ?? 0;
  const older = before?.versions.filter((version) => version.number < last) ?? [];
  return { flow, versions: [...page.items, ...older], next: older.length > 0 ? (before?.next ?? null) : page.next };
}

async function more(name: string, shown: Shown, set: (shown: Shown) => void, fail: (words: string) => void): Promise<void> {
  try {
    const page = await get<Page<FlowVersion>>(`/flows/${part(name)}/versions?cursor=${part(shown.next ?? "")}`);
    set({ ...shown, versions: [...shown.versions, ...page.items], next: page.next });
  } catch (error) {
    fail(words(error));
  }
}

type Act = (verb: string, body: object, done: string) => Promise<void>;

/** The server refuses others; this only hides what would be refused. */
const mayPublish = (): boolean => ["admin", "supervisor", "publisher"].includes(session.value?.user.role ?? "");

function Now({ flow, act }: { flow: Flow; act: Act }): JSX.Element {
  const live = flow.aliases.find((alias) => alias.alias === "live");
  const calls = flow.in_use.reduce((sum, used) => sum + used.calls, 0);
  return (
    <section class="card stack" aria-label="What callers get now">
      {flow.master === "files" && <p>{flow.edited}</p>}
      {live === undefined && flow.master === "database" && <p>Never published: no call takes it.</p>}
      {live !== undefined && (
        <p>
          New calls take <b>version {live.version}</b>, since {moment(live.moved_at)}, by {live.moved_by}.
        </p>
      )}
      <p class="soft">
        {calls === 1 ? "1 call is" : `${calls} calls are`} in this flow now
        {flow.in_use.length > 1 && `: ${flow.in_use.map((used) => `${used.calls} on ${used.version == null ? "a file" : `version ${used.version}`}`).join(", ")}`}.
        Calls finish on the version they began with.
      </p>
      {flow.draft != null && (
        <p>
          <span class="chip accent">draft</span> {flow.draft.author} saved changes {moment(flow.draft.saved_at)} that callers do not hear yet.
        </p>
      )}
      {flow.trial != null && <OnTrial trial={flow.trial} percent={live?.canary?.percent ?? 0} act={act} />}
    </section>
  );
}

const VERDICTS: Record<string, string> = {
  too_few: "Too few calls yet to say how it does.",
  goes: "It does no worse than the version beside it.",
  return: "It does worse: it is about to be taken back.",
};

const percent = (share: number | null | undefined): string => (share == null ? "no calls" : `${(share * 100).toFixed(1)} %`);

function OnTrial({ trial, percent: of, act }: { trial: Trial; percent: number; act: Act }): JSX.Element {
  return (
    <div class="stack tight">
      <p>
        <b>Version {trial.trial.version}</b> is on trial with {of} % of new calls. {VERDICTS[trial.verdict] ?? ""}
      </p>
      <div class="scroll-x" tabIndex={0} role="region" aria-label="How the two versions do">
        <table>
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col" class="n">
                Calls that ended
              </th>
              <th scope="col" class="n">
                Met trouble
              </th>
              <th scope="col" class="n">
                Hung up in it
              </th>
            </tr>
          </thead>
          <tbody>
            {[trial.trial, trial.other].map((one) => (
              <tr key={one.version}>
                <th scope="row">
                  {one.version} {one === trial.trial ? "(on trial)" : "(before)"}
                </th>
                <td class="n">{one.calls}</td>
                <td class="n">{percent(one.error_share)}</td>
                <td class="n">{percent(one.drop_share)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {mayPublish() && (
        <div class="row">
          <Confirm
            label={`Let all new calls take version ${trial.trial.version}`}
            ask="The trial ends. Calls that are on go on as they are."
            act={() => act("promote", {}, `Version ${trial.trial.version} is what callers get now.`)}
          />
          <Confirm
            label="End the trial"
            ask={`New calls take version ${trial.other.version} only. Calls that are on go on as they are.`}
            act={() => act("rollback", {}, `Version ${trial.other.version} is what callers get now.`)}
          />
        </div>
      )}
    </div>
  );
}

function History({ shown, act, more }: { shown: Shown; act: Act; more: () => void }): JSX.Element | null {
  const { flow, versions } = shown;
  if (flow.master === "files" || versions.length === 0) return null;
  const live = flow.aliases.find((alias) => alias.alias === "live");
  return (
    <section class="card stack" aria-labelledby="history">
      <h2 id="history">History</h2>
      <ol class="versions">
        {versions.map((version) => (
          <li key={version.number}>
            <div class="grow">
              <p>
                <b>Version {version.number}</b>{" "}
                {flow.aliases
                  .filter((alias) => alias.version === version.number)
                  .map((alias) => (
                    <span key={alias.alias} class="chip good">
                      {alias.alias}
                    </span>
                  ))}
                {live?.canary?.version === version.number && <span class="chip accent">on trial</span>}
              </p>
              <p>{version.comment === "" ? <span class="soft">No comment</span> : version.comment}</p>
              <p class="small soft">
                {moment(version.made_at)}, by {version.author}
                {version.base != null && `, made from version ${version.base}`}
              </p>
              {version.accepted != null && <p class="small">Published with warnings: {version.accepted}</p>}
            </div>
            {mayPublish() && live !== undefined && live.version !== version.number && live.canary?.version !== version.number && (
              <Confirm
                label={`Go back to version ${version.number}`}
                ask={`New calls take version ${version.number} at once. Calls that are on go on as they are.`}
                act={() => act("rollback", { to: version.number }, `Version ${version.number} is what callers get now.`)}
              />
            )}
          </li>
        ))}
      </ol>
      {shown.next !== null && (
        <div class="row">
          <button type="button" onClick={more}>
            Show older versions
          </button>
        </div>
      )}
    </section>
  );
}
