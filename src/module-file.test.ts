import t from 'tap';
import { modulePath, modulesAmong, moduleUrl } from './module-file.ts';

await t.test('a module that is started has the ending that modules have here', async (t) => {
  t.equal(moduleUrl('./verdict.ts', 'file:///a/src/x.ts').href, 'file:///a/src/verdict.ts');
  t.equal(modulePath('../cli/assay.ts', 'file:///a/src/x.ts'), '/a/cli/assay.ts');
});

await t.test('the modules of a folder are told without tests, and without what is no module', async (t) => {
  const files = ['tap.ts', 'page', 'page.css', 'html.test.ts', 'html.ts', 'html.js.map', 'html.ts.draft'];
  t.strictSame(modulesAmong(files), ['html', 'tap']);
});
