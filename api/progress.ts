import type { Steps } from '../engine/steps.ts';

/** Steps as lines: a title as each begins, and what a long one is at. */
export function stepsTo(say: (line: string) => void): Steps {
  return {
    step(_id, title, work) {
      say(title);
      return work((text) => say(`${title}: ${text}`));
    },
    trouble: (message) => say(`trouble: ${message}`),
  };
}
