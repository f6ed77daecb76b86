import t from 'tap';
import type { Entry } from '../history.ts';
import { openRemains } from './names-in-text.ts';
import { openPseudonyms } from './pseudonyms.ts';
import { redactHistory } from './redact.ts';
import { openWords } from './words.ts';

const words = (names: readonly string[], text = '') => {
  const pseudonyms = openPseudonyms(text);
  for (const name of names) pseudonyms.name(name, 'node');
  return openWords(pseudonyms, names, true);
};

await t.test('the same has the same pseudonym, another another, and none is a word of the original', async (t) => {
  const { name, address, originals } = openPseudonyms('node-2 and Service-1 at 192.0.2.1, 127.0.0.2:10001');
  t.strictSame(
    ['a', 'b', 'a', 'c'].map((one) => name(one, 'node')),
    ['node-1', 'node-3', 'node-1', 'node-4'],
  );
  t.equal(name('a', 'service'), 'node-1', 'whatever it is seen as');
  t.equal(name('d', 'service'), 'service-2');
  t.strictSame(['10.0.0.1', '127.9.9.9', '2001:470::1', '::ffff:10.0.0.1'].map(address), [
    '192.0.2.2',
    '127.0.0.3',
    '2001:db8::1',
    '::ffff:192.0.2.3',
  ]);
  const many = Array.from({ length: 1_000 }, (_, at) => address(`10.1.${at >> 8}.${at & 255}`));
  t.equal(new Set(many).size, 1_000);
  t.ok(originals().includes('a'));
});

await t.test('siblings of a name are siblings of its pseudonym', async (t) => {
  const { name } = openPseudonyms('');
  const all = ['web', 'Web', 'WEB', 'wEb', '%77eb', 'w%65b', 'we%62'].map((one) => name(one, 'service'));
  t.equal(all[0], 'service-1');
  t.equal(new Set(all).size, all.length);
  for (const one of all) t.equal(decodeURIComponent(one).toLowerCase(), 'service-1', one);
  const crowd = Array.from({ length: 400 }, (_, at) =>
    name([...'abcdefghij'].map((letter, bit) => ((at >> bit) & 1 ? letter.toUpperCase() : letter)).join(''), 'node'),
  );
  t.equal(new Set(crowd).size, 400, 'also where there are more than can be spelled');
});

await t.test('what was shown in the place of an ID keeps its parts', async (t) => {
  const { id, address, path } = words([]);
  const all: readonly [string, RegExp][] = [
    ['spiffe://corp.test/ns/prod/sa/web', /^spiffe:\/\/domain-1\.example\/ns\/service-1\/sa\/service-2$/],
    ['spiffe://corp.test/ns/prod/sa/web/', /\/sa\/service-2\/$/],
    ['spiffe://corp.test//ns/../prod', /^spiffe:\/\/domain-1\.example\/\/ns\/\.\.\/service-1$/],
    [
      'spiffe://user@corp.test:8443/web?a=b#c',
      /^spiffe:\/\/domain-2\.example@domain-1\.example:10001\/service-2\?service-3=service-4#service-5$/,
    ],
    ['SPIFFE://corp.test/web', /^SPIFFE:\/\/domain-1\.example\/service-2$/],
    [
      'spiffe://corp.test/spire/agent/join_token/[a token]',
      /^spiffe:\/\/domain-1\.example\/spire\/agent\/join_token\/\[a token\]$/,
    ],
    ['spiffe://10.0.0.1/web', /^spiffe:\/\/192\.0\.2\.1\/service-2$/],
    ['urn:corp:web', /^word-\d+:word-\d+:service-2$/],
    ['', /^$/],
  ];
  for (const [from, to] of all) t.match(id(from), to, from);
  t.equal(address('web.corp.test:8443'), 'host-1.example:10001');
  t.equal(address('[2001:470::7]:8443'), '[2001:db8::1]:10001');
  t.equal(address('unix:///run/corp/agent.sock'), 'unix:///run/word-2/path-1');
  t.equal(path('/home/alice/./x.yaml'), '/home/path-2/./path-3');
});

