import { createServer, request } from 'node:http';

/** toxiproxy's API, which says yes to an update of a link that `drops` and does nothing. */
export async function deafTo(
  drops: (enabled: boolean) => boolean,
  host: string,
  port: number,
  upstream: number,
): Promise<void> {
  const server = createServer((incoming, response) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const body = Buffer.concat(parts);
      const update = incoming.method === 'POST' && /^\/proxies\/[^/]+$/.test(incoming.url ?? '');
      if (update && drops((JSON.parse(body.toString()) as { enabled: boolean }).enabled)) {
        response.writeHead(200, { 'content-type': 'application/json' }).end(body);
        return;
      }
      const onward = request(
        { host, port: upstream, method: incoming.method, path: incoming.url, headers: incoming.headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        },
      );
      onward.on('error', () => response.writeHead(503).end());
      onward.end(body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
}
