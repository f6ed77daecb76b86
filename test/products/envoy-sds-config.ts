import { http, listensAt, typed } from './envoy.ts';
import type { Place } from './product.ts';

/** What of it is set otherwise than rightly. */
export interface SdsSettings {
  readonly minimum?: string;
  readonly minimumAsClient?: string;
  readonly pins?: 'exact' | 'prefix' | 'no';
  readonly pinsAsClient?: false;
  /** Name of the bundle; ALL is that of every trust domain which the agent knows. */
  readonly bundle?: string;
  /** A file with a bundle that nobody renews, in the place of what SDS gives. */
  readonly bundleFile?: string;
  /** RBAC says who would be turned away, and turns away nobody. */
  readonly dryRun?: true;
  /** Plain text is served, too, at the same port. */
  readonly permissive?: true;
  /** It calls others, too. */
  readonly calls?: true;
}

const fromAgent = (name: string) => ({
  name,
  sds_config: {
    resource_api_version: 'V3',
    api_config_source: {
      api_type: 'GRPC',
      transport_api_version: 'V3',
      grpc_services: [{ envoy_grpc: { cluster_name: 'spire_agent' } }],
    },
  },
});

const trustDomainOf = (spiffeId: string) => spiffeId.split('/').slice(0, 3).join('/');

function tlsOf({ spiffeId, allowed }: Place, minimum: string, { pins, bundle, bundleFile }: SdsSettings) {
  const match =
    pins === 'no'
      ? {}
      : { match_typed_subject_alt_names: [{ san_type: 'URI', matcher: { [pins ?? 'exact']: allowed } }] };
  return {
    ...(minimum !== '' && {
      tls_params: { tls_minimum_protocol_version: minimum, tls_maximum_protocol_version: 'TLSv1_3' },
    }),
    tls_certificate_sds_secret_configs: [fromAgent(spiffeId)],
    ...(bundleFile === undefined
      ? {
          combined_validation_context: {
            default_validation_context: match,
            validation_context_sds_secret_config: fromAgent(bundle ?? trustDomainOf(spiffeId)),
          },
        }
      : { validation_context: { trusted_ca: { filename: bundleFile }, ...match } }),
  };
}

const transport = (name: string, rest: object) => ({
  name: 'envoy.transport_sockets.tls',
  typed_config: typed(`envoy.extensions.transport_sockets.tls.v3.${name}`, rest),
});

const httpFilter = (name: string, config: object) => ({ name: `envoy.filters.http.${name}`, typed_config: config });
const router = httpFilter('router', typed('envoy.extensions.filters.http.router.v3.Router', {}));

const rbacInDryRun = (allowed: string) =>
  httpFilter(
    'rbac',
    typed('envoy.extensions.filters.http.rbac.v3.RBAC', {
      shadow_rules: {
        action: 'ALLOW',
        policies: {
          callers: {
            permissions: [{ any: true }],
            principals: [{ authenticated: { principal_name: { exact: allowed } } }],
          },
        },
      },
    }),
  );

const managing = (change: object) => ({ ...http, typed_config: { ...http.typed_config, ...change } });

/** A listener in the clear, for what stands behind it on the same machine, and whom that calls. */
const outward = (place: Place, settings: SdsSettings) => ({
  listener: {
    name: 'outward',
    address: listensAt(place.behind),
    filter_chains: [
      {
        filters: [
          managing({
            stat_prefix: 'outward',
            route_config: {
              virtual_hosts: [
                { name: 'others', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'others' } }] },
              ],
            },
          }),
        ],
      },
    ],
  },
  cluster: {
    name: 'others',
    type: 'ORIGINAL_DST',
    lb_policy: 'CLUSTER_PROVIDED',
    connect_timeout: '5s',
    original_dst_lb_config: { use_http_header: true },
    // A connection for each request, so that each is judged anew.
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': typed(
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        {
          common_http_protocol_options: { max_requests_per_connection: 1 },
          explicit_http_config: { http_protocol_options: {} },
        },
      ),
    },
    transport_socket: transport('UpstreamTlsContext', {
      common_tls_context: tlsOf(place, settings.minimumAsClient ?? 'TLSv1_3', {
        ...settings,
        ...(settings.pinsAsClient === false && { pins: 'no' }),
      }),
      max_session_keys: 0,
    }),
  },
});

/** Configuration of an Envoy that takes SVID and bundle from the agent of SPIRE by SDS. */
export function sdsConfig(place: Place, settings: SdsSettings) {
  const filter = managing(settings.dryRun ? { http_filters: [rbacInDryRun(place.allowed), router] } : {});
  const tls = {
    transport_socket: transport('DownstreamTlsContext', {
      require_client_certificate: true,
      common_tls_context: {
        ...tlsOf(place, settings.minimum ?? 'TLSv1_3', settings),
        alpn_protocols: ['h2', 'http/1.1'],
      },
    }),
    filters: [filter],
  };
  const out = settings.calls ? outward(place, settings) : undefined;
  return {
    node: { id: 'service', cluster: 'services' },
    static_resources: {
      listeners: [
        {
          name: 'service',
          address: listensAt(place.port),
          ...(settings.permissive
            ? {
                listener_filters: [
                  {
                    name: 'envoy.filters.listener.tls_inspector',
                    typed_config: typed('envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector', {}),
                  },
                ],
                filter_chains: [
                  { filter_chain_match: { transport_protocol: 'tls' }, ...tls },
                  { filter_chain_match: { transport_protocol: 'raw_buffer' }, filters: [filter] },
                ],
              }
            : { filter_chains: [tls] }),
        },
        ...(out ? [out.listener] : []),
      ],
      clusters: [
        {
          name: 'spire_agent',
          type: 'STATIC',
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': typed(
              'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
              { explicit_http_config: { http2_protocol_options: {} } },
            ),
          },
          load_assignment: {
            cluster_name: 'spire_agent',
            endpoints: [
              {
                lb_endpoints: [
                  { endpoint: { address: { pipe: { path: place.workloadApi.slice('unix://'.length) } } } },
                ],
              },
            ],
          },
        },
        ...(out ? [out.cluster] : []),
      ],
    },
  };
}
