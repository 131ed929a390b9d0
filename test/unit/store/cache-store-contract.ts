// What every CacheStore promises, whatever it is made of: one set of tests, run on each.

import { expect } from 'chai';
import type { CacheStore, ObjectMeta } from '../../../src/store/cache-store.js';

export const SLICE = 1000;

export function metaOf(version: string, over: Partial<ObjectMeta> = {}): ObjectMeta {
  return { version, length: 2500, sliceOctets: SLICE, head: { status: 200, fields: [['content-type', 'video/mp4']] }, tags: ['film'], ...over };
}

/** Octets that only this slice of this version of this object has. */
export function octetsOf(key: string, version: string, slice: number, length: number): Uint8Array {
  const seed = Buffer.from(`${key} ${version} ${slice} `);
  return Uint8Array.from({ length }, (_, index) => (seed[index % seed.length] ?? 0) ^ (index >>> 3));
}

/** Puts the object and all its slices. */
export function keep(store: CacheStore, key: string, meta: ObjectMeta): void {
  store.put(key, meta);
  for (let slice = 0; slice * meta.sliceOctets < meta.length; slice += 1) {
    store.write(key, meta.version, slice, octetsOf(key, meta.version, slice, Math.min(meta.sliceOctets, meta.length - slice * meta.sliceOctets)));
  }
}

export interface Made {
  readonly store: CacheStore;
  /** Lets go what must not remain, the store's files say. */
  end?(): Promise<void>;
}

