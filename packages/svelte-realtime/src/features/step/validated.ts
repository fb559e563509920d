import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { SafeParse } from '../../define/steps.ts';
import type { StepFeature } from '../../runtime/host.ts';
import { after } from '../../runtime/pipeline.ts';
import { LiveError, type Issue } from '../../shared/error.ts';

/** What is wrong with an input, as every kind of schema says it. */
interface RawIssue {
	readonly message?: unknown;
	readonly path?: readonly unknown[] | undefined;
}

/** `live.validated`: the first argument becomes what the schema gives for it. */
export const validated: StepFeature<StandardSchemaV1 | SafeParse<unknown>> = {
	step: 'validated',
	wrap:
		(_host, schema, next) =>
		(ctx, input: unknown, ...rest) =>
			after('~standard' in schema ? schema['~standard'].validate(input) : safeParse(schema, input), (outcome) => {
				const { issues, value } = outcome as { readonly issues?: readonly RawIssue[]; readonly value?: unknown };
				if (issues) throw new LiveError('VALIDATION', undefined, { issues: issues.map(readIssue) });
				return next(ctx, value, ...rest);
			})
};

function safeParse(
	schema: SafeParse<unknown>,
	input: unknown
): { readonly issues: readonly RawIssue[] } | { readonly value: unknown } {
	const { success, data, error } = schema.safeParse(input);
	if (success) return { value: data };
	const issues = (error as { readonly issues?: unknown } | undefined)?.issues;
	return { issues: Array.isArray(issues) ? (issues as readonly RawIssue[]) : [] };
}

/** Segments of a path are keys, or objects that hold one. */
function readIssue({ message, path = [] }: RawIssue): Issue {
	const keys = path.map((segment) =>
		String(typeof segment === 'object' && segment !== null ? (segment as { readonly key?: unknown }).key : segment)
	);
	return { message: String(message), path: keys.filter((key) => key !== '') };
}
