// Follow-up tasks: one's own list, and a new one for the call of the moment.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get, part, patch, post } from "../../api/client";
import type { Page } from "../../api/types";
import { me } from "../../live/client";
import { follow } from "../../router";
import { Icon } from "../../ui/icons";
import { moment } from "../../ui/time";
import { doing, ownAgent } from "./model";

interface Task {
  id: string;
  title: string;
  due_at: string | null;
  owner?: string | null;
  interaction_id?: string | null;
  done_at?: string | null;
}

/** Tomorrow at ten, in the form of an input for date and time. */
function tomorrow(): string {
  const at = new Date();
  at.setDate(at.getDate() + 1);
  at.setHours(10, 0, 0, 0);
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

export function Tasks(): JSX.Element {
  const [tasks, setTasks] = useState<Task[]>([]);
  const [adding, setAdding] = useState(false);
  const load = (): void => {
    get<Page<Task>>("/tasks?mine=true").then(
      (page) => setTasks(page.items.filter((task) => task.done_at == null)),
      () => setTasks([]),
    );
  };
  useEffect(load, []);
  const done = (task: Task): void => {
    void doing(() => patch(`/tasks/${part(task.id)}`, { done: true })).then(load);
  };
  return (
    <div class="card stack">
      <header class="row between">
        <h2>Follow-up tasks</h2>
        {!adding && (
          <button type="button" class="small" onClick={() => setAdding(true)}>
            <Icon name="plus" /> Task
          </button>
        )}
      </header>
      {adding && (
        <NewTask
          onClose={() => {
            setAdding(false);
            load();
          }}
        />
      )}
      <ul class="stack tight">
        {tasks.map((task) => {
          const late = task.due_at !== null && Date.parse(task.due_at) < Date.now();
          return (
            <li key={task.id} class="row between task">
              <span class="grow">
                {task.interaction_id == null ? task.title : (
                  <a href={`/calls/${task.interaction_id}`} onClick={follow}>
                    {task.title}
                  </a>
                )}
                <br />
                <span class={`small ${late ? "late" : "soft"}`}>
                  {late ? "Overdue: " : "Due "}
                  {moment(task.due_at)}
                </span>
              </span>
              <button type="button" class="small" onClick={() => done(task)} aria-label={`Done: ${task.title}`}>
                <Icon name="check" /> Done
              </button>
            </li>
          );
        })}
        {tasks.length === 0 && !adding && <li class="soft">Nothing to follow up.</li>}
      </ul>
    </div>
  );
}

function NewTask({ onClose }: { onClose: () => void }): JSX.Element {
  const [title, setTitle] = useState("");
  const [due, setDue] = useState(tomorrow());
  const [owner, setOwner] = useState(ownAgent.value?.login ?? "");
  const add = (event: Event): void => {
    event.preventDefault();
    const interaction = me.value?.call?.interaction ?? me.value?.wrap_up?.interaction ?? null;
    void doing(() =>
      post("/tasks", { title: title.trim(), due_at: new Date(due).toISOString(), owner, interaction_id: interaction }),
    ).then((made) => made && onClose());
  };
  return (
    <form class="stack tight" onSubmit={add}>
      <label>
        What is to be done
        <input required maxLength={200} value={title} onInput={(event) => setTitle(event.currentTarget.value)} />
      </label>
      <label>
        Due
        <input type="datetime-local" required value={due} onInput={(event) => setDue(event.currentTarget.value)} />
      </label>
      <label>
        Who does it
        <input required value={owner} onInput={(event) => setOwner(event.currentTarget.value)} />
      </label>
      <div class="row">
        <button type="submit" class="primary">
          Add
        </button>
        <button type="button" class="quiet" onClick={onClose}>
          Cancel
        </button>
      </div>
    </form>
  );
}
