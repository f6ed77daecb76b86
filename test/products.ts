import { envoy, redisBehindEnvoy } from './products/envoy.ts';
import { envoySds } from './products/envoy-sds.ts';
import { goGrpc, goHttps } from './products/go-spiffe.ts';
import { haproxy } from './products/haproxy.ts';
import { nginx } from './products/nginx.ts';
import { grpcJs, nodeCaller, nodeHttps, nodeWebsocket } from './products/node-servers.ts';
import { postgres } from './products/postgres.ts';
import type { Product } from './products/product.ts';
import { redis } from './products/redis.ts';
import { stunnel } from './products/stunnel.ts';

/** Software that speaks TLS and has never heard of Assay. */
export const products: readonly Product[] = [
  ...[nginx, haproxy, stunnel, envoy, envoySds, redisBehindEnvoy, redis, postgres],
  ...[nodeHttps, nodeCaller, nodeWebsocket, grpcJs, goHttps, goGrpc],
];

/** Those of them that are judged while SVIDs and authorities are renewed. */
export const followers: readonly Product[] = [nginx, haproxy, envoySds, goHttps];
