import type { ESTree } from 'vite';
import type { LiveExport } from './live-module.ts';
import { membersOf, paramsOf, unwrap, type Scope } from './scope.ts';

type Node = ESTree.Node;

/** What runs without a client. */
export const INTERNAL: readonly string[] = ['live.webhook', 'live.cron', 'live.effect'];

/** `live.derived`: a factory when its sources, or its function behind `ctx`, take arguments. A sentence when that cannot be seen. */
export function derivedStub(scope: Scope, name: string, [sources, compute, options]: readonly Node[]): LiveExport | string {
	const given = sources && unwrap(scope, sources);
	const taken = [parameters(scope, sources), Math.max(0, (parameters(scope, compute) ?? 0) - 1)];
	if (!given || (given.type !== 'ArrayExpression' && taken[0] === undefined && parameters(scope, compute) === undefined))
		return 'cannot tell whether the derived value takes arguments. Write its sources as a list or a function in this file.';
	const dynamic = given.type !== 'ArrayExpression' && taken.some((count) => count !== undefined && count > 0);
	const merge = textOf(scope, options, 'merge') ?? 'set';
	return { kind: 'stream', name, dynamic, options: { merge } };
}

/** `live.aggregate`: one stream, or one for each window. A sentence when the windows cannot be seen. */
export function aggregateStub(scope: Scope, name: string, [, , options]: readonly Node[]): LiveExport | string {
	const unseen =
		'cannot tell which windows the aggregate has. Write its options, and the windows in them, as objects in this file, without spreading.';
	const members = membersOf(scope, options);
	if (!members) return unseen;
	const given = members.get('windows');
	if (!given) return { kind: 'stream', name, dynamic: false, options: { merge: 'set' } };
	const windows = membersOf(scope, given);
	return windows ? { kind: 'windows', name, windows: [...windows.keys()] } : unseen;
}

/** How many parameters a function takes; a rest counts for many. `undefined` for what is no function in this file. */
function parameters(scope: Scope, node: Node | undefined): number | undefined {
	const params = node && paramsOf(unwrap(scope, node));
	return params?.at(-1)?.type === 'RestElement' ? Infinity : params?.length;
}

function textOf(scope: Scope, node: Node | undefined, name: string): string | undefined {
	const member = membersOf(scope, node)?.get(name);
	const value = member && unwrap(scope, member);
	return value?.type === 'Literal' && typeof value.value === 'string' ? value.value : undefined;
}
