import t from 'tap';
import { UsageError } from '../../src/errors.ts';
import { documented } from './documented-conf.ts';
import { readSettings } from './settings.ts';

await t.test('the file of the document is read as it stands', async (t) => {
  const { lines, ...settings } = readSettings(documented, 'helper.conf');
  t.strictSame(settings, {
    ...{ renewalIntervalMs: 30_000, rotationThreshold: 0.8, minRotationIntervalMs: 300_000 },
    ...{ retryIntervalMs: 5_000, maxRetries: 3, refreshIntervalMs: 3_600_000 },
    ...{ serviceMesh: 'istio', serviceMeshPort: 15_001 },
  });
  t.equal(lines.get('max_retries'), 8);
  const dos = readSettings(documented.replaceAll('\n', '\r\n'), 'helper.conf');
  t.strictSame({ ...dos, lines: undefined }, { ...settings, lines: undefined }, 'lines may end as those of Windows do');
});

await t.test('what is left out has a value, and retries have no end', async (t) => {
  const { maxRetries, minRotationIntervalMs, retryIntervalMs, serviceMesh, lines } = readSettings('', 'helper.conf');
  t.strictSame([maxRetries, minRotationIntervalMs, retryIntervalMs, serviceMesh], [undefined, 0, 5_000, undefined]);
  t.equal(lines.size, 0);
});

await t.test('numbers and comments in their forms', async (t) => {
  const read = (text: string) => readSettings(text, 'helper.conf');
  t.equal(read('service_mesh_port = 15001').serviceMeshPort, 15_001);
  t.equal(read('max_retries="7" // as HCL would take it').maxRetries, 7);
  t.equal(read('  retry_interval\t= "1h1m1.5s" # a # in a comment').retryIntervalMs, 3_661_500);
  t.equal(read('rotation_threshold = "66.7%"').rotationThreshold.toFixed(3), '0.667');
});

await t.test('what is wrong is told with file, line, key, and what would be right', async (t) => {
  for (const [text, says] of [
    [
      'renewal_intervall = "30s"',
      /^helper\.conf:1: renewal_intervall is no key of this file; is renewal_interval meant\?/,
    ],
    ['\n\nbanana = 1', /^helper\.conf:3: banana is no key of this file\. The keys are: renewal_interval, /],
    [
      'cert_dir = "/run"',
      /^helper\.conf:1: cert_dir is a key of spiffe-helper itself, whose configuration is made here/,
    ],
    ['retry_interval = "5 seconds"', /:1: retry_interval is "5 seconds": wanted is a time in double quotes, as "30s"/],
    ['retry_interval = 5', /:1: retry_interval is 5: wanted is a time in double quotes/],
    ['retry_interval = "0s"', /wanted is a time in double quotes, .* from "100ms" to "168h"/],
    ['refresh_interval = "8760h"', /wanted is a time/],
    ['min_rotation_interval = "-5m"', /from "0s" to "168h"/],
    [
      'retry_interval = 5s',
      /:1: retry_interval: wanted is a string in double quotes, or a number, as in retry_interval = "30s"/,
    ],
    ['retry_interval = "5s', /wanted is a string in double quotes/],
    ['rotation_threshold = "100%"', /wanted is a share of a life, as "80%"/],
    ['rotation_threshold = "0%"', /wanted is a share of a life/],
    ['rotation_threshold = 0.8', /wanted is a share of a life/],
    ['max_retries = -1', /wanted is a whole number from 0/],
    ['max_retries = 2.5', /wanted is a whole number from 0/],
    ['service_mesh_port = "70000"', /wanted is a whole number from 1 to 65535/],
    ['service_mesh_port = "http"', /wanted is a whole number from 1 to 65535/],
    ['service_mesh = ""', /wanted is the name of a service mesh/],
    ['max_retries = 3\nmax_retries = 3', /^helper\.conf:2: max_retries is set in line 1 already/],
    ['apiVersion: v1', /^helper\.conf:1: is no line of the form key = "value"; .*`helper\.conf: \|`/],
    ['health_checks {', /^helper\.conf:1: is no line of the form/],
    [`# ${'x'.repeat(70_000)}`, /is larger than 65536 bytes/],
  ] as const)
    t.throws(() => readSettings(text, 'helper.conf'), { name: UsageError.name, message: says }, text.slice(0, 60));
});

await t.test('a file that holds a secret is told of by its line alone', async (t) => {
  t.throws(() => readSettings('hvs.CAESIJ-secret', 'helper.conf'), { message: /^(?!.*secret)helper\.conf:1: / });
});

await t.test('a line of nothing but space within is read at once', async (t) => {
  const startedAt = performance.now();
  t.throws(() => readSettings(`retry_interval = x${' '.repeat(65_000)}y`, 'helper.conf'), { name: 'UsageError' });
  t.ok(performance.now() - startedAt < 500, 'and not in the time of its square');
});
