// Light, dark, or as the system has it; the choice is all that the page keeps when it is closed.

import { byId } from "./dom";

const STORED = "fastapply-theme";
const CHOICES = ["auto", "light", "dark"];

export function setUpAppearance(): void {
  const select = byId("theme", HTMLSelectElement);
  const stored = read();
  select.value = CHOICES.includes(stored) ? stored : "auto";
  show(select.value);
  select.addEventListener("change", () => {
    show(select.value);
    keep(select.value);
  });
}

function show(theme: string): void {
  document.documentElement.dataset["theme"] = theme;
}

function read(): string {
  try {
    return localStorage.getItem(STORED) ?? "auto";
  } catch {
    return "auto"; // a browser may forbid it
  }
}

function keep(theme: string): void {
  try {
    localStorage.setItem(STORED, theme);
  } catch {
    // Then it holds until the page is closed.
  }
}
