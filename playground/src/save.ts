// Copying and downloading.

import { make } from "./dom";

/** Put `text` on the clipboard; whether that was possible. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text); // a page that came by http:// from another machine has no clipboard
  }
}

function copyBySelection(text: string): boolean {
  const before = document.activeElement;
  const area = make("textarea", "off-screen");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}

/** Have the browser save `text` under the name of the file at `path`. */
export function download(text: string, path: string): void {
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = path.split(/[/\\]/).at(-1) || "merged.txt";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
