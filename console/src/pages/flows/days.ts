// Days as people choose them, by the clock of their own browser. Knows no page.

export interface Days {
  /** The first day, `2026-01-31`. */
  from: string;
  /** The last day; it is whole. */
  to: string;
}

export function dayOf(at: Date): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** From so many days ago to so many days ago. */
export function daysBack(first: number, last: number): Days {
  const back = (days: number): string => {
    const at = new Date();
    at.setDate(at.getDate() - days);
    return dayOf(at);
  };
  return { from: back(first), to: back(last) };
}

/** What the server is asked for; `null` when these are no days. */
export function instants({ from, to }: Days): string | null {
  const [begins, ends] = [new Date(`${from}T00:00:00`), new Date(`${to}T00:00:00`)];
  if (Number.isNaN(begins.getTime()) || Number.isNaN(ends.getTime())) return null;
  ends.setDate(ends.getDate() + 1);
  return new URLSearchParams({ from: begins.toISOString(), to: ends.toISOString() }).toString();
}
