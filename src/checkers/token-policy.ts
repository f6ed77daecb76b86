import { ofOwnRecords, type Judge } from '../clause.ts';
import { entriesOf, type FoundSecret, type TokenLife } from '../history.ts';
import { auditTrail } from './audit-trail.ts';
import { indexes } from './exchanges.ts';
import { byFindings, type Finding } from './findings.ts';

// What a deployment says and keeps of its join tokens, beside what it does with them.

// Source: the mesh deployment document, "join tokens expire after five minutes".
const mostSeconds = 300;

/**
 * Decides whether join tokens are made to live five minutes at most: those that the deployment made, by the server's own answer, and one
 * that the server is to choose the time of.
 */
export const madeToLiveBriefly = ofOwnRecords((history, clause) => {
  const lives = entriesOf(history, 'token-life');
  const made = lives.filter(({ livesSeconds }) => livesSeconds !== null);
  const findings = lives.map((life): Finding => {
    const { token, message, livesSeconds, index } = life;
    if (livesSeconds === null)
      return {
        subject: token,
        // That one without a time is not made says nothing of those that are.
        state: life.askedSeconds === null && made.length > 0 ? 'holds' : 'unknown',
        says: `was not made: ${message ?? 'no reason'}`,
        evidence: [index],
      };
    const seconds = longest(life);
    const holds = seconds <= mostSeconds;
    const says = `is made to live ${seconds} s, ${holds ? 'at most' : 'more than'} ${mostSeconds} s`;
    return { subject: token, state: holds ? 'holds' : 'broken', says, evidence: [index] };
  });
  return byFindings(history, clause, findings);
});

/** In whole seconds, which servers count in: what was asked for, or what was answered where that is more. */
function longest({ askedSeconds, livesSeconds }: TokenLife): number {
  return Math.max(askedSeconds ?? 0, Math.floor(livesSeconds ?? 0));
}

/** Decides whether each use of a token has an audit record of its own: successes name the agent, refusals are tied to their attempt. */
export const usesAudited = ofOwnRecords((history, clause) => {
  const uses = entriesOf(history, 'token');
  const counted = (some: readonly (typeof uses)[number][], outcome: string) =>
    some.filter((use) => use.outcome === outcome).length;
  const [attested, refused] = [counted(uses, 'attested'), counted(uses, 'refused')];
  const findings = entriesOf(history, 'audit-log').map(({ records, index }): Finding => {
    const subject = 'SPIRE server';
    const evidence = [index, ...indexes(uses)];
    if (uses.length === 0) return { subject, state: 'unknown', says: 'no token was used', evidence };
    const { tiedBy, missing } = auditTrail(uses, records);
    if (missing.length === 0) {
      // What its record was to say, and whether it reached the server at all, nobody knows.
      const unknown = uses.filter(({ outcome }) => outcome === 'unknown');
      if (unknown.length > 0) {
        const says = `nobody knows what became of ${unknown[0]!.token}, ${unknown[0]!.row}, so that no record can be told to be its own`;
        return { subject, state: 'unknown', says, evidence: [index, ...indexes(unknown)] };
      }
      if (attested === 0 || refused === 0) {
        const says = `no token was ${attested === 0 ? 'attested' : 'refused'}, so that nothing shows what is written of it`;
        return { subject, state: 'unknown', says, evidence };
      }
      const tie =
        tiedBy === 'address' ? "the caller's address" : "time and reason, as it names no caller's address of ours";
      const says = `each of ${uses.length} uses has a record of its own, ${attested} attested and ${refused} refused, tied by ${tie}`;
      return { subject, state: 'holds', says, evidence };
    }
    const lack = `${counted(missing, 'attested')} of ${attested} attestations and ${counted(missing, 'refused')} of ${refused} refusals`;
    const says = `${lack} have no audit record of their own (audit_log_enabled)`;
    return { subject, state: 'broken', says, evidence: [index, ...indexes(missing)] };
  });
  return byFindings(history, clause, findings);
});

/** Decides whether any token or private key stands in what the run keeps, by having been looked for there. */
export const leftNowhere: Judge = (history, clause) => {
  const searches = entriesOf(history, 'search');
  const findings = searches.flatMap(({ whole, places, tokens, keys, found, index }): Finding[] => {
    const subject = 'this run';
    const evidence = [index];
    if (found.length > 0) return [{ subject, state: 'broken', says: toldLeaks(found), evidence }];
    // Where no token was made there was none to be found.
    if (tokens.length === 0) return [];
    const says = `none of ${tokens.length} join tokens and ${keys.length} private keys of ours stands in ${toldPlaces(places)}, nor any other private key`;
    // A program that outlives its mesh may still write there.
    if (!whole)
      return [{ subject, state: 'unknown', says: 'a log was still being written when it was searched', evidence }];
    return [{ subject, state: places.length === 0 ? 'unknown' : 'holds', says, evidence }];
  });
  return byFindings(history, clause, findings);
};

function toldLeaks(found: readonly FoundSecret[]): string {
  const told = found.map(({ secret, place, form }) => `${secret} stands in ${place}, ${form}`);
  return told.slice(0, 3).join('; ') + (told.length > 3 ? `; and ${told.length - 3} more` : '');
}

function toldPlaces(places: readonly string[]): string {
  return places.length <= 2 ? places.join(' or in ') : `${places[0]} or in ${places.length - 1} logs`;
}
