// A certificate whose end is near: for those who can have it renewed.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get, session } from "../../api/client";
import type { Certificate, Page } from "../../api/types";
import { connection } from "../../live/client";
import { Icon } from "../../ui/icons";
import { now } from "../../ui/time";

const SHOWN: Record<string, string> = { http: "these pages and of browsers' phones", sip: "SIP phones and carriers" };

export function Certificates(): JSX.Element | null {
  const [list, setList] = useState<Certificate[]>([]);
  const may = ["admin", "supervisor"].includes(session.value?.user.role ?? "");
  const hour = Math.floor(now.value / 3_600_000);
  const open = connection.value === "open";
  useEffect(() => {
    if (!may) return;
    get<Page<Certificate>>("/certificates").then(
      ({ items }) => setList(items.filter(({ state }) => state !== "far")),
      // What was there stays; it is asked again within the hour.
      () => undefined,
    );
  }, [may, hour, open]);
  return (
    <>
      {list.map(({ shown, state, words, help }) => (
        <p key={shown} class={`notice ${state === "near" ? "warn" : "bad"}`} role="status">
          <Icon name="warn" /> The certificate of {SHOWN[shown] ?? shown} {words}: {help}.
        </p>
      ))}
    </>
  );
}
