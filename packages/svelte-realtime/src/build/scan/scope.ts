import type { ESTree } from 'vite';

type Node = ESTree.Node;

/** The module-level names of one file: where imports come from, and the expressions that constants and functions stand for. */
export interface Scope {
	/** Local name -> what it was imported as, and from where. `*` is the whole module. */
	readonly imports: ReadonlyMap<string, { readonly imported: string; readonly from: string }>;
	/** Local name -> initial value, for `const` and function declarations: names that can mean only one thing. */
	readonly values: ReadonlyMap<string, Node>;
}

const FROM_US: ReadonlySet<string> = new Set(['svelte-realtime', 'svelte-realtime/server']);

/** Reads the module-level names of a parsed file. */
export function readScope(program: ESTree.Program): Scope {
	const imports = new Map<string, { imported: string; from: string }>();
	const values = new Map<string, Node>();
	for (const statement of program.body) {
		if (statement.type === 'ImportDeclaration') {
			for (const part of statement.specifiers) {
				const imported =
					part.type === 'ImportSpecifier' ? nameOf(part.imported) : part.type === 'ImportDefaultSpecifier' ? 'default' : '*';
				imports.set(part.local.name, { imported, from: statement.source.value });
			}
			continue;
		}
		const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
		if (declaration?.type === 'VariableDeclaration' && declaration.kind === 'const') {
			for (const { id, init } of declaration.declarations) if (id.type === 'Identifier' && init) values.set(id.name, init);
		}
		if (declaration?.type === 'FunctionDeclaration' && declaration.id) values.set(declaration.id.name, declaration);
	}
	return { imports, values };
}

/** The text of an identifier or a string-literal name, as import and export lists hold them. */
export function nameOf(name: ESTree.ModuleExportName): string {
	return name.type === 'Literal' ? name.value : name.name;
}

/** The expression behind type annotations, parentheses and module-level constants. */
export function unwrap(scope: Scope, node: Node): Node {
	const seen = new Set<Node>();
	let current = node;
	while (!seen.has(current)) {
		seen.add(current);
		if (
			current.type === 'TSAsExpression' ||
			current.type === 'TSSatisfiesExpression' ||
			current.type === 'TSNonNullExpression' ||
			current.type === 'TSTypeAssertion' ||
			current.type === 'ParenthesizedExpression'
		) {
			current = current.expression;
		} else if (current.type === 'Identifier') {
			current = scope.values.get(current.name) ?? current;
		}
	}
	return current;
}

/** The name under which this package exports what `callee` refers to, for example `live`, `live.stream` or `guard`. */
export function ourName(scope: Scope, callee: Node): string | undefined {
	const node = unwrap(scope, callee);
	if (node.type === 'Identifier') {
		const source = scope.imports.get(node.name);
		return source && FROM_US.has(source.from) ? source.imported : undefined;
	}
	if (node.type !== 'MemberExpression' || node.computed || node.property.type !== 'Identifier') return undefined;
	const owner = ourName(scope, node.object);
	if (owner === undefined) return undefined;
	return owner === '*' ? node.property.name : `${owner}.${node.property.name}`;
}

/** The parameters of a function; `undefined` for what is none. */
export function paramsOf(node: Node): readonly ESTree.ParamPattern[] | undefined {
	return node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression' || node.type === 'FunctionDeclaration'
		? node.params
		: undefined;
}

/** The values of an object literal by name; `undefined` where they cannot all be seen. */
export function membersOf(scope: Scope, node: Node | undefined): ReadonlyMap<string, Node> | undefined {
	const value = node && unwrap(scope, node);
	if (value?.type !== 'ObjectExpression') return undefined;
	const members = new Map<string, Node>();
	for (const property of value.properties) {
		if (property.type !== 'Property' || property.computed) return undefined;
		const { key } = property;
		if (key.type === 'Identifier') members.set(key.name, property.value);
		else if (key.type === 'Literal') members.set(String(key.value), property.value);
	}
	return members;
}
