import { nameTags, type NameConstraints } from './extensions.ts';
import type { Certificate } from './read.ts';

/**
 * Why these constraints of an issuer forbid a certificate below it; undefined where they do not.
 *
 * URIs are held to by their host, DNS names by their labels. A constraint on names of another kind forbids whoever has such a name: what
 * cannot be told here to be inside may be outside.
 *
 * Source: RFC 5280 §4.2.1.10 and §6.1.3 (b), (c); X509-SVID §4.2.
 */
export function forbiddenName(certificate: Certificate, constraints: NameConstraints): string | undefined {
  for (const uri of certificate.uriSans) {
    const host = hostOf(uri);
    if (outside(constraints, nameTags.uri, (base) => host !== undefined && isHostIn(host, base)))
      return `URI ${uri.slice(0, 120)}`;
    if (host === undefined && concerns(constraints, nameTags.uri)) return `URI ${uri.slice(0, 120)}, which has no host`;
  }
  for (const name of certificate.dnsSans)
    if (outside(constraints, nameTags.dns, (base) => isDnsNameIn(name, base))) return `DNS name ${name.slice(0, 120)}`;
  const other = otherNames(certificate).find((tag) => concerns(constraints, tag));
  return other === undefined ? undefined : `a name of kind 0x${other.toString(16)}, which is not understood here`;
}

function outside({ permitted, excluded }: NameConstraints, kind: number, isIn: (base: string) => boolean): boolean {
  const room = permitted.filter(({ tag }) => tag === kind);
  if (excluded.some(({ tag, base }) => tag === kind && isIn(base))) return true;
  return room.length > 0 && !room.some(({ base }) => isIn(base));
}

function concerns({ permitted, excluded }: NameConstraints, kind: number): boolean {
  return [...permitted, ...excluded].some(({ tag }) => tag === kind);
}

function otherNames({ otherSans, subjectHex }: Certificate): readonly number[] {
  return subjectHex === '' ? otherSans : [...otherSans, nameTags.directory];
}

function hostOf(uri: string): string | undefined {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/(?<authority>[^/?#]*)/i.exec(uri)?.groups?.authority;
  const host = authority?.replace(/^.*@/, '').replace(/:\d*$/, '').toLowerCase();
  return host === '' ? undefined : host;
}

/** With a period before it, a constraint is a domain and means the hosts in it; otherwise it is one host. */
function isHostIn(host: string, base: string): boolean {
  const wanted = base.toLowerCase();
  return wanted === '' || (wanted.startsWith('.') ? host.endsWith(wanted) : host === wanted);
}

function isDnsNameIn(name: string, base: string): boolean {
  const [own, wanted] = [name.toLowerCase(), base.toLowerCase().replace(/^\./, '')];
  return wanted === '' || own === wanted || own.endsWith(`.${wanted}`);
}
