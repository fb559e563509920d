import { isDefined, isInternal } from '../define/definition.ts';
import type { Definition, Guard, Kind } from '../define/definition.ts';
import type { Built, Manifest, ManifestEntry } from '../manifest.ts';
import { moduleOf } from '../shared/path.ts';
import { exportOf } from '../shared/room-path.ts';
import type { Entry, Feature, Host, Installed } from './host.ts';
import { TopicTable, type Ownership } from './topic-table.ts';

/** What answers at a path, and the guard in front of it. */
export interface Endpoint {
	readonly installed: Installed;
	readonly guard: Guard | undefined;
	/** Clients do not hear that it is there. */
	readonly isInternal: boolean;
}

/** The module, and the export, that guards what stands beside and below it. */
const GUARD = '_guard';

/** Which definition stands at which path. Modules are imported once; one that fails is tried again when it is next asked for. */
export class Registry implements Disposable {
	readonly #host: Host;
	readonly #features: ReadonlyMap<string, Feature>;
	readonly #guards = new Map<string, ManifestEntry>();
	/** Modules that are not installed yet. */
	readonly #modules = new Map<string, ManifestEntry>();
	readonly #loading = new Map<string, Promise<void>>();
	readonly #endpoints = new Map<string, Endpoint>();
	readonly #topics = new TopicTable();
	readonly #requireGuard: () => boolean;
	readonly #unguarded = new Set<string>();

	/** `requireGuard` is asked for each module that is imported. */
	constructor(host: Host, features: readonly Feature<any>[], manifest: Manifest, requireGuard: () => boolean = () => false) {
		this.#host = host;
		this.#requireGuard = requireGuard;
		this.#features = new Map(features.map((feature) => [feature.kind, feature]));
		for (const entry of manifest)
			(entry.path === GUARD || entry.path.endsWith(`/${GUARD}`) ? this.#guards : this.#modules).set(entry.path, entry);
	}

	/** Imports every module that is not there yet; those that fail are reported and left for later. */
	async loadAll(): Promise<void> {
		await Promise.all(
			[...this.#modules.keys()].map((path) => this.#load(path)?.catch((error: unknown) => this.#host.onError(path, error)))
		);
	}

	/** Exports of imported modules that no guard stands before, and that are not declared public. */
	get unguarded(): readonly string[] {
		return [...this.#unguarded];
	}

	/** What answers at `path`; a promise only while its module is being imported. The promise rejects when the import fails. */
	find(path: string): Endpoint | undefined | Promise<Endpoint | undefined> {
		const found = this.#endpoints.get(path);
		if (found) return found;
		return this.#load(moduleOf(exportOf(path)))?.then(() => this.#endpoints.get(path));
	}

	/** Installs a definition; what stood at its path is disposed first. Throws for a kind that no feature handles. */
	install(path: string, definition: Definition, guard: Guard | undefined, built?: Built): void {
		const feature = this.#features.get(definition.kind) as Feature<Kind> | undefined;
		if (!feature)
			throw new TypeError(
				`[svelte-realtime] ${path}: nothing handles the kind ${definition.kind}. Give the runtime the feature that does.`
			);
		this.remove(path);
		const installed = feature.install(this.#host, { path, definition, built } as Entry<Kind>);
		this.#endpoints.set(path, { installed, guard, isInternal: isInternal(definition) });
		if (installed.topics) this.#topics.add(installed.topics);
		for (const [name, part] of installed.parts ?? []) this.install(`${path}/${name}`, part, guard);
	}

	remove(path: string): void {
		const endpoint = this.#endpoints.get(path);
		if (!endpoint) return;
		const { installed } = endpoint;
		this.#endpoints.delete(path);
		for (const name of installed.parts?.keys() ?? []) this.remove(`${path}/${name}`);
		if (installed.topics) this.#topics.remove(installed.topics);
		installed[Symbol.dispose]();
	}

	/** Whether a topic belongs to a stream. A module that could not be imported may own everything. */
	ownership(topic: string): Ownership {
		const known = this.#topics.ownership(topic);
		return known === 'no' && this.#modules.size > 0 ? 'maybe' : known;
	}

	[Symbol.dispose](): void {
		for (const path of [...this.#endpoints.keys()]) this.remove(path);
	}

	#load(path: string): Promise<void> | undefined {
		const module = this.#modules.get(path);
		if (!module) return undefined;
		let loading = this.#loading.get(path);
		if (!loading) {
			loading = this.#import(module).finally(() => this.#loading.delete(path));
			this.#loading.set(path, loading);
		}
		return loading;
	}

	async #import({ path, load, built }: ManifestEntry): Promise<void> {
		const above = path.split('/').map((_, depth, segments) => [...segments.slice(0, depth), GUARD].join('/'));
		const guards = await Promise.all(above.flatMap((guard) => this.#guards.get(guard) ?? []).map(loadGuard));
		const exports = await load();
		const own = exports[GUARD];
		if (own !== undefined && !isGuard(own))
			throw new TypeError(`[svelte-realtime] ${path}: _guard is no guard. Make it with guard(…).`);
		if (own) guards.push(own);
		const guard: Guard | undefined =
			guards.length > 0 ? { kind: 'guard', checks: guards.flatMap(({ checks }) => checks) } : undefined;
		const definitions = Object.entries(exports).flatMap(([name, value]) =>
			!name.startsWith('_') && isDefined(value) && value.kind !== 'guard' ? [[`${path}/${name}`, value] as const] : []
		);
		const open = guard
			? []
			: definitions.filter(([, definition]) => !isPublic(definition) && !isInternal(definition)).map(([name]) => name);
		for (const name of open) this.#unguarded.add(name);
		if (open.length > 0 && this.#requireGuard()) throw new TypeError(missingGuard(open));
		for (const [name, definition] of definitions) this.install(name, definition, guard, built?.[name.slice(path.length + 1)]);
		this.#modules.delete(path);
	}
}

async function loadGuard({ path, load }: ManifestEntry): Promise<Guard> {
	const exports = await load();
	const found = exports[GUARD] ?? exports['default'];
	if (!isGuard(found))
		throw new TypeError(
			`[svelte-realtime] ${path} guards all modules beside and below it, and exports no guard. Add: export const _guard = guard(…)`
		);
	return found;
}

const isPublic = (definition: Definition): boolean =>
	'steps' in definition && definition.steps.some(({ step }) => step === 'public');

/** Says which exports nothing stands before, and what to do about it. */
export function missingGuard(paths: readonly string[]): string {
	return `[svelte-realtime] requireGuard is set, and nothing guards ${paths.join(', ')}. Export a _guard from the module, or wrap what everybody may call in live.public().`;
}

function isGuard(value: unknown): value is Guard {
	return isDefined(value) && value.kind === 'guard';
}
