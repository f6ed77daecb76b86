import assert from 'node:assert/strict';
import { generateKeyPairSync, hash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { clauses as catalogue } from '../src/clauses/catalogue.ts';
import type { Clause } from '../src/clause.ts';
import type { Entry, Happening, History } from '../src/history.ts';
import { disagreements } from '../src/report/judged-again.ts';
import { buildReport } from '../src/report/report.ts';
import { seeded } from '../src/statistics/seeded.ts';
import { escaped } from '../src/escaped.ts';
import { parsedJson } from '../src/json.ts';
import { forgeAuthority } from '../src/svid/x509/forge.ts';
import { attestationFile } from './evidence/files.ts';
import { readEnvelope } from './evidence/dsse.ts';
import { readStatement } from './evidence/statement.ts';
import { seal } from './evidence/seal.ts';
import { readSigner } from './evidence/signer.ts';
import { verifyRun } from './evidence/verify.ts';
import { loadFormats } from './formats.ts';
import { readHistory, readReport } from './read-run.ts';
import { redactRun } from './redact-run.ts';
import { renderReports, writeReportJson } from './render.ts';
import { historyLines, sampleRun } from './sample-run.ts';
import { summary } from './terminal.ts';

t.setTimeout(600_000);

const scratch = mkdtempSync(join(tmpdir(), 'assay-redact-'));
t.after(() => rmSync(scratch, { recursive: true }));
const documents = await loadFormats();
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signer = readSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, 'a test', new Date());

interface Run {
  readonly history: History;
  readonly clauses: readonly Clause[];
}

let made = 0;
/** A run with its records and a log, sealed, and with all its papers where they matter. */
async function runOf({ history, clauses }: Run, withDocuments = false): Promise<string> {
  const directory = join(scratch, `run-${++made}`);
  mkdirSync(join(directory, 'logs'), { recursive: true });
  writeFileSync(join(directory, 'history.jsonl'), historyLines(history));
  writeFileSync(join(directory, 'logs/backend.log'), 'of x0tta6bl4.mesh\n');
  await writeReportJson(directory, await readHistory(directory), clauses);
  await seal(directory, { documents: withDocuments ? await renderReports(directory) : [] });
  return directory;
}

/** Redacts the run, which has to come out whole, and gives the directory. */
async function redacted(run: Run, directory?: string): Promise<string> {
  const [from, out] = [directory ?? (await runOf(run)), join(scratch, `redacted-${++made}`)];
  const { refused } = await redactRun(from, out, { clauses: run.clauses, signer });
  assert.deepEqual(refused, []);
  const verified = await verifyRun(out, { kind: 'key', key: publicKey });
  assert.deepEqual([verified.state, verified.findings], ['whole', []]);
  const [before, after] = await Promise.all([readReport(from), readReport(out)]);
  assert.deepEqual(disagreements(before, after), []);
  assert.deepEqual(disagreements(after, buildReport(await readHistory(out), run.clauses)), []);
  return out;
}

/** All that an outsider is handed: every file, what the attestation holds, and what a terminal would say of it. */
async function allOf(directory: string): Promise<string> {
  const files = readdirSync(directory, { recursive: true }).map((name) => join(directory, String(name)));
  const payload = Buffer.from(readEnvelope(read(directory, attestationFile)).payload, 'base64').toString();
  const settings = (JSON.parse(payload) as { predicate: { configuration: { content: string }[] } }).predicate
    .configuration;
  const [report, history] = await Promise.all([readReport(directory), readHistory(directory)]);
  return [
    ...files.map((path) => readFileSync(path, 'utf8')),
    ...[payload, ...settings.map(({ content }) => Buffer.from(content, 'base64').toString())],
    summary(report, history, { color: false, directory: 'here', width: 100 }),
  ].join('\n');
}

const read = (directory: string, name: string) => readFileSync(join(directory, name), 'utf8');

