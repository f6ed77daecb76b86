import t from 'tap';
import { forgeAuthority } from '../../src/svid/x509/forge.ts';
import { commonFields, logEvents, parseLogLine, type LogEvent } from './log-events.ts';
import { createLog } from './log.ts';

function logged(service = 'api') {
  const lines: string[] = [];
  return { lines, log: createLog(service, { write: (line: string) => void lines.push(line) }) };
}

await t.test('a line is by the schema, at the level of its event', async (t) => {
  const { lines, log } = logged();
  const notAfter = new Date('2030-01-02T03:04:05Z');
  log('svid.rotated', { spiffeId: 'spiffe://example.test/api', serial: '0a', notAfter, rotations: 2 });
  log('svid.lost', { why: 'withdrawn' });
  const [rotated, lost] = lines.map(parseLogLine);
  t.match(rotated, {
    level: 'info',
    service: 'api',
    event: 'svid.rotated',
    rotations: 2,
    notAfter: '2030-01-02T03:04:05.000Z',
  });
  t.equal(lost!.level, 'error');
});

await t.test('a line that is not by the schema is told, by what is wrong with it', async (t) => {
  const { lines, log } = logged();
  log('svid.lost', { why: 'withdrawn' });
  const right = JSON.parse(lines[0]!) as object;
  for (const [change, told] of [
    [{ event: 'svid.found' }, /"svid\.found" is not known/],
    [{ event: 'toString' }, /"toString" is not known/],
    [{ why: 7 }, /why is no text/],
    [{ key: 'secret' }, /key is not known/],
    [{ level: 'info' }, /level is not error/],
    [{ time: 'yesterday' }, /time is no instant/],
    [{ service: undefined }, /service is no text/],
  ] as const)
    t.throws(() => parseLogLine(JSON.stringify({ ...right, ...change })), { name: 'TypeError', message: told });
});

await t.test('no line holds a key or a token, whoever put it there, and none is longer than it need be', async (t) => {
  const { lines, log } = logged();
  const { privateKeyPem } = await (
    await forgeAuthority({ trustDomain: 'example.test' })
  ).issue({
    ...{ spiffeId: 'spiffe://example.test/api', notBefore: new Date(0), notAfter: new Date() },
  });
  log('svid.trouble', { why: `cannot read ${privateKeyPem}` });
  log('svid.trouble', { why: 'x'.repeat(10_000) });
  t.notMatch(lines[0], privateKeyPem.split('\n')[1]!);
  t.match(lines[0], /withheld/);
  t.ok(lines[1]!.length < 700);
  t.doesNotThrow(() => lines.map(parseLogLine));
});

await t.test('no field of an event has the name of one that every line has', async (t) => {
  for (const event of Object.keys(logEvents) as LogEvent[])
    t.strictSame(
      Object.keys(logEvents[event].fields).filter((name) => Object.hasOwn(commonFields, name)),
      [],
      event,
    );
});
