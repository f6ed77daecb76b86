import { besideControl, type Control } from '../../fixtures/probes/beside-control.ts';
import { withoutItsKey, type KeyProbe } from '../../fixtures/probes/key-probe.ts';
import type { TlsIdentity } from '../../fixtures/probes/probe.ts';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { identityTo, partsOf, type TargetNode } from '../../fixtures/target/target.ts';
import type { Role } from '../../src/clause.ts';
import { keyPossession } from '../../src/clauses/mesh/pinning.ts';
import type { Suite, SuiteContext } from '../suite.ts';

/** Who holds the key of an SVID: the same program shows the same certificates, with their key and with another one of its kind. */
export const possession: Suite = {
  id: 'possession',
  title: 'Possession of the key',
  mesh: 'steady',
  needs: ['key-probe'],
  decides: [keyPossession],
  async run(context) {
    const { target } = context;
    const { keyProbe } = target;
    if (keyProbe === undefined) return;
    await allEnded(partsOf(target).map(({ node, role }) => inRole(context, keyProbe, node, role)));
  },
};

async function inRole(
  { recorder, signal, target }: SuiteContext,
  keyProbe: KeyProbe,
  node: TargetNode,
  role: Role,
): Promise<void> {
  const identity = await identityTo(target, node, role);
  const offer = (shown: TlsIdentity) => () =>
    role === 'server'
      ? keyProbe.ask(node, shown)
      : keyProbe.dial(node.dialler!, target.harnessHost, identity.spiffeId, shown);
  const right = { clause: keyPossession, row: 'the right SVID, with its key', offer: offer(identity) };
  const control: Control = {
    recorder,
    signal,
    trust: target,
    node,
    role,
    name: `possession/${node.name}/${role}`,
    right,
  };
  await besideControl(control, [
    {
      clause: keyPossession,
      row: 'the right SVID, with another key of the same kind',
      expect: 'refused',
      offer: offer(withoutItsKey(identity)),
    },
  ]);
}
