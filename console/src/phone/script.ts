// The scripted caller: recorded phrases in place of a microphone, so that a demo needs none and two tabs on one machine
// do not howl. It answers when the other side has spoken and is silent again.
import byeUrl from "../sounds/bye.wav";
import helloUrl from "../sounds/hello.wav";
import orderUrl from "../sounds/order.wav";
import thanksUrl from "../sounds/thanks.wav";
import { context, meter } from "./sound";

const PHRASES = [helloUrl, orderUrl, thanksUrl, byeUrl];
/** Loudness from which somebody speaks. */
const VOICE = 0.02;
/** Seconds of silence after which it is the caller's turn. */
const TURN = 1.3;
/** Seconds after which the caller speaks in any case. */
const PATIENCE = 9;

export class ScriptedCaller {
  private readonly out: MediaStreamAudioDestinationNode;
  private readonly sounds: AudioBuffer[];
  private readonly silence: ConstantSourceNode;
  private timer: ReturnType<typeof setInterval> | undefined;

  private constructor(sounds: AudioBuffer[]) {
    this.sounds = sounds;
    this.out = context().createMediaStreamDestination();
    // Without something that plays, a browser sends no packets between two phrases, as a telephone would.
    const silence = context().createConstantSource();
    silence.offset.value = 0;
    silence.connect(this.out);
    silence.start();
    this.silence = silence;
  }

  /** Loads the phrases. */
  static async make(): Promise<ScriptedCaller> {
    const audio = context();
    await audio.resume();
    const sounds = await Promise.all(
      PHRASES.map(async (url) => audio.decodeAudioData(await (await fetch(url)).arrayBuffer())),
    );
    return new ScriptedCaller(sounds);
  }

  /** What takes the microphone's place. */
  get stream(): MediaStream {
    return this.out.stream;
  }

  /** Speaks by turns with what is heard in `remote`, from the first phrase on. */
  begin(remote: MediaStream): void {
    this.stop();
    const level = meter(remote);
    let next = 0;
    let quietSince = context().currentTime;
    let lastSpoke = context().currentTime;
    let heard = false;
    this.timer = setInterval(() => {
      const now = context().currentTime;
      if (level() > VOICE) {
        heard = true;
        quietSince = now;
      }
      const itsTurn = heard && now - quietSince > TURN;
      if (now < lastSpoke || (!itsTurn && now - lastSpoke < PATIENCE)) return;
      const sound = this.sounds[next % this.sounds.length];
      if (sound === undefined) return;
      next += 1;
      heard = false;
      lastSpoke = now + sound.duration;
      this.say(sound);
    }, 100);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Falls silent for good. */
  end(): void {
    this.stop();
    this.silence.stop();
  }

  private say(sound: AudioBuffer): void {
    const source = context().createBufferSource();
    source.buffer = sound;
    source.connect(this.out);
    source.start();
  }
}
