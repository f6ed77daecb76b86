// A suite of one's own: what a service must never do stands here as a test, on a real SPIRE and a real mesh node. Put your node's command in `node`.
import { issueIdentity, probe, standUpMesh } from '@assay-mesh/assay';
import t from 'tap';

t.setTimeout(900_000);

await using mesh = await standUpMesh({ onProgress: (line) => t.comment(line) });
const [frontend] = mesh.nodes;
// Right in everything that it is not asked to have otherwise, and shown beside a right one: what differs is what was refused.
const billing = (change = {}) =>
  issueIdentity(mesh.authority, `spiffe://${mesh.trustDomain}/service/billing`, { change });
const caller = (change = {}) => issueIdentity(mesh.authority, mesh.callerId, { change });

await t.test('a caller that SPIRE vouches for is answered', async (t) => {
  t.match(await frontend?.show(await mesh.callerIdentity()), { outcome: 'accepted', named: mesh.callerId });
});

await t.test('billing has no business here, whatever else its certificate says', async (t) => {
  t.match(await frontend?.show(await caller()), { outcome: 'accepted' });
  t.match(await frontend?.show(await billing()), { outcome: 'refused' });
  t.match(await frontend?.show(await billing({ dnsSans: ['frontend.internal'] })), { outcome: 'refused' });
});

await t.test('nor does the frontend call a server that is not who it asked for', async (t) => {
  t.match(await frontend?.show(await caller(), 'client'), { outcome: 'accepted' });
  t.match(await frontend?.show(await billing(), 'client', mesh.callerId), { outcome: 'refused' });
});

await t.test('nobody gets in without a certificate', async (t) => {
  t.match(await probe(frontend?.address ?? '', {}), { outcome: 'refused' });
});
