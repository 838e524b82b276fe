// SIPp as the customer: a telephone that is no browser. It talks (a tone, PCMU) and stays until it is hung up on.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const scenario = new URL("../../interop/sipp/caller_streams.xml", import.meta.url).pathname;
const RATE = 8000;

/** ITU-T G.711, u-law. */
function ulaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(32_635, Math.abs(Math.round(sample))) + 132;
  const segment = Math.floor(Math.log2(magnitude)) - 7;
  const step = (magnitude >> (segment + 3)) & 0x0f;
  return ~(sign | (segment << 4) | step) & 0xff;
}

/** A second of a tone that begins anew without a click. */
function tone(hertz: number): Buffer {
  const samples = Array.from({ length: RATE }, (_, at) => 8_000 * Math.sin((2 * Math.PI * hertz * at) / RATE));
  return Buffer.from(samples.map(ulaw));
}

export interface Customer {
  /** Resolves when all its calls are over; rejects when one did not go as it should. */
  done: Promise<void>;
  stop: () => void;
}

/** `calls` calls to 9000, one after the other. */
export function customerCalls(sip: number, calls: number, hertz = 440): Customer {
  const folder = mkdtempSync(join(tmpdir(), "cordboard-sipp-"));
  writeFileSync(join(folder, "tone.ul"), tone(hertz));
  const options = ["-sf", scenario, "-s", "9000", "-key", "from", "600111222", "-i", "127.0.0.2", "-mi", "127.0.0.2"];
  const load = ["-m", String(calls), "-l", "1", "-r", "10", "-nostdin", "-trace_err"];
  const child = spawn("sipp", [`127.0.0.1:${String(sip)}`, ...options, ...load], { cwd: folder, stdio: "ignore" });
  const done = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      rmSync(folder, { recursive: true, force: true });
      if (code === 0) resolve();
      else reject(new Error(`sipp ended with ${String(code)}`));
    });
  });
  // Whoever waits for it hears of a failure; whoever does not has stopped it.
  done.catch(() => undefined);
  return { done, stop: () => void child.kill("SIGKILL") };
}
