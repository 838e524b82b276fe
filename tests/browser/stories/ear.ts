// People with a voice of their own: each a Chromium whose microphone gives one tone, and what their pages hear of others.
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, expect, type Browser, type Page } from "@playwright/test";

const RATE = 48_000;

export interface Person {
  page: Page;
  /** The tone of their microphone, Hz. */
  hz: number;
  leave: () => Promise<void>;
}

/** A person whose microphone gives `hz`, a quarter of a second on and off: a steady tone is taken for noise and filtered. */
export async function person(hz: number): Promise<Person> {
  return speaker(hz, voice(hz, 12_000, true), [listen]);
}

/**
 * A person for measuring: a steady `hz`, past the browser's filters, which make several voices one louder and one softer,
 * and leave noise between them. So loud that four together are not cut.
 */
export async function measured(hz: number): Promise<Person> {
  return speaker(hz, voice(hz, 8_000, false), [listen, unfiltered]);
}

async function speaker(hz: number, sound: Buffer, scripts: (() => void)[]): Promise<Person> {
  const file = join(mkdtempSync(join(tmpdir(), "cordboard-voice-")), "voice.wav");
  writeFileSync(file, sound);
  const browser: Browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium-headless-shell",
    args: [
      "--no-sandbox",
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
      `--use-file-for-fake-audio-capture=${file}`,
      "--autoplay-policy=no-user-gesture-required",
    ],
  });
  const context = await browser.newContext({ permissions: ["microphone"], viewport: { width: 1280, height: 800 } });
  for (const script of scripts) await context.addInitScript(script);
  return { page: await context.newPage(), hz, leave: () => browser.close() };
}

/** Two seconds, a whole number of waves, played over and over. */
function voice(hz: number, loud: number, swells: boolean): Buffer {
  const samples = RATE * 2;
  const data = Buffer.alloc(44 + samples * 2);
  data.write("RIFF", 0);
  data.writeUInt32LE(36 + samples * 2, 4);
  data.write("WAVEfmt ", 8);
  data.writeUInt32LE(16, 16);
  data.writeUInt16LE(1, 20);
  data.writeUInt16LE(1, 22);
  data.writeUInt32LE(RATE, 24);
  data.writeUInt32LE(RATE * 2, 28);
  data.writeUInt16LE(2, 32);
  data.writeUInt16LE(16, 34);
  data.write("data", 36);
  data.writeUInt32LE(samples * 2, 40);
  for (let i = 0; i < samples; i += 1) {
    // Swelling and fading, because an edge sounds at every other frequency too.
    const swell = swells ? Math.max(0, Math.sin((4 * Math.PI * i) / RATE)) ** 2 : 1;
    data.writeInt16LE(Math.round(loud * swell * Math.sin((2 * Math.PI * hz * i) / RATE)), 44 + i * 2);
  }
  return data;
}

/** In the page, before its own scripts: the microphone as it is. */
function unfiltered(): void {
  const devices = navigator.mediaDevices;
  const open = devices.getUserMedia.bind(devices);
  devices.getUserMedia = () => open({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
}

/** In the page, before its own scripts: an analyser at each stream that comes in. */
export function listen(): void {
  const all: AnalyserNode[] = [];
  const Native = window.RTCPeerConnection;
  class Heard extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener("track", (event) => {
        const context = new AudioContext({ sampleRate: 48_000 });
        const analyser = context.createAnalyser();
        // The longest there is, 0.68 s: what tells a voice 60 dB below another from the noise of G.711.
        analyser.fftSize = 32_768;
        context.createMediaStreamSource(new MediaStream([event.track])).connect(analyser);
        all.push(analyser);
      });
    }
  }
  window.RTCPeerConnection = Heard;
  (window as unknown as { ears: AnalyserNode[] }).ears = all;
}

/** Frequencies this far beside a tone tell it from a click, Hz: a click is as loud there. Nobody's voice lies there. */
const BESIDE = 70;
/** By how much a tone must be louder than both of them to be one: 10 dB. */
const STANDS_OUT = 3.16;

