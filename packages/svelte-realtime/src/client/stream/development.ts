import type { RpcError } from '../../shared/error.ts';

/** Whether Vite serves the page for development. A built page holds nothing that depends on it. */
export const DEV: boolean = (import.meta as { readonly env?: { readonly DEV?: boolean } }).env?.DEV ?? false;

/** Shows the failure of a stream in the console, unless it is the same as the one `before`. */
export function showFailure(path: string, before: RpcError | null, { code, message }: RpcError): void {
	if (before?.code === code) return;
	// eslint-disable-next-line no-console -- addressed to the author of the app, as the error of a call that nobody catches
	console.error(
		`[svelte-realtime] ${path} failed with ${code} (${message}). Its store \`error\` holds this, for the page to show.`
	);
}
