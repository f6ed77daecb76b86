import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

/** Below the root: the picture of a report, and what the terminal said in the same run. */
export const picturePath = 'docs/report.png';
export const transcriptPath = 'docs/gate.txt';
