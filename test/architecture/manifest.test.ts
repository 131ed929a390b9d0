// oclif.manifest.json lets `cdn` start without loading every command. It is committed, and must say
// what the commands say.

import { expect } from 'chai';
import { Plugin } from '@oclif/core';
import { PROJECT } from '../helpers/process.js';
import { readProjectFile } from './source.js';

describe('oclif.manifest.json', () => {
  it('is fresh: `npm run manifest` would change nothing', async function () {
    this.timeout(60_000);
    const plugin = new Plugin({ root: PROJECT, type: 'core', ignoreManifest: true, errorOnManifestCreate: true, respectNoCacheDefault: true });
    await plugin.load();
    const fresh: unknown = JSON.parse(JSON.stringify(plugin.manifest));
    const committed: unknown = JSON.parse(readProjectFile('oclif.manifest.json') ?? 'null');
    expect(committed).to.deep.equal(fresh);
    expect(Object.keys(plugin.manifest.commands)).to.include.members(['web', 'dns', 'store', 'fetch', 'up']);
  });
});
