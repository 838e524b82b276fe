// The page begins here: theme, session, then the page of the path. Pages load when they are first shown.
import { render, type ComponentType, type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { loadSession, session, type Role } from "./api/client";
import { go, path, query } from "./router";
import { Shell } from "./shell";
import { SignIn } from "./pages/signin";
import "./ui/theme";

interface PageOf {
  load: () => Promise<{ default: ComponentType }>;
  title: string;
  roles: Role[];
  bare?: boolean;
}

const OVERSEERS: Role[] = ["supervisor", "admin", "readonly"];
const OF_FLOWS: Role[] = [...OVERSEERS, "author", "publisher"];

const PAGES: [RegExp, PageOf][] = [
  [/^\/desk$/, { load: () => import("./pages/desk/desk"), title: "Desk", roles: ["agent", "supervisor", "admin"] }],
  [/^\/floor$/, { load: () => import("./pages/floor/floor"), title: "Floor", roles: OVERSEERS }],
  [/^\/calls$/, { load: () => import("./pages/calls/list"), title: "Calls", roles: [...OVERSEERS, "agent"] }],
  [/^\/calls\/[^/]+$/, { load: () => import("./pages/calls/one"), title: "Call", roles: [...OVERSEERS, "agent", "caller"] }],
  [/^\/flows$/, { load: () => import("./pages/flows/list"), title: "Flows", roles: OF_FLOWS }],
  [/^\/flows\/[^/]+$/, { load: () => import("./pages/flows/editor/page"), title: "Flow", roles: OF_FLOWS }],
  [/^\/flows\/[^/]+\/traffic$/, { load: () => import("./pages/flows/traffic"), title: "What callers do", roles: OF_FLOWS }],
  [/^\/flows\/[^/]+\/versions$/, { load: () => import("./pages/flows/versions"), title: "Versions", roles: OF_FLOWS }],
  [/^\/call$/, { load: () => import("./pages/caller/caller"), title: "Call Fernhill", roles: ["caller", ...OVERSEERS, "agent"], bare: true }],
];

/** Where somebody of a role begins. */
export function home(role: Role): string {
  if (role === "agent") return "/desk";
  if (role === "author" || role === "publisher") return "/flows";
  return role === "caller" ? "/call" : "/floor";
}

function pageOf(at: string): PageOf | undefined {
  return PAGES.find(([pattern]) => pattern.test(at))?.[1];
}

/** Only paths of ours: a link must not lead people to another site after they sign in. */
export function backTo(text: string | null): string | null {
  return text !== null && /^\/[a-z][a-z0-9/_-]*(\?[^#]*)?$/i.test(text) ? text : null;
}

function App(): JSX.Element | null {
  const who = session.value;
  const at = path.value;
  const page = pageOf(at);
  useEffect(() => {
    if (who === undefined) return;
    if (who === null && at !== "/signin") {
      go(`/signin?to=${encodeURIComponent(at + location.search)}`, true);
    } else if (who !== null && (at === "/signin" || page === undefined)) {
      go(backTo(query.value.get("to")) ?? home(who.user.role), true);
    }
  }, [who, at, page]);
  if (who === undefined) return <p class="empty">Connecting…</p>;
  if (who === null) return <SignIn />;
  if (page === undefined) return null;
  if (!page.roles.includes(who.user.role)) {
    return (
      <Shell bare={who.user.role === "caller"}>
        <p class="notice warn">Your role does not include this page.</p>
      </Shell>
    );
  }
  return (
    <Shell bare={page.bare === true || who.user.role === "caller"}>
      <Loaded key={at.split("/")[1]} page={page} />
    </Shell>
  );
}

const RELOADED = "cordboard.reloaded";
/** A page that is loaded anew does not help more often than so, in milliseconds. */
const ONCE_IN = 60_000;

/**
 * Loads the whole page anew: there are browsers that keep a part that failed for as long as the page lives, and a server
 * that was updated has other parts. False: it was done a moment ago, or somebody would be asked before leaving (a call is on).
 */
function anew(): boolean {
  try {
    const stays = !dispatchEvent(new Event("beforeunload", { cancelable: true }));
    const last = Number(sessionStorage.getItem(RELOADED) ?? 0);
    if (stays || Date.now() - last < ONCE_IN) return false;
    sessionStorage.setItem(RELOADED, String(Date.now()));
  } catch {
    return false;
  }
  location.reload();
  return true;
}

/** A page's own part; one that did not come is asked for again, the last time after so many milliseconds. */
async function loaded(page: PageOf): Promise<ComponentType> {
  for (const wait of [500, 2000]) {
    try {
      return (await page.load()).default;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
  return (await page.load()).default;
}

function Loaded({ page }: { page: PageOf }): JSX.Element {
  const [Content, setContent] = useState<ComponentType | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    document.title = `${page.title} · Cordboard`;
    setContent(null);
    loaded(page).then(
      (Part) => setContent(() => Part),
      () => setFailed(!anew()),
    );
  }, [page]);
  if (failed) return <p class="notice bad">This page could not be loaded. The server may have been updated: reload.</p>;
  return Content === null ? <p class="empty">Loading…</p> : <Content />;
}

const root = document.getElementById("app");
if (root !== null) {
  void loadSession();
  render(<App />, root);
}
