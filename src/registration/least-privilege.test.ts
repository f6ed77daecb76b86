import t from 'tap';
import { ofAgents, textOf, tooWide, type Selector } from './least-privilege.ts';

const selectors = (texts: readonly string[]): Selector[] =>
  texts.map((text) => ({ type: text.slice(0, text.indexOf(':')), value: text.slice(text.indexOf(':') + 1) }));

const narrow: readonly (readonly string[])[] = [
  ['unix:uid:0'],
  ['unix:path:/usr/bin/api'],
  ['mesh:node_id:node-001', 'unix:uid:1000'],
  ['k8s:ns:shop', 'k8s:sa:api'],
  ['k8s:ns:shop', 'k8s:node-name:n1', 'k8s:pod-label:app:api'],
  ['k8s:pod-uid:5e6f'],
  ['docker:image_config_digest:sha256:00'],
  ['systemd:id:api.service'],
  ['windows:user_sid:S-1-5-21-7'],
  ['ours:role:api'],
];
for (const texts of narrow)
  await t.test(`${texts.join(' and ')} is narrow`, async (t) => t.strictSame(tooWide(selectors(texts)), []));

const wide: readonly [why: RegExp, texts: readonly string[]][] = [
  [/no selector/, []],
  [/mesh:node_id:node-001 fits every process of that node/, ['mesh:node_id:node-001']],
  [/k8s:ns:shop fits every pod of that namespace/, ['k8s:ns:shop']],
  [/every pod of that node/, ['mesh:node_id:node-001', 'k8s:ns:shop', 'k8s:node-name:n1']],
  [/k8s:sa:api fits pods of any namespace/, ['k8s:sa:api']],
  [/pods of any namespace/, ['k8s:sa:api', 'k8s:pod-label:app:api']],
  [/so many containers/, ['k8s:ns:shop', 'k8s:pod-image-count:1']],
  [/every user/, ['windows:group_sid:se_group_enabled:true:S-1-1-0']],
  [/unix:path:\* is a pattern/, ['unix:path:*']],
  [/unix:path:\/usr\/\* is a pattern/, ['unix:path:/usr/*', 'unix:uid:1000']],
  [/unix:uid: is a pattern/, ['unix:uid:']],
];
for (const [why, texts] of wide)
  await t.test(`${texts.join(' and ') || 'nothing'} is too wide`, async (t) =>
    t.match(tooWide(selectors(texts)).join('; '), why),
  );

await t.test('selectors of agents are told', async (t) => {
  const found = ofAgents(selectors(['unix:uid:1', 'k8s_psat:cluster:a', 'spiffe_id:spiffe://a/b']));
  t.strictSame(found.map(textOf), ['k8s_psat:cluster:a', 'spiffe_id:spiffe://a/b']);
});
