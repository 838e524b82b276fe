// Writes the types of the API's answers from the description that the binary prints: `npm run types`.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const root = new URL("../../", import.meta.url);
const command = ["run", "--quiet", "--locked", "--", "openapi"];
const text = execFileSync("cargo", command, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
const tree = await openapiTS(JSON.parse(text));
// Beside the sources: what is written among them is taken for a change of the pages, and the program is built anew.
mkdirSync(new URL("console/types/", root), { recursive: true });
writeFileSync(new URL("console/types/api.d.ts", root), astToString(tree));
console.log("console/types/api.d.ts is written");
