// One flow while it is edited. The text is the truth; outline, picture and findings are what the server says of it.
// Owns: the texts, their past, what is kept where. Knows no element of the page.
import { signal } from "@preact/signals";
import { ask, get, part, post, Problem, put, session, words } from "../../../api/client";
import type { Edited, Flow, FlowDraft, Operation, Report, View } from "../shapes";

/** Where what was typed is. `conflict`: somebody saved another draft; `away`: the server does not take it now; `here`: in this
 * browser alone, since flows are edited in files. */
export type Saving = "saved" | "typing" | "saving" | "away" | "conflict" | "here";

interface Texts {
  text: string;
  tests: string | null;
}

/** What this browser keeps until the server has it. */
interface Kept extends Texts {
  revision: number | null;
  base: number | null;
  /** What the files had when the change began. */
  began?: Texts;
  /** Which tab keeps it: another one's words are not thrown away. */
  tab: string;
}

const TAB = crypto.randomUUID();

/** A pause in typing after which the text is looked at, and one after which it is saved, in milliseconds. */
const LOOK_AFTER = 150;
const SAVE_AFTER = 1000;
/** How often saving is tried again, in milliseconds. */
const SAVE_AGAIN = 5000;
/** Letters typed, or taken away, one after the other are undone together. */
const TOGETHER = 800;
const MOST_UNDONE = 500;

/** Who calls in a trial. */
export interface Caller {
  /** What every calendar says; empty: what it says by the clock. */
  hours: "" | "open" | "closed" | "holiday" | "emergency";
  /** Their number; empty: withheld. */
  from: string;
  /** When they call, RFC 3339; empty: now. */
  at: string;
  /** Empty: nobody knows them. */
  name: string;
  language: string;
}

/** The call of the trial: who calls, and what happened to them. */
export interface Trial {
  caller: Caller;
  lines: string[];
}

const SOMEBODY: Trial = { caller: { hours: "open", from: "+34600000101", at: "", name: "", language: "" }, lines: [] };

export class Editing {
  /** Stays when another pane is looked at; expressions are worth what it makes of them. */
  readonly trial = signal<Trial>(SOMEBODY);
  readonly calendars = signal<string[]>([]);
  readonly flow = signal<Flow | null>(null);
  readonly text = signal("");
  readonly tests = signal<string | null>(null);
  /** Of the newest text. */
  readonly report = signal<Report | null>(null);
  /** The last that could be read: a slip in the text takes neither outline nor picture away. */
  readonly good = signal<View | null>(null);
  /** Whether `good` is of an older text than the one that stands there. */
  readonly stale = signal(false);
  /** The path of what is looked at: `/blocks/main/0`. */
  readonly at = signal("/blocks/start");
  readonly zoom = signal<"blocks" | "steps">("blocks");
  /** What the tests come by is asked for too. */
  readonly covers = signal(false);
  readonly saving = signal<Saving>("saved");
  /** In files: what the change began with. */
  readonly began = signal<Texts>({ text: "", tests: null });
  /** The draft that somebody else saved. */
  readonly theirs = signal<FlowDraft | null>(null);
  readonly problem = signal<string | null>(null);
  readonly canUndo = signal(false);
  readonly canRedo = signal(false);

  private revision: number | null = null;
  /** The version that the draft was made from. */
  readonly base = signal<number | null>(null);
  /** A line of the text to show, from 1. */
  readonly line = signal<number | null>(null);
  /** The page is left. */
  private gone = false;
  private past: Texts[] = [];
  private future: Texts[] = [];
  private typedAt = 0;
  private grew = true;
  private looked = 0;
  private lookTimer: ReturnType<typeof setTimeout> | undefined;
  private saveTimer: ReturnType<typeof setTimeout> | undefined;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(readonly name: string) {}

  private get below(): string {
    return `/flows/${part(this.name)}`;
  }

  private get key(): string {
    return `cordboard.flow.${session.value?.user.login ?? ""}.${this.name}`;
  }

