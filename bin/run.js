#!/usr/bin/env node
// The program's door. The version is told without loading anything else.

import { readFileSync } from 'node:fs';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const words = process.argv.slice(2);

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`error: cdn needs Node.js 20.19 or newer, this is ${process.version}\n`);
  process.exitCode = 2;
} else if (words.length === 1 && ['--version', '-v', 'version'].includes(words[0])) {
  const { name, version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  process.stdout.write(`${name}/${version} ${process.platform}-${process.arch} node-${process.version}\n`);
} else {
  const { execute } = await import('@oclif/core');
  await execute({ dir: import.meta.url });
}
