#!/usr/bin/env -S node --import tsx
// The same program straight from the sources, with full stack traces: npm run dev -- store --help

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { execute } from '@oclif/core';

const pjson = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
pjson.oclif.commands = './src/commands';
pjson.oclif.helpClass.target = './src/cli/help.ts';
pjson.oclif.hooks = { command_not_found: './src/cli/hooks/command-not-found.ts' };

await execute({ dir: import.meta.url, loadOptions: { root: fileURLToPath(new URL('..', import.meta.url)), ignoreManifest: true, enablePerf: false, pjson } });
