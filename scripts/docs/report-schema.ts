import { join } from 'node:path';
import { createGenerator } from 'ts-json-schema-generator';
import { root } from './places.ts';

/** docs/report.schema.json: what `report.json` holds, as the type of it says. A later version may add members, so others are let through. */
export function reportSchema(): string {
  const schema = createGenerator({
    path: join(root, 'src/report/shape.ts'),
    tsconfig: join(root, 'tsconfig.json'),
    type: 'Report',
    schemaId: 'assay-report-1',
    additionalProperties: true,
    sortProps: true,
    skipTypeCheck: true,
  }).createSchema('Report');
  return `${JSON.stringify(schema, null, 2)}\n`;
}
