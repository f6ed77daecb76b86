import {
  keyPossession,
  newSvid,
  oldBundle,
  foreignDomain,
  anonymous,
  weak,
  oldTls,
  sanHex,
  selfSigned,
  strangers,
  unlinked,
  type Deployment,
  type Place,
  type Product,
  oddLeaves,
} from './product.ts';

interface Settings {
  readonly verify?: string;
  readonly protocols?: string;
  readonly pins?: boolean;
}

/** nginx 1.22 knows no SPIFFE ID: a script of its own module for JavaScript looks for the one that is allowed. */
const deploy =
  ({ verify = 'on', protocols = 'TLSv1.3', pins = true }: Settings = {}) =>
  ({ dir, port, cert, key, bundle, allowed }: Place): Deployment => ({
    files: {
      'pin.js': `function allowed(r) {
  const der = Buffer.from((r.variables.ssl_client_raw_cert || '').replace(/-----[^-]+-----|\\s/g, ''), 'base64');
  return der.toString('hex').includes('${sanHex(allowed)}') ? '1' : '0';
}
export default { allowed };
`,
      'nginx.conf': `load_module /usr/lib/nginx/modules/ngx_http_js_module.so;
daemon off;
user root;
worker_processes 1;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log;
events { worker_connections 256; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${dir}/${name};`).join(' ')}
  js_path ${dir};
  js_import pin from pin.js;
  js_set $pin pin.allowed;
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${cert};
    ssl_certificate_key ${key};
    ssl_client_certificate ${bundle};
    ssl_verify_client ${verify};
    ssl_verify_depth 3;
    ssl_protocols ${protocols};
    location / {
      ${pins ? 'if ($pin = 0) { return 403; }' : ''}
      return 200 "served\\n";
    }
  }
}
`,
    },
    commands: [['nginx', '-e', `${dir}/error.log`, '-c', `${dir}/nginx.conf`, '-p', dir]],
  });

export const nginx: Product = {
  id: 'nginx',
  title: 'nginx',
  takesOdd: oddLeaves,
  cannot:
    'It knows no SPIFFE ID: a script of its module for JavaScript (njs) reads the certificate. It finishes the handshake whatever is shown, and answers 400 or 403.',
  protocol: 'http',
  needs: 'nginx',
  right: deploy(),
  renewal: ({ dir }) => ({ lines: ['renew_signal = "SIGHUP"', `pid_file_name = "${dir}/nginx.pid"`] }),
  wrong: [
    {
      id: 'nginx-ca-only',
      title: 'checks who signed, and no ID',
      breaks: [],
      takesAnyName: true,
      deploy: deploy({ pins: false }),
    },
    {
      id: 'nginx-optional-no-ca',
      title: '`ssl_verify_client optional_no_ca`: whatever is shown is believed',
      breaks: [selfSigned, unlinked],
      deploy: deploy({ verify: 'optional_no_ca' }),
    },
    {
      id: 'nginx-optional',
      title: '`ssl_verify_client optional`, and nothing asks whether one was shown',
      breaks: [anonymous],
      takesAnyName: true,
      deploy: deploy({ verify: 'optional', pins: false }),
    },
    {
      id: 'nginx-off',
      title: '`ssl_verify_client off`',
      breaks: [anonymous, ...strangers, selfSigned, foreignDomain, keyPossession],
      takesAnyName: true,
      deploy: deploy({ verify: 'off', pins: false }),
    },
    {
      id: 'nginx-tls12',
      title: '`ssl_protocols TLSv1.2 TLSv1.3`',
      breaks: [oldTls, weak],
      deploy: deploy({ protocols: 'TLSv1.2 TLSv1.3' }),
    },
  ],
  stale: [
    {
      id: 'nginx-never-reloads',
      title: 'nothing tells it of new files: it goes on with the SVID and the bundle of its first day',
      breaks: [newSvid],
      isToldNothing: true,
    },
    {
      id: 'nginx-old-bundle',
      title: 'a bundle in a file of its own, which nobody writes anew',
      breaks: oldBundle,
      deploy: deploy(),
    },
  ],
};
