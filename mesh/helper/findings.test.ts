import t from 'tap';
import { UsageError } from '../../src/errors.ts';
import { expiringFrom, isPastRetries, longestPause, shareUsed } from './bounds.ts';
import { readEnvironment } from './environment.ts';
import { durationText } from './duration-text.ts';
import { findingsOf } from './findings.ts';
import { readSettings } from './settings.ts';

const hourMs = 3_600_000;
const documentedEnv = {
  ...{ SPIFFE_ENDPOINT_SOCKET: '/run/spiffe/workload/workload_api.sock', SPIFFE_TRUST_DOMAIN: 'example.org' },
  SERVICE_MESH_MODE: 'istio',
};

/** Each finding as `severity key line`. */
function found(text: string, svidTtlMs = hourMs, env: NodeJS.ProcessEnv = documentedEnv): string[] {
  const findings = findingsOf(readSettings(text, 'helper.conf'), readEnvironment(env), svidTtlMs);
  return findings.map(({ severity, key, line }) => `${severity} ${key} ${line ?? '-'}`);
}

await t.test('what is a danger depends on what it is used with', async (t) => {
  t.strictSame(found('min_rotation_interval = "5m"')[1], 'note min_rotation_interval 1');
  t.strictSame(found('min_rotation_interval = "5m"', 300_000)[0], 'danger min_rotation_interval 1');
  t.strictSame(found('min_rotation_interval = "0s"'), ['warning SPIFFE_ENDPOINT_SOCKET -', 'note SERVICE_MESH_MODE -']);
  t.strictSame(found('\nmax_retries = 3\n')[0], 'danger max_retries 2');
  t.strictSame(found('rotation_threshold = "50%"')[0], 'danger rotation_threshold 1');
  t.strictSame(found('rotation_threshold = "80%"')[1], 'note rotation_threshold 1');
});

await t.test('each key of the file is spoken of, and none that is not there', async (t) => {
  const text =
    'renewal_interval = "30s"\nretry_interval = "5s"\nrefresh_interval = "1h"\nservice_mesh = "istio"\nservice_mesh_port = "15001"';
  t.strictSame(
    found(text).filter((one) => !one.endsWith('-')),
    [1, 2, 3, 4, 5].map((line) => `note ${text.split('\n')[line - 1]!.split(' ')[0]} ${line}`),
  );
  t.strictSame(
    found('', hourMs, { SPIFFE_ENDPOINT_SOCKET: 'unix:///run/a.sock', SPIFFE_TRUST_DOMAIN: 'example.org' }),
    [],
  );
});

await t.test('the environment is read as the document has it, and told where it is unusual', async (t) => {
  t.match(readEnvironment(documentedEnv), {
    ...{ socketPath: '/run/spiffe/workload/workload_api.sock', isBarePath: true, isUsualSocket: false },
    ...{ trustDomain: 'example.org', serviceMeshMode: 'istio' },
  });
  t.match(readEnvironment({ SPIFFE_ENDPOINT_SOCKET: 'unix:///run/a.sock' }), {
    socketPath: '/run/a.sock',
    isBarePath: false,
  });
  t.match(readEnvironment({}), { socketPath: '/tmp/spire-agent/public/api.sock', isUsualSocket: true });
  t.match(readEnvironment(documentedEnv, 'unix:///run/b.sock').socketPath, '/run/b.sock', 'a flag goes before');
  t.strictSame(found('service_mesh = "linkerd"').at(1), 'warning SERVICE_MESH_MODE -', 'two meshes at once');
  t.strictSame(found('', hourMs, {}), ['warning SPIFFE_TRUST_DOMAIN -', 'note SPIFFE_ENDPOINT_SOCKET -']);
  for (const [env, says] of [
    [
      { SPIFFE_ENDPOINT_SOCKET: 'tcp://127.0.0.1:8080' },
      /SPIFFE_ENDPOINT_SOCKET tcp:.*spiffe-helper takes a unix socket only/,
    ],
    [{ SPIFFE_ENDPOINT_SOCKET: 'run/a.sock' }, /SPIFFE_ENDPOINT_SOCKET: .*no scheme; wanted unix:/],
    [{ SPIFFE_ENDPOINT_SOCKET: '' }, /SPIFFE_ENDPOINT_SOCKET: .*no scheme/],
    [{ SPIFFE_ENDPOINT_SOCKET: '/run/${a}.sock' }, /no ", \\, \$ or control character may stand in the path/],
    [{ SPIFFE_ENDPOINT_SOCKET: `/${'x'.repeat(107)}` }, /longer than the 107 bytes/],
    [{ SPIFFE_TRUST_DOMAIN: 'spiffe://example.org' }, /SPIFFE_TRUST_DOMAIN is "spiffe:.*without spiffe:\/\//],
    [{ SPIFFE_TRUST_DOMAIN: '' }, /SPIFFE_TRUST_DOMAIN is ""/],
  ] as const)
    t.throws(() => readEnvironment(env), { name: UsageError.name, message: says });
});

await t.test('bounds: an instant by which, a longest pause, and how many tries are too many', async (t) => {
  const settings = readSettings('rotation_threshold = "80%"\nretry_interval = "5s"\nmax_retries = 3', 'helper.conf');
  const life = { notBefore: new Date('2026-03-01T12:00:00Z'), notAfter: new Date('2026-03-01T13:00:00Z') };
  t.equal(expiringFrom(life, settings).toISOString(), '2026-03-01T12:48:00.000Z');
  t.equal(shareUsed(life, new Date('2026-03-01T12:15:00Z')), 0.25);
  t.strictSame(
    [1, 2, 3, 4, 5, 6, 1_000].map((fruitless) => longestPause(fruitless, settings) / 1_000),
    [5, 10, 20, 40, 60, 60, 60],
  );
  const slow = readSettings('retry_interval = "5m"', 'helper.conf');
  t.strictSame([longestPause(1, slow), longestPause(9, slow)], [300_000, 300_000]);
  t.strictSame(
    [3, 4, 5].map((tries) => isPastRetries(tries, settings)),
    [false, false, true],
    'the first is no retry',
  );
  t.equal(isPastRetries(1_000_000, slow), false);
});

await t.test('times are told in the unit that they were written in', async (t) => {
  t.strictSame([hourMs, 5_400_000, 300_000, 90_000, 1_500, 200].map(durationText), [
    '1h',
    '90m',
    '5m',
    '90s',
    '1.5s',
    '200ms',
  ]);
});
