import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { SafeParse } from '../define/schema.ts';
import { LiveError, type Issue } from '../shared/error.ts';
import { atOnce } from '../shared/thenable.ts';
import { after } from './pipeline.ts';

/** What is wrong with an input, as every kind of schema says it. */
interface RawIssue {
	readonly message?: unknown;
	readonly path?: readonly unknown[] | undefined;
}

/** What a schema gives for an input. Throws, or rejects with, `VALIDATION`; gives a promise only when the schema does. */
export function parseWith(schema: StandardSchemaV1 | SafeParse<unknown>, input: unknown): unknown {
	return after('~standard' in schema ? schema['~standard'].validate(input) : safeParse(schema, input), (outcome) => {
		const { issues, value } = outcome as { readonly issues?: readonly RawIssue[]; readonly value?: unknown };
		if (issues) throw new LiveError('VALIDATION', undefined, { issues: issues.map(readIssue) });
		return value;
	});
}

function safeParse(
	schema: SafeParse<unknown>,
	input: unknown
): { readonly issues: readonly RawIssue[] } | { readonly value: unknown } {
	const { success, data, error } = atOnce('safeParse', schema.safeParse(input));
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
