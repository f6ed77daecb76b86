import { X509Certificate } from 'node:crypto';
import t from 'tap';

import { authorityId, CertificateError, readCertificate, splitDer } from './read.ts';
import { signedBy } from './signature.ts';
import { forgeAuthority } from './forge.ts';

// Both were made by OpenSSL 3.0: an EC authority with name constraints, and an RSA leaf that it signed.
const authorityPem = `-----BEGIN CERTIFICATE-----
MIICbTCCAhOgAwIBAgIDAP8BMAoGCCqGSM49BAMCMEoxCzAJBgNVBAYTAkRFMR0w
GwYDVQQKDBRHcsO2w59lLCBTw7ZobmUgKyBDbzEMMAoGA1UECwwDYT1iMQ4wDAYD
VQQDDAVmaXJzdDAgFw0yNjExMjIwNjI1MTlaGA8yMTI2MTAyOTA2MjUxOVowSjEL
MAkGA1UEBhMCREUxHTAbBgNVBAoMFEdyw7bDn2UsIFPDtmhuZSArIENvMQwwCgYD
VQQLDANhPWIxDjAMBgNVBAMMBWZpcnN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
QgAEXziLaZGVUyHBO/hb/r9sgKQthMNumnku423fNIxCWP4ByVVyqX7niJYETc1g
xjFU7A1ilURFTzYMfeUIcwG+SqOB5TCB4jASBgNVHRMBAf8ECDAGAQH/AgEDMA4G
A1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUyiiK2ljudGLu6PkZhY2Dfq9R9OIwXgYD
VR0jBFcwVaFOpEwwSjELMAkGA1UEBhMCREUxHTAbBgNVBAoMFEdyw7bDn2UsIFPD
tmhuZSArIENvMQwwCgYDVQQLDANhPWIxDjAMBgNVBAMMBWZpcnN0ggMA/wEwIAYD
VR0RBBkwF4YVc3BpZmZlOi8vZXhhbXBsZS50ZXN0MBsGA1UdHgQUMBKgEDAOhgxl
eGFtcGxlLnRlc3QwCgYIKoZIzj0EAwIDSAAwRQIhAPvneR5geRJUuvWJ60ZzI2A1
sLpwPUA8ES1NzOrkr6poAiBIgwjpo10Lx681iSnlsa+ClCw1MaViu36xA5evBEe+
+A==
-----END CERTIFICATE-----`;
const leafPem = `-----BEGIN CERTIFICATE-----
MIIDSTCCAvCgAwIBAgIBfzAKBggqhkjOPQQDAjBKMQswCQYDVQQGEwJERTEdMBsG
A1UECgwUR3LDtsOfZSwgU8O2aG5lICsgQ28xDDAKBgNVBAsMA2E9YjEOMAwGA1UE
AwwFZmlyc3QwHhcNMjYxMTIyMDYyNTIwWhcNMjcxMTIyMDYyNTIwWjBKMQswCQYD
VQQGEwJERTEdMBsGA1UECgwUR3LDtsOfZSwgU8O2aG5lICsgQ28xDDAKBgNVBAsM
A2E9YjEOMAwGA1UEAwwFZmlyc3QwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEK
AoIBAQCHZoID3FURs0WAolx0Q3NOrhECPKdpi6yvtMF6jVcevrstGQYZirIJcE+n
SU0EPYs2VcCBm58yHdWq4esAvoVLQlANXtVOAiugnVVsBot9sS7X3/gclSbjUedA
EKCHgS0z8zVelliLiGgwTpVlc4ByHj9GCJLTnfZpco0mgPafV417WlobR4IHyVdB
AEolVMSlRnz99zwqN1OfhHGYiAit64lHEttdVmikpNWZ/8kvawPlG9TDxcZ7xZwo
r3L+d/d0jzHK5+zBuomgw5hWrC53ChRkVTqjuFpJpQ6PiuCrHt3SxJuVqT58L5aW
VlxSpAasrNx8iLFrM/kfZT0CWgWnAgMBAAGjgfswgfgwCQYDVR0TBAIwADAPBgNV
HQ8BAf8EBQMDB4CAMCIGA1UdJQQbMBkGCCsGAQUFBwMBBggrBgEFBQcDAgYDKgME
MB0GA1UdDgQWBBRj8tH9hL2q54pIQ/BjeQK1CKN/ijAfBgNVHSMEGDAWgBTKKIra
WO50Yu7o+RmFjYN+r1H04jBiBgNVHREEWzBZghB3ZWIuZXhhbXBsZS50ZXN0hwQK
AAABhhlzcGlmZmU6Ly9leGFtcGxlLnRlc3Qvd2VigQ5hQGV4YW1wbGUudGVzdIYU
aHR0cHM6Ly94LnRlc3QvJTdFP3EwEgYJKwYBBAGGjR8HBAUEAwIBADAKBggqhkjO
PQQDAgNHADBEAiBeM7GcU00j3PJ953XGxRqFzmnrlufv3SYwadUsYnMcRAIgaB18
Uc2OXDrZ84MqqQl8Q0isCXadqf9M3eu20g90L24=
-----END CERTIFICATE-----`;

const authorityDer = new X509Certificate(authorityPem).raw;
const leafDer = new X509Certificate(leafPem).raw;

