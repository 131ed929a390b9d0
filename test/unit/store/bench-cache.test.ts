// The bench of the policies, in its short form: it says which one is the default.

import { expect } from 'chai';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beladyOf, boundOf } from '../../../bench/cache/optimum.js';
import { createS3Fifo } from '../../../src/store/eviction/index.js';
import { useProcesses } from '../../helpers/process.js';
import { useTempFolders } from '../../helpers/temp.js';

describe('npm run bench:cache', () => {
  const makeFolder = useTempFolders();
  const processes = useProcesses();

  it('--quick: the default policy hits most, nothing beats the bound, and the JSON has it all', async () => {
    const file = path.join(await makeFolder(), 'result.json');
    const { stdout } = await processes.run(process.execPath, ['--import', 'tsx', 'bench/cache/index.ts', '--quick', '--json', file]);
    expect(stdout).to.match(new RegExp(`^Most hits: ${createS3Fifo().name}$`, 'm'));
    const { rows } = JSON.parse(await readFile(file, 'utf8')) as { rows: { ratios: Record<string, { objects: number; octets: number }> }[] };
    expect(rows).to.have.length(12);
    for (const { ratios: { bound, ...ratios } } of rows) {
      expect(Object.keys(ratios)).to.deep.equal(['LRU', 'SIEVE', 'S3-FIFO', 'Belady']);
      for (const { objects, octets } of Object.values(ratios)) {
        expect(objects).to.be.within(0.001, bound!.objects);
        expect(octets).to.be.within(0.001, bound!.octets);
      }
      expect(ratios['Belady']!.octets).to.be.greaterThan(Math.max(ratios['LRU']!.octets, ratios['S3-FIFO']!.octets));
    }
  });

  it('Belady and the bound, on a trace short enough for a pencil', () => {
    // Room for two of three: c has no place worth having.
    const trace = { name: '', sizes: [1, 1, 1], requests: Uint32Array.of(0, 1, 2, 0, 1, 0, 1), octets: 3 };
    expect(beladyOf(trace, 2)).to.deep.equal({ objects: 4 / 7, octets: 4 / 7 });
    // Each hit of a and b takes 3, 3, 2 and 2 turns; there are 14.
    expect(boundOf(trace, 2)).to.deep.equal({ objects: 4 / 7, octets: 4 / 7 });
    expect(boundOf(trace, 1)).to.deep.equal({ objects: 3 / 7, octets: 3 / 7 });
  });
});
