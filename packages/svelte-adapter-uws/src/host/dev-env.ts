import type { ResolvedConfig } from 'vite';

// Not a literal: bundlers follow those, and would put Vite into servers that import this package.
const VITE: string = 'vite';

type Values = Record<string, string>;
type Setter = (values: Values) => void;
type Load = (url: string) => Promise<Readonly<Record<string, unknown>>>;

/** The part of SvelteKit 2's options that matters here. */
export interface Kit2Options {
	readonly outDir: string;
	readonly env: { readonly dir: string; readonly publicPrefix: string; readonly privatePrefix: string };
}

/**
 * Gives SvelteKit's env modules their values before the hooks are evaluated. In dev SvelteKit does so with its first request only,
 * but hooks may read them at the top of their module.
 */
export async function primeEnvironment(load: Load, config: ResolvedConfig, kit: Kit2Options | undefined): Promise<void> {
	const { loadEnv }: typeof import('vite') = await import(VITE);
	const values = loadEnv(config.mode, kit?.env.dir ?? (config.envDir || config.root), '');
	const call = (module: Readonly<Record<string, unknown>>, name: string, some: Values): void => {
		const set = module[name];
		if (typeof set === 'function') (set as Setter)(some);
	};
	if (!kit) return call(await load('<sveltekit:generated>/env/config.js'), 'set_env', values);

	const { publicPrefix, privatePrefix } = kit.env;
	const keep = (wanted: string, unwanted: string): Values =>
		Object.fromEntries(
			Object.entries(values).filter(([name]) => name.startsWith(wanted) && (unwanted === '' || !name.startsWith(unwanted)))
		);
	const internal = await load(`${kit.outDir}/generated/server/internal.js`);
	call(internal, 'set_private_env', keep(privatePrefix, publicPrefix));
	call(internal, 'set_public_env', keep(publicPrefix, privatePrefix));
	call(await load('__sveltekit/env'), 'set_env', values);
}
