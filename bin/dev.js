#!/usr/bin/env -S node --import tsx
// The same program from the sources, with full stack traces.

import { execute } from '@oclif/core';

await execute({ development: true, dir: import.meta.url });
