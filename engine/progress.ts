import type { ToolProgress } from '../fixtures/toolchain/toolchain.ts';

export function describeProgress({
  tool,
  step,
  position,
  of,
  totalElapsedMs,
  totalExpectedMs,
  packages,
  builder,
}: ToolProgress): string {
  const seconds = (ms: number) => (ms < 90_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`);
  if (step === 'waiting') return `another Assay (pid ${builder}) builds ${tool}; waiting, ${seconds(totalElapsedMs)}`;
  if (step === 'ready') return `${tool} is ready (${position} of ${of})`;
  return `${step} ${tool} (${position} of ${of})${packages > 0 ? `, ${packages} packages` : ''}: ${seconds(totalElapsedMs)} of about ${seconds(totalExpectedMs)}; this happens once`;
}
