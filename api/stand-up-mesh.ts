import { withMesh } from '../engine/with-mesh.ts';
import type { DialSeen } from '../fixtures/probes/forged-server.ts';
import type { Seen, TlsIdentity } from '../fixtures/probes/probe.ts';
import { showTo } from '../fixtures/probes/show.ts';
import { defaultRuntime } from '../fixtures/runtime/runtimes.ts';
import type { Mesh } from '../fixtures/target/mesh.ts';
import type { NodeUnderTest } from '../plans/meshes.ts';
import { meshToWorkWith } from '../plans/mesh-to-work-with.ts';
import type { Role } from '../src/clause.ts';
import { heardElsewhere } from '../src/heard-elsewhere.ts';
import type { Authority } from '../src/svid/x509/forge.ts';
import { stepsTo } from './progress.ts';

/** How a mesh is stood up. */
export interface StandUpOptions {
  /** A mesh node of yours by the node contract, on both nodes of the mesh unless it says otherwise; the reference node when absent. */
  readonly node?: NodeUnderTest;
  /** `process` when absent, or `container`. */
  readonly runtime?: string;
  /** Directory of the logs, which must hold no earlier run; reports/out/<run id> when absent. */
  readonly out?: string;
  /** Takes the mesh down when it is aborted. */
  readonly signal?: AbortSignal;
  /** Gets a line for people as each step begins, and about once a second from one that is long: the first mesh on a machine may build its programs. */
  readonly onProgress?: (line: string) => void;
}

/** A SPIRE and two mesh nodes, each with an agent of its own, ready. Disposing takes all of it down. */
export interface StandingMesh extends AsyncDisposable {
  readonly trustDomain: string;
  readonly nodes: readonly StandingNode[];
  /** Stands in the bundle of the mesh beside SPIRE's own: what it issues is right but for what it is asked to make otherwise. */
  readonly authority: Authority;
  /** A SPIFFE ID that every node accepts. */
  readonly callerId: string;
  /** An X.509-SVID with that ID, from SPIRE itself. */
  callerIdentity(): Promise<TlsIdentity>;
  /** The authorities of the trust domain as SPIRE tells them now, PEM. */
  authorities(): Promise<readonly string[]>;
  /** Where the logs of all its programs are. */
  readonly directory: string;
}

/** A node of it. */
export interface StandingNode {
  readonly name: string;
  readonly spiffeId: string;
  /** host:port of its mTLS listener. */
  readonly address: string;
  /** The SPIFFE IDs that it is to accept, and no others. */
  readonly allows: readonly string[];
  /**
   * Shows it an identity: as that of its caller, or, with `client`, as that of a server which it has to call and which is to be `expect` (the identity's
   * own ID when absent). Undefined where it does not offer to call (501).
   */
  show(identity: TlsIdentity, role?: Role, expect?: string): Promise<Seen | DialSeen | undefined>;
}

/**
 * Stands up a mesh to try things on. Nothing on it is judged, and it goes with this process, however that ends.
 *
 * @throws UsageError for what cannot be stood up as it is asked for, FixtureError when it does not stand in time
 */
export async function standUpMesh(options: StandUpOptions = {}): Promise<StandingMesh> {
  const { node, runtime = defaultRuntime, out, signal = new AbortController().signal, onProgress = () => {} } = options;
  const stood = Promise.withResolvers<Omit<StandingMesh, typeof Symbol.asyncDispose>>();
  const over = Promise.withResolvers<void>();
  const whole = withMesh(
    {
      spec: meshToWorkWith(node && { everywhere: true, ...node }),
      on: runtime,
      ...(out !== undefined && { out }),
      ...{ command: 'standUpMesh', signal, steps: stepsTo(onProgress), warn: onProgress },
    },
    async ({ mesh, run, runtime: running, directory }) => {
      stood.resolve({ ...shownOf(mesh), directory });
      run.signal.addEventListener('abort', () => over.resolve(), { once: true });
      if (!run.signal.aborted) await over.promise;
      running.expectEnd();
      run.signal.throwIfAborted();
    },
  );
  heardElsewhere(whole);
  const standing = await Promise.race([stood.promise, whole.then(() => stood.promise)]);
  return {
    ...standing,
    async [Symbol.asyncDispose]() {
      over.resolve();
      // Whoever aborted it knows why.
      await whole.catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    },
  };
}

function shownOf(mesh: Mesh): Omit<StandingMesh, 'directory' | typeof Symbol.asyncDispose> {
  const { trustDomain, probeIds, nodes, forging, authorities } = mesh;
  return {
    trustDomain,
    authority: forging!.own,
    callerId: probeIds.own,
    callerIdentity: () => mesh.probeIdentity(),
    authorities,
    nodes: nodes.map((node) => ({
      name: node.name,
      spiffeId: node.spiffeId,
      address: node.address,
      allows: node.allows ?? [],
      show: (identity, role = 'server', expect) => showTo(mesh, node, role, identity, expect),
    })),
  };
}
