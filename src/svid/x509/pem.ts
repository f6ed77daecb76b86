/** The DER of the first block of a PEM text. */
export function pemToDer(pem: string): Buffer {
  const end = pem.indexOf('-----END');
  return Buffer.from(pem.slice(0, end < 0 ? undefined : end).replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
}

/** A PEM text of one block. */
export function pem(label: 'CERTIFICATE' | 'PRIVATE KEY' | 'ENCRYPTED PRIVATE KEY', der: Uint8Array): string {
  const lines =
    Buffer.from(der.buffer, der.byteOffset, der.byteLength)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** The DER of each block of this label in a PEM text, in order. */
export function pemBlocks(text: string, label: 'CERTIFICATE'): Buffer[] {
  const block = new RegExp(`-----BEGIN ${label}-----[^-]*-----END ${label}-----`, 'g');
  return (text.match(block) ?? []).map(pemToDer);
}
