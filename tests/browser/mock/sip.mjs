// SIP over WebSocket between two pages: the customer's INVITE goes to a free agent's page, answers come back, so that
// the two browsers talk to each other directly. Registers whoever asks.
import { randomUUID } from "node:crypto";

const INTERACTION = "X-Cordboard-Interaction";

const header = (text, name) => new RegExp(`^${name}\\s*:\\s*(.*)$`, "im").exec(text)?.[1]?.trim() ?? "";
const first = (text) => text.split("\r\n", 1)[0];
const method = (text) => first(text).split(" ")[0];

function respond(request, code, phrase, extra = []) {
  const to = header(request, "To");
  const lines = [
    `SIP/2.0 ${code} ${phrase}`,
    `Via: ${header(request, "Via")}`,
    `From: ${header(request, "From")}`,
    `To: ${to.includes("tag=") ? to : `${to};tag=mock${code}`}`,
    `Call-ID: ${header(request, "Call-ID")}`,
    `CSeq: ${header(request, "CSeq")}`,
    ...extra,
    "Content-Length: 0",
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

export class SipRelay {
  registered = new Map();
  dialogs = new Map();

  constructor(world) {
    this.world = world;
    world.on("changed", () => setImmediate(() => this.serve()));
  }

  connect(socket, identity) {
    socket.on("message", (data) => this.heard(socket, identity, data.toString()));
    socket.on("close", () => this.gone(socket, identity));
  }

  gone(socket, identity) {
    if (this.registered.get(identity.login) === socket) {
      this.registered.delete(identity.login);
      const agent = this.world.agents.get(identity.login);
      if (agent !== undefined) agent.phone = { registered: false };
      this.world.changed();
    }
    for (const dialog of [...this.dialogs.values()]) {
      if (dialog.a === socket || dialog.b === socket) this.end(dialog);
    }
  }

  heard(socket, identity, text) {
    if (text.trim() === "") return;
    const dialog = this.dialogs.get(header(text, "Call-ID"));
    if (method(text) === "REGISTER") return this.register(socket, identity, text);
    if (method(text) === "INVITE" && dialog === undefined) return this.invite(socket, text);
    if (dialog === undefined) {
      if (!first(text).startsWith("SIP/2.0") && method(text) !== "ACK") socket.send(respond(text, 481, "No such call"));
      return;
    }
    this.relay(dialog, socket, text);
  }

  register(socket, identity, text) {
    const off = /expires=0\b/i.test(header(text, "Contact")) || header(text, "Expires") === "0";
    if (off) this.registered.delete(identity.login);
    else this.registered.set(identity.login, socket);
    const agent = this.world.agents.get(identity.login);
    if (agent !== undefined) agent.phone = { registered: !off };
    socket.send(respond(text, 200, "OK", [`Contact: ${header(text, "Contact").replace(/;expires=\d+/, "")};expires=120`]));
    this.world.changed();
  }

  invite(socket, text) {
    const to = /sip:([^@>]+)@/.exec(first(text))?.[1];
    if (to !== "9000") return socket.send(respond(text, 404, "Not Found"));
    socket.send(respond(text, 100, "Trying"));
    const [, name] = /^"?([^"<]*)"?\s*</.exec(header(text, "From")) ?? [];
    const call = this.world.arrive({ number: "+34600000101", name: name?.trim() || null });
    this.dialogs.set(header(text, "Call-ID"), { a: socket, b: null, invite: text, call, ok: null });
    socket.send(respond(text, 180, "Ringing", [`${INTERACTION}: ${call.interaction}`]));
    this.serve();
  }

  /** Offers who waits to who is free. */
  serve() {
    for (const dialog of this.dialogs.values()) {
      if (dialog.call.phase !== "waiting") continue;
      const agent = this.world.free();
      const socket = agent && this.registered.get(agent.login);
      if (!socket) return;
      dialog.b = socket;
      dialog.user = agent.extension;
      this.world.offer(dialog.call, agent);
      const named = dialog.invite.replace(/\r\nVia:/i, `\r\n${INTERACTION}: ${dialog.call.interaction}\r\nVia:`);
      socket.send(this.addressed(dialog, named));
    }
  }

  addressed(dialog, text) {
    return text.replace(/^(\S+) sip:[^@]+@/, `$1 sip:${dialog.user}@`);
  }

  relay(dialog, from, text) {
    const other = from === dialog.a ? dialog.b : dialog.a;
    const cseq = header(text, "CSeq");
    if (cseq.startsWith("9000 ")) return;
    if (method(text) === "CANCEL" && from === dialog.a) {
      from.send(respond(text, 200, "OK"));
      from.send(respond(dialog.invite, 487, "Request Terminated"));
      dialog.b?.send(this.addressed(dialog, text));
      return this.forget(dialog);
    }
    if (text.startsWith("SIP/2.0") && cseq.endsWith("INVITE") && from === dialog.b) {
      const code = Number(first(text).split(" ")[1]);
      if (code === 200 && dialog.ok === null) {
        dialog.ok = text;
        this.world.talk(dialog.call);
        text = text.replace(/\r\nVia:/i, `\r\n${INTERACTION}: ${dialog.call.interaction}\r\nVia:`);
      } else if (code >= 300) {
        dialog.b.send(this.ack(dialog, text));
        // Its answer to our CANCEL, after the caller left.
        if (!this.world.calls.has(dialog.call.interaction)) return;
        this.world.agents.get(dialog.call.agent).offer = null;
        this.world.state(dialog.call.agent, "not_ready", "declined");
        Object.assign(dialog.call, { phase: "waiting", agent: null });
        dialog.b = null;
        return;
      } else return;
    }
    other?.send(text);
    if (method(text) === "BYE") this.forget(dialog);
  }

  ack(dialog, response) {
    const lines = [
      `ACK sip:${dialog.user}@cordboard.localhost SIP/2.0`,
      `Via: ${header(dialog.invite, "Via")}`,
      `From: ${header(response, "From")}`,
      `To: ${header(response, "To")}`,
      `Call-ID: ${header(response, "Call-ID")}`,
      `CSeq: ${header(response, "CSeq").replace("INVITE", "ACK")}`,
      "Max-Forwards: 70",
      "Content-Length: 0",
    ];
    return `${lines.join("\r\n")}\r\n\r\n`;
  }

  forget(dialog) {
    for (const [key, value] of this.dialogs) if (value === dialog) setTimeout(() => this.dialogs.delete(key), 500);
    if (this.world.calls.has(dialog.call.interaction)) this.world.over(dialog.call, "ended");
  }

  /** Ends a call from the middle: BYE to both. */
  hangUp(interaction) {
    const dialog = [...this.dialogs.values()].find((one) => one.call.interaction === interaction);
    if (dialog !== undefined) this.end(dialog);
  }

  end(dialog) {
    if (dialog.ok !== null) {
      const remote = header(dialog.ok, "To");
      const local = header(dialog.ok, "From");
      const uri = (text) => /<([^>]+)>/.exec(header(text, "Contact"))?.[1] ?? "sip:x@y.invalid";
      this.bye(dialog.a, uri(dialog.invite), remote, local, dialog);
      this.bye(dialog.b, uri(dialog.ok), local, remote, dialog);
    }
    this.forget(dialog);
  }

  bye(socket, uri, from, to, dialog) {
    const lines = [
      `BYE ${uri} SIP/2.0`,
      `Via: SIP/2.0/WS mock.invalid;branch=z9hG4bK${randomUUID()}`,
      `From: ${from}`,
      `To: ${to}`,
      `Call-ID: ${header(dialog.invite, "Call-ID")}`,
      "CSeq: 9000 BYE",
      "Max-Forwards: 70",
      "Content-Length: 0",
    ];
    if (socket?.readyState === 1) socket.send(`${lines.join("\r\n")}\r\n\r\n`);
  }
}
