// `npm run dev`: the pages as they are being written, over the stand-in server. Sign in as ana, ben or sam, password
// `secret`, or through /enter?t=ana, /enter?t=sam, /enter?t=guest.
import { createServer } from "../../../console/node_modules/vite/dist/node/index.js";
import { startMock } from "./server.mjs";

const root = new URL("../../../console/", import.meta.url).pathname;
const vite = await createServer({ root, server: { middlewareMode: true }, appType: "spa" });
const pages = (request, response) => {
  // The development server puts styles and its client inside pages; the built ones have the real policy.
  response.removeHeader("content-security-policy");
  vite.middlewares(request, response);
};
const mock = await startMock({ pages, port: Number(process.env.PORT ?? 0) });
console.log(`${mock.url}/enter?t=ana   ${mock.url}/enter?t=sam   ${mock.url}/enter?t=guest`);
