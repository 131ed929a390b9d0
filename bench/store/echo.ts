// The floor: whatever comes, an answer of the same length as a store's, with nothing of HTTP in between but
// a look at the first target of a connection. What it costs is the runtime's and the system's.

import { createServer } from 'node:net';
import { SIZES } from './scenarios.js';

const FIELDS = [
  'content-type: video/mp4', 'accept-ranges: bytes', 'cache-control: max-age=60, stale-if-error=86400', 'etag: "iaIGmTTuYTvCIQ-FrQ7y9n"',
  'last-modified: Fri, 27 Nov 2026 00:00:00 GMT', 'server: hercdn (store-1)', 'access-control-allow-origin: *',
  'access-control-expose-headers: accept-ranges, age, cache-status, content-length, content-range, date, etag, repr-digest, server',
  `repr-digest: sha-256=:${Buffer.alloc(32).toString('base64')}:`, `date: ${new Date().toUTCString()}`, 'connection: keep-alive', 'keep-alive: timeout=30',
];
const RANGE_OCTETS = 1_048_576;

function formAnswer(octets: number): Buffer {
  return Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${FIELDS.join('\r\n')}\r\ncontent-length: ${octets}\r\n\r\n`), Buffer.alloc(octets, 97)]);
}

const answers = new Map<number, Buffer>();
function answerTo(request: string): Buffer {
  const octets = /^range:/im.test(request) ? RANGE_OCTETS : (SIZES[/^GET \/(\w+)/.exec(request)?.[1] ?? ''] ?? 0);
  const answer = answers.get(octets) ?? formAnswer(octets);
  answers.set(octets, answer);
  return answer;
}

const [address = '127.0.0.1', port = '0'] = process.argv.slice(2);
const server = createServer({ noDelay: true }, (socket) => {
  let answer: Buffer | undefined;
  socket.on('error', () => undefined);
  socket.on('data', (octets) => {
    answer ??= answerTo(octets.toString('latin1'));
    socket.write(answer);
  });
});
server.listen(Number(port), address, 4096);
