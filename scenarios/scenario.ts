import type { Fault, FaultKind } from '../fixtures/faults/fault.ts';
import { inject } from '../fixtures/faults/inject.ts';
import type { Load } from '../fixtures/load/load.ts';
import type { Recorder } from '../fixtures/run/recorder.ts';
import type { Capability } from '../fixtures/target/capability.ts';
import type { MeshProfile } from '../fixtures/target/profile.ts';
import type { Target } from '../fixtures/target/target.ts';
import type { KnownClause } from '../src/clauses/catalogue.ts';
import { readFaults, type FaultRead } from '../src/reading/faults.ts';

/** What the engine hands to a scenario. */
export interface ScenarioSetting {
  readonly target: Target;
  readonly load: Load;
  readonly recorder: Recorder;
  readonly signal: AbortSignal;
  /** Told when the faults of the scenario are about to be healed. */
  readonly healing?: () => void;
  /** Resolves when nobody else works with identities of the authority that is to be revoked any more. */
  readonly othersDone: Promise<void>;
}

/** What a scenario works with. It records what it sees; the clauses judge. */
export interface ScenarioContext extends ScenarioSetting {
  /** Injects faults and proves them in force; disposing heals them and proves them gone. Each step stands in the history, in this scenario's name. */
  inject(faults: readonly Fault[]): Promise<AsyncDisposable>;
  /** The faults of this scenario so far, as the history tells them. */
  faults(): readonly FaultRead[];
  /** States the value of a bound, in milliseconds, and gives it back. */
  bound(declared: BoundDeclaration, valueMs: number): number;
}

/** A bound that a scenario computes; its value stands in the history under `name`, in milliseconds. */
export interface BoundDeclaration {
  readonly name: string;
  readonly says: string;
}

/** An experiment: a hypothesis, faults that are proven in force and gone, and what was seen meanwhile. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  /** One falsifiable sentence. */
  readonly hypothesis: string;
  /** The clauses that it decides. */
  readonly clauses: readonly KnownClause[];
  /** Whatever a target lacks of it is skipped by the engine, with the target's own reason. */
  readonly needs: readonly Capability[];
  /** The profile of mesh whose timing it needs. */
  readonly mesh: MeshProfile;
  /** It wants a mesh in which nothing has rotated yet, and so runs first on it. */
  readonly calm?: true;
  /** It begins as soon as the mesh is measured: before rotation has begun everywhere, and before suites, which begin when its faults are about to be healed. */
  readonly early?: true;
  /** Nodes that were given little load, having been cold when they were measured, are measured again before it: it wants more of them. */
  readonly measuredAgain?: true;
  /** It is for meshes that others run: what those that we stand up show of it, other scenarios look at. */
  readonly ofOthers?: true;
  /** It takes longer than a gate may: certifications run it, and a gate that is told to, by its name or by that of a clause that it decides. */
  readonly certification?: true;
  /** It ends authorities that identities of others hang on, and so runs last on its mesh. */
  readonly endsAuthorities?: true;
  /** What happens, step by step, for the scenario's page. */
  readonly steps: readonly string[];
  /** The kinds of fault that it injects; none where what changes is no fault, as in a rotation. */
  readonly faults: readonly FaultKind[];
  readonly bounds: readonly BoundDeclaration[];
  run(context: ScenarioContext): Promise<void>;
}

/** Runs a scenario between its marks; requests due meanwhile bear its name. Bounds stand in the mark that ends it. */
export async function runScenario(scenario: Scenario, setting: ScenarioSetting): Promise<void> {
  const { id, hypothesis } = scenario;
  const { recorder, load, signal } = setting;
  const marked = {
    kind: 'scenario',
    scenario: id,
    hypothesis,
    clauses: scenario.clauses.map((clause) => clause.id),
    ...(load.share !== undefined && { loadShare: load.share }),
    ...(load.light && { light: load.light }),
  } as const;
  const boundsMs: Record<string, number> = {};
  const context: ScenarioContext = {
    ...setting,
    async inject(faults) {
      const lifetime = await inject({ recorder, signal, scenario: id }, faults);
      return {
        [Symbol.asyncDispose]: () => {
          setting.healing?.();
          return lifetime[Symbol.asyncDispose]();
        },
      };
    },
    faults: () => readFaults(recorder.history, id),
    bound: ({ name }, valueMs) => (boundsMs[name] = valueMs),
  };
  recorder.record({ ...marked, state: 'begun' });
  load.during(id);
  try {
    await scenario.run(context);
    recorder.record({ ...marked, state: 'ended', boundsMs });
  } finally {
    // Until another begins, nothing is broken and nothing has changed.
    if (scenario.calm !== true) load.during('');
  }
}
