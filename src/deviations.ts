import type { ClauseId } from './clauses/catalogue.ts';

/** A clause that is known not to hold, for the versions in which that was seen. It is judged all the same, and fails as a `deviation`. */
export interface Deviation {
  readonly clause: ClauseId;
  /** Versions of SPIRE that it was seen in, and no others: a newer one has to show itself. */
  readonly spire: RegExp;
  readonly why: string;
  readonly upstream: string;
}

export const deviations: readonly Deviation[] = [
  {
    clause: 'mesh/planes/require-pq-kem',
    spire: /^1\.15\.3$/,
    why: 'the server accepts the setting and logs that all TLS connections will need a post-quantum key exchange, but does not hand it to the listeners of its TCP API and bundle endpoint',
    upstream: 'https://github.com/spiffe/spire/pull/7167',
  },
];

export function deviationOf(clause: string, spireVersion: string | undefined): Deviation | undefined {
  return deviations.find((deviation) => deviation.clause === clause && deviation.spire.test(spireVersion ?? ''));
}
