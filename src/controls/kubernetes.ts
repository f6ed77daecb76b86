import type { Framework } from './framework.ts';

export const cisKubernetes: Framework = {
  id: 'cis-kubernetes',
  title: 'CIS Kubernetes Benchmark',
  version: 'any',
  source: 'https://www.cisecurity.org/benchmark/kubernetes',
  scope:
    'Its recommendations are about the files, flags and policies of the components of Kubernetes itself. No clause looks at one of them.',
  controls: [],
};

export const nsaKubernetes: Framework = {
  id: 'nsa-kubernetes',
  title: 'NSA and CISA, Kubernetes Hardening Guidance',
  version: '1.2, August 2022',
  source: 'https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF',
  scope:
    'It is about how a cluster, its pods and its control plane are set up. The clauses of today are about processes and what they say by TLS: no cluster is looked at.',
  controls: [],
};
