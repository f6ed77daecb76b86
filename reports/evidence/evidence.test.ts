import assert from 'node:assert/strict';
import { generateKeyPairSync, hash, verify as verifySignature } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dsse } from '@sigstore/core';
import t from 'tap';
import { entriesOf, type History } from '../../src/history.ts';
import { buildReport } from '../../src/report/report.ts';
import { seeded } from '../../src/statistics/seeded.ts';
import { forgeAuthority, type ForgedSvid } from '../../src/svid/x509/forge.ts';
import { loadFormats } from '../formats.ts';
import { readHistory, readReport } from '../read-run.ts';
import { renderReports, writeReportJson } from '../render.ts';
import { historyLines, sampleRun, type SampleKind } from '../sample-run.ts';
import { envelopeText, keyIdOf, readEnvelope, signatureOver } from './dsse.ts';
import { attestationFile } from './files.ts';
import { seal } from './seal.ts';
import { readSigner, type Signer } from './signer.ts';
import { readStatement } from './statement.ts';
import { verifyRun, type Trust } from './verify.ts';

const scratch = mkdtempSync(join(tmpdir(), 'assay-evidence-'));
t.after(() => rmSync(scratch, { recursive: true }));

const pairs = {
  Ed25519: generateKeyPairSync('ed25519'),
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
};
const ours = pairs['P-256'];
const pemOf = ({ privateKey }: typeof ours) => privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const signer = (pair: typeof ours) => readSigner(pemOf(pair), 'a test', sealedAt);
const byKey = (pair: typeof ours): Trust => ({ kind: 'key', key: pair.publicKey });
const sealedAt = new Date('2026-11-22T09:30:10Z');

const documents = await loadFormats();
const sealedBy = (directory: string, by?: Signer, now = sealedAt) => seal(directory, { documents, signer: by, now });

const life = { notBefore: new Date('2026-11-22T09:00:00Z'), notAfter: new Date('2026-11-22T10:00:00Z') };
const withSvid = ({ privateKeyPem, certificatePem }: ForgedSvid) =>
  readSigner(privateKeyPem + certificatePem, 'a test', sealedAt);

let made = 0;
/** A run with all its papers and two logs, not sealed yet. */
async function runOf(
  kind: SampleKind = 'pass',
  change: (history: string) => string = (history) => history,
): Promise<string> {
  const directory = join(scratch, `run-${++made}`);
  const { history, clauses } = sampleRun(kind);
  mkdirSync(join(directory, 'logs'), { recursive: true });
  writeFileSync(join(directory, 'history.jsonl'), historyLines(JSON.parse(change(JSON.stringify(history))) as History));
  writeFileSync(join(directory, 'logs/spire-server.log'), 'time="now" level=info msg="it began"\n');
  writeFileSync(join(directory, 'logs/node-001.log'), '');
  await writeReportJson(directory, await readHistory(directory), clauses);
  await renderReports(directory);
  return directory;
}

await t.test('a history that is read is the same with its chain as without', async (t) => {
  const { history } = sampleRun('pass');
  t.strictSame(await readHistory(await runOf()), history);
});

for (const [name, pair] of Object.entries(pairs)) {
  await t.test(`a run that was signed with a key of ${name} is whole, and unsigned for who names nobody`, async (t) => {
    const directory = await runOf();
    await sealedBy(directory, signer(pair));
    const verified = await verifyRun(directory, byKey(pair));
    t.match(verified, { state: 'whole', findings: [], sealedAt: '2026-11-22T09:30:10.000Z' });
    t.equal(
      verified.files,
      readdirSync(directory).length - 2 + 2,
      'all but the attestation, and two logs for their folder',
    );
    t.match(await verifyRun(directory), { state: 'unsigned', unsigned: /nobody said who has to have signed it/ });
    t.match(await verifyRun(directory, byKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }))), {
      state: 'tampered',
      findings: [{ where: attestationFile, what: /^was signed by the key \w{16}, wanted \w{16}$/ }],
    });

    // With somebody else's reading of the specification.
    const envelope = readEnvelope(readFileSync(join(directory, attestationFile), 'utf8'));
    const payload = Buffer.from(envelope.payload, 'base64');
    const signed = dsse.preAuthEncoding('application/vnd.in-toto+json', payload);
    const digest = name === 'Ed25519' ? null : 'sha256';
    const sig = Buffer.from(envelope.signatures[0]!.sig, 'base64');
    t.equal(verifySignature(digest, signed, pair.publicKey, sig), true);
  });
}

