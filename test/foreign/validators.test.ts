import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { seal } from '../../reports/evidence/seal.ts';
import { pointsOf } from '../../reports/points.ts';
import { renderReports, writeReportJson } from '../../reports/render.ts';
import { sampleRun } from '../../reports/sample-run.ts';
import { outcomeOf } from '../../src/report/acceptance.ts';
import { buildReport } from '../../src/report/report.ts';
import { pythonWith } from '../python.ts';

t.setTimeout(3_600_000);

const python = await pythonWith([
  ...['securesystemslib==1.6.0', 'cryptography==44.0.3', 'in-toto-attestation==0.9.3', 'junitparser==5.0.3'],
  ...['lxml==5.4.0', 'prometheus_client==0.26.0'],
]);

interface Said {
  readonly attestation: { readonly signers: number; readonly subjects: number; readonly predicate: object };
  readonly junit: object;
  readonly metrics: { readonly clauses: number };
}

for (const [kind, keyType] of [
  ['pass', 'ed25519'],
  ['fail', 'ec'],
  ['inconclusive', 'ed25519'],
] as const) {
  await t.test(
    `others read the papers of a run as we mean them, and miss no tampering (${kind}, ${keyType})`,
    { skip: 'lacks' in python && python.lacks },
    async (t) => {
      if ('lacks' in python) return;
      const dir = await mkdtemp(join(tmpdir(), 'assay-foreign-'));
      t.teardown(() => rm(dir, { recursive: true }));
      const { history, clauses } = sampleRun(kind, '<script>&"\'');
      await writeFile(join(dir, 'history.jsonl'), history.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
      await writeReportJson(dir, history, clauses);
      const documents = await renderReports(dir);
      const { privateKey, publicKey } =
        keyType === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
      await seal(dir, { documents, signer: { key: privateKey, chain: [] } });
      const pem = join(tmpdir(), `${dir.split('/').at(-1)}.pub`);
      await writeFile(pem, publicKey.export({ type: 'spki', format: 'pem' }));
      t.teardown(() => rm(pem));
      const here = (name: string) => new URL(name, import.meta.url).pathname;
      const look = () => python(dir, here('validate.py'), dir, pem, here('junit-10.xsd'));

      const said = JSON.parse(await look()) as Said;
      const points = pointsOf(buildReport(history, clauses), history);
      const having = (...outcomes: readonly string[]) =>
        points.filter((point) => outcomes.includes(outcomeOf(point))).length;
      t.match(said, {
        attestation: {
          signers: 1,
          subjects: documents.length + 2,
          predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
          predicate: {
            passedTests: having('pass'),
            warnedTests: having('deviation', 'accepted'),
            failedTests: having('fail', 'inconclusive'),
          },
        },
        junit: {
          cases: points.length,
          failures: having('fail'),
          errors: having('inconclusive'),
          skipped: having('skipped', 'deviation', 'accepted'),
        },
      });
      t.equal(said.metrics.clauses, points.length);

      const attestation = join(dir, 'attestation.intoto.jsonl');
      const text = await readFile(attestation, 'utf8');
      const { payload } = JSON.parse(text) as { readonly payload: string };
      const tampered = Buffer.from(payload, 'base64').toString().replace('"failedTests":[', '"failedTests":["x",');
      await writeFile(attestation, text.replace(payload, Buffer.from(tampered).toString('base64')));
      await t.rejects(look(), { message: /VerificationError|Signature/ });
      await writeFile(attestation, text);
      await writeFile(
        join(dir, 'junit.xml'),
        (await readFile(join(dir, 'junit.xml'), 'utf8')).replace('<testcase ', '<testcase wrong="1" '),
      );
      await t.rejects(look(), { message: /DocumentInvalid/ });
    },
  );
}
