import { enableCompileCache } from 'node:module';
import { messageOf, UsageError } from '../../src/errors.ts';

enableCompileCache?.();
const { runNode } = await import('./node.ts');

try {
  await runNode();
  process.exit(0);
} catch (error) {
  console.error(messageOf(error));
  process.exit(error instanceof UsageError ? 2 : 1);
}