await t.test('what nobody signed is unsigned, and tampered for who names somebody', async (t) => {
  const directory = await runOf();
  t.match(await verifyRun(directory), { state: 'unsigned', unsigned: /there is no attestation/ });
  t.match(await verifyRun(directory, byKey(ours)), { state: 'tampered', findings: [{ what: /is missing/ }] });
  await sealedBy(directory);
  t.match(await verifyRun(directory), { state: 'unsigned', unsigned: /signed by nobody/, signer: null });
  t.match(await verifyRun(directory, byKey(ours)), { state: 'tampered', findings: [{ what: /signed by nobody/ }] });
  writeFileSync(join(directory, 'logs/node-001.log'), 'something else');
  t.match(await verifyRun(directory), { state: 'tampered', findings: [{ where: 'logs/node-001.log' }] });
});

for (const kind of ['pass', 'fail', 'inconclusive'] as const) {
  await t.test(`the statement says of a run what its report says (${kind})`, async (t) => {
    const directory = await runOf(kind);
    await sealedBy(directory, signer(ours));
    const envelope = readEnvelope(readFileSync(join(directory, attestationFile), 'utf8'));
    const { predicate } = readStatement(Buffer.from(envelope.payload, 'base64'));
    const { clauses, objectives = [], verdict } = await readReport(directory);
    const having = (...of: string[]) => clauses.filter((one) => of.includes(one.verdict)).map(({ id }) => id);
    t.equal(predicate.result, verdict === 'pass' ? 'PASSED' : 'FAILED');
    t.strictSame(predicate.failedTests, having('fail', 'inconclusive'));
    t.strictSame(predicate.warnedTests, having('deviation'));
    t.equal(predicate.passedTests.length, having('pass').length + objectives.length);
  });
}

await t.test('an X.509-SVID vouches for a run at the time of its sealing', async (t) => {
  const authority = await forgeAuthority({ trustDomain: 'release.test' });
  const svid = await authority.issue({ spiffeId: 'spiffe://release.test/ci/assay', ...life });
  const trust: Trust = { kind: 'bundle', authorities: [authority.certificate] };
  const directory = await runOf();
  await sealedBy(directory, withSvid(svid));
  t.match(await verifyRun(directory, trust), { state: 'whole', signer: 'spiffe://release.test/ci/assay' });
  t.match(await verifyRun(directory), { state: 'unsigned', signer: 'spiffe://release.test/ci/assay' });
  const stranger = await forgeAuthority({ trustDomain: 'release.test' });
  t.match(await verifyRun(directory, { kind: 'bundle', authorities: [stranger.certificate] }), {
    state: 'tampered',
    findings: [{ what: /not to be trusted/ }],
  });
  await t.rejects(sealedBy(directory, withSvid(svid), new Date('2026-11-22T11:00:00Z')), /cannot be signed with this/);
  await sealedBy(directory, signer(ours));
  t.match(await verifyRun(directory, trust), { state: 'tampered', findings: [{ what: /no X\.509-SVID vouches/ }] });
});

await t.test('who was judged, and a mesh that the run stood up itself, vouches for nothing', async (t) => {
  const authority = await forgeAuthority({ trustDomain: 'x0tta6bl4.mesh' });
  const own = entriesOf(sampleRun('pass').history, 'bundle')[0]!.authorities[0]!;
  const directory = await runOf('pass', (text) => text.replaceAll(own, authority.certificate.subjectKeyId!));
  const trust: Trust = { kind: 'bundle', authorities: [authority.certificate] };
  const says = async (spiffeId: string) => {
    await sealedBy(directory, withSvid(await authority.issue({ spiffeId, ...life })));
    return verifyRun(directory, trust);
  };
  t.match(await says('spiffe://x0tta6bl4.mesh/ci'), {
    state: 'unsigned',
    unsigned: /of a mesh that the run stood up itself/,
  });
  t.match(await says('spiffe://x0tta6bl4.mesh/service/frontend'), {
    state: 'unsigned',
    unsigned: /is a node that the run looked at/,
  });
});

