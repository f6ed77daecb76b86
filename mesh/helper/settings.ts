import { UsageError } from '../../src/errors.ts';
import { nearestName } from '../../src/nearest-name.ts';
import { settingLines, type SettingLine } from './setting-lines.ts';

/** What a helper.conf of the demo document asks for. What is left out has the document's value, but for an end of retries: there is none. */
export interface HelperSettings {
  /** How often the files are looked at, at the least. */
  readonly renewalIntervalMs: number;
  /** The share of an SVID's life by which a newer one has to be there: more than 0, less than 1. */
  readonly rotationThreshold: number;
  /** 0 where none is asked for. */
  readonly minRotationIntervalMs: number;
  readonly retryIntervalMs: number;
  /** Undefined: as many as it takes. */
  readonly maxRetries: number | undefined;
  readonly refreshIntervalMs: number;
  readonly serviceMesh: string | undefined;
  readonly serviceMeshPort: number | undefined;
  /** In which line each key stands that is in the file, from 1. */
  readonly lines: ReadonlyMap<SettingKey, number>;
}

type Value = SettingLine['value'];

const [leastMs, mostMs] = [100, 7 * 86_400_000];
const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** Reads a duration as Go writes it. @throws TypeError that says what is wanted */
function duration(value: Value, least = leastMs): number {
  const text = String(value);
  const parts = [...text.matchAll(/(\d{1,9}(?:\.\d{1,9})?)(ms|[smh])/g)];
  const isDuration = typeof value === 'string' && text !== '' && parts.map(([part]) => part).join('') === text;
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitMs[unit as keyof typeof unitMs], 0);
  if (!isDuration || ms < least || ms > mostMs)
    throw new TypeError(
      `wanted is a time in double quotes, as "30s", "5m" or "1h30m", from ${least === 0 ? '"0s"' : '"100ms"'} to "168h"`,
    );
  return ms;
}

function share(value: Value): number {
  const percent = Number(/^(\d{1,2}(?:\.\d{1,3})?)%$/.exec(String(value))?.[1]);
  if (!(percent > 0)) throw new TypeError('wanted is a share of a life, as "80%", more than 0 and less than 100');
  return percent / 100;
}

function whole(value: Value, least: number, most: number): number {
  const number = /^\d{1,9}$/.test(String(value)) ? Number(value) : NaN;
  if (!(number >= least && number <= most)) throw new TypeError(`wanted is a whole number from ${least} to ${most}`);
  return number;
}

function name(value: Value): string {
  if (typeof value === 'string' && /^[\w.-]{1,64}$/.test(value)) return value;
  throw new TypeError('wanted is the name of a service mesh in double quotes, as "istio"');
}

const readers = {
  renewal_interval: (value: Value) => duration(value),
  rotation_threshold: share,
  min_rotation_interval: (value: Value) => duration(value, 0),
  retry_interval: (value: Value) => duration(value),
  max_retries: (value: Value) => whole(value, 0, 1_000_000),
  refresh_interval: (value: Value) => duration(value),
  service_mesh: name,
  service_mesh_port: (value: Value) => whole(value, 1, 65_535),
} as const;

/** A key of the document's helper.conf. */
export type SettingKey = keyof typeof readers;

const keys = Object.keys(readers) as readonly SettingKey[];

// Source: spiffe-helper 0.11.0, cmd/spiffe-helper/config/config.go.
const keysOfSpiffeHelper = [
  ...['add_intermediates_to_bundle', 'agent_address', 'cmd', 'cmd_args', 'pid_file_name', 'cert_dir', 'cert_file_mode'],
  ...['key_file_mode', 'jwt_bundle_file_mode', 'jwt_svid_file_mode', 'include_federated_domains', 'omit_expired'],
  ...['renew_signal', 'daemon_mode', 'health_checks', 'hint', 'svid_file_name', 'svid_key_file_name'],
  ...['svid_bundle_file_name', 'jwt_svids', 'jwt_bundle_file_name'],
];

/**
 * Reads a helper.conf of the demo document.
 *
 * @param file - its name, for messages
 * @throws UsageError that names file, line and key, and says what would be right
 */
export function readSettings(text: string, file: string): HelperSettings {
  const found = new Map<SettingKey, { readonly line: number; readonly value: number | string }>();
  for (const { key, line, value } of settingLines(text, file)) {
    if (!isKey(key)) throw new UsageError(`${file}:${line}: ${unknown(key)}`);
    try {
      found.set(key, { line, value: readers[key](value) });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw new UsageError(`${file}:${line}: ${key} is ${JSON.stringify(value).slice(0, 80)}: ${error.message}`);
    }
  }
  // Each reader has made a value of the type that stands in HelperSettings.
  const set = <T extends number | string>(key: SettingKey) => found.get(key)?.value as T | undefined;
  return {
    renewalIntervalMs: set<number>('renewal_interval') ?? 30_000,
    rotationThreshold: set<number>('rotation_threshold') ?? 0.8,
    minRotationIntervalMs: set<number>('min_rotation_interval') ?? 0,
    retryIntervalMs: set<number>('retry_interval') ?? 5_000,
    maxRetries: set<number>('max_retries'),
    refreshIntervalMs: set<number>('refresh_interval') ?? 3_600_000,
    serviceMesh: set<string>('service_mesh'),
    serviceMeshPort: set<number>('service_mesh_port'),
    lines: new Map([...found].map(([key, { line }]) => [key, line])),
  };
}

const isKey = (text: string): text is SettingKey => (keys as readonly string[]).includes(text);

function unknown(key: string): string {
  if (keysOfSpiffeHelper.includes(key))
    return `${key} is a key of spiffe-helper itself, whose configuration is made here: \`assay mesh helper check\` shows it; take the line out`;
  const meant = nearestName(key, keys);
  return `${key.slice(0, 64)} is no key of this file${meant === undefined ? '.' : `; is ${meant} meant?`} The keys are: ${keys.join(', ')}`;
}
