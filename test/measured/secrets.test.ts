import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { recordRun } from '../../engine/record-run.ts';
import { silent } from '../../engine/steps.ts';
import { readEnvelope } from '../../reports/evidence/dsse.ts';
import { attestationFile } from '../../reports/evidence/files.ts';
import { startPapers } from '../../reports/papers.ts';
import { entriesOf } from '../../src/history.ts';
import { searchForLeaks, secretsIn } from '../../src/leaks/find-leaks.ts';
import { assay, makePlace, project, readHistory, startCli, type Ended } from '../cli-run.ts';

// No output of a run holds a private key, a JWT or a bearer token, whoever said it and however the run ends.

t.setTimeout(600_000);

const scratch = mkdtempSync(join(tmpdir(), 'assay-secrets-'));
t.after(() => rmSync(scratch, { recursive: true }));

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = `${base64url({ alg: 'ES256', kid: 'k1' })}.${base64url({ sub: 'spiffe://a.test/b', aud: ['c'] })}.${'aB3-_z'.repeat(14)}`;
const bearer = '5f1c9a7e3b2d4f60817263544a5b6c7d';
const planted: readonly string[] = [...formsOf(privateKey), jwt, `Bearer ${bearer}`, `authorization: bearer ${jwt}`];

function formsOf(key: KeyObject): string[] {
  return (['pkcs8', 'sec1'] as const).flatMap((type) => {
    const der = key.export({ type, format: 'der' });
    const text = key.export({ type, format: 'pem' }) as string;
    return [text, Buffer.from(text).toString('base64'), der.toString('base64'), der.toString('hex')];
  });
}

const known = searchForLeaks(
  [
    { name: 'the JWT', value: jwt },
    { name: 'the bearer token', value: bearer },
  ],
  [{ name: 'the key', value: pem }],
);

/** What a file of a run says, and what it says in base64. */
function saidIn(name: string, text: string): string {
  return name === attestationFile ? `${text}\n${Buffer.from(readEnvelope(text).payload, 'base64').toString()}` : text;
}

const scan = (text: string) => [...secretsIn(text), ...known.find(text)].map(({ secret, form }) => `${secret} ${form}`);

/** Each output of a run that a person or a pipeline is handed, by name. */
function outputsOf(out: string, more: Readonly<Record<string, string>> = {}): Map<string, string> {
  const files = readdirSync(out, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(out, name)).isFile())
    .map((name) => [name, saidIn(name, readFileSync(join(out, name), 'utf8'))] as const);
  return new Map([...files, ...Object.entries(more)]);
}

function clean(t: Test, outputs: ReadonlyMap<string, string>): void {
  for (const [name, text] of outputs) t.strictSame(scan(text), [], name);
}

const ofCli = ({ out, stdout, stderr }: Ended) => outputsOf(out, { stdout, stderr });

const secrets = join(scratch, 'secrets.json');
writeFileSync(secrets, JSON.stringify(planted));
const telling = `exec ${process.execPath} ${join(project, 'test/broken-nodes/node.ts')} tells-secrets ${secrets}`;
const only = 'mesh/pinning/exact-id,mesh/tokens/not-in-our-logs';

await t.test('a full run holds none, and each that is planted in any of its outputs is found', async (t) => {
  await using place = makePlace();
  const ended = await assay(place, ['gate', '--only', only]);
  const outputs = ofCli(ended);
  t.ok([...outputs.keys()].some((name) => name.startsWith('logs/')));
  for (const name of ['history.jsonl', 'report.json', 'report.html', attestationFile]) t.ok(outputs.has(name), name);
  clean(t, outputs);
  for (const [name, text] of outputs) {
    const middle = Math.floor(text.length / 2);
    for (const secret of [...planted, ...planted.map((one) => JSON.stringify(one).slice(1, -1))])
      assert.notDeepEqual(scan(`${text.slice(0, middle)} ${secret} ${text.slice(middle)}`), [], `${name}: ${secret}`);
  }
});

await t.test('a node that tells secrets fails, and none of them is handed on', async (t) => {
  await using place = makePlace();
  const ended = await assay(place, ['gate', '--only', only, '--node', telling]);
  t.not(ended.code, 0);
  const outputs = ofCli(ended);
  clean(t, outputs);
  const logs = [...outputs].filter(([name]) => name.startsWith('logs/')).map(([, text]) => text);
  t.match(logs.join('\n'), '[withheld: a private key]');
  t.match(logs.join('\n'), '[withheld: a JWT]');
  t.match(logs.join('\n'), '[withheld: a bearer token]');
  const found = entriesOf(readHistory(ended.out), 'search').flatMap((search) => search.found);
  t.match(
    found.find(({ place: where }) => where.endsWith('-service.log')),
    {
      secret: 'a private key',
      form: /, and is withheld there$/,
    },
  );
});

await t.test('a run that is killed leaves none', async (t) => {
  await using place = makePlace();
  const cli = startCli(place, ['gate', '--only', only, '--node', telling]);
  await cli.until('the node is asked', (entry) => entry.kind === 'exchange');
  process.kill(cli.child.pid!, 'SIGKILL');
  const ended = await cli.ended;
  t.equal(ended.signal, 'SIGKILL');
  const outputs = ofCli(ended);
  t.ok([...outputs.keys()].some((name) => name.endsWith('-service.log')));
  clean(t, outputs);
});

await t.test('a run in which a defect of ours is thrown leaves none', async (t) => {
  for (const [at, secret] of planted.entries()) {
    const out = join(scratch, `crashed-${at}`);
    const told: string[] = [];
    const { report, failure } = await recordRun(
      {
        ...{ out, seed: 1, command: 'assay gate', signal: new AbortController().signal, papers: startPapers() },
        steps: { ...silent, trouble: (message) => void told.push(message) },
      },
      {
        runtime: undefined,
        prepare: () => Promise.resolve(),
        begins: () => ({ runtime: 'process', target: {}, clauses: [], versions: {} }),
        work: () => Promise.reject(new TypeError(`cannot read ${secret} of undefined`)),
      },
    );
    assert.ok(failure instanceof TypeError);
    assert.equal(report.troubles.length, 1);
    const outputs = outputsOf(out, { told: told.join('\n') });
    for (const [name, text] of outputs) assert.deepEqual(scan(text), [], `${name} of secret ${at}`);
  }
  t.pass(`${planted.length} runs`);
});
