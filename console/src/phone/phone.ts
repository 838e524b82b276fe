// The browser's phone: JsSIP behind a narrow interface, so that it can be replaced. One call at a time; holding,
// transferring and joining are done by the server, for every kind of phone alike.
// Owns: registration, the call's session and its audio element. Knows no page, no queue, no customer.
import { signal } from "@preact/signals";
import { debug, UA } from "jssip";
import type { RTCSession } from "jssip/lib/RTCSession";
import type { RTCSessionEvent } from "jssip/lib/UA";
import { outlive, PathWatch } from "./path";
import { judge, Steady, type Quality } from "./quality";
import { SipSocket } from "./socket";

export interface Credentials {
  uri: string;
  username: string;
  password: string;
  ws: string;
  /** Seconds. */
  expires_in: number;
}

export type PhoneState = "off" | "connecting" | "registered" | "lost" | "refused";

export interface PhoneCall {
  /** Tells the calls of this page apart. */
  id: number;
  /** The interaction it belongs to, where the INVITE or its answer says so. */
  interaction: string | null;
  outgoing: boolean;
  /** What it is for, where its INVITE says so: `transfer`, `consult`, `reconnect`. */
  purpose: string | null;
  state: "ringing" | "connecting" | "talking";
  muted: boolean;
}

export interface PhoneOptions {
  credentials: () => Promise<Credentials>;
  /** Whether others can call it: an agent's phone registers, a customer's does not. */
  register: boolean;
  displayName?: string;
  /** The way to the server was lost and is looked for anew. */
  onPathLost?: () => void;
}

const INTERACTION = "X-Cordboard-Interaction";
const PURPOSE = "X-Cordboard-Purpose";
/** New credentials are asked for this long before the old ones end, in seconds, and at the latest after `RENEW`. */
const EARLY = 60;
const RENEW = 20 * 60;
/** Between looks at the browser's counters, in milliseconds. */
const LOOK = 2000;
/** How long a first candidate may wait for others: the server answers to whatever address packets come from. */
const GATHERING = 60;

debug.disable();

/** `wss:` beside a page of https; a path alone is one of this server. */
function socketUrl(ws: string): string {
  const url = new URL(ws, location.href);
  if (url.protocol === "http:") url.protocol = "ws:";
  if (url.protocol === "https:") url.protocol = "wss:";
  return url.href;
}

export class Phone {
  readonly state = signal<PhoneState>("off");
  readonly call = signal<PhoneCall | null>(null);
  readonly quality = signal<Quality | null>(null);
  /** Why the last call could not be made or ended oddly, for people. */
  readonly trouble = signal<string | null>(null);
  /** What the other side says, for meters and tests. */
  readonly remote = signal<MediaStream | null>(null);
  /** The browser plays nothing before somebody clicks or presses a key on the page, as after a reload. */
  readonly silenced = signal(false);

  private readonly options: PhoneOptions;
  private readonly audio = new Audio();
  private ua: UA | null = null;
  private path: PathWatch | null = null;
  private session: RTCSession | null = null;
  private refreshed: RTCSession | null = null;
  private renewal: ReturnType<typeof setTimeout> | undefined;
  private looking: ReturnType<typeof setInterval> | undefined;
  /** How many calls there were. */
  private calls = 0;
  /** Counts starts, so that the end of an earlier one is not taken for the end of this. */
  private round = 0;

  constructor(options: PhoneOptions) {
    this.options = options;
    this.audio.autoplay = true;
    addEventListener("online", this.rebuildIfLost);
    document.addEventListener("visibilitychange", this.rebuildIfLost);
  }

  /** Gets credentials and connects; resolves when the phone can be used. Rejects with words for people. */
  async start(): Promise<void> {
    if (this.ua !== null && (this.state.value === "registered" || this.session !== null)) return;
    this.dropAgent();
    const round = ++this.round;
    this.state.value = "connecting";
    let credentials: Credentials;
    try {
      credentials = await this.options.credentials();
    } catch (error) {
      if (round === this.round) this.state.value = "refused";
      throw error;
    }
    if (round !== this.round) return;
    await this.connect(credentials, round);
    const renewAfter = Math.min(RENEW, Math.max(30, credentials.expires_in - EARLY)) * 1000;
    this.renewal = setTimeout(this.renew, renewAfter);
  }

  stop(): void {
    this.round += 1;
    removeEventListener("online", this.rebuildIfLost);
    document.removeEventListener("visibilitychange", this.rebuildIfLost);
    this.dropAgent();
    this.state.value = "off";
  }

  /** Answers the call that rings, with this microphone; nothing if it is over by now, another's ringing included. */
  answer(id: number, microphone: MediaStream): void {
    const session = this.session;
    const call = this.call.value;
    if (session === null || call?.id !== id || call.state !== "ringing" || call.outgoing) return;
    this.change({ state: "connecting" });
    session.answer({ mediaStream: microphone, pcConfig: { iceServers: [] } });
  }

