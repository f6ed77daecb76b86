import { connect, type TLSSocket } from 'node:tls';
import t from 'tap';
import { forgeAuthority } from '../../src/svid/x509/forge.ts';
import { SpiffeController } from '../controller.ts';
import { reference } from './behaviour.ts';
import { cipherSuites, withCipherSuites } from './cipher-suites.ts';
import type { SvidSource } from './identity.ts';

const trustDomain = 'example.test';
const authority = await forgeAuthority({ trustDomain });
const id = (name: string) => `spiffe://${trustDomain}/${name}`;
const issue = (name: string) =>
  authority.issue({
    spiffeId: id(name),
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 60_000),
  });

const sourceOf = async (name: string): Promise<SvidSource> => {
  const { chain, privateKeyDer: privateKeyPkcs8 } = await issue(name);
  return ({ onUpdate }) => {
    const bundles = new Map([[trustDomain, [authority.certificate.der]]]);
    setImmediate(() => onUpdate({ svids: [{ spiffeId: id(name), chain, privateKeyPkcs8, hint: '' }], bundles }));
    return { [Symbol.dispose]: () => undefined };
  };
};

await t.test('a suite that is weak, older, unknown or none is refused, with those that are admitted', async (t) => {
  for (const names of [
    [],
    ['TLS_AES_128_CCM_8_SHA256'],
    ['ECDHE-RSA-AES128-GCM-SHA256'],
    ['NULL'],
    ['tls_aes_256_gcm_sha384'],
    [''],
  ])
    t.throws(() => withCipherSuites(reference, names), {
      name: 'TypeError',
      message: new RegExp(`wanted are some of ${cipherSuites.join(', ')}`),
    });
});

await t.test('a listener and a caller speak the suites that were chosen, and no other', async (t) => {
  const only = 'TLS_CHACHA20_POLY1305_SHA256';
  const behaviour = withCipherSuites(reference, [only]);
  await using server = new SpiffeController({ source: await sourceOf('api'), behaviour });
  await server.initialize();
  const listener = await server.listen({ address: '127.0.0.1:0', allow: [id('web')] }, (connection) =>
    connection.end(),
  );
  const port = Number(listener.address.split(':')[1]);
  const { certificatePem: cert, privateKeyPem: key } = await issue('web');
  const offering = (ciphers: string) =>
    new Promise<string>((resolve) => {
      const socket: TLSSocket = connect({ port, host: '127.0.0.1', cert, key, ciphers, rejectUnauthorized: false })
        .once('secureConnect', () => {
          resolve(socket.getCipher().standardName);
          socket.destroy();
        })
        .once('error', ({ message }) => resolve(message));
    });
  t.equal(await offering(cipherSuites.join(':')), only);
  t.match(await offering('TLS_AES_256_GCM_SHA384'), /handshake failure/);
  await using caller = new SpiffeController({
    source: await sourceOf('web'),
    behaviour: withCipherSuites(reference, ['TLS_AES_128_GCM_SHA256']),
  });
  await caller.initialize();
  await t.rejects(caller.establishMtlsConnection({ peerSpiffeId: id('api'), address: listener.address }), {
    name: 'RefusedError',
  });
});
