// The queues that an agent serves, at a glance. The live topic is for those who oversee the floor; an agent's own queues
// are asked for now and then.
import { signal } from "@preact/signals";
import { get } from "../../api/client";

export interface OwnQueue {
  name: string;
  waiting: number;
  oldest_since: string | null;
}

export const ownQueues = signal<OwnQueue[]>([]);

/** Between questions, in milliseconds. */
const PAUSE = 5000;

interface Answered {
  items: { name: string; waiting: { enqueued_at: string }[] }[];
}

async function read(): Promise<void> {
  const { items } = await get<Answered>("/queues?limit=500");
  ownQueues.value = items.map(({ name, waiting }) => ({
    name,
    waiting: waiting.length,
    oldest_since: waiting.map((one) => one.enqueued_at).sort()[0] ?? null,
  }));
}

/** Keeps them fresh until the returned function is called. */
export function watchOwnQueues(): () => void {
  const ask = (): void => {
    if (!document.hidden) void read().catch(() => undefined);
  };
  ask();
  const timer = setInterval(ask, PAUSE);
  return () => clearInterval(timer);
}