/** A mesh of somebody else: its words are anybody's. */
function strangersRun(hostile = ''): Run {
  const { history, clauses } = sampleRun('fail', hostile);
  const more: Happening[] = [
    {
      ...{ kind: 'life', node: 'backend', state: 'ended', how: 'exited with code 1' },
      lastWords: 'panic: no route to vault.corp.internal for alice',
      underWay: ['mesh/tls/only-tls13 as server: ClientHello offers TLS 1.2 only'],
    },
    {
      ...{ kind: 'trouble', clauses: ['mesh/tokens/expires'] },
      message:
        'node backend: GET /ready at 10.20.30.40:8443 answers 200: not within 8 s; last probe: "Hello from Acme, said Bob"; its last words:\nuser=alice home=/home/alice/keys\n; look at: /home/alice/run/logs/backend-service.log',
    },
    {
      ...{ kind: 'exchange', clause: 'mesh/tls/only-tls13', row: 'another', node: 'backend', role: 'client' },
      ...{ expect: 'either', control: 'valid', outcome: 'unknown', tookMs: 1 },
      how: 'closed; it reports refused (peer carol@acme.test at 10.9.8.7:1 was not wanted)',
      named: 'I am Dave of Acme',
      shown: ['spiffe://X0tta6bl4.mesh/service/api', 'spiffe://x0tta6bl4.mesh/service/%61pi#Admin', 'urn:acme:dave'],
    },
    {
      ...{ kind: 'skip', clause: 'mesh/tls/no-downgrade', node: 'edge' },
      reason: 'needs connect to [2001:470::7]:443 or getaddrinfo ENOTFOUND zeus as pid 4711 of serial 5a170007aa55ffee',
    },
  ];
  const ended = history.at(-1)!;
  const entries = [...history.slice(0, -1), ...more.map((one) => ({ atMs: 9_400, ...one })), ended];
  return {
    clauses,
    history: entries.map((entry, at) => ({ ...entry, index: at + 1 }) as Entry),
  };
}

await t.test('a redacted run says of whom it was made, and each of its documents that it is redacted', async (t) => {
  const run = sampleRun('fail');
  const directory = await runOf(run);
  const out = await redacted(run, directory);
  const marker = {
    historySha256: hash('sha256', read(directory, 'history.jsonl')),
    reportSha256: hash('sha256', read(directory, 'report.json')),
  };
  const report = await readReport(out);
  t.strictSame(report.run.redacted, marker);
  const { payload } = readEnvelope(read(out, attestationFile));
  t.strictSame(readStatement(Buffer.from(payload, 'base64')).predicate.assay.redacted, marker);
  for (const { fileName } of documents) t.match(read(out, fileName), /redacted/i, fileName);
  t.match(summary(report, await readHistory(out), { color: false, directory: out, width: 80 }), /^Redacted: names/m);
  t.strictSame(
    readdirSync(out).sort(),
    [attestationFile, 'history.jsonl', 'report.json', ...documents.map((one) => one.fileName)].sort(),
  );
  const before = new Map(documents.map(({ fileName }) => [fileName, read(out, fileName)]));
  await renderReports(out);
  for (const [name, text] of before) t.equal(read(out, name), text, `${name} is rendered again to the same bytes`);
});

await t.test('times, figures, versions and clauses stay, addresses and IDs stay what they are', async (t) => {
  const run = sampleRun('pass');
  const [before, after] = [run.history, await readHistory(await redacted(run))];
  t.equal(after.length, before.length);
  for (const [at, entry] of before.entries())
    assert.deepEqual([after[at]!.atMs, after[at]!.kind], [entry.atMs, entry.kind]);
  const [started] = after;
  assert.equal(started?.kind, 'run-started');
  t.match(started, {
    versions: { spire: '1.15.3' },
    command: 'assay gate [redacted]',
    startedAt: '2026-11-22T09:30:00.000Z',
  });
  const nodes = after.filter((entry) => entry.kind === 'node');
  t.equal(nodes[0]!.spiffeId, 'spiffe://domain-1.example/service/node-1');
  t.match(
    after.filter((entry) => entry.kind === 'plane').map(({ address }) => address),
    [/^127\.0\.0\.1:10001$/, /^127\.0\.0\.1:10002$/],
  );
});

