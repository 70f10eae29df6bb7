// A ZIP archive of files in memory. Dates are fixed, so that the same files give the same bytes.
import { deflateRawSync } from "node:zlib";

const VERSION = 20;
const UTF8_NAMES = 0x0800;
const DEFLATED = 8;
const FIRST_OF_1980 = 0x21;

/** `files`: [name, contents] in the order of the archive; returns its bytes. */
export function zip(files) {
  const locals = [];
  const directory = [];
  let offset = 0;
  for (const [name, contents] of files) {
    const entry = { name: Buffer.from(name), contents: Buffer.from(contents), offset };
    entry.packed = deflateRawSync(entry.contents, { level: 9 });
    const local = Buffer.concat([header(0x04034b50, entry), entry.name, entry.packed]);
    locals.push(local);
    directory.push(central(entry));
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  return Buffer.concat([...locals, listed, end(files.length, listed.length, offset)]);
}

/** What the local header and the central directory both say; the latter has a version more in front. */
function header(signature, { name, contents, packed }) {
  const bytes = Buffer.alloc(30);
  bytes.writeUInt32LE(signature, 0);
  bytes.writeUInt16LE(VERSION, 4);
  bytes.writeUInt16LE(UTF8_NAMES, 6);
  bytes.writeUInt16LE(DEFLATED, 8);
  bytes.writeUInt16LE(FIRST_OF_1980, 12);
  bytes.writeUInt32LE(crc32(contents), 14);
  bytes.writeUInt32LE(packed.length, 18);
  bytes.writeUInt32LE(contents.length, 22);
  bytes.writeUInt16LE(name.length, 26);
  return bytes;
}

function central(entry) {
  const made = Buffer.alloc(6);
  made.writeUInt32LE(0x02014b50, 0);
  made.writeUInt16LE(VERSION, 4);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(entry.offset, 10);
  return Buffer.concat([made, header(0, entry).subarray(4), rest.subarray(0), entry.name]);
}

function end(count, size, offset) {
  const bytes = Buffer.alloc(22);
  bytes.writeUInt32LE(0x06054b50, 0);
  bytes.writeUInt16LE(count, 8);
  bytes.writeUInt16LE(count, 10);
  bytes.writeUInt32LE(size, 12);
  bytes.writeUInt32LE(offset, 16);
  return bytes;
}

/** The check sum that the format asks for; node has it only since 20.15. */
function crc32(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}
