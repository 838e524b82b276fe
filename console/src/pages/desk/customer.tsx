// Who the customer is. A number is only a hint: until the agent confirms who it is, name and reason are all that is
// shown; then the timeline with past recordings.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get, part, post, put } from "../../api/client";
import type { Customer, CustomerRef, InteractionRecord, InteractionSummary, Page, Party } from "../../api/types";
import { me } from "../../live/client";
import { follow } from "../../router";
import { Icon } from "../../ui/icons";
import { moment } from "../../ui/time";
import { number, outcomeWords } from "../../words";
import { doing } from "./model";

interface Subject {
  interaction: string;
  caller: Party;
  hint: CustomerRef | null;
  matches: number;
}

/** Customers that an agent confirmed in this tab, by interaction. */
const confirmed = new Map<string, string | null>();

function subject(): Subject | null {
  const state = me.value;
  const about = state?.call ?? state?.offer ?? null;
  if (about === null) return null;
  const matches = about.matches ?? (about.customer === null ? 0 : 1);
  return { interaction: about.interaction, caller: about.caller, hint: about.customer, matches };
}

export function CustomerPane(): JSX.Element {
  const wrapUp = me.value?.wrap_up ?? null;
  const about = subject();
  if (about !== null) return <Confirm key={about.interaction} about={about} talking={me.value?.call != null} />;
  if (wrapUp !== null) return <AfterTalk key={wrapUp.interaction} interaction={wrapUp.interaction} />;
  return (
    <div class="card">
      <h2>Customer</h2>
      <p class="empty">With a call, you see here who it is.</p>
    </div>
  );
}

function AfterTalk({ interaction }: { interaction: string }): JSX.Element {
  const [id, setId] = useState<string | null>(confirmed.get(interaction) ?? null);
  useEffect(() => {
    if (id !== null) return;
    get<InteractionRecord>(`/interactions/${part(interaction)}`).then(
      (record) => setId(record.customer_id ?? null),
      () => undefined,
    );
  }, [interaction]);
  return id === null ? (
    <div class="card">
      <h2>Customer</h2>
      <p class="empty">Nobody was confirmed as the customer of this call.</p>
    </div>
  ) : (
    <Known id={id} />
  );
}

function Confirm({ about, talking }: { about: Subject; talking: boolean }): JSX.Element {
  const [who, setWho] = useState<string | null | undefined>(confirmed.get(about.interaction));
  const [candidates, setCandidates] = useState<Customer[] | null>(null);
  useEffect(() => {
    if (about.caller.number === null || about.matches < 2) return;
    get<Page<Customer>>(`/customers?number=${part(about.caller.number)}`).then(
      (page) => setCandidates(page.items),
      () => setCandidates([]),
    );
  }, [about.interaction, about.matches]);
  const confirm = (id: string | null): void => {
    void doing(() => put(`/interactions/${part(about.interaction)}/customer`, { customer_id: id })).then((done) => {
      if (!done) return;
      confirmed.set(about.interaction, id);
      setWho(id);
    });
  };
  if (typeof who === "string") return <Known id={who} onWrong={() => setWho(undefined)} />;
  const several = about.matches > 1 ? (candidates ?? []) : [];
  return (
    <div class="card stack" id="customer">
      <h2>Customer</h2>
      {who === null && <p class="soft">You said that this customer is not known yet.</p>}
      {several.length === 0 && about.hint !== null && (
        <div class="stack tight">
          <p>
            The number belongs to <strong>{about.hint.name ?? "a customer without a name"}</strong>. Ask who you are talking
            to before you say anything about them.
          </p>
          <div class="row">
            <button type="button" class="primary" disabled={!talking} onClick={() => confirm(about.hint?.id ?? null)}>
              <Icon name="check" /> It is {about.hint.name ?? "this customer"}
            </button>
            <button type="button" disabled={!talking} onClick={() => confirm(null)}>
              Somebody else
            </button>
          </div>
          {!talking && <p class="soft small">You can confirm it once you talk.</p>}
        </div>
      )}
      {several.length > 0 && (
        <div class="stack tight">
          <p>This number belongs to {several.length} customers. Ask who is calling.</p>
          <ul class="stack tight">
            {several.map((one) => (
              <li key={one.id} class="row between">
                <span>
                  <strong>{one.name ?? "No name"}</strong> <span class="soft">{one.company}</span>
                </span>
                <button type="button" class="small" disabled={!talking} onClick={() => confirm(one.id)}>
                  It is this one
                </button>
              </li>
            ))}
          </ul>
          <button type="button" disabled={!talking} onClick={() => confirm(null)}>
            None of them
          </button>
        </div>
      )}
      {(who === null || (about.hint === null && several.length === 0)) && (
        <NewCustomer about={about} talking={talking} onMade={confirm} />
      )}
    </div>
  );
}

