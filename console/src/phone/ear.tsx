// A small meter of what the other side says: one sees at a glance whether anybody is heard.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { meter } from "./sound";

/** Between looks, in milliseconds. */
const LOOK = 60;

export function Ear({ stream, name }: { stream: MediaStream | null; name: string }): JSX.Element | null {
  const bar = useRef<HTMLMeterElement>(null);
  useEffect(() => {
    if (stream === null) return;
    const level = meter(stream);
    let shown = 0;
    const timer = setInterval(() => {
      shown = Math.max(level(), shown * 0.94);
      if (bar.current !== null) bar.current.value = shown;
    }, LOOK);
    return () => clearInterval(timer);
  }, [stream]);
  return stream === null ? null : <meter ref={bar} class="ear" min={0} max={1} aria-label={name} title={name} />;
}
