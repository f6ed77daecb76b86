import { mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { homedir } from 'node:os';

// Compiled code is kept, so that neither we nor the mesh nodes that we start parse TypeScript again at every run.
const cache = join(
  process.env.ASSAY_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'assay'),
  'compiled',
);
try {
  mkdirSync(cache, { recursive: true });
  process.env.NODE_COMPILE_CACHE ??= cache;
  enableCompileCache(process.env.NODE_COMPILE_CACHE);
} catch {
  /* only slower */
}

// A defect of ours is no verdict: Node would end with 1, which says that the target broke a clause.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    process.stderr.write(
      `assay: a defect of Assay itself, nothing was decided: ${error instanceof Error ? error.stack : String(error)}\n`,
    );
    // What was started dies with us; the guardian sees to the rest.
    process.exit(3);
  });
}
// Whoever reads us may have read enough, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
process.stderr.on('error', () => {
  /* nobody is left to be told */
});

const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
// Whatever still holds the event loop is no reason to keep a person waiting: all that was started is gone by now.
setTimeout(() => process.exit(), 200).unref();
