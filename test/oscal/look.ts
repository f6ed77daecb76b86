import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';

// NIST's schema says what a document of OSCAL looks like. That what it names is there, and is what it is named for, no schema says.

const isOscal = addFormats
  .default(new Ajv({ strict: false, allErrors: true }))
  .compile(JSON.parse(readFileSync(new URL('oscal_complete_schema-1-1-3.json', import.meta.url), 'utf8')) as object);

/** What is wrong with a document of OSCAL, by NIST's schema and by what that does not see; empty where nothing is. */
export function wrongWith(text: string): string[] {
  const document = JSON.parse(text) as unknown;
  const nodes = nodesOf(document);
  return [
    ...(isOscal(document)
      ? []
      : (isOscal.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)),
    ...twice(nodes, 'uuid'),
    ...twice(nodes, 'id'),
    ...dangling(nodes),
    ...nodes.flatMap(({ methods = [] }) =>
      (methods as string[]).filter((one) => !known.has(one)).map((one) => `method ${one}`),
    ),
    ...JSON.stringify(document)
      .matchAll(/"state":"satisfied"/g)
      .map(([found]) => found),
  ];
}

const known = new Set(['EXAMINE', 'INTERVIEW', 'TEST', 'UNKNOWN']);

type Node = Readonly<Record<string, unknown>>;

/** Every object of a document. */
export function nodesOf(value: unknown): Node[] {
  if (typeof value !== 'object' || value === null) return [];
  const within = Object.values(value).flatMap(nodesOf);
  return Array.isArray(value) ? within : [value as Node, ...within];
}

function twice(nodes: readonly Node[], key: 'uuid' | 'id'): string[] {
  const named = nodes.flatMap((node) => (typeof node[key] === 'string' ? [node[key]] : []));
  return named.filter((one, at) => named.indexOf(one) !== at).map((one) => `${key} ${one} stands twice`);
}

/** References within the document that lead to nothing: by a member `…-uuid`, or by a fragment. */
function dangling(nodes: readonly Node[]): string[] {
  const there = new Set(nodes.map(({ uuid }) => uuid));
  return nodes.flatMap((node) =>
    Object.entries(node)
      .filter(([key, value]) => key.endsWith('-uuid') || (key === 'href' && String(value).startsWith('#')))
      .filter(([, value]) => !there.has(String(value).replace(/^#/, '')))
      .map(([key, value]) => `${key} ${String(value)} leads to nothing`),
  );
}
