// Every ear of a call at once, by steady tones: who hears whom, and that nobody else is heard, to 60 dB below a voice.
import { expect, type Page } from "@playwright/test";
import type { Person } from "./ear.js";

/** How long ears are listened to at least, after what was on its way before and the length of a window, milliseconds. */
const LISTENED = 1_200;
const ON_ITS_WAY = 1_000;
/** Above this a measured voice is heard, dB below full scale: they speak at -12. */
const HEARD = -25;
/** Below this nobody is, in dB of a voice that is heard at the same time. */
const UNHEARD = -60;
/** Frequencies in hertz beside a tone that tell a voice from the noise that G.711 makes of others' voices. */
const NOISE = [-31, -19, -11, 11, 19, 31];

interface Heard {
  /** dB below full scale. */
  level: number;
  /** Of the noise beside it. */
  noise: number;
}

/** What a page hears at each tone, by windows of 0.68 s. A steady voice sounds in every one of them. */
async function windows(page: Page, tones: number[]): Promise<Heard[][]> {
  return page.evaluate(
    async ([tones, beside, before, time]) => {
      const ear = (window as unknown as { ears: AnalyserNode[] }).ears.at(-1);
      const found: { level: number; noise: number }[][] = tones.map(() => []);
      if (ear === undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, before));
      const samples = new Float32Array(ear.fftSize);
      const level = (hz: number): number => {
        const [turn, quarter] = [Math.cos((2 * Math.PI * hz) / 48_000), Math.sin((2 * Math.PI * hz) / 48_000)];
        let [real, imaginary, cos, sin] = [0, 0, 1, 0];
        for (const shaped of samples) {
          real += shaped * cos;
          imaginary += shaped * sin;
          [cos, sin] = [cos * turn - sin * quarter, sin * turn + cos * quarter];
        }
        return 20 * Math.log10((2 * Math.hypot(real, imaginary)) / samples.length + 1e-9);
      };
      for (const end = performance.now() + time; performance.now() < end || (found[0]?.length ?? 0) < 5; ) {
        ear.getFloatTimeDomainData(samples);
        samples.forEach((sample, i) => (samples[i] = sample * (1 - Math.cos((2 * Math.PI * i) / samples.length))));
        tones.forEach((hz, n) => found[n]?.push({ level: level(hz), noise: Math.max(...beside.map((off) => level(hz + off))) }));
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      return found;
    },
    [tones, NOISE, ON_ITS_WAY, LISTENED] as const,
  );
}

/**
 * Everybody's ears at the same time: each hears those of their list, and of all others, themselves included, nothing.
 * Nothing is 60 dB below the voice of the first of `people`, as whoever hears it does; or no louder than noise beside it,
 * which G.711 makes of two voices or more at about that level. A busy machine's hiccup is neither, and passes.
 */
export async function ears(people: Person[], each: [Person, Person[]][]): Promise<void> {
  const tones = people.map(({ hz }) => hz);
  const round = async (): Promise<string[]> => {
    const heard = await Promise.all(each.map(([who]) => windows(who.page, tones)));
    const middle = (n: number, tone: number): number => (heard[n]?.[tone] ?? []).map(({ level }) => level).sort((a, b) => a - b)[2] ?? -180;
    const own = Math.max(...each.map((_, n) => middle(n, 0)));
    return each.flatMap(([who, wanted], n) =>
      people.flatMap((of, tone) => {
        const level = middle(n, tone);
        if (wanted.includes(of)) return level > HEARD ? [] : [`${who.hz} Hz does not hear ${of.hz} Hz: ${level.toFixed(0)} dB`];
        // A voice is in every window.
        const leaks = (heard[n]?.[tone] ?? []).every(({ level, noise }) => level - own > UNHEARD && level - noise > 6);
        return leaks ? [`${who.hz} Hz hears ${of.hz} Hz: ${(level - own).toFixed(0)} dB of the customer`] : [];
      }),
    );
  };
  await expect.poll(round, { timeout: 40_000, intervals: [0] }).toEqual([]);
}
