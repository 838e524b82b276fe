// Moments and durations as people read them, and one clock that ticks for every timer of the page.
import { signal } from "@preact/signals";

/** This machine's clock in milliseconds, each second. */
export const now = signal(Date.now());
setInterval(() => {
  now.value = Date.now();
}, 1000);

/** 0:42, 12:07, 1:02:03. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const s = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${s}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${s}`;
}

/** Seconds since a moment of the server; 0 for one in the future or none. */
export function since(moment: string | null | undefined, at: number = now.value): number {
  if (moment == null) return 0;
  const then = Date.parse(moment);
  return Number.isNaN(then) ? 0 : Math.max(0, (at - then) / 1000);
}

/** Seconds until a moment; negative when it is past. */
export function until(moment: string, at: number = now.value): number {
  return (Date.parse(moment) - at) / 1000;
}

/** "42 seconds", "1 minute 5 seconds": for sentences and screen readers. */
export function spoken(seconds: number): string {
  const whole = Math.round(Math.max(0, seconds));
  const minutes = Math.floor(whole / 60);
  const rest = whole % 60;
  const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? "" : "s"}`;
  if (minutes === 0) return count(rest, "second");
  if (rest === 0 || minutes >= 60) return count(minutes, "minute");
  return `${count(minutes, "minute")} ${count(rest, "second")}`;
}

const dayAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const hourAndMinute = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const timeOnly = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

export function moment(text: string | null | undefined): string {
  if (text == null) return "";
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? "" : dayAndTime.format(at);
}

const shortTime = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

/** The time alone when it is today, else the day too. */
export function momentSoon(text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return "";
  return at.toDateString() === new Date(now.value).toDateString() ? shortTime.format(at) : dayAndTime.format(at);
}

export function timeOfDay(text: string): string {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? "" : timeOnly.format(at);
}

/** 14:05, of milliseconds since 1970. */
export const hourOf = (at: number): string => hourAndMinute.format(at);
