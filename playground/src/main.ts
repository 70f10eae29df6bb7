// The page: what is typed is merged, and what came of it is shown.

import { setUpAppearance } from "./appearance";
import { curl } from "./curl";
import { facts, timings } from "./details";
import { byId, button, make } from "./dom";
import { doubtList } from "./doubts";
import { Editor } from "./editor";
import { EXAMPLES, type Example } from "./examples";
import { KeyPanel } from "./key";
import { mode } from "./languages";
import { ResultView } from "./result";
import { copy, download } from "./save";
import { about, answers, apply, type Answer, type Body, type Choice, type Doubt, type Problem } from "./service";
import { remedy, sentence, summary } from "./words";

const PAUSE = 300; // milliseconds without a key after which it is merged
const LOOK_AGAIN = 2000; // milliseconds between looks for a service that is away

const service = about();
const path = byId("path", HTMLInputElement);
const language = byId("language", HTMLSelectElement);
const instruction = byId("instruction", HTMLInputElement);
const onDoubt = byId("on-doubt", HTMLSelectElement);
const asTyped = byId("as-typed", HTMLInputElement);
const wrap = byId("wrap", HTMLInputElement);
const onlyChanges = byId("only-changes", HTMLInputElement);
const status = byId("status", HTMLParagraphElement);
const problemPanel = byId("problem", HTMLDivElement);
const doubtsPanel = byId("doubts", HTMLElement);
const resultPanel = byId("result", HTMLElement);
const resultView = byId("result-view", HTMLDivElement);
const detailsPanel = byId("details", HTMLElement);
const curlText = byId("curl", HTMLElement);

const original = new Editor(byId("original", HTMLDivElement), "Original", "The file as it is; empty for a new one", changed);
const snippet = new Editor(byId("snippet", HTMLDivElement), "Edit snippet", "What changes, with markers for the rest", changed);
const result = new ResultView(byId("merged", HTMLDivElement));
const keys = new KeyPanel(service.needs_key, () => void merge());

let running: AbortController | null = null;
let timer = 0;
/** What settles doubts of the texts as they are. */
let choices: Choice[] = [];
let shown: { answer: Answer; original: string } | null = null;

function body(): Body {
  return {
    ...(path.value.trim() ? { path: path.value.trim() } : {}),
    ...(language.value ? { language: language.value } : {}),
    ...(instruction.value.trim() ? { instruction: instruction.value.trim() } : {}),
    ...(onDoubt.value ? { on_doubt: onDoubt.value } : {}),
    original_code: original.text,
    edit_snippet: snippet.text,
    ...(choices.length ? { choices } : {}),
  };
}

/** After any change of what is asked: the choices were about other texts, and it is merged soon. */
function changed(): void {
  choices = [];
  running?.abort();
  later(PAUSE);
}

function later(milliseconds: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    showCurl();
    if (asTyped.checked) void merge();
  }, milliseconds);
}

async function merge(): Promise<void> {
  clearTimeout(timer);
  running?.abort();
  const { signal } = (running = new AbortController());
  const asked = body();
  showCurl();
  if (!asked.edit_snippet.trim()) {
    say("Write a snippet, or choose an example.");
    return;
  }
  resultPanel.setAttribute("aria-busy", "true");
  try {
    const outcome = await apply(asked, keys.key, signal);
    const highlighting = await mode(language.value, path.value);
    if (signal.aborted) return;
    resultPanel.setAttribute("aria-busy", "false");
    if (outcome.kind === "merged") showMerged(outcome.answer, asked, outcome.took, highlighting);
    else if (outcome.kind === "problem") showProblem(outcome.problem, outcome.retryAfter, asked);
    else showOffline();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

type Mode = Awaited<ReturnType<typeof mode>>;

function showMerged(answer: Answer, asked: Body, took: number, highlighting: Mode): void {
  shown = { answer, original: asked.original_code };
  say(summary(answer));
  hideProblem();
  showDoubts(answer.doubts, asked);
  resultView.hidden = detailsPanel.hidden = false;
  result.show(asked.original_code, answer, highlighting, look());
  byId("facts", HTMLDListElement).replaceChildren(...facts(answer));
  byId("timings", HTMLTableSectionElement).replaceChildren(...timings(answer, took));
}

function look() {
  return { wrap: wrap.checked, onlyChanges: onlyChanges.checked };
}

function showProblem(problem: Problem, retryAfter: number | null, asked: Body): void {
  shown = null;
  resultView.hidden = detailsPanel.hidden = true;
  const doubts = problem.doubts ?? [];
  showDoubts(doubts, asked);
  if (problem.code === "edit_in_doubt") {
    say("Refused: the edit can't be decided, and nothing was changed.");
    tellProblem("", "Settle it below, mend the snippet, or look at the best guess.", bestGuess());
    return;
  }
  if (problem.status === 401 || problem.code === "key_revoked") keys.ask(keys.key !== "");
  say(`${problem.title}.`);
  const again = asTyped.checked ? retryAfter : null;
  tellProblem(`${problem.status} ${problem.code}`, `${sentence(problem.detail)} ${remedy(problem, again)}`);
  if (again !== null) later(again * 1000);
}

function bestGuess(): HTMLButtonElement {
  return button("Show the best guess", "small", () => {
    onDoubt.value = "best";
    void merge();
  });
}

function showOffline(): void {
  shown = null;
  resultView.hidden = detailsPanel.hidden = true;
  showDoubts([], body());
  say("The service can't be reached.");
  tellProblem("", `Is it still running at ${location.origin}? The merge is made as soon as it answers again.`);
  waitForService();
}

function waitForService(): void {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    if (await answers()) void merge();
    else waitForService();
  }, LOOK_AGAIN);
}

