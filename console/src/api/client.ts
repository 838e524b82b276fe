// The HTTP API as the pages use it: one function, one kind of error, the session and its CSRF value.
// Owns: the session. Knows no page.
import { signal } from "@preact/signals";

/** What somebody may do; the server decides, the pages only hide what would be refused. */
export type Role = "admin" | "supervisor" | "agent" | "readonly" | "caller";

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

const UNREACHABLE = "The server does not answer. Check the network; this page tries again by itself.";

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

/**
 * Asks `/api/v1` + `path`. `T` is what the description of the API promises for it.
 * @throws Problem
 */
export async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const csrf = session.value?.csrf;
  if (method !== "GET" && csrf !== undefined) headers["X-CSRF-Token"] = csrf;
  const init: RequestInit = { method, headers, credentials: "same-origin", cache: "no-store" };
  if (body !== undefined) init.body = JSON.stringify(body);
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, init);
  } catch {
    throw new Problem(0, UNREACHABLE);
  }
  const answer = await bodyOf(response);
  if (response.ok) return answer as T;
  if (response.status === 401 && session.value != null && path !== "/session") sessionIsOver();
  throw new Problem(response.status, detailOf(response.status, answer));
}

export const get = <T>(path: string): Promise<T> => ask<T>("GET", path);
export const post = <T>(path: string, body: unknown = {}): Promise<T> => ask<T>("POST", path, body);
export const put = <T>(path: string, body: unknown = {}): Promise<T> => ask<T>("PUT", path, body);
export const patch = <T>(path: string, body: unknown): Promise<T> => ask<T>("PATCH", path, body);

/** Finds out who is signed in. A server that does not answer leaves the session unknown and is asked again. */
export async function loadSession(): Promise<void> {
  try {
    session.value = await get<Session>("/session");
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
