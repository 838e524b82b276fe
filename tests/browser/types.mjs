// Writes the types of the API's answers from the description that the binary prints: `npm run types`.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const root = new URL("../../", import.meta.url);
const command = ["run", "--quiet", "--locked", "--", "openapi"];
const text = execFileSync("cargo", command, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
const tree = await openapiTS(JSON.parse(text));
writeFileSync(new URL("console/src/api/generated.d.ts", root), astToString(tree));
console.log("console/src/api/generated.d.ts is written");
