import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { nodeListeners, nothingElseOpen } from '../../src/clauses/mesh/planes.ts';
import { connectionNotPastSvid } from '../../src/clauses/mesh/tls.ts';
import { connectEngine } from '../../fixtures/runtime/container/engine.ts';
import { locateTools } from '../../fixtures/toolchain/toolchain.ts';
import { chooseClauses } from '../../plans/choose.ts';
import { gatePlan } from '../../plans/gate.ts';
import { decidedOfOthersAlone } from '../../plans/plan.ts';
import { loadFormats } from '../../reports/formats.ts';
import { clauses } from '../../src/clauses/catalogue.ts';
import { findRequirement, requirements } from '../../src/requirements/catalogue.ts';
import { coverageOf, totalOf } from '../../src/requirements/coverage.ts';
import {
  assay,
  assayDecided,
  assayUnlessShort,
  assertEnded,
  makePlace,
  project,
  readHistory,
  readReport,
} from '../cli-run.ts';

t.setTimeout(3_600_000);

const engine = await connectEngine().then(
  () => undefined,
  (error: Error) => error.message,
);
const documents = (await loadFormats()).map(({ fileName }) => fileName);

/** What only a target file can ask for. */
const ofTargetFiles: readonly string[] = [
  ...[nodeListeners, nothingElseOpen, connectionNotPastSvid],
  ...decidedOfOthersAlone(gatePlan()),
].map(({ id }) => id);

await t.test(
  'the gate passes a right mesh of processes, leaves its documents, and they can be made again to the byte',
  async (t) => {
    await using place = makePlace();
    const ended = await assayUnlessShort(t, place, ['gate', '--json', '--seed', '7'], { entry: 'cli/bin.js' });
    if (ended === undefined) return;
    assertEnded(place, ended, { code: 0 });
    const report = readReport(ended.out);
    t.strictSame(JSON.parse(ended.stdout), report, 'standard output holds the report and nothing else');
    t.equal(report.verdict, 'pass');
    t.equal(report.run.seed, 7);
    t.strictSame(report.clauses.map(({ id }) => id).sort(), [...chooseClauses(undefined)].sort());
    t.notOk(
      report.scenarios.some(({ id }) => id.startsWith('server-')),
      'what is for certifications does not run',
    );
    for (const { id, verdict, reason, evidence } of report.clauses) {
      const isOfFiles = verdict === 'skipped' && ofTargetFiles.includes(id);
      t.ok(verdict === 'pass' || verdict === 'deviation' || isOfFiles, `${id}: ${verdict}: ${reason}`);
      t.ok(evidence.length > 0, `${id} rests on nothing`);
    }
    for (const { id, faults, verdict } of report.scenarios) {
      t.equal(verdict, 'pass', id);
      for (const fault of faults) t.ok(fault.provenBy && fault.healedProvenBy, `${id}: ${JSON.stringify(fault)}`);
    }
    t.ok(report.bench.some(({ id, count }) => id === 'handshake/under faults/full' && count > 300));
    const quiet = report.bench.find(({ id }) => id === 'handshake/steady/full');
    t.match(quiet, { errors: 0, row: { state: 'whole', node: 'node-001' } });
    t.ok(quiet!.count >= 20, `${quiet!.count} handshakes lie in the quiet window`);

    const before = documents.map((name) => readFileSync(join(ended.out, name)));
    for (const name of documents) rmSync(join(ended.out, name));
    const again = await assay(place, ['report', 'render', ended.out]);
    t.equal(again.code, 0, again.stderr);
    documents.forEach((name, at) => t.strictSame(readFileSync(join(ended.out, name)), before[at], name));
  },
);

