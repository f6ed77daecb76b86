import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeAdmin } from '../../fixtures/probes/node-admin.ts';
import { messageOf } from '../../src/errors.ts';
import type { Readiness } from '../../src/history.ts';
import type { ScenarioContext } from '../scenario.ts';

const everyMs = 50;
const patienceMs = 1_000;

/** Asks every node under test whether it is ready, again and again, until it is ended; answers that are alike make one entry. */
export interface ReadinessWatch extends AsyncDisposable {
  end(): Promise<void>;
}

/** Watches from now on. A node without an admin listener is not asked. */
export function watchReadiness({ target, recorder, signal }: ScenarioContext, scenario: string): ReadinessWatch {
  const over = new AbortController();
  const until = AbortSignal.any([over.signal, signal]);
  const watches = target.nodes.flatMap(({ name: node, judged, admin, agent }) =>
    judged && admin !== undefined
      ? [watch(until, recorder, admin, { scenario, node }, () => agent === undefined || holds(agent.delivery.leaf))]
      : [],
  );
  const end = async () => {
    over.abort();
    await Promise.all(watches);
  };
  return { end, [Symbol.asyncDispose]: end };
}

/** Whether this can be held: a node that was delivered none, or one that has ended, may say that it is not ready. */
function holds(leaf: { readonly notAfter: Date } | undefined): boolean {
  return leaf !== undefined && leaf.notAfter.getTime() > Date.now();
}

async function watch(
  until: AbortSignal,
  { now, record }: ScenarioContext['recorder'],
  admin: NodeAdmin,
  of: Pick<Readiness, 'scenario' | 'node'>,
  isHeld: () => boolean,
): Promise<void> {
  let alike: (Omit<Readiness, 'times'> & { times: number }) | undefined;
  let lastMs = 0;
  const tell = () => alike && record(alike, lastMs);
  while (!until.aborted) {
    const fromMs = now();
    const { answer, how } = await ask(admin);
    if (answer !== 'not-ready' || isHeld()) {
      if (alike?.answer !== answer) {
        tell();
        alike = { kind: 'readiness', ...of, answer, how, fromMs, times: 0 };
      }
      alike.times++;
      lastMs = now();
    }
    await sleep(everyMs, undefined, { signal: until }).catch(() => undefined);
  }
  tell();
}

async function ask(admin: NodeAdmin): Promise<Pick<Readiness, 'answer' | 'how'>> {
  try {
    const status = await admin.ready(patienceMs);
    return { answer: status === 200 ? 'ready' : 'not-ready', how: `GET /ready answered ${status}` };
  } catch (error) {
    const how = messageOf(error);
    // Who has said that it is ready, and lives, has its listener.
    return { answer: /ECONNREFUSED/.test(how) ? 'not-ready' : 'none', how };
  }
}
