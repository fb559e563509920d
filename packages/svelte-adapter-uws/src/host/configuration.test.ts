import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { INHERITED, VARIABLES } from './env.ts';
import { resolveAdapterOptions } from './options.ts';

const root = join(import.meta.dirname, '../../../..');
const page = readFileSync(join(root, 'docs/guide/configuration.md'), 'utf8');

/** The name and default of each row of the table below a heading. */
function table(heading: string): Readonly<Record<string, string>> {
	const section = page.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
	const rows = [...section.matchAll(/^\| `([\w.]+)` \| [^|]+ \| ([^|]+) \| [^|]+ \|$/gm)];
	return Object.fromEntries(rows.map(([, name, fallback]) => [name!, fallback!]));
}

it('lists exactly the variables that the server reads, with their defaults', () => {
	const documented = table('Variables');
	expect(Object.keys(documented)).toEqual([...Object.keys(VARIABLES), ...INHERITED]);
	for (const [name, fallback] of Object.entries(VARIABLES)) {
		if (fallback === undefined) expect([name, documented[name]]).toEqual([name, expect.stringMatching(/^–$|^on Linux/)]);
		else expect([name, documented[name]]).toEqual([name, `\`${fallback}\``]);
	}
});

it('lists exactly the options of the adapter, with their defaults', () => {
	const { websocket, ...top } = resolveAdapterOptions({ websocket: true }, () => {});
	const options: Readonly<Record<string, unknown>> = {
		...top,
		websocket: false,
		...members('websocket', websocket as object),
		'websocket.handler': undefined,
		'websocket.workerRelayHmacSecret': undefined
	};
	const written = Object.fromEntries(
		Object.entries(options).map(([name, value]) => [
			name,
			value === undefined ? '–' : `\`${typeof value === 'string' ? `'${value}'` : String(value)}\``
		])
	);
	expect(table('Options')).toEqual(written);
});

/** The options in an object by their whole names. */
function members(prefix: string, value: object): Record<string, unknown> {
	return Object.fromEntries(
		Object.entries(value).flatMap(([name, member]: [string, unknown]) =>
			typeof member === 'object' && member !== null
				? Object.entries(members(`${prefix}.${name}`, member))
				: [[`${prefix}.${name}`, member]]
		)
	);
}

it('is kept to by the deployment examples', () => {
	const folder = join(root, 'examples/deploy');
	const known = [...Object.keys(VARIABLES), ...INHERITED, 'NODE_ENV'];
	const found = readdirSync(folder).flatMap((file) => {
		const text = readFileSync(join(folder, file), 'utf8').replaceAll(/^\s*(?:#|\/\/).*$/gm, '');
		return [...text.matchAll(/(?:^ENV |^Environment=|^\s+- (?:name: )?|^\s+)([A-Z][A-Z_]{3,})(?:=|:|$)/gm)].map(
			([, name]) => name!
		);
	});
	expect(found.length).toBeGreaterThan(10);
	expect(found.filter((name) => !known.includes(name))).toEqual([]);
});
