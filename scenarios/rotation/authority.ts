import { eventually } from '../../fixtures/run/eventually.ts';
import { agentRenewalMs } from '../../fixtures/target/follows.ts';
import { propagationMs } from '../../fixtures/target/propagation.ts';
import type { Delivery } from '../../fixtures/probes/agent-view.ts';
import { FixtureError } from '../../src/errors.ts';
import type { AuthorityMark } from '../../src/history.ts';
import type { Authority } from '../../src/svid/x509/forge.ts';
import { authorityId } from '../../src/svid/x509/read.ts';
import type { ScenarioContext } from '../scenario.ts';

/** The forced rotation of an authority, step by step; each step is marked, and waited for until every agent shows it. */
export interface AuthorityRotation {
  /**
   * Makes the next authority, and adds `companion` to the bundle right after it: whoever holds the one holds the other. Every agent has to
   * deliver both.
   */
  prepare(companion: Authority): Promise<void>;
  /** The next authority signs from now on; every node has to be given an SVID of it. Gives its id. */
  activate(): Promise<string>;
  /** Nothing is to hang on the old authority any longer; every agent whose own SVID does has to renew that. */
  taint(): Promise<void>;
  /** Takes the old authority away; every agent has to drop it. */
  revoke(): Promise<void>;
}

/** What it takes: `load` is told when the identities that it shows have to be those of now. */
export interface RotationSetting extends Pick<ScenarioContext, 'target' | 'recorder' | 'signal'> {
  readonly load: Pick<ScenarioContext['load'], 'refresh'>;
}

/** Begins to rotate the authority that is active now. */
export async function beginRotation({ target, recorder, signal, load }: RotationSetting): Promise<AuthorityRotation> {
  const { server } = target;
  if (server === undefined)
    throw new FixtureError("rotation: the authority can be rotated only through the SPIRE server's admin socket");
  const { api, agentIds, agentsAuthority } = server;
  const old = (await api.getX509AuthorityState()).active?.authorityId;
  if (old === undefined) throw new FixtureError('rotation: the SPIRE server names no active authority');
  let next = '';
  let serials: ReadonlySet<string> = new Set();

  const withinMs = propagationMs(target.timing);
  const mark = (state: AuthorityMark['state'], authority: string) =>
    recorder.record({ kind: 'authority', mesh: target.name, state, authority });
  const everyAgent = (condition: string, wanted: (delivery: Delivery) => boolean) =>
    Promise.all(target.nodes.flatMap(({ agent }) => agent?.until(condition, wanted, withinMs, signal) ?? []));
  const inBundle = ({ authorities }: Delivery, authority: string) =>
    authorities.get(target.trustDomain)?.includes(authority);
  const agentSerials = async () =>
    (await api.listAgents()).filter(({ spiffeId }) => agentIds.has(spiffeId)).map(({ serialNumber }) => serialNumber);

  return {
    async prepare({ certificate }) {
      serials = new Set(await agentSerials());
      next = (await api.prepareX509Authority()).authorityId;
      mark('prepared', next);
      await api.appendAuthorities([certificate.der]);
      const both = [next, authorityId(certificate) ?? ''];
      await everyAgent('the prepared authority is delivered', (delivery) =>
        both.every((authority) => inBundle(delivery, authority) === true),
      );
    },
    async activate() {
      await api.activateX509Authority(next);
      mark('activated', next);
      await Promise.all([
        load.refresh(),
        everyAgent(
          'an SVID of the new authority is delivered',
          ({ leaf }) => leaf !== undefined && authorityId(leaf) === next,
        ),
      ]);
      return next;
    },
    async taint() {
      await api.taintX509Authority(old);
      mark('tainted', old);
      // Revoked any sooner, an agent whose own SVID still hangs on the old authority would be locked out of its server.
      if (agentsAuthority !== undefined && agentsAuthority !== old) return;
      await eventually(
        'every agent renewed its own SVID after the taint',
        async () => (await agentSerials()).every((serial) => !serials.has(serial)),
        { withinMs: agentRenewalMs + withinMs, everyMs: 50, signal },
      );
    },
    async revoke() {
      await api.revokeX509Authority(old);
      mark('revoked', old);
      await everyAgent(
        'the revoked authority is gone from the bundle',
        (delivery) => inBundle(delivery, old) === false,
      );
    },
  };
}