function NewCustomer({ about, talking, onMade }: { about: Subject; talking: boolean; onMade: (id: string) => void }): JSX.Element {
  const [name, setName] = useState(about.hint === null ? (about.caller.name ?? "") : "");
  const make = (event: Event): void => {
    event.preventDefault();
    const numbers = about.caller.number === null ? [] : [about.caller.number];
    void doing(async () => {
      const made = await post<Customer>("/customers", { name: name.trim(), numbers });
      onMade(made.id);
    });
  };
  return (
    <form class="stack tight" onSubmit={make}>
      <p class="soft">{number(about.caller.number)} is not in your records.</p>
      <label>
        Name of the new customer
        <input value={name} autoComplete="off" onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <div class="row">
        <button type="submit" disabled={!talking || name.trim() === ""}>
          <Icon name="plus" /> Create customer
        </button>
      </div>
    </form>
  );
}

function Known({ id, onWrong }: { id: string; onWrong?: () => void }): JSX.Element {
  const [customer, setCustomer] = useState<Customer | null>(null);
  const [past, setPast] = useState<InteractionSummary[] | null>(null);
  useEffect(() => {
    get<Customer>(`/customers/${part(id)}`).then(setCustomer, () => setCustomer(null));
    get<Page<InteractionSummary>>(`/customers/${part(id)}/interactions?limit=20`).then(
      (page) => setPast(page.items),
      () => setPast([]),
    );
  }, [id]);
  const current = me.value?.call?.interaction ?? me.value?.wrap_up?.interaction;
  return (
    <div class="card stack" id="customer">
      <header class="row between">
        <h2>Customer</h2>
        <span class="chip good">
          <Icon name="check" /> Confirmed
        </span>
      </header>
      <div>
        <p class="who">{customer?.name ?? "No name"}</p>
        <p class="soft">{[customer?.company, customer?.language, customer?.email].filter(Boolean).join(" · ")}</p>
        <p class="soft n">{customer?.numbers.map(number).join(", ")}</p>
      </div>
      {customer?.notes != null && customer.notes !== "" && <p class="notice">{customer.notes}</p>}
      {onWrong !== undefined && (
        <button type="button" class="quiet small start" onClick={onWrong}>
          This is wrong
        </button>
      )}
      <h3>Earlier calls</h3>
      {past === null && <p class="soft">Loading…</p>}
      <ul class="timeline">
        {(past ?? [])
          .filter((one) => one.id !== current)
          .map((one) => {
            const [word, tone] = outcomeWords(one.outcome ?? null);
            return (
              <li key={one.id}>
                <a href={`/calls/${one.id}`} onClick={follow}>
                  {moment(one.started_at)}
                </a>{" "}
                <span class="soft">{one.queue ?? "menu only"}</span> <span class={`chip ${tone}`}>{word}</span>
                {one.notes != null && one.notes !== "" && <p class="soft small">{one.notes}</p>}
              </li>
            );
          })}
        {past !== null && past.filter((one) => one.id !== current).length === 0 && <li class="soft">This is the first call.</li>}
      </ul>
    </div>
  );
}
