import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';

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

await test('reads an EC authority that OpenSSL made', () => {
  const { der, extensions, publicKeySpki, subjectHex, issuerHex, ...fields } = readCertificate(authorityDer);
  const subject = 'C=DE, O=Gr\u00f6\u00dfe\\, S\u00f6hne \\+ Co, OU=a\\=b, CN=first';
  assert.deepEqual(fields, {
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
    isCa: true,
    pathLength: 3,
    keyUsage: ['keyCertSign', 'cRLSign'],
    extendedKeyUsage: undefined,
    subjectKeyId: 'ca288ada58ee7462eee8f919858d837eaf51f4e2',
    authorityKeyId: undefined,
  });
  assert.equal(der, authorityDer);
  assert.equal(subjectHex, issuerHex);
  assert.deepEqual(
    extensions.map(({ oid, critical }) => `${oid} ${critical}`),
    ['2.5.29.19 true', '2.5.29.15 true', '2.5.29.14 false', '2.5.29.35 false', '2.5.29.17 false', '2.5.29.30 false'],
  );
  assert.deepEqual(
    Buffer.from(publicKeySpki),
    new X509Certificate(authorityPem).publicKey.export({ type: 'spki', format: 'der' }),
  );
});

await test('reads an RSA leaf that OpenSSL made', () => {
  const leaf = readCertificate(leafDer);
  assert.deepEqual(leaf.uriSans, ['spiffe://example.test/web', 'https://x.test/%7E?q']);
  assert.deepEqual(leaf.dnsSans, ['web.example.test']);
  assert.deepEqual(leaf.keyUsage, ['digitalSignature', 'decipherOnly']);
  assert.deepEqual(leaf.extendedKeyUsage, ['serverAuth', 'clientAuth', '1.2.3.4']);
  assert.deepEqual([leaf.serial, leaf.isCa, leaf.pathLength], ['7f', false, undefined]);
  assert.deepEqual(
    Buffer.from(leaf.publicKeySpki),
    new X509Certificate(leafPem).publicKey.export({ type: 'spki', format: 'der' }),
  );
  assert.equal(signedBy(leaf, readCertificate(authorityDer)), true);
  assert.equal(signedBy(readCertificate(authorityDer), leaf), false);
});

await test('an authority goes by its own key identifier, a leaf by that of its issuer', () => {
  assert.equal(authorityId(readCertificate(authorityDer)), 'ca288ada58ee7462eee8f919858d837eaf51f4e2');
  assert.equal(authorityId(readCertificate(leafDer)), 'ca288ada58ee7462eee8f919858d837eaf51f4e2');
});

await test('takes concatenated certificates apart', () => {
  assert.deepEqual(
    splitDer(Buffer.concat([leafDer, authorityDer])).map((der) => readCertificate(der).serial),
    ['7f', 'ff01'],
  );
  assert.deepEqual(splitDer(new Uint8Array()), []);
  assert.throws(() => splitDer(Buffer.concat([leafDer, authorityDer.subarray(0, -1)])), {
    name: 'CertificateError',
    message: /^certificate 2 is no DER: /,
  });
  assert.throws(() => splitDer(Buffer.concat([leafDer, Buffer.from([0])])), CertificateError);
});

await test('what is no certificate is refused with a CertificateError, whatever was done to it', () => {
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('-----BEGIN'),
    Buffer.from('3080', 'hex'),
    Buffer.concat([leafDer, Buffer.from([0])]),
  ]) {
    assert.throws(() => readCertificate(bytes), CertificateError);
  }
  for (let length = 0; length < leafDer.length; length += 1)
    assert.throws(() => readCertificate(leafDer.subarray(0, length)), CertificateError);
  for (let at = 0; at < leafDer.length; at += 1) {
    for (const flip of [0xff, 0x01, 0x80]) {
      const changed = Uint8Array.from(leafDer);
      changed[at] = (changed[at] as number) ^ flip;
      try {
        readCertificate(changed);
      } catch (error) {
        assert.ok(error instanceof CertificateError, `byte ${at}: ${String(error)}`);
      }
    }
  }
});

await test('an extension with a broken inside is named and harms nothing else', async () => {
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
  assert.deepEqual(
    certificate.unreadable,
    names.slice(0, -1).map(([oid]) => oid),
  );
  assert.deepEqual(certificate.uriSans, ['spiffe://example.test/web']);
  assert.deepEqual(certificate.keyUsage, ['digitalSignature']);
});
