import { closeSync, openSync, readSync } from 'node:fs';

const interpreterSegment = 3;

/**
 * The loader that a 64-bit little-endian ELF program asks for, which tells the C library that it needs: undefined where it is linked
 * statically and needs none.
 *
 * Source: ELF-64 Object File Format, version 1.5, figures 2 (file header) and 6 (program header).
 */
export function loaderOf(path: string): string | undefined {
  const file = openSync(path, 'r');
  try {
    const read = (at: number, bytes: number): Buffer => {
      const part = Buffer.alloc(bytes);
      readSync(file, part, 0, bytes, at);
      return part;
    };
    const header = read(0, 64);
    if (header.readUInt32BE(0) !== 0x7f454c46 || header[4] !== 2 || header[5] !== 1)
      throw new Error(`${path} is no ELF program of 64 bits in little-endian order`);
    const [from, size, count] = [Number(header.readBigUInt64LE(32)), header.readUInt16LE(54), header.readUInt16LE(56)];
    for (let at = 0; at < count; at++) {
      const segment = read(from + at * size, size);
      if (segment.readUInt32LE(0) !== interpreterSegment) continue;
      const [offset, length] = [Number(segment.readBigUInt64LE(8)), Number(segment.readBigUInt64LE(32))];
      return read(offset, length).toString('latin1').replace(/\0+$/, '');
    }
    return undefined;
  } finally {
    closeSync(file);
  }
}
