// What a film is called on pages.

import type { Title } from '../../catalog/index.js';

/** A file's name that only counts ("video1") says no more than the title does. */
const ONLY_COUNTS = /^(?:video|file)[\s_-]*\d+$/i;

/** The name of its file, without the extension; the title (File1) where that says as much. */
export function filmName({ title, objectName }: Title): string {
  return ONLY_COUNTS.test(objectName) ? title : objectName;
}
