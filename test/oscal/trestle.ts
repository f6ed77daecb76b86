import { pythonWith, type Python } from '../python.ts';

/** compliance-trestle, which reads and checks OSCAL and is nobody's of ours: runs it in a folder, and gives what it says. */
export async function findTrestle(): Promise<Python | { readonly lacks: string }> {
  const python = await pythonWith(['compliance-trestle==5.2.0']);
  return 'lacks' in python ? python : (cwd, ...args) => python(cwd, '-m', 'trestle', ...args);
}
