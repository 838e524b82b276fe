// How a call sounds, from what the browser counts: loss, jitter and delay into a score (the E-model of ITU-T G.107 with
// G.711 and concealment), and the score into words that say what to do. Pure.

/** What was counted over one interval. */
export interface Sample {
  /** Share of packets lost on the way to us, 0 to 1. */
  lossIn: number;
  /** Share of our packets that the other end misses, 0 to 1; `null` when it does not say. */
  lossOut: number | null;
  /** Seconds. */
  jitter: number;
  /** Round trip, seconds; `null` when unknown. */
  roundTrip: number | null;
}

export type Grade = "good" | "fair" | "poor";

export interface Quality {
  score: number;
  grade: Grade;
  words: string;
}

/** Robustness of G.711 with concealment against random loss, ITU-T G.113. */
const BPL = 25.1;
/** Best rating without any impairment, ITU-T G.107. */
const BEST = 93.2;

/** Mean opinion score, 1 to 4.5, of one direction. */
export function score(loss: number, jitter: number, roundTrip: number | null): number {
  const delay = ((roundTrip ?? 0) / 2) * 1000 + jitter * 2000 + 20;
  const late = delay > 177.3 ? 0.11 * (delay - 177.3) : 0;
  const percent = Math.min(100, Math.max(0, loss * 100));
  const equipment = (95 * percent) / (percent + BPL);
  const rating = Math.min(100, Math.max(0, BEST - 0.024 * delay - late - equipment));
  return 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6;
}

export function grade(mos: number): Grade {
  if (mos >= 4) return "good";
  return mos >= 3.6 ? "fair" : "poor";
}

/** The worse of the two directions, and why. */
export function judge(sample: Sample): Quality {
  const inward = score(sample.lossIn, sample.jitter, sample.roundTrip);
  const outward = sample.lossOut === null ? inward : score(sample.lossOut, sample.jitter, sample.roundTrip);
  const mos = Math.min(inward, outward);
  const level = grade(mos);
  return { score: mos, grade: level, words: level === "good" ? "Sound is good" : reason(sample, inward <= outward) };
}

function reason(sample: Sample, inwardIsWorse: boolean): string {
  const percent = (share: number): string => `${Math.max(1, Math.round(share * 100))} %`;
  if (inwardIsWorse && sample.lossIn >= 0.01) return `Your download loses ${percent(sample.lossIn)} of the sound`;
  if (!inwardIsWorse && (sample.lossOut ?? 0) >= 0.01) {
    return `Your upload loses ${percent(sample.lossOut ?? 0)} of the sound`;
  }
  if (sample.jitter > 0.04) return "Your network is unsteady; a cable is better than Wi-Fi";
  return "There is a long delay on the way";
}

/** Keeps a grade from flickering: it becomes worse only after `PATIENCE` bad samples in a row. */
export class Steady {
  private bad = 0;
  private shown: Quality | null = null;
  private static readonly PATIENCE = 3;

  next(quality: Quality): Quality {
    this.bad = quality.grade === "good" ? 0 : this.bad + 1;
    if (this.shown === null || quality.grade === "good" || this.bad >= Steady.PATIENCE) this.shown = quality;
    return this.shown;
  }
}
