import { anonymous, weak, oldTls, plaintext, type Deployment, type Place, type Product } from './product.ts';

interface Settings {
  readonly access?: string;
  readonly minimum?: string;
}

/** PostgreSQL pins no ID: whoever the bundle vouches for is let in. */
const deploy =
  ({ access = 'hostssl all all 127.0.0.1/32 trust clientcert=verify-ca', minimum = 'TLSv1.3' }: Settings = {}) =>
  ({ dir, port, cert, key, bundle }: Place): Deployment => ({
    user: 'postgres',
    files: {
      'start.sh': `set -e
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
cp ${cert} ${dir}/server.pem
cp ${key} ${dir}/server.key
chmod 600 ${dir}/server.key
"$bin"/initdb -D ${dir}/data -A trust -U app --no-sync > ${dir}/initdb.log
printf '%s\\n' '${access}' > ${dir}/data/pg_hba.conf
exec "$bin"/postgres -D ${dir}/data -k ${dir} -p ${port} -c listen_addresses=127.0.0.1 -c fsync=off \\
  -c ssl=on -c ssl_cert_file=${dir}/server.pem -c ssl_key_file=${dir}/server.key -c ssl_ca_file=${bundle} \\
  -c ssl_min_protocol_version=${minimum}
`,
    },
    commands: [['sh', `${dir}/start.sh`]],
  });

export const postgres: Product = {
  id: 'postgres',
  title: 'PostgreSQL',
  cannot:
    'It pins no SPIFFE ID: `clientcert=verify-full` reads the common name, which an SVID need not have. Whoever the bundle vouches for is let in.',
  protocol: 'postgres',
  speech: { user: 'app', database: 'postgres' },
  needs: '/usr/lib/postgresql',
  right: deploy(),
  pinsNothing: true,
  wrong: [
    {
      id: 'postgres-no-clientcert',
      title: '`hostssl` without `clientcert`',
      breaks: [anonymous],
      deploy: deploy({ access: 'hostssl all all 127.0.0.1/32 trust' }),
    },
    {
      id: 'postgres-tls12',
      title: '`ssl_min_protocol_version=TLSv1.2`, its default',
      breaks: [oldTls, weak],
      deploy: deploy({ minimum: 'TLSv1.2' }),
    },
    {
      id: 'postgres-plaintext',
      title: '`host` in the place of `hostssl`',
      breaks: [plaintext, anonymous],
      deploy: deploy({ access: 'host all all 127.0.0.1/32 trust' }),
    },
  ],
};
