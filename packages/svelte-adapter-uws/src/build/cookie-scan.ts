import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSync } from 'vite';

/** Part of a syntax tree, as far as this file looks at it. */
type Tree = Readonly<Record<string, unknown>>;

/** What to say about cookies on the 101, where the hooks set some. */
export const COOKIE_WARNING =
	'An upgradeResponse() of hooks.ws sets a cookie on the 101. Some proxies, Cloudflare Tunnel among them, accept such a handshake and then drop the socket. Set the cookie in a route or an authenticate hook instead.';

/** Whether a bundled module, or one that it imports from beside it, calls `upgradeResponse` with a `set-cookie` header. */
export function setsCookieOnUpgrade(entry: string, seen: Set<string> = new Set()): boolean {
	if (seen.has(entry) || !existsSync(entry)) return false;
	seen.add(entry);
	const { program } = parseSync(entry, readFileSync(entry, 'utf8'));
	const tree = program as unknown as Tree;
	if (holds(tree, isCookieCall)) return true;
	return importsOf(tree)
		.filter((source) => source.startsWith('.'))
		.some((source) => setsCookieOnUpgrade(join(dirname(entry), source), seen));
}

function isCookieCall(node: Tree): boolean {
	const callee = node['callee'] as Tree | undefined;
	const name = callee?.['name'] ?? (callee?.['property'] as Tree | undefined)?.['name'];
	// A bundler may number names that it finds twice.
	return (
		node['type'] === 'CallExpression' &&
		/^upgradeResponse(?:\$\d+)?$/.test(String(name)) &&
		holds(node['arguments'], isCookieName)
	);
}

function isCookieName(node: Tree): boolean {
	const text = node['type'] === 'TemplateElement' ? (node['value'] as Tree)['cooked'] : node['value'];
	return typeof text === 'string' && text.toLowerCase() === 'set-cookie';
}

/** Whether any node of a tree is one that is looked for. */
function holds(value: unknown, wanted: (node: Tree) => boolean): boolean {
	if (Array.isArray(value)) return value.some((item) => holds(item, wanted));
	if (typeof value !== 'object' || value === null) return false;
	const node = value as Tree;
	return (typeof node['type'] === 'string' && wanted(node)) || Object.values(node).some((child) => holds(child, wanted));
}

function importsOf(program: Tree): string[] {
	return (program['body'] as readonly Tree[]).flatMap((statement) => {
		const source = statement['source'] as Tree | null | undefined;
		return source ? [String(source['value'])] : [];
	});
}
