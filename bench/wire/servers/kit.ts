import { join } from 'node:path';

interface KitServer {
	init(options: { env: Record<string, string | undefined> }): Promise<void>;
	respond(request: Request, options: { getClientAddress: () => string }): Promise<Response>;
}

/** SvelteKit's own rendering of the page, which every server of pages has to wait for. */
export async function pageRenderer(): Promise<() => Promise<string>> {
	const built = join(import.meta.dirname, '../../app/.svelte-kit/output/server');
	const { Server } = (await import(join(built, 'index.js'))) as { Server: new (manifest: unknown) => KitServer };
	const { manifest } = (await import(join(built, 'manifest.js'))) as { manifest: unknown };
	const server = new Server(manifest);
	await server.init({ env: process.env });
	return async () => (await server.respond(new Request('http://127.0.0.1/'), { getClientAddress: () => '127.0.0.1' })).text();
}
