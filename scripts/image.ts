// Makes a container image of Assay from this machine's own files: npm run image [-- REPOSITORY:TAG]. Prints its name.
// Nothing is pulled: it holds this checkout, what it needs at run time of node_modules, Node, the programs of the toolchain and a shell.
import { execFile } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { connectEngine } from '../fixtures/runtime/container/engine.ts';
import { importRoot, layOut } from '../fixtures/runtime/container/scratch-image.ts';
import { describeProgress } from '../fixtures/toolchain/describe-progress.ts';
import { readCache } from '../fixtures/toolchain/cache.ts';
import { findOnPath } from '../fixtures/toolchain/find.ts';
import { ownPackage, platformPackageName } from '../fixtures/toolchain/packaged.ts';
import { messageOf } from '../src/errors.ts';
import { version } from '../src/version.ts';
import { licenceTexts } from './pack-toolchain/licence-texts.ts';
import { programsToPack, stagePlatformPackage } from './pack-toolchain/stage.ts';

const run = promisify(execFile);
const project = fileURLToPath(new URL('..', import.meta.url));
const home = '/opt/assay';
// What the scripts of pipelines and a person in the container use; setpriv ends what a killed run started.
const ofThisMachine = ['setpriv', 'env', 'cat', 'chmod', 'cp', 'ls', 'mkdir', 'mv', 'rm', 'sleep'];
// What runs there is below these; tests and documentation stay here.
const sources = ['cli', 'engine', 'plans', 'suites', 'scenarios', 'impostors', 'fixtures', 'mesh', 'spiffe', 'src'];
const files = [...sources, 'reports', 'package.json', 'LICENSE', 'docs/sbom', 'docs/licences.md'];

const [, , image = `assay:${version}`] = process.argv;
const root = mkdtempSync(join(tmpdir(), 'assay-image-'));
try {
  const named = /^([^:\s]+(?::\d+\/[^:\s]+)?):([\w.-]+)$/.exec(image);
  if (named === null)
    throw Object.assign(new Error(`${image}: wants a repository and a tag, as in registry.example.org/assay:1`), {
      exitCode: 2,
    });
  const [, repo, tag] = named;
  const engine = await connectEngine();
  const cache = readCache(process.env);
  const packed = await programsToPack(cache, {
    env: process.env,
    onProgress: (progress) => console.error(describeProgress(progress)),
  });
  const small = ofThisMachine.flatMap((name) => findOnPath(name, process.env) ?? []);
  const put = (path: string, from: string) => {
    const to = join(root, path);
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(realpathSync(from), to);
    chmodSync(to, 0o755);
  };
  await layOut(root, ['/bin/sh', process.execPath, ...small, ...packed.map(({ path }) => path)], {
    passwd: 'root:x:0:0::/tmp:/bin/sh\n',
    group: 'root:x:0:\n',
  });
  for (const path of small) put(`/bin/${path.split('/').at(-1)!}`, path);
  put('/usr/local/bin/node', process.execPath);
  for (const name of files) copyInto(join(home, name), join(project, name));
  const programs = join(root, home, 'node_modules', platformPackageName(ownPackage()));
  mkdirSync(programs, { recursive: true });
  stagePlatformPackage(programs, packed, cache.key, await licenceTexts(packed, cache));
  for (const path of await packages()) copyInto(join(home, relative(project, path)), path);
  writeFileSync(join(root, '/usr/local/bin/assay'), `#!/bin/sh\nexec node ${home}/cli/assay.ts "$@"\n`, {
    mode: 0o755,
  });
  mkdirSync(join(root, 'work'));
  await importRoot(engine, root, {
    repo: repo!,
    tag: tag!,
    changes: [
      'ENV PATH=/usr/local/bin:/bin',
      'ENV HOME=/tmp',
      'WORKDIR /work',
      'ENTRYPOINT ["node", "/opt/assay/cli/assay.ts"]',
      'CMD ["gate"]',
      `LABEL org.opencontainers.image.version=${version}`,
      'LABEL org.opencontainers.image.licenses=Apache-2.0',
    ],
  });
  console.log(image);
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = (error as { exitCode?: number }).exitCode ?? 3;
} finally {
  rmSync(root, { recursive: true, force: true });
}

function copyInto(path: string, from: string): void {
  cpSync(from, join(root, path), {
    recursive: true,
    // A package's own packages are listed by themselves, and runs are nobody else's business.
    filter: (one) =>
      one === from || !(/\.test\.ts$/.test(one) || one === join(project, 'reports/out') || isNested(one, from)),
  });
}

function isNested(one: string, from: string): boolean {
  return relative(from, one).split('/').includes('node_modules');
}

/** The folders of the packages that are needed at run time. Node is there already. */
async function packages(): Promise<string[]> {
  const { stdout } = await run('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: project, maxBuffer: 1e7 });
  const all = stdout.split('\n').filter((path) => path.startsWith(join(project, 'node_modules')));
  return all.filter((path) => existsSync(path) && !/\/node-linux-\w+$/.test(path));
}
