import { setTimeout as sleep } from 'node:timers/promises';
import { openControl, type OpenControl } from '../../fixtures/probes/beside-control.ts';
import { issueIdentity } from '../../fixtures/probes/issue-identity.ts';
import type { TlsIdentity } from '../../fixtures/probes/probe.ts';
import { showTo } from '../../fixtures/probes/show.ts';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { inTime } from '../../fixtures/run/eventually.ts';
import { identityTo, idTo, isPrompt, partsOf, type Target, type TargetNode } from '../../fixtures/target/target.ts';
import type { Role } from '../../src/clause.ts';
import type { KnownClause } from '../../src/clauses/catalogue.ts';
import { heardElsewhere } from '../../src/heard-elsewhere.ts';
import { forgeAuthority, type Authority } from '../../src/svid/x509/forge.ts';
import type { ScenarioContext } from '../scenario.ts';

// Who is let in for a moment only is met in it: verifiers that fail open do so until the next update, or for a fraction of a second.
const everyMs = 100;
// One is under way, and takes as long as a slow node does; then the next comes. What goes on meanwhile is not to last for ever.
const calledWithinMs = 4_000;

/** Strangers that call at the nodes under test, and are called by them, again and again until it is ended. */
export interface Strangers extends AsyncDisposable {
  /** One of them has come to each node in each of its roles from now on, or is overdue: what shows in the history. */
  called(): Promise<void>;
  /** The last of them has come, and the right one after them. */
  end(): Promise<void>;
}

/**
 * Shows each node under test identities that it has to refuse, one after the other from now on, beside the right one before and after:
 * the right ID below an authority that nobody knows, and where the mesh trusts one of ours, a sibling. A federated peer has to be accepted
 * before and after, too: bundles of others come and go with one's own.
 *
 * @param meanwhile - what goes on, in words that end a row's title
 */
export async function sendStrangers(
  { target, recorder, signal }: ScenarioContext,
  clause: KnownClause,
  meanwhile: string,
): Promise<Strangers> {
  const over = new AbortController();
  const until = AbortSignal.any([over.signal, signal]);
  const unknown = await forgeAuthority({ trustDomain: target.trustDomain });
  // On a mesh that others run no more often than its file allows.
  const pauseMs = Math.max(everyMs, 1_000 / (target.callsPerSecond ?? Infinity));
  const parts = partsOf(target).filter(({ node, role }) => isPrompt(node, role));
  const right = (node: TargetNode, role: Role) => async () =>
    showTo(target, node, role, await identityTo(target, node, role));
  const controls = await Promise.all(
    parts.map(({ node, role }) =>
      openControl({
        ...{ recorder, signal, trust: target, node, role, name: `${clause.id}/${node.name}/${role}` },
        right: { clause, row: 'the right identity', offer: right(node, role) },
      }),
    ),
  );
  const ally = await allyOf(target);
  const allies = await Promise.all(
    parts.flatMap(({ node, role }) => {
      if (ally === undefined) return [];
      const offer = () => showTo(target, node, role, ally);
      const name = `${clause.id}/${node.name}/${role}/ally`;
      const ofAlly = { clause, row: 'an allowed ID of a federated trust domain', offer };
      return openControl({ recorder, signal, trust: target, node, role, name, right: ofAlly });
    }),
  );
  const send = async (control: OpenControl, node: TargetNode, role: Role) => {
    const strangers = await strangersTo(target, unknown, node, role);
    const expect = idTo(target, node, role);
    while (control.tells && !until.aborted)
      for (const [title, identity] of strangers) {
        const offer = () => showTo(target, node, role, identity, expect);
        await control.try([{ clause, row: `${title}, ${meanwhile}`, expect: 'refused', offer }]);
        await sleep(pauseMs, undefined, { signal: until }).catch(() => undefined);
      }
  };
  const sent = allEnded(parts.map(({ node, role }, at) => send(controls[at]!, node, role)));
  // Whoever ends it hears of it.
  heardElsewhere(sent);
  const stop = async () => {
    over.abort();
    await sent;
  };
  const called = () => {
    const [fromMs, fromIndex] = [recorder.now(), recorder.next];
    const left = new Set(parts.filter((_, at) => controls[at]!.tells).map(({ node, role }) => `${node.name} ${role}`));
    if (left.size === 0) return Promise.resolve();
    return recorder.until(
      'a stranger has come to each node',
      (entry) => {
        if (entry.kind === 'exchange' && entry.clause === clause.id && entry.expect === 'refused')
          if (entry.atMs - entry.tookMs >= fromMs) left.delete(`${entry.node} ${entry.role}`);
        return left.size === 0;
      },
      { fromIndex, withinMs: calledWithinMs, signal },
    );
  };
  return {
    called: async () => void (await inTime(called())),
    async end() {
      await stop();
      await allEnded([...controls, ...allies].map((control) => control.close()));
    },
    [Symbol.asyncDispose]: stop,
  };
}

async function strangersTo(
  target: Target,
  unknown: Authority,
  node: TargetNode,
  role: Role,
): Promise<[title: string, TlsIdentity][]> {
  const { trustDomain, forging } = target;
  const sibling = `spiffe://${trustDomain}/service/assay-other`;
  const isOdd = forging !== undefined && node.allows?.includes(sibling) !== true;
  return [
    ['the right ID below an unknown authority', await issueIdentity(unknown, idTo(target, node, role))],
    ...(isOdd ? [['a sibling', await issueIdentity(forging.own, sibling)] satisfies [string, TlsIdentity]] : []),
  ];
}

async function allyOf({ probeIds: { federated }, forging }: Target): Promise<TlsIdentity | undefined> {
  return forging?.federated && federated !== undefined
    ? issueIdentity(forging.federated.authority, federated)
    : undefined;
}
