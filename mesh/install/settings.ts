import { normalize } from 'node:path';
import * as v from 'valibot';

/** An absolute path on a node. One that led out of the tree of an image would be somebody else's here. */
export const nodePath = v.pipe(
  v.string(),
  v.check((text) => text.startsWith('/') && normalize(text) === text, 'wanted is an absolute path without . and ..'),
);

/** How an agent is installed on a node. */
export const installSettings = v.strictObject({
  nodeId: v.string(),
  trustDomain: v.string(),
  server: v.strictObject({ host: v.string(), port: v.number() }),
  /** Of the file of authorities by which the server is known. */
  bundleSha256: v.string(),
  /** By name: whom the agent runs as. */
  user: v.string(),
  /** Directory above lib/assay, where the programs are. */
  prefix: nodePath,
  metricsPort: v.number(),
  healthPort: v.number(),
});

export type InstallSettings = Readonly<v.InferOutput<typeof installSettings>>;
