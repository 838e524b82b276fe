import type { World } from "./world.mjs";

export interface Mock {
  /** With `localhost`, which browsers count as secure. */
  url: string;
  world: World;
  sessions: Map<string, string>;
  liveSockets: Set<{ terminate(): void }>;
  /** The page whose connection leads nowhere: it is told nothing. */
  deaf: { terminate(): void } | null;
  requests: string[];
  close(): Promise<void>;
}

export function startMock(options: { pages: string; port?: number }): Promise<Mock>;
