import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { SafeParse } from '../../define/schema.ts';
import type { StepFeature } from '../../runtime/host.ts';
import { after } from '../../runtime/pipeline.ts';
import { parseWith } from '../../runtime/schema.ts';

/** `live.validated`: the first argument becomes what the schema gives for it. */
export const validated: StepFeature<StandardSchemaV1 | SafeParse<unknown>> = {
	step: 'validated',
	wrap:
		(_host, schema, next) =>
		(ctx, input: unknown, ...rest) =>
			after(parseWith(schema, input), (value) => next(ctx, value, ...rest))
};
