import type { CloseContext, Connection, Platform, SubscribeVerdict, WebSocketHooks } from 'svelte-adapter-uws/contract';

/** What a client may ask of a server that runs `wireHooks()`. The steps of one frame run in one turn. */
export type Step =
	| {
			readonly do: 'publish';
			readonly topic: string;
			readonly event?: string;
			readonly data?: unknown;
			readonly options?: { readonly seq?: boolean; readonly relay?: boolean };
	  }
	| {
			readonly do: 'publishBatched';
			readonly messages: readonly {
				readonly topic: string;
				readonly event: string;
				readonly data?: unknown;
				readonly coalesceKey?: string;
			}[];
	  }
	| { readonly do: 'send'; readonly topic: string; readonly event: string; readonly data?: unknown }
	| { readonly do: 'request'; readonly event: string; readonly data?: unknown; readonly timeoutMs?: number }
	| { readonly do: 'raw'; readonly text: string }
	| { readonly do: 'join' | 'leave'; readonly topic: string }
	| { readonly do: 'ask'; readonly topic: string }
	| { readonly do: 'deciding' | 'allow'; readonly topic: string }
	| { readonly do: 'subscribers'; readonly topic: string }
	| { readonly do: 'close'; readonly code: number; readonly reason: string }
	| { readonly do: 'closed'; readonly id: string }
	| { readonly do: 'fail'; readonly how: 'throw' | 'reject' };

/** What the server remembers of a connection that has closed; sets as arrays. */
export type Closed = Pick<CloseContext, 'code' | 'id' | 'messagesIn' | 'bytesIn' | 'messagesOut'> & {
	readonly subscriptions: readonly string[];
	readonly reason: string;
};

const MAX_REMEMBERED = 1_000;

/**
 * The app that the envelope suite talks to: export each of these hooks from `src/hooks.ws`. All else at its defaults.
 *
 * - `upgrade` refuses `?deny`, throws for `?throw`, rejects for `?reject`; the user data holds `user` of the query.
 * - `subscribe` answers by the beginning of the topic: `false:`, `later-false:`, `text:REASON:`, `throw:`, `reject:`,
 *   `slow:` (waits for an `allow` of that topic from another connection); it allows all others.
 * - `resume` sends what it saw as event `seen` on topic `resume`; it fails for the session id `fail`.
 * - `subscribe` of `confirm:` asks the client with the request `confirm` and takes its reply for the verdict.
 * - `message` takes `{"steps":[…]}`; every other frame comes back: bytes as they are, text as `{"echo":text}`.
 */
export function wireHooks(): Required<Pick<WebSocketHooks, 'upgrade' | 'subscribe' | 'resume' | 'message' | 'close'>> {
	const deciding = new Map<string, () => void>();
	const closed = new Map<string, Closed>();

	return {
		upgrade({ url }) {
			const query = new URL(url, 'http://localhost').searchParams;
			if (query.has('throw')) throw new Error('asked to');
			if (query.has('reject')) return Promise.reject(new Error('asked to'));
			return query.has('deny') ? false : { user: query.get('user') };
		},
		subscribe(ws, topic, { platform }): SubscribeVerdict | Promise<SubscribeVerdict> {
			if (topic.startsWith('confirm:')) return platform.request<boolean>(ws, 'confirm', topic);
			if (topic.startsWith('false:')) return false;
			if (topic.startsWith('later-false:')) return Promise.resolve(false);
			if (topic.startsWith('text:')) return topic.split(':')[1];
			if (topic.startsWith('throw:')) throw new Error('asked to');
			if (topic.startsWith('reject:')) return Promise.reject(new Error('asked to'));
			if (topic.startsWith('slow:')) return new Promise((resolve) => deciding.set(topic, () => resolve(undefined)));
			return undefined;
		},
		resume(ws, { sessionId, lastSeen, lastSeenSeqs, platform }) {
			if (sessionId === 'fail') throw new Error('asked to');
			platform.send(ws, 'resume', 'seen', { sessionId, lastSeen: [...lastSeen], lastSeenSeqs });
		},
		message(ws, { text, data, isBinary, platform }) {
			if (isBinary) return void ws.send(data, true);
			const steps = readSteps(text);
			if (!steps) return void ws.send(JSON.stringify({ echo: text }));
			return steps.map((step) => run(ws, platform, step)).find((result) => result instanceof Promise);
		},
		close(_ws, { code, id, subscriptions, messagesIn, bytesIn, messagesOut, message }) {
			if (closed.size >= MAX_REMEMBERED) closed.clear();
			closed.set(id, {
				code,
				id,
				subscriptions: [...subscriptions],
				messagesIn,
				bytesIn,
				messagesOut,
				reason: new TextDecoder().decode(message)
			});
		}
	};

	function run(ws: Connection, platform: Platform, step: Step): Promise<void> | void {
		const answer = (event: string, data: unknown): void => void platform.send(ws, 'answer', event, data);
		switch (step.do) {
			case 'publish':
				try {
					platform.publish(step.topic, step.event ?? 'e', step.data, step.options);
				} catch (error) {
					answer('error', error instanceof Error ? error.name : null);
				}
				return;
			case 'publishBatched':
				return platform.publishBatched(step.messages);
			case 'send':
				return void platform.send(ws, step.topic, step.event, step.data);
			case 'request':
				return platform.request(ws, step.event, step.data, { timeoutMs: step.timeoutMs ?? 5_000 }).then(
					(data) => answer('request', { data }),
					(error: unknown) => answer('request', { error: error instanceof Error ? error.message : null })
				);
			case 'raw':
				return void ws.send(step.text);
			case 'join':
				return answer('join', ws.subscribe(step.topic));
			case 'leave':
				return answer('leave', platform.unsubscribe(ws, step.topic));
			case 'ask':
				return platform.checkSubscribe(ws, step.topic).then((reason) => answer('ask', reason));
			case 'deciding':
				return answer('deciding', deciding.has(step.topic));
			case 'allow':
				deciding.get(step.topic)?.();
				return answer('allow', deciding.delete(step.topic));
			case 'subscribers':
				return answer('subscribers', platform.subscribers(step.topic));
			case 'close':
				return ws.close(step.code, step.reason);
			case 'closed':
				return answer('closed', closed.get(step.id));
			case 'fail':
				if (step.how === 'throw') throw new Error('asked to');
				return Promise.reject(new Error('asked to'));
		}
	}
}

function readSteps(text: string): readonly Step[] | undefined {
	try {
		const value = JSON.parse(text) as { steps?: readonly Step[] } | null;
		return Array.isArray(value?.steps) ? value.steps : undefined;
	} catch {
		return undefined;
	}
}
