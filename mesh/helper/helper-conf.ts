import { join } from 'node:path';
import { fileNames } from '../svid-set.ts';
import type { HelperEnvironment } from './environment.ts';

/** Where everything of a helper lies below its directory. */
export function helperPlaces(directory: string) {
  const own = join(directory, '.helper');
  return {
    directory,
    svid: join(directory, fileNames.svid),
    key: join(directory, fileNames.key),
    bundle: join(directory, fileNames.bundle),
    /** A link to the set that holds now, through which those three lead. */
    current: join(directory, 'current'),
    sets: join(directory, 'sets'),
    status: join(directory, 'status.json'),
    own,
    config: join(own, 'helper.conf'),
    /** What spiffe-helper writes to, in place. */
    staging: join(own, 'staging'),
  };
}

export type HelperPlaces = ReturnType<typeof helperPlaces>;

/**
 * A configuration of the real spiffe-helper. It starts and signals nobody, as at that moment the files lie in its staging directory only.
 *
 * Source: spiffe-helper 0.11.0, cmd/spiffe-helper/config.
 */
export function helperConfig({ socketPath }: Pick<HelperEnvironment, 'socketPath'>): string {
  return `# Written by assay mesh helper. Paths are relative to the directory of this file, where spiffe-helper runs.
agent_address = "${socketPath}"
cert_dir = "staging"
svid_file_name = "${fileNames.svid}"
svid_key_file_name = "${fileNames.key}"
svid_bundle_file_name = "${fileNames.bundle}"
daemon_mode = true
`;
}
