import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import t from 'tap';
import { impostors } from '../../impostors/catalogue.ts';
import { clauses } from '../../src/clauses/catalogue.ts';
import { version } from '../../src/version.ts';
import { project, readHistory, readReport } from '../cli-run.ts';
import { asStranger, assertCode, installIn, packAssay } from '../stranger.ts';

// The way of a stranger: the package is packed, installed in an empty folder, and used there as the README says, with the npm and the Node of the
// machine. Its name has a space in it, as that of many folders has.

t.setTimeout(3_600_000);

const packages = join(project, 'node_modules');
const { name, version: declared } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
  readonly name: string;
  readonly version: string;
};
const scratch = mkdtempSync(join(tmpdir(), 'stranger-'));
t.teardown(() => rmSync(scratch, { recursive: true, force: true }));
const stranger = join(scratch, 'an empty folder');

const assay = (...args: string[]) => asStranger(stranger, ['npx', '--no', '--', 'assay', ...args]);
const needed = ['toxiproxy', 'assay-key-probe', 'assay-generator', 'spire-agent', 'spire-server'] as const;
const tarball = await packAssay(scratch);
const skip = await installIn(stranger, [tarball]);

await t.test('the package has what it runs on, and nothing that only we need', async (t) => {
  const { stdout } = await asStranger(scratch, ['tar', '-tzf', tarball]);
  const files = stdout.split('\n').flatMap((file) => (file === '' ? [] : file.replace(/^package\//, '')));
  const isOurs = (file: string) =>
    /\.test\.|^(build\/)?(test|scripts|examples)\//.test(file) || (file.endsWith('.ts') && !file.endsWith('.d.ts'));
  t.strictSame(files.filter(isOurs), []);
  t.ok(files.includes('build/fixtures/toolchain/go.sum'));
  const isCompiled = (file: string) =>
    file.endsWith('.js') && existsSync(join(project, file.replace(/^build\/(.*)\.js$/, '$1.ts')));
  const code = files.filter((file) => file.startsWith('build/') && isCompiled(file));
  const lacking = code.filter(
    (file) => !files.includes(`${file}.map`) || !files.includes(file.replace(/\.js$/, '.d.ts')),
  );
  t.ok(code.length > 300);
  t.strictSame(lacking, [], 'each module has its map and its types');
});

await t.test('what tools read of the package, they find right', async (t) => {
  const bytes = new Uint8Array(readFileSync(tarball)).buffer;
  const { messages } = await publint({ pack: { tarball: bytes }, strict: true });
  t.strictSame(messages, []);
  const attw = fileURLToPath(new URL('dist/index.js', import.meta.resolve('@arethetypeswrong/cli/package.json')));
  assertCode(await asStranger(scratch, [process.execPath, attw, tarball, '--profile', 'esm-only']), 0);
});

await t.test(
  'installed, it says what it is, what there is to judge, and what can be used here',
  { skip },
  async (t) => {
    t.equal((await assay('--version')).stdout.trim(), declared);
    const listed = JSON.parse((await assay('list', 'clauses', '--json')).stdout) as {
      readonly id: string;
      readonly status: string;
    }[];
    t.strictSame(
      listed.flatMap(({ id, status }) => (status === 'tested' ? id : [])),
      clauses.map(({ id }) => id),
    );
    const doctor = await assay('doctor', '--json');
    assertCode(doctor, 0);
    const findings = JSON.parse(doctor.stdout) as { readonly id: string; readonly state: string }[];
    const ok = findings.filter(({ state }) => state === 'ok').map(({ id }) => id);
    for (const id of ['runtime/process', ...needed.map((tool) => `program/${tool}`)]) t.ok(ok.includes(id), id);
  },
);

await t.test('the names of the deployment document are commands there, too', { skip }, async (t) => {
  const { bin } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { readonly bin: object };
  const names = Object.keys(bin).filter((one) => one !== 'assay');
  t.equal(names.length, 3);
  for (const one of names) {
    const helped = await asStranger(stranger, ['npx', '--no', '--', one, '--help']);
    assertCode(helped, 0);
    t.match(helped.stdout, /is what the deployment document calls `assay mesh /);
  }
});

await t.test('its gate judges a mesh there, and the papers stand up', { skip }, async (t) => {
  // Threads, a fault by its file, a program in Go by its path, forged identities in both roles, every report format.
  const only = 'partition-short,mesh/pinning/exact-id,mesh/pinning/key-possession,mesh/tls/version-as-server';
  const ended = await assay('gate', '--only', only, '--out', 'first');
  const out = join(stranger, 'first');
  const { verdict, run: made, clauses: judged, scenarios } = readReport(out);
  // Whether the machine bears enough to tell what an outage changes is no matter of the package.
  assertCode(ended, verdict === 'inconclusive' ? 3 : 0);
  t.strictSame(
    judged.filter(({ id, verdict }) => verdict !== 'pass' && !id.startsWith('mesh/partition/')),
    [],
  );
  t.equal(made.versions['assay'], version);
  t.match(scenarios, [{ id: 'partition-short' }]);
  const faults = scenarios.flatMap((scenario) => scenario.faults);
  t.ok(faults.length > 0 && faults.every(({ provenBy, healedProvenBy }) => provenBy && healedProvenBy));
  const history = readHistory(out);
  t.ok(history.some((entry) => entry.kind === 'request' && entry.outcome === 'ok'));
  t.equal(history.at(-1)?.kind, 'run-ended');
  for (const file of ['report.html', 'junit.xml', 'results.sarif', 'summary.md']) t.ok(readdirSync(out).includes(file));

  const verified = await assay('report', 'verify', out);
  assertCode(verified, 3);
  t.match(verified.stdout, /UNSIGNED/);
  assertCode(await assay('report', 'judge', out), 0);
  assertCode(await assay('report', 'diff', out, out), 0);
  writeFileSync(join(out, 'report.html'), `${readFileSync(join(out, 'report.html'), 'utf8')} `);
  assertCode(await assay('report', 'verify', out), 1);
});

await t.test('an impostor that ships with it is caught', { skip }, async (t) => {
  const { id, breaks } = impostors.find(({ kind }) => kind === 'node')!;
  const main = join(stranger, 'node_modules', name, 'build/impostors/node-main.js');
  const node = `'${process.execPath}' '${main}' ${id}`;
  const ended = await assay('gate', '--node', node, '--only', breaks, '--out', 'impostor');
  assertCode(ended, 1);
  t.match(readReport(join(stranger, 'impostor')).clauses, [{ id: breaks, verdict: 'fail' }]);
});

await t.test('the examples have their types there, and do what they say', { skip }, async (t) => {
  const examples = readdirSync(join(project, 'examples'));
  for (const file of examples) cpSync(join(project, 'examples', file), join(stranger, file));
  // What whoever writes a suite has, beside Assay.
  assertCode(await asStranger(stranger, ['npm', 'pkg', 'set', 'type=module']), 0);
  for (const tool of ['tap', 'typescript']) symlinkSync(join(packages, tool), join(stranger, 'node_modules', tool));
  const tsc = [process.execPath, join(packages, 'typescript/bin/tsc')];
  const flags = '--noEmit --strict --module nodenext --target esnext --types node'.split(' ');
  assertCode(await asStranger(stranger, [...tsc, ...flags, 'look.ts', 'mesh-node.ts']), 0);
  // Those of tap want the types of React.
  assertCode(await asStranger(stranger, [...tsc, ...flags, '--skipLibCheck', 'own-suite.test.ts']), 0);

  // It wants an agent, and says what it waits for until there is one.
  const node = `import { SpiffeController } from '${name}/mesh';
    await using controller = new SpiffeController({ endpointSocket: 'unix:///none' });
    controller.once('trouble', (error) => console.log(error.message));
    await controller.initialize({}, AbortSignal.timeout(500)).catch((error) => console.log(error.name));`;
  const waited = await asStranger(stranger, [process.execPath, '--input-type=module', '--eval', node]);
  assertCode(waited, 0);
  t.match(waited.stdout, /unix:\/none: UNAVAILABLE.*\nTimeoutError$/m);

  const suite = await asStranger(stranger, [process.execPath, 'own-suite.test.ts']);
  assertCode(suite, 0);
  t.match(suite.stdout, /^# \{ total: 7, pass: 7 \}$/m);
  const look = await asStranger(stranger, [process.execPath, 'look.ts']);
  assertCode(look, 0);
  t.match(look.stdout, /^node-001 accepted refused\nnode-002 accepted refused\nmesh\/pinning\/exact-id pass /);
});
