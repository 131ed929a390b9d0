// Temporary folders that are gone when the test is over, however it ended.

import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * Call it in a `describe`: the function it returns makes a new, empty folder, and all that it made are
 * removed after each test.
 */
export function useTempFolders(): () => Promise<string> {
  const made: string[] = [];
  afterEach('remove temporary folders', async () => {
    for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  });
  return async () => {
    const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'cdn-test-')));
    made.push(folder);
    return folder;
  };
}
