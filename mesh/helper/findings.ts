import { percent } from '../../src/percent.ts';
import type { HelperEnvironment } from './environment.ts';
import { durationText } from './duration-text.ts';
import type { HelperSettings, SettingKey } from './settings.ts';

/** What a setting would do if it were read literally, and what is done instead. */
export interface Finding {
  /** Of the file, or a variable of the environment. */
  readonly key: SettingKey | 'SPIFFE_ENDPOINT_SOCKET' | 'SPIFFE_TRUST_DOMAIN' | 'SERVICE_MESH_MODE';
  /** In the file; undefined for a variable. */
  readonly line: number | undefined;
  /** `danger`: read literally, a workload would be stranded, or cry wolf. `warning`: it is to be written otherwise. */
  readonly severity: 'danger' | 'warning' | 'note';
  /** What it would do, read literally. */
  readonly literally: string;
  /** What is done. */
  readonly instead: string;
}

type Found = Omit<Finding, 'line'>;

/**
 * What is to be said of a file and its environment, danger first.
 *
 * @param svidTtlMs - how long the SVIDs live that it is used with
 */
export function findingsOf(settings: HelperSettings, environment: HelperEnvironment, svidTtlMs: number): Finding[] {
  const { lines } = settings;
  const inFile = [
    ...[threshold(settings), minimum(settings, svidTtlMs), retries(settings)],
    ...[interval(settings), retryInterval(settings), refresh(settings), mesh(settings), port(settings)],
  ].filter((found): found is Found & { key: SettingKey } => found !== undefined && lines.has(found.key as SettingKey));
  const found = [
    ...inFile.map((one) => ({ ...one, line: lines.get(one.key) })),
    ...ofEnvironment(settings, environment).map((one) => ({ ...one, line: undefined })),
  ];
  return found.toSorted((one, other) => rank(one) - rank(other));
}

const rank = ({ severity }: Finding) => ['danger', 'warning', 'note'].indexOf(severity);

// Source: SPIRE 1.15, doc/spire_agent.md: an SVID is renewed at half of its life.
const renewedAt = 0.5;

function threshold({ rotationThreshold }: HelperSettings): Found {
  const at = percent(rotationThreshold);
  const key = 'rotation_threshold';
  if (rotationThreshold <= renewedAt)
    return {
      ...{ key, severity: 'danger' },
      literally: `a newer SVID has to be there at ${at} of a life; SPIRE hands one out at ${percent(renewedAt)}, so that each SVID would be late`,
      instead: 'the bound is kept as it stands, with its alarms; 80% leaves SPIRE the time that it needs',
    };
  return {
    ...{ key, severity: 'note' },
    literally: `nothing is renewed before ${at} of a life are over, though SPIRE hands out a newer SVID at ${percent(renewedAt)}; what then fails has ${percent(1 - rotationThreshold)} of the life to be mended`,
    instead: `a newer SVID is delivered as it comes; at ${at} without one it is \`expiring\`: an alarm, and exit code 1 of status`,
  };
}

function minimum({ minRotationIntervalMs: ms }: HelperSettings, svidTtlMs: number): Found | undefined {
  if (ms === 0) return undefined;
  const outlasts = ms >= svidTtlMs;
  return {
    ...{ key: 'min_rotation_interval', severity: outlasts ? 'danger' : 'note' },
    literally: outlasts
      ? `a newer SVID is held back for ${durationText(ms)}, and an SVID lives ${durationText(svidTtlMs)}: it would end first`
      : `a newer SVID is held back for up to ${durationText(ms)}, also one that came since an authority is trusted no more; an SVID that lives no longer than that would end first`,
    instead: 'a newer SVID is delivered as it comes; that it came sooner is an event, `overruled`',
  };
}

