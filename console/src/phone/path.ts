// Whether the network still carries the phone, and its way back when it does not: a cable that is pulled, another Wi-Fi,
// an address that changes. The server keeps the call; the page connects again, registers, and begins ICE anew (RFC 8445
// 2.4) in the call that it is in. Owns: noticing and coming back. Knows no page.
import type { UA } from "jssip";
import type { RTCSession } from "jssip/lib/RTCSession";
import type { SipSocket } from "./socket";

/** Between looks while a call is on, and while none is, in milliseconds. */
const LOOK = 250;
const LOOK_IDLE = 10_000;
/** Nothing was heard for so long: the server is asked. */
const QUIET = 600;
/** After its answer a silence is no reason to ask again so soon: a caller on hold hears nothing either. */
const CALM = 1000;
/** How long it may take to answer. */
const ANSWER = 700;
const ANSWER_IDLE = 3000;
/** Nothing but silence for so long, though the server answers: the media's own path is gone. */
const DEAF = 6000;
/** Between two attempts to begin ICE anew. */
const AGAIN = 3000;
/** How long an address of ours may be looked for. */
const GATHERING = 500;

/** What JsSIP has and its types do not tell. */
interface Transport {
  connect(): void;
  isConnected(): boolean;
}

type Request = { eventHandlers: Record<string, (response?: { body?: string }) => void>; extraHeaders: string[]; body: string };

export interface Watched {
  ua: UA;
  socket: SipSocket;
  /** The call that is on, from its answer. */
  talking: () => RTCSession | null;
  /** The way to the server was lost and is looked for anew: others who use it may want to know. */
  onLost: () => void;
}

export class PathWatch {
  private readonly watched: Watched;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;
  private looking = false;
  private nudged = false;
  /** The call whose media has to find a new way. */
  private broken: RTCSession | null = null;
  private triedAt = 0;
  private answeredAt = 0;
  private seen = { session: null as RTCSession | null, count: -1, at: 0 };

  constructor(watched: Watched) {
    this.watched = watched;
    addEventListener("online", this.nudge);
    connectionOfBrowser()?.addEventListener("change", this.nudge);
    this.wait();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    removeEventListener("online", this.nudge);
    connectionOfBrowser()?.removeEventListener("change", this.nudge);
  }

  /** Looks now: the connection was made, or the network changed. */
  readonly nudge = (): void => {
    this.nudged = true;
    void this.look();
  };

  /** A call began or ended: the next look comes at its pace. */
  wait(): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    const pace = this.watched.talking() === null && this.broken === null ? LOOK_IDLE : LOOK;
    this.timer = setTimeout(() => void this.look(), pace);
  }

  private async look(): Promise<void> {
    if (this.looking || this.stopped) return;
    this.looking = true;
    try {
      await this.step();
    } finally {
      this.looking = false;
      this.wait();
    }
  }

  private async step(): Promise<void> {
    const { socket, ua } = this.watched;
    const session = this.watched.talking();
    if (this.broken !== session) this.broken = null;
    const nudged = this.nudged;
    this.nudged = false;
    if (!socket.isConnected()) {
      this.broken = session;
      // In a call nobody waits for the pauses that JsSIP makes between attempts.
      if (session !== null && !socket.isConnecting()) transportOf(ua)?.connect();
      return;
    }
    if (this.broken === null) {
      const quiet = session === null ? null : await this.quietFor(session);
      const cut = session !== null && isCut(session);
      const idle = session === null;
      if (!idle && !nudged && !cut && (quiet ?? 0) < QUIET) return;
      if (!nudged && !cut && Date.now() - this.answeredAt < CALM && (quiet ?? 0) < DEAF) return;
      if (!(await socket.ping(idle ? ANSWER_IDLE : ANSWER))) return this.lost(session);
      this.answeredAt = Date.now();
      if (!cut && (quiet ?? 0) < DEAF) return;
      this.broken = session;
    }
    if (this.broken !== null && Date.now() - this.triedAt >= AGAIN) await this.beginAnew(this.broken);
  }

  private lost(session: RTCSession | null): void {
    this.broken = session;
    this.triedAt = 0;
    this.watched.socket.giveUp();
    transportOf(this.watched.ua)?.connect();
    this.watched.onLost();
  }

  /** For how long nothing came, in milliseconds. */
  private async quietFor(session: RTCSession): Promise<number> {
    const count = await arrived(session);
    if (this.seen.session !== session || count !== this.seen.count) this.seen = { session, count, at: Date.now() };
    return Date.now() - this.seen.at;
  }

  /** A re-INVITE with another ICE login and the addresses that we have now. When it fails the call stays as it is. */
  private async beginAnew(session: RTCSession): Promise<void> {
    const connection = session.connection;
    if (!session.isEstablished() || !session.isReadyToReOffer() || connection.signalingState !== "stable") return;
    this.triedAt = Date.now();
    await connection.setLocalDescription(await connection.createOffer({ iceRestart: true }));
    const sdp = await gathered(connection);
    const answer = sdp === null ? null : await offer(session, sdp);
    if (answer === null) {
      if (isOffering(connection)) await connection.setLocalDescription({ type: "rollback" });
      return;
    }
    await connection.setRemoteDescription({ type: "answer", sdp: answer });
    if (this.broken === session) this.broken = null;
    this.seen = { session: null, count: -1, at: 0 };
  }
}

