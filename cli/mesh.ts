import { UsageError } from '../fixtures/errors.ts';

/** `assay mesh up`. */
export function meshUpCommand(_flags: { readonly target: string; readonly out?: string }): Promise<number> {
  return Promise.reject(new UsageError('mesh up: cannot be used yet'));
}
