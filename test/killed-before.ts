import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

// Loaded before a program: ends it, as `kill -9` does, right before it changes a file below KILLED_BELOW for the KILLED_BEFORE-th time.

const below = process.env.KILLED_BELOW!;
let left = Number(process.env.KILLED_BEFORE);

for (const name of [
  'mkdirSync',
  'openSync',
  'writeFileSync',
  'symlinkSync',
  'renameSync',
  'rmSync',
  'rmdirSync',
  'chmodSync',
  'chownSync',
  'truncateSync',
] as const) {
  const real = fs[name] as (...args: readonly unknown[]) => unknown;
  const counted = (...args: readonly unknown[]) => {
    const isOurs = args.slice(0, 2).some((one) => typeof one === 'string' && one.startsWith(below));
    // What is opened is written to by its number.
    if (isOurs || (name === 'writeFileSync' && typeof args[0] === 'number'))
      if (--left === 0) process.kill(process.pid, 'SIGKILL');
    return real(...args);
  };
  Object.assign(fs, { [name]: counted });
}
syncBuiltinESMExports();
