// Tones in WAV files: made, and found again (Goertzel).

/** What the microphone of the stories of the flow editor hears, in Hz. */
export const SPOKEN = 950;

/** A tone as 16 bit PCM, mono, 8 kHz, as loud as prompts are. */
export function tone(hz: number, seconds: number): Buffer {
  const rate = 8_000;
  const data = Buffer.alloc(rate * seconds * 2);
  for (let n = 0; n < rate * seconds; n += 1) data.writeInt16LE(Math.round(5_000 * Math.sin((2 * Math.PI * hz * n) / rate)), n * 2);
  return wav(data);
}

/** These samples as a file: 16 bit, mono, 8 kHz. */
export function wav(data: Buffer): Buffer {
  const rate = 8_000;
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}

/** Seconds in which the tone is what is heard, counted in tenths. */
export function share(wav: Buffer, hz: number): number {
  const at = wav.indexOf("data") + 8;
  const rate = wav.readUInt32LE(24);
  const channels = wav.readUInt16LE(22);
  const size = Math.floor(rate / 10);
  const heard = (n: number): number => wav.readInt16LE(at + n * 2 * channels);
  const count = Math.floor((wav.length - at) / 2 / channels);
  let seconds = 0;
  for (let start = 0; start + size <= count; start += size) {
    let [one, two, energy] = [0, 0, 0];
    const turn = 2 * Math.cos((2 * Math.PI * hz) / rate);
    for (let n = start; n < start + size; n += 1) {
      const sample = heard(n);
      energy += sample * sample;
      [one, two] = [sample + turn * one - two, one];
    }
    const power = (2 * (one * one + two * two - turn * one * two)) / size;
    if (energy > 1e6 && power > 0.6 * energy) seconds += 0.1;
  }
  return seconds;
}
