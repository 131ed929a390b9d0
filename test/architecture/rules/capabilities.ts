// Who may touch what: the clock and chance live in base/, sockets in net/, oclif and the terminal in
// cli/, signals in app/.

import ts from 'typescript';
import { floorOf } from './floors.js';
import { importsOf, isProduct, packageOf, place, walk, type Rule, type Source } from '../source.js';

const file = (path: string, text: string): Source => ({ path, text });

/** "process.stdout.write" of the expression `process.stdout.write`; "new Date" of `new Date()`; undefined for what is no plain path. */
function pathOf(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isPropertyAccessExpression(node)) {
    const left = pathOf(node.expression);
    return left === undefined ? undefined : `${left}.${node.name.text}`.replace(/^globalThis\./, '');
  }
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    const left = pathOf(node.expression);
    return left === undefined ? undefined : `${left}.${node.argumentExpression.text}`.replace(/^globalThis\./, '');
  }
  return undefined;
}

/** Names that the file gives to something of its own, imports aside. */
function declaredIn(source: Source): ReadonlySet<string> {
  const names = new Set<string>();
  walk(source, (node) => {
    if ((ts.isFunctionDeclaration(node) || ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isBindingElement(node)) && node.name && ts.isIdentifier(node.name)) names.add(node.name.text);
  });
  return names;
}

/** Every global or import the file reads, as a dotted path; names it declares or merely mentions as a key are not among them. */
function globalsOf(source: Source): readonly { readonly node: ts.Node; readonly path: string }[] {
  const found: { node: ts.Node; path: string }[] = [];
  const own = declaredIn(source);
  walk(source, (node) => {
    if (ts.isNewExpression(node) && pathOf(node.expression) === 'Date' && (node.arguments ?? []).length === 0) found.push({ node, path: 'new Date' });
    if (ts.isCallExpression(node) && pathOf(node.expression) === 'Date') found.push({ node, path: 'new Date' });
    const isAccess = ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);
    if (!isAccess && !(ts.isIdentifier(node) && isValue(node))) return;
    const path = pathOf(node);
    if (path !== undefined && !own.has(path.replace(/\..*/, ''))) found.push({ node, path });
  });
  return found;
}

function isValue(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) return true;
  if (ts.isPropertyAssignment(parent) || ts.isVariableDeclaration(parent)) return parent.initializer === node;
  return ts.isShorthandPropertyAssignment(parent);
}

interface Capability {
  readonly name: string;
  /** Floors that have it. */
  readonly floors: readonly string[];
  readonly modules?: (specifier: string) => boolean;
  readonly globals?: RegExp;
  readonly breaches: Rule['breaches'];
  readonly kept?: Rule['kept'];
}

function capability({ name, floors, modules, globals, breaches, kept }: Capability): Rule {
  return {
    name,
    check: (sources) => sources.filter((source) => isProduct(source) && !floors.includes(floorOf(source.path) ?? '')).flatMap((source) => [
      ...importsOf(source).filter(({ specifier }) => modules?.(specifier) === true).map(({ node, specifier }) => `${place(source, node)} imports ${specifier}`),
      ...globalsOf(source).filter(({ path }) => globals?.test(path) === true).map(({ node, path }) => `${place(source, node)} uses ${path}`),
    ]),
    breaches,
    ...(kept ? { kept } : {}),
  };
}

const oneOf = (...names: readonly string[]) => (specifier: string): boolean => names.includes(specifier.replace(/^node:/, ''));

export const clock = capability({
  name: 'the time and timers are read in base/ only',
  floors: ['base'],
  modules: oneOf('timers', 'timers/promises', 'perf_hooks'),
  globals: /^(Date\.now|new Date|performance|setTimeout|setInterval|process\.hrtime|process\.uptime|AbortSignal\.timeout)$/,
  breaches: [
    [file('src/dns/cache.ts', 'export const age = Date.now() - 1;')],
    [file('src/dns/cache.ts', 'export const age = new Date().getTime();')],
    [file('src/net/server.ts', 'setTimeout(() => undefined, 5);')],
    [file('src/net/server.ts', 'globalThis.setInterval(run, 5);')],
    [file('src/app/up.ts', "import { setTimeout as sleep } from 'node:timers/promises';")],
    [file('src/fetch/plan.ts', 'const start = performance.now();')],
    [file('src/fetch/plan.ts', 'const later = { setTimeout };')],
    [file('src/fetch/plan.ts', 'const signal = AbortSignal.timeout(5);')],
  ],
  kept: [
    [file('src/base/clock.ts', 'export const now = () => Date.now();')],
    [file('src/dns/cache.ts', 'export const day = new Date(0); interface T { setTimeout: number }; socket.setTimeout(5);')],
  ],
});

