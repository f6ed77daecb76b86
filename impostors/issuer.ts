import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Server, ServerCredentials, status, type ServerDuplexStream } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { forgeAuthority } from '../src/svid/x509/forge.ts';
import type { Recorder } from '../fixtures/run/recorder.ts';
import type { ServerApi } from '../spiffe/server-api.ts';
import type { Target } from '../fixtures/target/target.ts';

export interface IssuedToken {
  readonly value: string;
  readonly expiresAt: Date;
  /** How often it was presented in good time. */
  claims: number;
  spent: boolean;
}

export interface AuditRecord {
  readonly type: 'audit';
  readonly method: 'AttestAgent';
  readonly status: 'success' | 'error';
  readonly agent_id?: string;
  readonly status_message?: string;
}

/** The decisions of a server that issues and redeems join tokens, apart from its plumbing. */
export interface Issuer {
  readonly admits: (token: IssuedToken) => boolean;
  /** Whether this use is the one that counts; the token is used up by it. */
  readonly spend: (token: IssuedToken) => boolean | Promise<boolean>;
  readonly expired: (token: IssuedToken, at: Date) => boolean;
  /** What it tells who comes too late. */
  readonly tooLate: string;
  /** What is written to the log of one use. */
  readonly audit: (record: AuditRecord) => AuditRecord | undefined;
  /** Secrets are taken out of the log that is kept. */
  readonly cleansLog: boolean;
}

export const unknownToken = 'join token does not exist or has already been used';

/** As SPIRE does it. */
export const rightIssuer: Issuer = {
  admits: () => true,
  spend: (token) => {
    const first = !token.spent;
    token.spent = true;
    return first;
  },
  expired: ({ expiresAt }, at) => Math.floor(at.getTime() / 1000) > Math.floor(expiresAt.getTime() / 1000),
  tooLate: 'join token expired',
  audit: (record) => record,
  cleansLog: true,
};

const trustDomain = 'issuer.mesh';
const ttlSeconds = 300;

/** Starts a target that is a server and nothing else: one that does nothing but join tokens, over gRPC and TLS as agents expect it. */
export async function startIssuer(issuer: Issuer, recorder: Recorder): Promise<Target & AsyncDisposable> {
  const authority = await forgeAuthority({ trustDomain });
  const now = Date.now();
  const issue = (spiffeId: string) =>
    authority.issue({ spiffeId, notBefore: new Date(now - 60_000), notAfter: new Date(now + 3_600_000) });
  const own = await issue(`spiffe://${trustDomain}/spire/server`);
  const tokens = new Map<string, IssuedToken>();
  const log: string[] = [];
  const write = (record: AuditRecord) => {
    const line = issuer.audit(record);
    if (line !== undefined) log.push(JSON.stringify(line));
  };

  const server = new Server();
  server.register(
    '/spire.api.server.agent.v1.Agent/AttestAgent',
    (stream: ServerDuplexStream<AttestRequest, Uint8Array>) => {
      stream.once(
        'data',
        ({ params }: AttestRequest) =>
          void (async () => {
            const token = tokens.get(Buffer.from(params.data.payload).toString());
            const refusal =
              token === undefined || !issuer.admits(token) || !(await issuer.spend(token))
                ? unknownToken
                : issuer.expired(token, new Date())
                  ? issuer.tooLate
                  : undefined;
            if (token === undefined || refusal !== undefined) {
              write({
                type: 'audit',
                method: 'AttestAgent',
                status: 'error',
                status_message: `failed to attest: ${refusal}`,
              });
              stream.emit('error', { code: status.INVALID_ARGUMENT, details: `failed to attest: ${refusal}` });
              return;
            }
            const path = `/spire/agent/join_token/${token.value}`;
            const svid = await issue(`spiffe://${trustDomain}${path}`);
            stream.write(
              response
                .encode(
                  response.create({
                    result: {
                      svid: {
                        certChain: svid.chain,
                        id: { trustDomain, path },
                        expiresAt: Math.floor(now / 1000) + 3_600,
                      },
                    },
                  }),
                )
                .finish(),
            );
            stream.end();
            write({
              type: 'audit',
              method: 'AttestAgent',
              status: 'success',
              agent_id: `spiffe://${trustDomain}${path}`,
            });
          })(),
      );
    },
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes: Buffer) => request.decode(bytes) as unknown as AttestRequest,
    'bidi',
  );
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = ServerCredentials.createSsl(
      null,
      [{ private_key: Buffer.from(own.privateKeyPem), cert_chain: Buffer.from(own.certificatePem) }],
      false,
    );
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });

  const api: Pick<ServerApi, 'createJoinToken' | 'getBundle'> = {
    createJoinToken: ({ ttlSeconds: ttl }) => {
      const token: IssuedToken = {
        value: randomUUID(),
        expiresAt: new Date((Math.floor(Date.now() / 1000) + ttl) * 1000),
        claims: 0,
        spent: false,
      };
      tokens.set(token.value, token);
      return Promise.resolve(token);
    },
    getBundle: () =>
      Promise.resolve({
        trustDomain,
        authorities: [{ der: authority.certificate.der, tainted: false }],
        refreshHintSeconds: 0,
        sequenceNumber: 0,
      }),
  };
  const readLog = () => (issuer.cleansLog ? recorder.clean(log.join('\n')) : log.join('\n'));
  return {
    name: 'issuer',
    trustDomain,
    nodes: [],
    planes: [],
    probeIds: { own: `spiffe://${trustDomain}/probe`, federated: undefined },
    harnessHost: '127.0.0.1',
    lacks: {},
    probeIdentity: () => Promise.reject(new TypeError('an issuer of join tokens issues nothing else')),
    authorities: () => Promise.resolve([authority.certificatePem]),
    timing: { svidTtlSeconds: 3_600, syncIntervalMs: 1_000, cacheReloadMs: 1_000 },
    server: {
      api: api as ServerApi,
      address: `127.0.0.1:${port}`,
      readLog,
      agentIds: new Set(),
      joinTokenTtlSeconds: ttlSeconds,
    },
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
      await Promise.resolve();
    },
  };
}

interface AttestRequest {
  readonly params: { readonly data: { readonly payload: Uint8Array } };
}

const proto = new protobuf.Root().loadSync(fileURLToPath(new URL('../spiffe/grpc/spire-agent.proto', import.meta.url)));
const request = proto.lookupType('spire.api.server.agent.v1.AttestAgentRequest');
const response = proto.lookupType('spire.api.server.agent.v1.AttestAgentResponse');