  /** Whether anything may be changed here; the server decides. */
  get writes(): boolean {
    return this.flow.value !== null && (session.value?.user.role ?? "readonly") !== "readonly";
  }

  /** Flows are edited in files: a change stays in this browser, and leaves it as a patch. */
  get inFiles(): boolean {
    return this.flow.value?.master === "files";
  }

  /** The files have other texts than those that this change began with. */
  get filesMoved(): boolean {
    const { text, tests } = this.began.value;
    return this.inFiles && (text !== (this.flow.value?.text ?? "") || tests !== (this.flow.value?.tests ?? null));
  }

  get liveVersion(): number | null {
    return this.flow.value?.aliases.find((alias) => alias.alias === "live")?.version ?? null;
  }

  /** What the draft was made from, and which draft it is: a publish says both. */
  get draft(): { base: number | null; revision: number | null } {
    return { base: this.base.value, revision: this.revision };
  }

  /** Callers get another version than the one that the draft was made from. */
  get moved(): boolean {
    return this.liveVersion !== null && this.base.value !== this.liveVersion;
  }

  /** Whoever has looked at what changed means their text as the next version after the one that callers get. */
  goOnFromLive(): void {
    this.base.value = this.liveVersion;
    this.saving.value = "typing";
    this.save();
  }

  /** The call of the trial, as the server takes it. */
  tried(): object {
    const { caller, lines } = this.trial.value;
    const hours = caller.hours === "" ? {} : Object.fromEntries(this.calendars.value.map((name) => [name, caller.hours]));
    const customer = caller.name.trim() === "" ? null : { name: caller.name.trim(), language: caller.language === "" ? null : caller.language };
    return { text: this.text.value, caller: { from: caller.from.trim(), ...(caller.at === "" ? {} : { at: caller.at }), hours, customer }, lines };
  }

  /** Reads anew what callers get and how many are in it. */
  async refresh(): Promise<void> {
    this.flow.value = await get<Flow>(this.below);
  }

  /** Throws the draft away: what callers get stands here again. */
  async discard(): Promise<void> {
    if (this.revision !== null) await ask("DELETE", `${this.below}/draft?revision=${this.revision}`);
    this.forget();
    await this.published();
  }

  /** Reads the flow; what was typed here and never reached the server comes back. */
  async load(): Promise<void> {
    const flow = await get<Flow>(this.below);
    this.flow.value = flow;
    const draft = flow.draft == null ? null : await get<FlowDraft>(`${this.below}/draft`);
    this.take(draft ?? { text: flow.text ?? "", tests: flow.tests ?? null }, draft?.revision ?? null, draft === null ? this.liveVersion : (draft.base ?? null));
    this.began.value = { text: this.text.value, tests: this.tests.value };
    const kept = this.kept();
    if (kept !== null && kept.text === this.text.value && kept.tests === this.tests.value) this.forget();
    else if (kept !== null && this.writes) {
      const same = kept.revision === this.revision;
      this.text.value = kept.text;
      this.tests.value = kept.tests;
      if (kept.began !== undefined && this.inFiles) this.began.value = kept.began;
      if (draft === null) this.base.value = kept.base;
      if (same) this.save();
      else if (draft !== null) {
        this.theirs.value = draft;
        this.saving.value = "conflict";
      } else this.save();
    }
    await this.look();
  }

  private take(texts: { text: string; tests?: string | null }, revision: number | null, base: number | null): void {
    this.text.value = texts.text;
    this.tests.value = texts.tests ?? null;
    this.revision = revision;
    this.base.value = base;
  }

  private kept(): Kept | null {
    try {
      return JSON.parse(localStorage.getItem(this.key) ?? "null") as Kept | null;
    } catch {
      return null;
    }
  }

