// The phone's connection to the server (RFC 7118), which can be asked whether it still leads there: a path that is gone
// looks to a browser like one on which nothing is said. Owns: the WebSocket. Knows no SIP but its keep-alive.

/** Asks for a sign of life (RFC 5626 3.5.1); a pong and every message is one. */
const PING = "\r\n\r\n";
/** A connection must stand after this time, in milliseconds. */
const CONNECT = 2500;
/** The code that JsSIP is told when we gave a connection up. */
const GIVEN_UP = 4000;

/** What JsSIP wants of a socket, and `ping` and `giveUp` beside it. */
export class SipSocket {
  via_transport: string;
  readonly url: string;
  readonly sip_uri: string;
  onconnect: () => void = () => undefined;
  ondisconnect: (error: boolean, code?: number, reason?: string) => void = () => undefined;
  ondata: (data: unknown) => void = () => undefined;

  private socket: WebSocket | null = null;
  private patience: ReturnType<typeof setTimeout> | undefined;
  private heard: (() => void) | null = null;

  constructor(url: string) {
    const { protocol, host, href } = new URL(url);
    this.url = href;
    this.via_transport = protocol === "wss:" ? "WSS" : "WS";
    this.sip_uri = `sip:${host};transport=ws`;
  }

  connect(): void {
    if (this.socket !== null) return;
    const socket = new WebSocket(this.url, "sip");
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    this.patience = setTimeout(() => this.giveUp(), CONNECT);
    socket.onopen = () => {
      clearTimeout(this.patience);
      this.onconnect();
    };
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      this.heard?.();
      this.ondata(data);
    };
    socket.onclose = ({ wasClean, code, reason }) => {
      this.disconnect();
      this.ondisconnect(!wasClean, code, reason);
    };
  }

  disconnect(): void {
    clearTimeout(this.patience);
    const socket = this.socket;
    this.socket = null;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    this.heard = null;
  }

  send(message: string | ArrayBufferLike | Blob | ArrayBufferView): boolean {
    if (!this.isConnected()) return false;
    this.socket?.send(message as string);
    return true;
  }

  isConnected(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  isConnecting(): boolean {
    return this.socket?.readyState === WebSocket.CONNECTING;
  }

  /** Whether anything comes from the server within so many milliseconds. */
  ping(within: number): Promise<boolean> {
    if (!this.send(PING)) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), within);
      const before = this.heard;
      this.heard = () => {
        clearTimeout(timer);
        this.heard = before;
        before?.();
        resolve(true);
      };
    });
  }

  /** It leads nowhere: told as lost at once, where a close would wait for an answer that cannot come. */
  giveUp(): void {
    if (this.socket === null) return;
    this.disconnect();
    this.ondisconnect(true, GIVEN_UP, "no answer");
  }
}
