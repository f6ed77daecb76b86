import { ofOwnRecords } from '../clause.ts';
import { indexes } from './exchanges.ts';
import { broken, endOf, nothingTried, open, refusedForToken, said, usesOf, type Use } from './token-uses.ts';

/** How many agents have to race for a token, and how many races have to be ones, for a pass. */
export const leastRacers = 8;
const leastRaces = 3;

// SPIRE's rate limit lets in one a second from each address: whose answer comes so much later stood in line meanwhile, and met nobody.
// Source: SPIRE 1.15, pkg/server/endpoints/middleware.go.
const inLineMs = 500;

/** Of several agents that race for one token exactly one wins, in each of several races. */
export const raceOneWinner = ofOwnRecords((history, clause) => {
  const uses = usesOf(history, 'race').filter(({ control }) => control === undefined);
  if (uses.length === 0) return nothingTried(history, clause);
  const races = [...Map.groupBy(uses, ({ token }) => token).values()];
  const winnersOf = (race: readonly Use[]) => race.filter(({ outcome }) => outcome === 'attested');
  const tied = races.filter((race) => winnersOf(race).length > 1);
  if (tied.length > 0)
    return broken(
      `in ${tied.length} of ${races.length} races more than one agent attested with one token: ${winnersOf(tied[0]!).length} of ${tied[0]!.length} agents in the first of them`,
      tied.flatMap(winnersOf),
    );
  // Beside a winner, one of whom nobody knows may be a second.
  const hidden = races
    .filter((race) => winnersOf(race).length > 0)
    .flatMap((race) => race.filter(({ outcome }) => outcome === 'unknown'));
  if (hidden.length > 0)
    return open(`while another attested, nobody knows what became of ${hidden[0]!.row}: ${said(hidden[0]!)}`, hidden);
  const openRaces = races.flatMap((race) => whyOpen(race) ?? []);
  const held = races.filter((race) => whyOpen(race) === undefined);
  const lost = held.filter((race) => winnersOf(race).length === 0);
  if (lost.length > 0)
    return broken(`none of ${lost[0]!.length} agents attested with a token that was good`, lost.flat());
  if (held.length < leastRaces) {
    const [first] = openRaces;
    const few = `only ${held.length} of ${races.length} races can be told, of at least ${leastRaces}`;
    return open(first === undefined ? few : `${few}: ${first.reason}`, first?.uses ?? uses);
  }
  const others = openRaces.length === 0 ? '' : `; ${openRaces.length} more could not be told: ${openRaces[0]!.reason}`;
  return {
    verdict: 'pass',
    reason: `1 of ${Math.min(...held.map(({ length }) => length))} agents attested in each of ${held.length} races of ${races.length}${others}`,
    evidence: indexes(held.flat()),
  };
});

/** Why a race without two winners shows nothing, if it does not. */
function whyOpen(race: readonly Use[]): { readonly reason: string; readonly uses: readonly Use[] } | undefined {
  if (race.length < leastRacers) return { reason: `only ${race.length} agents raced`, uses: race };
  const unknown = race.filter(({ outcome }) => outcome === 'unknown');
  if (unknown.length > 0)
    return { reason: `could not tell what became of ${unknown[0]!.row}: ${said(unknown[0]!)}`, uses: unknown };
  const otherwise = race.filter((use) => use.outcome === 'refused' && !refusedForToken(use));
  if (otherwise.length > 0)
    return {
      reason: `${otherwise.length} agents were refused, but not for what the token is: ${said(otherwise[0]!)}`,
      uses: otherwise,
    };
  if (race.some(({ secondsToExpiry }) => secondsToExpiry <= 0))
    return { reason: 'the token was raced for after its expiry', uses: race };
  // Who comes when another is through races nobody.
  const firstEndMs = Math.min(...race.map(endOf));
  const late = race.filter(({ beganMs }) => beganMs >= firstEndMs);
  if (late.length > 0)
    return { reason: `${late.length} of ${race.length} agents came when another was through already`, uses: late };
  const inLine = race.filter((use) => endOf(use) - firstEndMs >= inLineMs);
  if (inLine.length > 0) {
    const lastMs = Math.max(...inLine.map(endOf)) - firstEndMs;
    return {
      reason: `${inLine.length} of ${race.length} agents stood in line: the last was answered ${(lastMs / 1000).toFixed(1)} s after the first (ratelimit { attestation } of the server)`,
      uses: inLine,
    };
  }
  return undefined;
}
