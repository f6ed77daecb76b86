import {
  color,
  Listr,
  ListrDefaultRendererLogLevels,
  ListrLogger,
  ListrTaskState,
  ProcessOutput,
  type ListrTask,
} from 'listr2';
import type { Steps } from '../engine/steps.ts';
import { messageOf } from '../src/errors.ts';
import { heardElsewhere } from '../src/heard-elsewhere.ts';

/** The steps of a run on a person's terminal, as long as they are shown. */
export interface StepDisplay extends Steps {
  /** Ends the display; steps that never began are shown as left out. */
  finish(): Promise<void>;
}

interface Slot {
  readonly began: PromiseWithResolvers<string>;
  tookMs: number;
  readonly ended: PromiseWithResolvers<void>;
  readonly say: (text: string) => void;
  listen: (text: string) => void;
}

// That a step ran says nothing of what came of it: the mark of what held is for verdicts.
const ran = '•';

/**
 * The steps of a run as a live list on a terminal and as plain lines elsewhere, on standard error.
 *
 * @param outline - id and title of each step, in the order in which they are listed
 * @param signal - aborted when a person stops the run: what ends then was stopped, and has not failed
 * @param options - `plain`: as lines everywhere, since what else is written at the same time may reach the same terminal
 */
export function terminalSteps(
  outline: readonly (readonly [id: string, title: string])[],
  signal: AbortSignal,
  { plain = false }: { readonly plain?: boolean } = {},
): StepDisplay {
  const live = !plain && process.stderr.isTTY === true && process.env.TERM !== 'dumb';
  return live ? liveSteps(outline, signal) : plainSteps(signal);
}

function liveSteps(outline: readonly (readonly [id: string, title: string])[], signal: AbortSignal): StepDisplay {
  const slots = new Map<string, Slot>(
    outline.map(([id]) => {
      const slot: Slot = {
        began: Promise.withResolvers(),
        tookMs: NaN,
        ended: Promise.withResolvers(),
        listen: () => {},
        say: (text) => slot.listen(text),
      };
      // An error of the step is thrown to whoever began it.
      heardElsewhere(slot.began.promise);
      heardElsewhere(slot.ended.promise);
      return [id, slot];
    }),
  );
  const tasks: ListrTask[] = outline.map(([id, title]) => ({
    title,
    rendererOptions: {
      timer: {
        condition: true,
        field: () => seconds(slots.get(id)!.tookMs),
        format: () => (text?: string) => color.dim(String(text)),
      },
    },
    async task(_context, task) {
      const slot = slots.get(id)!;
      // The list begins all of them at once.
      task.task.state$ = ListrTaskState.WAITING;
      slot.listen = (text) => {
        task.output = text;
      };
      try {
        await slot.began.promise;
      } catch {
        task.skip(`${title}: not reached`);
        return;
      }
      task.task.state$ = ListrTaskState.STARTED;
      try {
        await slot.ended.promise;
      } catch (error) {
        if (!signal.aborted) throw new Error(messageOf(error), { cause: error });
        task.skip(`${title}: stopped`);
      }
    },
  }));
  const list = new Listr(tasks, {
    concurrent: true,
    exitOnError: false,
    registerSignalListeners: false,
    renderer: 'default',
    rendererOptions: {
      logger: new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) }),
      icon: { [ListrDefaultRendererLogLevels.COMPLETED]: ran },
      color: { [ListrDefaultRendererLogLevels.COMPLETED]: (text = '') => text },
      showErrorMessage: true,
      collapseErrors: false,
    },
  });
  const shown = list.run();
  return {
    async step(id, title, work) {
      const slot = slots.get(id);
      const beganAt = performance.now();
      slot?.began.resolve(title);
      try {
        const result = await work(slot?.say ?? (() => {}));
        if (slot !== undefined) slot.tookMs = performance.now() - beganAt;
        slot?.ended.resolve();
        return result;
      } catch (error) {
        slot?.ended.reject(error);
        throw error;
      }
    },
    trouble: () => {
      /* stands at its step, and in the summary */
    },
    async finish() {
      for (const { began, ended } of slots.values()) {
        began.reject(new Error('not reached'));
        ended.resolve();
      }
      // Each error was thrown to whoever began its step.
      await shown.catch(() => {});
    },
  };
}

/** For logs of a pipeline: a line when a step ends, and now and then a word from one that takes long. */
function plainSteps(signal: AbortSignal): StepDisplay {
  const startedAt = performance.now();
  const line = (mark: string, text: string) =>
    process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${mark} ${text}\n`);
  return {
    async step(_id, title, work) {
      const began = performance.now();
      let last = 0;
      const say = (text: string) => {
        if (performance.now() - last < 10_000) return;
        last = performance.now();
        line('…', text);
      };
      try {
        const result = await work(say);
        line(ran, `${title} (${seconds(performance.now() - began)})`);
        return result;
      } catch (error) {
        if (signal.aborted) line('-', `${title}: stopped`);
        else line('✘', title);
        throw error;
      }
    },
    trouble: (message) => line('!', message),
    finish: () => Promise.resolve(),
  };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
