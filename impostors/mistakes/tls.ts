import { constants } from 'node:crypto';
import { createServer, type Server as TcpServer, type Socket } from 'node:net';
import type { ConnectionOptions, Server as TlsServer, TlsOptions } from 'node:tls';
import { parseSpiffeId } from '../../src/svid/spiffe-id.ts';
import { forgeAuthority } from '../../src/svid/x509/forge.ts';
import { moduleUrl } from '../../src/module-file.ts';
import { reference, type Behaviour } from '../../mesh/node/behaviour.ts';
import { connectMtls, dialHello } from '../../mesh/node/dial.ts';
import type { Held } from '../../mesh/node/held.ts';
import { judgePeer, type PeerJudgement } from '../../mesh/node/peer.ts';
import { helloInTheClear } from '../clear.ts';
import type { Impostor } from '../impostor.ts';
import { answering } from '../styles/refusals.ts';

type Settings = Pick<ConnectionOptions, 'minVersion' | 'maxVersion' | 'ciphers' | 'secureOptions'>;

const server = (settings: Settings): Partial<Behaviour> => ({
  serverTls: (held) => ({ ...reference.serverTls(held), ...settings }),
});
const client = (settings: Settings): Partial<Behaviour> => ({
  clientTls: (held) => ({ ...reference.clientTls(held), ...settings }),
});

// OpenSSL keeps these to itself unless asked.
const everything = 'ALL:@SECLEVEL=0';
const shortTag = `TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_8_SHA256:${everything}`;
const only10and13 = {
  minVersion: 'TLSv1',
  ciphers: everything,
  secureOptions: constants.SSL_OP_NO_TLSv1_1 | constants.SSL_OP_NO_TLSv1_2,
} as const;
const tls12: Settings = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' };

const closingOldVersions: Behaviour['entrance'] = (tls) =>
  tls.prependListener('secureConnection', (socket) => {
    // In good order, so that the last word of the handshake is out.
    if (socket.getProtocol() !== 'TLSv1.3') socket.end();
  });

const closingOldServers: Behaviour['dial'] = async (...call) => {
  // Who cannot be connected to at all is told by the right way to dial.
  const socket = await connectMtls(...call).catch(() => undefined);
  const version = socket?.getProtocol() ?? 'TLSv1.3';
  socket?.destroy();
  if (version === 'TLSv1.3') return dialHello(...call);
  return { outcome: 'refused', peer: null, detail: `closed after a handshake of ${version}` };
};

const withoutSvid: Behaviour['clientTls'] = (held) => {
  const { key: _key, cert: _cert, ...rest } = reference.clientTls(held);
  return rest;
};

function takingNobodyForTheLast(): Partial<Behaviour> {
  let last: PeerJudgement = { ok: false, why: 'nobody was there' };
  return {
    judgeClient: (chain, held, allow, at) => (chain.length === 0 ? last : (last = judgePeer(chain, held, allow, at))),
  };
}

const offeringNoRefusals: Behaviour['admin'] = (byContract) => (request, response) => {
  const [writeHead, end] = [response.writeHead.bind(response), response.end.bind(response)];
  let status = 200;
  response.writeHead = (code: number) => {
    status = code;
    return response;
  };
  response.end = (body?: unknown) => {
    const refused = request.url === '/dial' && /"outcome":"refused"/.test(String(body));
    writeHead(refused ? 501 : status, { 'content-type': 'application/json' });
    return end(body);
  };
  byContract(request, response);
};

