import { open, stat } from "node:fs/promises";

export interface TailOptions {
  lines: number;
  encoding: BufferEncoding;
}

const CHUNK = 4096;

const DEFAULTS: TailOptions = {
  lines: 10,
  encoding: "utf8",
};

function countBreaks(text: string): number {
  let count = 0;
  for (const c of text) {
    if (c === "\n") {
      count += 1;
    }
  }
  return count;
}

export async function tail(path: string, options: Partial<TailOptions> = {}): Promise<string[]> {
  const { lines, encoding } = { ...DEFAULTS, ...options };
  const { size } = await stat(path);
  const handle = await open(path);
  let text = "";
  let position = size;
  while (position > 0 && countBreaks(text) <= lines) {
    const length = Math.min(CHUNK, position);
    position -= length;
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, position);
    text = buffer.toString(encoding) + text;
  }
  await handle.close();
  return text.trimEnd().split("\n").slice(-lines);
}
