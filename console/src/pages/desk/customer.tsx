// Who the customer is. A number is only a hint: until the agent confirms who it is, name and reason are all that is
// shown; then the timeline with past recordings.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get, part, post, put } from "../../api/client";
import type { Customer, InteractionSummary, Page } from "../../api/types";
import { me } from "../../live/client";
import { follow } from "../../router";
import { Icon } from "../../ui/icons";
import { moment } from "../../ui/time";
import { number, outcomeWords } from "../../words";
import { doing } from "./model";

/** What `GET /interactions/{id}/caller` says. */
interface CallerInfo {
  number: string | null;
  name: string | null;
  confirmed: boolean;
  customer: Customer | null;
  candidates: { id: string; name: string | null; company: string | null }[];
}

/** The record of a call that has just come in may take a moment; between looks, in milliseconds. */
const LOOK = 1000;
const LOOKS = 8;

export function CustomerPane(): JSX.Element {
  const state = me.value;
  const interaction = state?.call?.interaction ?? state?.wrap_up?.interaction ?? state?.offer?.interaction ?? null;
  if (interaction === null) {
    return (
      <div class="card">
        <h2>Customer</h2>
        <p class="empty">With a call, you see here who it is.</p>
      </div>
    );
  }
  return <About key={interaction} interaction={interaction} />;
}

function About({ interaction }: { interaction: string }): JSX.Element {
  const [info, setInfo] = useState<CallerInfo | null>(null);
  const [somebodyElse, setSomebodyElse] = useState(false);
  const ringing = me.value?.offer != null;
  const path = `/interactions/${part(interaction)}`;
  useEffect(() => {
    let left = LOOKS;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = (): void => {
      left -= 1;
      get<CallerInfo>(`${path}/caller`).then(setInfo, () => {
        if (left > 0) timer = setTimeout(look, LOOK);
      });
    };
    look();
    return () => clearTimeout(timer);
  }, [interaction, ringing]);

  const confirm = (id: string | null): void => {
    void doing(async () => {
      setInfo(await put<CallerInfo>(`${path}/customer`, { customer_id: id }));
      setSomebodyElse(id === null);
    });
  };
  const create = (name: string): void => {
    void doing(async () => {
      setInfo(await post<CallerInfo>(`${path}/customer`, { name }));
      setSomebodyElse(false);
    });
  };
  if (info?.confirmed === true && info.customer !== null) {
    return <Known customer={info.customer} current={interaction} onWrong={() => confirm(null)} />;
  }
  return (
    <Confirm
      interaction={interaction}
      candidates={somebodyElse ? [] : (info?.candidates ?? [])}
      number={info?.number ?? me.value?.call?.caller.number ?? me.value?.offer?.caller.number ?? null}
      loading={info === null}
      ringing={ringing}
      onConfirm={confirm}
      onCreate={create}
    />
  );
}

interface ConfirmProps {
  interaction: string;
  candidates: CallerInfo["candidates"];
  number: string | null;
  loading: boolean;
  ringing: boolean;
  onConfirm: (id: string | null) => void;
  onCreate: (name: string) => void;
}

function Confirm({ candidates, number: called, loading, ringing, onConfirm, onCreate }: ConfirmProps): JSX.Element {
  const [only] = candidates;
  return (
    <div class="card stack" id="customer">
      <h2>Customer</h2>
      {candidates.length === 1 && only !== undefined && (
        <div class="stack tight">
          <p>
            The number belongs to <strong>{only.name ?? only.company ?? "a customer without a name"}</strong>. Ask who you are
            talking to before you say anything about them.
          </p>
          <div class="row">
            <button type="button" class="primary" disabled={ringing} onClick={() => onConfirm(only.id)}>
              <Icon name="check" /> It is {only.name ?? "this customer"}
            </button>
            <button type="button" disabled={ringing} onClick={() => onConfirm(null)}>
              Somebody else
            </button>
          </div>
        </div>
      )}
      {candidates.length > 1 && (
        <div class="stack tight">
          <p>This number belongs to {candidates.length} customers. Ask who is calling.</p>
          <ul class="stack tight">
            {candidates.map((one) => (
              <li key={one.id} class="row between">
                <span>
                  <strong>{one.name ?? "No name"}</strong> <span class="soft">{one.company}</span>
                </span>
                <button type="button" class="small" disabled={ringing} onClick={() => onConfirm(one.id)}>
                  It is this one
                </button>
              </li>
            ))}
          </ul>
          <button type="button" disabled={ringing} onClick={() => onConfirm(null)}>
            None of them
          </button>
        </div>
      )}
      {candidates.length > 0 && ringing && <p class="soft small">You can confirm it once you talk.</p>}
      {candidates.length === 0 &&
        (loading ? (
          <p class="soft">Looking who has this number…</p>
        ) : (
          <NewCustomer called={called} disabled={ringing} onCreate={onCreate} />
        ))}
    </div>
  );
}

function NewCustomer({ called, disabled, onCreate }: { called: string | null; disabled: boolean; onCreate: (name: string) => void }): JSX.Element {
  const [name, setName] = useState("");
  const make = (event: Event): void => {
    event.preventDefault();
    onCreate(name.trim());
  };
  return (
    <form class="stack tight" onSubmit={make}>
      <p class="soft">{called === null ? "The number is withheld" : number(called)}: nobody is confirmed as the customer.</p>
      <label>
        Name of the new customer
        <input value={name} maxLength={200} autoComplete="off" onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <div class="row">
        <button type="submit" disabled={disabled || name.trim() === ""}>
          <Icon name="plus" /> Create customer
        </button>
      </div>
    </form>
  );
}

function Known({ customer, current, onWrong }: { customer: Customer; current: string; onWrong: () => void }): JSX.Element {
  const [past, setPast] = useState<InteractionSummary[] | null>(null);
  useEffect(() => {
    get<Page<InteractionSummary>>(`/customers/${part(customer.id)}/interactions?limit=20`).then(
      (page) => setPast(page.items.filter((one) => one.id !== current)),
      () => setPast([]),
    );
  }, [customer.id]);
  return (
    <div class="card stack" id="customer">
      <header class="row between">
        <h2>Customer</h2>
        <span class="chip good">
          <Icon name="check" /> Confirmed
        </span>
      </header>
      <div>
        <p class="who">{customer.name ?? customer.company ?? "No name"}</p>
        <p class="soft">{[customer.company, customer.tier, customer.language, customer.email].filter(Boolean).join(" · ")}</p>
        <p class="soft n">{customer.numbers.map(number).join(", ")}</p>
      </div>
      {customer.notes != null && customer.notes !== "" && <p class="notice">{customer.notes}</p>}
      <button type="button" class="quiet small start" onClick={onWrong}>
        This is wrong
      </button>
      <h3>Earlier calls</h3>
      {past === null && <p class="soft">Loading…</p>}
      <ul class="timeline">
        {(past ?? []).map((one) => {
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
        {past?.length === 0 && <li class="soft">No earlier call is to be seen.</li>}
      </ul>
    </div>
  );
}
