import { FixtureError } from './errors.ts';

/** A TCP address; an IPv6 host stands without brackets. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/**
 * Takes `host:port` apart; an IPv6 address loses its brackets.
 *
 * @throws FixtureError when there is no port
 */
export function hostPort(address: string): HostPort {
  const at = address.lastIndexOf(':');
  const port = Number(address.slice(at + 1));
  if (at < 0 || !Number.isInteger(port)) throw new FixtureError(`${address}: not host:port`);
  return { host: address.slice(0, at).replace(/^\[(.*)\]$/, '$1'), port };
}

/** The address as text, an IPv6 host in brackets. */
export function hostPortText({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
