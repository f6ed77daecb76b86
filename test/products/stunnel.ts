import {
  keyPossession,
  foreignDomain,
  anonymous,
  weak,
  oldTls,
  selfSigned,
  strangers,
  type Deployment,
  type Place,
  type Product,
} from './product.ts';
import { served } from './node-servers.ts';

/** stunnel 5.68 pins no ID: whoever the bundle vouches for is let in. */
const deploy =
  (verify = 'verifyChain = yes', minimum = 'TLSv1.3') =>
  ({ dir, port, behind, cert, key, bundle }: Place): Deployment => ({
    files: {
      'stunnel.conf': `foreground = yes
pid =
debug = warning
[service]
accept = 127.0.0.1:${port}
connect = 127.0.0.1:${behind}
cert = ${cert}
key = ${key}
CAfile = ${bundle}
${verify}
sslVersionMin = ${minimum}
TIMEOUTclose = 0
`,
      'behind.mjs': served(behind),
    },
    commands: [
      ['stunnel4', `${dir}/stunnel.conf`],
      [process.execPath, `${dir}/behind.mjs`],
    ],
  });

export const stunnel: Product = {
  id: 'stunnel',
  title: 'stunnel',
  cannot: 'It pins no ID: whoever the bundle vouches for is let in.',
  protocol: 'http',
  needs: 'stunnel4',
  right: deploy(),
  pinsNothing: true,
  wrong: [
    {
      id: 'stunnel-verifies-nobody',
      title: 'no `verifyChain`',
      breaks: [anonymous, ...strangers, selfSigned, foreignDomain, keyPossession],
      deploy: deploy(''),
    },
    {
      id: 'stunnel-tls12',
      title: '`sslVersionMin = TLSv1.2`',
      breaks: [oldTls, weak],
      deploy: deploy('verifyChain = yes', 'TLSv1.2'),
    },
  ],
};