await t.test('what is nearly the same stays nearly the same', async (t) => {
  const after = await readHistory(await redacted(strangersRun()));
  const shown = after.flatMap((entry) => (entry.kind === 'exchange' && entry.row === 'another' ? entry.shown! : []));
  const api = after.find((entry) => entry.kind === 'node' && entry.node === 'node-3');
  assert.equal(api?.kind, 'node');
  t.equal(api.spiffeId, 'spiffe://domain-1.example/service/node-3');
  t.equal(shown[0], 'spiffe://Domain-1.example/service/node-3');
  t.match(shown[1], /^spiffe:\/\/domain-1\.example\/service\/%6eode-3#Service-\d+$/);
  t.match(shown[2], /^word-\d+:word-\d+:word-\d+$/);
});

await t.test('words of programs under test are left out, and what names somebody in ours is renamed', async (t) => {
  const all = await allOf(await redacted(strangersRun()));
  for (const name of [
    'vault.corp',
    'alice',
    'Bob',
    'Acme',
    '10.20.30.40',
    'carol',
    '10.9.8.7',
    'Dave',
    '2001:470',
    'zeus',
    ' 4711',
    '5a170007',
    'x0tta6bl4',
    'mesh-node',
  ])
    t.notOk(all.toLowerCase().includes(name.toLowerCase()), name);
  t.ok(all.includes('its last words: [withheld]'));
});

await t.test('no hostile words of a target get through', async (t) => {
  for (const hostile of [
    '<script>alert("zz top")</script>',
    'spiffe://zz.top/zz?zz#zz',
    '10.1.1.1 zz.top zz@top.test /zz/top',
  ])
    t.notMatch(await allOf(await redacted(strangersRun(hostile))), /zz\W?top|10\.1\.1\.1/i, hostile);
});

// As node, service and trust domain: words that Assay says itself, pseudonyms, prefixes and siblings of each other, what means something elsewhere.
const own = [
  'server',
  'spire',
  'pass',
  'node',
  'refused',
  'the',
  'mesh',
  'expired',
  'withheld',
  'redacted',
  'spiffe',
  'TLS',
  'example',
  'true',
  'constructor',
];
const others = [
  ...[
    'zorder',
    'zorders',
    'zordersx',
    'Zorder',
    'ZORDERS',
    'zq',
    'kx9',
    'node-1',
    'node-2',
    'service-1',
    'domain-1.example',
  ],
  ...[
    'x.y+z*(q)[r]',
    '$&amp',
    '\\d+qq',
    '^zork$',
    'Ünïcöde',
    '日本語名',
    'ß-Straße',
    'zork_zork',
    'zork-zork',
    'zork.zork',
  ],
  ...[
    'quote"zork',
    "tick'zork",
    'back\\zork',
    'per%63ent',
    'with blank',
    'a'.repeat(200),
    '10.0.0.1',
    '203.0.113.1',
    '__proto__',
  ],
];
const renamable = [
  'node-001',
  'node-002',
  'node-003',
  'node-004',
  'x0tta6bl4.mesh',
  'partner.mesh',
  'frontend',
  'backend',
  'orders',
  'ledger',
  'assay-probe',
  'ally',
];

await t.test('names of every shape: none is left, and every verdict stays', async (t) => {
  const { readFixture } = await import('../test/fuzz/fixture.ts');
  for (let seed = 1; seed <= 8; seed++) {
    const chance = seeded(seed);
    const pool = [...own, ...others].map((name) => ({ name, at: chance() })).sort((one, other) => one.at - other.at);
    const names = new Map(renamable.map((name, at) => [name, pool[at]!.name]));
    const part = seed % 2 === 0 ? 'suites' : 'scenarios';
    const fixture = readFixture({ name: part } as Parameters<typeof readFixture>[0]);
    const text = JSON.stringify([
      ...fixture,
      { kind: 'run-ended', endedAt: '2026-11-28T22:32:30.000Z', index: fixture.length + 1, atMs: 12_000 },
    ]);
    const history = parsedJson(
      text.replaceAll(new RegExp(renamable.map(escaped).join('|'), 'g'), (name) =>
        JSON.stringify(names.get(name)).slice(1, -1),
      ),
    ) as History;
    const out = await redacted({ history, clauses: catalogue });
    const all = (await allOf(out)).toLowerCase();
    const after = await readHistory(out);
    for (const name of names.values()) {
      if (others.includes(name)) assert.ok(!stands(all, name.toLowerCase()), `seed ${seed}: ${name} is left`);
      for (const entry of after)
        if (entry.kind === 'node')
          assert.ok(entry.node !== name && !entry.spiffeId.includes(`/${name}/`), `seed ${seed}: ${name}`);
    }
    t.pass(`${part} of seed ${seed}`);
  }
});

/** As it is, escaped for JSON or for HTML; a short one as a word of its own. */
function stands(text: string, name: string): boolean {
  const html = name.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
  return [name, JSON.stringify(name).slice(1, -1), html].some((form) => {
    for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) {
      const around = `${text[at - 1] ?? ''}${text[at + form.length] ?? ''}`;
      if (form.length >= 6 && !/\d$/.test(form) ? true : !/[\p{L}\p{N}]/u.test(around)) return true;
    }
    return false;
  });
}

