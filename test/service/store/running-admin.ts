// Edges with an administrator's door, both on real sockets, as `cdn store --origin --admin` runs them.

import { createLog, type LogLine } from '../../../src/observe/log.js';
import { systemClock, type Clock } from '../../../src/base/clock.js';
import { systemRandom } from '../../../src/base/random.js';
import { createStoreService, type StoreService } from '../../../src/app/store.js';
import type { Standing, Warmed } from '../../../src/store/index.js';

export interface AdminEdge {
  readonly port: number;
  readonly adminPort: number;
  readonly lines: readonly LogLine[];
  /** POST /purge; the status and what was said. */
  purge(wish: unknown, fields?: Readonly<Record<string, string>>): Promise<{ readonly status: number; readonly body: unknown }>;
  /** How many were purged. */
  purged(wish: unknown): Promise<number>;
  why(url: string): Promise<Standing>;
  /** POST /warm; the last line, or what was said where it isn't 200. */
  warm(wish: unknown): Promise<Warmed | string>;
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

export interface AdminEdgeOptions {
  readonly token?: string;
  readonly clock?: Clock;
  readonly memoryOctets?: number;
  readonly sliceOctets?: number;
  readonly folder?: string;
}

/** Call it in a `describe`: the function it returns starts an edge of this origin. */
export function useAdminEdges(): (origin: URL, options?: AdminEdgeOptions) => Promise<AdminEdge> {
  const running: StoreService[] = [];
  afterEach('stop edges', async () => {
    await Promise.all(running.splice(0).map((service) => service.stop(0)));
  });
  return async (origin, { token, clock = systemClock, memoryOctets = 64_000_000, sliceOctets = 65_536, folder } = {}) => {
    const lines: LogLine[] = [];
    const anyPort = { address: '127.0.0.1', port: 0 };
    const cache = { memoryOctets, ...(folder === undefined ? {} : { disk: { folder, maxOctets: 100_000_000, fsync: false } }) };
    const service = createStoreService(
      { listen: anyPort, id: 'edge-1', serveHosts: ['test'], rateBytesPerSecond: undefined, objects: { kind: 'edge', origins: [origin], cache, sliceOctets, admin: { listen: anyPort, token } } },
      { clock, random: systemRandom, log: createLog((line) => lines.push(line)) },
    );
    await service.start();
    running.push(service);
    const adminPort = service.admin?.port ?? 0;
    const door = `http://127.0.0.1:${adminPort}`;
    const authorization: Readonly<Record<string, string>> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const purge: AdminEdge['purge'] = async (wish, fields = {}) => {
      const answer = await fetch(`${door}/purge`, { method: 'POST', body: typeof wish === 'string' ? wish : JSON.stringify(wish), headers: { 'content-type': 'application/json', ...authorization, ...fields } });
      const text = await answer.text();
      return { status: answer.status, body: answer.status === 200 ? JSON.parse(text) as unknown : text };
    };
    return {
      port: service.endpoint.port,
      adminPort, lines, purge,
      purged: async (wish) => ((await purge(wish)).body as { purged: number }).purged,
      why: async (url) => await (await fetch(`${door}/why?url=${encodeURIComponent(url)}`, { headers: authorization })).json() as Standing,
      warm: async (wish) => {
        const answer = await fetch(`${door}/warm`, { method: 'POST', body: JSON.stringify(wish), headers: { 'content-type': 'application/json', ...authorization } });
        const text = await answer.text();
        return answer.status === 200 ? JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as Warmed : text;
      },
      metrics: async () => (await fetch(`${door}/metrics`, { headers: authorization })).text(),
      stop: async () => {
        running.splice(running.indexOf(service), 1);
        await service.stop(0);
      },
    };
  };
}