/** A call that both sides talk in does not end because a message could not be sent: the way back is looked for. */
export function outlive(session: RTCSession): void {
  (session as unknown as { onTransportError: () => void }).onTransportError = () => undefined;
}

function offer(session: RTCSession, sdp: string): Promise<string | null> {
  return new Promise((resolve) => {
    const failed = (): void => resolve(null);
    const send = (method: string, request?: Request): unknown =>
      (session as unknown as { sendRequest: (method: string, request?: Request) => unknown }).sendRequest(method, request);
    const contact = (session as unknown as { contact: string }).contact;
    send("INVITE", {
      extraHeaders: [`Contact: ${contact}`, "Content-Type: application/sdp"],
      body: sdp,
      eventHandlers: {
        onSuccessResponse: (response) => {
          send("ACK");
          resolve(response?.body ?? null);
        },
        onErrorResponse: failed,
        onTransportError: failed,
        onRequestTimeout: failed,
        onDialogError: () => {
          failed();
          session.terminate();
        },
      },
    });
  });
}

/** Our description once it has an address, which one does not matter: the server answers to where checks come from. */
async function gathered(connection: RTCPeerConnection): Promise<string | null> {
  for (let waited = 0; waited < GATHERING; waited += 20) {
    const sdp = connection.localDescription?.sdp ?? "";
    if (sdp.includes("a=candidate:")) return sdp;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return null;
}

function isOffering(connection: RTCPeerConnection): boolean {
  return connection.signalingState === "have-local-offer";
}

function isCut(session: RTCSession): boolean {
  const state = session.connection.iceConnectionState;
  return state === "disconnected" || state === "failed";
}

/** Counts what the server sends on the way in use: sound, and answers to checks. */
async function arrived(session: RTCSession): Promise<number> {
  const report = await session.connection.getStats();
  let count = 0;
  const add = (value: unknown): void => {
    if (typeof value === "number") count += value;
  };
  report.forEach((entry: Record<string, unknown>) => {
    if (entry.type === "inbound-rtp") add(entry.packetsReceived);
    if (entry.type !== "transport" || typeof entry.selectedCandidatePairId !== "string") return;
    add((report.get(entry.selectedCandidatePairId) as Record<string, unknown> | undefined)?.responsesReceived);
  });
  return count;
}

function transportOf(ua: UA): Transport | undefined {
  return (ua as unknown as { transport?: Transport }).transport;
}

function connectionOfBrowser(): EventTarget | undefined {
  return (navigator as unknown as { connection?: EventTarget }).connection;
}
