/** A selector of a registration entry: `unix:uid:1000` is of type `unix` and has the value `uid:1000`. */
export interface Selector {
  readonly type: string;
  readonly value: string;
}

/**
 * Why these selectors give an identity to more than one workload, in half sentences for people; empty where nothing speaks against them. An
 * entry matches who has all of its selectors, so one that narrows it is enough. A type that is not SPIRE's own is taken at its word: nobody but
 * whoever made that attestor knows what it says.
 *
 * Source: what the workload attestors of SPIRE 1.15.3 give a process (pkg/agent/plugin/workloadattestor), and that the server compares type and
 * value as they are (pkg/server/cache/entrycache).
 */
export function tooWide(selectors: readonly Selector[]): readonly string[] {
  if (selectors.length === 0) return ['it has no selector'];
  const patterns = selectors
    .filter(isPattern)
    .map((selector) => `${textOf(selector)} is a pattern, and SPIRE knows none`);
  if (patterns.length > 0) return patterns;
  const narrows = selectors.some((selector) => wide(selector) === undefined) || narrowsPod(selectors);
  return narrows ? [] : selectors.map((selector) => `${textOf(selector)} fits ${wide(selector)}`);
}

/**
 * Which of these no workload can have: they are made by node attestors and speak of agents. An entry with one matches no process.
 *
 * Source: the names of SPIRE 1.15.3's node attestors, and `spiffe_id`, by which it names an agent that joined.
 */
export function ofAgents(selectors: readonly Selector[]): readonly Selector[] {
  return selectors.filter(({ type }) => nodeAttestors.has(type));
}

/** A selector as SPIRE's command line and log write it. */
export const textOf = ({ type, value }: Selector): string => `${type}:${value}`;

const nodeAttestors: ReadonlySet<string> = new Set([
  ...['spiffe_id', 'join_token', 'k8s_psat', 'k8s_sat', 'x509pop', 'sshpop', 'tpm_devid', 'http_challenge'],
  ...['aws_iid', 'gcp_iit', 'azure_msi', 'azure_imds'],
]);

function isPattern({ type, value }: Selector): boolean {
  const [kind = '', ...rest] = value.split(':');
  return type === '' || kind === '' || value.includes('*') || (rest.length > 0 && rest.join(':').trim() === '');
}

/** Whom a selector fits by itself, where that is more than one workload; undefined where it narrows, or is not known. */
function wide({ type, value }: Selector): string | undefined {
  const [kind = '', ...rest] = value.split(':');
  switch (type) {
    case 'mesh':
      return kind === 'node_id' ? 'every process of that node' : undefined;
    case 'k8s':
      return ofPods.get(kind);
    case 'windows':
      return groups.has(rest.at(-1) ?? '') ? 'every user of a machine' : undefined;
    default:
      return undefined;
  }
}

const anywhere = 'pods of any namespace, whose makers choose it';

/** What a pod has of its own, `pod-uid` and `pod-owner-uid`, is not here: the API server chose it. */
const ofPods: ReadonlyMap<string, string> = new Map([
  ['ns', 'every pod of that namespace'],
  ['ns-label', 'every pod of such namespaces'],
  ['node-name', 'every pod of that node'],
  ['pod-image-count', 'every pod with so many containers'],
  ['pod-init-image-count', 'every pod with so many containers'],
  ...[
    'sa',
    'pod-name',
    'pod-label',
    'pod-owner',
    'pod-image',
    'pod-init-image',
    'container-name',
    'container-image',
  ].map((kind) => [kind, anywhere] as const),
]);

/** What makers of pods choose narrows where it is held to one namespace. */
function narrowsPod(selectors: readonly Selector[]): boolean {
  const kinds = selectors.filter(({ type }) => type === 'k8s').map(({ value }) => value.split(':')[0] ?? '');
  return kinds.includes('ns') && kinds.some((kind) => ofPods.get(kind) === anywhere);
}

/** Groups that every process is in: Everyone, Authenticated Users, Local, and Users. */
const groups: ReadonlySet<string> = new Set([
  ...['S-1-1-0', 'S-1-5-11', 'S-1-2-0', 'S-1-5-32-545'],
  ...['Everyone', 'NT AUTHORITY\\Authenticated Users', 'LOCAL', 'BUILTIN\\Users'],
]);
