import { jsonDocument, parsedJson } from '../../../src/json.ts';

/** A document that OSCAL wants a time of in its metadata. */
interface Dated {
  readonly metadata: { readonly 'last-modified': string };
}

/**
 * The text of a document that is published with Assay. OSCAL wants to know when it was last modified: that stays as it is in the text from before for
 * as long as everything else does, so that a document that nothing was changed in says so.
 *
 * @param make - the document, last modified at this time
 * @param before - its text from before, where there is one
 */
export function published<T extends Dated>(model: string, make: (lastModified: string) => T, before?: string): string {
  const then = lastModifiedOf(before, model);
  const text = (at: string) => jsonDocument({ [model]: make(at) });
  return then !== undefined && text(then) === before ? before : text(new Date().toISOString());
}

function lastModifiedOf(text: string | undefined, model: string): string | undefined {
  const document = parsedJson(text ?? '') as Readonly<Record<string, Dated | undefined>> | undefined;
  return document?.[model]?.metadata['last-modified'];
}
