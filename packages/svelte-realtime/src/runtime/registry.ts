import type { Definition, Guard, Kind } from '../define/definition.ts';
import type { Manifest, ManifestEntry } from '../manifest.ts';
import { moduleOf } from '../shared/path.ts';
import type { Entry, Feature, Host, Installed } from './host.ts';

/** Which definition stands at which path. Modules are imported once; one that fails is tried again when it is next asked for. */
export class Registry implements Disposable {
	readonly #host: Host;
	readonly #features: ReadonlyMap<string, Feature>;
	readonly #modules: Map<string, ManifestEntry>;
	readonly #loading = new Map<string, Promise<void>>();
	readonly #installed = new Map<string, Installed>();
	readonly #staticTopics = new Map<string, number>();
	#dynamic = 0;

	constructor(host: Host, features: readonly Feature<any>[], manifest: Manifest) {
		this.#host = host;
		this.#features = new Map(features.map((feature) => [feature.kind, feature]));
		this.#modules = new Map(manifest.map((entry) => [entry.path, entry]));
	}

	/** Imports every module that is not there yet; those that fail are reported and left for later. */
	async loadAll(): Promise<void> {
		await Promise.all([...this.#modules.keys()].map((path) => this.#load(path)?.catch((error: unknown) => this.#host.onError(path, error))));
	}

	/** What answers at `path`; a promise only while its module is being imported. The promise rejects when the import fails. */
	find(path: string): Installed | undefined | Promise<Installed | undefined> {
		const found = this.#installed.get(path);
		if (found) return found;
		const loading = this.#load(moduleOf(path));
		return loading?.then(() => this.#installed.get(path));
	}

	/** Installs a definition; what stood at its path is disposed first. Throws for a kind that no feature handles. */
	install(path: string, definition: Definition, guard: Guard | undefined): void {
		this.remove(path);
		const feature = this.#features.get(definition.kind) as Feature<Kind> | undefined;
		if (!feature) throw new TypeError(`[svelte-realtime] ${path}: nothing handles the kind ${definition.kind}. Add its feature to createRuntime({ features }).`);
		const installed = feature.install(this.#host, { path, definition, guard } as Entry<Kind>);
		this.#installed.set(path, installed);
		this.#count(installed, 1);
	}

	remove(path: string): void {
		const installed = this.#installed.get(path);
		if (!installed) return;
		this.#installed.delete(path);
		this.#count(installed, -1);
		installed[Symbol.dispose]();
	}

	/** Whether a topic belongs to a stream, or may do so as far as can be known. */
	owns(topic: string): boolean {
		return this.#dynamic > 0 || this.#staticTopics.has(topic) || this.#modules.size > 0;
	}

	[Symbol.dispose](): void {
		for (const path of [...this.#installed.keys()]) this.remove(path);
	}

	#load(path: string): Promise<void> | undefined {
		const module = this.#modules.get(path);
		if (!module) return undefined;
		const running = this.#loading.get(path);
		if (running) return running;
		const loading = module
			.load()
			.then((exports) => {
				const guard = isKind(exports['_guard'], 'guard') ? (exports['_guard'] as Guard) : undefined;
				for (const [name, value] of Object.entries(exports)) {
					if (!name.startsWith('_') && isDefinition(value)) this.install(`${path}/${name}`, value, guard);
				}
				this.#modules.delete(path);
			})
			.finally(() => this.#loading.delete(path));
		this.#loading.set(path, loading);
		return loading;
	}

	#count({ topics }: Installed, by: 1 | -1): void {
		if (topics === 'any') this.#dynamic += by;
		else {
			for (const topic of topics ?? []) {
				const count = (this.#staticTopics.get(topic) ?? 0) + by;
				if (count > 0) this.#staticTopics.set(topic, count);
				else this.#staticTopics.delete(topic);
			}
		}
	}
}

function isDefinition(value: unknown): value is Definition {
	return isKind(value, 'call') || isKind(value, 'stream');
}

function isKind(value: unknown, kind: string): boolean {
	return typeof value === 'object' && value !== null && Object.hasOwn(value, 'kind') && (value as { kind: unknown }).kind === kind;
}
