import type { Catalog, Control, Group, Part } from '../../../reports/formats/oscal/model.ts';
import {
  besideClauses,
  catalogueIdentifier,
  controlIdOf,
  namespace,
  oscalVersion,
  statementIdOf,
  tokenOf,
  uuidOf,
} from '../../../reports/formats/oscal/names.ts';
import { property, text } from '../../../reports/formats/oscal/words.ts';
import { levelWords, sentence } from '../../../reports/wording.ts';
import type { KnownClause } from '../../../src/clauses/catalogue.ts';
import { clauses } from '../../../src/clauses/catalogue.ts';
import { promiseNames } from '../../../src/promises.ts';
import { documents } from '../../../src/requirements/documents.ts';
import { version } from '../../../src/version.ts';

/** docs/oscal/catalog.json: every clause as a control, by document and subject. */
export function catalog(lastModified: string): Catalog['catalog'] {
  const byDocument = Map.groupBy(clauses, ({ id }) => id.split('/')[0]!);
  return {
    uuid: uuidOf('catalog'),
    metadata: {
      title: 'Clauses of Assay',
      'last-modified': lastModified,
      version,
      'oscal-version': oscalVersion,
      'document-ids': [catalogueIdentifier],
      remarks:
        'A clause is one obligation of one document. What Assay says of it, it says of the part that its check sees, which the statement and the limits tell.',
    },
    groups: [...[...byDocument].map(([id, its]) => documentGroup(id, its)), besideGroup],
  };
}

function documentGroup(id: string, its: readonly KnownClause[]): Group {
  const bySubject = Map.groupBy(its, (clause) => clause.id.split('/').slice(0, 2).join('/'));
  return {
    id: tokenOf(id),
    class: 'document',
    title: documents.find((document) => document.id.toLowerCase() === id)?.title ?? id,
    groups: [...bySubject].map(([subject, clausesOfIt]) => ({
      id: tokenOf(subject),
      class: 'subject',
      title: subject.split('/')[1]!.replaceAll('-', ' '),
      controls: clausesOfIt.map(control),
    })),
  };
}

function control(clause: KnownClause): Control {
  const { id, title, spec, catalogue, promise, danger, limits } = clause;
  const token = controlIdOf(id);
  return {
    id: token,
    class: 'clause',
    title: text(title),
    props: [
      { name: 'label', value: id },
      property('level', levelWords(clause)),
      property('source', spec),
      ...(catalogue === null ? [] : [property('requirement', catalogue)]),
      ...(promise === null ? [] : [property('promise', promiseNames[promise])]),
    ],
    parts: [
      statement(token, title),
      { id: `${token}_gdn`, name: 'guidance', prose: text(`Where it does not hold: ${danger}.`) },
      ...(limits === undefined
        ? []
        : [{ id: `${token}_lim`, name: 'limits', ns: namespace, prose: text(`${sentence(limits)}.`) }]),
    ],
  };
}

const besideGroup: Group = {
  id: 'assay',
  class: 'document',
  title: 'What a run has to keep beside its clauses',
  controls: Object.entries(besideClauses).map(([id, title]) => {
    const token = controlIdOf(id);
    return { id: token, class: 'run', title, props: [{ name: 'label', value: id }], parts: [statement(token, title)] };
  }),
};

function statement(token: string, title: string): Part {
  return { id: statementIdOf(token), name: 'statement', prose: text(`${title}.`) };
}
