import type { Entry, Happening, History, SelfTestMark, TriedImpostor } from '../src/history.ts';

/** A sample run as the one pass of a certification whose self-test missed an impostor or not. */
export function asCertification(history: History, missed?: { readonly breaks: string }): History {
  const pass = { kind: 'pass', pass: 'fast', title: 'agents that sync fast', cannotShow: ['Long lives.'] } as const;
  const mark: Omit<SelfTestMark, 'state'> = {
    ...{ kind: 'self-test', madeAt: '2026-11-29T10:00:00.000Z', kept: true, cores: 2, versions: {} },
    code: 'ab'.repeat(32),
  };
  const impostor: TriedImpostor = {
    kind: 'impostor',
    impostor: 'lets-all-in',
    breaks: 'mesh/tls/version-as-server',
    outcome: 'caught',
  };
  const tried: Happening[] = [
    { ...mark, state: 'begun' },
    impostor,
    ...(missed === undefined
      ? []
      : [{ ...impostor, breaks: missed.breaks, outcome: 'missed', said: 'pass: <b>it held</b>' } as const]),
    { kind: 'conformer', conformer: 'right', by: 'suites', outcome: 'right', said: [] },
    { ...mark, state: 'ended', again: 1 },
  ];
  const [first, ...others] = history;
  const last = others.pop();
  const atMs = last?.atMs ?? 0;
  const at = (happening: Happening): Entry => ({ index: 0, atMs, ...happening });
  return [
    first!,
    { ...at({ ...pass, state: 'begun' }), atMs: first!.atMs },
    ...others,
    at({ ...pass, state: 'ended' }),
    ...tried.map(at),
    ...(last === undefined ? [] : [last]),
  ].map((entry, index) => ({ ...entry, index: index + 1 }));
}
