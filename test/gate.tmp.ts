import { runGate } from '../cli/gate/run-gate.ts';
import { silent } from '../cli/gate/steps.ts';
import { chooseClauses } from '../cli/gate/plan.ts';
import { summary } from '../reports/terminal.ts';
const t0 = performance.now();
const { report, directory } = await runGate({ runtime: 'process', seed: 1, chosen: chooseClauses(process.argv[2]), command: 'gate', signal: new AbortController().signal, steps: silent });
console.log(summary(report, { color: false, directory, width: 160 }));
console.log(((performance.now() - t0) / 1000).toFixed(2), 's');
