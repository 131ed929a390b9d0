#!/usr/bin/env node
// The program's door. The version is told without loading anything else, and a fetch whose line is plain
// does without oclif.

import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const words = process.argv.slice(2);

/** From the second run on Node 22.8 and later need not compile again; in the user's own folder, where nobody else puts code. */
function keepCompiled() {
  const { XDG_CACHE_HOME, HOME } = process.env;
  const folder = (XDG_CACHE_HOME?.startsWith('/') && XDG_CACHE_HOME) || (HOME && `${HOME}/.cache`);
  if (folder) module.enableCompileCache?.(`${folder}/hercdn`);
}

/** Whether the command was run. */
async function runQuickly() {
  const quick = new URL(`../dist/quick/${words[0]}.js`, import.meta.url);
  if (words[0] !== 'fetch' || !existsSync(quick)) return false;
  const { default: Command } = await import(quick.href);
  const status = await Command.runPlain(words[0], words.slice(1));
  // What is still open when a command fails does not keep it from ending.
  if (status !== undefined && status !== 0) process.exit(status);
  return status !== undefined;
}

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`error: cdn needs Node.js 20.19 or newer, this is ${process.version}\n`);
  process.exitCode = 2;
} else if (words.length === 1 && ['--version', '-v', 'version'].includes(words[0])) {
  const { name, version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  process.stdout.write(`${name}/${version} ${process.platform}-${process.arch} node-${process.version}\n`);
} else {
  keepCompiled();
  if (!(await runQuickly())) {
    const { execute } = await import('@oclif/core');
    await execute({ dir: import.meta.url });
  }
}
