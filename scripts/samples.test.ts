import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from 'svelte/compiler';
import { expect, it } from 'vitest';
import { tsc } from './build.mjs';
import { nodeBinary, root } from './setup.mjs';

/** One code block of a page. */
interface Sample {
	readonly page: string;
	/** Line of the page that its first line is. */
	readonly line: number;
	readonly language: string;
	readonly code: string;
}

const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
	cwd: root,
	encoding: 'utf8'
})
	.split('\n')
	.filter((file) => /^(?:README\.md$|docs\/guide\/|docs\/protocol\/|packages\/[\w-]+\/README\.md$)/.test(file));

const samples: readonly Sample[] = pages.flatMap((page) => {
	const text = readFileSync(join(root, page), 'utf8');
	return [...text.matchAll(/^```(ts|js|svelte)\n(.*?)^```$/gms)].map(({ 1: language, 2: code, index }) => ({
		page,
		line: text.slice(0, index).split('\n').length + 1,
		language: language!,
		code: code!
	}));
});

/** What samples take from an app that everybody writes otherwise. What is ours has to be imported, or be named by the sentence above. */
const APP = `
declare module '#lib/*';
declare module '$lib/*';
declare module '$live/*';
declare module '$app/*';
declare module '*/build/handler.js';
declare module '*/src/hooks.ws';
declare module 'express';
type Any = any;
type Server = import('svelte-adapter-uws').Platform;
declare const db: Any, sessions: Any, ledger: Any, stripe: Any, metrics: Any, locals: Any, dialog: Any;
declare const audit: Any, charge: Any, sendMail: Any, mayRead: Any, clean: Any, asMove: Any, authenticate: Any, currentTraceparent: Any;
declare const SECRET: string, STRIPE_SECRET: string, id: string, text: string;
declare const Todo: { parse(data: unknown): { id: number; text: string } };
declare const order: Any, price: Any, message: Any, position: Any, file: File;
declare let bar: number;
declare const platform: Server;
declare const ws: import('svelte-adapter-uws').Connection;
declare const live: typeof import('svelte-realtime/server').live;
declare const createTestServer: typeof import('svelte-adapter-uws/testing').createTestServer;
`;

const OPTIONS = {
	target: 'es2024',
	module: 'esnext',
	moduleResolution: 'bundler',
	moduleDetection: 'force',
	lib: ['es2024', 'esnext.disposable', 'dom', 'dom.iterable'],
	types: ['node', 'svelte'],
	strict: true,
	noEmit: true,
	allowImportingTsExtensions: true,
	skipLibCheck: true
};

/** The modules that a sample is made of: files that it names, or the script of a component. */
function modulesOf({ language, code }: Sample): readonly { readonly code: string; readonly skip: number }[] {
	if (language !== 'svelte') {
		const starts = [0, ...[...code.matchAll(/^\/\/ src\/\S+\.ts\b/gm)].map(({ index }) => index).filter((index) => index > 0)];
		return starts.map((start, i) => ({
			code: code.slice(start, starts[i + 1]),
			skip: code.slice(0, start).split('\n').length - 1
		}));
	}
	const script = /<script[^>]*>\n(.*?)<\/script>/s.exec(code);
	return script ? [{ code: script[1]!, skip: code.slice(0, script.index).split('\n').length }] : [];
}

/** Where nothing can be inferred: JavaScript, and what \`$live\` gives, which depends on the app. */
const isLoose = ({ language }: Sample, code: string): boolean => language === 'js' || /from '\$live\/|\$props\(\)/.test(code);

it('finds samples in the pages', () => {
	expect(samples.length).toBeGreaterThan(60);
	expect(new Set(samples.map(({ page }) => page))).toContain('README.md');
});

it('have types that the packages agree with', () => {
	const folder = join(root, '.cache/samples');
	rmSync(folder, { recursive: true, force: true });
	mkdirSync(folder, { recursive: true });
	const places: { readonly place: (line: number) => string; readonly loose: boolean }[] = [];
	for (const sample of samples) {
		for (const { code, skip } of modulesOf(sample)) {
			writeFileSync(join(folder, `${places.length}.ts`), code);
			places.push({ place: (line) => `${sample.page}:${sample.line + skip + line - 1}`, loose: isLoose(sample, code) });
		}
	}
	writeFileSync(join(folder, 'app.d.ts'), APP);
	writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: OPTIONS, include: ['.'] }));
	const { stdout } = spawnSync(nodeBinary, [tsc, '-p', folder, '--pretty', 'false'], { cwd: folder, encoding: 'utf8' });
	const problems = [...stdout.matchAll(/^(\S+?)\.(?:d\.)?ts\((\d+),\d+\): error (TS\d+): (.*)$/gm)].flatMap(
		([, file, line, code, message]) => {
			const found = places[Number(file)];
			if (!found) return [`${file}: ${message}`];
			// An implicit any.
			return found.loose && /^TS70\d\d$/.test(code!) ? [] : [`${found.place(Number(line))}: ${message}`];
		}
	);
	expect(problems).toEqual([]);
	expect(stdout === '' || problems.length === 0 ? '' : stdout).toBe('');
});

it.each(
	samples.filter(({ language }) => language === 'svelte').map((sample) => [`${sample.page}:${sample.line}`, sample] as const)
)('%s compiles as a component', (_, { code }) => {
	expect(() => compile(code, { generate: 'client', warningFilter: () => false })).not.toThrow();
});
