// Module state is shared by everything in a process that imports the module: two servers in one test, two apps in one process.
// This finds it in the sources of the packages, by syntax and declared types.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'vite';
import { root } from './setup.mjs';

/** What can be made at module level, because nothing about it changes. */
const STATELESS = new Set(['RegExp', 'URL', 'URLPattern', 'TextEncoder', 'TextDecoder', 'Error', 'TypeError', 'RangeError']);
/** Methods that change what they are called on. */
const MUTATING = new Set('push pop shift unshift splice sort reverse fill copyWithin set add delete clear append'.split(' '));

/**
 * The module state of one source file, as `{ line, message }`.
 * - `let` and `var`
 * - a constant that holds a new object, unless its class has no state or its declared type is read-only (`ReadonlyMap`, `ReadonlySet`)
 * - a constant that the module itself changes
 * - a static class field that can be assigned, or that holds a new object
 */
export function findState(file, code) {
	const { program, errors } = parseSync(file, code);
	if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
	const found = [];
	const report = (node, message) => found.push({ line: code.slice(0, node.start).split('\n').length, message });
	const constants = new Set();

	for (const statement of program.body) {
		const declaration = statement.type.startsWith('Export') ? statement.declaration : statement;
		if (declaration?.type === 'ClassDeclaration') checkStatics(declaration, report);
		if (declaration?.type !== 'VariableDeclaration' || declaration.declare) continue;
		for (const { id, init } of declaration.declarations) {
			const name = id.type === 'Identifier' ? id.name : 'this pattern';
			if (declaration.kind !== 'const') {
				report(id, `${name} can be assigned at any time. Make it a field of what is created per server or client.`);
			} else if (holdsState(init, id.typeAnnotation?.typeAnnotation)) {
				report(id, `${name} holds something that can change. Create it per server or client, or declare a read-only type.`);
			} else if (id.type === 'Identifier') {
				constants.add(name);
			}
		}
	}
	walk(program, (node) => {
		const target = changed(node);
		if (target !== undefined && constants.has(target)) {
			report(node, `${target} belongs to the module and is changed here. Create it per server or client.`);
		}
	});
	return found;
}

function checkStatics(declaration, report) {
	for (const member of declaration.body.body) {
		if (member.type !== 'PropertyDefinition' || !member.static) continue;
		if (!member.readonly || holdsState(member.value, member.typeAnnotation?.typeAnnotation)) {
			report(member, `A static field is shared by the whole process. Make it a constant, or a field of the instance.`);
		}
	}
}

function holdsState(init, type) {
	if (init?.type !== 'NewExpression') return false;
	if (init.callee.type === 'MemberExpression') return init.callee.object.name !== 'Intl';
	if (STATELESS.has(init.callee.name)) return false;
	if (/^(?:Big)?(?:Ui|I)nt\d+Array$/.test(init.callee.name) && init.arguments[0]?.value === 0) return false;
	return !(type?.type === 'TSTypeReference' && type.typeName.name?.startsWith('Readonly'));
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
			return node.callee.type === 'MemberExpression' && MUTATING.has(node.callee.property.name)
				? rootOf(node.callee.object)
				: undefined;
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
	const files = globSync('packages/svelte-*/src/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts'));
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
