import type { ServerApi } from '../spiffe/server-api.ts';
import { ofAgents, textOf, tooWide, type Selector } from '../src/registration/least-privilege.ts';
import { messageOf } from '../src/errors.ts';
import { parseSpiffeId } from '../src/svid/spiffe-id.ts';

/** A workload that is to have an identity. */
export interface Workload {
  readonly spiffeId: string;
  /** SPIFFE ID of the agents that hand it out. Left out: /node/{node_id}, which the selector `mesh:node_id` names. */
  readonly parentId?: string;
  /** `{ 'unix:uid': '1000' }` is SPIRE's `unix:uid:1000`; several values of one kind in a list. A process has to have all of them. */
  readonly selectors: Readonly<Record<string, string | readonly string[]>>;
  /** Registers it although its selectors fit more than one workload. */
  readonly force?: boolean;
  readonly x509TtlSeconds?: number;
  readonly federatesWith?: readonly string[];
  /** Of the entry; chosen by the server when absent. */
  readonly entryId?: string;
}

/** What is told of each registration: once when it is refused here, else once before the server is asked and once after. */
export interface RegistrationRecord {
  readonly at: Date;
  readonly outcome: 'refused' | 'asked' | 'made' | 'failed';
  readonly spiffeId: string;
  readonly parentId: string;
  /** As SPIRE writes them. */
  readonly selectors: readonly string[];
  readonly forced: boolean;
  /** What least privilege has against it; in half sentences. */
  readonly tooWide: readonly string[];
  /** Of the entry that was made. */
  readonly entryId?: string;
  /** Why it failed: the server's words. */
  readonly detail?: string;
}

/**
 * Hears of each registration. What it throws before the server is asked stops the registration. What it throws afterwards is a warning of the
 * process and changes nothing: the entry is there, and its id or the server's refusal is what the caller has to know.
 */
export type RegistrationAudit = (record: RegistrationRecord) => void | Promise<void>;

/** Who registers, for which trust domain, and who hears of it. */
export interface RegistrationMeans {
  readonly trustDomain: string | undefined;
  readonly registrar: Pick<ServerApi, 'createEntries'> | undefined;
  readonly audit: RegistrationAudit;
}

/** The entry would give its identity to more than one workload. */
export class LeastPrivilegeError extends TypeError {
  override name = 'LeastPrivilegeError';
}

/**
 * Makes a registration entry, and tells it to the audit.
 *
 * @returns the id of the entry
 * @throws LeastPrivilegeError, TypeError on a workload that no entry can name, and the server's refusal
 */
export async function register(
  workload: Workload,
  { trustDomain, registrar, audit }: RegistrationMeans,
): Promise<string> {
  const { spiffeId, x509TtlSeconds, federatesWith, entryId } = workload;
  const own = parseSpiffeId(spiffeId);
  if (trustDomain !== undefined && own.trustDomain !== trustDomain)
    throw new TypeError(`registerWorkload: ${spiffeId} is not of ${trustDomain}`);
  if (own.path === '') throw new TypeError(`registerWorkload: ${spiffeId} names a trust domain and no workload`);
  const selectors = selectorsOf(workload.selectors);
  const parentId = workload.parentId ?? parentOf(own.trustDomain, selectors);
  if (parseSpiffeId(parentId).trustDomain !== own.trustDomain)
    throw new TypeError(`registerWorkload: the parent ${parentId} is not of ${own.trustDomain}`);
  const agents = ofAgents(selectors);
  if (agents.length > 0)
    throw new TypeError(
      `registerWorkload: ${agents.map(textOf).join(', ')} speaks of agents and fits no process; a workload has selectors such as unix:uid`,
    );
  if (registrar === undefined)
    throw new TypeError('registerWorkload: this node is not entitled to register: it was given no registrar');

  const against = tooWide(selectors);
  const forced = workload.force === true;
  const tell = (told: Pick<RegistrationRecord, 'outcome' | 'entryId' | 'detail'>) =>
    audit({ at: new Date(), spiffeId, parentId, selectors: selectors.map(textOf), forced, tooWide: against, ...told });
  if (against.length > 0 && !forced) {
    await tell({ outcome: 'refused' });
    throw new LeastPrivilegeError(
      `registerWorkload: ${spiffeId} would be handed to more than one workload: ${against.join('; ')}. Add a selector that tells it from others, such as unix:uid or unix:path, or k8s:ns with k8s:sa; \`force: true\` registers it as it is`,
    );
  }
  await tell({ outcome: 'asked' });
  const tellAfter = async (told: Parameters<typeof tell>[0]) => {
    try {
      await tell(told);
    } catch (error) {
      process.emitWarning(
        `registerWorkload: the audit was not told that the registration of ${spiffeId} ${told.outcome === 'made' ? `made entry ${told.entryId}` : 'failed'}: ${messageOf(error)}`,
      );
    }
  };
  let id: string | undefined;
  try {
    [id] = await registrar.createEntries([
      {
        ...(entryId !== undefined && { id: entryId }),
        ...{ spiffeId, parentId, selectors },
        ...(x509TtlSeconds !== undefined && { x509TtlSeconds }),
        ...(federatesWith && { federatesWith }),
      },
    ]);
    // It may be there all the same; but an empty id would be taken for one.
    if (id === undefined || id === '')
      throw new Error(`registerWorkload: the server named no id of an entry for ${spiffeId}`);
  } catch (error) {
    await tellAfter({ outcome: 'failed', detail: messageOf(error) });
    throw error;
  }
  await tellAfter({ outcome: 'made', entryId: id });
  return id;
}

function selectorsOf(given: Workload['selectors']): Selector[] {
  return Object.entries(given).flatMap(([key, values]) =>
    [values].flat().map((value) => {
      if (!/^[^:]+:./.test(key) && key.includes(':'))
        throw new TypeError(
          `registerWorkload: selector ${JSON.stringify(key)} wants a type before its colon, as unix:uid has`,
        );
      const [, type = '', rest = ''] = /^([^:]*):(.*)$/s.exec(`${key}:${value}`) ?? [];
      return { type, value: rest };
    }),
  );
}

/** Join tokens give an agent the ID of its node, which is what entries of that node hang on. */
function parentOf(trustDomain: string, selectors: readonly Selector[]): string {
  const nodes = selectors.filter(({ type, value }) => type === 'mesh' && value.startsWith('node_id:'));
  if (nodes.length !== 1)
    throw new TypeError(
      'registerWorkload: parentId is missing: it is the SPIFFE ID of the agents that hand the identity out; with a selector mesh:node_id it is /node/{node_id}',
    );
  return `spiffe://${trustDomain}/node/${nodes[0]!.value.slice('node_id:'.length)}`;
}
