import { stringify } from 'yaml';
import { envoyCommand } from './envoy.ts';
import { sdsConfig, type SdsSettings } from './envoy-sds-config.ts';
import {
  oldTls,
  oldTlsAsClient,
  plaintext,
  oldBundle,
  suffix,
  type Deployment,
  type Place,
  type Product,
} from './product.ts';

const deploy =
  (settings: SdsSettings = {}) =>
  (place: Place): Deployment => ({
    files: {
      'envoy.yaml': stringify(sdsConfig(place, settings), { aliasDuplicateObjects: false }),
      ...(settings.calls && {
        'call.sh': `# Calls $1 by way of Envoy, which answers 503 where it refuses a server, or is refused, and where it had not the time to tell.
answer=$(curl --silent --max-time 7 --write-out ' %{http_code}' --header "x-envoy-original-dst-host: $1" http://127.0.0.1:${place.behind}/)
case "$answer" in *' 200') exit 0 ;; *timeout*' 503') exit 2 ;; *' 503') exit 1 ;; *) exit 2 ;; esac
`,
      }),
    },
    commands: [envoyCommand(place.dir)],
    ...(settings.calls && { dial: ['sh', `${place.dir}/call.sh`, '{address}'] }),
  });

export const envoySds: Product = {
  id: 'envoy-sds',
  title: 'Envoy by SDS from SPIRE',
  takesOdd: ['x509-svid/leaf/two-uri-sans'],
  cannot: 'As a client it asks for the ID that its configuration names, whatever the caller wants.',
  asksWorkloadApi: true,
  protocol: 'h2',
  needs: 'envoy',
  right: deploy({ calls: true }),
  wrong: [
    {
      id: 'envoy-sds-no-match',
      title: 'the bundle by SDS, and no `match_typed_subject_alt_names` beside it',
      breaks: [],
      takesAnyName: true,
      deploy: deploy({ pins: 'no' }),
    },
    {
      id: 'envoy-sds-all-bundles',
      title: 'the bundle by the name `ALL`, and no `match_typed_subject_alt_names` beside it',
      breaks: [],
      takesAnyName: true,
      deploy: deploy({ pins: 'no', bundle: 'ALL' }),
    },
    {
      id: 'envoy-sds-prefix',
      title: 'matches the ID by `prefix`',
      breaks: [suffix],
      deploy: deploy({ pins: 'prefix' }),
    },
    {
      id: 'envoy-sds-rbac-in-dry-run',
      title: 'leaves IDs to RBAC, which has `shadow_rules` alone',
      breaks: [],
      takesAnyName: true,
      deploy: deploy({ pins: 'no', dryRun: true }),
    },
    {
      id: 'envoy-sds-permissive',
      title: 'a second filter chain for `raw_buffer`: plain text is served, too',
      breaks: [plaintext],
      deploy: deploy({ permissive: true }),
    },
    {
      id: 'envoy-sds-default-versions',
      title: 'no `tls_params`: a listener takes TLS 1.2 by default',
      breaks: [oldTls],
      deploy: deploy({ minimum: '' }),
    },
    {
      id: 'envoy-sds-calls-anybody',
      title: 'no `match_typed_subject_alt_names` in the cluster that it calls',
      breaks: [],
      takesAnyName: true,
      deploy: deploy({ calls: true, pinsAsClient: false }),
    },
    {
      id: 'envoy-sds-calls-tls12',
      title: '`tls_minimum_protocol_version: TLSv1_2` in the cluster that it calls',
      breaks: [oldTlsAsClient],
      deploy: deploy({ calls: true, minimumAsClient: 'TLSv1_2' }),
    },
  ],
  stale: [
    {
      id: 'envoy-sds-old-bundle',
      title: 'the SVID by SDS, and `trusted_ca` from a file that nobody writes anew',
      breaks: oldBundle,
      deploy: (place) => deploy({ bundleFile: place.bundle })(place),
    },
  ],
};
