import type { Conformer } from '../conformer.ts';

/** The node in Go, by the name of a style of its own: see fixtures/toolchain/node/style.go. */
const go = (style: string) => ({ kind: 'tool', tool: 'assay-go-node', args: ['-style', style] }) as const;

/** Another implementation, of which each part but the Workload API is another one: crypto/tls, net/http, encoding/json. */
export const goStyles: readonly Conformer[] = [
  {
    ...go('tickets'),
    id: 'go-tickets',
    title: 'In Go: gives session tickets, and judges again who comes with one',
    judgedBy: ['suites', 'rotation', 'partition-long'],
  },
  {
    ...go('standard-verify'),
    id: 'go-standard-verify',
    title: 'In Go: has crypto/tls verify chains too, which names the authorities and sends alerts of several kinds',
    judgedBy: ['suites', 'rotation', 'partition-long'],
  },
  {
    ...go('p-384'),
    id: 'go-p-384-alone',
    title: 'In Go: exchanges keys on P-384 alone, so that clients meet a HelloRetryRequest',
    judgedBy: ['suites', 'rotation'],
  },
  {
    ...go('mlkem'),
    id: 'go-mlkem-alone',
    title: 'In Go: exchanges keys by X25519MLKEM768 alone',
    judgedBy: ['suites'],
  },
  {
    ...go('slow-handshakes'),
    id: 'go-slow-handshakes',
    title: 'In Go: takes 50 ms between the two halves of each handshake, as server and as client',
    judgedBy: ['suites', 'rotation', 'partition-long'],
  },
  {
    ...go('early-hints'),
    id: 'go-early-hints',
    title: 'In Go: sends 103 Early Hints, then the answer in chunks',
    judgedBy: ['suites', 'rotation'],
  },
  {
    ...go('http-1.0'),
    id: 'go-http-1.0',
    title: 'In Go: answers by HTTP/1.0 and closes',
    judgedBy: ['suites', 'partition-short'],
  },
  {
    ...go('authorises-in-http'),
    id: 'go-authorises-in-http',
    title: 'In Go: verifies chains in the handshake, and answers 403 to an ID that is not allowed',
    judgedBy: ['suites', 'rotation'],
  },
];
