import { join } from 'node:path';
import t from 'tap';
import { issueIdentity } from '../../fixtures/probes/issue-identity.ts';
import { offerPlaintext } from '../../fixtures/probes/plaintext.ts';
import { offerTo } from '../../fixtures/probes/probe.ts';
import { protocols } from '../../fixtures/probes/protocols.ts';
import { startJsonProgram } from '../../fixtures/run/json-program.ts';
import { forgeAuthority } from '../../src/svid/x509/forge.ts';
import { dialForged } from '../../fixtures/probes/forged-server.ts';
import { hostileCallers } from './callers.ts';
import { hostileServers } from './servers.ts';

t.setTimeout(300_000);

const patienceMs = 700;
// Beyond our patience: for the last bytes to be read, and for a machine that has more to do. Those of them that have an end at all have it later.
const mostOverMs = 5_000;
// Many times what is read of an answer, and nothing beside what they would have us keep.
const mostGrownMb = 48;

const addresses = Promise.withResolvers<Readonly<Record<string, string>>>();
await using servers = startJsonProgram(
  { env: {} },
  [process.execPath, join(import.meta.dirname, 'server-main.ts')],
  (told) => addresses.resolve(told as Readonly<Record<string, string>>),
);
void servers.ended.then((why) => addresses.reject(new Error(why)));
const at = await addresses.promise;
const trustDomain = 'hostile.test';
const identity = await issueIdentity(await forgeAuthority({ trustDomain }), `spiffe://${trustDomain}/caller`);

// The greatest there ever was: what one behaviour took below that of another is seen by all of them together.
const peakMb = () => process.resourceUsage().maxRSS / 1024;
const mostGrownByAllMb = 2 * mostGrownMb;
const atFirstMb = peakMb();

await t.test('a server that means ill is asked in bounded time and memory, and comes to what it is', async (t) => {
  t.ok(hostileServers.length >= 60, `${hostileServers.length} of them`);
  t.equal(new Set(hostileServers.map(({ id }) => id)).size, hostileServers.length);
  for (const { id, protocol, speech = {}, plaintext, outcome, how } of hostileServers)
    await t.test(id, async (t) => {
      const listener = { address: at[id]!, protocol: protocols[protocol].make(speech) };
      const before = peakMb();
      const startedAt = performance.now();
      const seen = plaintext
        ? await offerPlaintext(listener, patienceMs)
        : await offerTo(listener, { identity }, patienceMs);
      const tookMs = performance.now() - startedAt;
      t.equal(seen.outcome, outcome, seen.how);
      t.match(seen.how, how);
      t.ok(tookMs < patienceMs + mostOverMs, `it took ${tookMs.toFixed(0)} ms`);
      t.ok(peakMb() - before < mostGrownMb, `it took ${(peakMb() - before).toFixed(0)} MB`);
      t.ok(seen.how.length < 8_000, 'what is said of it is short');
    });
});

await t.test('a service that means ill and was made to call is heard out in bounded time and memory', async (t) => {
  for (const { id, call, outcome, how } of hostileCallers)
    await t.test(id, async (t) => {
      const dialler = {
        by: 'dial',
        dial: async (address: string) => ({ outcome: await call(address), peer: null, detail: '' }),
      };
      const before = peakMb();
      const startedAt = performance.now();
      const seen = await dialForged(dialler, '127.0.0.1', identity.spiffeId, { identity });
      const tookMs = performance.now() - startedAt;
      t.equal(seen?.outcome, outcome, seen?.how ?? 'it was not asked');
      t.match(seen?.how, how);
      t.ok(tookMs < 1_000 + mostOverMs, `it took ${tookMs.toFixed(0)} ms`);
      t.ok(peakMb() - before < mostGrownMb, `it took ${(peakMb() - before).toFixed(0)} MB`);
    });
});

await t.test('all of them together took little', (t) => {
  t.ok(peakMb() - atFirstMb < mostGrownByAllMb, `they took ${(peakMb() - atFirstMb).toFixed(0)} MB`);
  t.end();
});
