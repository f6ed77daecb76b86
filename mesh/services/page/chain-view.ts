import type { SeenPeer, ServiceState } from '../service-state.ts';

/** A service as the page shows it. */
export interface ServiceView {
  readonly service: string;
  readonly spiffeId: string;
  /** Last digits of the serial number of its SVID; empty where none is held, or nobody can be asked. */
  readonly serial: string;
  readonly secondsLeft: number;
  /** Of the whole life of the SVID, in seconds. */
  readonly lifeSeconds: number;
  readonly rotations: number;
  readonly refused: number;
  /** Why nothing is known of it; empty where something is. */
  readonly trouble: string;
}

/** A connection from one service to the next, by its last handshake; both sides were verified in it. */
export interface LinkView {
  readonly from: string;
  readonly to: string;
  /** Last digits of the serial numbers that they showed each other. */
  readonly fromSerial: string;
  readonly toSerial: string;
  readonly suite: string;
  readonly handshakes: number;
  readonly secondsAgo: number;
}

/** From the service that a person uses to the last one behind it. */
export interface ChainView {
  readonly services: readonly ServiceView[];
  /** One fewer than services; null where there was no handshake yet, or nothing is known. */
  readonly links: readonly (LinkView | null)[];
}

const shownDigits = 8;

/** @param now - what countdowns are reckoned from */
export function chainView(first: ServiceState, now: Date): ChainView {
  const services: ServiceView[] = [];
  const links: (LinkView | null)[] = [];
  let at: ServiceState['next'] = first;
  while (at !== undefined) {
    if ('trouble' in at) {
      services.push({ ...unknown, service: nameOf(at.spiffeId), spiffeId: at.spiffeId, trouble: at.trouble });
      return { services, links };
    }
    services.push(serviceView(at, now));
    if (at.next !== undefined) links.push(linkView(at, at.next, now));
    at = at.next;
  }
  return { services, links };
}

const unknown = { serial: '', secondsLeft: 0, lifeSeconds: 0, rotations: 0, refused: 0 } as const;

const nameOf = (spiffeId: string) => spiffeId.slice(spiffeId.lastIndexOf('/') + 1);
const digits = (serial: string) => serial.slice(-shownDigits);
const seconds = (fromMs: number, toMs: number) => Math.max(0, Math.round((toMs - fromMs) / 1_000));

function serviceView({ service, spiffeId, svid, rotations, refused }: ServiceState, now: Date): ServiceView {
  if (svid === undefined) return { ...unknown, service, spiffeId, rotations, refused, trouble: 'it holds no SVID' };
  const [from, until] = [Date.parse(svid.notBefore), Date.parse(svid.notAfter)];
  return {
    ...{ service, spiffeId, rotations, refused, serial: digits(svid.serial), trouble: '' },
    ...{ secondsLeft: seconds(now.getTime(), until), lifeSeconds: seconds(from, until) },
  };
}

function linkView(from: ServiceState, to: NonNullable<ServiceState['next']>, now: Date): LinkView | null {
  const called = find(from.called, to.spiffeId);
  const caller = 'callers' in to ? find(to.callers, from.spiffeId) : undefined;
  if (called === undefined || caller === undefined) return null;
  return {
    ...{ from: nameOf(from.spiffeId), to: nameOf(to.spiffeId), suite: called.suite },
    ...{ fromSerial: digits(caller.serial), toSerial: digits(called.serial), handshakes: caller.handshakes },
    secondsAgo: seconds(Date.parse(caller.at), now.getTime()),
  };
}

function find(seen: readonly SeenPeer[], spiffeId: string): SeenPeer | undefined {
  return seen.find((one) => one.spiffeId === spiffeId);
}