/** `make` gives a store, started, that holds so many octets in its smallest tier. */
export function describeCacheStore(name: string, make: (octets: number) => Promise<Made>): void {
  describe(`CacheStore: ${name}`, () => {
    const ends: (() => Promise<void>)[] = [];
    afterEach('stop the store', async () => {
      for (const end of ends.splice(0)) await end();
    });
    const create = async (octets = 1_000_000): Promise<CacheStore> => {
      const { store, end } = await make(octets);
      ends.push(async () => {
        await store.stop();
        await end?.();
      });
      return store;
    };

    it('gives back what was put: metadata, and each slice', async () => {
      const store = await create();
      const meta = metaOf('v1');
      keep(store, 'a', meta);
      expect(store.find('a')).to.deep.equal(meta);
      for (const [slice, length] of [[0, 1000], [1, 1000], [2, 500]] as const) {
        expect(await store.read('a', 'v1', slice)).to.deep.equal(octetsOf('a', 'v1', slice, length));
        expect(store.where('a', 'v1', slice)).to.equal('memory');
      }
      expect(await store.read('a', 'v1', 3)).to.equal(undefined);
      expect([...store.keys()]).to.deep.equal(['a']);
    });

    it('what is in memory comes at once, and is not copied', async () => {
      const store = await create();
      store.put('a', metaOf('v1'));
      const octets = octetsOf('a', 'v1', 0, SLICE);
      store.write('a', 'v1', 0, octets);
      expect(store.read('a', 'v1', 0)).to.equal(octets);
    });

    it('has no slice that was not written, and no object that was not put', async () => {
      const store = await create();
      store.put('a', metaOf('v1'));
      store.write('b', 'v1', 0, octetsOf('b', 'v1', 0, SLICE));
      expect(await store.read('a', 'v1', 0)).to.equal(undefined);
      expect(store.where('a', 'v1', 0)).to.equal(undefined);
      expect([store.find('b'), await store.read('b', 'v1', 0)]).to.deep.equal([undefined, undefined]);
    });

    it('takes no slice of the wrong length, beyond the end, or with an odd number', async () => {
      const store = await create();
      store.put('a', metaOf('v1'));
      for (const [slice, length] of [[0, 999], [0, 1001], [2, 1000], [3, 1000], [3, 0], [-1, 0], [0.5, 1000], [Number.NaN, 1000]] as const) {
        store.write('a', 'v1', slice, octetsOf('a', 'v1', slice, length));
        expect(await store.read('a', 'v1', slice), `slice ${slice} of ${length}`).to.equal(undefined);
      }
      expect(store.usage().memory.slices).to.equal(0);
    });

    it('never mixes versions: a new one takes the old one’s slices away, and the old one’s writer comes too late', async () => {
      const store = await create();
      keep(store, 'a', metaOf('v1'));
      store.put('a', metaOf('v2'));
      for (const slice of [0, 1, 2]) {
        expect(await store.read('a', 'v1', slice)).to.equal(undefined);
        expect(await store.read('a', 'v2', slice)).to.equal(undefined);
      }
      store.write('a', 'v1', 0, octetsOf('a', 'v1', 0, SLICE));
      expect(await store.read('a', 'v1', 0)).to.equal(undefined);
      expect(await store.read('a', 'v2', 0)).to.equal(undefined);
      store.write('a', 'v2', 0, octetsOf('a', 'v2', 0, SLICE));
      expect(await store.read('a', 'v2', 0)).to.deep.equal(octetsOf('a', 'v2', 0, SLICE));
    });

    it('new metadata of the same version leave the slices where they are', async () => {
      const store = await create();
      keep(store, 'a', metaOf('v1'));
      const fresher = metaOf('v1', { head: { status: 200, storedMs: 5 } });
      store.put('a', fresher);
      expect(store.find('a')).to.deep.equal(fresher);
      expect(await store.read('a', 'v1', 2)).to.deep.equal(octetsOf('a', 'v1', 2, 500));
    });

    it('the same version of another length is another version', async () => {
      const store = await create();
      keep(store, 'a', metaOf('v1'));
      store.put('a', metaOf('v1', { length: 2400 }));
      for (const slice of [0, 1, 2]) expect(await store.read('a', 'v1', slice)).to.equal(undefined);
    });

    it('delete takes every slice at once, and who did it can be told', async () => {
      const store = await create();
      keep(store, 'a', metaOf('v1'));
      keep(store, 'b', metaOf('v1'));
      expect(store.delete('a', 'purged by tag film')).to.equal(true);
      expect(store.delete('a', 'again')).to.equal(false);
      expect(store.find('a')).to.equal(undefined);
      for (const slice of [0, 1, 2]) expect(await store.read('a', 'v1', slice)).to.equal(undefined);
      expect(store.removal('a')?.why).to.equal('purged by tag film');
      expect(store.removal('b')).to.equal(undefined);
      expect(await store.read('b', 'v1', 1)).to.deep.equal(octetsOf('b', 'v1', 1, SLICE));
      store.put('a', metaOf('v2'));
      expect(store.removal('a')).to.equal(undefined);
    });

    it('a whole catalog can be deleted while it is gone through', async () => {
      const store = await create();
      for (let index = 0; index < 20; index += 1) keep(store, `k${index}`, metaOf('v1'));
      for (const key of store.keys()) store.delete(key, 'purged');
      expect([...store.keys()]).to.deep.equal([]);
      expect(store.usage().memory).to.include({ objects: 0, slices: 0, octets: (await create()).usage().memory.octets });
    });

    it('stays within its bounds, and tells who made room', async () => {
      const store = await create(100_000);
      for (let index = 0; index < 300; index += 1) {
        keep(store, `k${index}`, metaOf('v1'));
        expect(store.usage().memory.octets).to.be.at.most(store.usage().memory.maxOctets);
      }
      const gone = Array.from({ length: 300 }, (_, index) => `k${index}`).filter((key) => !store.find(key));
      expect(gone).to.have.length.greaterThan(200);
      const told = gone.flatMap((key) => store.removal(key)?.why ?? []);
      expect(told.length).to.be.at.least(3);
      for (const why of told) expect(why).to.match(/^evicted by S3-FIFO to make room/);
      for (const key of store.keys()) {
        const slices = [await store.read(key, 'v1', 0), await store.read(key, 'v1', 1), await store.read(key, 'v1', 2)];
        slices.forEach((octets, slice) => octets && expect(octets).to.deep.equal(octetsOf(key, 'v1', slice, slice === 2 ? 500 : 1000)));
        expect(slices.some((octets) => octets !== undefined)).to.equal(true);
      }
    });

    it('keeps objects without a body, within the same bounds, and those longest that are asked for', async () => {
      const store = await create(100_000);
      const empty = metaOf('v1', { length: 0, head: { status: 404 } });
      store.put('asked', empty);
      for (let index = 0; index < 1000; index += 1) {
        store.put(`k${index}`, empty);
        expect(store.find('asked')).to.deep.equal(empty);
      }
      expect(store.usage().memory.octets).to.be.at.most(store.usage().memory.maxOctets);
      expect([...store.keys()].length).to.be.within(10, 100);
    });

    it('what could never fit is not kept, and takes nothing else away', async () => {
      const store = await create(100_000);
      keep(store, 'small', metaOf('v1'));
      store.put('head', metaOf('v1', { head: 'x'.repeat(100_000) }));
      expect(store.find('head')).to.equal(undefined);
      keep(store, 'body', metaOf('v1', { length: 200_000, sliceOctets: 200_000 }));
      expect(await store.read('body', 'v1', 0)).to.equal(undefined);
      expect(await store.read('small', 'v1', 0)).to.deep.equal(octetsOf('small', 'v1', 0, SLICE));
    });

    it('a slice that is a corner of a large buffer does not keep the whole of it', async () => {
      const store = await create();
      store.put('a', metaOf('v1'));
      store.write('a', 'v1', 0, octetsOf('a', 'v1', 0, 50_000).subarray(0, 1000));
      const kept = await store.read('a', 'v1', 0);
      expect(kept?.buffer.byteLength).to.equal(1000);
      expect(kept).to.deep.equal(octetsOf('a', 'v1', 0, 1000));
    });

    it('keys and versions may hold anything', async () => {
      const store = await create();
      const odd = ['', ' ', '0', 'a 0', 'a', 'é\u{1f3ac}', '\0', '__proto__', 'x'.repeat(5000)];
      for (const key of odd) keep(store, key, metaOf(key));
      for (const key of odd) {
        expect(store.find(key)?.version).to.equal(key);
        expect(await store.read(key, key, 1), JSON.stringify(key)).to.deep.equal(octetsOf(key, key, 1, SLICE));
      }
    });
  });
}
