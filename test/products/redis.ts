import {
  strangers,
  selfSigned,
  keyPossession,
  foreignDomain,
  anonymous,
  weak,
  oldTls,
  type Deployment,
  type Place,
  type Product,
} from './product.ts';

/** Redis 7.0 pins no ID: whoever the bundle vouches for is let in. */
const deploy =
  (clients = 'yes', protocols = 'TLSv1.3') =>
  ({ dir, port, cert, key, bundle }: Place): Deployment => ({
    commands: [
      [
        ...[
          'redis-server',
          '--port',
          '0',
          '--tls-port',
          String(port),
          '--bind',
          '127.0.0.1',
          '--save',
          '',
          '--dir',
          dir,
        ],
        ...['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', bundle],
        ...['--tls-auth-clients', clients, '--tls-protocols', protocols],
      ],
    ],
  });

export const redis: Product = {
  id: 'redis',
  title: 'Redis',
  cannot: 'It pins no ID: whoever the bundle vouches for is let in. Put a proxy before it that does.',
  protocol: 'tcp',
  speech: { send: 'PING' },
  needs: 'redis-server',
  right: deploy(),
  pinsNothing: true,
  wrong: [
    {
      id: 'redis-no-clients',
      title: '`tls-auth-clients no`',
      breaks: [anonymous, foreignDomain, keyPossession, selfSigned, ...strangers],
      deploy: deploy('no'),
    },
    { id: 'redis-optional', title: '`tls-auth-clients optional`', breaks: [anonymous], deploy: deploy('optional') },
    {
      id: 'redis-tls12',
      title: '`tls-protocols "TLSv1.2 TLSv1.3"`',
      breaks: [oldTls, weak],
      deploy: deploy('yes', 'TLSv1.2 TLSv1.3'),
    },
  ],
};
