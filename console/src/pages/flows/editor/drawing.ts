// A drawing of the server put into the page. Its colours are its own; nothing of it runs.
import type { Picture } from "../shapes";

/** Styles inside a document are refused by the page's policy; a sheet that is built is not. */
function sheet(text: string): CSSStyleSheet {
  const made = new CSSStyleSheet();
  made.replaceSync(text);
  return made;
}

/** The drawing as an element of this page, its styles as a sheet; nothing of it runs. */
function drawn(svg: string): { element: Element; styles: string } | null {
  const styles: string[] = [];
  const bare = svg.replace(/<style>([\s\S]*?)<\/style>/g, (_, text: string) => {
    styles.push(text);
    return "";
  });
  const root = new DOMParser().parseFromString(bare, "image/svg+xml").documentElement;
  if (root.nodeName !== "svg") return null;
  for (const odd of root.querySelectorAll("script, style, foreignObject")) odd.remove();
  return { element: document.importNode(root, true), styles: styles.join("\n") };
}

/** Shows it in the element, under its own roof; `styles` go over those of the drawing. */
export function show(host: HTMLElement, picture: Picture | null, styles: string): ShadowRoot {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const made = picture === null ? null : drawn(picture.svg);
  root.adoptedStyleSheets = [sheet(made?.styles ?? ""), sheet(styles)];
  root.replaceChildren(...(made === null ? [] : [made.element]));
  return root;
}