function say(text: string): void {
  if (status.textContent !== text) status.textContent = text;
}

function tellProblem(code: string, text: string, ...more: HTMLElement[]): void {
  problemPanel.replaceChildren(...(code ? [make("code", "kind", code), " "] : []), text, " ", ...more);
  problemPanel.hidden = false;
}

function hideProblem(): void {
  problemPanel.hidden = true;
}

function showDoubts(doubts: Doubt[], asked: Body): void {
  doubtsPanel.hidden = doubts.length === 0 && choices.length === 0;
  snippet.markDoubts(doubts.flatMap((doubt) => (doubt.snippet ? [doubt.snippet] : [])));
  const places = {
    original: asked.original_code.split("\n"),
    showOriginal: original.show.bind(original),
    showSnippet: snippet.show.bind(snippet),
    settle,
  };
  byId("doubt-list", HTMLDivElement).replaceChildren(doubtList(doubts, places), ...settled());
}

function settle(choice: Choice): void {
  choices = [...choices, choice];
  void merge().then(() => status.scrollIntoView({ block: "nearest" }));
  status.focus(); // the button that was pressed goes away
}

function settled(): HTMLElement[] {
  if (!choices.length) return [];
  const undo = button("Take it back", "small", () => {
    choices = [];
    void merge();
    status.focus();
  });
  const told = choices.length === 1 ? "You settled a doubt." : `You settled ${choices.length} doubts.`;
  return [make("p", "settled", `${told} `, undo)];
}

function showCurl(): void {
  curlText.textContent = curl(location.origin, body(), service.needs_key);
}

function take(example: Example): void {
  path.value = example.path;
  language.value = "";
  instruction.value = example.instruction ?? "";
  onDoubt.value = onDoubt.options[0]?.value ?? "";
  original.text = example.original;
  snippet.text = example.snippet;
  void highlight();
  choices = [];
  void merge();
}

async function highlight(): Promise<void> {
  const found = await mode(language.value, path.value);
  original.highlight(found);
  snippet.highlight(found);
}

function setUpChoices(): void {
  language.append(...service.languages.map((name) => new Option(name, name)));
  if (service.model) onDoubt.prepend(new Option(`ask ${service.model}`, ""));
  onDoubt.value = onDoubt.options[0]?.value ?? "";
  const picker = byId("example", HTMLSelectElement);
  picker.append(...EXAMPLES.map((example, number) => new Option(example.title, String(number))));
  picker.addEventListener("change", () => take(EXAMPLES[Number(picker.value)] as Example));
  byId("legend-model", HTMLElement).hidden = !service.model;
}

function setUpActions(): void {
  byId("merge", HTMLButtonElement).addEventListener("click", () => void merge());
  for (const field of [path, instruction]) field.addEventListener("input", changed);
  for (const field of [language, onDoubt]) field.addEventListener("change", changed);
  for (const field of [path, language]) field.addEventListener("change", () => void highlight());
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    void merge();
  });
  byId("skip", HTMLAnchorElement).addEventListener("click", (event) => {
    event.preventDefault();
    original.focus();
  });
}

function setUpLook(): void {
  wrap.checked = matchMedia("(max-width: 40rem)").matches;
  const again = async () => {
    original.wrap(wrap.checked);
    snippet.wrap(wrap.checked);
    if (shown) result.show(shown.original, shown.answer, await mode(language.value, path.value), look());
  };
  for (const box of [wrap, onlyChanges]) box.addEventListener("change", () => void again());
  void again();
}

function setUpSaving(): void {
  const tell = (control: HTMLButtonElement, done: boolean) => {
    const before = control.dataset["text"] ?? "";
    control.textContent = done ? "Copied" : "Not allowed";
    setTimeout(() => (control.textContent = before), 1500);
  };
  const copies: [string, () => string][] = [
    ["copy-result", () => shown?.answer.merged_code ?? ""],
    ["copy-curl", () => curlText.textContent ?? ""],
  ];
  for (const [id, text] of copies) {
    const control = byId(id, HTMLButtonElement);
    control.dataset["text"] = control.textContent ?? "";
    control.addEventListener("click", async () => tell(control, await copy(text())));
  }
  byId("download", HTMLButtonElement).addEventListener("click", () => {
    if (shown) download(shown.answer.merged_code, path.value);
  });
}

setUpAppearance();
setUpChoices();
setUpActions();
setUpLook();
setUpSaving();
byId("version", HTMLElement).textContent = service.version;
take(EXAMPLES[0] as Example);
