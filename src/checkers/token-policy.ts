import type { Judge } from '../clause.ts';
import { entriesOf } from '../history.ts';
import { indexes } from './exchanges.ts';
import { byFindings, type Finding } from './findings.ts';

// What a deployment says and keeps of its join tokens, beside what it does with them.

// Source: the mesh deployment document, "join tokens expire after five minutes".
const mostSeconds = 300;

/** Decides whether join tokens are made to live five minutes at most, by the setting as it is deployed. */
export const madeToLiveBriefly: Judge = (history, clause) => {
  const findings = entriesOf(history, 'setting').map(({ seconds, index }): Finding => {
    const holds = seconds <= mostSeconds;
    return {
      subject: 'deployment',
      state: holds ? 'holds' : 'broken',
      says: `join tokens are made to live ${seconds} s, ${holds ? 'at most' : 'more than'} ${mostSeconds} s`,
      evidence: [index],
    };
  });
  return byFindings(history, clause, findings);
};

/** Decides whether each use of a token has an audit record of its own: successes name the agent, refusals are counted. */
export const usesAudited: Judge = (history, clause) => {
  const uses = entriesOf(history, 'token');
  const attested = uses.filter(({ outcome }) => outcome === 'attested');
  const refused = uses.filter(({ outcome }) => outcome === 'refused');
  const findings = entriesOf(history, 'audit-log').map(({ records, index }): Finding => {
    const subject = 'SPIRE server';
    const evidence = [index, ...indexes(uses)];
    if (uses.length === 0) return { subject, state: 'unknown', says: 'no token was used', evidence };
    const named = new Set(records.filter(({ status }) => status === 'success').map(({ token }) => token));
    const unnamed = attested.filter(({ token }) => !named.has(token)).length;
    const missing = Math.max(0, refused.length - records.filter(({ status }) => status === 'error').length);
    if (unnamed + missing === 0) {
      const says = `all ${uses.length} uses are there: ${attested.length} attested, ${refused.length} refused`;
      return { subject, state: 'holds', says, evidence };
    }
    const lack = `${unnamed} of ${attested.length} attestations and ${missing} of ${refused.length} refusals`;
    return { subject, state: 'broken', says: `${lack} have no audit record (audit_log_enabled)`, evidence };
  });
  return byFindings(history, clause, findings);
};

/** Decides whether any token stands in what the run keeps, by having been looked for there. */
export const leftNowhere: Judge = (history, clause) => {
  const searches = entriesOf(history, 'search');
  if (searches.length === 0) return byFindings(history, clause, []);
  const leaked = searches.filter(({ foundIn }) => foundIn.length > 0);
  const places = (of: typeof searches, key: 'places' | 'foundIn') => [...new Set(of.flatMap((search) => search[key]))];
  const state = leaked.length > 0 ? 'broken' : 'holds';
  const says =
    leaked.length > 0
      ? `${leaked.length} of ${searches.length} tokens stand in ${places(leaked, 'foundIn').join(' and in ')}`
      : `none of ${searches.length} tokens stands in ${places(searches, 'places').join(' or in ')}`;
  const evidence = indexes(leaked.length > 0 ? leaked : searches);
  return byFindings(history, clause, [{ subject: 'this run', state, says, evidence }]);
};