  /** Calls `target`, a number or an address, with this microphone. */
  dial(target: string, microphone: MediaStream): void {
    if (this.ua === null || this.session !== null) return;
    this.trouble.value = null;
    const to = target.startsWith("sip:") ? target : `sip:${target}@${this.domain}`;
    const session = this.ua.call(to, { mediaStream: microphone, pcConfig: { iceServers: [] } });
    // `newRTCSession` was told before this returned.
    if (this.session === null) this.take(session, true, null);
  }

  /** Declines what rings, ends what talks. */
  hangUp(): void {
    const session = this.session;
    if (session === null || session.isEnded()) return;
    const ringing = this.call.value?.state === "ringing" && !this.call.value.outgoing;
    session.terminate(ringing ? { status_code: 486, reason_phrase: "Busy Here" } : {});
  }

  mute(on: boolean): void {
    if (on) this.session?.mute({ audio: true });
    else this.session?.unmute({ audio: true });
    this.change({ muted: on });
  }

  /** Keys as telephone-events (RFC 4733), like a telephone's. */
  press(keys: string): void {
    const tones = keys.replaceAll(/[^0-9A-D*#]/g, "");
    if (tones === "" || this.call.value?.state !== "talking") return;
    this.session?.sendDTMF(tones, { transportType: "RFC2833" as never, duration: 120, interToneGap: 80 });
  }

  /** The loudspeaker; the empty text is the system's own. */
  async speaker(device: string): Promise<void> {
    if ("setSinkId" in this.audio) await this.audio.setSinkId(device).catch(() => undefined);
  }

  private domain = "";

  private connect(credentials: Credentials, round: number): Promise<void> {
    this.domain = credentials.uri.split("@")[1]?.split(/[;>:]/)[0] ?? location.hostname;
    const socket = new SipSocket(socketUrl(credentials.ws));
    const ua = new UA({
      sockets: [socket],
      uri: credentials.uri,
      authorization_user: credentials.username,
      password: credentials.password,
      register: this.options.register,
      register_expires: 120,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 8,
      user_agent: "Cordboard console",
      ...(this.options.displayName === undefined ? {} : { display_name: this.options.displayName }),
    });
    this.ua = ua;
    const talking = (): RTCSession | null => (this.session?.isEstablished() === true ? this.session : null);
    const path = new PathWatch({ ua, socket, talking, onLost: () => this.options.onPathLost?.() });
    this.path = path;
    ua.on("connected", path.nudge);
    ua.on("newRTCSession", (event: RTCSessionEvent) => this.onSession(event));
    ua.on("disconnected", () => {
      if (round === this.round) this.state.value = "lost";
    });
    return new Promise((resolve, reject) => {
      const ready = (): void => {
        if (round === this.round) this.state.value = "registered";
        resolve();
      };
      ua.on("registered", ready);
      if (!this.options.register) ua.on("connected", ready);
      ua.on("registrationFailed", (event: { cause?: string }) => {
        if (round !== this.round) return;
        if (this.session !== null && event.cause !== "Connection Error") void this.refresh(ua).catch(() => undefined);
        this.state.value = event.cause === "Connection Error" ? "lost" : "refused";
        reject(new Error("The server did not take this browser's phone. Sign in again if it stays so."));
      });
      setTimeout(() => reject(new Error("The phone could not reach the server. Check the network.")), 10_000);
      ua.start();
    });
  }

  private readonly renew = (): void => {
    // A registration lives with its connection; in a call it is left alone and asked for anew afterwards.
    if (this.session !== null) {
      this.renewal = setTimeout(this.renew, 5000);
      return;
    }
    this.dropAgent();
    void this.start().catch(() => undefined);
  };

  /** The name that the call began with may have ended meanwhile: it goes on under another. */
  private async refresh(ua: UA): Promise<void> {
    if (this.refreshed === this.session) return;
    this.refreshed = this.session;
    const { username, password } = await this.options.credentials().catch((error: unknown) => {
      this.refreshed = null;
      throw error;
    });
    if (ua !== this.ua) return;
    ua.set("authorization_user", username);
    ua.set("password", password);
    ua.register();
  }

  private readonly rebuildIfLost = (): void => {
    const gone = this.state.value === "lost" || this.state.value === "refused";
    if (gone && this.session === null && document.visibilityState === "visible") void this.start().catch(() => undefined);
  };

  private dropAgent(): void {
    clearTimeout(this.renewal);
    this.path?.stop();
    this.path = null;
    this.ua?.stop();
    this.ua = null;
  }

  private onSession({ session, originator, request }: RTCSessionEvent): void {
    if (this.session !== null && this.session !== session) {
      session.terminate({ status_code: 486, reason_phrase: "Busy Here" });
      return;
    }
    const outgoing = String(originator) === "local";
    const header = (name: string): string | null =>
      outgoing ? null : ((request as { getHeader(name: string): string | undefined }).getHeader(name) ?? null);
    this.take(session, outgoing, header(INTERACTION), header(PURPOSE));
  }

  private take(session: RTCSession, outgoing: boolean, interaction: string | null, purpose: string | null = null): void {
    if (this.session === session) return;
    this.session = session;
    this.call.value = { id: ++this.calls, interaction, outgoing, purpose, state: "ringing", muted: false };
    if (session.connection) this.listen(session.connection);
    session.on("peerconnection", ({ peerconnection }) => this.listen(peerconnection));
    let waiting: ReturnType<typeof setTimeout> | undefined;
    session.on("icecandidate", ({ ready }) => {
      waiting ??= setTimeout(ready, GATHERING);
    });
    const named = ({ response }: { response?: { getHeader(name: string): string | undefined } | null }): void => {
      const id = response?.getHeader(INTERACTION);
      if (id !== undefined) this.change({ interaction: id });
    };
    session.on("progress", named as never);
    session.on("accepted", named as never);
    session.on("accepted", () => {
      outlive(session);
      this.path?.wait();
    });
    session.on("confirmed", () => {
      this.change({ state: "talking" });
      this.look();
    });
    session.on("ended", () => this.over(session, null));
    session.on("failed", (event) => this.over(session, troubleOf(event.cause, String(event.originator), outgoing)));
  }

  private listen(connection: RTCPeerConnection): void {
    connection.addEventListener("track", (event) => {
      const stream = event.streams[0] ?? new MediaStream([event.track]);
      this.remote.value = stream;
      this.audio.srcObject = stream;
      this.play();
    });
  }

  private readonly play = (): void => {
    removeEventListener("pointerdown", this.play);
    removeEventListener("keydown", this.play);
    this.silenced.value = false;
    void this.audio.play().catch((error: unknown) => {
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
      this.silenced.value = true;
      addEventListener("pointerdown", this.play);
      addEventListener("keydown", this.play);
    });
  };

  private over(session: RTCSession, trouble: string | null): void {
    if (this.session !== session) return;
    clearInterval(this.looking);
    this.session = null;
    this.call.value = null;
    this.quality.value = null;
    this.remote.value = null;
    this.audio.srcObject = null;
    this.trouble.value = trouble;
  }

  private change(part: Partial<PhoneCall>): void {
    if (this.call.value !== null) this.call.value = { ...this.call.value, ...part };
  }

  private look(): void {
    clearInterval(this.looking);
    const steady = new Steady();
    let before: Counted | null = null;
    this.looking = setInterval(() => {
      const connection = this.session?.connection;
      if (!connection) return;
      void connection.getStats().then((report) => {
        const counted = count(report);
        if (before !== null && this.session !== null) this.quality.value = steady.next(judge(sampleOf(before, counted)));
        before = counted;
      });
    }, LOOK);
  }
}

function troubleOf(cause: string, originator: string, outgoing: boolean): string | null {
  if (cause === "User Denied Media Access") return "The microphone could not be opened.";
  if (cause === "Canceled" || originator === "local") return null;
  if (cause === "Busy" || cause === "Rejected") return outgoing ? "The other side did not take the call." : null;
  if (cause === "Not Found") return "This number does not exist here.";
  if (cause === "No Answer" || cause === "Request Timeout") return "Nobody answered.";
  if (cause === "Connection Error") return "The connection to the server was lost.";
  return outgoing ? "The call could not be made." : "The call ended before it could be connected.";
}

interface Counted {
  received: number;
  lost: number;
  jitter: number;
  roundTrip: number | null;
  lossOut: number | null;
}

function count(report: RTCStatsReport): Counted {
  const counted: Counted = { received: 0, lost: 0, jitter: 0, roundTrip: null, lossOut: null };
  report.forEach((entry: Record<string, unknown>) => {
    const number = (name: string): number | null => (typeof entry[name] === "number" ? entry[name] : null);
    if (entry.type === "inbound-rtp") {
      counted.received += number("packetsReceived") ?? 0;
      counted.lost += Math.max(0, number("packetsLost") ?? 0);
      counted.jitter = number("jitter") ?? 0;
    } else if (entry.type === "remote-inbound-rtp") {
      counted.roundTrip = number("roundTripTime") ?? counted.roundTrip;
      counted.lossOut = number("fractionLost");
    } else if (entry.type === "candidate-pair" && entry.nominated === true) {
      counted.roundTrip ??= number("currentRoundTripTime");
    }
  });
  return counted;
}

function sampleOf(before: Counted, after: Counted): { lossIn: number; lossOut: number | null; jitter: number; roundTrip: number | null } {
  const received = Math.max(0, after.received - before.received);
  const lost = Math.max(0, after.lost - before.lost);
  const lossIn = received + lost === 0 ? 0 : lost / (received + lost);
  return { lossIn, lossOut: after.lossOut, jitter: after.jitter, roundTrip: after.roundTrip };
}
