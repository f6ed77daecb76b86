/**
 * How the agent on this host has proved, or is to prove, which node it is. A workload never attests itself: its agent does, and hands it
 * its identity over the Workload API.
 *
 * - `workload_api`: the agent is there, or will be; whoever set it up attested it. Usual.
 * - `join_token`: the agent joins by a one-time token that was made for this node. It is started here, by `bootstrapAgent`, which is handed the token.
 * - `k8s_psat`: the agent shows the SPIRE server a service account token that the kubelet projects into its own pod. Nobody else holds that, so none
 *   is taken here. Where the agent is a DaemonSet nothing is started; otherwise `bootstrapAgent` starts it.
 */
export interface Attestation {
  readonly attestationStrategy?: AttestationStrategy;
  /** For join_token alone. It is handed on, and neither kept nor told in any error. */
  readonly token?: string;
}

const strategies = ['workload_api', 'join_token', 'k8s_psat'] as const;

/** One of the ways by which the agent of this host is attested. */
export type AttestationStrategy = (typeof strategies)[number];

/** Starts the agent of this host, and resolves when its Workload API can be waited for. */
export type BootstrapAgent = (
  attestation: { readonly strategy: 'join_token'; readonly token: string } | { readonly strategy: 'k8s_psat' },
) => Promise<void>;

/** Has the agent started that a strategy wants started. @throws TypeError on one without its means, and what `bootstrapAgent` throws */
export async function prove(attestation: Attestation, bootstrapAgent: BootstrapAgent | undefined): Promise<void> {
  const { attestationStrategy: strategy = 'workload_api', token } = attestation;
  if (!strategies.includes(strategy))
    throw new TypeError(
      `initialize: attestationStrategy ${JSON.stringify(strategy)} is not known; it is one of ${strategies.join(', ')}`,
    );
  if (token !== undefined && strategy !== 'join_token')
    throw new TypeError(`initialize: the ${strategy} strategy takes no token: ${whyNoToken[strategy]}`);
  switch (strategy) {
    case 'workload_api':
      return;
    case 'k8s_psat':
      await bootstrapAgent?.({ strategy });
      return;
    case 'join_token':
      if (typeof token !== 'string' || token.trim() === '')
        throw new TypeError(
          'initialize: the join_token strategy wants a token, which `spire-server token generate -spiffeID spiffe://…/node/node-001` makes',
        );
      if (bootstrapAgent === undefined)
        throw new TypeError('initialize: the join_token strategy wants bootstrapAgent, which starts the agent');
      await bootstrapAgent({ strategy, token: token.trim() });
  }
}

const whyNoToken = {
  workload_api: 'the agent is attested already; a join token wants join_token',
  k8s_psat: 'the kubelet projects it into the pod of the agent',
} as const;
