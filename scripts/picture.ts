// Makes docs/report.png and docs/gate.txt from one run of the gate, or the picture alone from the report of a run that is there:
// npm run docs:picture -- [DIR]
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { findChromium, noChromium, quietFlags } from '../fixtures/chromium/find.ts';
import { picturePath, root, transcriptPath } from './docs/places.ts';

const run = promisify(execFile);
const mostBytes = 400_000;
const size = '1280,1600';
// Below this a headless browser paints in part only: nothing is shown there.
const shownPx = 1520;

const scratch = mkdtempSync(join(tmpdir(), 'assay-picture-'));
try {
  const given = process.argv[2];
  const directory = given === undefined ? await gate() : resolve(given);
  await takePicture(join(directory, 'report.html'), join(root, picturePath));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Runs the gate and keeps what it says, in the order in which a terminal would have shown it. */
async function gate(): Promise<string> {
  const out = join(scratch, 'reports');
  const { stdout, stderr } = await run(
    process.execPath,
    [join(root, 'cli/bin.js'), 'gate', '--no-color', '--out', out],
    { cwd: root },
  );
  // A reader's run has a directory of its own name.
  const said = `${stderr.trimEnd()}\n\n${stdout.trimEnd()}\n`
    .replaceAll(' --no-color', '')
    .replaceAll(out, 'reports/out/<run id>');
  writeFileSync(
    join(root, transcriptPath),
    said
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n'),
  );
  console.log(transcriptPath);
  return out;
}

async function takePicture(page: string, picture: string): Promise<void> {
  if (!existsSync(page)) throw new Error(`${page} is not there; name the directory of a finished run`);
  const browser = findChromium(process.env);
  if (browser === undefined) throw new Error(noChromium);
  const cut = join(scratch, 'page.html');
  const style = `<style>html { height: ${shownPx}px; overflow: hidden }</style></head>`;
  writeFileSync(cut, readFileSync(page, 'utf8').replace('</head>', style));
  await run(
    browser,
    [
      ...quietFlags(join(scratch, 'browser')),
      '--hide-scrollbars',
      '--virtual-time-budget=3000',
      `--window-size=${size}`,
      `--screenshot=${picture}`,
      pathToFileURL(cut).href,
    ],
    { timeout: 60_000 },
  );
  const bytes = statSync(picture).size;
  if (bytes > mostBytes || readFileSync(picture).subarray(1, 4).toString() !== 'PNG')
    throw new Error(`${picturePath} is ${bytes} bytes, wanted a PNG of at most ${mostBytes}`);
  console.log(`${picturePath}, ${Math.round(bytes / 1000)} kB`);
}
