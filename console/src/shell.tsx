// What surrounds each page: header, navigation by role, connection, the person's menu.
import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";
import iconUrl from "./icon.svg";
import { session, signOut, type Role } from "./api/client";
import { connection, start, stop } from "./live/client";
import { follow, path } from "./router";
import { LiveRegions } from "./ui/announce";
import { Icon } from "./ui/icons";
import { Menu } from "./ui/menu";
import { theme, type Theme } from "./ui/theme";

const LINKS: { to: string; word: string; roles: Role[] }[] = [
  { to: "/desk", word: "Desk", roles: ["agent", "supervisor", "admin"] },
  { to: "/floor", word: "Floor", roles: ["supervisor", "admin", "readonly"] },
  { to: "/calls", word: "Calls", roles: ["supervisor", "admin", "readonly", "agent"] },
  { to: "/flows", word: "Flows", roles: ["supervisor", "admin", "readonly", "author", "publisher"] },
];

/** The server tells them nothing of the floor, so they do not ask. */
const WITHOUT_FLOOR: Role[] = ["caller", "author", "publisher"];

const THEMES: [Theme, string][] = [
  ["system", "Theme of the system"],
  ["light", "Light theme"],
  ["dark", "Dark theme"],
];

export function Brand(): JSX.Element {
  return (
    <span class="brand">
      <img src={iconUrl} alt="" />
      <span>Cordboard</span>
    </span>
  );
}

export function Shell({ children, bare }: { children: ComponentChildren; bare: boolean }): JSX.Element {
  const role = session.value?.user.role;
  useEffect(() => {
    if (role !== undefined && WITHOUT_FLOOR.includes(role)) return;
    start();
    return stop;
  }, [role]);
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <LiveRegions />
      {!bare && <Header />}
      {!bare && connection.value === "lost" && (
        <p class="banner" role="status">
          The connection to the server is lost. What you see may be old; calls go on. Reconnecting…
        </p>
      )}
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

function Header(): JSX.Element {
  const role = session.value?.user.role;
  const agent = session.value?.user.agent ?? null;
  const links = LINKS.filter((link) => role !== undefined && link.roles.includes(role) && (link.to !== "/desk" || agent !== null));
  return (
    <header class="top">
      <Brand />
      <nav aria-label="Pages">
        {links.map(({ to, word }) => (
          <a
            key={to}
            href={to}
            aria-current={path.value === to || path.value.startsWith(`${to}/`) ? "page" : undefined}
            onClick={follow}
          >
            {word}
          </a>
        ))}
      </nav>
      <div class="end">
        <Person />
      </div>
    </header>
  );
}

function Person(): JSX.Element {
  const user = session.value?.user;
  const leave = (): void => void signOut().catch(() => undefined);
  return (
    <Menu
      class="quiet"
      name={`${user?.name ?? ""}: your menu`}
      label={
        <>
          <Icon name="person" /> <span class="person-name">{user?.name}</span> <Icon name="down" />
        </>
      }
    >
      {(close) => (
        <>
          {THEMES.map(([value, word]) => (
            <button
              key={value}
              type="button"
              aria-pressed={theme.value === value}
              onClick={() => {
                theme.value = value;
                close();
              }}
            >
              {word}
            </button>
          ))}
          <hr />
          <button type="button" onClick={leave}>
            Sign out
          </button>
        </>
      )}
    </Menu>
  );
}
