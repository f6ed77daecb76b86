import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { messageOf } from '../../src/errors.ts';
import { endChild, howEnded } from '../line-process.ts';

/** How a command ended. */
export interface CommandEnd {
  /** Undefined where a signal ended it, or it could not be started. */
  readonly code: number | undefined;
  /** In words. */
  readonly how: string;
}

/** A program that uses the files, started here. */
export interface WorkloadCommand {
  readonly ended: Promise<CommandEnd>;
  /** Tells it that there are new files. @returns why it was not told, in words; undefined where it was */
  renew(signal: NodeJS.Signals): string | undefined;
  end(): Promise<void>;
}

/** Starts a program. What it says goes to standard error, as standard output is for events. */
export function startCommand([program, ...args]: readonly [string, ...string[]]): WorkloadCommand {
  const child = spawn(program, args, { stdio: ['inherit', 2, 2] });
  const ended = new Promise<CommandEnd>((resolve) => {
    child.once('error', (error) => resolve({ code: undefined, how: `cannot be started: ${messageOf(error)}` }));
    child.once('exit', (code, signal) => resolve({ code: code ?? undefined, how: howEnded(code, signal) }));
  });
  return {
    ended,
    renew(signal) {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return 'it does not run';
      if (!takes(child.pid, signal)) return `it does not handle ${signal}, which would end it`;
      child.kill(signal);
      return undefined;
    },
    end: () => endChild(child, ended),
  };
}

/** Whether a process handles or ignores a signal, as /proc has it. Where there is no /proc it is taken to. */
function takes(pid: number, signal: NodeJS.Signals): boolean {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return true;
  }
  const bit = 1n << BigInt(constants.signals[signal] - 1);
  return ['SigCgt', 'SigIgn'].some((name) => {
    const mask = new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0';
    return (BigInt(`0x${mask}`) & bit) !== 0n;
  });
}
