import type { ESTree } from 'vite';
import { doubtOf, takesContext, type Parameters } from '../../shared/topic-context.ts';
import type { LiveExport, StreamStubOptions } from './live-module.ts';
import { ourName, paramsOf, unwrap, type Scope } from './scope.ts';

type Node = ESTree.Node;

const OPTION_TYPES = { merge: 'string', key: 'string', prepend: 'boolean', max: 'number', version: 'number' } as const;

/** What can stand around a stream, and around its loader: which argument is inside. */
const WRAPPERS: ReadonlyMap<string, number> = new Map([
	['pipe', 0],
	['live.public', 0],
	...['gate', 'scoped', 'validated', 'rateLimit', 'lock', 'breaker'].map((name) => [`live.${name}`, 1] as const)
]);
const AROUND_LOADERS: ReadonlyMap<string, number> = new Map([
	...WRAPPERS,
	['live', 0],
	['live.volatile', 0],
	['live.idempotent', 1]
]);

/** A stream or channel, in whatever wrappers, gates and pipes; a sentence when it is one that cannot work; `undefined` when it is none. */
export function streamExport(scope: Scope, name: string, value: Node): LiveExport | string | undefined {
	const stream = streamOf(scope, value);
	if (!stream) return undefined;
	const [topic, ...rest] = stream.value.arguments;
	const [load, options] = stream.callee === 'live.channel' ? [undefined, ...rest] : rest;
	const topicCtx = topicContext(scope, topic, options);
	const built = { ...(topicCtx === undefined ? {} : { topicCtx }), ...(stream.isPublic ? { public: true as const } : {}) };
	if (stream.callee === 'live.channel') {
		const dynamic = isText(scope, topic) ? false : takesArguments(scope, topic, topicCtx);
		if (dynamic === undefined)
			return 'cannot tell whether the channel takes arguments. Write its topic as a text or a function in this file.';
		return { kind: 'stream', name, dynamic, options: { merge: 'set', ...literalOptions(scope, options) }, ...built };
	}
	const known = [takesArguments(scope, topic, topicCtx), takesArguments(scope, load, true)].filter(
		(takes) => takes !== undefined
	);
	if (known.length === 0)
		return 'cannot tell whether the stream takes arguments. Write its topic or its loader as a function in this file.';
	return { kind: 'stream', name, dynamic: known.includes(true), options: literalOptions(scope, options), ...built };
}

/** The `live.stream` or `live.channel` inside of wrappers, gates and pipes. */
function streamOf(
	scope: Scope,
	node: Node | undefined
): { readonly callee: string; readonly value: ESTree.CallExpression; readonly isPublic: boolean } | undefined {
	const value = node && unwrap(scope, node);
	if (value?.type !== 'CallExpression') return undefined;
	const callee = ourName(scope, value.callee);
	if (callee === 'live.stream' || callee === 'live.channel') return { callee, value, isPublic: false };
	const place = callee === undefined ? undefined : WRAPPERS.get(callee);
	const inner = place === undefined ? undefined : streamOf(scope, value.arguments[place]);
	return inner && { ...inner, isPublic: inner.isPublic || callee === 'live.public' };
}

const isText = (scope: Scope, node: Node | undefined): boolean => {
	const type = node && unwrap(scope, node).type;
	return type === 'Literal' || type === 'TemplateLiteral';
};

/** A function that stands in this file, in whatever wrappers. */
function functionOf(scope: Scope, node: Node | undefined): readonly ESTree.ParamPattern[] | undefined {
	const value = node && unwrap(scope, node);
	if (value?.type === 'CallExpression') {
		const place = AROUND_LOADERS.get(ourName(scope, value.callee) ?? '');
		return place === undefined ? undefined : functionOf(scope, value.arguments[place]);
	}
	return value && paramsOf(value);
}

/** Whether a function takes arguments of the client; `undefined` when it cannot be seen. */
function takesArguments(scope: Scope, node: Node | undefined, hasContext: boolean | undefined): boolean | undefined {
	const params = functionOf(scope, node);
	if (!params) return undefined;
	return params.length > (hasContext === false ? 0 : 1) || params.at(-1)?.type === 'RestElement';
}

/** What the server must know of a topic function whatever becomes of its names: whether it takes `ctx` first. */
function topicContext(scope: Scope, topic: Node | undefined, options: Node | undefined): boolean | undefined {
	const said = optionOf(scope, options, 'topicCtx');
	if (typeof said === 'boolean') return said;
	const params = functionOf(scope, topic);
	return params && takesContext(parametersIn(params));
}

/** What the author of a topic function should hear that is easy to mistake. */
export function topicDoubt(scope: Scope, node: Node): string | undefined {
	const stream = streamOf(scope, node);
	if (!stream || optionOf(scope, stream.value.arguments[stream.callee === 'live.channel' ? 1 : 2], 'topicCtx') !== undefined)
		return undefined;
	const params = functionOf(scope, stream.value.arguments[0]);
	return params && doubtOf(parametersIn(params));
}

function parametersIn(params: readonly ESTree.ParamPattern[]): Parameters {
	const [first] = params;
	const kind = (): Parameters['first'] => {
		if (!first) return undefined;
		if (first.type === 'RestElement') return 'rest';
		if (first.type === 'AssignmentPattern') return 'default';
		if (first.type !== 'Identifier') return 'destructured';
		return { name: isContextType(first.typeAnnotation?.typeAnnotation) ? 'ctx' : first.name };
	};
	return { count: params.length, first: kind() };
}

/** `Context`, `LiveContext<User>`, `Ctx` and their like. */
function isContextType(type: ESTree.TSType | undefined): boolean {
	return (
		type?.type === 'TSTypeReference' && type.typeName.type === 'Identifier' && /^(?:\w*Context|Ctx)$/.test(type.typeName.name)
	);
}

function optionOf(scope: Scope, node: Node | undefined, name: string): unknown {
	const value = node && unwrap(scope, node);
	if (value?.type !== 'ObjectExpression') return undefined;
	for (const property of value.properties) {
		if (property.type !== 'Property' || property.key.type !== 'Identifier' || property.key.name !== name) continue;
		const literal = unwrap(scope, property.value);
		return literal.type === 'Literal' ? literal.value : undefined;
	}
	return undefined;
}

/** The options of a stub that are written as literals. */
export function literalOptions(scope: Scope, node: Node | undefined): StreamStubOptions {
	const value = node && unwrap(scope, node);
	const options: Record<string, unknown> = {};
	if (value?.type !== 'ObjectExpression') return options;
	for (const property of value.properties) {
		if (property.type !== 'Property' || property.computed || property.key.type !== 'Identifier') continue;
		const name = property.key.name;
		const literal = unwrap(scope, property.value);
		if (!Object.hasOwn(OPTION_TYPES, name) || literal.type !== 'Literal') continue;
		if (typeof literal.value === OPTION_TYPES[name as keyof typeof OPTION_TYPES]) options[name] = literal.value;
	}
	return options;
}