/** Nodes that are lax about TLS. */
export const tlsImpostors: readonly Impostor[] = [
  {
    kind: 'node',
    id: 'tls-1.2-as-server',
    title: 'As server it still speaks TLS 1.2',
    breaks: 'mesh/tls/version-as-server',
    reason: /^NODE as server: TLS 1\.[02].*: accepted, wanted refused/,
    change: server({ minVersion: 'TLSv1.2' }),
  },
  {
    kind: 'node',
    id: 'tls-1.2-closed-afterwards-as-server',
    title: 'As server it completes handshakes of TLS 1.2, and closes the connection then',
    breaks: 'mesh/tls/version-as-server',
    reason:
      /^NODE as server: TLS 1\.[02].*: refused, but only after a handshake of TLSv1\.2 .* was complete, wanted refused/,
    change: { ...server({ minVersion: 'TLSv1.2' }), entrance: closingOldVersions },
  },
  {
    kind: 'node',
    id: 'tls-1.1-as-server',
    title: 'As server it still speaks TLS 1.1',
    breaks: 'mesh/tls/version-as-server',
    reason: /^NODE as server: TLS 1\.[0-2].*: accepted, wanted refused/,
    change: server({ minVersion: 'TLSv1.1', ciphers: everything, secureOptions: constants.SSL_OP_NO_TLSv1_2 }),
  },
  {
    kind: 'node',
    id: 'tls-1.0-as-server',
    title: 'As server it speaks TLS 1.3, not 1.2, not 1.1, and 1.0',
    breaks: 'mesh/tls/version-as-server',
    reason: /^NODE as server: TLS 1\.0.*: accepted, wanted refused/,
    change: server(only10and13),
  },
  {
    kind: 'node',
    id: 'tls-no-1.3-as-server',
    title: 'As server it speaks TLS 1.2 at most',
    breaks: 'mesh/tls/version-as-server',
    reason: /^NODE as server: TLS 1\.3 with a valid SVID: refused, wanted accepted/,
    change: server(tls12),
  },
  {
    kind: 'node',
    id: 'tls-1.2-as-client',
    title: 'As client it follows a server down to TLS 1.2',
    breaks: 'mesh/tls/version-as-client',
    reason: /^NODE as client: a server of TLS 1\.[02].*: accepted, wanted refused/,
    change: client({ minVersion: 'TLSv1.2' }),
  },
  {
    kind: 'node',
    id: 'tls-1.2-closed-afterwards-as-client',
    title: 'As client it completes handshakes of TLS 1.2, and closes the connection then',
    breaks: 'mesh/tls/version-as-client',
    reason:
      /^NODE as client: a server of TLS 1\.[02].*: refused, but only after a handshake of TLSv1\.2 .* was complete, wanted refused/,
    change: { ...client({ minVersion: 'TLSv1.2' }), dial: closingOldServers },
  },
  {
    kind: 'node',
    id: 'tls-1.0-as-client',
    title: 'As client it follows a server down to TLS 1.0',
    breaks: 'mesh/tls/version-as-client',
    reason: /^NODE as client: a server of TLS 1\.[0-2].*: accepted, wanted refused.*and 3 more$/,
    change: client({ minVersion: 'TLSv1', ciphers: everything }),
  },
  {
    kind: 'node',
    id: 'tls-downgrade-dance',
    title: 'As client it calls again with TLS 1.2 when 1.3 did not work',
    breaks: 'mesh/tls/version-as-client',
    source: 'CVE-2014-3566',
    reason: /^NODE as client: a server of TLS 1\.[02].*: accepted, wanted refused/,
    change: {
      async dial(to, expect, held, allow, behaviour, withinMs, current) {
        const first = await dialHello(to, expect, held, allow, behaviour, withinMs, current);
        return first.outcome === 'accepted'
          ? first
          : dialHello(to, expect, held, allow, { ...behaviour, ...client(tls12) }, withinMs, current);
      },
    },
  },
  {
    kind: 'node',
    id: 'tls-ccm8-as-server',
    title: 'As server it speaks AES-128-CCM-8, whose tag is short',
    breaks: 'mesh/tls/aead-only',
    reason: /^NODE as server: AES-128-CCM-8.*: accepted, wanted refused/,
    change: server({ ciphers: shortTag }),
  },
  {
    kind: 'node',
    id: 'tls-ccm8-as-client',
    title: 'As client it speaks AES-128-CCM-8, whose tag is short',
    breaks: 'mesh/tls/aead-only',
    reason: /^NODE as client: a server of AES-128-CCM-8 alone: accepted, wanted refused/,
    change: client({ ciphers: shortTag }),
  },
  {
    kind: 'node',
    id: 'tls-cbc-as-server',
    title: 'As server it falls back to the CBC suites of TLS 1.2',
    breaks: 'mesh/tls/aead-only',
    reason: /^NODE as server: CBC suites of TLS 1\.2: accepted, wanted refused/,
    change: server({
      minVersion: 'TLSv1.2',
      ciphers: 'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0',
    }),
  },
  {
    kind: 'node',
    id: 'tls-plaintext-as-server',
    title: 'As server it also answers without TLS on the same port',
    breaks: 'mesh/tls/plaintext-refused',
    source: 'istio/istio#9837',
    reason: /^NODE as server: plaintext HTTP: accepted, wanted refused/,
    change: { entrance: (tls, http) => withoutTls(tls, (socket) => http.emit('connection', socket)) },
  },
  {
    kind: 'node',
    id: 'tls-plaintext-turned-away',
    title: 'Without TLS it turns callers away, by the service itself, which says who it is',
    breaks: 'mesh/tls/plaintext-refused',
    reason: /^NODE as server: plaintext HTTP: accepted, wanted refused \(answered in the clear: "HTTP\/1\.1 403/,
    change: {
      entrance: (tls) =>
        withoutTls(tls, (socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n{"self":"spiffe://td/a","peer":null}')),
    },
  },
  {
    kind: 'node',
    id: 'tls-plaintext-as-client',
    title: 'As client it calls in the clear when TLS did not work',
    breaks: 'mesh/tls/plaintext-refused',
    source: 'linkerd/linkerd2#1173',
    reason: /^NODE as client: a server without TLS: accepted, wanted refused/,
    change: {
      async dial(to, expect, ...rest) {
        const first = await dialHello(to, expect, ...rest);
        return first.outcome === 'accepted' ? first : helloInTheClear(to, expect);
      },
    },
  },
  {
    kind: 'node',
    id: 'tls-client-certificate-optional',
    title: 'It asks clients for a certificate and serves those who have none',
    breaks: 'mesh/tls/client-certificate-required',
    source: 'logstash-plugins/logstash-input-http#55',
    reason: /^NODE as server: an empty certificate list: accepted, wanted refused/,
    change: {
      judgeClient: (chain, held, allow, at) =>
        chain.length === 0 ? { ok: true, spiffeId: 'anonymous' } : judgePeer(chain, held, allow, at),
    },
  },
  {
    kind: 'node',
    id: 'tls-client-certificate-not-asked-for',
    title: 'It asks no client for a certificate',
    breaks: 'mesh/tls/client-certificate-required',
    source: 'istio/istio#31984',
    reason: /^NODE as server: an empty certificate list: accepted, wanted refused/,
    change: {
      serverTls: (held) => ({ ...reference.serverTls(held), requestCert: false }),
      judgeClient: () => ({ ok: true, spiffeId: 'somebody' }),
    },
  },
  {
    kind: 'node',
    id: 'tls-nobody-resumes',
    title:
      'It refuses clients without a certificate, and serves them when they come again with the session of the first call',
    breaks: 'mesh/tls/client-certificate-required',
    reason: /^NODE as server: an empty certificate list, with the session of the call before: accepted, wanted refused/,
    source: 'CVE-2025-23419',
    change: {
      judgeClient: (chain, held, allow, at, resumed) =>
        resumed && chain.length === 0 ? { ok: true, spiffeId: 'anonymous' } : judgePeer(chain, held, allow, at),
      // Read to its end, a connection brings its tickets.
      refuse: answering('403 Forbidden', ''),
    },
  },
  {
    kind: 'node',
    id: 'tls-nothing-wrong-with-nobody',
    title: 'It asks that each certificate of a client is right, which holds for none at all',
    breaks: 'mesh/tls/client-certificate-required',
    reason: /^NODE as server: an empty certificate list: accepted, wanted refused/,
    source: 'CWE-306',
    change: {
      judgeClient: (chain, held, allow, at) => {
        const judged = chain.slice(0, 1).map(() => judgePeer(chain, held, allow, at));
        return judged.find(({ ok }) => !ok) ?? judged[0] ?? { ok: true, spiffeId: '' };
      },
    },
  },
  {
    kind: 'node',
    id: 'tls-client-before-it',
    title: 'It takes a client without a certificate for the one before it',
    breaks: 'mesh/tls/client-certificate-required',
    reason: /^NODE as server: an empty certificate list(, right after the right one)?: accepted, wanted refused/,
    source: 'randombit/botan#5818',
    change: takingNobodyForTheLast(),
  },
  {
    kind: 'node',
    id: 'tls-offers-what-it-accepts',
    title: 'Of each call in which it refused the server, it says that it does not offer it',
    breaks: 'mesh/tls/version-as-client',
    verdict: 'inconclusive',
    reason: /^could not tell: NODE as client: .*it answers 501 to POST \/dial here, and has called before/,
    change: { admin: offeringNoRefusals },
  },
  {
    kind: 'node',
    id: 'tls-anonymous-at-first',
    title: 'It calls without a certificate, and again with its SVID when that was refused',
    breaks: 'mesh/tls/client-presents-svid',
    reason: /^NODE: called as nobody: it showed no certificate, wanted spiffe:/,
    source: 'JuliaServices/Reseau.jl#150',
    change: {
      async dial(to, expect, held, allow, behaviour, withinMs, current) {
        const nobody = { ...behaviour, clientTls: withoutSvid };
        const first = await dialHello(to, expect, held, allow, nobody, withinMs, current);
        return first.outcome === 'accepted' ? first : dialHello(to, expect, held, allow, behaviour, withinMs, current);
      },
    },
  },
  {
    kind: 'node',
    id: 'tls-anonymous-client',
    title: 'It calls without a certificate',
    breaks: 'mesh/tls/client-presents-svid',
    reason: /^NODE: called as nobody: it showed no certificate, wanted spiffe:/,
    change: { clientTls: withoutSvid },
  },
  {
    kind: 'node',
    id: 'tls-self-signed-as-server',
    title: 'It answers with a certificate of its own making, which has the right name',
    breaks: 'mesh/tls/server-presents-svid',
    reason: /^NODE: answered as spiffe:\/\/[^,]+, but unknown-authority: /,
    change: answeringSelfSigned(),
  },
  {
    kind: 'node',
    id: 'tls-client-under-another-name',
    title: 'It calls under another identity than its own',
    breaks: 'mesh/tls/client-presents-svid',
    reason: /^NODE: called as spiffe:\/\/x0tta6bl4\.mesh\/service\/somebody-else, wanted spiffe:/,
    change: async () => {
      const authority = await forgeAuthority({ trustDomain: 'x0tta6bl4.mesh' });
      const other = await authority.issue({
        spiffeId: 'spiffe://x0tta6bl4.mesh/service/somebody-else',
        notBefore: new Date(Date.now() - 60_000),
        notAfter: new Date(Date.now() + 600_000),
      });
      return {
        clientTls: (held) => ({ ...reference.clientTls(held), cert: other.certificatePem, key: other.privateKeyPem }),
      };
    },
  },
  {
    kind: 'program',
    id: 'tls-early-data',
    title: 'Its session tickets grant early data',
    breaks: 'mesh/tls/no-early-data',
    reason: /^NODE: its session tickets allow 16384 bytes of early data/,
    main: moduleUrl('../early-data-main.ts', import.meta.url),
  },
];

/** A connection that does not begin with a TLS record is handed to HTTP as it is. */
function withoutTls(tls: TlsServer, inTheClear: (socket: Socket) => void): TcpServer {
  return createServer((socket: Socket) => {
    socket.once('readable', () => {
      const first = socket.read() as Buffer | null;
      if (first === null) return;
      socket.unshift(first);
      if (first[0] === 0x16) tls.emit('connection', socket);
      else inTheClear(socket);
    });
  });
}

/** The name is known when there is an SVID, and what replaces that a moment later. */
function answeringSelfSigned(): Partial<Behaviour> {
  let listener: TlsServer | undefined;
  return {
    entrance: (tls) => (listener = tls),
    serverTls: (held) => {
      void selfSigned(held).then((own) => listener?.setSecureContext({ ...reference.serverTls(held), ...own }));
      return reference.serverTls(held);
    },
  };
}

async function selfSigned({ spiffeId }: Held): Promise<Pick<TlsOptions, 'cert' | 'key'>> {
  const { trustDomain } = parseSpiffeId(spiffeId);
  const authority = await forgeAuthority({ trustDomain });
  const validity = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) };
  const own = await authority.issue({ spiffeId, ...validity, change: { selfSigned: true } });
  return { cert: own.certificatePem, key: own.privateKeyPem };
}