await t.test('an authority vouches for its own trust domain, and only for whom the reader names', async (t) => {
  const authority = await forgeAuthority({ trustDomain: 'partner.test' });
  const directory = await runOf();
  await sealedBy(directory, withSvid(await authority.issue({ spiffeId: 'spiffe://release.test/ci', ...life })));
  const trust = { kind: 'bundle', authorities: [authority.certificate] } as const;
  t.match(await verifyRun(directory, trust), { state: 'tampered', findings: [{ what: /not to be trusted/ }] });
  await sealedBy(directory, withSvid(await authority.issue({ spiffeId: 'spiffe://partner.test/ci', ...life })));
  t.match(await verifyRun(directory, { ...trust, spiffeId: 'spiffe://partner.test/ci' }), { state: 'whole' });
  t.match(await verifyRun(directory, { ...trust, spiffeId: 'spiffe://partner.test/release' }), {
    state: 'tampered',
    findings: [{ what: /was signed by spiffe:\/\/partner\.test\/ci, wanted/ }],
  });
});

await t.test('certificates that were put beside a signature, or taken from it, are found', async (t) => {
  const authority = await forgeAuthority({ trustDomain: 'release.test' });
  const svid = await authority.issue({ spiffeId: 'spiffe://release.test/ci', ...life });
  const chain = svid.chain.map((der) => Buffer.from(der).toString('base64'));
  const directory = await runOf();
  const path = join(directory, attestationFile);
  const change = (signature: object) => {
    const envelope = readEnvelope(readFileSync(path, 'utf8'));
    const [first] = envelope.signatures;
    writeFileSync(path, `${JSON.stringify({ ...envelope, signatures: [{ ...first, ...signature }] })}\n`);
  };
  await sealedBy(directory, signer(ours));
  change({ chain });
  const other = { state: 'tampered', findings: [{ what: /has other certificates than were signed/ }] };
  t.match(await verifyRun(directory, byKey(ours)), other);
  t.match(await verifyRun(directory), other);
  await sealedBy(directory, withSvid(svid));
  change({ chain: undefined });
  t.match(await verifyRun(directory), other);
});

await t.test('a run whose record cannot be read is none that anybody vouches for', async (t) => {
  const directory = await runOf();
  await sealedBy(directory, signer(ours));
  const report = join(directory, 'report.json');
  writeFileSync(report, readFileSync(report, 'utf8').replace('"schema": 1', '"schema": 2'));
  const path = join(directory, attestationFile);
  const envelope = readEnvelope(readFileSync(path, 'utf8'));
  const statement = readStatement(Buffer.from(envelope.payload, 'base64'));
  const subject = statement.subject.map((one) =>
    one.name === 'report.json' ? { ...one, digest: { sha256: hash('sha256', readFileSync(report)) } } : one,
  );
  const payload = Buffer.from(JSON.stringify({ ...statement, subject }));
  const signature = { keyid: keyIdOf(ours.privateKey), sig: signatureOver(payload, ours.privateKey) };
  writeFileSync(path, envelopeText({ ...envelope, payload: payload.toString('base64'), signatures: [signature] }));
  t.match(await verifyRun(directory, byKey(ours)), { state: 'tampered', findings: [{ what: /cannot be read/ }] });
});

await t.test('whoever makes everything anew but the signature is found', async (t) => {
  const directory = await runOf('fail');
  await sealedBy(directory, signer(ours));
  const forged = await runOf('pass');
  await sealedBy(forged, signer(pairs.Ed25519));
  cpSync(forged, directory, { recursive: true });
  t.match(await verifyRun(directory, byKey(ours)), { state: 'tampered', findings: [{ where: attestationFile }] });
});

await t.test('a report that was written by hand over its history is found, whoever sealed it', async (t) => {
  const directory = await runOf('fail');
  await sealedBy(directory, signer(ours));
  const envelope = readEnvelope(readFileSync(join(directory, attestationFile), 'utf8'));
  const payload = Buffer.from(envelope.payload, 'base64').toString().replace('"FAILED"', '"PASSED"');
  writeFileSync(
    join(directory, attestationFile),
    `${JSON.stringify({ ...envelope, payload: Buffer.from(payload).toString('base64'), signatures: [] })}\n`,
  );
  t.match(await verifyRun(directory), {
    state: 'tampered',
    findings: [{ what: /says other of the run than its files do/ }],
  });
});

