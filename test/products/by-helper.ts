import type { Place, Product } from './product.ts';

/** Configuration of spiffe-helper that keeps the files of a place fresh, and what it needs beside it. */
export function helperFiles(place: Place, renewal?: Product['renewal']): Readonly<Record<string, string>> {
  const { cert, key, bundle, workloadApi } = place;
  const { lines = [], files = {} } = renewal?.(place) ?? {};
  const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);
  const conf = [
    `agent_address = "${workloadApi.slice('unix://'.length)}"`,
    `cert_dir = "${cert.slice(0, -nameOf(cert).length - 1)}"`,
    `svid_file_name = "${nameOf(cert)}"`,
    `svid_key_file_name = "${nameOf(key)}"`,
    `svid_bundle_file_name = "${nameOf(bundle)}"`,
    'daemon_mode = true',
    ...lines,
  ];
  return { 'helper.conf': `${conf.join('\n')}\n`, ...files };
}

/** The command that runs it in the foreground. */
export const helperCommand = ({ dir }: Place) => ['spiffe-helper', '-config', `${dir}/helper.conf`];
