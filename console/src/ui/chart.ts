// Draws numbers over time. The only file that knows uPlot; pages that draw load it when they do.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { effect } from "@preact/signals";
import { isDark } from "./theme";
import { hourOf } from "./time";

/** One row of numbers. A line may be dashed, bars may be hollow: what a row is does not hang on its colour. */
export interface Row {
  kind: "line" | "dashed" | "bars" | "hollow bars";
  /** Name of a colour among the tokens, as in `--customer`. */
  color: string;
  /** Which of the two scales it belongs to. */
  side: "left" | "right";
}

export interface Scale {
  show: (value: number) => string;
  /** Steps that people count in, rising. */
  steps: number[];
  /** The scale reaches as far at least. */
  least: number;
}

export interface Drawing {
  rows: Row[];
  scales: { left: Scale; right?: Scale };
}

/** Seconds since 1970, and a number or none of each row at each of them. */
export interface Numbers {
  span: [number, number];
  times: number[];
  values: (number | null)[][];
}

const color = (token: string): string => getComputedStyle(document.documentElement).getPropertyValue(token).trim();

/** Draws into `box` at its size, in the theme of the moment. */
export class Chart {
  readonly #plot: uPlot;
  readonly #ends: (() => void)[];
  #span: [number, number];

  constructor(box: HTMLElement, drawing: Drawing, numbers: Numbers) {
    this.#span = numbers.span;
    const size = (): { width: number; height: number } => ({ width: Math.max(80, box.clientWidth), height: Math.max(60, box.clientHeight) });
    this.#plot = new uPlot(this.#options(box, drawing, size()), this.#data(numbers), box);
    const watch = new ResizeObserver(() => this.#plot.setSize(size()));
    watch.observe(box);
    const unfollow = effect(() => {
      void isDark.value;
      this.#plot.redraw(false, true);
    });
    this.#ends = [() => watch.disconnect(), unfollow];
  }

  set(numbers: Numbers): void {
    this.#span = numbers.span;
    this.#plot.setData(this.#data(numbers));
  }

  end(): void {
    for (const end of this.#ends) end();
    this.#plot.destroy();
  }

  #data({ times, values }: Numbers): uPlot.AlignedData {
    return [times, ...values] as uPlot.AlignedData;
  }

  #options(box: HTMLElement, { rows, scales }: Drawing, size: { width: number; height: number }): uPlot.Options {
    const style = getComputedStyle(box);
    const letter = Number.parseFloat(style.fontSize);
    const common = {
      font: `${letter}px ${style.fontFamily}`,
      stroke: () => color("--soft"),
      grid: { stroke: () => color("--line"), width: 1 },
      ticks: { show: false },
      gap: 4,
    };
    const upright = (name: "left" | "right", { show, steps }: Scale): uPlot.Axis => ({
      ...common,
      scale: name,
      side: name === "left" ? 3 : 1,
      size: letter * 3,
      space: letter * 2,
      incrs: steps,
      values: (_, splits) => splits.map(show),
      ...(name === "right" ? { grid: { show: false } } : {}),
    });
    const range = (least: number): uPlot.Scale => ({ range: (_, __, most) => [0, Math.max(least, Math.ceil((most ?? 0) * 1.1))] });
    return {
      ...size,
      cursor: { show: false },
      select: { show: false, left: 0, top: 0, width: 0, height: 0 },
      legend: { show: false },
      padding: [letter / 2, scales.right === undefined ? letter : 0, 0, 0],
      scales: {
        x: { time: true, range: () => this.#span },
        left: range(scales.left.least),
        ...(scales.right === undefined ? {} : { right: range(scales.right.least) }),
      },
      axes: [
        { ...common, size: letter * 1.8, space: letter * 5, values: (_, splits) => splits.map((at) => hourOf(at * 1000)) },
        upright("left", scales.left),
        ...(scales.right === undefined ? [] : [upright("right", scales.right)]),
      ],
      series: [{}, ...rows.map((row, n) => series(row, n))],
    };
  }
}

const by = (paths: uPlot.Series.PathBuilder | undefined): { paths?: uPlot.Series.PathBuilder } => (paths === undefined ? {} : { paths });

function series({ kind, color: token, side }: Row, place: number): uPlot.Series {
  const common = { scale: side, stroke: () => color(token), points: { show: false } };
  if (kind === "line") return { ...common, width: 2, ...by(uPlot.paths.stepped?.({ align: 1 })) };
  if (kind === "dashed") return { ...common, width: 2, dash: [6, 4] };
  const bars = uPlot.paths.bars?.({ size: [0.35, 48], align: place === 0 ? -1 : 1 });
  return { ...common, width: 1.5, ...by(bars), fill: () => (kind === "bars" ? color(token) : "transparent") };
}
