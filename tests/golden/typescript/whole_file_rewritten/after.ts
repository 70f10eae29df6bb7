import { open, stat } from "node:fs/promises";

export interface TailOptions {
  lines: number;
  encoding: BufferEncoding;
  chunkSize: number;
}

const DEFAULTS: TailOptions = {
  lines: 10,
  encoding: "utf8",
  chunkSize: 4096,
};

function countBreaks(text: string): number {
  return text.split("\n").length - 1;
}

export async function tail(path: string, options: Partial<TailOptions> = {}): Promise<string[]> {
  const { lines, encoding, chunkSize } = { ...DEFAULTS, ...options };
  const { size } = await stat(path);
  const handle = await open(path);
  try {
    let text = "";
    let position = size;
    while (position > 0 && countBreaks(text) <= lines) {
      const length = Math.min(chunkSize, position);
      position -= length;
      const { buffer } = await handle.read(Buffer.alloc(length), 0, length, position);
      text = buffer.toString(encoding) + text;
    }
    return text.trimEnd().split("\n").slice(-lines);
  } finally {
    await handle.close();
  }
}
