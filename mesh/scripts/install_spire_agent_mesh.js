#!/usr/bin/env -S node
import { runAssay } from './run-assay.js';

await runAssay({ name: './scripts/install_spire_agent_mesh.sh', command: ['mesh', 'install'] });
