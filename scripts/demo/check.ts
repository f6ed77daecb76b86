import { once } from 'node:events';
import { createServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { SpiffeController } from '../../mesh/controller.ts';
import type { DialResult } from '../../mesh/node/dial.ts';
import { messageOf } from '../../src/errors.ts';
import { hostPort } from '../../src/host-port.ts';
import { forgeAuthority } from '../../src/svid/x509/forge.ts';
import { trustDomain, type Demo, type ServiceName } from './start-demo.ts';

/** One thing that was tried, and whether it came out as it has to. */
export interface Tried {
  readonly ok: boolean;
  readonly what: string;
  readonly seen: string;
}

const id = (name: ServiceName) => `spiffe://${trustDomain}/${name}`;
const withinMs = 5_000;

/**
 * "Test service communication", as the second document has it, so that it proves something: each service answers the one that it has to, both sides
 * verified, and refuses everyone else at the same listener in the same minute.
 */
export async function checkDemo(demo: Demo): Promise<Tried[]> {
  await using callers = await callersOf(demo);
  const { backend, api } = demo.services;
  const hello = async (caller: ServiceName, to: ServiceName, address: string, ok: boolean): Promise<Tried> => {
    const result = await callers[caller].dial(hostPort(address), id(to), new Set([id(to)]));
    const wanted = ok ? isHello(result, { self: id(to), peer: id(caller) }) : result.outcome === 'refused';
    return {
      ok: wanted,
      what: `${caller} calls ${to}: ${ok ? 'answered, both sides verified' : 'refused'}`,
      seen: `${result.outcome}: ${result.detail}`,
    };
  };
  return [
    await hello('frontend', 'backend', backend.address, true),
    await hello('backend', 'api', api.address, true),
    await hello('api', 'backend', backend.address, false),
    await hello('frontend', 'api', api.address, false),
    await withoutCertificate(backend.address),
    // The same caller is let in right after those that were not.
    await hello('frontend', 'backend', backend.address, true),
    await noteThrough(demo),
    await strangerIsTold(callers.frontend),
  ];
}

/** Controllers with the identity of each service: whoever runs the demo is handed it by that service's agent. */
async function callersOf({ services }: Demo): Promise<Record<ServiceName, SpiffeController> & AsyncDisposable> {
  const make = async (name: ServiceName) => {
    const controller = new SpiffeController({
      ...{ trustDomain, endpointSocket: `unix://${services[name].node.agent.socketPath}` },
    }).on('trouble', () => undefined);
    await controller.initialize({}, AbortSignal.timeout(withinMs));
    return controller;
  };
  const [frontend, backend, api] = await Promise.all([make('frontend'), make('backend'), make('api')]);
  return {
    ...{ frontend, backend, api },
    async [Symbol.asyncDispose]() {
      await Promise.all([frontend, backend, api].map((controller) => controller.close()));
    },
  };
}

function isHello({ outcome, detail }: DialResult, wanted: { readonly self: string; readonly peer: string }): boolean {
  if (outcome !== 'accepted') return false;
  const { self, peer } = JSON.parse(detail) as { self?: string; peer?: string };
  return self === wanted.self && peer === wanted.peer;
}

/** As `curl -k https://backend:8443/hello` asks: no certificate is shown, and none is looked at. */
async function withoutCertificate(address: string): Promise<Tried> {
  const answer = await asCurlDoes(address);
  return {
    // That nobody answers, or nobody is there, is no refusal.
    ok: answer.isRefusal,
    what: `curl -k https://${address}/hello: refused, as it shows no certificate`,
    seen: answer.status === undefined ? answer.why : `answered ${answer.status}`,
  };
}

interface Answered {
  readonly status?: number;
  readonly why: string;
  /** Whether the other side ended it by TLS, or closed the connection. */
  readonly isRefusal: boolean;
}

export function asCurlDoes(address: string, ms = withinMs): Promise<Answered> {
  const { host, port } = hostPort(address);
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(ms);
    httpsRequest({ host, port, path: '/hello', rejectUnauthorized: false, agent: false, signal })
      .once('response', (response) => {
        response.resume();
        resolve({ status: response.statusCode ?? 0, why: '', isRefusal: false });
      })
      .once('error', (error: NodeJS.ErrnoException) => {
        const code = error.code ?? '';
        const isRefusal = code === 'ECONNRESET' || code === 'EPIPE' || code === 'EPROTO' || code.startsWith('ERR_SSL_');
        resolve({ why: signal.aborted ? `no answer within ${ms} ms` : error.message, isRefusal });
      })
      .end();
  });
}

async function noteThrough({ page }: Demo): Promise<Tried> {
  const text = `a note of the check, ${new Date().toISOString()}`;
  const what = 'a note goes from the page through backend to api, and is there when the page is loaded again';
  try {
    const added = await fetch(`${page}notes`, {
      method: 'POST',
      body: new URLSearchParams({ text }),
      signal: AbortSignal.timeout(3 * withinMs),
    });
    const ok = added.ok && (await added.text()).includes(text);
    return { ok, what, seen: `${added.status}, ${ok ? 'with' : 'without'} the note` };
  } catch (error) {
    return { ok: false, what, seen: messageOf(error) };
  }
}

/** A stranger that calls itself backend, by an authority of its own: `curl -k` is content with it, and whoever verifies is not. */
async function strangerIsTold(frontend: SpiffeController): Promise<Tried> {
  const authority = await forgeAuthority({ trustDomain });
  const [notBefore, notAfter] = [new Date(Date.now() - 60_000), new Date(Date.now() + 60_000)];
  const forged = await authority.issue({ spiffeId: id('backend'), notBefore, notAfter });
  const server = createServer({ key: forged.privateKeyPem, cert: forged.certificatePem }, (_request, response) =>
    response.end(JSON.stringify({ self: id('backend'), peer: id('frontend') })),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const curl = await asCurlDoes(address);
    const dialled = await frontend.dial(hostPort(address), id('backend'), new Set([id('backend')]));
    return {
      ok: curl.status === 200 && dialled.outcome === 'refused',
      what: 'a stranger that calls itself backend: curl -k takes it for backend, and frontend refuses it',
      seen: `curl -k: ${curl.status ?? curl.why}; frontend: ${dialled.outcome}: ${dialled.detail}`,
    };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
