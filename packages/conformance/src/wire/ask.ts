import type { WireClient } from './client.ts';

/** Sends a request and reads frames up to its answer; events that came before it are kept in `before`. */
export async function ask(
	client: WireClient,
	request: Record<string, unknown>
): Promise<{ readonly reply: any; readonly before: any[] }> {
	client.say(request);
	return answer(client, String(request['id'] ?? '__batch'));
}

/** Reads frames up to the answer with this id. */
export async function answer(client: WireClient, event: string): Promise<{ readonly reply: any; readonly before: any[] }> {
	const before: any[] = [];
	for (;;) {
		const frame = await client.next();
		if (frame.topic === '__rpc' && frame.event === event) return { reply: frame.data, before };
		before.push(frame);
	}
}