/**
 * How loud a page heard a tone within `ms`, in dB below full scale (a sine of full scale is 0): its third-loudest moment.
 * A cut in another's voice, made where the machine was late, sounds at every frequency and is no voice.
 */
export async function loudness(page: Page, hz: number, ms: number): Promise<number> {
  return page.evaluate(
    async ([frequency, time, beside, standsOut]) => {
      const ears = (window as unknown as { ears: AnalyserNode[] }).ears;
      let samples = new Float32Array(0);
      const moments: number[] = [];
      const level = (hz: number): number => {
        let [real, imaginary] = [0, 0];
        samples.forEach((sample, i) => {
          // A window without edges: a neighbour's tone must not leak in.
          const shaped = sample * (1 - Math.cos((2 * Math.PI * i) / samples.length));
          real += shaped * Math.cos((2 * Math.PI * hz * i) / 48_000);
          imaginary += shaped * Math.sin((2 * Math.PI * hz * i) / 48_000);
        });
        return (2 * Math.hypot(real, imaginary)) / samples.length;
      };
      for (const end = performance.now() + time; performance.now() < end; ) {
        const ear = ears.at(-1);
        if (ear !== undefined) {
          const latest = new Float32Array(ear.fftSize);
          ear.getFloatTimeDomainData(latest);
          samples = latest.subarray(-4096);
          const tone = level(frequency);
          const around = Math.max(level(frequency - beside), level(frequency + beside));
          moments.push(tone > standsOut * around ? tone : 0);
        }
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
      return 20 * Math.log10((moments.sort((a, b) => b - a)[2] ?? 0) + 1e-9);
    },
    [hz, ms, BESIDE, STANDS_OUT] as const,
  );
}

/** The page hears this person within a while. */
export async function hearsVoice(page: Page, of: Person): Promise<void> {
  await expect.poll(() => loudness(page, of.hz, 600), { timeout: 30_000, message: `${of.hz} Hz is heard` }).toBeGreaterThan(-40);
}

/** The page stops hearing this person within a while, and for good: what was on its way is played out first. */
export async function hearsNoMore(page: Page, of: Person, silent: number): Promise<void> {
  const gone = { timeout: 30_000, message: `${of.hz} Hz is heard no more` };
  await expect.poll(() => loudness(page, of.hz, 600), gone).toBeLessThan(silent);
  expect(await loudness(page, of.hz, 800), `${of.hz} Hz stays away`).toBeLessThan(silent);
}

/** A tone in both sides of a recording, dB below full scale: `[left, right]`, the fifth-loudest tenth of a second of each where it stands out. */
export function inRecording(path: string, hz: number): [number, number] {
  const bytes = readFileSync(path);
  const rate = bytes.readUInt32LE(24);
  const begin = bytes.indexOf("data") + 8;
  const frames = Math.floor((bytes.length - begin) / 4);
  const window = Math.floor(rate / 10);
  const side = (channel: number): number => {
    const level = (at: number, frequency: number): number => {
      let [real, imaginary] = [0, 0];
      for (let i = 0; i < window; i += 1) {
        const sample = (bytes.readInt16LE(begin + (at + i) * 4 + channel * 2) / 32_768) * (1 - Math.cos((2 * Math.PI * i) / window));
        real += sample * Math.cos((2 * Math.PI * frequency * i) / rate);
        imaginary += sample * Math.sin((2 * Math.PI * frequency * i) / rate);
      }
      return (2 * Math.hypot(real, imaginary)) / window;
    };
    const moments: number[] = [];
    for (let at = 0; at + window <= frames; at += window) {
      const [tone, around] = [level(at, hz), Math.max(level(at, hz - BESIDE), level(at, hz + BESIDE))];
      moments.push(tone > STANDS_OUT * around ? tone : 0);
    }
    return 20 * Math.log10((moments.sort((a, b) => b - a)[4] ?? 0) + 1e-9);
  };
  return [side(0), side(1)];
}
