import { isIP } from 'node:net';

/** Where a Workload API is served. */
export type EndpointSocket =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/**
 * Reads SPIFFE_ENDPOINT_SOCKET: `unix:///path`, `unix:/path` or `tcp://ip:port`.
 *
 * @throws TypeError that names what is wrong and what would be right
 *
 * Source: SPIFFE Workload Endpoint §4: a URI; unix has an absolute path and no authority, tcp has an IP address and a port and no path.
 */
export function parseEndpointSocket(text: string): EndpointSocket {
  const wrong = (why: string): never => {
    throw new TypeError(
      `SPIFFE endpoint socket ${JSON.stringify(text)}: ${why}; wanted unix:///path/to/socket or tcp://ip:port`,
    );
  };
  const [, scheme, rest] = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(text) ?? wrong('no scheme');
  if (/[?#]/.test(rest!)) wrong('a query or fragment has no place in it');
  switch (scheme!.toLowerCase()) {
    case 'unix': {
      const path = rest!.startsWith('//') ? rest!.slice(2) : rest!;
      if (!path.startsWith('/')) wrong(rest!.startsWith('//') ? 'unix takes no host' : 'the path is not absolute');
      return { kind: 'unix', path };
    }
    case 'tcp': {
      const [, host, port] =
        /^\/\/(?:\[([^\]]*)\]|([^:/]*)):(\d{1,5})$/.exec(rest!)?.filter((part) => part !== undefined) ??
        wrong('not an address and a port');
      if (isIP(host!) === 0) wrong('the host is not an IP address');
      if (Number(port) < 1 || Number(port) > 65535) wrong('the port is not in 1 to 65535');
      return { kind: 'tcp', host: host!, port: Number(port) };
    }
    default:
      return wrong(`scheme ${scheme} is neither unix nor tcp`);
  }
}

/**
 * The gRPC target of a socket. A text may be any form of SPIFFE_ENDPOINT_SOCKET, or the bare absolute path of a
 * unix socket for those who hold a path; the variable itself may not be a bare path, so parse it first.
 *
 * @throws TypeError as `parseEndpointSocket`
 */
export function grpcTarget(socket: string | EndpointSocket): string {
  if (typeof socket === 'string')
    return socket.startsWith('/') ? `unix:${socket}` : grpcTarget(parseEndpointSocket(socket));
  if (socket.kind === 'unix') return `unix:${socket.path}`;
  return isIP(socket.host) === 6 ? `ipv6:[${socket.host}]:${socket.port}` : `ipv4:${socket.host}:${socket.port}`;
}
