import t from 'tap';
import { nearestName } from './nearest-name.ts';

const names = ['renewal_interval', 'retry_interval', 'refresh_interval', 'max_retries'];

await t.test('a name that was mistyped is known, and one that is like none is not', async (t) => {
  for (const [typed, meant] of [
    ['renewal_intervall', 'renewal_interval'],
    ['max_retrys', 'max_retries'],
    ['Retry_Interval', 'retry_interval'],
    ['retryinterval', 'retry_interval'],
    ['agent_address', undefined],
    ['', undefined],
    ['x'.repeat(10_000), undefined],
  ] as const)
    t.equal(nearestName(typed, names), meant, typed.slice(0, 40));
});
