import { besideControl, type Control } from '../../fixtures/probes/beside-control.ts';
import type { DialSeen } from '../../fixtures/probes/forged-server.ts';
import type { Seen } from '../../fixtures/probes/probe.ts';
import { showTo } from '../../fixtures/probes/show.ts';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { identityTo, partsOf, type TargetNode } from '../../fixtures/target/target.ts';
import { bundleTakenUp } from '../../src/clauses/mesh/rotation.ts';
import type { Suite } from '../suite.ts';

/**
 * Whether nodes follow the bundle, where an authority of ours came into it when they ran already: what came of showing each of them an identity by it,
 * beside one by SPIRE's own.
 */
export const bundle: Suite = {
  id: 'bundle',
  title: 'The bundle is followed',
  mesh: 'steady',
  needs: ['late-authority'],
  decides: [bundleTakenUp],
  async run({ target, recorder, signal }) {
    await allEnded(
      partsOf(target).map(async ({ node, role }) => {
        const late = node.late?.[role];
        if (late === undefined) return;
        const control: Control = {
          ...{ recorder, signal, trust: target, node, role, name: `bundle/${node.name}/${role}` },
          right: {
            clause: bundleTakenUp,
            row: "an SVID of SPIRE's own authority",
            offer: async () => showTo(target, node, role, await identityTo(target, node, role)),
          },
        };
        const row = 'an SVID of an authority that has been in the bundle for as long as the node may take';
        const offer = async () => asFarAsSaid(node, late);
        await besideControl(control, [{ clause: bundleTakenUp, row, expect: 'accepted', offer }]);
      }),
    );
  },
};

/** Of a node whose owner does not say how long it may take, it is not known that it is late. */
function asFarAsSaid<T extends Seen | DialSeen>({ uptakeMs }: TargetNode, seen: T): T {
  if (seen.outcome !== 'refused' || uptakeMs !== undefined) return seen;
  const how = `${seen.how}, as yet: the target file does not say how long it may take (uptake)`;
  return { ...seen, outcome: 'unknown', ending: 'unseen', how };
}
