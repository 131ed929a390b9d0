// The short form of bench/store/soak.ts: all that an edge meets at the same time, and every octet is right.

import { expect } from 'chai';
import { objectsOfLoad, startMixedLoad, type LoadCounts } from '../../../bench/store/mixed-load.js';
import { createSeededRandom } from '../../../src/base/random.js';
import { useTempFolders } from '../../helpers/temp.js';
import { useAdminEdges } from './running-admin.js';
import { serveContent, useOrigins } from './running-edge.js';

const ENOUGH = { hot: 100, cold: 40, ranges: 40, left: 1, purges: 4, hostile: 40 } satisfies Partial<LoadCounts>;

describe('an edge under mixed load', () => {
  const startOrigin = useOrigins();
  const startEdge = useAdminEdges();
  const tempFolder = useTempFolders();

  it('hot and cold objects, ranges, slow readers, purges, hostile heads: the right octets, and nothing left behind', async () => {
    const objects = objectsOfLoad();
    const origin = await startOrigin((req, res) => {
      const content = objects.get(req.url?.replace(/\?.*/, '') ?? '') ?? new Uint8Array();
      serveContent(Buffer.from(content), { 'cache-control': 'max-age=1', etag: `"${content.length}"` })(req, res);
    });
    const edge = await startEdge(origin.url, { memoryOctets: 8_000_000, folder: await tempFolder() });
    const load = startMixedLoad({ port: edge.port, admin: edge.adminPort, objects, random: createSeededRandom(1), clients: 3 });
    const isEnough = (): boolean => Object.entries(ENOUGH).every(([kind, count]) => load.counts[kind as keyof typeof ENOUGH] >= count);
    while (!isEnough() && load.counts.wrong.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await load.stop();
    expect([load.counts.wrong, load.counts.failed]).to.deep.equal([[], []]);
    const figure = async (name: string): Promise<number> => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await edge.metrics())?.[1]);
    // That a reader has left, the edge hears a moment later.
    while ((await figure('cdn_transfers')) > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(await figure('cdn_cache_bytes\\{tier="memory"\\}')).to.be.within(1, 8_000_000);
    expect(edge.lines.filter(({ level }) => level === 'error')).to.deep.equal([]);
  });
});
