#!/usr/bin/env -S node
import { joinToken } from './join-token.js';
import { runAssay } from './run-assay.js';

await runAssay({
  name: 'python scripts/bootstrap_mesh_node_spiffe.py',
  command: ['mesh', 'bootstrap'],
  ...joinToken(process.argv.slice(2)),
});
