import { partitionLong } from './partition-long.ts';
import { partitionShort } from './partition-short.ts';
import { rotation } from './rotation.ts';
import type { Scenario } from './scenario.ts';

export const scenarios: readonly Scenario[] = [partitionShort, rotation, partitionLong];
