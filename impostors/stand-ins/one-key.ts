import { createPrivateKey } from 'node:crypto';
import { createCsr } from '../../src/svid/x509/forge.ts';
import { connectServerApi } from '../../spiffe/server-api.ts';
import type { Between } from './workload-api.ts';

const ttlSeconds = 6;

/** Has the server sign the same request again at every renewal: a new certificate, and the key of the first one. */
export function withOneKey(adminSocket: string): Between {
  const api = connectServerApi(adminSocket);
  const requests = new Map<string, ReturnType<typeof createCsr>>();
  return {
    change: (context, deliver) =>
      void (async () => {
        const svids = await Promise.all(
          context.svids.map(async (svid) => {
            const request = requests.get(svid.spiffeId) ?? createCsr(svid.spiffeId);
            requests.set(svid.spiffeId, request);
            const { csrDer, privateKeyPem } = await request;
            const { chain } = await api.mintX509Svid({ csrDer, ttlSeconds });
            return {
              ...svid,
              chain,
              privateKeyPkcs8: createPrivateKey(privateKeyPem).export({ format: 'der', type: 'pkcs8' }),
            };
          }),
        );
        deliver({ ...context, svids });
      })(),
  };
}
