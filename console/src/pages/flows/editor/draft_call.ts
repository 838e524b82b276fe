// A real call through the text as it stands, by this browser's phone. One at a time; it goes on while other panes are
// looked at, and ends with the page. Knows no element of the page.
import { computed, signal } from "@preact/signals";
import { get, part, post, words } from "../../../api/client";
import type { Phone } from "../../../phone/phone";
import { context, microphone, releaseMicrophone } from "../../../phone/sound";
import type { Callers, DraftPhone } from "../shapes";

/** Between looks at where the call is, in milliseconds. */
const LOOK = 1000;

export class DraftCall {
  readonly phone = signal<Phone | null>(null);
  readonly problem = signal<string | null>(null);
  /** Asking for the microphone, connecting. */
  readonly begins = signal(false);
  /** There was one. */
  readonly over = signal(false);
  /** The block that it is in. */
  readonly block = signal<string | null>(null);
  readonly call = computed(() => this.phone.value?.call.value ?? null);
  readonly trouble = computed(() => this.problem.value ?? this.phone.value?.trouble.value ?? null);

  private looking: ReturnType<typeof setInterval> | undefined;
  private readonly ended: () => void;
  private was = false;

  constructor(private readonly name: string) {
    // Whichever side hangs up.
    this.ended = this.call.subscribe((call) => {
      if (call === null && this.was) {
        this.over.value = true;
        this.rest();
      }
      this.was = call !== null;
    });
  }

  async begin(text: string, from: string): Promise<void> {
    if (this.begins.value || this.call.value !== null) return;
    this.begins.value = true;
    this.problem.value = null;
    this.over.value = false;
    this.phone.value?.stop();
    try {
      await context().resume();
      const stream = await microphone();
      const { phone: credentials, dial, flow } = await post<DraftPhone>(`/flows/${part(this.name)}/call`, { text, from });
      const { Phone } = await import("../../../phone/phone");
      const phone = new Phone({ register: false, credentials: () => Promise.resolve(credentials) });
      this.phone.value = phone;
      await phone.start();
      phone.dial(dial, stream);
      this.looking = setInterval(() => void this.look(flow), LOOK);
    } catch (error) {
      this.problem.value = words(error);
      this.rest();
    }
    this.begins.value = false;
  }

  press(key: string): void {
    this.phone.value?.press(key);
  }

  hangUp(): void {
    this.phone.value?.hangUp();
  }

  stop(): void {
    this.hangUp();
    this.rest();
    this.ended();
    this.phone.value?.stop();
  }

  private rest(): void {
    clearInterval(this.looking);
    this.block.value = null;
    releaseMicrophone();
  }

  /** While another calls a draft of this flow as well, nobody can say which is whose. */
  private async look(flow: string): Promise<void> {
    const found = await get<Callers>(`/flows/${part(flow)}/callers`).catch(() => null);
    if (this.call.value !== null) this.block.value = found?.calls === 1 ? (found.blocks[0]?.block ?? null) : null;
  }
}
