import { findSpiffeId } from '../../src/svid/spiffe-id.ts';
import { verifyX509Svid } from '../../src/svid/x509/verify.ts';
import { found, ruledOut, unseen, type Cause, type Finding } from './cause.ts';
import type { FilesSeen, Scene } from './scene.ts';

// The third tree of the workload identity document: SPIFFE helper issues.

const tree = 'helper';
const directoryNeeded = unseen('name the directory of the files: --helper-dir');
const branches = {
  config: 'Check the configuration of the helper',
  mounts: 'Verify the volume mounts',
  context: 'Check the security context',
  service: 'Verify that the service takes up the files',
} as const;

/** Why the files of a helper are of no use to a service. */
export const helperCauses: readonly Cause[] = [
  {
    ...{ id: 'helper-config-wrong', tree, branch: branches.config },
    title: 'The configuration of the helper says what it does not know',
    symptom: 'the helper ends at its start, and its log names a key; or it does another thing than was written',
    remedy: '`assay mesh helper check` says what each key means, and what is made of it',
    look({ files }) {
      if (files?.config === undefined) return unseen('name the configuration: --helper-config');
      return files.config.length === 0 ? ruledOut('its keys are known') : found(files.config.join('; '));
    },
  },
  {
    ...{ id: 'files-no-directory', tree, branch: branches.mounts },
    title: 'The directory of the files is not there',
    symptom: 'the service finds no certificate, or the helper cannot write one: each has a volume of its own',
    remedy: 'mount the same volume into helper and service, at the paths that both are told',
    look({ files }) {
      if (files === undefined) return directoryNeeded;
      return files.unusable === undefined ? ruledOut('it is there') : found(files.unusable);
    },
  },
  {
    ...{ id: 'files-missing', tree, branch: branches.mounts },
    title: 'Files are missing in it',
    symptom: 'the service says `no such file`; the helper waits for its first SVID',
    remedy: 'see whether the helper runs, and whether it is handed an identity: `assay mesh explain rotation`',
    look: ofFiles(({ wrong }) => {
      const missing = wrong.filter(({ kind }) => kind === 'missing');
      return missing.length === 0 ? ruledOut('all three are there') : found(missing.map(({ says }) => says).join('; '));
    }),
  },
  {
    ...{ id: 'files-no-space', tree, branch: branches.mounts },
    title: 'Nothing can be written to the directory any more',
    symptom: 'files stay as they are while the agent renews, or are cut off in the middle',
    remedy: 'make room, or make the volume larger; what is whole stays valid until its end',
    look: ofFiles(({ full }) => (full === undefined ? ruledOut('there is room') : found(full))),
  },
  {
    ...{ id: 'files-on-disk', tree, branch: branches.mounts },
    title: 'Keys lie on a disk, and not in memory',
    symptom: 'none, until a disk or a backup is read by somebody else',
    remedy: 'use a volume in memory: `emptyDir: { medium: Memory }`, or a tmpfs',
    look: ofFiles(({ inMemory }) =>
      inMemory ? ruledOut('it is a file system in memory') : found('the file system is not one in memory'),
    ),
  },
  {
    ...{ id: 'files-unreadable', tree, branch: branches.context },
    title: 'This user may not read the files',
    symptom: '`permission denied` at the service, which runs as another user than the helper',
    remedy: 'run both as one user, or give them a group in common (`fsGroup`), and the files its mode',
    look: ofFiles(({ wrong }) => {
      const closed = wrong.filter(({ kind }) => kind === 'unreadable');
      return closed.length === 0 ? ruledOut('they can be read') : found(closed.map(({ says }) => says).join('; '));
    }),
  },
  {
    ...{ id: 'files-key-open', tree, branch: branches.context },
    title: 'Others than their owner may read the key',
    symptom: 'none; whoever reads it is that service until the SVID ends',
    remedy: 'mode 0600, or 0640 where a group is shared on purpose',
    look: ofFiles(({ keyOpenTo }) =>
      keyOpenTo === undefined ? ruledOut('its owner alone, or its group') : found(`its mode is ${keyOpenTo}`),
    ),
  },
  {
    ...{ id: 'files-malformed', tree, branch: branches.mounts },
    title: 'A file holds nothing that belongs there',
    symptom: 'the service says that PEM is wrong, mostly after a disk was full',
    remedy: 'make room, and start the helper again: it writes all of them anew',
    look: ofFiles(({ wrong }) => {
      const broken = wrong.filter(({ kind }) => kind === 'malformed');
      return broken.length === 0
        ? ruledOut('they hold what they should')
        : found(broken.map(({ says }) => says).join('; '));
    }),
  },
  {
    ...{ id: 'files-do-not-fit', tree, branch: branches.service },
    title: 'Key and certificate are of two different SVIDs',
    symptom: '`key values mismatch` at the service that was started in between',
    remedy: 'read them again, both; a helper that replaces them one by one leaves a moment in which they do not fit',
    look: ofFiles(({ fits }) => {
      if (fits === undefined) return unseen('takes both of them');
      return fits ? ruledOut('they fit') : found('the key is not that of the certificate beside it');
    }),
  },
  {
    ...{ id: 'files-ended', tree, branch: branches.config },
    title: 'What the files hold is valid no more',
    symptom: 'every peer turns the service away, while its agent hands out good SVIDs',
    remedy: 'see whether the helper runs and what it logs; then `assay mesh explain rotation`',
    look(scene) {
      const { files, now } = scene;
      if (files === undefined) return directoryNeeded;
      const [leaf] = files.chain;
      if (leaf === undefined || files.authorities.length === 0) return unseen('takes a certificate and a bundle');
      const judged = verifyX509Svid(
        files.chain,
        new Map([[findSpiffeId(leaf.uriSans[0] ?? '')?.trustDomain ?? '', files.authorities]]),
        now,
      );
      return judged.ok
        ? ruledOut(`the SVID ends at ${leaf.notAfter.toISOString()}`)
        : found(`${judged.reason}: ${judged.detail}`);
    },
  },
  {
    ...{ id: 'files-not-taken-up', tree, branch: branches.service },
    title: 'The service goes on with files that were replaced',
    symptom: 'the files are new, the service shows an older serial number; it never read them again',
    remedy: "give the helper the service's signal for it (`renew_signal`), or have the service look by itself",
    look(scene) {
      const { files, peer } = scene;
      if (files === undefined) return directoryNeeded;
      const tls = peer?.tls;
      if (tls?.state !== 'shown') return unseen('name the address of the service: --peer');
      const [own, shown] = [files.chain[0], tls.chain[0]];
      if (own === undefined || shown === undefined || own.uriSans[0] !== shown.uriSans[0])
        return unseen('what it shows is not of the ID that the files have');
      return own.serial !== shown.serial && own.notAfter > shown.notAfter
        ? found(`it shows SVID ${shown.serial}, and the files hold ${own.serial}`)
        : ruledOut(`it shows SVID ${shown.serial}, as the files hold it`);
    },
  },
];

function ofFiles(judge: (files: FilesSeen) => Finding): (scene: Scene) => Finding {
  return ({ files }) => {
    if (files === undefined) return directoryNeeded;
    // In a directory that is not there all would be missing.
    return files.unusable === undefined ? judge(files) : unseen(files.unusable);
  };
}
