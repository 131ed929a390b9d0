// The catalog of a folder, with a word about what isn't in it.

import { scanFolder, type Catalog } from '../catalog/index.js';
import type { Log } from '../observe/log.js';

/** @throws CdnError FOLDER_UNREADABLE */
export async function openCatalog(dir: string, env: { log: Log }): Promise<Catalog> {
  const { titles, leftOut } = await scanFolder(dir);
  for (const { file, why } of leftOut) env.log.warn(`${file} ${why}: it is no title`, { file, why });
  if (titles.length === 0) env.log.warn(`there are no videos in ${dir}`, { dir });
  return { titles };
}
