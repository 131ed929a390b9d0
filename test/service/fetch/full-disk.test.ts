// A download onto a disk that is full: a real file system, mounted for it.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect } from 'chai';
import { useProcesses } from '../../helpers/process.js';
import { itWhen } from '../../helpers/programs.js';
import { useTempFolders } from '../../helpers/temp.js';

/** As root, or as root of a space of users of its own, where the system gives one. */
const SPACE = [['-m'], ['-r', '-m']].find((flags) => spawnSync('unshare', [...flags, 'sh', '-c', 'mount -t tmpfs tmpfs /mnt']).status === 0);

describe('fetch: a disk that is full', () => {
  const newFolder = useTempFolders();
  const processes = useProcesses();

  itWhen(SPACE !== undefined, 'to be allowed to mount', 'what is there is gone on from, also after a run for which there is still no room, and nothing else stays', async function () {
    this.timeout(20_000);
    const folder = await newFolder();
    const script = path.join(import.meta.dirname, 'full-disk.ts');
    const run = '"$2" --import tsx "$3" "$1"';
    const { stdout, stderr } = await processes.run('unshare', [...(SPACE ?? []), 'sh', '-c', `mount -t tmpfs -o size=1m tmpfs "$1" && ${run} && ${run} && mount -o remount,size=8m "$1" && ${run} && ls "$1" && wc -c < "$1/film"`, 'sh', folder, process.execPath, script]);
    expect(stderr).to.equal('');
    const [first = '', second = '', third = '', ...left] = stdout.trim().split('\n');
    const failed = { code: 'DISK_WRITE', resumable: true, isThere: true };
    expect(JSON.parse(first)).to.deep.equal({ from: 0, ...failed });
    for (const [text, expected] of [[second, failed], [third, {}]] as const) {
      const { from, ...more } = JSON.parse(text) as { from: number };
      expect(more).to.deep.equal(expected);
      expect(from).to.be.greaterThan(900_000);
    }
    expect(left).to.deep.equal(['film', '2000000']);
  });
});
