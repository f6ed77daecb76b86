import { rmSync } from 'node:fs';
import * as v from 'valibot';
import { messageOf, UsageError } from '../../src/errors.ts';
import { version } from '../../src/version.ts';
import { draftOf, replaceFile } from '../replace-file.ts';
import { manifestPath } from './places.ts';
import { installSettings, nodePath } from './settings.ts';
import { contentOf, inTree, type Tree } from './tree.ts';

const manifest = v.strictObject({
  schema: v.literal(1),
  /** Of Assay. */
  version: v.string(),
  settings: installSettings,
  /** Whether the user was not there before. */
  userMade: v.boolean(),
  /** Those that were not there before, the outermost first. */
  directories: v.array(nodePath),
  /** By path; every content that it was ever meant to have and may have still, by SHA-256. More than one: something was interrupted. */
  files: v.record(nodePath, v.array(v.string())),
});

/**
 * The record of what an installation made, written before any of it is made and once more when all is: so what a run left that was ended half-way is
 * known to be ours.
 */
export type Manifest = Readonly<v.InferOutput<typeof manifest>>;

/** The record that lies there. @throws UsageError for one that is none */
export function readManifest(tree: Tree): Manifest | undefined {
  const content = contentOf(tree, manifestPath);
  if (content === undefined) return undefined;
  try {
    return v.parse(manifest, JSON.parse(content.toString()));
  } catch (error) {
    throw new UsageError(
      `${inTree(tree, manifestPath)}: is no record of an installation that this Assay (${version}) knows: ${messageOf(error)}`,
    );
  }
}

/** Writes it, in one step, unless it is there already as it is. */
export function writeManifest(tree: Tree, wanted: Omit<Manifest, 'schema' | 'version'>): void {
  const at = inTree(tree, manifestPath);
  const text = `${JSON.stringify({ schema: 1, version, ...wanted }, null, 2)}\n`;
  if (contentOf(tree, manifestPath)?.toString() === text) rmSync(draftOf(at), { force: true });
  else replaceFile(at, text, 0o644);
}

/** Removes it, and what a run left of it that was ended half-way. */
export function removeManifest(tree: Tree): void {
  const at = inTree(tree, manifestPath);
  for (const path of [draftOf(at), at]) rmSync(path, { force: true });
}
