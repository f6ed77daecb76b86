import { gatePlan, issueIdentity, judge, readHistory, runPlan, standUpMesh } from '@assay-mesh/assay';

const onProgress = console.error;
{
  await using mesh = await standUpMesh({ onProgress });
  const right = await issueIdentity(mesh.authority, mesh.callerId);
  const wrong = await issueIdentity(mesh.authority, `${mesh.callerId}-other`);
  for (const node of mesh.nodes)
    console.log(node.name, (await node.show(right))?.outcome, (await node.show(wrong))?.outcome);
}
const { directory } = await runPlan(gatePlan(), { only: 'mesh/pinning/exact-id', onProgress });
for (const { id, verdict, reason } of judge(await readHistory(directory)).clauses) console.log(id, verdict, reason);
