import { besideControl, type Control } from '../../fixtures/probes/beside-control.ts';
import type { DialSeen } from '../../fixtures/probes/forged-server.ts';
import type { Seen, TlsIdentity } from '../../fixtures/probes/probe.ts';
import { showTo } from '../../fixtures/probes/show.ts';
import { allEnded } from '../../fixtures/run/all-ended.ts';
import { identityTo, partsOf, type TargetNode } from '../../fixtures/target/target.ts';
import type { Role } from '../../src/clause.ts';
import { intermediatesSent } from '../../src/clauses/workload-api/x509-svid.ts';
import { pemToDer } from '../../src/svid/x509/pem.ts';
import { readCertificate, type Certificate } from '../../src/svid/x509/read.ts';
import type { Suite, SuiteContext } from '../suite.ts';

/** What nodes show of themselves where SVIDs come below an intermediate that no bundle holds. */
export const shownIntermediates: Suite = {
  id: 'intermediates',
  title: 'Intermediates that nodes show',
  mesh: 'brief',
  needs: ['intermediates'],
  decides: [intermediatesSent],
  async run(context) {
    await allEnded(partsOf(context.target).map(({ node, role }) => inRole(context, node, role)));
  },
};

async function inRole({ recorder, signal, target }: SuiteContext, node: TargetNode, role: Role): Promise<void> {
  const identity = await identityTo(target, node, role);
  const offer = async () => toldBy(await showTo(target, node, role, identity));
  const control: Control = {
    ...{ recorder, signal, node, role, trust: target, name: `intermediates/${node.name}/${role}` },
    right: { clause: intermediatesSent, row: 'a right peer', offer },
    intermediates: behindLeaf(identity),
  };
  await besideControl(control, []);
}

/** The intermediates that came with an SVID of ours are those of its mesh. */
function behindLeaf({ cert }: TlsIdentity): readonly Certificate[] {
  const [, ...behind] = cert.split(/(?<=-----END CERTIFICATE-----\n)/);
  return behind.map((pem) => readCertificate(pemToDer(pem)));
}

/**
 * Who refuses a right peer is found by other clauses; of what it shows that tells nothing. Nor does an SVID that had ended when the exchange
 * began: these live for seconds, and on a busy machine an agent may be late with the next.
 */
function toldBy(seen: Seen | DialSeen | undefined): Seen | DialSeen | undefined {
  if (seen === undefined) return undefined;
  const { server, client, ...rest } = { client: undefined, ...seen };
  const notAfter = (client ?? server)?.[0]?.notAfter;
  if (notAfter !== undefined && seen.beganAt !== undefined && notAfter < seen.beganAt)
    return { ...rest, outcome: 'unknown', how: `${seen.how}; its SVID had ended at ${notAfter.toISOString()}` };
  return seen.outcome === 'accepted' ? seen : { ...seen, outcome: 'unknown' };
}
