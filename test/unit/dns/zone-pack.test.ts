import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { systemClock } from '../../../src/base/clock.js';
import { createAuthority, createCdnZone, createRouter, loadZoneFile, packZone, uncheckedHealth, unpackZone, type PackedZone, type Zone } from '../../../src/dns/index.js';
import { formatType } from '../../../src/net/dns/text.js';
import { silentLog } from '../../../src/observe/log.js';
import { ask, summary, zoneOf } from '../../helpers/dns.js';
import { PROJECT } from '../../helpers/process.js';

const FOLDER = path.join(PROJECT, 'test', 'fixtures', 'zones');
/** As a message to another process carries it. */
const send = (packed: PackedZone): PackedZone => deserialize(serialize(packed)) as PackedZone;
const env = { clock: systemClock, log: silentLog };

describe('a zone that another process gets', () => {
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.zone'))) {
    it(`${file}: answers as it does here, of its names and types`, async () => {
      const zone = await loadZoneFile(path.join(FOLDER, file), env);
      const there = unpackZone(send(packZone(zone)));
      const answersOf = (one: Zone) => {
        const handler = createAuthority({ zones: [one] }, env);
        return async (question: string): Promise<string> => summary(await ask(handler, question));
      };
      const [before, after] = [answersOf(zone), answersOf(there)];
      const every = Math.ceil(zone.nodes.size / 200);
      for (const { name, rrsets } of [...zone.nodes.values()].filter((_, index) => index % every === 0)) {
        const types = ['A', 'ANY', ...rrsets.values().map(({ type }) => formatType(type))];
        const below = name.wire.length < 240 ? [`no-such.${name.toString()}`] : [];
        for (const owner of [name.toString(), ...below]) for (const type of types) expect(await after(`${type} ${owner}`), `${type} ${owner}`).to.equal(await before(`${type} ${owner}`));
      }
      expect([there.soa.data, there.nodes.size]).to.deep.equal([zone.soa.data, zone.nodes.size]);
    });
  }

  it('its own arrays are not copied, and what is sent is not more than they hold', () => {
    const packed = packZone(zoneOf('$ORIGIN example.\n$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.53\n'));
    expect(packed.octets.buffer.byteLength).to.be.greaterThan(packed.octets.length);
    expect(serialize(packed).length).to.be.lessThan(packed.octets.buffer.byteLength);
  });

  it('one in which stores are chosen stays where it is', () => {
    const store = { id: 'store-1', endpoint: { address: '192.0.2.1', port: 80 } };
    const zone = createCdnZone({ catalog: { titles: [] }, stores: [store], authority: { address: '192.0.2.53', port: 53 }, serial: 1, router: createRouter({}, { clock: systemClock, health: uncheckedHealth }) });
    expect(() => packZone(zone)).to.throw('a zone of this process alone');
  });
});
