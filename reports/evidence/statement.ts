import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { parsedJson } from '../../src/json.ts';
import type { ChainRead } from '../../src/evidence/chain.ts';
import type { History, Redacted } from '../../src/history.ts';
import { outcomeOf, type ClauseOutcome } from '../../src/report/acceptance.ts';
import { claimWords, type Claim } from '../../src/report/certification.ts';
import type { Report } from '../../src/report/report.ts';
import { pointsOf } from '../points.ts';
import type { RunFile } from './files.ts';

/**
 * What a run came to, about all the files that it left.
 *
 * Source: in-toto attestation framework 1.0, statement.md; predicates/test-result.md 0.1.
 */
export interface Statement {
  readonly _type: 'https://in-toto.io/Statement/v1';
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  readonly predicateType: 'https://in-toto.io/attestation/test-result/v0.1';
  readonly predicate: {
    readonly result: 'PASSED' | 'WARNED' | 'FAILED';
    readonly configuration: readonly { readonly name: string; readonly content: string }[];
    readonly passedTests: readonly string[];
    readonly warnedTests: readonly string[];
    readonly failedTests: readonly string[];
    /** What the predicate has no words for. */
    readonly assay: {
      readonly run: string;
      readonly verdict: Report['verdict'];
      readonly version: string;
      /** Of a certification: what it claims of each promise and of each document; absent of any other run. */
      readonly claims?: readonly Pick<Claim, 'of' | 'id' | 'claim'>[];
      /** How many lines the history has, and the last link of its chain; null where it has none. */
      readonly history: { readonly lines: number; readonly chain: string | null };
      /** Of a redacted run: the records that it was made of, SHA-256 in hex; absent of any other. */
      readonly redacted?: Redacted;
      /** SHA-256, in hex, of each certificate of the X.509-SVID that signs; empty where a key alone does, or nobody. */
      readonly svid: readonly string[];
      /** UTC, by the clock of who sealed it: nobody else vouches for that. */
      readonly sealedAt: string;
    };
  };
}

/** What the predicate makes of each verdict: what could not be told has not passed, and what was not asked stands in none of its lists. */
export const statementWords: Readonly<
  Record<ClauseOutcome, 'passedTests' | 'warnedTests' | 'failedTests' | 'not listed'>
> = {
  pass: 'passedTests',
  fail: 'failedTests',
  inconclusive: 'failedTests',
  skipped: 'not listed',
  deviation: 'warnedTests',
  accepted: 'warnedTests',
};

/** What a statement is made of. */
interface Stated {
  readonly report: Report;
  readonly history: History;
  readonly chain: ChainRead;
  readonly files: readonly RunFile[];
  readonly svid: readonly string[];
  readonly sealedAt: string;
}

/** What has no hash stands in it without one, and makes it no statement. */
export function statementOf({ report, history, chain, files, svid, sealedAt }: Stated): Statement {
  const { run, verdict, certification } = report;
  const points = pointsOf(report, history);
  const listed = (list: 'passedTests' | 'warnedTests' | 'failedTests') =>
    points.filter((point) => statementWords[outcomeOf(point)] === list).map(({ id }) => id);
  const settings = { command: run.command, seed: run.seed, runtime: run.runtime, versions: run.versions };
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: files.map(({ name, sha256 }) => ({ name, digest: { sha256: sha256 ?? '' } })),
    predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
    predicate: {
      // Known deviations and accepted failures are broken all the same.
      result: verdict !== 'pass' ? 'FAILED' : listed('warnedTests').length > 0 ? 'WARNED' : 'PASSED',
      configuration: [{ name: 'settings', content: Buffer.from(JSON.stringify(settings)).toString('base64') }],
      passedTests: listed('passedTests'),
      warnedTests: listed('warnedTests'),
      failedTests: listed('failedTests'),
      assay: {
        run: run.id,
        verdict,
        version: run.versions['assay'] ?? '',
        ...(certification && { claims: certification.claims.map(({ of, id, claim }) => ({ of, id, claim })) }),
        history: { lines: chain.lines, chain: chain.last ?? null },
        ...(run.redacted && { redacted: run.redacted }),
        svid,
        sealedAt,
      },
    },
  };
}

/** Whether two statements say the same of what a run came to, whatever the files are. */
export function saysTheSame(one: Statement, other: Statement): boolean {
  return isDeepStrictEqual({ ...one, subject: [] }, { ...other, subject: [] });
}

const words = v.array(v.string());
const hex = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const digest = v.object({ sha256: hex });
const claim = v.object({
  of: v.picklist(['promise', 'document']),
  id: v.string(),
  claim: v.picklist(claimWords),
});
const statementSchema = v.object({
  _type: v.literal('https://in-toto.io/Statement/v1'),
  subject: v.array(v.object({ name: v.string(), digest })),
  predicateType: v.literal('https://in-toto.io/attestation/test-result/v0.1'),
  predicate: v.object({
    result: v.picklist(['PASSED', 'WARNED', 'FAILED']),
    configuration: v.array(v.object({ name: v.string(), content: v.string() })),
    ...{ passedTests: words, warnedTests: words, failedTests: words },
    assay: v.object({
      run: v.string(),
      verdict: v.picklist(['pass', 'fail', 'inconclusive']),
      version: v.string(),
      claims: v.exactOptional(v.array(claim)),
      history: v.object({ lines: v.number(), chain: v.nullable(v.string()) }),
      redacted: v.exactOptional(v.object({ historySha256: hex, reportSha256: hex })),
      svid: words,
      sealedAt: v.pipe(v.string(), v.isoTimestamp()),
    }),
  }),
});

/** @throws Error that says what is wrong with it */
export function readStatement(payload: Buffer): Statement {
  const read = v.safeParse(statementSchema, parsedJson(payload.toString('utf8')));
  if (!read.success) throw new Error('holds no statement of a run of Assay');
  return read.output;
}
