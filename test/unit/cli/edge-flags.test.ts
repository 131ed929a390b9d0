import { expect } from 'chai';
import { readEdge, type EdgeFlags } from '../../../src/cli/edge-flags.js';

describe('the flags of an edge', () => {
  const ORIGIN = { origin: ['http://127.0.0.1:40721'] };
  const diskOf = (flags: EdgeFlags): unknown => readEdge({ ...ORIGIN, ...flags }, 'store')?.cache.disk;
  const said = (flags: EdgeFlags): string => {
    try {
      readEdge({ ...ORIGIN, ...flags }, 'store');
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('--cache-fsync says whether what goes to disk is synced', () => {
    expect([diskOf({}), diskOf({ 'cache-dir': 'c' }), diskOf({ 'cache-dir': 'c', 'cache-fsync': 'never' }), diskOf({ 'cache-dir': 'c', 'cache-fsync': 'always', 'cache-disk': '1GB' })]).to.deep.equal([
      undefined, { folder: 'c', maxOctets: 10_000_000_000, fsync: false }, { folder: 'c', maxOctets: 10_000_000_000, fsync: false }, { folder: 'c', maxOctets: 1_000_000_000, fsync: true },
    ]);
  });

  it('what is about the folder needs one', () => {
    expect([said({ 'cache-fsync': 'always' }), said({ 'cache-disk': '1GB' }), said({ 'cache-fsync': 'maybe' })]).to.satisfy(([fsync, disk, value]: string[]) =>
      fsync === '--cache-fsync: there is no folder to fill' && disk === '--cache-disk: there is no folder to fill' && value?.includes('expected one of always, never') === true);
  });
});
