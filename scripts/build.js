// Compiles src/ to dist/. Runs on every `npm install` in a clone, so it needs Node and the
// development dependencies only, on any system.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const project = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const inProject = (...names) => path.join(project, ...names);

/** Node's own modules are loaded when something of them is first used: to fetch without TLS or a thread takes neither. */
const lateBuiltins = {
  name: 'late-builtins',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^[a-z:_/]+$/ }, ({ path: name }) => (isBuiltin(name) ? { path: name, namespace: 'builtin' } : undefined));
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path: name }) => {
      const load = `process.getBuiltinModule(${JSON.stringify(name)})`;
      // A class, as `events` is, must be itself; those that are have been loaded by Node already.
      const isClass = typeof process.getBuiltinModule(name) === 'function';
      // The bundle itself asks each module whether it is one of another kind.
      const late = `let loaded; module.exports = Object.create(new Proxy({}, { get: (_, name) => (name === '__esModule' ? undefined : (loaded ??= ${load})[name]) }));`;
      return { contents: isClass ? `module.exports = ${load};` : late };
    });
  },
};

/** What of our own is imported and not used is left out: no module of ours does anything by being loaded. */
const onlyUsed = {
  name: 'only-used',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\.\.?\// }, ({ path: name, resolveDir }) => (resolveDir.startsWith(inProject('dist')) ? { path: path.resolve(resolveDir, name), sideEffects: false } : undefined));
  },
};

/** `cdn fetch` in a few files with all they need, oclif aside: what takes time is to find and to open many. */
async function buildQuick() {
  const { metafile } = await build({
    absWorkingDir: project, metafile: true, logLevel: 'warning',
    entryPoints: ['dist/commands/fetch.js', 'dist/fetch/hash-worker.js'], outdir: 'dist/quick', entryNames: '[name]',
    bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20',
    alias: { '@oclif/core': inProject('dist', 'cli', 'plain-oclif.js') },
    external: ['pino', 'undici', 'yaml', 'mmdb-lib'],
    plugins: [lateBuiltins, onlyUsed],
  });
  writeFileSync(inProject('dist', 'quick', 'LICENSES.txt'), licensesOf(Object.keys(metafile.inputs)));
}

/** Of whoever's code went into it. */
function licensesOf(inputs) {
  const folders = new Set(inputs.flatMap((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? []));
  return [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(inProject(folder, 'package.json'), 'utf8'));
    const file = readdirSync(inProject(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    return `${name} ${version}, ${license}\n\n${file === undefined ? '' : readFileSync(inProject(folder, file), 'utf8')}`;
  }).join('\n\n');
}

// A file whose source is gone must not live on in dist/: oclif would still offer it as a command.
rmSync(inProject('dist'), { recursive: true, force: true, maxRetries: 3 });
const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: project, stdio: 'inherit' });
process.exitCode = status ?? 1;
if (status === 0) await buildQuick();
