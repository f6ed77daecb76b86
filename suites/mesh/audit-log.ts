import { auditTrail } from '../../src/checkers/audit-trail.ts';
import { entriesOf, type AuditRecord } from '../../src/history.ts';
import { eventually, inTime } from '../../fixtures/run/eventually.ts';
import type { SuiteContext } from '../suite.ts';
import type { Server } from './token-uses.ts';

/** Reads the server's audit log once every use is in it, or has had its time: the server writes after it has answered. */
export async function readAuditLog({ recorder, signal }: SuiteContext, server: Server): Promise<void> {
  const uses = entriesOf(recorder.history, 'token');
  const names = [...new Set(uses.map(({ token }) => token))];
  // Its clock is that of this machine; the run's own counts from the start.
  const startedAt = Date.now() - recorder.now();
  const read = () => auditRecords(server.readLog!(), names, startedAt);
  const complete = () => auditTrail(uses, read()).missing.length === 0;
  await inTime(eventually('the audit log has every use', complete, { withinMs: 3_000, everyMs: 50, signal }));
  recorder.record({ kind: 'audit-log', records: read() });
}

interface AuditLine {
  readonly type?: string;
  readonly method?: string;
  readonly status?: string;
  readonly status_message?: string;
  readonly agent_id?: string;
  readonly caller_addr?: string;
  readonly time?: string;
}

function auditRecords(log: string, names: readonly string[], startedAt: number): AuditRecord[] {
  return log
    .split('\n')
    .flatMap(auditLine)
    .filter(({ type, method }) => type === 'audit' && method === 'AttestAgent')
    .map(({ status = '', status_message: message, agent_id: agent = '', caller_addr: caller, time = '' }) => {
      const writtenMs = Date.parse(time) - startedAt;
      return {
        status,
        token: names.find((name) => agent.includes(`[${name}]`)) ?? null,
        ...(caller !== undefined && { caller }),
        ...(Number.isFinite(writtenMs) && { writtenMs }),
        ...(message !== undefined && { message }),
      };
    });
}

function auditLine(line: string): AuditLine[] {
  try {
    return [JSON.parse(line) as AuditLine];
  } catch {
    // Not every line of a log is JSON.
    return [];
  }
}
