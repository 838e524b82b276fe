// Where flows are edited in files: a change made here as a patch, for those who keep the files.
// Owns: the patch's form. Writes nothing anywhere.
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";
import type { JSX } from "preact";
import type { Editing } from "./model";

const one = (file: string, before: string | null, after: string | null): string =>
  before === after
    ? ""
    : createTwoFilesPatch(before === null ? "/dev/null" : `a/${file}`, after === null ? "/dev/null" : `b/${file}`, before ?? "", after ?? "", undefined, undefined, { headerOptions: FILE_HEADERS_ONLY });

/** What `patch -p1` and `git apply` take in the folder of flows. */
function patchOf(editing: Editing): string {
  const { text, tests } = editing.began.value;
  const kept = (now: string | null): string | null => (now === "" && tests === null ? null : now);
  return one(`${editing.name}.flow.yaml`, text, editing.text.value) + one(`${editing.name}.test.yaml`, tests, kept(editing.tests.value));
}

export function DownloadPatch({ editing }: { editing: Editing }): JSX.Element {
  const download = (): void => {
    const address = URL.createObjectURL(new Blob([patchOf(editing)], { type: "text/x-diff" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = `${editing.name}.patch`;
    link.click();
    URL.revokeObjectURL(address);
  };
  const { text, tests } = editing.began.value;
  return (
    <button type="button" class="primary" disabled={text === editing.text.value && tests === editing.tests.value} onClick={download}>
      Download the change
    </button>
  );
}
