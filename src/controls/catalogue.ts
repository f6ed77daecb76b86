import { clauses, type ClauseId } from '../clauses/catalogue.ts';
import type { ClausePattern, Control, Framework, Line } from './framework.ts';
import { cisKubernetes, nsaKubernetes } from './kubernetes.ts';
import { pciDss } from './pci-dss.ts';
import { sp800207 } from './sp-800-207.ts';
import { sp80052 } from './sp-800-52.ts';
import { sp80053 } from './sp-800-53.ts';

/** The frameworks that clauses are mapped to, those too of which no control has a clause. */
export const frameworks: readonly Framework[] = [sp80053, sp800207, sp80052, pciDss, cisKubernetes, nsaKubernetes];

/** Clauses that give evidence of no control of these frameworks, and why. */
export const withoutControl: readonly { readonly why: string; readonly clauses: readonly ClausePattern[] }[] = [
  {
    why: 'That traffic goes on while keys are replaced or the control plane is away is more than the controls ask for: they want recovery in time, and a failure that is safe.',
    clauses: [
      'mesh/rotation/requests-survive',
      'mesh/rotation/connections-survive',
      'mesh/partition/short-requests-survive',
      'mesh/partition/long-traffic-while-valid',
      'mesh/outage/requests-survive',
      'mesh/node/ready-through-rotations',
      'mesh/node/survives-workload-api',
    ],
  },
  {
    why: 'It is the steady state that other clauses are judged against, and protects nothing by itself.',
    clauses: ['mesh/traffic/healthy'],
  },
  {
    why: 'It holds a service to what its owner declares of its connections, which no control asks for.',
    clauses: ['mesh/tls/connection-not-past-svid'],
  },
  {
    why: 'How a node stops is a matter of rollouts, of which no control speaks.',
    clauses: ['mesh/node/stops-on-sigterm'],
  },
];

/** A control that a clause gives evidence of, with its framework and the line that says of what. */
export interface Mapped {
  readonly framework: Framework;
  readonly control: Control;
  readonly line: Line;
}

/** Every control that this clause gives evidence of, in the order of the frameworks. */
export function controlsOf(clause: string): Mapped[] {
  return frameworks.flatMap((framework) =>
    framework.controls.flatMap((control) => {
      const line = control.lines.find(({ covers }) => covers(clause));
      return line === undefined ? [] : [{ framework, control, line }];
    }),
  );
}

/** The clauses of these lines, in the order of the catalogue. */
export function clausesOf(lines: readonly Line[]): ClauseId[] {
  return clauses.map(({ id }) => id).filter((id) => lines.some(({ covers }) => covers(id)));
}
