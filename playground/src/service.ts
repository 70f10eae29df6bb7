// What the service is asked and what it answers: POST /v1/apply, as its OpenAPI document has it.

/** Lines `start` up to `end`, counted from 0; equal ones are a place between lines. */
export interface LineRange {
  start: number;
  end: number;
}

/** One way to settle a doubt; it is sent back as it came. */
export interface Choice {
  kind: string;
  action: "match" | "insert" | "replace" | "remove" | "keep" | "accept";
  snippet: LineRange;
  place: LineRange;
}

export interface Doubt {
  kind: string;
  message: string;
  hint: string;
  snippet: LineRange | null;
  candidates: LineRange[];
  choices?: Choice[];
}

export type Source = "original" | "snippet" | "model";

export interface Answer {
  model: string;
  engine: string;
  language: string;
  format: string;
  fallback: string;
  merged_code: string;
  diff: string;
  /** Ranges are of characters (code points). */
  edits: { start: number; end: number; text: string }[];
  doubts: Doubt[];
  provenance: { start: number; end: number; source: Source; source_start: number }[];
  changes: { added: number; removed: number };
  usage: { completion_tokens: number; drafted_tokens: number; accepted_tokens: number };
  timings: Record<string, number>;
}

export interface Problem {
  title: string;
  status: number;
  detail: string;
  code: string;
  doubts?: Doubt[];
}

/** The body of a request; what is left out is not sent. */
export interface Body {
  path?: string;
  language?: string;
  instruction?: string;
  on_doubt?: string;
  original_code: string;
  edit_snippet: string;
  choices?: Choice[];
}

export type Outcome =
  | { kind: "merged"; answer: Answer; took: number }
  | { kind: "problem"; problem: Problem; retryAfter: number | null }
  | { kind: "offline" };

/** What the page was told by the service that sent it. */
export interface About {
  version: string;
  needs_key: boolean;
  /** The name of the model that is configured; empty without one. */
  model: string;
  languages: string[];
}

export function about(): About {
  const told = document.querySelector<HTMLMetaElement>('meta[name="fastapply"]');
  return JSON.parse(told?.content ?? "") as About;
}

/** Ask for a merge. Throws only where `signal` ends it. */
export async function apply(body: Body, key: string, signal: AbortSignal): Promise<Outcome> {
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (key) headers["Authorization"] = `Bearer ${key}`;
  const start = performance.now();
  try {
    const reply = await fetch("/v1/apply", { method: "POST", headers, body: JSON.stringify(body), signal });
    if (reply.ok) return { kind: "merged", answer: (await reply.json()) as Answer, took: performance.now() - start };
    return { kind: "problem", problem: await problemOf(reply), retryAfter: secondsOf(reply) };
  } catch (error) {
    if (signal.aborted) throw error;
    return { kind: "offline" };
  }
}

async function problemOf(reply: Response): Promise<Problem> {
  const text = await reply.text();
  try {
    return JSON.parse(text) as Problem;
  } catch {
    // A proxy in front of the service may answer with something of its own.
    return { title: reply.statusText || "An error", status: reply.status, detail: "it gave no reason", code: "error" };
  }
}

function secondsOf(reply: Response): number | null {
  const told = Number(reply.headers.get("Retry-After") ?? NaN);
  return Number.isFinite(told) ? told : null;
}

/** Whether the service answers at all. */
export async function answers(): Promise<boolean> {
  try {
    await fetch("/health");
    return true;
  } catch {
    return false;
  }
}
