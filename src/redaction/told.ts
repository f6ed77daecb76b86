/** Stands for words that are left out. */
export const withheld = '[withheld]';

/**
 * Words that clauses are judged by, wherever a program says them: they stay, whoever is called so.
 *
 * Source: src/checkers/tokens.ts, token-uses.ts; src/statistics/knee.ts.
 */
export const judgedWords =
  'expired|delete join token|cannot assign requested address|too many open files|no buffer space';

/** What IDs and addresses have in common, whoever they are of: their schemes, and the IDs that SPIRE gives to itself. */
export const commonParts =
  '(?:spiffe|https?|unix|tcp):\\/\\/|(?<=example)\\/spire\\/(?:server|agent)(?:\\/join_token)?(?![\\p{L}\\p{N}_.-])';
