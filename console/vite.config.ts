// How the pages are built: one document, one piece per page, and beside every text file its gzip form, which the
// server hands out as it is.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

/** Files that become smaller by it. */
const TEXT = /\.(html|js|css|svg|json)$/;

function packed(): Plugin {
  let folder = "";
  return {
    name: "packed",
    apply: "build",
    configResolved(config) {
      folder = config.build.outDir;
    },
    closeBundle() {
      const visit = (path: string): void => {
        for (const name of readdirSync(path)) {
          const file = join(path, name);
          if (statSync(file).isDirectory()) visit(file);
          else if (TEXT.test(name)) writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
        }
      };
      visit(folder);
    },
  };
}

export default defineConfig({
  base: "/",
  publicDir: false,
  plugins: [packed()],
  build: {
    target: "es2022",
    emptyOutDir: true,
    // Everything is a file of its own: the content policy refuses what stands inside a page.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    chunkSizeWarningLimit: 700,
  },
});