await t.test('a run is signed, and found out when it was touched', async (t) => {
  await using place = makePlace();
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const known = join(place.dir, 'release.pub');
  writeFileSync(known, publicKey.export({ type: 'spki', format: 'pem' }));
  const one = ['gate', '--only', 'mesh/pinning/exact-id'];
  const ended = await assayDecided(place, one, { env: { ASSAY_SIGN_KEY: pem } });
  assertEnded(place, ended, { code: 0 });
  const verify = (...more: string[]) => assay(place, ['report', 'verify', ended.out, ...more]);
  assertEnded(place, await verify('--key', known), { code: 0, says: [/WHOLE run .*, which came to pass/] });
  assertEnded(place, await verify(), { code: 3, says: [/UNSIGNED .* nobody said who has to have signed it/] });
  assertEnded(place, await assay(place, ['report', 'render', ended.out]), { code: 0 });
  assertEnded(place, await verify('--key', known), { code: 0 });
  const kept = readdirSync(ended.out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const { parentPath, name } of kept) t.notOk(readFileSync(join(parentPath, name), 'utf8').includes(pem), name);

  appendFileSync(join(ended.out, 'report.html'), ' ');
  assertEnded(place, await verify('--key', known), {
    code: 1,
    says: [/TAMPERED .*report\.html is not what was sealed/],
  });
  const sign = await assay(place, ['report', 'sign', ended.out], { env: { ASSAY_SIGN_KEY: pem } });
  assertEnded(place, sign, { code: 1, says: [/nothing was signed/] });
  const secret = Buffer.from(pem).toString('base64');
  const refused = await assay(place, ['report', 'sign', ended.out], { env: { ASSAY_SIGN_KEY: secret } });
  assertEnded(place, refused, { code: 2, says: [/ASSAY_SIGN_KEY: is neither PEM nor the path of a file/] });
  t.notOk(refused.stderr.includes(secret));
});

await t.test(
  'a failure that is accepted leaves the exit code at 0, and one that is none any more does not',
  async (t) => {
    await using place = makePlace();
    const accepted = join(place.dir, 'accepted.yaml');
    writeFileSync(
      accepted,
      'accept:\n  - clause: pin/case\n    reason: mended in 2.3\n    owner: me@example.org\n    until: 2999-12-31\n',
    );
    const one = ['gate', '--only', 'mesh/pinning/case,mesh/pinning/exact-id', '--json'];
    const broken = [
      ...one,
      '--node',
      `${process.execPath} ${project}impostors/node-main.ts pin-ignores-case-as-server`,
    ];
    assertEnded(place, await assayDecided(place, broken), { code: 1 });
    const ended = await assayDecided(place, [...broken, '--accept', accepted]);
    assertEnded(place, ended, { code: 0 });
    t.match(readReport(ended.out), {
      verdict: 'pass',
      clauses: [
        { id: 'mesh/pinning/exact-id', verdict: 'pass' },
        { id: 'mesh/pinning/case', verdict: 'fail', accepted: { owner: 'me@example.org', until: '2999-12-31' } },
      ],
    });
    assertEnded(place, await assayDecided(place, [...one, '--accept', accepted]), { code: 1 });
  },
);

await t.test('bounds on what a gate measures are kept or broken, and it is compared with an earlier one', async (t) => {
  await using place = makePlace();
  const few = ['gate', '--only', 'mesh/pinning/exact-id', '--json'];
  const kept = await assayDecided(place, [...few, '--slo', 'p99<=5s']);
  assertEnded(place, kept, { code: 0, says: [/the quiet window takes 2 times 6 s, so that 1200 handshakes/] });
  const { bench, objectives, clauses: judged } = readReport(kept.out);
  t.strictSame(
    bench.filter(({ row }) => row !== undefined).map(({ id }) => id),
    ['handshake/steady/yardstick,on=Node.js', 'handshake/steady/full'],
  );
  t.match(objectives, [{ objective: 'p99<=5s', bench: 'handshake/steady/full', verdict: 'pass' }]);
  t.match(judged, [{ verdict: 'pass' }]);

  const broken = await assayDecided(place, [...few, '--slo', 'p50<=0.01ms']);
  assertEnded(place, broken, { code: 1 });
  t.equal(readReport(broken.out).clauses[0]?.verdict, 'pass');

  const compared = await assay(place, [...few, '--baseline', kept.out, '--tolerance', '50']);
  t.ok(compared.code === 0 || compared.code === 3, `a machine may be too busy to tell: ${compared.stderr}`);
  t.strictSame(
    readReport(compared.out).objectives?.map(({ kind, verdict }) => [kind, verdict === 'fail']),
    Array(3).fill(['comparison', false]),
  );
});