  private keep(): void {
    const kept: Kept = { text: this.text.value, tests: this.tests.value, revision: this.revision, base: this.base.value, tab: TAB, ...(this.inFiles ? { began: this.began.value } : {}) };
    try {
      localStorage.setItem(this.key, JSON.stringify(kept));
    } catch {
      // A browser that keeps nothing: the server has it a second later.
    }
  }

  private forget(): void {
    try {
      const kept = this.kept();
      if (kept === null || kept.tab === TAB || this.inFiles) localStorage.removeItem(this.key);
    } catch {
      // As above.
    }
  }

  /** Takes a text as it is typed. */
  type(text: string): void {
    if (text === this.text.value) return;
    const at = Date.now();
    const grows = text.length > this.text.value.length;
    if (at - this.typedAt > TOGETHER || grows !== this.grew) this.remember();
    this.typedAt = at;
    this.grew = grows;
    this.set({ text, tests: this.tests.value });
    clearTimeout(this.lookTimer);
    this.lookTimer = setTimeout(() => void this.look(), LOOK_AFTER);
  }

  typeTests(tests: string): void {
    const at = Date.now();
    if (at - this.typedAt > TOGETHER) this.remember();
    this.typedAt = at;
    this.set({ text: this.text.value, tests });
    if (!this.covers.value) return;
    clearTimeout(this.lookTimer);
    this.lookTimer = setTimeout(() => void this.look(), LOOK_AFTER);
  }

  private remember(): void {
    this.past.push({ text: this.text.value, tests: this.tests.value });
    if (this.past.length > MOST_UNDONE) this.past.shift();
    this.future = [];
    this.counted();
  }

  private counted(): void {
    this.canUndo.value = this.past.length > 0;
    this.canRedo.value = this.future.length > 0;
  }

  private set({ text, tests }: Texts): void {
    this.text.value = text;
    this.tests.value = tests;
    this.keep();
    if (this.saving.value === "conflict") return;
    this.saving.value = "typing";
    clearTimeout(this.saveTimer);
    this.saveTimer = setTimeout(() => this.save(), SAVE_AFTER);
  }

  undo(): void {
    this.step(this.past, this.future);
  }

  redo(): void {
    this.step(this.future, this.past);
  }

  private step(from: Texts[], to: Texts[]): void {
    const texts = from.pop();
    if (texts === undefined) return;
    to.push({ text: this.text.value, tests: this.tests.value });
    this.typedAt = 0;
    this.set(texts);
    this.counted();
    void this.look();
  }

  /** Asks how the text looks. Only the answer to the last question counts. */
  async look(): Promise<void> {
    const asked = (this.looked += 1);
    try {
      const tests = this.covers.value ? { tests: this.tests.value, coverage: true } : {};
      const view = await post<View>(`${this.below}/view`, { text: this.text.value, zoom: this.zoom.value, ...tests });
      if (asked === this.looked) this.show(view);
    } catch (error) {
      if (asked === this.looked) this.problem.value = words(error);
    }
  }

  private show(view: View): void {
    this.problem.value = null;
    this.report.value = view.report;
    const readable = view.outline != null;
    this.stale.value = !readable;
    if (readable) this.good.value = view;
  }

  setZoom(zoom: "blocks" | "steps"): void {
    this.zoom.value = zoom;
    void this.look();
  }

  setCovers(covers: boolean): void {
    this.covers.value = covers;
    void this.look();
  }

  /** Changes the text by operations: all of them or none. False when the server refused; `problem` says why. */
  operate(operations: Operation[]): Promise<boolean> {
    const next = this.queue.then(() => this.operated(operations));
    this.queue = next;
    return next;
  }