await t.test('reads an EC authority that OpenSSL made', async (t) => {
  const { der, extensions, publicKeySpki, subjectHex, issuerHex, ...fields } = readCertificate(authorityDer);
  const subject = 'C=DE, O=Gr\u00f6\u00dfe\\, S\u00f6hne \\+ Co, OU=a\\=b, CN=first';
  t.strictSame(fields, {
    fingerprint: new X509Certificate(authorityPem).fingerprint256.replaceAll(':', '').toLowerCase(),
    serial: 'ff01',
    subject,
    issuer: subject,
    commonName: 'first',
    notBefore: new Date('2026-11-22T06:25:19Z'),
    notAfter: new Date('2126-10-29T06:25:19Z'),
    selfIssued: true,
    unreadable: [],
    uriSans: ['spiffe://example.test'],
    dnsSans: [],
    otherSans: [],
    isCa: true,
    pathLength: 3,
    nameConstraints: { permitted: [{ tag: 0x86, base: 'example.test' }], excluded: [] },
    keyUsage: ['keyCertSign', 'cRLSign'],
    extendedKeyUsage: undefined,
    subjectKeyId: 'ca288ada58ee7462eee8f919858d837eaf51f4e2',
    authorityKeyId: undefined,
  });
  t.equal(der, authorityDer);
  t.equal(subjectHex, issuerHex);
  t.strictSame(
    extensions.map(({ oid, critical }) => `${oid} ${critical}`),
    ['2.5.29.19 true', '2.5.29.15 true', '2.5.29.14 false', '2.5.29.35 false', '2.5.29.17 false', '2.5.29.30 false'],
  );
  t.strictSame(
    Buffer.from(publicKeySpki),
    new X509Certificate(authorityPem).publicKey.export({ type: 'spki', format: 'der' }),
  );
});

await t.test('reads an RSA leaf that OpenSSL made', async (t) => {
  const leaf = readCertificate(leafDer);
  t.strictSame(leaf.uriSans, ['spiffe://example.test/web', 'https://x.test/%7E?q']);
  t.strictSame(leaf.dnsSans, ['web.example.test']);
  t.strictSame(leaf.keyUsage, ['digitalSignature', 'decipherOnly']);
  t.strictSame(leaf.extendedKeyUsage, ['serverAuth', 'clientAuth', '1.2.3.4']);
  t.strictSame([leaf.serial, leaf.isCa, leaf.pathLength], ['7f', false, undefined]);
  t.strictSame(
    Buffer.from(leaf.publicKeySpki),
    new X509Certificate(leafPem).publicKey.export({ type: 'spki', format: 'der' }),
  );
  t.equal(signedBy(leaf, readCertificate(authorityDer)), true);
  t.equal(signedBy(readCertificate(authorityDer), leaf), false);
});

await t.test('an authority goes by its own key identifier, a leaf by that of its issuer', async (t) => {
  t.equal(authorityId(readCertificate(authorityDer)), 'ca288ada58ee7462eee8f919858d837eaf51f4e2');
  t.equal(authorityId(readCertificate(leafDer)), 'ca288ada58ee7462eee8f919858d837eaf51f4e2');
});

await t.test('takes concatenated certificates apart', async (t) => {
  t.strictSame(
    splitDer(Buffer.concat([leafDer, authorityDer])).map((der) => readCertificate(der).serial),
    ['7f', 'ff01'],
  );
  t.strictSame(splitDer(new Uint8Array()), []);
  t.throws(() => splitDer(Buffer.concat([leafDer, authorityDer.subarray(0, -1)])), {
    name: /^CertificateError$/,
    message: /^certificate 2 is no DER: /,
  });
  t.type(
    t.throws(() => splitDer(Buffer.concat([leafDer, Buffer.from([0])]))),
    CertificateError,
  );
});

await t.test('what is no certificate is refused with a CertificateError, whatever was done to it', async (t) => {
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('-----BEGIN'),
    Buffer.from('3080', 'hex'),
    Buffer.concat([leafDer, Buffer.from([0])]),
  ]) {
    t.type(
      t.throws(() => readCertificate(bytes)),
      CertificateError,
    );
  }
  for (let length = 0; length < leafDer.length; length += 1)
    t.type(
      t.throws(() => readCertificate(leafDer.subarray(0, length))),
      CertificateError,
    );
  for (let at = 0; at < leafDer.length; at += 1) {
    for (const flip of [0xff, 0x01, 0x80]) {
      const changed = Uint8Array.from(leafDer);
      changed[at] = (changed[at] as number) ^ flip;
      try {
        readCertificate(changed);
      } catch (error) {
        t.ok(error instanceof CertificateError, `byte ${at}: ${String(error)}`);
      }
    }
  }
});

await t.test('an extension with a broken inside is named and harms nothing else', async (t) => {
  const authority = await forgeAuthority({ trustDomain: 'example.test' });
  const names: readonly [oid: string, value: string][] = [
    ['2.5.29.17', '3005'],
    ['2.5.29.19', '04'],
    ['2.5.29.15', '0300'],
    ['2.5.29.37', '30030601ff'],
    ['2.5.29.14', ''],
    ['2.5.29.35', '300302'],
    ['1.2.3.4', 'ff'],
  ];
  const { certificate } = await authority.issue({
    spiffeId: 'spiffe://example.test/web',
    notBefore: new Date(0),
    notAfter: new Date(1e12),
    change: { extensions: names.map(([oid, value]) => ({ oid, critical: false, value: Buffer.from(value, 'hex') })) },
  });
  t.strictSame(
    certificate.unreadable,
    names.slice(0, -1).map(([oid]) => oid),
  );
  t.strictSame(certificate.uriSans, ['spiffe://example.test/web']);
  t.strictSame(certificate.keyUsage, ['digitalSignature']);
});
