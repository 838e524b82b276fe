// Why something that was asked for was not done, told where it was asked for and read aloud at once.
import type { JSX } from "preact";

export function Refusal({ words }: { words: string | null }): JSX.Element | null {
  if (words === null) return null;
  return (
    <p class="notice bad" role="alert">
      {words}
    </p>
  );
}