const mutations = 1_000;
await t.test(`of ${mutations} changes by chance none goes unseen, and each is told where it was made`, async (t) => {
  const directory = await runOf('fail');
  await sealedBy(directory, signer(ours));
  t.equal((await verifyRun(directory, byKey(ours))).state, 'whole');
  const chance = seeded(1_000);
  const upTo = (most: number) => Math.floor(chance() * most);
  const names = [...readdirSync(directory).filter((name) => name !== 'logs'), 'logs/spire-server.log'];
  const changed = join(scratch, 'changed');
  const added = 'logs/added.log';
  for (let nth = 0; nth < mutations; nth++) {
    const name = names[upTo(names.length)]!;
    const path = join(directory, name);
    const before = readFileSync(path);
    const [kind, undo] = mutate(path, before);
    const { state, findings } = await verifyRun(directory, byKey(ours));
    undo();
    assert.equal(state, 'tampered', `${kind} in ${name} was not seen`);
    assert.ok(
      findings.some(({ where }) => where.split(':')[0] === name || where === added),
      `${kind} in ${name} was told of ${findings.map(({ where }) => where).join(', ')}`,
    );
  }
  t.equal((await verifyRun(directory, byKey(ours))).state, 'whole', 'and all is as it was');

  function mutate(path: string, before: Buffer): [kind: string, undo: () => void] {
    const restore = () => writeFileSync(path, before);
    const written = (kind: string, bytes: Uint8Array): [string, () => void] => {
      writeFileSync(path, bytes);
      return [kind, restore];
    };
    const at = upTo(before.length);
    switch (upTo(7)) {
      case 0: {
        const flipped = Buffer.from(before);
        flipped[at]! ^= 1 << upTo(8);
        return written(`bit of byte ${at} flipped`, flipped);
      }
      case 1:
        return written(`cut off at ${at}`, before.subarray(0, at));
      case 2:
        return written('a line added', Buffer.concat([before, Buffer.from('{"index":1}\n')]));
      case 3: {
        const lines = before.toString('latin1').split('\n');
        lines.splice(upTo(lines.length - 1), 1);
        return written('a line taken out', Buffer.from(lines.join('\n'), 'latin1'));
      }
      case 4:
        renameSync(path, changed);
        return ['removed', () => renameSync(changed, path)];
      case 5:
        writeFileSync(join(directory, added), '');
        return ['another log', () => rmSync(join(directory, added))];
      default:
        renameSync(path, changed);
        symlinkSync(changed, path);
        return [
          'a link in its place',
          () => {
            rmSync(path);
            renameSync(changed, path);
          },
        ];
    }
  }
});

await t.test('the line of the history that was changed is told', async (t) => {
  const directory = await runOf();
  await sealedBy(directory, signer(ours));
  const path = join(directory, 'history.jsonl');
  const lines = readFileSync(path, 'utf8').split('\n');
  lines[9] = lines[9]!.replace('"atMs":', '"atMs":1');
  writeFileSync(path, lines.join('\n'));
  const { findings } = await verifyRun(directory, byKey(ours));
  t.strictSame(
    findings.map(({ where }) => where),
    ['history.jsonl:10', 'history.jsonl'],
  );
});

await t.test('keys that cannot sign are refused with what is wanted', async (t) => {
  const refused = (text: string) => {
    try {
      readSigner(text, '--sign-key k.pem', sealedAt);
      return 'taken';
    } catch (error) {
      return (error as Error).message;
    }
  };
  const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  t.match(refused('nothing'), /^--sign-key k\.pem: holds no private key .* wanted is PEM/);
  t.match(refused(rsa.export(pkcs8) as string), /holds a key of rsa; wanted/);
  t.match(
    refused(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export(pkcs8) as string),
    /a key of secp384r1/,
  );
  t.match(
    refused(ours.privateKey.export({ ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'x' }) as string),
    /without a passphrase/,
  );
  const authority = await forgeAuthority({ trustDomain: 'release.test' });
  const svid = await authority.issue({ spiffeId: 'spiffe://release.test/ci', ...life });
  t.match(refused(pemOf(ours) + svid.certificatePem), /its first certificate is of another key/);
  const late = await authority.issue({
    spiffeId: 'spiffe://release.test/ci',
    ...{ notBefore: new Date('2026-11-21T09:00:00Z'), notAfter: new Date('2026-11-21T10:00:00Z') },
  });
  t.match(refused(late.privateKeyPem + late.certificatePem), /its X\.509-SVID would vouch for nothing/);
});

await t.test('judging a sealed run again says what its report says', async (t) => {
  const directory = await runOf('fail');
  const { clauses } = sampleRun('fail');
  t.strictSame(
    JSON.parse(JSON.stringify(buildReport(await readHistory(directory), clauses))),
    JSON.parse(readFileSync(join(directory, 'report.json'), 'utf8')),
  );
});
