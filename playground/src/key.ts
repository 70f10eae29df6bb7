// The key that is sent, in memory, and on wish until the tab is closed.

import { byId } from "./dom";

const STORED = "fastapply-key";

export class KeyPanel {
  private readonly panel = byId("key-panel", HTMLFormElement);
  private readonly field = byId("key", HTMLInputElement);
  private readonly keep = byId("keep-key", HTMLInputElement);
  private current = read();

  /** `use` is called when a key was entered. */
  constructor(asked: boolean, use: () => void) {
    this.panel.hidden = !asked;
    this.field.value = this.current;
    this.keep.checked = this.current !== "";
    this.panel.addEventListener("submit", (event) => {
      event.preventDefault();
      this.current = this.field.value.trim();
      store(this.keep.checked ? this.current : "");
      use();
    });
  }

  get key(): string {
    return this.current;
  }

  /** Show that a key is missing or refused. */
  ask(wrong: boolean): void {
    this.panel.hidden = false;
    this.field.setAttribute("aria-invalid", String(wrong));
  }
}

function read(): string {
  try {
    return sessionStorage.getItem(STORED) ?? "";
  } catch {
    return "";
  }
}

function store(key: string): void {
  try {
    if (key) sessionStorage.setItem(STORED, key);
    else sessionStorage.removeItem(STORED);
  } catch {
    // A browser may forbid it; the key is in memory.
  }
}
