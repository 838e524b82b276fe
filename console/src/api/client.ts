// The HTTP API as the pages use it: one function, one kind of error, the session and its CSRF value.
// Owns: the session. Knows no page.
import { signal } from "@preact/signals";

/** What somebody may do; the server decides, the pages only hide what would be refused. */
export type Role = "admin" | "supervisor" | "agent" | "readonly" | "author" | "publisher" | "caller";

export interface OwnAgent {
  login: string;
  name: string;
  extension: string;
}

export interface Session {
  user: { login: string; name: string; role: Role; agent: OwnAgent | null };
  csrf: string;
  expires_at: string;
}

/** `undefined` until it was asked for, `null` when nobody is signed in. */
export const session = signal<Session | null | undefined>(undefined);

/** The session ended under somebody's hands: the sign-in page says so and leads back. */
export const expired = signal(false);

/** What the server said was wrong (RFC 9457), or that it could not be reached: `status` 0. */
export class Problem extends Error {
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.name = "Problem";
    this.status = status;
  }
}

/** The session ended elsewhere or by its age. */
export function sessionIsOver(): void {
  expired.value = true;
  session.value = null;
}

/** How long an answer may take, in milliseconds: a path that is gone looks like one that is slow, and nobody waits for ever. */
const PATIENCE = 10_000;
/** So many connections to one server a browser keeps for the next request, and how long one may take to prove that it leads there. */
const KEPT = 6;
const PROOF = 1500;
const UNREACHABLE = "The server does not answer. Check the network, then try again.";

/** Waits before what only reads is asked for again when no answer came, in milliseconds. */
const AGAIN = [1000, 2000, 4000, 8000];

function detailOf(status: number, body: unknown): string {
  if (typeof body === "object" && body !== null) {
    const { detail, title } = body as { detail?: unknown; title?: unknown };
    if (typeof detail === "string" && detail !== "") return detail;
    if (typeof title === "string" && title !== "") return title;
  }
  return `The server answered with ${status}.`;
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === "") return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** What waits for an answer. */
const waiting = new Set<AbortController>();
const LOST = "the way was lost";

/**
 * The way to the server was lost and another is looked for: what waits for an answer would wait in vain. Connections that
 * the browser keeps lead nowhere either and each would swallow a request, so each is given one that nobody misses.
 */
export function pathLost(): void {
  for (const one of waiting) one.abort(LOST);
  for (let n = 0; n < KEPT; n += 1) {
    void fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(PROOF) }).catch(() => undefined);
  }
}

/** One request and what came back. What only reads is asked once more when its way was lost. */
async function answered(url: string, init: RequestInit, again = init.method === "GET", read: (response: Response) => Promise<unknown> = bodyOf): Promise<[Response, unknown]> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE);
  waiting.add(patience);
  try {
    const response = await fetch(url, { ...init, signal: patience.signal });
    return [response, await (response.ok ? read(response) : bodyOf(response))];
  } catch {
    if (!again || patience.signal.reason !== LOST) throw new Problem(0, UNREACHABLE);
  } finally {
    clearTimeout(timer);
    waiting.delete(patience);
  }
  return answered(url, init, false, read);
}

/**
 * Asks `/api/v1` + `path`. `T` is what the description of the API promises for it.
 * @throws Problem
 */
export async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  return sent(method, path, body === undefined ? null : { kind: "application/json", bytes: JSON.stringify(body) });
}

/** Sends a file as it is. */
export const upload = <T>(path: string, bytes: Blob): Promise<T> => sent("PUT", path, { kind: "application/octet-stream", bytes });

/** Asks for a file. */
export const listen = (path: string, body: unknown): Promise<Blob> => sent("POST", path, { kind: "application/json", bytes: JSON.stringify(body) }, (response) => response.blob());

async function sent<T>(method: string, path: string, body: { kind: string; bytes: string | Blob } | null, read?: (response: Response) => Promise<unknown>): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== null) headers["Content-Type"] = body.kind;
  const csrf = session.value?.csrf;
  if (method !== "GET" && csrf !== undefined) headers["X-CSRF-Token"] = csrf;
  const init: RequestInit = { method, headers, credentials: "same-origin", cache: "no-store" };
  if (body !== null) init.body = body.bytes;
  const [response, answer] = await answered(`/api/v1${path}`, init, undefined, read);
  if (response.ok) return answer as T;
  if (response.status === 401 && session.value != null && path !== "/session") sessionIsOver();
  throw new Problem(response.status, detailOf(response.status, answer));
}

/**
 * Reads. A server that does not answer for a moment is asked again before anybody is told.
 * @throws Problem
 */
export async function get<T>(path: string): Promise<T> {
  for (const wait of AGAIN) {
    try {
      return await ask<T>("GET", path);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 0) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  return ask<T>("GET", path);
}

export const post = <T>(path: string, body: unknown = {}): Promise<T> => ask<T>("POST", path, body);
export const put = <T>(path: string, body: unknown = {}): Promise<T> => ask<T>("PUT", path, body);
export const patch = <T>(path: string, body: unknown): Promise<T> => ask<T>("PATCH", path, body);

/** Finds out who is signed in. A server that does not answer leaves the session unknown and is asked again. */
export async function loadSession(): Promise<void> {
  try {
    session.value = await ask<Session>("GET", "/session");
  } catch (error) {
    if (error instanceof Problem && error.status === 0) {
      setTimeout(() => void loadSession(), 2000);
      return;
    }
    session.value = null;
  }
}

/** @throws Problem with words for the person who typed. */
export async function signIn(login: string, password: string): Promise<void> {
  try {
    session.value = await post<Session>("/session", { login, password });
    expired.value = false;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) {
      throw new Problem(401, "This log-in name and password do not belong together.");
    }
    throw error;
  }
}

export async function signOut(): Promise<void> {
  try {
    await ask("DELETE", "/session");
  } finally {
    session.value = null;
  }
}

/** A part of a path made of foreign text. */
export const part = (text: string): string => encodeURIComponent(text);

/** What to show for anything that was thrown. */
export function words(error: unknown): string {
  return error instanceof Error ? error.message : "Something went wrong.";
}
