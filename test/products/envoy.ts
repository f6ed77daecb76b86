import { stringify } from 'yaml';
import {
  foreignDomain,
  anonymous,
  oldTls,
  selfSigned,
  strangers,
  suffix,
  type Deployment,
  type Place,
  type Product,
} from './product.ts';

type OfConfig = Pick<Place, 'port' | 'behind' | 'cert' | 'key' | 'bundle' | 'allowed'>;

interface Settings {
  readonly minimum?: string;
  readonly requires?: boolean;
  readonly pins?: 'exact' | 'prefix' | 'no';
  readonly chain?: string;
}

export const typed = (name: string, rest: object) => ({ '@type': `type.googleapis.com/${name}`, ...rest });

function tlsOf(
  { cert, key, bundle, allowed }: OfConfig,
  { minimum = 'TLSv1_3', requires = true, pins = 'exact', chain }: Settings,
) {
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: typed('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
      require_client_certificate: requires,
      common_tls_context: {
        ...(minimum !== '' && { tls_params: { tls_minimum_protocol_version: minimum } }),
        tls_certificates: [{ certificate_chain: { filename: cert }, private_key: { filename: key } }],
        validation_context: {
          trusted_ca: { filename: bundle },
          ...(chain !== undefined && { trust_chain_verification: chain }),
          ...(pins !== 'no' && { match_typed_subject_alt_names: [{ san_type: 'URI', matcher: { [pins]: allowed } }] }),
        },
        alpn_protocols: ['h2', 'http/1.1'],
      },
    }),
  };
}

export const http = {
  name: 'envoy.filters.network.http_connection_manager',
  typed_config: typed('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: 'service',
    route_config: {
      virtual_hosts: [
        {
          name: 'service',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: 'served' } } }],
        },
      ],
    },
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: typed('envoy.extensions.filters.http.router.v3.Router', {}),
      },
    ],
  }),
};

const tcp = {
  name: 'envoy.filters.network.tcp_proxy',
  typed_config: typed('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', {
    stat_prefix: 'service',
    cluster: 'behind',
  }),
};

export const listensAt = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } });

/** An Envoy with one listener, as its manual has it. */
export const envoyConfig = (place: OfConfig, filter: typeof http | typeof tcp = http, settings: Settings = {}) => ({
  static_resources: {
    listeners: [
      {
        name: 'service',
        address: listensAt(place.port),
        filter_chains: [{ transport_socket: tlsOf(place, settings), filters: [filter] }],
      },
    ],
    clusters: [
      {
        name: 'behind',
        type: 'STATIC',
        load_assignment: {
          cluster_name: 'behind',
          endpoints: [{ lb_endpoints: [{ endpoint: { address: listensAt(place.behind) } }] }],
        },
      },
    ],
  },
});

/** Runs it in the foreground. */
export const envoyCommand = (dir: string, ...flags: readonly string[]) => [
  ...['envoy', '-c', `${dir}/envoy.yaml`, '--concurrency', '1', '--disable-hot-restart', '-l', 'error'],
  ...flags,
];

const deploy =
  (filter: typeof http | typeof tcp, settings: Settings = {}) =>
  (place: Place): Deployment => ({
    files: { 'envoy.yaml': stringify(envoyConfig(place, filter, settings)) },
    commands: [
      envoyCommand(place.dir),
      ...(filter === tcp
        ? [['redis-server', '--port', String(place.behind), '--bind', '127.0.0.1', '--save', '', '--dir', place.dir]]
        : []),
    ],
  });

export const envoy: Product = {
  id: 'envoy',
  title: 'Envoy',
  protocol: 'h2',
  needs: 'envoy',
  right: deploy(http),
  wrong: [
    {
      id: 'envoy-ca-only',
      title: 'checks who signed, and no ID',
      breaks: [],
      takesAnyName: true,
      deploy: deploy(http, { pins: 'no' }),
    },
    {
      id: 'envoy-prefix',
      title: 'matches the ID by `prefix`',
      breaks: [suffix],
      deploy: deploy(http, { pins: 'prefix' }),
    },
    // A matcher of SANs would want a certificate all the same.
    {
      id: 'envoy-requires-none',
      title: '`require_client_certificate: false`',
      breaks: [anonymous],
      takesAnyName: true,
      deploy: deploy(http, { requires: false, pins: 'no' }),
    },
    {
      id: 'envoy-accepts-untrusted',
      title: '`trust_chain_verification: ACCEPT_UNTRUSTED`',
      breaks: [...strangers, selfSigned, foreignDomain],
      takesAnyName: true,
      deploy: deploy(http, { chain: 'ACCEPT_UNTRUSTED' }),
    },
    {
      id: 'envoy-tls12',
      title: '`tls_minimum_protocol_version: TLSv1_2`',
      breaks: [oldTls],
      deploy: deploy(http, { minimum: 'TLSv1_2' }),
    },
    // Its own default for a listener.
    {
      id: 'envoy-default-versions',
      title: 'no `tls_params`: a listener takes TLS 1.2 by default',
      breaks: [oldTls],
      deploy: deploy(http, { minimum: '' }),
    },
  ],
};

export const redisBehindEnvoy: Product = {
  id: 'redis-behind-envoy',
  title: 'Redis behind Envoy',
  protocol: 'tcp',
  speech: { send: 'PING' },
  needs: 'envoy',
  right: deploy(tcp),
  wrong: [
    {
      id: 'envoy-tcp-requires-none',
      title: '`require_client_certificate: false`',
      breaks: [anonymous],
      takesAnyName: true,
      deploy: deploy(tcp, { requires: false, pins: 'no' }),
    },
    {
      id: 'envoy-tcp-accepts-untrusted',
      title: '`trust_chain_verification: ACCEPT_UNTRUSTED`',
      breaks: [...strangers, selfSigned, foreignDomain],
      takesAnyName: true,
      deploy: deploy(tcp, { chain: 'ACCEPT_UNTRUSTED' }),
    },
  ],
};
