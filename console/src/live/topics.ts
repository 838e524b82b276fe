// What the server pushes, applied: pure, without a socket. A snapshot replaces, a delta changes, the sequence number
// is kept for resuming. Lists are kept as maps by id, in the order of arrival.

export type Message = {
  topic: string;
  seq: number;
  snapshot?: unknown;
  delta?: unknown;
  error?: unknown;
};

export interface TopicState {
  seq: number | null;
  /** The object of a single topic, the items of a list; `null` before the first message. */
  value: unknown;
}

/** What names an item of a list. */
export type IdOf = (item: Record<string, unknown>) => string;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A message, or `null` for anything else that came over the socket. */
export function readMessage(text: string): Message | null {
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value) || typeof value.topic !== "string") return null;
    const seq = typeof value.seq === "number" ? value.seq : -1;
    return { ...value, topic: value.topic, seq };
  } catch {
    return null;
  }
}

/** The state after `message`; `null` when it cannot follow and a snapshot must be asked for. */
export function apply(state: TopicState, message: Message, idOf: IdOf | null): TopicState | null {
  if (message.snapshot !== undefined) {
    const list = isObject(message.snapshot) && Array.isArray(message.snapshot.items);
    const value = list ? (message.snapshot as { items: unknown[] }).items : message.snapshot;
    return { seq: message.seq, value };
  }
  if (message.delta === undefined) return state;
  if (state.seq !== null && message.seq <= state.seq) return state;
  if (idOf === null) return { seq: message.seq, value: message.delta };
  if (!Array.isArray(state.value) || !isObject(message.delta)) return null;
  return { seq: message.seq, value: changed(state.value, message.delta, idOf) };
}

function changed(items: unknown[], delta: Record<string, unknown>, idOf: IdOf): unknown[] {
  const upsert = (Array.isArray(delta.upsert) ? delta.upsert : []).filter(isObject);
  const removed = new Set(Array.isArray(delta.remove) ? delta.remove.map(String) : []);
  const fresh = new Map(upsert.map((item) => [idOf(item), item]));
  const kept = items
    .filter(isObject)
    .filter((item) => !removed.has(idOf(item)))
    .map((item) => {
      const id = idOf(item);
      const now = fresh.get(id);
      fresh.delete(id);
      return now ?? item;
    });
  return [...kept, ...fresh.values()];
}
