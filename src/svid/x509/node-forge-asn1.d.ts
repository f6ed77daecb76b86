// All of node-forge takes six times as long to load as the one module of it that is wanted here.
declare module 'node-forge/lib/asn1.js' {
  import type forge from 'node-forge';

  const asn1: typeof forge.asn1;
  export default asn1;
}
