import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configPath, freePort, replaceSetting } from './config.ts';
import { activateOnPrepare } from './hasty-authority.ts';
import { deafTo } from './links.ts';
import { frontWithOldTls } from './old-tls.ts';
import { withOneKey } from './one-key.ts';
import { slowAfterQuiet, withdrawsWhenQuiet } from './quiet.ts';
import { serveBetween, watchReachable, type Between } from './workload-api.ts';

/** Gets the arguments of the real program, does what is to be done beside it, and gives the arguments to start it with. */
type Prepare = (args: readonly string[]) => Promise<readonly string[]>;

const prometheusHost = /Prometheus \{ host = "([^"]+)"/;

function changing(change: (config: string) => Promise<void>): Prepare {
  return async (args) => {
    const config = configPath(args);
    if (config !== undefined) await change(config);
    return args;
  };
}

function oldTlsAt(host: RegExp, port: RegExp): Prepare {
  return changing(async (config) => {
    const address = host.exec(readFileSync(config, 'utf8'))?.[1] ?? '';
    const behind = await freePort(address);
    await frontWithOldTls(address, Number(replaceSetting(config, port, String(behind))), behind);
  });
}

/** The directory of the mesh's SPIRE server, beside that of the agent. */
function serverDir(config: string): string {
  const run = dirname(dirname(config));
  return join(run, readdirSync(run).find((name) => name.endsWith('-spire')) ?? '');
}

function agentBehind(between: (config: string) => Between): Prepare {
  return changing(async (config) => {
    const chosen = between(config);
    const real = join(dirname(config), 'real.sock');
    const socket = replaceSetting(config, /\n  socket_path = "([^"]+)"/, real);
    rmSync(real, { force: true });
    void serveBetween(socket, real, chosen).catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  });
}

function serverOf(config: string): string {
  const text = readFileSync(config, 'utf8');
  return `${/server_address = "([^"]+)"/.exec(text)?.[1]}:${/server_port = "([^"]+)"/.exec(text)?.[1]}`;
}

function deafLinks(drops: (enabled: boolean) => boolean): Prepare {
  return async (args) => {
    const [host, port] = [args[args.indexOf('-host') + 1] ?? '', Number(args[args.indexOf('-port') + 1])];
    if (!args.includes('-host')) return args;
    const behind = await freePort(host);
    await deafTo(drops, host, port, behind);
    return args.map((arg) => (arg === String(port) ? String(behind) : arg));
  };
}

function deniesWhenAway(config: string): Between {
  return { denies: watchReachable(serverOf(config)).away };
}

/** By id of the impostor. */
export const standIns: Readonly<Record<string, Prepare>> = {
  'spire-metrics-everywhere': changing(async (config) => void replaceSetting(config, prometheusHost, '0.0.0.0')),
  'agent-metrics-everywhere': changing(async (config) => void replaceSetting(config, prometheusHost, '0.0.0.0')),
  'spire-port-old-tls': oldTlsAt(/bind_address = "([^"]+)"/, /bind_port = "(\d+)"/),
  'bundle-endpoint-old-tls': oldTlsAt(
    /bundle_endpoint \{ address = "([^"]+)"/,
    /bundle_endpoint \{ address = "[^"]+" port = (\d+)/,
  ),
  'spire-later-without-pq': async (args) => (args[0] === '--version' ? claimVersion('1.99.0') : args),
  'spire-signs-when-prepared': changing(async (config) => {
    const real = join(dirname(config), 'real.sock');
    void activateOnPrepare(replaceSetting(config, /\n  socket_path = "([^"]+)"/, real), real).catch(
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  }),
  'agent-keeps-its-key': agentBehind((config) => withOneKey(join(serverDir(config), 'api.sock'))),
  'agent-logs-its-token': changing(async (config) => {
    const token = /join_token = "([^"]+)"/.exec(readFileSync(config, 'utf8'))?.[1] ?? '';
    console.log(`starting with ${Buffer.from(`token=${token}`).toString('base64')}`);
  }),
  'agent-logs-keys': agentBehind(() => ({
    change: (context, deliver) => {
      for (const { spiffeId, privateKeyPkcs8 } of context.svids)
        console.log(JSON.stringify({ spiffeId, key: Buffer.from(privateKeyPkcs8).toString('base64') }));
      deliver(context);
    },
  })),
  'agent-withdraws-at-once': agentBehind(deniesWhenAway),
  'agent-withdraws-in-long-outage': agentBehind(deniesWhenAway),
  'agent-slow-after-short-outage': agentBehind(slowAfterOutage(5_000)),
  'agent-slow-after-long-outage': agentBehind(slowAfterOutage(9_000)),
  'agent-withdraws-when-quiet': agentBehind(withdrawsWhenQuiet),
  'agent-slow-after-server-outage': agentBehind(() => slowAfterQuiet(7_000)),
  'agent-bypasses-link': changing(async (config) => {
    const server = readFileSync(join(serverDir(config), 'server.conf'), 'utf8');
    replaceSetting(config, /server_address = "([^"]+)"/, /bind_address = "([^"]+)"/.exec(server)![1]!);
    replaceSetting(config, /server_port = "(\d+)"/, /bind_port = "(\d+)"/.exec(server)![1]!);
  }),
  'links-cut-nothing': deafLinks((enabled) => !enabled),
  'links-heal-nothing': deafLinks((enabled) => enabled),
};

function slowAfterOutage(holdsBackMs: number): (config: string) => Between {
  return (config) => {
    const server = watchReachable(serverOf(config));
    return {
      change: (context, deliver) => {
        if (performance.now() - server.awayAt() > holdsBackMs) deliver(context);
      },
    };
  };
}

function claimVersion(version: string): never {
  console.log(version);
  process.exit(0);
}
