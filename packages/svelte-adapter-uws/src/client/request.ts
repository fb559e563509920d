import type { Client } from '../contract/client.ts';
import { encodeClientControl } from '../protocol/control.ts';

/** Answers a question of the server; what it throws or rejects with is answered as an error with its message. */
export type RequestHandler = (event: string, data: any) => unknown;

/**
 * Answers the requests of a connection's server. A later handler takes the place of this one; the function that comes back removes it,
 * if it is still the one. An answer that comes after its socket is gone is dropped: nobody waits for it any more.
 */
export function answerRequests(
	client: Pick<Client, 'answer' | 'maxPayloadLength' | 'onDown' | 'sendNow'>,
	handler: RequestHandler
): () => void {
	return client.answer(({ ref, event, data }) => {
		let open = true;
		const leave = client.onDown(() => (open = false));
		const reply = (answer: { readonly data?: unknown } | { readonly error: string }): void => {
			leave();
			const frame = encodeClientControl({ type: 'reply', ref, ...answer });
			// The server would close the connection over it.
			if (new TextEncoder().encode(frame).length > client.maxPayloadLength) return reply({ error: 'PAYLOAD_TOO_LARGE' });
			// Another socket may have asked another question with the same number.
			if (open) client.sendNow(frame);
		};
		const failed = (error: unknown): void => reply({ error: error instanceof Error ? error.message : String(error) });
		new Promise((resolve) => resolve(handler(event, data))).then((value) => reply({ data: value ?? null })).catch(failed);
	});
}
