// What an edge, nginx and Varnish do in the same cases of HTTP caching, with one origin that tells how often it was
// asked. Not how fast: whether it is what the rule of each case asks for. Prints a table; exit 1 where ours isn't.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, untilListening } from './peers.js';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly hints: number;
}

interface Try {
  get(fields?: Readonly<Record<string, string>>, method?: string): Promise<Answer>;
  /** How often the origin was asked for it. */
  asked(): number;
  sleep(ms: number): Promise<void>;
}

interface Case {
  readonly rule: string;
  readonly origin: (count: number, ...args: Parameters<RequestListener>) => void;
  readonly holds: (t: Try) => Promise<boolean>;
}

type Fields = Readonly<Record<string, string>>;
const says = (fields: Fields, body = 'hello world', status = 200): Case['origin'] => (_count, _req, res) => void res.writeHead(status, { ...fields, 'content-length': Buffer.byteLength(body) }).end(body);
/** Asked again. */
const notReused = async (t: Try): Promise<boolean> => {
  await t.get();
  await t.get();
  return t.asked() === 2;
};
const reused = async (t: Try): Promise<boolean> => {
  await t.get();
  return (await t.get()).status === 200 && t.asked() === 1;
};
const failsLater = (fields: Fields): Case['origin'] => (count, _req, res) => {
  if (count === 1) res.writeHead(200, fields).end('hello');
  else res.writeHead(503).end('down');
};
const afterItsTime = async (t: Try): Promise<Answer> => {
  await t.get();
  await t.sleep(1600);
  // What may be served while it is validated is; the one after that tells what became of it.
  await t.get();
  await t.sleep(300);
  return t.get();
};

const CASES: readonly Case[] = [
  { rule: 'RFC 9111 §4.2.1: s-maxage rules over max-age', origin: says({ 'cache-control': 'max-age=0, s-maxage=60' }), holds: reused },
  { rule: '§4.2: nothing says that it is fresh: asked again', origin: says({}), holds: notReused },
  { rule: '§4.2.2: a tenth of the time since Last-Modified (may)', origin: says({ 'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT' }), holds: reused },
  { rule: '§4.2.1: two values of one directive: stale', origin: says({ 'cache-control': 'max-age=60, max-age=0' }), holds: notReused },
  { rule: '§5.2.2.4: no-cache is validated each time', origin: says({ 'cache-control': 'max-age=60, no-cache', etag: '"a"' }), holds: notReused },
  { rule: '§5.2.2.7: private is for nobody else', origin: says({ 'cache-control': 'private, max-age=60' }), holds: notReused },
  { rule: '§5.2.2.2: must-revalidate: an error, not what is stale', origin: failsLater({ 'cache-control': 'max-age=1, must-revalidate' }), holds: async (t) => (await afterItsTime(t)).status >= 500 },
  { rule: '§4.2.4: nobody allowed what is stale: an error', origin: failsLater({ 'cache-control': 'max-age=1' }), holds: async (t) => (await afterItsTime(t)).status >= 500 },
  { rule: 'RFC 5861 §4: stale-if-error allows it (may)', origin: failsLater({ 'cache-control': 'max-age=1, stale-if-error=60' }), holds: async (t) => (await afterItsTime(t)).status === 200 },
  { rule: 'RFC 9111 §3.5: Authorization: for nobody else', origin: says({ 'cache-control': 'max-age=60' }), holds: async (t) => {
    await t.get({ authorization: 'Basic YTpi' });
    await t.get();
    return t.asked() === 2;
  } },
  { rule: '§4.1: variants by Vary', origin: (_count, req, res) => void res.writeHead(200, { vary: 'Accept-Language', 'cache-control': 'max-age=60' }).end(req.headers['accept-language']), holds: async (t) => {
    const bodies = [await t.get({ 'accept-language': 'de' }), await t.get({ 'accept-language': 'en' }), await t.get({ 'accept-language': 'de' })].map(({ body }) => body);
    return bodies.join() === 'de,en,de' && t.asked() === 2;
  } },
  { rule: '§4.1: Vary: * fits no request', origin: says({ vary: '*', 'cache-control': 'max-age=60' }), holds: notReused },
  { rule: '§4.4: what a POST changed is asked for anew', origin: (count, _req, res) => void res.writeHead(200, { 'cache-control': 'max-age=60' }).end(String(count)), holds: async (t) => {
    const before = await t.get();
    await t.get({ 'content-length': '0' }, 'POST');
    return (await t.get()).body !== before.body;
  } },
  { rule: '§4.3.4: a 304 brings new fields', origin: (_count, req, res) => {
    if (req.headers['if-none-match'] === '"a"') res.writeHead(304, { etag: '"a"', 'cache-control': 'max-age=60', 'x-new': 'yes' }).end();
    else res.writeHead(200, { etag: '"a"', 'cache-control': 'max-age=1' }).end('hello');
  }, holds: async (t) => {
    const { body, headers } = await afterItsTime(t);
    return body === 'hello' && headers['x-new'] === 'yes';
  } },
  { rule: '§5.1: Age counts from the origin on', origin: says({ age: '30', 'cache-control': 'max-age=60' }), holds: async (t) => {
    await t.get();
    return Number((await t.get()).headers.age) >= 30 && t.asked() === 1;
  } },
  { rule: '§5.3: an Expires that is no date is past', origin: says({ expires: '0' }), holds: notReused },
  { rule: 'RFC 9213: CDN-Cache-Control rules here (may)', origin: says({ 'cache-control': 'no-store', 'cdn-cache-control': 'max-age=60' }), holds: reused },
  { rule: 'RFC 9110 §14: a range of what is stored (may)', origin: says({ 'cache-control': 'max-age=60', etag: '"a"' }), holds: async (t) => {
    await t.get();
    const { status, body } = await t.get({ range: 'bytes=6-8' });
    return status === 206 && body === 'wor' && t.asked() === 1;
  } },
  { rule: '§13.1.2: If-None-Match is answered from here (may)', origin: says({ 'cache-control': 'max-age=60', etag: '"a"' }), holds: async (t) => {
    await t.get();
    return (await t.get({ 'if-none-match': '"a"' })).status === 304 && t.asked() === 1;
  } },
  { rule: '§15.2: 103 Early Hints go on', origin: (_count, _req, res) => {
    res.writeEarlyHints({ link: '</a.css>; rel=preload' });
    res.writeHead(200, { 'cache-control': 'max-age=60' }).end('hello');
  }, holds: async (t) => (await t.get()).hints === 1 },
  { rule: 'twenty who ask at once cause one request (may)', origin: (_count, _req, res) => void setTimeout(() => res.writeHead(200, { 'cache-control': 'max-age=60' }).end('hello'), 200), holds: async (t) => {
    await Promise.all(Array.from({ length: 20 }, () => t.get()));
    return t.asked() === 1;
  } },
];

