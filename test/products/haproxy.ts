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
  suffix,
  type Deployment,
  type Place,
  type Product,
  type Renewal,
  oddLeaves,
} from './product.ts';

interface Settings {
  readonly verify?: string;
  readonly minimum?: string;
  readonly pins?: 'exactly' | 'substring' | 'no';
}

/** HAProxy 2.6 knows no SPIFFE ID: it looks for the bytes of the allowed one in the certificate. */
const deploy =
  ({ verify = 'verify required', minimum = 'TLSv1.3', pins = 'exactly' }: Settings = {}) =>
  ({ dir, port, cert, bundle, allowed }: Place): Deployment => ({
    files: {
      'haproxy.cfg': `global
  ssl-default-bind-options ssl-min-ver ${minimum}
defaults
  mode http
  timeout client 10s
  timeout connect 5s
  timeout server 10s
frontend service
  bind 127.0.0.1:${port} ssl crt ${cert} ca-file ${bundle} ${verify}
  ${pins === 'no' ? '' : `http-request deny deny_status 403 unless { ssl_c_der,hex -m sub ${(pins === 'exactly' ? sanHex(allowed) : Buffer.from(allowed).toString('hex')).toUpperCase()} }`}
  http-request return status 200 content-type text/plain string served
`,
    },
    commands: [['haproxy', '-W', '-db', '-p', `${dir}/haproxy.pid`, '-f', `${dir}/haproxy.cfg`]],
  });

/** HAProxy drops a SIGUSR2 that comes while it reloads, and SPIRE may renew twice within a second. */
const renewal = ({ dir }: Place): Renewal => ({
  lines: ['cmd = "sh"', `cmd_args = "${dir}/renewed.sh"`, 'renew_signal = "SIGHUP"'],
  files: {
    'renewed.sh': `# Started by spiffe-helper with the first files, and sent SIGHUP with all others. Has HAProxy reload until one took that began after they came:
# each writes the file with its process id anew.
pid=${dir}/haproxy.pid
trap 'renewed=yes' HUP
while kill -0 "$PPID"; do
  if [ "$renewed" = yes ] && [ -s $pid ]; then
    renewed=no
    touch ${dir}/renewed
    until [ $pid -nt ${dir}/renewed ] || ! kill -USR2 "$(cat $pid)"; do sleep 0.5; done
  fi
  sleep 0.2
done
`,
  },
});

export const haproxy: Product = {
  id: 'haproxy',
  title: 'HAProxy',
  takesOdd: oddLeaves,
  cannot: 'It knows no SPIFFE ID: what is allowed is looked for among the bytes of the certificate.',
  protocol: 'http',
  needs: 'haproxy',
  right: deploy(),
  renewal,
  wrong: [
    {
      id: 'haproxy-ca-only',
      title: 'checks who signed, and no ID',
      breaks: [],
      takesAnyName: true,
      deploy: deploy({ pins: 'no' }),
    },
    // Without the length before it, whatever goes on behind the ID is taken for it.
    {
      id: 'haproxy-substring',
      title: 'looks for the bytes of the ID without the length before them, so that more may follow',
      breaks: [suffix],
      deploy: deploy({ pins: 'substring' }),
    },
    {
      id: 'haproxy-optional',
      title: '`verify optional`, and nothing asks whether one was shown',
      breaks: [anonymous],
      takesAnyName: true,
      deploy: deploy({ verify: 'verify optional', pins: 'no' }),
    },
    {
      id: 'haproxy-none',
      title: '`verify none`',
      breaks: [anonymous, ...strangers, selfSigned, foreignDomain, keyPossession],
      takesAnyName: true,
      deploy: deploy({ verify: 'verify none', pins: 'no' }),
    },
    {
      id: 'haproxy-ignores-errors',
      title: '`ca-ignore-err all crt-ignore-err all`: whatever is shown is believed',
      breaks: [...strangers, selfSigned],
      deploy: deploy({ verify: 'verify required ca-ignore-err all crt-ignore-err all' }),
    },
    {
      id: 'haproxy-tls12',
      title: '`ssl-min-ver TLSv1.2`',
      breaks: [oldTls, weak],
      deploy: deploy({ minimum: 'TLSv1.2' }),
    },
  ],
  stale: [
    {
      id: 'haproxy-never-reloads',
      title: 'nothing tells it of new files: it goes on with the SVID and the bundle of its first day',
      breaks: [newSvid],
      isToldNothing: true,
    },
    {
      id: 'haproxy-old-bundle',
      title: 'a bundle in a file of its own, which nobody writes anew',
      breaks: oldBundle,
      deploy: deploy(),
    },
  ],
};