  private async operated(operations: Operation[]): Promise<boolean> {
    // Whoever types meanwhile keeps what was typed: the operations are made anew on that text.
    for (let tries = 0; tries < 5; tries += 1) {
      const before: Texts = { text: this.text.value, tests: this.tests.value };
      const asked = (this.looked += 1);
      try {
        const edited = await post<Edited>(`${this.below}/edit`, { ...before, operations, zoom: this.zoom.value });
        if (this.text.value !== before.text || this.tests.value !== before.tests) continue;
        this.remember();
        this.typedAt = 0;
        this.set({ text: edited.text, tests: edited.tests ?? null });
        if (asked === this.looked) this.show(edited.view);
        if (asked !== this.looked || this.covers.value) void this.look();
        return true;
      } catch (error) {
        this.problem.value = words(error);
        return false;
      }
    }
    return false;
  }

  /** Saves what stands there, one request after the other. */
  save(): void {
    clearTimeout(this.saveTimer);
    if (!this.writes || this.gone) return;
    if (this.inFiles) {
      this.saving.value = "here";
      return;
    }
    this.queue = this.queue.then(() => this.saved());
  }

  private async saved(): Promise<void> {
    if (this.saving.value === "conflict") return;
    const texts: Texts = { text: this.text.value, tests: this.tests.value };
    this.saving.value = "saving";
    try {
      const draft = await put<FlowDraft>(`${this.below}/draft`, { ...texts, base: this.base.value, revision: this.revision });
      this.revision = draft.revision;
      if (texts.text === this.text.value && texts.tests === this.tests.value) {
        this.saving.value = "saved";
        this.forget();
      } else {
        this.keep();
        this.saveTimer = setTimeout(() => this.save(), SAVE_AFTER);
      }
    } catch (error) {
      await this.notSaved(error, texts).catch(() => this.again());
    }
  }

  private async notSaved(error: unknown, sent: Texts): Promise<void> {
    if (error instanceof Problem && error.status === 409) {
      const draft = await this.draftThere();
      if (draft !== null && draft.text === sent.text && (draft.tests ?? null) === sent.tests) {
        // It arrived, and only its answer was lost.
        this.revision = draft.revision;
        this.saving.value = "typing";
        this.saveTimer = setTimeout(() => this.save(), SAVE_AFTER);
        return;
      }
      this.saving.value = "conflict";
      this.theirs.value = draft;
      return;
    }
    if (error instanceof Problem && error.status !== 0 && error.status < 500) this.problem.value = words(error);
    this.again();
  }

  private again(): void {
    this.saving.value = "away";
    if (!this.gone) this.saveTimer = setTimeout(() => this.save(), SAVE_AGAIN);
  }

  /** The draft that the server has; `null`: none. */
  private async draftThere(): Promise<FlowDraft | null> {
    try {
      return await get<FlowDraft>(`${this.below}/draft`);
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return null;
      throw error;
    }
  }

  /** After a conflict: what the other saved takes the place of what stands here, which one undo brings back. */
  async takeTheirs(): Promise<void> {
    const draft = this.theirs.value;
    this.remember();
    this.theirs.value = null;
    this.saving.value = "saved";
    this.forget();
    if (draft === null) return this.load();
    this.take(draft, draft.revision, draft.base ?? null);
    await this.look();
  }

  /** After a conflict: what stands here takes the place of what the other saved. */
  keepMine(): void {
    const theirs = this.theirs.value;
    if (theirs !== null) {
      this.past.push({ text: theirs.text, tests: theirs.tests ?? null });
      this.future = [];
      this.counted();
    }
    this.revision = this.theirs.value?.revision ?? null;
    this.theirs.value = null;
    this.saving.value = "typing";
    this.save();
  }

  /** Waits until the server has everything; false when it has not. */
  async settled(): Promise<boolean> {
    if (this.saving.value === "typing") this.save();
    await this.queue;
    return this.saving.value === "saved";
  }

  /** After a publish the draft is used up: the next change begins another. */
  async published(): Promise<void> {
    this.past = [];
    this.future = [];
    this.counted();
    await this.load();
  }

  /** The page is left: nothing typed waits for its pause. */
  leave(): void {
    clearTimeout(this.lookTimer);
    if (this.saving.value === "typing") this.save();
    this.gone = true;
    clearTimeout(this.saveTimer);
  }
}
