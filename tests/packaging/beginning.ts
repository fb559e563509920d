import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createProject, type Kit } from './project.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The files of "Begin" in README, as they stand there: path and text. */
export const files: readonly (readonly [string, string])[] = [
	...readme.matchAll(/^```\w+\n(?:\/\/|<!--) (\S+)(?: -->)?\n(.*?)^```/gms)
].map(([, path, text]) => [path!, text!] as const);

/** What `sv create` makes of an empty folder, but for its looks; then the files of README. */
export function begin(kit: Kit, name: string): string {
	const project = createProject(kit, name, true);
	for (const other of ['src', 'svelte.config.js', 'vite.config.js'])
		rmSync(join(project, other), { recursive: true, force: true });
	const html = '<!doctype html><html><head>%sveltekit.head%</head><body>%sveltekit.body%</body></html>';
	for (const [path, text] of [['src/app.html', html] as const, ...files]) write(project, path, text);
	return project;
}

/** Writes one file of a project. */
export function write(project: string, path: string, text: string): void {
	mkdirSync(dirname(join(project, path)), { recursive: true });
	writeFileSync(join(project, path), text);
}
