import { connect, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { forgeAuthority } from '../../src/svid/x509/forge.ts';

const tls12 = 0x0303;

/** A front that passes everything on to `upstream`, but itself answers whoever offers nothing newer than TLS 1.1: a load balancer of old. */
export async function frontWithOldTls(host: string, port: number, upstream: number): Promise<void> {
  const authority = await forgeAuthority({ trustDomain: 'front.mesh' });
  const own = await authority.issue({
    spiffeId: 'spiffe://front.mesh/front',
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
  });
  const old = createTlsServer(
    {
      cert: own.certificatePem,
      key: own.privateKeyPem,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL:@SECLEVEL=0',
    },
    (socket) => {
      socket.resume().on('error', () => {});
    },
  );
  old.on('tlsClientError', () => {});
  const front = createServer((socket: Socket) => {
    socket.on('error', () => {});
    socket.once('readable', () => {
      const first = socket.read() as Buffer | null;
      if (first === null) return;
      socket.unshift(first);
      // legacy_version of the ClientHello, behind the headers of record and handshake message
      if (first.length > 10 && first.readUInt16BE(9) < tls12) {
        old.emit('connection', socket);
        return;
      }
      const onward = connect({ host, port: upstream });
      onward.on('error', () => socket.destroy());
      socket.pipe(onward).pipe(socket);
      socket.once('close', () => onward.destroy());
    });
  });
  await new Promise<void>((resolve, reject) => {
    front.once('error', reject).listen(port, host, resolve);
  });
}
