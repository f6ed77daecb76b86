import { acceptedShowingItsPath } from '../../checkers/exchanges.ts';
import { bothRoles, clause } from '../../clause.ts';

// What a node does with the SVID that the Workload API gave it.

export const intermediatesSent = clause({
  id: 'workload-api/x509-svid/intermediates-sent',
  promise: 'pinning',
  level: 'MUST',
  subject: 'workload-api-client',
  catalogue: 'WORKLOAD-API-5.1-02',
  spec: 'Workload API §5.1; RFC 8446 §4.4.2',
  title: 'A node below an intermediate shows the whole chain',
  danger:
    'no peer that holds the bundle alone can tell who the node is, as soon as the authority stands behind an intermediate',
  limits: 'tried with one intermediate',
  roles: bothRoles,
  judge: acceptedShowingItsPath,
});
