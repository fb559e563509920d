import { normalizePath, type RunnableDevEnvironment } from 'vite';

/** Imports `file`, in the version after every change that Vite has heard of when this resolves. */
export async function importLatest<T>(environment: RunnableDevEnvironment, file: string): Promise<T> {
	let module: T;
	do module = await environment.runner.import<T>(file);
	while (isOutdated(environment, file));
	return module;
}

/**
 * Whether what `file` imports was read before its last change. The runner shares fetches that are under way, those of Vite's
 * own reloads among them; the module graph does not keep the result of one that a change has overtaken.
 */
function isOutdated({ runner, moduleGraph }: RunnableDevEnvironment, file: string): boolean {
	const { evaluatedModules } = runner;
	const reached = new Set(evaluatedModules.getModulesByFile(normalizePath(file)));
	for (const { id, imports } of reached) {
		if (moduleGraph.getModuleById(id)?.transformResult === null) return true;
		for (const imported of imports) {
			const module = evaluatedModules.getModuleById(imported);
			if (module) reached.add(module);
		}
	}
	return false;
}