export const chance = capability({
  name: 'chance is made in base/ only',
  floors: ['base'],
  globals: /^(Math\.random|randomBytes|randomInt|randomUUID|randomFill(Sync)?|crypto\.(random\w+|getRandomValues)|getRandomValues)$/,
  breaches: [
    [file('src/dns/id.ts', 'export const id = Math.random() * 65536;')],
    [file('src/dns/id.ts', "import { randomBytes } from 'node:crypto';\nexport const id = randomBytes(2);")],
    [file('src/dns/id.ts', 'export const id = crypto.getRandomValues(new Uint8Array(2));')],
  ],
  kept: [[file('src/dns/id.ts', "import { createHash } from 'node:crypto';\nconst h = createHash('sha256'); Math.max(1, 2);")]],
});

export const sockets = capability({
  name: 'sockets are opened in net/ only',
  floors: ['net'],
  modules: oneOf('net', 'dgram', 'http', 'https', 'http2', 'tls', 'dns', 'dns/promises', 'undici'),
  globals: /^(fetch|WebSocket|EventSource)$/,
  breaches: [
    [file('src/store/index.ts', "import { createServer } from 'node:http';")],
    [file('src/fetch/plan.ts', "import type { Socket } from 'net';")],
    [file('src/fetch/plan.ts', "const { request } = await import('undici');")],
    [file('src/app/web.ts', "import { lookup } from 'node:dns/promises';")],
    [file('src/app/web.ts', "const answer = await fetch('http://127.0.0.1/');")],
  ],
  kept: [
    [file('src/net/http/server.ts', "import { createServer } from 'node:net';")],
    [file('src/app/fetch.ts', "import { createFetcher } from '../fetch/index.js'; const x = fetcher.fetch('a');")],
    [file('src/fetch/index.ts', "async function fetch(): Promise<void> {}\nexport const api = { fetch };")],
  ],
});

export const oclif = capability({
  name: 'oclif is known to cli/ and commands/ only',
  floors: ['cli', 'commands'],
  modules: (specifier) => packageOf(specifier)?.startsWith('@oclif/') === true,
  breaches: [[file('src/app/up.ts', "import { ux } from '@oclif/core/ux';")], [file('src/config/schema.ts', "import { Flags } from '@oclif/core';")]],
  kept: [[file('src/commands/up.ts', "import { Flags } from '@oclif/core';")]],
});

export const signals = capability({
  name: 'signals and process events are handled in app/ only',
  floors: ['app'],
  globals: /^process\.(on|once|off|addListener|prependListener|removeListener|removeAllListeners)$/,
  breaches: [[file('src/commands/up.ts', "process.on('SIGINT', stop);")], [file('src/net/server.ts', "process.once('exit', stop);")]],
  kept: [[file('src/app/service.ts', "process.on('SIGINT', stop);")]],
});

export const processes = capability({
  name: 'other processes are started and spoken to in app/ only',
  floors: ['app'],
  modules: oneOf('cluster', 'child_process'),
  globals: /^process\.(send|disconnect|connected|channel)$/,
  breaches: [
    [file('src/net/dns/udp.ts', "import cluster from 'node:cluster';")],
    [file('src/cli/progress.ts', "import { spawn } from 'node:child_process';")],
    [file('src/dns/health.ts', "process.send('down');")],
  ],
  kept: [[file('src/app/workers.ts', "import cluster from 'node:cluster';")]],
});

export const terminal = capability({
  name: 'the terminal and the environment are cli/\'s',
  floors: ['cli'],
  globals: /^process\.(stdout|stderr|stdin|argv|env|exitCode)$/,
  breaches: [
    [file('src/store/log.ts', "process.stdout.write('x');")],
    [file('src/fetch/index.ts', "const dns = process.env['CDN_DNS'];")],
    [file('src/fetch/index.ts', "const { columns } = process['stderr'];")],
  ],
  kept: [[file('src/cli/progress.ts', 'process.stderr.isTTY;')], [file('src/app/up.ts', 'process.pid;')]],
});

export const noConsole = capability({
  name: 'no console and no process.exit',
  floors: [],
  globals: /^(console(\..*)?|process\.(exit|abort|reallyExit))$/,
  breaches: [[file('src/cli/transcript.ts', "console.error('x');")], [file('src/app/up.ts', 'process.exit(1);')]],
  kept: [[file('src/cli/transcript.ts', 'this.exit(1);')]],
});
