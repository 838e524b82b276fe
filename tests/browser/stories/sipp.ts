// A customer's call by SIPp: all signalling is SIPp's, and its ear is a socket of the story.
import { spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./demo.js";
import { wav } from "./tones.js";

const scenario = new URL("../../interop/sipp/caller_listening.xml", import.meta.url).pathname;
/** From the answer to the key, ms: by then the menu has begun. */
const PRESS = 3_000;

/** Calls 9000, presses the key, hangs up `seconds` later; what it heard in the order it was sent: mono, 8 kHz. */
export async function sippHears(sip: number, key: string, seconds: number): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "cordboard-sipp-"));
  const packets = new Map<number, Buffer>();
  const ear = await listening(packets);
  try {
    const words = [`127.0.0.1:${sip}`, "-sf", scenario, "-i", "127.0.0.1", "-p", String(await freePort()), "-s", "9000", "-m", "1", "-nostdin", "-trace_err", "-trace_msg"];
    const keys = ["-key", "from", "+34600111222", "-key", "ear", String(ear.address().port), "-key", "digit", key, "-set", "press", String(PRESS), "-set", "talk", String(seconds * 1_000)];
    await ends([...words, ...keys], folder);
    const inOrder = [...packets].sort(([one], [other]) => one - other).map(([, payload]) => payload);
    if (inOrder.length < 50) throw new Error(`SIPp's ear heard ${inOrder.length} packets`);
    return wav(Buffer.concat(inOrder));
  } finally {
    ear.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A socket that keeps the PCMU payloads, decoded, by their sequence numbers counted on past 65,535. */
async function listening(packets: Map<number, Buffer>): Promise<Socket> {
  const ear = createSocket("udp4");
  let [last, first] = [0, true];
  ear.on("message", (packet) => {
    if (packet.length <= 12 || ((packet[1] ?? 0) & 0x7f) !== 0) return;
    const sequence = packet.readUInt16BE(2);
    const ahead = (((sequence - last) & 0xffff) << 16) >> 16;
    last = first ? sequence : last + ahead;
    first = false;
    packets.set(last, linear(packet.subarray(12)));
  });
  await new Promise<void>((done) => ear.bind(0, "127.0.0.1", done));
  return ear;
}

/** ITU-T G.711, mu-law to 16 bit. */
function linear(payload: Buffer): Buffer {
  const samples = Buffer.alloc(payload.length * 2);
  payload.forEach((byte, n) => {
    const code = ~byte & 0xff;
    const size = ((((code & 0x0f) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84;
    samples.writeInt16LE(code & 0x80 ? -size : size, n * 2);
  });
  return samples;
}

function ends(words: string[], folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("sipp", words, { cwd: folder, stdio: "ignore" });
    child.once("error", reject);
    child.once("exit", (code) => {
      const logs = readdirSync(folder).filter((name) => name.endsWith(".log"));
      if (code === 0) resolve();
      else reject(new Error(`sipp ended with ${code}:\n${logs.map((name) => readFileSync(join(folder, name), "utf8")).join("\n")}`));
    });
  });
}
