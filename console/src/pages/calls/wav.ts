// Reads a stereo PCM16 recording into what its picture needs. Pure: bytes in, numbers out; anything else is `null`.

export interface Picture {
  /** Seconds. */
  duration: number;
  /** Loudest sample of each column, 0 to 1; left is the customer, right the agent. */
  left: Float32Array;
  right: Float32Array;
}

interface Format {
  channels: number;
  rate: number;
  data: number;
  length: number;
}

/** Finds the format and the samples (RIFF WAVE, PCM of 16 bit). */
function format(view: DataView): Format | null {
  const tag = (at: number): string => String.fromCharCode(...[0, 1, 2, 3].map((n) => view.getUint8(at + n)));
  if (view.byteLength < 44 || tag(0) !== "RIFF" || tag(8) !== "WAVE") return null;
  let channels = 0;
  let rate = 0;
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const size = view.getUint32(at + 4, true);
    if (tag(at) === "fmt " && at + 24 <= view.byteLength) {
      if (view.getUint16(at + 8, true) !== 1 || view.getUint16(at + 22, true) !== 16) return null;
      channels = view.getUint16(at + 10, true);
      rate = view.getUint32(at + 12, true);
    } else if (tag(at) === "data") {
      const length = Math.min(size, view.byteLength - at - 8);
      return channels > 0 && rate > 0 ? { channels, rate, data: at + 8, length } : null;
    }
    at += 8 + size + (size % 2);
  }
  return null;
}

/** The picture in `columns` columns. */
export function picture(bytes: ArrayBuffer, columns: number): Picture | null {
  const view = new DataView(bytes);
  const found = format(view);
  if (found === null) return null;
  const { channels, rate, data, length } = found;
  const frames = Math.floor(length / (2 * channels));
  const left = new Float32Array(columns);
  const right = new Float32Array(columns);
  const perColumn = Math.max(1, Math.ceil(frames / columns));
  // Long recordings: enough frames of each column, not all of them.
  const step = Math.max(1, Math.floor(perColumn / 400));
  for (let frame = 0; frame < frames; frame += step) {
    const column = Math.min(columns - 1, Math.floor(frame / perColumn));
    const at = data + frame * 2 * channels;
    const one = Math.abs(view.getInt16(at, true)) / 32768;
    const two = channels > 1 ? Math.abs(view.getInt16(at + 2, true)) / 32768 : one;
    if (one > (left[column] ?? 0)) left[column] = one;
    if (two > (right[column] ?? 0)) right[column] = two;
  }
  return { duration: frames / rate, left, right };
}
