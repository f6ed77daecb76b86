import 'reflect-metadata';

import { createPrivateKey, X509Certificate } from 'node:crypto';
import t from 'tap';

import * as peculiar from '@peculiar/x509';

import { subjectAltName } from './encode.ts';
import { createCsr, forgeAuthority, type Change } from './forge.ts';
import { readCertificate, type Certificate } from './read.ts';

const options = {
  spiffeId: 'spiffe://example.test/web',
  notBefore: new Date('2026-03-01T11:00:00Z'),
  notAfter: new Date('2026-03-01T13:00:00Z'),
} as const;
const authority = await forgeAuthority({ trustDomain: 'example.test' });
const rsaAuthority = await forgeAuthority({
  trustDomain: 'example.test',
  algorithm: 'rsa',
  commonName: 'Gr\u00f6\u00dfe',
});

await t.test('OpenSSL and a second library agree with what was read, for EC and RSA', async (t) => {
  for (const issuer of [authority, rsaAuthority]) {
    const svid = await issuer.issue({ ...options, change: { dnsSans: ['web.example.test'] } });
    for (const certificate of [issuer.certificate, svid.certificate]) {
      const byOpenssl = new X509Certificate(certificate.der);
      t.equal(byOpenssl.verify(new X509Certificate(issuer.certificate.der).publicKey), true);
      t.equal(byOpenssl.checkIssued(new X509Certificate(issuer.certificate.der)), true);
      t.equal(byOpenssl.serialNumber.toLowerCase(), certificate.serial);
      t.equal(byOpenssl.ca, certificate.isCa);
      t.equal(byOpenssl.validFromDate.getTime(), certificate.notBefore.getTime());
      t.equal(byOpenssl.validToDate.getTime(), certificate.notAfter.getTime());
      t.equal(byOpenssl.subject.replaceAll('\n', ', '), certificate.subject);

      const byPeculiar = new peculiar.X509Certificate(certificate.der as Uint8Array<ArrayBuffer>);
      t.equal(byPeculiar.getExtension(peculiar.SubjectKeyIdentifierExtension)?.keyId, certificate.subjectKeyId);
      t.equal(byPeculiar.getExtension(peculiar.AuthorityKeyIdentifierExtension)?.keyId, certificate.authorityKeyId);
      const names = byPeculiar.getExtension(peculiar.SubjectAlternativeNameExtension)?.names.items ?? [];
      t.strictSame(
        names.filter(({ type }) => type === 'url').map(({ value }) => value),
        certificate.uriSans,
      );
      t.strictSame(
        names.filter(({ type }) => type === 'dns').map(({ value }) => value),
        certificate.dnsSans,
      );
      const usages = byPeculiar.getExtension(peculiar.KeyUsagesExtension);
      t.equal(usages?.critical, true);
      t.equal(
        usages?.usages,
        certificate.isCa
          ? peculiar.KeyUsageFlags.keyCertSign | peculiar.KeyUsageFlags.cRLSign
          : peculiar.KeyUsageFlags.digitalSignature,
      );
    }
    t.strictSame(new X509Certificate(svid.certificate.der).keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    t.equal(new X509Certificate(svid.certificatePem).checkPrivateKey(createPrivateKey(svid.privateKeyPem)), true);
    t.strictSame(
      svid.chain.map((der) => Buffer.from(der)),
      [new X509Certificate(svid.certificatePem).raw],
    );
  }
});

await t.test('URI SANs are written and read byte for byte', async (t) => {
  const uris = [
    'spiffe://Example.TEST/Web',
    'spiffe://example.test:443/web',
    'spiffe://me:word@example.test/web',
    'spiffe://example.test/web/',
    'spiffe://example.test/web?x=1#y',
    'spiffe://example.test/a/../b',
    'spiffe://example.test/%41',
    'spiffe://example.test/\xff\x80\0',
    '',
    Buffer.from('spiffe://example.test/\u00e4\u{1f600}').toString('latin1'),
  ];
  const dnsSans = ['\0a', '\xff\xff', '*.example.test'];
  const { certificate } = await authority.issue({ ...options, change: { uriSans: uris, dnsSans } });
  t.strictSame(certificate.uriSans, uris);
  t.strictSame(certificate.dnsSans, dnsSans);
  for (const uri of uris) t.ok(Buffer.from(certificate.der).includes(Buffer.from(uri, 'latin1')));
  await t.rejects(authority.issue({ ...options, change: { uriSans: ['spiffe://example.test/\u0100'] } }), RangeError);
});

/** What of a certificate can differ between two that were made alike: key, serial number, signature. */
function comparable(certificate: Certificate): Record<string, unknown> {
  const {
    der: _der,
    fingerprint: _fingerprint,
    serial: _serial,
    publicKeySpki: _key,
    subjectKeyId: _id,
    extensions,
    ...rest
  } = certificate;
  return { ...rest, extensions: extensions.map(({ oid, critical }) => `${oid} ${critical}`) };
}

const changed: readonly [change: Change, fields: readonly string[]][] = [
  [{}, []],
  [{ uriSans: ['https://a'] }, ['uriSans']],
  [{ uriSans: [] }, ['uriSans', 'extensions']],
  [{ dnsSans: ['a.test'] }, ['dnsSans']],
  [{ commonName: 'web' }, ['subject', 'subjectHex', 'commonName']],
  [{ isCa: true }, ['isCa']],
  [{ keyUsage: ['cRLSign', 'decipherOnly'] }, ['keyUsage']],
  [{ keyUsage: [] }, ['keyUsage', 'extensions']],
  [{ extendedKeyUsage: ['codeSigning', '1.2.3.4'] }, ['extendedKeyUsage']],
  [{ notBefore: new Date('1949-01-01T00:00:00Z') }, ['notBefore']],
  [{ notAfter: new Date('2050-01-01T00:00:00Z') }, ['notAfter']],
  [{ selfSigned: true }, ['issuer', 'issuerHex', 'selfIssued', 'authorityKeyId']],
  [{ rsa: true }, []],
  [{ afterSigning: { uriSans: ['spiffe://example.test/admin'] } }, ['uriSans']],
  [{ afterSigning: { publicKey: true } }, []],
  [{ extensions: [{ oid: '1.2.3.4', critical: true, value: Buffer.from('odd') }] }, ['extensions']],
];

for (const [change, fields] of changed) {
  await t.test(`one change changes one thing: ${JSON.stringify(change)}`, async (t) => {
    const control = comparable((await authority.issue(options)).certificate);
    const svid = await authority.issue({ ...options, change });
    const actual = comparable(svid.certificate);
    const differing = Object.keys(control).filter(
      (name) => JSON.stringify(control[name]) !== JSON.stringify(actual[name]),
    );
    t.strictSame(differing.sort(), [...fields].sort());
    for (const [name, value] of Object.entries(change)) {
      if (name in actual && name !== 'extensions')
        t.strictSame(
          actual[name],
          Array.isArray(value) && value.length === 0 && name !== 'uriSans' ? undefined : value,
          name,
        );
    }
    const signer = change.selfSigned === true ? svid.certificate : authority.certificate;
    t.equal(
      new X509Certificate(svid.certificate.der).verify(new X509Certificate(signer.der).publicKey),
      change.afterSigning === undefined,
    );
    t.equal(new X509Certificate(svid.certificate.der).publicKey.asymmetricKeyType, change.rsa === true ? 'rsa' : 'ec');
    t.equal(new X509Certificate(svid.certificate.der).checkPrivateKey(createPrivateKey(svid.privateKeyPem)), true);
  });
}

await t.test('an authority takes its names, numbers and identifiers as they are given', async (t) => {
  const { certificate } = await forgeAuthority({
    trustDomain: 'example.test',
    subject: 'C=DE, O=a\\, b \\+ c, 1.2.3.4=x, CN=Gr\u00f6\u00dfe',
    serial: '0ff',
    subjectKeyId: 'AABB',
    notBefore: options.notBefore,
    notAfter: options.notAfter,
    pathLength: 1,
  });
  t.equal(certificate.subject, 'C=DE, O=a\\, b \\+ c, 1.2.3.4=x, CN=Gr\u00f6\u00dfe');
  t.strictSame(
    [certificate.serial, certificate.subjectKeyId, certificate.pathLength, certificate.isCa],
    ['ff', 'aabb', 1, true],
  );
  t.strictSame([certificate.notBefore, certificate.notAfter], [options.notBefore, options.notAfter]);
  await t.rejects(forgeAuthority({ trustDomain: 'example.test', subject: 'web' }), RangeError);
  await t.rejects(forgeAuthority({ trustDomain: 'example.test', serial: 'xyz' }), RangeError);
});

await t.test('an intermediate stands behind each leaf it issued', async (t) => {
  const intermediate = await forgeAuthority({ trustDomain: 'example.test', issuer: authority });
  const svid = await intermediate.issue(options);
  t.strictSame(
    svid.chain.map((der) => readCertificate(der).subject),
    ['C=US, O=SPIRE', intermediate.certificate.subject],
  );
  t.equal(svid.certificatePem.match(/-----BEGIN CERTIFICATE-----/g)?.length, 2);
});

await t.test('signing requests are signed by their own key and ask for the ID byte for byte', async (t) => {
  for (const spiffeId of [undefined, 'spiffe://Example.test:80/web?']) {
    const { csrDer, privateKeyPem } = await createCsr(spiffeId);
    const request = new peculiar.Pkcs10CertificateRequest(csrDer as Uint8Array<ArrayBuffer>);
    t.equal(await request.verify(), true);
    const names = Array.from(request.extensions).flatMap((extension) =>
      extension instanceof peculiar.SubjectAlternativeNameExtension ? extension.names.items : [],
    );
    t.strictSame(
      names.map(({ type, value }) => [type, value]),
      spiffeId === undefined ? [] : [['url', spiffeId]],
    );
    t.equal(createPrivateKey(privateKeyPem).asymmetricKeyDetails?.namedCurve, 'prime256v1');
  }
});

await t.test('names of other types and second SAN extensions are written as they were asked for', async (t) => {
  const email = await authority.issue({ ...options, change: { uriSans: [], emailSans: ['web@example.test'] } });
  t.equal(new X509Certificate(email.certificate.der).subjectAltName, 'email:web@example.test');
  t.strictSame(email.certificate.uriSans, []);
  const second = subjectAltName({ uriSans: ['spiffe://example.test/second'] });
  const twice = await authority.issue({ ...options, change: { extensions: second } });
  t.strictSame(twice.certificate.uriSans, ['spiffe://example.test/web', 'spiffe://example.test/second']);
});
