import t from 'tap';
import { programKind } from './program-kind.ts';

await t.test('a command that starts Node.js is told from others', (t) => {
  const kinds: readonly [command: string | readonly string[], kind: 'Node.js' | undefined][] = [
    [[process.execPath, 'main.ts'], 'Node.js'],
    ['node dist/main.js', 'Node.js'],
    ['exec /usr/bin/node main.js', 'Node.js'],
    ['PORT=1 exec node main.js', 'Node.js'],
    ['NODE_ENV=production nodejs main.js', 'Node.js'],
    ['/opt/node-service --listen', undefined],
    ['./start.sh node', undefined],
    ['', undefined],
  ];
  for (const [command, kind] of kinds) t.equal(programKind(command), kind, String(command));
  t.end();
});
