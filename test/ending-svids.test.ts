import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import t from 'tap';
import { issueIdentity } from '../fixtures/probes/issue-identity.ts';
import type { DialSeen } from '../fixtures/probes/forged-server.ts';
import { http } from '../fixtures/probes/protocols/http.ts';
import { openRecorder } from '../fixtures/run/recorder.ts';
import type { Target, TargetNode } from '../fixtures/target/target.ts';
import { connectionNotPastSvid } from '../src/clauses/mesh/tls.ts';
import { expired } from '../src/clauses/x509-svid/path.ts';
import { entriesOf } from '../src/history.ts';
import { forgeAuthority } from '../src/svid/x509/forge.ts';
import { standing } from '../suites/mesh/standing.ts';
import type { Suite } from '../suites/suite.ts';
import { ended } from '../suites/x509-svid/ended.ts';
import { briefOf, unlessRefused } from '../suites/identity/brief.ts';

t.setTimeout(60_000);

const dir = mkdtempSync(join(tmpdir(), 'assay-'));
t.teardown(() => rmSync(dir, { recursive: true }));
t.jobs = 32;

const trustDomain = 'mesh.test';
const probe = `spiffe://${trustDomain}/service/assay`;
const authority = await forgeAuthority({ trustDomain, commonName: 'spire' });
const own = await issueIdentity(authority, `spiffe://${trustDomain}/service/api`);

/** What a service makes of time: none of it is wrong by itself. */
interface Ways {
  /** Its clock minus ours. */
  readonly aheadMs?: number;
  /** How long it serves a connection beyond the SVID of its caller; for ever when absent. */
  readonly standsMs?: number;
  /** Only when it is asked for the next time. */
  readonly whenAsked?: true;
  readonly closesEach?: true;
  readonly closesAtAgeMs?: number;
}

