#!/usr/bin/env node
import { main } from './program.js';

// Not only set: what could not be reached may keep a socket open for a minute.
process.exit(await main(process.argv.slice(2)));
