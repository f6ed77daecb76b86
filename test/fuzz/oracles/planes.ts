import type { EntryOf } from '../../../src/history.ts';
import type { Verdict } from '../../../src/verdict.ts';
import type { Oracle, Oracles } from '../verdict-of.ts';
import { ofKind, skipped } from './entries.ts';

type Handshake = EntryOf<'plane-handshake'>;

/** The worst of what was found about each listener; nothing found is no verdict. */
function worst(found: readonly Verdict[], otherwise: Verdict): Verdict {
  if (found.length === 0) return otherwise;
  for (const verdict of ['fail', 'inconclusive'] as const) if (found.includes(verdict)) return verdict;
  return 'pass';
}

function declaredPolicy(plane: string): Oracle {
  return (history, clause) => {
    const found: Verdict[] = [];
    for (const listener of ofKind(history, 'plane')) {
      if (listener.plane !== plane || listener.policy === 'plaintext') continue;
      const tried = ofKind(history, 'plane-handshake').filter(
        ({ address, about }) => address === listener.address && about === 'versions',
      );
      if (tried.length > 0) found.push(versions(tried, listener.policy === 'tls1.3-only'));
    }
    return worst(found, skipped(history, clause).length > 0 ? 'skipped' : 'inconclusive');
  };
}

function versions(tried: readonly Handshake[], only13: boolean): Verdict {
  for (const { version, agreed } of tried)
    if (agreed !== null && version !== 'TLSv1.3' && (only13 || version !== 'TLSv1.2')) return 'fail';
  if (!tried.some(({ version, agreed }) => version === 'TLSv1.3' && agreed !== null)) return 'inconclusive';
  if (tried.some(({ version, unproven }) => version === 'TLSv1.3' && unproven !== undefined)) return 'inconclusive';
  if (tried.some(({ agreed, outcome }) => agreed === null && outcome === 'unknown')) return 'inconclusive';
  return tried.some(({ version }) => version !== 'TLSv1.3') ? 'pass' : 'inconclusive';
}

const groups = [
  ...['X25519', 'P-256', 'P-384', 'P-521', 'X448', 'brainpoolP256r1tls13', 'brainpoolP384r1tls13'],
  ...['brainpoolP512r1tls13', 'ffdhe2048', 'ffdhe3072', 'ffdhe4096', 'ffdhe6144', 'ffdhe8192'],
];

const postQuantum: Oracle = (history, clause) => {
  const all = ofKind(history, 'plane-handshake').filter(({ about }) => about === 'key-exchange');
  const listeners = new Set(all.map(({ plane, address }) => `${plane} ${address}`));
  const found = [...listeners].map((listener): Verdict => {
    const own = all.filter(({ plane, address }) => `${plane} ${address}` === listener);
    const controls = own.filter(({ group }) => group === 'X25519MLKEM768');
    const others = own.filter(({ group }) => group !== 'X25519MLKEM768');
    if (others.some(({ agreed }) => agreed !== null)) return 'fail';
    if (controls.length === 0 || controls.some(({ agreed }) => agreed === null)) return 'inconclusive';
    if (controls.some(({ unproven }) => unproven !== undefined)) return 'inconclusive';
    if (others.some(({ outcome }) => outcome === 'unknown')) return 'inconclusive';
    const whole = [undefined, ...groups].every((wanted) => others.some(({ group }) => group === wanted));
    return whole ? 'pass' : 'inconclusive';
  });
  return worst(found, skipped(history, clause).length > 0 ? 'skipped' : 'inconclusive');
};

const loopback: Oracle = (history, clause) => {
  const found = ofKind(history, 'listener').map(({ answered, boundTo }): Verdict => {
    if (boundTo.some((bind) => !bind.loopback)) return 'fail';
    return answered && boundTo.length > 0 ? 'pass' : 'inconclusive';
  });
  return worst(found, skipped(history, clause).length > 0 ? 'skipped' : 'inconclusive');
};

const undeclared: Oracle = (history, clause) => {
  const declared = new Set(ofKind(history, 'plane').map(({ address }) => address));
  const found = ofKind(history, 'port-scan').map(({ names, open, left }): Verdict => {
    const known = open.filter((port) => names.some((name) => declared.has(`${name}:${port}`)));
    if (known.length < open.length) return 'fail';
    return left > 0 || known.length === 0 ? 'inconclusive' : 'pass';
  });
  return worst(found, skipped(history, clause).length > 0 ? 'skipped' : 'inconclusive');
};

export const planeOracles: Oracles = {
  'mesh/planes/node-listeners': declaredPolicy('listener'),
  'mesh/planes/nothing-undeclared': undeclared,
  'mesh/planes/spire-server': declaredPolicy('spire-server'),
  'mesh/planes/bundle-endpoint': declaredPolicy('bundle-endpoint'),
  'mesh/planes/require-pq-kem': postQuantum,
  'mesh/planes/metrics-loopback': loopback,
};
