// Programs of the machine that some tests drive: dig, curl, a browser. A test whose program is
// missing is skipped, and its name says which program it needs.

import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

const USUAL_FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin', '/snap/bin', '/opt/homebrew/bin', '/opt/local/bin'];

const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  chromium: ['chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'microsoft-edge'],
};

const OTHER_PATHS: Readonly<Record<string, readonly string[]>> = {
  chromium: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
  ],
};

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The full path of a program, or undefined when this machine doesn't have it. "chromium" is any browser of its family. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== ''), ...USUAL_FOLDERS];
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', ''] : [''];
  for (const called of [name, ...(OTHER_NAMES[name] ?? [])]) {
    for (const folder of folders) {
      for (const ending of endings) {
        const file = path.join(folder, called + ending);
        if (isExecutable(file)) return file;
      }
    }
  }
  return OTHER_PATHS[name]?.find(isExecutable);
}

/** `it`, for a test that drives `program`; `run` gets the program's path. Skipped by name where it is missing. */
export function itWith(program: string, title: string, run: (this: Mocha.Context, program: string) => Promise<void> | void): Mocha.Test {
  const found = findProgram(program);
  return found === undefined ? skipped(title, `needs ${program}`) : it(title, function () { return run.call(this, found); });
}

/** `it`, for a test that makes sense only where `condition` holds: `itWhen(process.getuid?.() !== 0, 'a user other than root', …)`. */
export function itWhen(condition: boolean, needs: string, title: string, run: Mocha.AsyncFunc): Mocha.Test {
  return condition ? it(title, run) : skipped(title, `needs ${needs}`);
}

function skipped(title: string, why: string): Mocha.Test {
  return it(`${title} [${why}]`, function () { this.skip(); });
}
