import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Behaviour, Hello } from '../../mesh/node/behaviour.ts';
import type { Conformer } from '../conformer.ts';

const answering = (answer: Behaviour['answer']) => ({ answer });
const json = { 'content-type': 'application/json' };

/** Right answers of another wording. */
const saying = (wording: (hello: Hello) => string, headers: Readonly<Record<string, string>> = json) =>
  answering((hello, response) => {
    response.writeHead(200, headers).end(wording(hello));
  });

/** Answers that are written by hand, below Node's own HTTP. */
const byHand = (write: (body: string, socket: Socket, request: IncomingMessage) => void) =>
  answering((hello, _response, request) => write(JSON.stringify(hello), request.socket, request));

const length = (body: string) => `content-length: ${Buffer.byteLength(body)}`;
const head = (...lines: readonly string[]) => `${lines.join('\r\n')}\r\n\r\n`;

/** Counts the answers on each connection. */
function closingAfter(most: number): Behaviour['answer'] {
  const answers = new WeakMap<Socket, number>();
  return ({ self, peer }, response, { socket }) => {
    const answered = (answers.get(socket) ?? 0) + 1;
    answers.set(socket, answered);
    response.writeHead(200, { ...json, ...(answered >= most && { connection: 'close' }) });
    response.end(JSON.stringify({ self, peer }));
  };
}

function inChunks({ self, peer }: Hello, response: ServerResponse): void {
  response.writeHead(200, json);
  for (const part of JSON.stringify({ self, peer }).match(/.{1,7}/g) ?? []) response.write(part);
  response.end();
}

/** One byte a turn of the event loop, each in a TLS record of its own. */
function byteByByte(text: string, socket: Socket): void {
  socket.setNoDelay();
  const bytes = Buffer.from(text);
  const next = (at: number) => {
    if (at === bytes.length || socket.destroyed) return;
    socket.write(bytes.subarray(at, at + 1));
    setImmediate(next, at + 1);
  };
  next(0);
}

const slowMs = 150;
const escapedSlashes = (text: string) => text.replaceAll('/', '\\/');
const escapedLetters = (text: string) => text.replaceAll('s', '\\u0073').replaceAll(':', '\\u003A');

/** Answers to GET /hello as other servers write them. */
export const answerStyles: readonly Conformer[] = [
  {
    kind: 'node',
    id: 'answers-http-1.0',
    title: 'Answers by HTTP/1.0 and closes, as that does',
    judgedBy: ['suites', 'partition-short', 'partition-long'],
    change: byHand((body, socket) => socket.end(head('HTTP/1.0 200 OK', length(body)) + body)),
  },
  {
    kind: 'node',
    id: 'answers-http-1.0-kept',
    title: 'Answers by HTTP/1.0 and keeps the connection, as it says',
    judgedBy: ['suites', 'rotation'],
    change: byHand((body, socket) => {
      socket.write(head('HTTP/1.0 200 OK', 'Connection: keep-alive', length(body)) + body);
    }),
  },
  {
    kind: 'node',
    id: 'answers-then-closes',
    title: 'Closes after each answer, and says so by Connection: close',
    judgedBy: ['suites', 'rotation', 'partition-short'],
    offersNot: 'kept connections',
    change: answering(closingAfter(1)),
  },
  {
    kind: 'node',
    id: 'answers-ten-times',
    title: 'Closes after the tenth answer on a connection, and says so by Connection: close',
    judgedBy: ['suites', 'rotation'],
    change: answering(closingAfter(10)),
  },
  {
    kind: 'node',
    id: 'answers-until-close',
    title: 'Ends an answer of no stated length by closing',
    judgedBy: ['suites', 'partition-short'],
    change: byHand((body, socket) => socket.end(head('HTTP/1.1 200 OK', 'Connection: close') + body)),
  },
  {
    kind: 'node',
    id: 'answers-chunked',
    title: 'Answers in chunks of seven bytes',
    judgedBy: ['suites', 'rotation'],
    change: answering(inChunks),
  },
  {
    kind: 'node',
    id: 'answers-byte-by-byte',
    title: 'Answers one byte at a time',
    judgedBy: ['suites', 'rotation'],
    change: byHand((body, socket) => byteByByte(head('HTTP/1.1 200 OK', length(body)) + body, socket)),
  },
  {
    kind: 'node',
    id: 'answers-slowly',
    title: `Takes ${slowMs} ms for an answer`,
    judgedBy: ['suites', 'rotation'],
    change: answering((hello, response) => {
      setTimeout(() => response.writeHead(200, json).end(JSON.stringify(hello)), slowMs);
    }),
  },
  {
    kind: 'node',
    id: 'answers-after-early-hints',
    title: 'Sends 103 Early Hints before each answer',
    judgedBy: ['suites', 'rotation'],
    change: answering((hello, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
      response.writeHead(200, json).end(JSON.stringify(hello));
    }),
  },
  {
    kind: 'node',
    id: 'answers-with-more-members',
    title: 'Puts other members around the two, nested ones and braces in strings among them, in another order',
    judgedBy: ['suites', 'rotation'],
    change: saying(({ self, peer }) =>
      JSON.stringify({ build: { id: 'a}b{c', tags: [{ of: 'now' }, {}] }, peer, says: '}\r\n\r\n{', self, more: {} }),
    ),
  },
  {
    kind: 'node',
    id: 'answers-prettily',
    title: 'Answers JSON over several lines, with a line break at its end',
    judgedBy: ['suites'],
    change: saying((hello) => `\n${JSON.stringify(hello, null, '\t')}\r\n`),
  },
  {
    kind: 'node',
    id: 'answers-with-escaped-slashes',
    title: 'Escapes the slashes of SPIFFE IDs, as PHP and Ruby do',
    judgedBy: ['suites'],
    change: saying((hello) => escapedSlashes(JSON.stringify(hello))),
  },
  {
    kind: 'node',
    id: 'answers-with-escaped-letters',
    title: 'Escapes letters of names and values by their code points',
    judgedBy: ['suites'],
    change: saying((hello) => escapedLetters(JSON.stringify(hello)).replaceAll(/"\\u003A/g, '":')),
  },
  {
    kind: 'node',
    id: 'answers-with-other-headers',
    title: 'Writes header names in capitals, no content-type, four kilobytes of other headers, and no reason phrase',
    judgedBy: ['suites', 'rotation'],
    change: byHand((body, socket) => {
      const more = Array.from({ length: 40 }, (_, at) => `X-FILLER-${at}: ${'x'.repeat(90)}`);
      socket.write(head('HTTP/1.1 200 ', `CONTENT-LENGTH:${Buffer.byteLength(body)}`, ...more) + body);
    }),
  },
];
