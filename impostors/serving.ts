import type { RequestListener, Server, ServerResponse } from 'node:http';
import type { Behaviour } from '../mesh/node/behaviour.ts';

/** Which request it is: of all that the node was sent, and of those on its connection, from 1. */
export interface Turn {
  readonly nth: number;
  readonly onConnection: number;
}

/** What becomes of a request in the place of being served: `serve` answers it as it should. */
export type Mischief = (response: ServerResponse, serve: () => void) => void;

/** The reference node's service, but for some of the requests. */
export function misserving(some: (turn: Turn) => boolean, does: Mischief): Pick<Behaviour, 'entrance'> {
  return {
    entrance(tls, http) {
      let nth = 0;
      const served = new WeakMap<object, number>();
      const [serve] = http.listeners('request') as RequestListener[];
      http.removeAllListeners('request');
      http.on('request', (request, response) => {
        const onConnection = (served.get(request.socket) ?? 0) + 1;
        served.set(request.socket, onConnection);
        const right = () => void serve!(request, response);
        if (some({ nth: ++nth, onConnection })) does(response, right);
        else right();
      });
      return tls;
    },
  };
}

export const hang: Mischief = () => {};
export const end: Mischief = ({ socket }) => void socket?.destroy();
export const after =
  (ms: number): Mischief =>
  (_response, serve) =>
    void setTimeout(serve, ms);

// Longer than from one request on a kept connection to the next: there is always one under way.
const partMs = 400;

/** The right answer, the rest of it a while after its first byte. */
export const inTwoParts: Mischief = (response, serve) => {
  const whole = response.end.bind(response) as (text: string) => ServerResponse;
  const parts = (text: string) => {
    response.write(text.slice(0, 1));
    setTimeout(() => whole(text.slice(1)), partMs);
    return response;
  };
  response.end = parts as ServerResponse['end'];
  serve();
};

/** The right answer, of which no more than the first byte comes. */
export const cutShort: Mischief = (response, serve) => {
  response.end = ((text: string) => {
    response.write(text.slice(0, 1), () => response.socket?.destroy());
    return response;
  }) as ServerResponse['end'];
  serve();
};

/** The reference node's listener with settings of its own. */
export function listeningAs(change: (http: Server) => void): Pick<Behaviour, 'entrance'> {
  return {
    entrance(tls, http) {
      change(http);
      return tls;
    },
  };
}
