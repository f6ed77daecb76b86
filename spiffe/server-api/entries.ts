import { loadProto } from '../grpc/load.ts';
import { pagesOf, type Caller, type ItemStatus, type PageRequest } from './caller.ts';
import { fromMessage, type SpiffeIdMessage, toMessage } from './messages.ts';

/** A registration entry to be made. */
export interface NewEntry {
  /** Chosen by the server when absent. An agent hands out the SVIDs of one workload in the order of these. */
  readonly id?: string;
  readonly spiffeId: string;
  /** Usually an agent's SPIFFE ID. */
  readonly parentId: string;
  readonly selectors: readonly { readonly type: string; readonly value: string }[];
  /** The server's default when absent. */
  readonly x509TtlSeconds?: number;
  /** Trust domain names; the server refuses one whose bundle it lacks. */
  readonly federatesWith?: readonly string[];
}

/** A registration entry as the server holds it; `x509TtlSeconds` 0 is the server's default. */
export interface RegistrationEntry extends Required<NewEntry> {}

/** Calls about registration entries. */
export interface EntryCalls {
  /** The ids, in the order given. @throws ServerApiError listing the refused ones; the others were made */
  createEntries(entries: readonly NewEntry[]): Promise<string[]>;
  /** Replaces the entries of these ids. @throws ServerApiError listing those not replaced */
  updateEntries(entries: readonly RegistrationEntry[]): Promise<void>;
  /** @throws ServerApiError listing the ids not deleted, unknown ones too */
  deleteEntries(ids: readonly string[]): Promise<void>;
  listEntries(): Promise<RegistrationEntry[]>;
}

interface EntryMessage {
  id?: string;
  spiffeId: SpiffeIdMessage | null;
  parentId: SpiffeIdMessage | null;
  selectors: readonly { readonly type: string; readonly value: string }[];
  x509SvidTtl: number;
  federatesWith: readonly string[];
}

const find = loadProto('spire-entry.proto');
const service = 'spire.api.server.entry.v1.Entry';
const batchCreate = find<
  { entries: EntryMessage[] },
  { results: { status: ItemStatus | null; entry: EntryMessage | null }[] }
>(service, 'BatchCreateEntry');
const batchUpdate = find<{ entries: EntryMessage[] }, { results: { status: ItemStatus | null }[] }>(
  service,
  'BatchUpdateEntry',
);
const batchDelete = find<{ ids: readonly string[] }, { results: { status: ItemStatus | null; id: string }[] }>(
  service,
  'BatchDeleteEntry',
);
const list = find<PageRequest, { entries: EntryMessage[]; nextPageToken: string }>(service, 'ListEntries');

/** The calls about entries, made by this caller, whose deadline and ServerApiError are theirs. */
export function entryCalls(caller: Caller): EntryCalls {
  return {
    async createEntries(entries) {
      const { results } = await caller.unary(batchCreate, { entries: entries.map(toEntry) });
      caller.checkBatch(
        batchCreate,
        results.map(({ status }, index) => ({ what: entries[index]?.spiffeId ?? '', status })),
      );
      return results.map(({ entry }) => entry?.id ?? '');
    },
    async updateEntries(entries) {
      const { results } = await caller.unary(batchUpdate, {
        entries: entries.map((entry) => ({ id: entry.id, ...toEntry(entry) })),
      });
      caller.checkBatch(
        batchUpdate,
        results.map(({ status }, index) => ({ what: entries[index]?.spiffeId ?? '', status })),
      );
    },
    async deleteEntries(ids) {
      const { results } = await caller.unary(batchDelete, { ids });
      caller.checkBatch(
        batchDelete,
        results.map(({ id, status }) => ({ what: id, status })),
      );
    },
    async listEntries() {
      return (await pagesOf(caller, list, {})).flatMap(({ entries }) => entries.map(fromEntry));
    },
  };
}

function toEntry(entry: NewEntry): EntryMessage {
  return {
    ...(entry.id !== undefined && { id: entry.id }),
    spiffeId: toMessage(entry.spiffeId),
    parentId: toMessage(entry.parentId),
    selectors: entry.selectors,
    x509SvidTtl: entry.x509TtlSeconds ?? 0,
    federatesWith: entry.federatesWith ?? [],
  };
}

function fromEntry(entry: EntryMessage): RegistrationEntry {
  return {
    id: entry.id ?? '',
    spiffeId: fromMessage(entry.spiffeId),
    parentId: fromMessage(entry.parentId),
    selectors: entry.selectors,
    x509TtlSeconds: entry.x509SvidTtl,
    federatesWith: entry.federatesWith,
  };
}