await t.test('no private key and no join token stands in what a run keeps', async (t) => {
  await using place = makePlace();
  const ended = await assayUnlessShort(t, place, ['gate', '--only', 'tokens,mesh/pinning/exact-id']);
  if (ended === undefined) return;
  assertEnded(place, ended, { code: 0 });
  const secret = /PRIVATE KEY|join_token\/[0-9a-f]{8}-[0-9a-f]{4}/;
  const files = readdirSync(ended.out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  t.ok(files.some((path) => path.endsWith('.log')) && files.some((path) => path.endsWith('history.jsonl')));
  for (const path of files) t.notMatch(readFileSync(path, 'utf8'), secret, path);
});

await t.test('the gate passes an independent node written with go-spiffe', async (t) => {
  const { 'assay-go-node': node } = await locateTools(['assay-go-node'], { onProgress() {} });
  await using place = makePlace();
  const ended = await assayUnlessShort(t, place, ['gate', '--node', node.path]);
  if (ended === undefined) return;
  assertEnded(place, ended, { code: 0, says: [/PASS/] });
  const judged = readHistory(ended.out).filter((entry) => entry.kind === 'node' && entry.judged);
  t.strictSame(
    judged.map((entry) => entry.kind === 'node' && entry.implementation),
    [node.path, node.path],
  );
});

await t.test(
  'the gate passes a right mesh of containers',
  { skip: engine === undefined ? false : `no container engine answers: ${engine}` },
  async (t) => {
    await using place = makePlace();
    const ended = await assayUnlessShort(t, place, ['gate', '--runtime', 'container']);
    if (ended === undefined) return;
    assertEnded(place, ended, { code: 0, says: [/PASS/] });
    t.equal(readReport(ended.out).run.runtime, 'container');
  },
);

await t.test('what there is to judge can be listed by programs', async (t) => {
  await using place = makePlace();
  for (const what of ['clauses', 'scenarios', 'impostors', 'conformers', 'coverage', 'controls']) {
    const ended = await assay(place, ['list', what, '--json']);
    t.equal(ended.code, 0, ended.stderr);
    const listed = JSON.parse(ended.stdout) as { id: string; title: string }[];
    t.ok(listed.length > 0 && listed.every(({ id, title }) => id && title), what);
    t.equal(new Set(listed.map(({ id }) => id)).size, listed.length, `${what}: ids are unique`);
  }
});

await t.test(
  'the list of clauses holds each requirement of the catalogue, tested or with the reason why not',
  async (t) => {
    await using place = makePlace();
    const ended = await assay(place, ['list', 'clauses', '--json']);
    t.equal(ended.code, 0, ended.stderr);
    const listed = JSON.parse(ended.stdout) as { id: string; catalogue: string | null; status: string }[];
    const tested = listed.filter(({ status }) => status === 'tested');
    t.strictSame(
      tested.map(({ id }) => id),
      clauses.map(({ id }) => id),
    );
    const untested = listed.filter(({ status }) => status !== 'tested');
    for (const { id, catalogue, status } of untested) {
      t.equal(id, catalogue?.toLowerCase());
      const undecidable = findRequirement(catalogue ?? '')?.testable === 'no';
      t.equal(status, undecidable ? 'not decidable by a program' : 'untested: no check yet', id);
    }
    t.strictSame(
      new Set(listed.flatMap(({ catalogue }) => catalogue ?? [])),
      new Set(requirements.map(({ id }) => id)),
    );

    const told = await assay(place, ['list', 'clauses']);
    const lines = told.stdout.trimEnd().split('\n');
    t.equal(lines.length, clauses.length + 2);
    t.match(lines.at(-1) ?? '', new RegExp(`^${untested.length} requirements of the catalogue are untested: assay `));
  },
);

await t.test('a control is listed with the clauses that give evidence of it, and of what', async (t) => {
  await using place = makePlace();
  const ended = await assay(place, ['list', 'controls', '--json']);
  t.equal(ended.code, 0, ended.stderr);
  const listed = JSON.parse(ended.stdout) as {
    framework: string;
    clauses: string[];
    evidence: { of: string; clauses: string[] }[];
  }[];
  const known = new Set<string>(clauses.map(({ id }) => id));
  for (const { framework, clauses: its, evidence } of listed) {
    t.ok(framework !== '' && its.length > 0 && its.every((id) => known.has(id)), framework);
    t.strictSame(evidence.flatMap((one) => one.clauses).toSorted(), its.toSorted());
  }
  const told = await assay(place, ['list', 'controls']);
  t.match(told.stdout, /^sp-800-53\/ac-3 +\d+ {2}Access Enforcement\n/);
});

await t.test('coverage is listed by document, with a total for people', async (t) => {
  await using place = makePlace();
  const ended = await assay(place, ['list', 'coverage']);
  t.equal(ended.code, 0, ended.stderr);
  const lines = ended.stdout.trimEnd().split('\n');
  const coverage = coverageOf(clauses);
  t.equal(lines.length, coverage.length + 2);
  const [decided, untested] = [totalOf(coverage, 'withClause'), totalOf(coverage, 'untested')];
  t.match(lines.at(-1) ?? '', new RegExp(`^all +${requirements.length}( +\\d+){3} +${decided} +${untested}$`));
});

await t.test('npm start is the gate', async (t) => {
  const { scripts } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  t.equal(scripts.start, 'node cli/assay.ts gate');
});
