// Module state is shared by everything in a process that imports the module: two servers in one test, two apps in one process.
// This finds it in the sources of the packages, by syntax and declared types.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'vite';
import { root } from './setup.mjs';

/** Apps: what they hold is theirs. This one stands for an app in the RPC suite. */
const APPS = new Set(['packages/conformance/src/wire/live.ts']);
/** What can be made at module level, because nothing about it changes. */
const STATELESS = new Set([
	'RegExp',
	'URL',
	'URLPattern',
	'TextEncoder',
	'TextDecoder',
	'Error',
	'TypeError',
	'RangeError',
	'LiveError'
]);
/** Methods that change what they are called on. */
const MUTATING = new Set('push pop shift unshift splice sort reverse fill copyWithin set add delete clear append'.split(' '));

/**
 * The module state of one source file, as `{ line, message }`.
 * - `let` and `var` outside of functions
 * - a new object outside of functions, unless its class has no state, or the declared type is read-only: `ReadonlyMap` for a
 *   `Map`, `ReadonlySet` for a `Set`, `Readonly<…>` for any other class but the weak collections, which are there to be changed
 * - what functions of the module change of its constants, functions, classes and imports; names are compared, scopes are not
 * - a static class field that can be assigned
 */
export function findState(file, code) {
	const { program, errors } = parseSync(file, code);
	if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
	const found = [];
	const report = (node, message) => found.push({ line: code.slice(0, node.start).split('\n').length, message });
	const shared = new Set();

	walkModule(program, undefined, (node, type) => {
		if (node.type === 'VariableDeclaration' && node.kind !== 'const' && node.kind !== 'using') {
			for (const { id } of node.declarations)
				report(id, `${nameOf(id)} can be assigned at any time. Make it a field of what is created per server or client.`);
		} else if (node.type === 'NewExpression' && holdsState(node, type)) {
			report(node, 'The module holds something that can change. Create it per server or client, or declare a read-only type.');
		} else if (node.type === 'PropertyDefinition' && node.static && !node.readonly) {
			report(node, 'A static field is shared by the whole process. Make it a constant, or a field of the instance.');
		}
		if (/^Import.*Specifier$/.test(node.type)) shared.add(node.local.name);
		else if (/^(?:VariableDeclarator|FunctionDeclaration|ClassDeclaration)$/.test(node.type) && node.id?.type === 'Identifier')
			shared.add(node.id.name);
	});
	const checkChange = (node) => {
		const target = changed(node);
		if (target !== undefined && shared.has(target))
			report(node, `${target} belongs to the module and is changed here. Create it per server or client.`);
	};
	walkModule(program, undefined, (node) => {
		// What changes while the module is imported is still being made.
		if (/Function/.test(node.type) || (node.type === 'PropertyDefinition' && !node.static)) walk(node, checkChange);
	});
	return found;
}

const nameOf = (id) => (id.type === 'Identifier' ? id.name : 'This pattern');

/** Visits what runs when the module is imported, each node with the declared type that it becomes part of. */
function walkModule(node, type, visit) {
	if (Array.isArray(node)) return node.forEach((child) => walkModule(child, type, visit));
	if (!node || typeof node !== 'object' || node.declare) return;
	if (typeof node.type === 'string') visit(node, type);
	if (/Function/.test(node.type) || (node.type === 'PropertyDefinition' && !node.static)) return;
	const own = (node.id ?? node).typeAnnotation;
	for (const key of Object.keys(node)) walkModule(node[key], own ?? type, visit);
}

function holdsState({ callee, arguments: args }, type) {
	if (callee.type === 'MemberExpression') return callee.object.name !== 'Intl';
	const { name } = callee;
	if (STATELESS.has(name)) return false;
	if (/^(?:Big)?(?:Ui|I)nt\d+Array$/.test(name) && args[0]?.value === 0) return false;
	if (name === 'WeakMap' || name === 'WeakSet') return true;
	let isReadonly = false;
	walk(type, ({ typeName }) => (isReadonly ||= typeName?.name === (/^(?:Map|Set)$/.test(name) ? `Readonly${name}` : 'Readonly')));
	return !isReadonly;
}

/** The name of the variable whose content a node changes. */
function changed(node) {
	switch (node.type) {
		case 'AssignmentExpression':
			return node.left.type === 'MemberExpression' ? rootOf(node.left) : undefined;
		case 'UpdateExpression':
			return node.argument.type === 'MemberExpression' ? rootOf(node.argument) : undefined;
		case 'UnaryExpression':
			return node.operator === 'delete' ? rootOf(node.argument) : undefined;
		case 'CallExpression':
			if (node.callee.type !== 'MemberExpression') return undefined;
			if (node.callee.object.name === 'Object' && /^(?:assign|define|setPrototypeOf)/.test(node.callee.property.name))
				return node.arguments.length > 0 ? rootOf(node.arguments[0]) : undefined;
			return MUTATING.has(node.callee.property.name) ? rootOf(node.callee.object) : undefined;
		default:
			return undefined;
	}
}

function rootOf(node) {
	while (node.type === 'MemberExpression' || node.type === 'TSNonNullExpression') node = node.object ?? node.expression;
	return node.type === 'Identifier' ? node.name : undefined;
}

function walk(node, visit) {
	if (Array.isArray(node)) return node.forEach((child) => walk(child, visit));
	if (!node || typeof node !== 'object') return;
	if (typeof node.type === 'string') visit(node);
	for (const key of Object.keys(node)) walk(node[key], visit);
}

if (import.meta.filename === process.argv[1]) {
	const files = globSync('packages/*/src/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts') && !APPS.has(file));
	let count = 0;
	for (const file of files) {
		for (const { line, message } of findState(file, readFileSync(join(root, file), 'utf8'))) {
			console.error(`${file}:${line}: ${message}`);
			count++;
		}
	}
	console.log(`check-state: ${files.length} files, ${count} with module state`);
	process.exit(count > 0 || files.length === 0 ? 1 : 0);
}
