// Microphone, loudspeakers and our own tones. Owns: the one audio context, the choice of devices, the words for what a
// browser refuses.
import { signal } from "@preact/signals";
import { load, save } from "../ui/settings";

export interface Devices {
  microphone: string;
  speaker: string;
  ring: string;
  ringOn: boolean;
}

export const devices = signal<Devices>({
  microphone: "",
  speaker: "",
  ring: "",
  ringOn: true,
  ...load<Partial<Devices>>("devices", {}),
});

export function choose(part: Partial<Devices>): void {
  devices.value = { ...devices.value, ...part };
  save("devices", devices.value);
}

let shared: AudioContext | null = null;

/** The audio context; it runs only after somebody clicked on the page, which is why the desk asks for a click. */
export function context(): AudioContext {
  shared ??= new AudioContext();
  return shared;
}

/** Plays a soft tone; false when the browser does not let the page make any sound. */
export async function testTone(): Promise<boolean> {
  const audio = context();
  await Promise.race([audio.resume(), new Promise((done) => setTimeout(done, 1500))]);
  if (audio.state !== "running") return false;
  tone(audio, 660, audio.currentTime, 0.18, 0.06);
  tone(audio, 880, audio.currentTime + 0.16, 0.2, 0.06);
  return true;
}

function tone(audio: AudioContext, hertz: number, at: number, length: number, volume: number): void {
  const source = audio.createOscillator();
  const gain = audio.createGain();
  source.frequency.value = hertz;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(volume, at + 0.02);
  gain.gain.setValueAtTime(volume, at + length - 0.04);
  gain.gain.linearRampToValueAtTime(0, at + length);
  source.connect(gain).connect(audio.destination);
  source.start(at);
  source.stop(at + length);
}

let ringing: ReturnType<typeof setInterval> | undefined;

/** Rings until `stopRinging`, where the person has not switched it off. */
export function ring(): void {
  stopRinging();
  if (!devices.value.ringOn) return;
  const audio = context();
  const sink = audio as AudioContext & { setSinkId?: (id: string) => Promise<void> };
  void sink.setSinkId?.(devices.value.ring).catch(() => undefined);
  const once = (): void => {
    if (audio.state !== "running") return;
    for (const start of [0, 0.45]) {
      tone(audio, 523, audio.currentTime + start, 0.2, 0.12);
      tone(audio, 659, audio.currentTime + start + 0.2, 0.2, 0.12);
    }
  };
  once();
  ringing = setInterval(once, 2600);
}

export function stopRinging(): void {
  clearInterval(ringing);
  ringing = undefined;
}

/** One chime: the time for wrap-up is over. */
export function chime(): void {
  const audio = context();
  if (audio.state === "running") tone(audio, 740, audio.currentTime, 0.35, 0.08);
}

let open: MediaStream | null = null;

/** The microphone, opened once and kept while it works. Rejects with words for people. */
export async function microphone(): Promise<MediaStream> {
  if (open?.getAudioTracks().every((track) => track.readyState === "live") === true && open.active) return open;
  if (navigator.mediaDevices === undefined) {
    throw new Error("Browsers open the microphone only on https or on localhost. Open this page by one of these.");
  }
  const id = devices.value.microphone;
  const audio: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  if (id !== "") audio.deviceId = { ideal: id };
  try {
    open = await navigator.mediaDevices.getUserMedia({ audio });
    return open;
  } catch (error) {
    throw new Error(refusal(error instanceof Error ? error.name : ""));
  }
}

/** Lets go of the microphone: the browser's sign for it goes out. */
export function releaseMicrophone(): void {
  for (const track of open?.getTracks() ?? []) track.stop();
  open = null;
}

export function refusal(name: string): string {
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return "The browser does not let this page use the microphone. Click the sign beside the address, allow the microphone, and try again.";
    case "NotFoundError":
    case "OverconstrainedError":
      return "No microphone is connected. Plug in a headset and try again.";
    case "NotReadableError":
    case "AbortError":
      return "Another program holds the microphone. Close it and try again.";
    default:
      return "The microphone could not be opened. Unplug the headset, plug it in again and try once more.";
  }
}

/** Loudness of a stream, 0 to 1, for meters. The returned function gives the value of the moment. */
export function meter(stream: MediaStream): () => number {
  const audio = context();
  const source = audio.createMediaStreamSource(stream);
  const analyser = audio.createAnalyser();
  analyser.fftSize = 512;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return () => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    return Math.min(1, Math.sqrt(power) * 4);
  };
}

export async function list(kind: MediaDeviceKind): Promise<MediaDeviceInfo[]> {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return all.filter((device) => device.kind === kind && device.deviceId !== "");
}
