import { enableCompileCache } from 'node:module';
import { messageOf, UsageError } from '../src/errors.ts';

enableCompileCache?.();
const [{ impostors }, { conformers }, { reference }, { runNode }, { comingOfThisProcess }] = await Promise.all([
  import('./catalogue.ts'),
  import('./conformers.ts'),
  import('../mesh/node/behaviour.ts'),
  import('../mesh/node/node.ts'),
  import('./coming.ts'),
]);

try {
  const [, , id = ''] = process.argv;
  const one = [...impostors, ...conformers].find((other) => other.id === id);
  if (one?.kind === 'service') {
    const coming = comingOfThisProcess();
    const behaviour = { ...reference, ...(await one.change(coming)) };
    await runNode({ ...behaviour, entrance: (tls, http) => coming.through(behaviour.entrance(tls, http)) });
    process.exit(0);
  }
  if (one?.kind !== 'node' && one?.kind !== 'command')
    throw new UsageError(
      `usage: node-main.ts ID, of an impostor or a conformer that is made from the reference node; there is none called ${id}`,
    );
  const { change = {} } = one;
  await runNode({ ...reference, ...(typeof change === 'function' ? await change() : change) });
  process.exit(0);
} catch (error) {
  console.error(messageOf(error));
  process.exit(error instanceof UsageError ? 2 : 1);
}
