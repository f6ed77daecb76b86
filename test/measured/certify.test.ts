import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { locateTools } from '../../fixtures/toolchain/toolchain.ts';
import { impostors } from '../../impostors/catalogue.ts';
import { commandOf } from '../../impostors/impostor.ts';
import { entriesOf } from '../../src/history.ts';
import {
  assay,
  assayDecided,
  assertEnded,
  assertNothingRuns,
  assertRecord,
  makePlace,
  readHistory,
  startCli,
} from '../cli-run.ts';

t.setTimeout(600_000);

const clause = 'mesh/pinning/case';
const breaking = impostors.filter(({ breaks }) => breaks === clause);

await t.test('a certification of one clause judges it twice, tries who breaks it, and claims no more', async (t) => {
  await using place = makePlace();
  const { 'spire-server': server, 'spire-agent': agent } = await locateTools(['spire-server', 'spire-agent'], {
    onProgress: () => {},
  });
  const ended = await assayDecided(place, [
    ...['certify', '--only', clause, '--spire-server', server.path, '--spire-agent', agent.path],
  ]);
  assertEnded(place, ended, {
    code: 0,
    says: [/certify: .* in all some \d+ minutes/, /Identity pinning +incomplete: 1 of \d+ clauses held; \d+ not asked/],
  });
  const { clauses, certification, selfTest, run } = assertRecord(ended);
  t.match(clauses, [{ id: clause, verdict: 'pass', passes: [{ pass: 'fast' }, { pass: 'spire-defaults' }] }]);
  t.match(selfTest, { ended: true, kept: false, impostors: { tried: breaking.length, caught: breaking.length } });
  t.ok((selfTest?.conformers.right ?? 0) > 0, 'right nodes stood beside them');
  t.strictSame(
    [...new Set(certification?.claims.map(({ claim }) => claim))],
    ['incomplete'],
    'of what was not asked nothing is claimed',
  );
  for (const name of ['spire-server', 'spire-agent']) t.match(run.versions[name], /^1\.\S+ sha256:[0-9a-f]{64}$/);
  const nodes = entriesOf(readHistory(ended.out), 'node');
  t.strictSame([...new Set(nodes.map(({ syncIntervalMs }) => syncIntervalMs))].sort(), [200, 5000]);
  t.equal(new Set(nodes.map(({ node }) => node)).size, nodes.length, 'no two nodes share a name');
  t.ok(readdirSync(join(ended.out, 'logs')).some((name) => name.includes('by-default')));

  const judged = await assay(place, ['report', 'judge', ended.out]);
  t.equal(judged.code, 0, judged.stdout + judged.stderr);
  const verified = await assay(place, ['report', 'verify', ended.out]);
  t.equal(verified.code, 3, 'whole, and signed by nobody');
  await assertNothingRuns(place);
});

await t.test('a node that breaks a clause is not conformant', async (t) => {
  await using place = makePlace();
  const impostor = breaking.find((one) => one.kind === 'node');
  assert.ok(impostor);
  const ended = await assayDecided(place, ['certify', '--only', clause, '--node', commandOf(impostor).join(' ')]);
  assertEnded(place, ended, {
    code: 1,
    says: [/Identity pinning +not conformant: 0 of \d+ clauses held; broken: mesh\/pinning\/case/],
  });
  const { certification } = assertRecord(ended);
  t.match(
    certification?.claims.filter(({ claim }) => claim === 'not conformant').map(({ id }) => id),
    ['pinning', 'MESH'],
  );
});

await t.test('one that is stopped in its self-test leaves nothing, and says what it saw', async (t) => {
  await using place = makePlace();
  const cli = startCli(place, ['certify', '--only', 'mesh/pinning/*']);
  await cli.until('the self-test', (entry) => entry.kind === 'self-test');
  await cli.until('an impostor was tried', (entry) => entry.kind === 'impostor');
  process.kill(cli.child.pid!, 'SIGINT');
  const ended = await cli.ended;
  assertEnded(place, ended, { code: 130, says: [/stopped by SIGINT: all faults healed, all programs ended/] });
  const { selfTest, verdict } = assertRecord(ended);
  t.match({ verdict, ended: selfTest?.ended }, { verdict: 'inconclusive', ended: false });
  await assertNothingRuns(place);
});

await t.test('what makes no sense is said before anything is started', async (t) => {
  await using place = makePlace();
  for (const [args, says] of [
    [['--self-test', '--only', 'tls'], /--self-test: tries Assay itself, .* leave --only away/],
    [['--self-test', '--spire-agent', 'x'], /leave --spire-agent away/],
    [['--self-test', '--slo', 'p99<=25ms'], /leave --slo away/],
    [['--spire-server', join(place.dir, 'none')], /--spire-server .*none: is no program that can be run/],
    [['--target', 'x.yaml', '--spire-agent', 'x'], /--spire-agent x: is for a SPIRE that Assay starts/],
    [['--node', ''], /--node: wants the command/],
  ] as const) {
    const ended = await assay(place, ['certify', ...args]);
    assertEnded(place, ended, { code: 2, says: [says] });
    t.notOk(existsSync(ended.out), args.join(' '));
  }
});
