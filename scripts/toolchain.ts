// Prints where a program of the toolchain is, building it when it is not there yet: npm run -s toolchain assay-go-node
import { describeProgress } from '../fixtures/toolchain/describe-progress.ts';
import { messageOf } from '../src/errors.ts';
import { locateTools } from '../fixtures/toolchain/toolchain.ts';
import { toolNames } from '../fixtures/toolchain/programs.ts';

const name = toolNames.find((known) => known === process.argv[2]);
if (name === undefined) {
  console.error(`usage: npm run -s toolchain ${toolNames.join(' | ')}`);
  process.exit(2);
}
try {
  const { [name]: tool } = await locateTools([name], {
    onProgress: (progress) => console.error(describeProgress(progress)),
  });
  console.log(tool.path);
} catch (error) {
  console.error(messageOf(error));
  process.exit((error as { exitCode?: number }).exitCode ?? 3);
}
