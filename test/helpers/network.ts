// A whole network as its own process, on whatever ports are free, for tests that use it from outside.

import type { Running, SpawnOptions } from './process.js';

export interface Ready {
  readonly portal: { readonly address: string; readonly port: number };
  readonly dns: { readonly address: string; readonly port: number };
  readonly stores: readonly { readonly id: string; readonly endpoint: { readonly address: string; readonly port: number } }[];
  readonly titles: number;
}

export interface RunningNetwork extends Ready {
  readonly process: Running;
  /** "127.0.0.1:40722": what --dns takes. */
  readonly dnsAddress: string;
  readonly portalUrl: string;
  storeUrl(index: number): string;
}

type StartCdn = (args: readonly string[], options?: SpawnOptions) => Running;

/** Starts `cdn up` on free ports and waits for its ready line. */
export async function startNetwork(startCdn: StartCdn, args: readonly string[] = [], options: SpawnOptions = {}): Promise<RunningNetwork> {
  const running = startCdn(['up', '--free-ports', '--log-format', 'json', ...args], options);
  const [line] = await running.printed(/^\{.*"ready":true.*\}$/m);
  const ready = JSON.parse(line) as Ready;
  return {
    ...ready,
    process: running,
    dnsAddress: `${ready.dns.address}:${ready.dns.port}`,
    portalUrl: `http://${ready.portal.address}:${ready.portal.port}`,
    storeUrl: (index) => {
      const endpoint = ready.stores[index]?.endpoint;
      if (endpoint === undefined) throw new Error(`there is no store ${index}`);
      return `http://${endpoint.address}:${endpoint.port}`;
    },
  };
}
