const variable = 'ASSAY_SIGN_KEY';
let held: string | undefined;

/** Takes the signing key out of the environment, so that nothing that is started inherits it. */
export function withholdSignKey(): void {
  held = process.env[variable] ?? held;
  delete process.env[variable];
}

/** What the variable held; undefined where that was nothing. */
export function withheldSignKey(): string | undefined {
  return held === undefined || held.trim() === '' ? undefined : held;
}
