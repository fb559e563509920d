/** What stands for `.load()` in the browser: rejects, saying where it belongs. */
export function serverLoad(path: string): () => Promise<never> {
	return () => Promise.reject(new Error(`${path}: load() runs on the server only. Call it in +page.server.ts.`));
}
