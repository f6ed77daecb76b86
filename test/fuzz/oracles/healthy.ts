import type { Oracle, Oracles } from '../verdict-of.ts';
import { skipped } from './entries.ts';
import { healthyTraffic } from './lost-requests.ts';

const healthy: Oracle = (history, clause) =>
  healthyTraffic(history) ?? (skipped(history, clause).length > 0 ? 'skipped' : 'inconclusive');

export const healthyOracles: Oracles = { 'mesh/traffic/healthy': healthy };
