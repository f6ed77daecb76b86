#!/usr/bin/env -S node
import { runAssay } from './run-assay.js';

await runAssay({ name: './scripts/generate_spire_ca.sh', command: ['mesh', 'ca', 'create'] });
