import { readFileSync } from 'node:fs';
import { goService } from './go-service.ts';
import {
  anonymous,
  expectedPeer,
  foreignDomain,
  keyPossession,
  oldTls,
  oldTlsAsClient,
  selfSigned,
  strangers,
  ticketPastAuthority,
  weak,
  type Deployment,
  type Place,
  type Product,
} from './product.ts';

const source = readFileSync(goService.source, 'utf8');

/** Its own program, which asks the Workload API, with flags for what is decided where it is written. */
const serving =
  (protocol: 'https' | 'grpc', ...flags: readonly string[]) =>
  ({ port, workloadApi, allowed }: Place): Deployment => ({
    files: { 'main.go': source },
    commands: [
      [
        ...[goService.program, '-socket', workloadApi, '-serve', protocol, '-address', `127.0.0.1:${port}`],
        ...['-peer', allowed, ...flags],
      ],
    ],
  });

const calling =
  (...flags: readonly string[]) =>
  (place: Place): Deployment => ({
    ...serving('https')(place),
    dial: [
      ...[goService.program, '-socket', place.workloadApi, '-address', '{address}', '-peer', '{expect}'],
      ...flags,
    ],
  });

const shared = { asksWorkloadApi: true, needs: 'go', builds: goService } as const;

export const goHttps: Product = {
  ...shared,
  id: 'go-https',
  title: 'An HTTPS service in Go (go-spiffe)',
  protocol: 'http',
  right: calling(),
  wrong: [
    {
      id: 'go-https-any',
      title: '`tlsconfig.AuthorizeAny()`',
      breaks: [],
      takesAnyName: true,
      deploy: serving('https', '-authorize', 'any'),
    },
    {
      id: 'go-https-member',
      title: '`tlsconfig.AuthorizeMemberOf(trustDomain)`',
      breaks: [],
      takesAnyName: true,
      deploy: serving('https', '-authorize', 'member'),
    },
    {
      id: 'go-https-one-way',
      title: '`tlsconfig.TLSServerConfig`, which asks nobody for an SVID',
      breaks: [anonymous, ...strangers, selfSigned, foreignDomain, keyPossession],
      takesAnyName: true,
      deploy: serving('https', '-one-way'),
    },
    {
      id: 'go-https-tls12',
      title: '`MinVersion` as go-spiffe leaves it: TLS 1.2',
      breaks: [oldTls, weak],
      deploy: serving('https', '-min-version', '1.2'),
    },
    {
      id: 'go-calls-any',
      title: 'calls with `tlsconfig.AuthorizeAny()`',
      breaks: [expectedPeer],
      takesAnyName: true,
      deploy: calling('-authorize', 'any'),
    },
    {
      id: 'go-calls-member',
      title: 'calls with `tlsconfig.AuthorizeMemberOf(trustDomain)`',
      breaks: [expectedPeer],
      takesAnyName: true,
      deploy: calling('-authorize', 'member'),
    },
    {
      id: 'go-calls-tls12',
      title: 'calls with `MinVersion` as go-spiffe leaves it: TLS 1.2',
      breaks: [oldTlsAsClient],
      deploy: calling('-min-version', '1.2'),
    },
  ],
  stale: [
    {
      id: 'go-https-tickets',
      title:
        '`SessionTicketsDisabled` as Go leaves it: who resumes a session is not judged again, since go-spiffe has no part in that',
      breaks: [ticketPastAuthority],
      deploy: serving('https', '-tickets'),
    },
  ],
};

export const goGrpc: Product = {
  ...shared,
  id: 'go-grpc',
  title: 'A gRPC service in Go (go-spiffe)',
  protocol: 'grpc',
  right: serving('grpc'),
  wrong: [
    {
      id: 'go-grpc-any',
      title: '`tlsconfig.AuthorizeAny()`',
      breaks: [],
      takesAnyName: true,
      deploy: serving('grpc', '-authorize', 'any'),
    },
    {
      id: 'go-grpc-member',
      title: '`tlsconfig.AuthorizeMemberOf(trustDomain)`',
      breaks: [],
      takesAnyName: true,
      deploy: serving('grpc', '-authorize', 'member'),
    },
    {
      id: 'go-grpc-one-way',
      title: '`tlsconfig.TLSServerConfig`, which asks nobody for an SVID',
      breaks: [anonymous, ...strangers, selfSigned, foreignDomain, keyPossession],
      takesAnyName: true,
      deploy: serving('grpc', '-one-way'),
    },
    // grpc-go leaves out the suites that HTTP/2 forbids.
    {
      id: 'go-grpc-tls12',
      title: '`MinVersion` as go-spiffe leaves it: TLS 1.2',
      breaks: [oldTls],
      deploy: serving('grpc', '-min-version', '1.2'),
    },
  ],
};
