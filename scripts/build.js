// Compiles src/ to dist/. Runs on every `npm install` in a clone, so it needs Node and the
// development dependencies only, on any system.

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const project = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');

// A file whose source is gone must not live on in dist/: oclif would still offer it as a command.
rmSync(path.join(project, 'dist'), { recursive: true, force: true, maxRetries: 3 });
const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: project, stdio: 'inherit' });
process.exitCode = status ?? 1;
