import { enableCompileCache } from 'node:module';
import { messageOf, UsageError } from '../src/errors.ts';

enableCompileCache?.();
const [{ impostors }, { reference }, { runNode }] = await Promise.all([
  import('./catalogue.ts'),
  import('../mesh/node/behaviour.ts'),
  import('../mesh/node/node.ts'),
]);

try {
  const impostor = impostors.find(({ id }) => id === process.argv[2]);
  if (impostor?.kind !== 'node')
    throw new UsageError(
      `usage: node-main.ts ID, of an impostor that is a node; there is none called ${process.argv[2] ?? ''}`,
    );
  const change = typeof impostor.change === 'function' ? await impostor.change() : impostor.change;
  await runNode({ ...reference, ...change });
  process.exit(0);
} catch (error) {
  console.error(messageOf(error));
  process.exit(error instanceof UsageError ? 2 : 1);
}
