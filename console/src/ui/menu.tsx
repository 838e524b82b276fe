// A button that opens a short list of things to do. Escape and a click elsewhere close it, arrows move in it.
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

interface Props {
  label: ComponentChildren;
  name?: string;
  id?: string;
  class?: string;
  align?: "start" | "end";
  children: (close: () => void) => ComponentChildren;
}

export function Menu({ label, name, id, class: extra = "", align = "end", children }: Props): JSX.Element {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  useLayoutEffect(() => {
    if (!open || list.current === null || button.current === null) return;
    place(list.current, button.current, align);
    list.current.querySelector<HTMLButtonElement>("button:not(:disabled)")?.focus();
    const outside = (event: Event): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    const away = (): void => setOpen(false);
    document.addEventListener("pointerdown", outside);
    addEventListener("resize", away);
    return () => {
      document.removeEventListener("pointerdown", outside);
      removeEventListener("resize", away);
    };
  }, [open]);
  const keys = (event: KeyboardEvent): void => {
    if (!open) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
      return;
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const items = [...(root.current?.querySelectorAll<HTMLButtonElement>(".menu-list button:not(:disabled)") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLButtonElement);
    const step = event.key === "ArrowDown" ? 1 : -1;
    items[(at + step + items.length) % items.length]?.focus();
  };
  return (
    <div class="menu" ref={root} onKeyDown={keys}>
      <button
        ref={button}
        id={id}
        type="button"
        class={extra}
        aria-expanded={open}
        aria-label={name}
        onClick={() => setOpen(!open)}
      >
        {label}
      </button>
      {open && (
        <div ref={list} class="menu-list" popover="manual">
          {children(close)}
        </div>
      )}
    </div>
  );
}

/** Above everything, below its button or above it where there is more room: a list inside a table is not cut off. */
function place(list: HTMLElement, button: HTMLElement, align: "start" | "end"): void {
  list.showPopover();
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = list;
  const left = align === "start" ? at.left : at.right - width;
  const below = at.bottom + 6;
  const top = below + height > innerHeight && at.top > height ? at.top - height - 6 : below;
  list.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8)) + scrollX}px`;
  list.style.top = `${top + scrollY}px`;
}
