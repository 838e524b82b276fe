// A recording from the microphone as a WAV file: browsers record in formats of their own, which they alone read back.

/** Something that is being recorded. */
export interface Taking {
  /** Ends it: 16 bit PCM, mono. */
  end: () => Promise<Blob>;
  cancel: () => void;
}

/** Samples per second of the file: what wide-band callers hear. */
const RATE = 16_000;

/** Begins to record. Fails when the browser or the person says no. */
export async function microphone(): Promise<Taking> {
  // As it is: a room that is filtered away sounds like a telephone before it is one.
  const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };
  const stream = await navigator.mediaDevices.getUserMedia({ audio });
  const recorder = new MediaRecorder(stream);
  const parts: Blob[] = [];
  recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
  const ended = new Promise<void>((resolve) => recorder.addEventListener("stop", () => resolve(), { once: true }));
  const release = (): void => stream.getTracks().forEach((track) => track.stop());
  recorder.start();
  return {
    end: async () => {
      if (recorder.state !== "inactive") recorder.stop();
      await ended;
      release();
      return wav(await new Blob(parts).arrayBuffer());
    },
    cancel: () => {
      if (recorder.state !== "inactive") recorder.stop();
      release();
    },
  };
}

/** The browser reads its own format and brings it to one rate and one channel. */
async function wav(recorded: ArrayBuffer): Promise<Blob> {
  const context = new AudioContext();
  const sound = await context.decodeAudioData(recorded);
  await context.close();
  const frames = Math.max(1, Math.ceil(sound.duration * RATE));
  const offline = new OfflineAudioContext(1, frames, RATE);
  const source = offline.createBufferSource();
  source.buffer = sound;
  source.connect(offline.destination);
  source.start();
  const mono = (await offline.startRendering()).getChannelData(0);
  const bytes = new DataView(new ArrayBuffer(44 + mono.length * 2));
  const text = (place: number, word: string): void => [...word].forEach((sign, n) => bytes.setUint8(place + n, sign.charCodeAt(0)));
  text(0, "RIFF");
  bytes.setUint32(4, 36 + mono.length * 2, true);
  text(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true);
  bytes.setUint16(20, 1, true);
  bytes.setUint16(22, 1, true);
  bytes.setUint32(24, RATE, true);
  bytes.setUint32(28, RATE * 2, true);
  bytes.setUint16(32, 2, true);
  bytes.setUint16(34, 16, true);
  text(36, "data");
  bytes.setUint32(40, mono.length * 2, true);
  mono.forEach((sample, n) => bytes.setInt16(44 + n * 2, Math.round(Math.max(-1, Math.min(1, sample)) * 32_767), true));
  return new Blob([bytes.buffer], { type: "audio/wav" });
}
