import t from 'tap';
import type { ServiceState } from '../service-state.ts';
import { chainView } from './chain-view.ts';

const id = (name: string) => `spiffe://example.test/${name}`;
const now = new Date('2030-01-01T00:00:10Z');
const svid = { serial: 'ffaabbccddee', notBefore: '2030-01-01T00:00:00Z', notAfter: '2030-01-01T00:00:20Z' };
const seen = (name: string, serial: string) => ({
  ...{ spiffeId: id(name), serial, suite: 'TLS_AES_256_GCM_SHA384', at: '2030-01-01T00:00:07Z', handshakes: 2 },
});

const backend: ServiceState = {
  ...{ service: 'backend', spiffeId: id('backend'), svid, rotations: 1, refused: 4, called: [] },
  callers: [seen('stranger', '99'), seen('frontend', '1111111100')],
};
const frontend: ServiceState = {
  ...{ service: 'frontend', spiffeId: id('frontend'), svid, rotations: 7, refused: 0, callers: [] },
  called: [seen('backend', '2222222200')],
  next: backend,
};

await t.test('services in the order in which they call, and what each showed the next', async (t) => {
  const { services, links } = chainView(frontend, now);
  t.match(services, [
    { service: 'frontend', serial: 'bbccddee', secondsLeft: 10, lifeSeconds: 20, rotations: 7, trouble: '' },
    { service: 'backend', refused: 4 },
  ]);
  t.strictSame(links, [
    {
      ...{ from: 'frontend', to: 'backend', suite: 'TLS_AES_256_GCM_SHA384', handshakes: 2, secondsAgo: 3 },
      ...{ fromSerial: '11111100', toSerial: '22222200' },
    },
  ]);
});

await t.test('what is not known is told as that, and nothing behind it is', async (t) => {
  const trouble = 'ECONNREFUSED';
  const cut = chainView({ ...frontend, next: { spiffeId: id('backend'), trouble } }, now);
  t.match(cut.services[1], { service: 'backend', serial: '', trouble });
  t.strictSame([cut.services.length, cut.links], [2, [null]]);
  const { svid: _svid, ...without } = frontend;
  t.match(chainView(without, now).services[0], { serial: '', trouble: 'it holds no SVID' });
  t.match(chainView(frontend, new Date('2031-01-01')).services[0], { secondsLeft: 0 });
  t.strictSame(chainView({ ...frontend, called: [] }, now).links, [null], 'no handshake yet');
});
