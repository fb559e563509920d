import type { WebSocketHooks } from 'svelte-adapter-uws';
import { createMessage, live, realtime } from 'svelte-realtime/server';

if (process.env['BENCH_MIDDLEWARE']) live.middleware((_ctx, next) => next());

export const upgrade: WebSocketHooks['upgrade'] = () => ({ id: 'bench' });

export const { init, open, unsubscribe, close, shutdown } = realtime();

/** Calls, and `publish <count> <size> <first>`: that many events of topic `fan` in one turn. */
export const message: WebSocketHooks['message'] = createMessage({
	onUnhandled(_ws, data, platform) {
		const [, count, size, first] = new TextDecoder().decode(data).split(' ').map(Number);
		const pad = 'x'.repeat(size!);
		for (let i = 0; i < count!; i++) platform.publish('fan', 'created', { n: first! + i, pad });
	}
});