// It reads the time of an SVID by its own clock.
async function startService(ways: Ways): Promise<{ readonly address: string } & Disposable> {
  const { aheadMs = 0, standsMs, whenAsked, closesEach, closesAtAgeMs } = ways;
  const leftMs = (socket: TLSSocket) =>
    new Date(socket.getPeerX509Certificate()!.validTo).getTime() - Date.now() - aheadMs;
  const server = createServer(
    {
      cert: own.cert,
      key: own.key,
      ca: [authority.certificatePem],
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
    },
    (request, response) => {
      const socket = request.socket as TLSSocket;
      if (whenAsked && leftMs(socket) + standsMs! <= 0) return void socket.destroy();
      if (closesEach) response.setHeader('connection', 'close');
      response.end('ok');
    },
  );
  server.on('secureConnection', (socket) => {
    const ms = leftMs(socket);
    if (ms <= 0) return void socket.destroy();
    const at = (afterMs: number) => setTimeout(() => socket.destroy(), Math.min(afterMs, 600_000)).unref();
    if (closesAtAgeMs !== undefined) at(closesAtAgeMs);
    if (standsMs !== undefined && !whenAsked) at(ms + standsMs);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Issues as SPIRE does, by a clock that may be ahead of ours. */
const issuing =
  (issuerAheadMs = 0): NonNullable<Target['named']> =>
  (spiffeId, seconds = 600) => {
    const whole = (ms: number) => new Date(Math.floor((Date.now() + issuerAheadMs + ms) / 1_000) * 1_000);
    return issueIdentity(authority, spiffeId, { notBefore: whole(-10_000), notAfter: whole(1_000 * seconds) });
  };

/** What comes of a service by one of the suites, in words. */
async function judged(suite: Suite, ways: Ways, sessions?: TargetNode['sessions'], named = issuing()): Promise<string> {
  using service = await startService(ways);
  const recorder = openRecorder(mkdtempSync(join(dir, 'run-')));
  recorder.record({
    ...{ kind: 'node', node: 'api', mesh: trustDomain, spiffeId: own.spiffeId, judged: true, implementation: 'a test' },
    ...{ svidTtlSeconds: 3_600, syncIntervalMs: 5_000, uptakeMs: 5_000 },
  });
  const node = {
    ...{ name: 'api', address: service.address, peerAddress: service.address, spiffeId: own.spiffeId, allows: [probe] },
    ...{ judged: true, protocol: http('/'), lacks: { client: 'cannot be asked to call' }, meetsStrangers: true },
    ...(sessions && { sessions }),
  };
  const target = {
    ...{
      name: trustDomain,
      trustDomain,
      nodes: [node],
      lacks: {},
      named,
      probeIds: { own: probe, federated: undefined },
    },
    ...{ probeIdentity: () => named(probe), authorities: async () => [authority.certificatePem] },
  } as unknown as Target;
  const signal = new AbortController().signal;
  await suite.run({ target, recorder, signal, wants: () => true });
  const clause = suite === standing ? connectionNotPastSvid : expired;
  recorder.close();
  const { verdict, reason } = clause.judge(recorder.history, { ...clause, roles: ['server'] });
  return `${verdict}: ${reason} | ${entriesOf(recorder.history, 'skip')
    .map((skip) => skip.reason)
    .join('; ')}`;
}

void t.test(
  'connections past the SVID of their caller, of a node that is declared to end them',
  { jobs: 16, buffered: true },
  (t) => {
    const cases: readonly (readonly [string, Ways, RegExp])[] = [
      ['it ends them with the SVID', { standsMs: 0 }, /^pass: 1 refused/],
      ['it ends them at the first request past that', { standsMs: 0, whenAsked: true }, /^pass: 1 refused/],
      ['they stand', {}, /^fail: .*accepted, wanted refused \(.* s past its end\)/],
      [
        'they stand ten seconds longer',
        { standsMs: 10_000 },
        /^inconclusive: .*(?:9|10) s past its end it was served: by a clock that is behind, or by a leeway/,
      ],
      [
        'none of its connections is kept',
        { closesEach: true, standsMs: 0 },
        /^inconclusive: .*SVID that lives, opened beside it, is not served/,
      ],
      [
        'all its connections end by their age',
        { closesAtAgeMs: 1_500 },
        /^inconclusive: .*SVID that lives, opened beside it, is not served/,
      ],
      ['its clock is ahead by five seconds', { standsMs: 0, aheadMs: 5_000 }, /^pass: 1 refused/],
      ['its clock is ahead by a minute', { standsMs: 0, aheadMs: 60_000 }, /^inconclusive: .*by a clock that is ahead/],
    ];
    for (const [title, ways, wanted] of cases)
      void t.test(title, async (t) => void t.match(await judged(standing, ways, 'until-expiry'), wanted));
    t.end();
  },
);

void t.test(
  'what becomes of connections where nothing is declared is told, and decides nothing',
  { jobs: 16, buffered: true },
  (t) => {
    const cases: readonly (readonly [string, Ways, TargetNode['sessions'], RegExp])[] = [
      ['they stand', {}, undefined, /^skipped: .*one was served past that/],
      ['they end', { standsMs: 0 }, 'for-life', /^skipped: .*one was not served past that/],
      ['none is kept', { closesEach: true }, undefined, /^skipped: .*of one nobody knows: .*opened beside it/],
      [
        'none is kept, and they are declared to stand',
        { closesEach: true },
        'for-life',
        /^skipped: .*of one nobody knows/,
      ],
      ['all end by their age', { closesAtAgeMs: 1_500 }, undefined, /^skipped: .*of one nobody knows/],
      [
        'the clock is ahead',
        { aheadMs: 9_000 },
        undefined,
        /^skipped: .*could not be seen: .*by a clock that is ahead/,
      ],
    ];
    for (const [title, ways, sessions, wanted] of cases)
      void t.test(title, async (t) => void t.match(await judged(standing, ways, sessions), wanted));
    t.end();
  },
);

void t.test('an SVID that ends, of nodes whose clocks are not ours', { jobs: 16, buffered: true }, (t) => {
  const cases: readonly (readonly [string, Ways, RegExp])[] = [
    ['as ours', {}, /^pass: 1 refused/],
    ['ahead by three seconds', { aheadMs: 3_000 }, /^pass: 1 refused/],
    ['ahead by a minute', { aheadMs: 60_000 }, /^inconclusive: .*by a clock that is ahead/],
    [
      'behind by an hour',
      { aheadMs: -3_600_000 },
      /^fail: .*longer after it was let in first than the whole of its life/,
    ],
  ];
  for (const [title, ways, wanted] of cases)
    void t.test(title, async (t) => void t.match(await judged(ended, ways), wanted));
  t.end();
});

void t.test(
  'where our clock is far behind that of the issuer, no end is waited for',
  { jobs: 2, buffered: true },
  (t) => {
    for (const suite of [ended, standing])
      void t.test(suite.title, async (t) => {
        const beganMs = Date.now();
        const told = await judged(suite, { aheadMs: 600_000, standsMs: 0 }, 'until-expiry', issuing(600_000));
        t.match(told, /^inconclusive: .*ends (?:599|600) s later than that by the clock of this machine/);
        t.ok(Date.now() - beganMs < 30_000);
      });
    t.end();
  },
);

void t.test('an alert to an SVID that is near its end is no refusal of a right one, and is asked again', async (t) => {
  const brief = await briefOf({ named: issuing() } as Target, probe)();
  const seen: DialSeen = { ending: 'alert', outcome: 'refused', how: 'certificate expired', sessions: [], tookMs: 1 };
  t.match(unlessRefused(seen, brief), { ending: 'unseen', outcome: 'unknown', how: /^certificate expired: / });
  t.match(unlessRefused({ ...seen, ending: 'answered', outcome: 'accepted' }, brief), { outcome: 'accepted' });
});