function retries({ maxRetries, retryIntervalMs }: HelperSettings): Found | undefined {
  if (maxRetries === undefined) return undefined;
  return {
    ...{ key: 'max_retries', severity: 'danger' },
    literally: `after ${maxRetries} ${maxRetries === 1 ? 'retry' : 'retries'}, which is ${durationText(maxRetries * retryIntervalMs)}, nobody tries again: an agent that is away for longer strands the workload, whose SVID then ends, for good`,
    instead:
      'it goes on trying; more fruitless tries than that are an alarm, until one succeeds. --give-up ends the command instead',
  };
}

function interval({ renewalIntervalMs: ms }: HelperSettings): Found {
  return {
    ...{ key: 'renewal_interval', severity: 'note' },
    literally: `a newer SVID is asked for each ${durationText(ms)}`,
    instead: `the agent hands it over the moment that it is there; each ${durationText(ms)} at the least the files are looked at, and put right`,
  };
}

function retryInterval({ retryIntervalMs: ms }: HelperSettings): Found {
  return {
    ...{ key: 'retry_interval', severity: 'note' },
    literally: `whatever fails is tried again each ${durationText(ms)}`,
    instead: `spiffe-helper tries again after a second, and a second later each time, up to 30 s; one that is stuck or has ended is started anew after ${durationText(ms)} at most, and twice that each further time, up to a minute`,
  };
}

function refresh({ refreshIntervalMs: ms }: HelperSettings): Found {
  return {
    ...{ key: 'refresh_interval', severity: 'note' },
    literally: `the bundle is up to ${durationText(ms)} old: peers of a new authority are refused for so long, and those of one that is trusted no more are let in`,
    instead: `the bundle is followed as the agent hands it over; when half of that time has passed without, the agent is asked anew; one that was not confirmed for ${durationText(ms)} is an alarm`,
  };
}

function mesh({ serviceMesh }: HelperSettings): Found {
  return {
    ...{ key: 'service_mesh', severity: 'note' },
    literally: `certificates and traffic are shared with the service mesh ${serviceMesh}`,
    instead:
      'it is reported: nothing is intercepted by this helper, and no certificate is handed to a service mesh. One whose proxy takes the traffic of this workload wraps it in its own TLS: exclude the ports of the workload there',
  };
}

function port({ serviceMeshPort }: HelperSettings): Found {
  return {
    ...{ key: 'service_mesh_port', severity: 'note' },
    literally: `traffic goes through port ${serviceMeshPort}`,
    instead:
      'it is reported: nothing is sent to that port or listens there. In Istio 15001 is where the sidecar takes outgoing traffic',
  };
}

function ofEnvironment({ serviceMesh }: HelperSettings, environment: HelperEnvironment): Found[] {
  const { socketPath, isBarePath, isUsualSocket, trustDomain, serviceMeshMode } = environment;
  const isAtOdds = serviceMesh !== undefined && serviceMesh !== serviceMeshMode;
  const found: (Found | false)[] = [
    isBarePath && {
      ...{ key: 'SPIFFE_ENDPOINT_SOCKET', severity: 'warning' },
      literally: `${socketPath} has no scheme, and by the specification is no address of a Workload API: others refuse it`,
      instead: `it is taken as unix://${socketPath}, here only; write that`,
    },
    isUsualSocket && {
      ...{ key: 'SPIFFE_ENDPOINT_SOCKET', severity: 'note' },
      literally: 'it is not set',
      instead: `the agent is asked at ${socketPath}, where SPIRE usually has it`,
    },
    trustDomain === undefined && {
      ...{ key: 'SPIFFE_TRUST_DOMAIN', severity: 'warning' },
      literally: 'it is not set: an SVID of any trust domain is taken',
      instead: 'so it is; set it, and an SVID of another one is an alarm, and not delivered',
    },
    serviceMeshMode !== undefined && {
      ...{ key: 'SERVICE_MESH_MODE', severity: isAtOdds ? 'warning' : 'note' },
      literally: `the service mesh is ${serviceMeshMode}${isAtOdds ? `, and by service_mesh it is ${serviceMesh}` : ''}`,
      instead: 'it is reported, and changes nothing here',
    },
  ];
  return found.filter((one) => one !== false);
}
