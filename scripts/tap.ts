import { fileURLToPath } from 'node:url';

/** The program that runs test files; its settings stand in package.json. */
export const tap = fileURLToPath(new URL('../node_modules/tap/dist/esm/run.mjs', import.meta.url));

/** Where compiled scripts are kept from one test run to the next. */
export const compileCache = fileURLToPath(new URL('../node_modules/.cache/node', import.meta.url));
