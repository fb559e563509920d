import type { SocketEnd, WebSocketLike } from './environment.ts';

/**
 * A socket that first asks the server over HTTP, where cookies may be set, and opens after its yes. A no ends it: with a code that
 * is terminal for 4xx other than 429, and with one that means a retry for everything else.
 */
export function createAskingSocket(url: string, path: string, openSocket: (url: string) => WebSocketLike): WebSocketLike {
	const address = new URL(path, url.replace(/^ws/, 'http'));
	const stop = new AbortController();
	let inner: WebSocketLike | undefined;
	const socket: WebSocketLike = {
		get readyState() {
			return inner?.readyState ?? 0;
		},
		get bufferedAmount() {
			return inner?.bufferedAmount ?? 0;
		},
		onopen: null,
		onmessage: null,
		onclose: null,
		onerror: null,
		send: (frame) => inner?.send(frame),
		close(code, reason) {
			stop.abort();
			inner?.close(code, reason);
		}
	};
	const end = (event: SocketEnd): void => {
		if (!stop.signal.aborted) socket.onclose?.(event);
	};
	const refused = (status: number, reason: string): void =>
		end({
			code: status >= 400 && status < 500 && status !== 429 ? 4401 : 1006,
			reason,
			failure: { kind: 'auth-preflight', class: 'AUTH', status, reason }
		});
	const open = (): void => {
		try {
			inner = openSocket(url);
		} catch (error) {
			return end({ code: 1006, reason: String(error) });
		}
		inner.onopen = (event) => socket.onopen?.(event);
		inner.onmessage = (event) => socket.onmessage?.(event);
		inner.onclose = (event) => socket.onclose?.(event);
		inner.onerror = (event) => socket.onerror?.(event);
	};
	fetch(address, {
		method: 'POST',
		credentials: 'include',
		headers: { 'x-requested-with': 'XMLHttpRequest' },
		signal: stop.signal
	}).then(
		({ ok, status, statusText, body }) => {
			// A body that nobody reads would hold its connection.
			void body?.cancel();
			if (stop.signal.aborted) return;
			if (ok) open();
			else refused(status, statusText || `Preflight answered ${status}`);
		},
		(error: unknown) => refused(0, String(error))
	);
	return socket;
}
