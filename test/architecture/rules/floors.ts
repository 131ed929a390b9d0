// Who may import whom: imports only go down, rooms have no doors between them, doors are index.ts.

import { importsOf, isProduct, place, type Rule, type Source } from '../source.js';

const ROOMS: readonly string[] = ['web', 'dns', 'store', 'fetch'];
/** From the ground up; a floor imports itself and what stands before it. */
const FLOORS: readonly (readonly string[])[] = [['base'], ['observe'], ['net'], ['catalog'], ROOMS, ['app'], ['cli'], ['commands']];
const BEHIND_A_DOOR: readonly string[] = [...ROOMS, 'catalog', 'config'];
const OPENS_CONFIG: readonly string[] = ['app', 'cli', 'commands'];
const CONFIG_OPENS: readonly string[] = ['base', 'catalog'];
/** The two files above base/ and catalog/ that config/ may read: an address, or a network of them, is an option like any other. */
const ADDRESSES: readonly string[] = ['src/net/address.ts', 'src/net/prefix.ts'];

/** "src/net/http/date.ts" -> "net"; undefined outside src/. */
export function floorOf(file: string): string | undefined {
  return /^src\/([^/]+)\//.exec(file)?.[1];
}

const rank = (floor: string): number => FLOORS.findIndex((floors) => floors.includes(floor));

function whyNot(from: string, to: string, imported: string): string | undefined {
  if (from === to || (from === 'config' && ADDRESSES.includes(imported))) return undefined;
  if (to === 'config') return OPENS_CONFIG.includes(from) ? undefined : `${from}/ opens config/; only app/, cli/ and commands/ do`;
  if (from === 'config') return CONFIG_OPENS.includes(to) ? undefined : `config/ imports ${to}/; it knows base/, catalog/, ${ADDRESSES.join(' and ')} only`;
  if (rank(from) < 0 || rank(to) < 0) return `${rank(from) < 0 ? from : to}/ is no floor of the house`;
  if (ROOMS.includes(from) && ROOMS.includes(to)) return `room ${from}/ imports room ${to}/`;
  return rank(to) < rank(from) ? undefined : `${from}/ imports ${to}/, which is above it`;
}

function checkImports(sources: readonly Source[], judge: (from: string, to: string, file: string) => string | undefined): readonly string[] {
  return sources.filter(isProduct).flatMap((source) => {
    const from = floorOf(source.path);
    if (from === undefined) return [`${source.path} stands on no floor`];
    return importsOf(source).flatMap(({ node, file }) => {
      if (file === undefined) return [];
      const to = floorOf(file);
      const breach = to === undefined ? `imports ${file}, outside src/` : judge(from, to, file);
      return breach === undefined ? [] : [`${place(source, node)} ${breach}`];
    });
  });
}

const file = (path: string, text: string): Source => ({ path, text });

export const floors: Rule = {
  name: 'imports only go down, and rooms never import each other',
  check: (sources) => checkImports(sources, whyNot),
  breaches: [
    [file('src/base/clock.ts', "import { createLog } from '../observe/log.js';")],
    [file('src/net/address.ts', "import type { Catalog } from '../catalog/index.js';")],
    [file('src/web/index.ts', "export { createStore } from '../store/index.js';")],
    [file('src/fetch/plan.ts', "const web = await import('../web/index.js');")],
    [file('src/dns/zone.ts', "import { loadTopology } from '../config/index.js';")],
    [file('src/config/load.ts', "import { createStore } from '../app/store.js';")],
    [file('src/config/load.ts', "import { createHttpServer } from '../net/http/server.js';")],
    [file('src/store/index.ts', "type X = import('../app/env.js').Env;")],
    [file('src/cellar/index.ts', "import { x } from '../base/clock.js';")],
    [file('src/dns/zone.ts', "import { helper } from '../../test/helpers/temp.js';")],
    [file('src/main.ts', '')],
  ],
  kept: [
    [file('src/commands/store.ts', "import { startStore } from '../app/store.js';\nimport { loadTopology } from '../config/index.js';")],
    [file('src/dns/zone.ts', "import { TYPE } from '../net/dns/message.js';\nimport { x } from './chain.js';")],
    [file('src/config/load.ts', "import { CdnError } from '../base/errors.js';\nimport { parseEndpoint } from '../net/address.js';")],
  ],
};

export const doors: Rule = {
  name: 'a room, the catalog and the config are imported by their door, index.ts',
  check: (sources) => checkImports(sources, (from, to, imported) =>
    from !== to && BEHIND_A_DOOR.includes(to) && imported !== `src/${to}/index.ts` ? `imports ${imported}, past the door src/${to}/index.ts` : undefined),
  breaches: [
    [file('src/app/web.ts', "import { renderPage } from '../web/html.js';")],
    [file('src/fetch/plan.ts', "import { createCatalog } from '../catalog/catalog.js';")],
  ],
  kept: [[file('src/app/web.ts', "import { createPortal } from '../web/index.js';\nimport { systemClock } from '../base/clock.js';")]],
};

export const noCycles: Rule = {
  name: 'no import cycle',
  check: (sources) => {
    const graph = new Map(sources.filter(isProduct).map((source) => [source.path, importsOf(source).flatMap(({ file: to }) => (to === undefined ? [] : [to]))]));
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (node: string, trail: readonly string[]): void => {
      const start = trail.indexOf(node);
      if (start >= 0) cycles.push([...trail.slice(start), node].join(' -> '));
      if (start >= 0 || done.has(node)) return;
      for (const next of graph.get(node) ?? []) visit(next, [...trail, node]);
      done.add(node);
    };
    for (const node of graph.keys()) visit(node, []);
    return cycles;
  },
  breaches: [
    [file('src/net/a.ts', "import { b } from './b.js';"), file('src/net/b.ts', "import type { C } from './c.js';"), file('src/net/c.ts', "export * from './a.js';")],
    [file('src/net/a.ts', "import { a } from './a.js';")],
  ],
  kept: [[file('src/net/a.ts', "import { b } from './b.js'; import { c } from './c.js';"), file('src/net/b.ts', "import { c } from './c.js';"), file('src/net/c.ts', '')]],
};