await t.test('in prose, names are found in any case, short ones as words, long ones anywhere', async (t) => {
  const { prose } = words(['order', 'orders', 'checkout', 'a.b*(c', 'Ünï']);
  t.equal(prose('orders, Order-7 and reorder; recheckouts'), 'node-2, Node-1-7 and reorder; renode-3s');
  t.match(prose('a.b*(c of ÜNÏ'), /^node-\d+ of N/i);
});

await t.test('a name is found with other punctuation, and by the part that tells it', async (t) => {
  const { prose } = words(['corporation.mesh', 'web_shop']);
  t.equal(prose('no bundle for corporation-mesh, of corporation.mesh'), 'no bundle for word-1, of node-1');
  t.notMatch(prose('corporation alone, corporationmesh, WEB-SHOP'), /corporation|shop/i);
});

await t.test('figures, times and words of TLS stay as they are', async (t) => {
  const { prose } = words(['checkout']);
  for (const text of [
    '61 of 1765 requests were lost, all within 145 ms',
    'ended at 2026-11-28T22:32:14.000Z, judged at 2026-11-28T22:32:14.012Z; 508.760986328125 ms',
    'alert unknown_ca (48); TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 of TLSv1.3, X25519MLKEM768',
    'GET /ready answered 200; SPIRE 1.15.3; history.jsonl#L12; bound to 127.0.0.1 only',
    'Agent.CreateJoinToken: INVALID_ARGUMENT: datastore-sql: record not found',
  ])
    t.equal(prose(text), text);
});

await t.test('what others said is left out, and what is quoted of ours is renamed', async (t) => {
  const { prose } = words(['checkout']);
  t.equal(
    prose('answered 200 with something that is no JSON: "Acme \\" inc"'),
    'answered 200 with something that is no JSON: "[withheld]"',
  );
  t.equal(
    prose('names "checkout" and "spiffe://corp.test/web"'),
    'names "node-1" and "spiffe://domain-1.example/service-1"',
  );
  t.equal(prose('cut off: "Acme'), 'cut off: "[withheld]');
  t.equal(prose('answered as Bob of Acme, naming nobody'), 'answered as Word-1 word-2 Word-3, naming nobody');
  t.equal(prose('closed; it reports refused (Acme\nsaid no)'), 'closed; it reports refused ([withheld])');
});

await t.test('an original that is left is found, whatever stands around it, and a pseudonym is none', async (t) => {
  const names = ['order', 'checkout', 'node', 'expired', '5a170007aa55ffee', '10.0.0.1'];
  const pseudonyms = openPseudonyms(names.join(' '));
  for (const name of names) pseudonyms.name(name, 'node');
  const remains = openRemains(pseudonyms, names);
  const found = (text: string) => remains.in(text).map(({ name, word }) => `${name} in ${word}`);
  t.strictSame(found('<b>ORDER</b> recheckouts 10.0.0.1:80 x5a170007aa55ffee'), [
    'order in order',
    'checkout in recheckouts',
    '10.0.0.1 in 10.0.0.1',
    '5a170007aa55ffee in 5a170007aa55ffee',
  ]);
  t.strictSame(found('reorder Node-1, node-6; the token is expired; 210.0.0.1 10.0.0.12'), []);
  t.strictSame(found('a node'), ['node in node']);
});

await t.test('what this version does not know of an entry is left out', async (t) => {
  const entry = { index: 1, atMs: 0, kind: 'starved', node: 'checkout', fromMs: 1, waitedMs: 2, secret: 'acme' };
  const marker = { historySha256: 'a', reportSha256: 'b' };
  t.strictSame(redactHistory([entry as unknown as Entry], marker).history, [
    { index: 1, atMs: 0, kind: 'starved', node: 'node-1', fromMs: 1, waitedMs: 2 },
  ]);
});