/** How each is set up to be a cache of this origin: nginx with all that its manual has for it, Varnish as it comes. */
async function startProxies(work: string, originPort: number): Promise<readonly { readonly name: string; readonly port: number; readonly child: ChildProcess }[]> {
  const ports = [await freePort(), await freePort(), await freePort()] as const;
  const nginx = path.join(work, 'nginx');
  await mkdir(path.join(nginx, 'temp'), { recursive: true });
  const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${nginx}/temp/${name};`).join(' ');
  await writeFile(path.join(nginx, 'nginx.conf'), `
user root; daemon off; worker_processes 1; pid ${nginx}/pid; error_log ${nginx}/error.log;
events { worker_connections 1024; }
http {
  ${temps} access_log off;
  proxy_cache_path ${nginx}/cache keys_zone=all:10m;
  server {
    listen 127.0.0.1:${ports[1]};
    location / {
      proxy_pass http://127.0.0.1:${originPort}; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_cache all; proxy_cache_lock on; proxy_cache_revalidate on; proxy_cache_background_update on;
      proxy_cache_use_stale error timeout updating http_500 http_502 http_503 http_504;
    }
  }
}
`);
  const varnish = path.join(work, 'varnish');
  await mkdir(varnish);
  await writeFile(path.join(varnish, 'a.vcl'), `vcl 4.1;\nbackend default { .host = "127.0.0.1"; .port = "${originPort}"; }\n`);
  const cdn = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
  const commands: readonly (readonly [string, number, string, readonly string[]])[] = [
    ['cdn', ports[0], process.execPath, [cdn, 'store', '--origin', `http://127.0.0.1:${originPort}`, '--listen', `127.0.0.1:${ports[0]}`, '--quiet']],
    ['nginx', ports[1], 'nginx', ['-p', nginx, '-c', path.join(nginx, 'nginx.conf'), '-e', path.join(nginx, 'error.log')]],
    ['Varnish', ports[2], 'varnishd', ['-F', '-a', `127.0.0.1:${ports[2]}`, '-f', path.join(varnish, 'a.vcl'), '-j', 'none', '-s', 'malloc,64m', '-n', path.join(varnish, 'run')]],
  ];
  return Promise.all(commands.map(async ([name, port, program, args]) => {
    const child = spawn(program, args, { stdio: 'ignore' });
    await untilListening(port, child);
    return { name, port, child };
  }));
}

function ask(port: number, target: string, headers: Fields = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let hints = 0;
    const asking = request({ host: '127.0.0.1', port, path: target, method, headers, agent: false }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts).toString(), hints }));
    });
    asking.on('information', ({ statusCode }) => (hints += statusCode === 103 ? 1 : 0));
    asking.once('error', reject);
    asking.end();
  });
}

async function main(work: string): Promise<void> {
  const counts = new Map<string, number>();
  const origin = createServer((req, res) => {
    const key = req.url ?? '';
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    CASES[Number(/^\/(\d+)/.exec(key)?.[1])]?.origin(count, req, res);
  }).listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const proxies = await startProxies(work, (origin.address() as AddressInfo).port);
  try {
    for (const { name, port } of proxies) if ((await ask(port, `/0/${name}-first`)).body !== 'hello world') throw new Error(`${name} does not pass on what the origin answers`);
    const results = await Promise.all(CASES.map(({ holds }, index) => Promise.all(proxies.map(async ({ name, port }) => {
      const target = `/${index}/${name}`;
      return holds({
        get: (fields, method) => ask(port, target, fields, method),
        asked: () => counts.get(target) ?? 0,
        sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      }).catch(() => false);
    }))));
    process.stdout.write(`| the rule | ${proxies.map(({ name }) => name).join(' | ')} |\n|---|${proxies.map(() => ':-:|').join('')}\n`);
    if (results.some(([ours]) => ours !== true)) process.exitCode = 1;
    for (const [index, { rule }] of CASES.entries()) process.stdout.write(`| ${rule} | ${results[index]?.map((good) => (good ? 'yes' : '**no**')).join(' | ')} |\n`);
  } finally {
    for (const { child } of proxies) {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    }
    origin.closeAllConnections();
    origin.close();
  }
}

const folder = await mkdtemp(path.join(tmpdir(), 'cdn-behaviour-'));
try {
  await main(folder);
} finally {
  await rm(folder, { recursive: true, force: true });
}
