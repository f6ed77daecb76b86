import { randomUUID } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Server, ServerCredentials, status, type ServerDuplexStream } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { forgeAuthority } from '../src/svid/x509/forge.ts';
import type { Run } from '../fixtures/run/run.ts';
import { ServerApiError, type ServerApi } from '../spiffe/server-api.ts';
import { serverId } from '../spiffe/server-id.ts';
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
  readonly caller_addr: string;
  readonly time: string;
}

/** Why a use is refused: the name of a gRPC code, and what is said. */
export interface Refusal {
  readonly code: keyof typeof status;
  readonly details: string;
}

/** The decisions of a server that issues and redeems join tokens, apart from its plumbing. */
export interface Issuer {
  /** What is done before the token is looked at, and why that may be refused. */
  readonly admits: (token: IssuedToken | undefined) => Refusal | undefined | Promise<Refusal | undefined>;
  /** Whether this use is the one that counts; the token is used up by it. */
  readonly spend: (token: IssuedToken) => boolean | Promise<boolean>;
  readonly expired: (token: IssuedToken, at: Date) => boolean;
  /** What it tells who comes too late. */
  readonly tooLate: string;
  /** The path of the agent's ID. */
  readonly agentPath: (token: IssuedToken, asked: string | undefined) => string;
  /** Whether who is refused is handed an SVID all the same. */
  readonly issuesToRefused: boolean;
  /** What becomes of a token whose agent is banned or deleted. */
  readonly remove: (token: IssuedToken, how: 'banned' | 'deleted') => void;
  /** What a token is made to live, in seconds: undefined where none is made. Asked for without a time where that is 0. */
  readonly lives: (askedSeconds: number) => number | undefined;
  /** What is written to the log of one use. */
  readonly audit: (record: AuditRecord) => readonly object[];
  /** What is kept of a line of the log; `clean` takes the secrets out. */
  readonly keeps: (line: string, clean: (text: string) => string) => string;
}

export const unknownToken = 'join token does not exist or has already been used';

/** As SPIRE does it. */
export const rightIssuer: Issuer = {
  admits: () => undefined,
  spend: (token) => {
    const first = !token.spent;
    token.spent = true;
    return first;
  },
  expired: ({ expiresAt }, at) => at > expiresAt,
  tooLate: 'join token expired',
  agentPath: ({ value }) => `/spire/agent/join_token/${value}`,
  issuesToRefused: false,
  remove: () => {},
  lives: (askedSeconds) => (askedSeconds < 1 ? undefined : askedSeconds),
  audit: (record) => [record],
  keeps: (line, clean) => clean(line),
};

const trustDomain = 'issuer.mesh';
const ttlSeconds = 300;

/** Others that are right as well: nothing may fail them. */
export const rightIssuers: readonly {
  readonly id: string;
  readonly title: string;
  readonly change: Partial<Issuer>;
}[] = [
  { id: 'tokens-right', title: 'a right issuer of join tokens', change: {} },
  {
    id: 'tokens-right-in-whole-seconds',
    title: 'one that compares whole seconds, and counts the second of the expiry as good',
    change: {
      expired: ({ expiresAt }, at) => Math.floor(at.getTime() / 1000) > Math.floor(expiresAt.getTime() / 1000),
    },
  },
  {
    id: 'tokens-right-behind-proxy',
    title: 'one behind a proxy, whose audit log names no caller of ours',
    change: { audit: (record) => [{ ...record, caller_addr: '192.0.2.1:443' }] },
  },
  {
    id: 'tokens-right-without-own-time',
    title: 'one that makes a token of five minutes when it is told no time',
    change: { lives: (askedSeconds) => askedSeconds || 300 },
  },
  {
    id: 'tokens-right-and-slow',
    title: 'one that takes its time for each, and lets all wait side by side',
    change: { admits: () => sleep(60, undefined) },
  },
];

