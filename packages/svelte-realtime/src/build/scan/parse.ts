import { parseSync, type ESTree } from 'vite';
import { isOffered, type Finding, type LiveExport, type LiveModule } from './live-module.ts';
import { roomStub } from './room.ts';
import { aggregateStub, derivedStub, INTERNAL } from './reactive.ts';
import { nameOf, ourName, readScope, unwrap, type Scope } from './scope.ts';
import { literalOptions, streamExport, topicDoubt } from './stream-export.ts';

type Node = ESTree.Node;

/** Reads another file of the app: gives its name and text, or `undefined` when a specifier is not a file of the app. */
export type ReadModule = (specifier: string, importer: string) => { readonly file: string; readonly code: string } | undefined;

const EXPORT_NAME = /^[A-Za-z0-9_]+$/;
/** What makes a procedure. */
const CALLS: readonly string[] = [
	'live',
	...['validated', 'rateLimit', 'scoped', 'lock', 'idempotent', 'breaker', 'volatile', 'public', 'binary', 'upload'].map(
		(name) => `live.${name}`
	)
];
const STREAMS: readonly string[] = ['live.stream', 'live.channel', 'live.gate', 'pipe'];

/**
 * Finds the live exports of a module by its syntax tree: comments and strings are not code, and every way to write an
 * export counts. Throws a SyntaxError with file and position when the text does not parse.
 */
export function parseLiveModule(path: string, file: string, code: string, read: ReadModule): LiveModule {
	const exports = new Map<string, LiveExport>();
	const findings: Finding[] = [];
	collect(file, code, read, exports, findings, new Set([file]));
	const list = [...exports.values()];
	if (!list.some((entry) => entry.kind !== 'guard')) {
		findings.push({
			level: 'warn',
			message: `${file} has no live exports. Wrap a function in live() or live.stream(), and export it.`,
			offset: 0
		});
	} else if (!exports.has('_guard') && list.some((entry) => isOffered(entry) && !('public' in entry))) {
		findings.push({
			level: 'warn',
			message: `${file} has no _guard: anybody who can connect can call it. Export one, for example: export const _guard = guard({ authenticated: true }), or wrap what everybody may call in live.public()`,
			offset: 0
		});
	}
	return { path, file, exports: list, findings };
}

function collect(
	file: string,
	code: string,
	read: ReadModule,
	exports: Map<string, LiveExport>,
	findings: Finding[],
	seen: Set<string>
): void {
	const { program, errors } = parseSync(file, code);
	const [error] = errors;
	if (error) throw new SyntaxError(`${file}: ${error.codeframe ?? error.message}`);
	const scope = readScope(program);

	const add = (name: string, node: Node): void => {
		const found = classify(scope, name, node);
		const doubt = typeof found === 'object' && found.kind === 'stream' ? topicDoubt(scope, node) : undefined;
		if (doubt !== undefined)
			findings.push({
				level: 'warn',
				message: `${file}: export ${name}: the topic is a function, and ${doubt}`,
				offset: node.start
			});
		if (typeof found === 'object') exports.set(name, found);
		else if (found !== undefined)
			findings.push({ level: 'error', message: `${file}: export ${name}: ${found}`, offset: node.start });
		else if (name !== 'default')
			findings.push({
				level: 'warn',
				message: `${file}: export ${name} is not wrapped in live(), so clients cannot reach it.`,
				offset: node.start
			});
	};

	const follow = (from: string, take: (entry: LiveExport) => void): void => {
		const target = read(from, file);
		if (!target || seen.has(target.file)) return;
		const inner = new Map<string, LiveExport>();
		collect(target.file, target.code, read, inner, findings, new Set(seen).add(target.file));
		for (const entry of inner.values()) take(entry);
	};

	for (const statement of program.body) {
		if (statement.type === 'ExportAllDeclaration') {
			if (statement.exportKind === 'type' || statement.exported) continue;
			follow(statement.source.value, (entry) => {
				if (!exports.has(entry.name)) exports.set(entry.name, entry);
			});
		} else if (statement.type === 'ExportNamedDeclaration' && statement.exportKind !== 'type') {
			for (const part of statement.specifiers) {
				if (part.exportKind === 'type') continue;
				const local = nameOf(part.local);
				const name = nameOf(part.exported);
				const source = statement.source ? { imported: local, from: statement.source.value } : scope.imports.get(local);
				if (source) follow(source.from, (entry) => entry.name === source.imported && exports.set(name, { ...entry, name }));
				else add(name, part.local);
			}
			const declaration = statement.declaration;
			if (declaration?.type === 'VariableDeclaration') {
				for (const { id, init } of declaration.declarations) if (id.type === 'Identifier' && init) add(id.name, init);
			} else if (declaration?.type === 'FunctionDeclaration' && declaration.id) add(declaration.id.name, declaration);
		} else if (statement.type === 'ExportDefaultDeclaration') add('default', statement.declaration);
	}
}

/** A live export; a sentence when it is one that cannot work; `undefined` when it is none. */
function classify(scope: Scope, name: string, node: Node): LiveExport | string | undefined {
	const value = unwrap(scope, node);
	if (value.type !== 'CallExpression') return undefined;
	const callee = ourName(scope, value.callee);
	if (callee === undefined) return undefined;
	if (callee === 'guard') return name === '_guard' ? { kind: 'guard', name } : 'a guard has to be exported as _guard.';
	if (callee !== 'live' && callee !== 'pipe' && !callee.startsWith('live.')) return undefined;
	if (!EXPORT_NAME.test(name)) return 'the name may hold only letters, digits and _.';
	if (name.startsWith('_')) return 'names that start with _ are reserved. Rename it.';
	const stream = streamExport(scope, name, value);
	if (stream !== undefined) return stream;
	if (CALLS.includes(callee)) {
		const isOf = (maker: string): boolean => isWithin(scope, value, maker);
		const kind = isOf('live.binary') ? 'binary' : isOf('live.upload') ? 'upload' : 'call';
		return isOf('live.public') ? { kind, name, public: true } : { kind, name };
	}
	if (INTERNAL.includes(callee)) return { kind: 'internal', name };
	if (callee === 'live.derived') return derivedStub(scope, name, value.arguments);
	if (callee === 'live.aggregate') return aggregateStub(scope, name, value.arguments);
	if (callee === 'live.room') {
		const shape = roomStub(scope, value.arguments[0], literalOptions);
		return typeof shape === 'string' ? shape : { kind: 'room', name, shape };
	}
	return `${callee} does not exist, or holds no stream. This version has ${[...CALLS, ...INTERNAL, ...STREAMS, 'live.derived', 'live.aggregate', 'live.room'].join(', ')}.`;
}

/** Whether a maker such as `live.public` is among the wrappers of a procedure. */
function isWithin(scope: Scope, node: Node, maker: string): boolean {
	const value = unwrap(scope, node);
	if (value.type !== 'CallExpression') return false;
	const callee = ourName(scope, value.callee);
	return callee === maker || (callee !== undefined && value.arguments.some((inner) => isWithin(scope, inner, maker)));
}
