import { childrenOf, latin1Of, onlyElement, tags } from '../src/svid/x509/der.ts';
import { extensionOids } from '../src/svid/x509/extensions.ts';
import type { Certificate } from '../src/svid/x509/read.ts';

const types = { email: 0x81, dns: 0x82, uri: 0x86 } as const;

/**
 * The subject alternative names of these types, in encoded order: of all SAN extensions, or of the one at `which`, counted from the end when it
 * is negative.
 */
export function subjectAltNamesIn(
  { extensions }: Certificate,
  wanted: readonly (keyof typeof types)[],
  which?: number,
): string[] {
  const all = extensions.filter(({ oid }) => oid === extensionOids.subjectAltName);
  const some = which === undefined ? all : [all.at(which)].filter((one) => one !== undefined);
  return some.flatMap(({ value }) =>
    childrenOf(value, onlyElement(value, tags.sequence, 'alternative names'))
      .filter(({ tag }) => wanted.some((type) => types[type] === tag))
      .map((name) => latin1Of(value, name)),
  );
}
