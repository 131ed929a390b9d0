// A cache on a disk that is full, and one that can't be written to: real file systems, mounted for it.

import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { useProcesses } from '../../helpers/process.js';
import { itWhen } from '../../helpers/programs.js';
import { useTempFolders } from '../../helpers/temp.js';

/** As root, or as root of a space of users of its own, where the system gives one. */
const SPACE = [['-m'], ['-r', '-m']].find((flags) => spawnSync('unshare', [...flags, 'sh', '-c', 'mount -t tmpfs tmpfs /mnt']).status === 0);

describe('a cache and a disk that fails', () => {
  const makeFolder = useTempFolders();
  const processes = useProcesses();

  itWhen(SPACE !== undefined, 'to be allowed to mount', 'full, freed, read-only and writable again: right octets or none, and one line for each', async function () {
    this.timeout(60_000);
    const folder = await makeFolder();
    const script = path.join(import.meta.dirname, 'full-disk.ts');
    const { stdout, stderr } = await processes.run('unshare', [...(SPACE ?? []), 'sh', '-c', 'mount -t tmpfs -o size=2m tmpfs "$1" && exec "$2" --import tsx "$3" "$1"', 'sh', folder, process.execPath, script]);
    expect(stderr).to.equal('');
    const seen = JSON.parse(stdout) as Record<string, unknown>;
    const well = `The cache folder ${folder} takes what is written again`;
    expect(seen).to.deep.include({ fullRight: true, fullKept: true, purgedFound: 0, keptFound: true, readOnlyRight: true, readOnlyRead: true, found: true, moreLines: [] });
    expect(seen['fullLines']).to.deep.equal([`The cache folder ${folder} is full: what is new is kept in memory, and on disk in place of what is old, until that changes`]);
    expect(seen['wellLines']).to.deep.equal([well]);
    expect(seen['readOnlyLines']).to.have.length(1);
    expect((seen['readOnlyLines'] as string[])[0]).to.match(/can't be written to \(EROFS: read-only file system, .*\): what is new is kept in memory only, until that changes$/);
    expect(seen['writableLines']).to.deep.equal([well]);
  });
});
