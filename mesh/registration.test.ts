import { once } from 'node:events';
import t from 'tap';
import type { NewEntry } from '../spiffe/server-api/entries.ts';
import { SpiffeController } from './controller.ts';
import { LeastPrivilegeError, type RegistrationRecord, type Workload } from './registration.ts';

const spiffeId = 'spiffe://example.test/node/node-001';

function registering(fails?: Error) {
  const [records, entries]: [RegistrationRecord[], NewEntry[]] = [[], []];
  const registrar = {
    createEntries: async (made: readonly NewEntry[]) => {
      if (fails !== undefined) throw fails;
      entries.push(...made);
      return ['e1'];
    },
  };
  const audit = (record: RegistrationRecord) => void records.push(record);
  const controller = new SpiffeController({ trustDomain: 'example.test', registrar, audit });
  return {
    records,
    entries,
    register: (workload: Partial<Workload>) => controller.registerWorkload({ spiffeId, selectors: {}, ...workload }),
  };
}

await t.test('a narrow entry is made, and told before and after', async (t) => {
  const { records, entries, register } = registering();
  const selectors = { 'mesh:node_id': 'node-001', 'unix:uid': '1000', 'unix:supplementary_gid': ['7', '8'] };
  t.equal(await register({ selectors }), 'e1');
  t.match(entries, [
    {
      parentId: spiffeId,
      selectors: [
        { type: 'mesh', value: 'node_id:node-001' },
        { type: 'unix', value: 'uid:1000' },
        { type: 'unix', value: 'supplementary_gid:7' },
        { type: 'unix', value: 'supplementary_gid:8' },
      ],
    },
  ]);
  t.match(records, [
    { outcome: 'asked', spiffeId, forced: false, tooWide: [] },
    { outcome: 'made', entryId: 'e1', selectors: ['mesh:node_id:node-001', 'unix:uid:1000', /:7/, /:8/] },
  ]);
});

await t.test('one that fits more than one workload is refused unless forced, and both are told', async (t) => {
  for (const selectors of [{ 'mesh:node_id': 'node-001' }, { 'unix:path': '*' }, {}]) {
    const { records, entries, register } = registering();
    const parentId = spiffeId;
    await t.rejects(register({ selectors, parentId }), LeastPrivilegeError);
    t.match(records, [{ outcome: 'refused', forced: false }]);
    t.ok(records[0]!.tooWide.length > 0);
    t.strictSame(entries, []);
    await register({ selectors, parentId, force: true });
    t.match(records.slice(1), [
      { outcome: 'asked', forced: true },
      { outcome: 'made', forced: true },
    ]);
    t.equal(entries.length, 1);
  }
});

await t.test('what the server refuses is told, and an audit that fails stops a registration', async (t) => {
  const refused = registering(new Error('PERMISSION_DENIED'));
  const workload = { selectors: { 'unix:uid': '0' }, parentId: spiffeId };
  await t.rejects(refused.register(workload), /PERMISSION_DENIED/);
  t.match(refused.records, [{ outcome: 'asked' }, { outcome: 'failed', detail: 'PERMISSION_DENIED' }]);
  let asked = 0;
  const registrar = { createEntries: async () => [`${(asked += 1)}`] };
  const audit = () => Promise.reject(new Error('the audit log is full'));
  await t.rejects(
    new SpiffeController({ registrar, audit }).registerWorkload({ spiffeId, ...workload }),
    /log is full/,
  );
  t.equal(asked, 0);
});

await t.test('an audit that fails after the server was asked takes neither the id nor the refusal away', async (t) => {
  const workload = { spiffeId, selectors: { 'unix:uid': '0' }, parentId: spiffeId };
  const audit = ({ outcome }: RegistrationRecord) => {
    if (outcome !== 'asked') throw new Error('the audit log is full');
  };
  const by = (createEntries: () => Promise<string[]>) =>
    new SpiffeController({ registrar: { createEntries }, audit }).registerWorkload(workload);
  const warned = once(process, 'warning');
  t.equal(await by(async () => ['e1']), 'e1');
  t.match(await warned, [{ message: /not told that the registration of .*node-001 made entry e1: the audit log/ }]);
  const warnedAgain = once(process, 'warning');
  await t.rejects(
    by(() => Promise.reject(new Error('PERMISSION_DENIED'))),
    /^PERMISSION_DENIED$/,
  );
  t.match(await warnedAgain, [{ message: /node-001 failed: the audit log/ }]);
});

await t.test('an entry without an id is a registration that failed', async (t) => {
  for (const made of [[], ['']]) {
    const records: RegistrationRecord[] = [];
    const audit = (record: RegistrationRecord) => void records.push(record);
    const controller = new SpiffeController({ registrar: { createEntries: async () => made }, audit });
    const workload = { spiffeId, selectors: { 'unix:uid': '0' }, parentId: spiffeId };
    await t.rejects(controller.registerWorkload(workload), /the server named no id of an entry/);
    t.match(records, [{ outcome: 'asked' }, { outcome: 'failed', detail: /named no id/ }]);
  }
});

await t.test('what no entry can name is a TypeError', async (t) => {
  const { records, register } = registering();
  const narrow = { 'unix:uid': '1' };
  for (const [why, workload] of [
    [/is not of example\.test/, { spiffeId: 'spiffe://other.test/a', selectors: narrow, parentId: spiffeId }],
    [
      /names a trust domain and no workload/,
      { spiffeId: 'spiffe://example.test', selectors: narrow, parentId: spiffeId },
    ],
    [/parentId is missing/, { selectors: narrow }],
    [/the parent .* is not of/, { selectors: narrow, parentId: 'spiffe://other.test/a' }],
    [/speaks of agents/, { selectors: { 'k8s_psat:cluster': 'a' }, parentId: spiffeId }],
  ] as const)
    await t.rejects(register(workload), { name: /^TypeError$/, message: why });
  t.strictSame(records, []);
  await t.rejects(
    new SpiffeController().registerWorkload({ spiffeId, selectors: narrow, parentId: spiffeId }),
    /not entitled/,
  );
});