/** Starts a target that is a server and nothing else: one that does nothing but join tokens, over gRPC and TLS as agents expect it. */
export async function startIssuer(
  issuer: Issuer,
  { recorder, logDir }: Pick<Run, 'recorder' | 'logDir'>,
): Promise<Target & AsyncDisposable> {
  const authority = await forgeAuthority({ trustDomain });
  const now = Date.now();
  const issue = (spiffeId: string) =>
    authority.issue({ spiffeId, notBefore: new Date(now - 60_000), notAfter: new Date(now + 3_600_000) });
  const own = await issue(serverId(trustDomain));
  const tokens = new Map<string, IssuedToken>();
  const logPath = join(logDir, 'issuer.log');
  writeFileSync(logPath, '');
  const write = (record: AuditRecord) => {
    for (const line of issuer.audit(record))
      appendFileSync(logPath, `${issuer.keeps(JSON.stringify(line), (text) => recorder.clean(text))}\n`);
  };
  const refusalOf = async (token: IssuedToken | undefined): Promise<Refusal | undefined> => {
    const refusal = await issuer.admits(token);
    if (refusal !== undefined) return refusal;
    const code = 'INVALID_ARGUMENT';
    if (token === undefined || !(await issuer.spend(token)))
      return { code, details: `failed to attest: ${unknownToken}` };
    return issuer.expired(token, new Date()) ? { code, details: issuer.tooLate } : undefined;
  };
  const attest = async (stream: ServerDuplexStream<AttestRequest, Uint8Array>, { params }: AttestRequest) => {
    const token = tokens.get(Buffer.from(params.data.payload).toString());
    const refusal = await refusalOf(token);
    const head = { type: 'audit', method: 'AttestAgent', caller_addr: stream.getPeer() } as const;
    const time = new Date().toISOString();
    if (token !== undefined && (refusal === undefined || issuer.issuesToRefused)) {
      const path = issuer.agentPath(token, askedPath(params.params.csr));
      const { chain } = await issue(`spiffe://${trustDomain}${path}`);
      const svid = { certChain: chain, id: { trustDomain, path }, expiresAt: Math.floor(now / 1000) + 3_600 };
      stream.write(response.encode(response.create({ result: { svid } })).finish());
      if (refusal === undefined) {
        stream.end();
        write({ ...head, status: 'success', agent_id: `spiffe://${trustDomain}${path}`, time });
        return;
      }
    }
    const { code, details } = refusal!;
    write({ ...head, status: 'error', status_message: details, time });
    stream.emit('error', { code: status[code], details });
  };

  const server = new Server();
  server.register(
    '/spire.api.server.agent.v1.Agent/AttestAgent',
    (stream: ServerDuplexStream<AttestRequest, Uint8Array>) => {
      stream.once('data', (asked: AttestRequest) => void attest(stream, asked));
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

  const remove = (how: 'banned' | 'deleted') => (spiffeId: string) => {
    const token = tokens.get(spiffeId.slice(spiffeId.lastIndexOf('/') + 1));
    if (token !== undefined) issuer.remove(token, how);
    return Promise.resolve();
  };
  const api: Pick<ServerApi, 'createJoinToken' | 'banAgent' | 'deleteAgent' | 'getBundle'> = {
    createJoinToken({ ttlSeconds: asked }) {
      const lives = issuer.lives(asked);
      if (lives === undefined)
        return Promise.reject(
          new ServerApiError(
            'Agent.CreateJoinToken',
            'INVALID_ARGUMENT',
            'ttl is required, you must provide one',
            'issuer',
          ),
        );
      const expiresAt = new Date((Math.floor(Date.now() / 1000) + lives) * 1000);
      const token: IssuedToken = { value: randomUUID(), expiresAt, claims: 0, spent: false };
      tokens.set(token.value, token);
      return Promise.resolve(token);
    },
    banAgent: remove('banned'),
    deleteAgent: remove('deleted'),
    getBundle: () =>
      Promise.resolve({
        trustDomain,
        authorities: [{ der: authority.certificate.der, tainted: false }],
        refreshHintSeconds: 0,
        sequenceNumber: 0,
      }),
  };
  const life = { token: 'a token of the deployment', askedSeconds: ttlSeconds };
  const { expiresAt } = await api.createJoinToken({ ttlSeconds });
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
    timing: { svidTtlSeconds: 3_600, syncIntervalMs: 1_000, cacheReloadMs: 1_000, uptakeMs: 2_000 },
    server: {
      api: api as ServerApi,
      address: `127.0.0.1:${port}`,
      readLog: () => readFileSync(logPath, 'utf8'),
      agentIds: new Set(),
      tokenLives: [{ ...life, livesSeconds: (expiresAt.getTime() - Date.now()) / 1000 }],
    },
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
      await Promise.resolve();
    },
  };
}

/** The path of the ID that a signing request asks for. */
function askedPath(csr: Uint8Array): string | undefined {
  return /spiffe:\/\/[^/]+(\/[\w/-]+)/.exec(Buffer.from(csr).toString('latin1'))?.[1];
}

interface AttestRequest {
  readonly params: {
    readonly data: { readonly payload: Uint8Array };
    readonly params: { readonly csr: Uint8Array };
  };
}

const proto = new protobuf.Root().loadSync(fileURLToPath(new URL('../spiffe/grpc/spire-agent.proto', import.meta.url)));
const request = proto.lookupType('spire.api.server.agent.v1.AttestAgentRequest');
const response = proto.lookupType('spire.api.server.agent.v1.AttestAgentResponse');
