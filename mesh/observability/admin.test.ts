import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import t from 'tap';
import { startServiceAdmin } from './admin.ts';
import { MeshMetrics } from './metrics.ts';

await t.test('it answers by its own names, and not by one of another site that leads to loopback', async (t) => {
  const checks = { '/health': () => ({ ok: true, reason: 'it serves' }) } as const;
  const metrics = new MeshMetrics(() => undefined);
  await using admin = await startServiceAdmin({ host: '127.0.0.1', port: 0 }, checks, metrics);
  const port = admin.address.split(':')[1];
  const ask = async (host: string, path: string) => {
    const request = httpRequest(`http://${admin.address}${path}`, { headers: { host }, agent: false }).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode;
  };
  for (const path of ['/health', '/metrics']) {
    t.equal(await ask(admin.address, path), 200);
    t.equal(await ask(`localhost:${port}`, path), 200);
    t.equal(await ask(`elsewhere.test:${port}`, path), 403);
  }
});
