import type { Behaviour } from './behaviour.ts';

/** The cipher suites of TLS 1.3 that are admitted, strongest first: all that OpenSSL offers by default, and none of those that cut their tags short. */
export const cipherSuites = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
] as const;

/**
 * Checks a choice of cipher suites.
 *
 * @throws TypeError on a name that is not one of {@link cipherSuites}, and where there is none; it names those that are
 */
export function checkCipherSuites(names: readonly string[]): void {
  const wanted = `wanted are some of ${cipherSuites.join(', ')}`;
  if (names.length === 0) throw new TypeError(`no cipher suite is named; ${wanted}`);
  for (const name of names)
    if (!(cipherSuites as readonly string[]).includes(name))
      throw new TypeError(`${JSON.stringify(name)} is no cipher suite of TLS 1.3 that is admitted here; ${wanted}`);
}

/** A behaviour that admits these cipher suites alone, as a server and as a client. @throws as {@link checkCipherSuites} does */
export function withCipherSuites(behaviour: Behaviour, names: readonly string[]): Behaviour {
  checkCipherSuites(names);
  const ciphers = names.join(':');
  return {
    ...behaviour,
    serverTls: (held) => ({ ...behaviour.serverTls(held), ciphers }),
    clientTls: (held) => ({ ...behaviour.clientTls(held), ciphers }),
  };
}