await t.test('nothing of the names decides how a redacted run reads', async (t) => {
  const run = sampleRun('fail');
  const renamed = (to: string): Run => ({
    ...run,
    history: JSON.parse(
      JSON.stringify(run.history).replaceAll('frontend', to).replaceAll('x0tta6bl4.mesh', `${to}.test`),
    ) as History,
  });
  const linesOf = async (to: string) =>
    read(await redacted(renamed(to)), 'history.jsonl')
      .split('\n')
      .slice(1)
      .map((line) => line.replace(/,"chain":.*/, ''));
  t.strictSame(await linesOf('quux'), await linesOf('a-much-longer-name'));
});

await t.test(
  'an X.509-SVID vouches for no redacted run: nobody could tell whether its mesh was the one that was tested',
  async (t) => {
    const out = await redacted(sampleRun('pass'));
    const authority = await forgeAuthority({ trustDomain: 'release.test' });
    const now = Date.now();
    const { privateKeyPem, certificatePem } = await authority.issue({
      spiffeId: 'spiffe://release.test/ci',
      ...{ notBefore: new Date(now - 60_000), notAfter: new Date(now + 60_000) },
    });
    const by = readSigner(privateKeyPem + certificatePem, 'a test', new Date(now));
    await seal(out, { documents, signer: by, now: new Date(now) });
    const verified = await verifyRun(out, {
      kind: 'bundle',
      authorities: [authority.certificate],
    });
    t.match(verified, { state: 'unsigned', unsigned: /^the run is redacted, so that nobody can tell/ });
  },
);

await t.test('a run is redacted once more', async (t) => {
  const run = strangersRun();
  const once = await redacted(run);
  const twice = await redacted({ ...run, history: await readHistory(once) }, once);
  t.notOk(/x0tta6bl4|alice/.test(await allOf(twice)));
});

await t.test(
  'what is not as it was sealed, or says other than it bears out, is refused, and nothing is written',
  async (t) => {
    const run = sampleRun('fail');
    const changes: readonly [name: string, file: string, from: string, to: string, says: RegExp][] = [
      ['a changed history', 'history.jsonl', '"outcome":"refused"', '"outcome":"accepted"', /history\.jsonl/],
      ['a changed document', 'summary.md', 'fail', 'pass', /summary\.md/],
    ];
    for (const [name, file, from, to, says] of changes) {
      const directory = await runOf(run, true);
      writeFileSync(join(directory, file), read(directory, file).replace(from, to));
      const out = join(scratch, `refused-${++made}`);
      const { refused, report } = await redactRun(directory, out, { clauses: run.clauses });
      t.match(refused.join('\n'), says, name);
      t.equal(report, undefined, name);
      t.notOk(existsSync(out), name);
    }
    const bettered = await runOf(run, true);
    writeFileSync(
      join(bettered, 'report.json'),
      read(bettered, 'report.json').replaceAll('"verdict": "fail"', '"verdict": "pass"'),
    );
    await seal(bettered, { documents: await renderReports(bettered) });
    const { refused } = await redactRun(bettered, join(scratch, 'bettered'), { clauses: run.clauses });
    t.match(refused.join('\n'), /does not bear out the verdict of the clause mesh\/pinning\/exact-id/);
  },
);

await t.test('nothing is written over, and nothing into the original', async (t) => {
  const run = sampleRun('pass');
  const directory = await runOf(run);
  const before = readdirSync(directory).sort();
  const taken = mkdtempSync(join(scratch, 'taken-'));
  writeFileSync(join(taken, 'mine.txt'), '');
  for (const out of [
    directory,
    `${directory}/.`,
    join(directory, 'logs'),
    join(directory, 'logs/new'),
    join(directory, 'new/deep'),
    taken,
  ])
    await t.rejects(redactRun(directory, out, run), { name: 'UsageError', message: /^--out / }, out);
  t.strictSame(readdirSync(directory).sort(), before);
  t.strictSame(readdirSync(taken), ['mine.txt']);
});
