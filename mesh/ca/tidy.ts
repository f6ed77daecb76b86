import { basename, join } from 'node:path';
import { addToCeremony, did } from './ceremony.ts';
import { removeDrafts } from '../kept-whole.ts';
import { removeOthers } from './making.ts';
import type { Ceremony } from './options.ts';
import { names, readState } from './places.ts';

/**
 * Removes what ceremonies left that were ended half-way: drafts, what a server was to be handed and was not, and keys of roots that were being taken
 * away. For whoever has the two places to himself.
 */
export function tidy(ceremony: Ceremony): void {
  const { offline, server } = ceremony.places;
  for (const place of [offline, server]) removeDrafts(place);
  const { handed, records, root, next, before } = readState(ceremony.places);
  if (handed !== undefined) removeOthers(server, basename(handed.directory));
  const kept = [root, next, before].map((one) => one?.certificate.fingerprint);
  const isDone = (sha256: string) =>
    records.some((record) => record.did === did.retirement.done && record.authority?.sha256 === sha256);
  for (const { did: what, authority } of records)
    if (what === did.retirement.begins && authority && !kept.includes(authority.sha256) && !isDone(authority.sha256))
      addToCeremony(join(offline, names.ceremony), {
        at: ceremony.now.toISOString(),
        did: did.retirement.done,
        authority,
      });
}
